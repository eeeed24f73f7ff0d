import assert from "node:assert/strict";
import { test } from "node:test";
import { foundInWords, QUESTIONS } from "../labels/questions.js";
import { stepInWords } from "../labels/step_words.js";
import { multi, single } from "./label_helpers.js";

const THINGS = ["image", "images"];
/** @param {any} before @param {any} after @param {"undo" | "redo"} [kind] */
const told = (before, after, kind = "undo") =>
  stepInWords(kind, before, after, THINGS).replace(/[\u2068\u2069]/g, "");

test("a step says how many images are what again, or no more", () => {
  const [none, some] = [single([]), single([2, 2, 0, 2])];
  assert.equal(told(some, none), "Undone: 3 images are “dog” no more.");
  assert.equal(told(none, some, "redo"), "Redone: 3 images are “dog” again.");
  assert.equal(told(single([1]), single([2])), "Undone: 1 image is “dog” again.");
  assert.equal(told(single([1, 2]), none), "Undone: 2 images changed.");
  assert.equal(told(some, some), "Undone.", "what only the kernel knows");
});

test("of tags it says which, and of a denial only how many", () => {
  const [without, withIt] = [multi([0], [0, 0]), multi([0], [1, 1])];
  assert.equal(told(withIt, without), "Undone: 2 images have “dog” no more.");
  assert.equal(told(without, multi([1], [0])), "Undone: 1 image has “cat” again.");
  assert.equal(told(multi([0], [2, 2]), without), "Undone: 2 images changed.");
});

test("notes and classes are told as such", () => {
  const labels = single([1, 1]);
  const noted = { ...labels, notes: new Map([[3, "blurred"]]) };
  assert.equal(told(noted, labels), "Undone: the note on 1 image.");
  const renamed = { ...labels, classes: ["tiger", "dog", "owl"] };
  assert.equal(told(renamed, labels), "Undone: “tiger” is “cat” again.");
  const deleted = { ...single([]), gone: new Set([0]) };
  assert.equal(told(deleted, labels), "Undone: “cat” is back.");
  assert.equal(told(labels, deleted, "redo"), "Redone: “cat” is gone again.");
});

test("what was asked for is told in a sentence, for one image and for none too", () => {
  for (const question of QUESTIONS) {
    const [many, one, none] = [18, 1, 0].map((n) => foundInWords(question, n, THINGS, false));
    assert.match(many, /^18 images (of|whose|that|unlike) .*\.$/);
    assert.match(one, /^1 image (of|whose|that|unlike) [^,:]*\.$/);
    assert.match(none, /^No (image|group) is .*\.$/);
    assert.match(foundInWords(question, 0, THINGS, true), /among those shown\.$/);
  }
  assert.equal(
    foundInWords(QUESTIONS[0], 18, THINGS, false),
    "18 images of one group: name them together, or leave out what does not belong.",
  );
});
