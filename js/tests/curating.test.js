import assert from "node:assert/strict";
import { test } from "node:test";
import { paintEdits } from "../labels/draft.js";
import { rowsShown } from "../labels/filter.js";
import { readAll, withDiff } from "../labels/kept.js";
import { paintLabels } from "../labels/map_paint.js";
import { stepInWords } from "../labels/step_words.js";
import { shownSuggestions } from "../labels/suggested.js";
import { summarize } from "../labels/summary.js";
import { inPython } from "../labels/words.js";
import { allBits, countBits, rowsOf } from "../shared/buffers.js";
import { bitsOf, edit, multi, N, single, view } from "./label_helpers.js";

/** @param {any} kept @param {...any} entries */
const paint = (kept, ...entries) => paintEdits(kept, entries).labels;
const THINGS = ["image", "images"];
/** @param {any} before @param {any} after @param {"undo" | "redo"} [kind] */
const told = (before, after, kind = "undo") =>
  stepInWords(kind, before, after, THINGS).replace(/[\u2068\u2069]/g, "");

const ANSWER = {
  ...{ version: 4, classes: ["a", "b"], gone: [], palette: ["#111111"], multi: false, layers: 1 },
  ...{ dtype: "<u1", undo: 1, redo: 0, conflict: "", notes: {}, saved_to: "" },
  ...{ order: [1, 0], found: "9 of 10", aside: true, kept: [["odd", 3]] },
  suggestions: { class: null, count: 1, words: "w" },
};

test("what is set aside comes after the layers and before the suggestions", () => {
  const [layer, p] = [new Uint8Array(N).fill(1), new Uint8Array(N).fill(7)];
  const codes = new Uint16Array(N).fill(2);
  const kept = readAll(N, ANSWER, [layer, bitsOf(2, 9), codes, p].map(view));
  assert.deepEqual(rowsOf(kept.aside), [2, 9]);
  assert.equal(kept.suggestions?.codes[0], 2);
  assert.deepEqual(
    [kept.order, kept.found, [...kept.selections]],
    [[1, 0], "9 of 10", [["odd", 3]]],
  );
});

test("a change tells all that is set aside in its last buffer, and what is back", () => {
  const before = { ...single([1]), aside: bitsOf(1, 2), selections: new Map([["odd", 2]]) };
  const common = { version: 2, undo: 1, redo: 0, parts: [{ layer: 0, code: 2 }] };
  const { kept, rows } = withDiff(
    before,
    {
      ...common,
      aside: true,
      kept: [["even", 5]],
      classes: ["cat", "dog"],
      order: [1],
      gone: [0],
    },
    [bitsOf(0), bitsOf(2, 3)].map(view),
  );
  assert.deepEqual(rowsOf(kept.aside), [2, 3]);
  assert.deepEqual(rowsOf(rows), [0, 1], "the label that changed, and the image that is back");
  assert.deepEqual([[...kept.selections], kept.order], [[["even", 5]], [1]]);
  const same = withDiff(before, { ...common, parts: [] }, []).kept;
  assert.deepEqual([rowsOf(same.aside), [...same.selections]], [[1, 2], [["odd", 2]]]);
});

test("setting aside and putting back are painted at once, on a copy", () => {
  const kept = { ...single([]), aside: bitsOf(1) };
  const labels = paint(
    kept,
    edit("set_aside", { name: "" }, [2, 3]),
    edit("put_back", {}, [1, 2]),
  );
  assert.deepEqual(rowsOf(labels.aside), [3]);
  assert.deepEqual(rowsOf(kept.aside), [1]);
});

test("a group is a class with its images, and goes with its edit", () => {
  const group = edit("group", { name: "striped" }, [1, 4]);
  const labels = paint(single([1, 1]), group);
  assert.deepEqual(labels.classes.at(-1), "striped");
  assert.deepEqual([...labels.layers[0].slice(0, 5)], [1, 4, 0, 0, 4]);
  const known = paint(single([]), edit("group", { name: "dog" }, [0]));
  assert.deepEqual([known.classes.length, known.layers[0][0]], [3, 2]);
  assert.equal(told(labels, single([1, 1])), "Undone: “striped” is gone again.");
  assert.equal(told(single([1, 1]), labels, "redo"), "Redone: “striped” is back.");
});

test("selections are kept, kept anew and forgotten", () => {
  const kept = { ...single([]), selections: new Map([["old", 3]]) };
  const keep = (/** @type {string} */ name, /** @type {number[]} */ ...rows) =>
    edit("keep", { name }, rows);
  const { selections } = paint(kept, keep("odd", 1, 3), keep("odd", 5), keep("old"));
  assert.deepEqual([...selections], [["odd", 1]]);
});

test("images set aside count neither as labelled nor as not, and have no suggestion", () => {
  const labels = { ...single([1, 0, 2]), aside: bitsOf(0, 1) };
  const summary = summarize(labels);
  assert.deepEqual([summary.labelled, summary.aside], [1, 2]);
  const raw = { class: null, count: 3, words: "", codes: new Uint16Array(N).fill(1) };
  const suggestions = { ...raw, probability: new Uint8Array(N).fill(9) };
  const shown = shownSuggestions(suggestions, labels, []);
  assert.deepEqual([...shown.codes.slice(0, 4)], [0, 0, 0, 1]);
});

test("none of the classes takes every suggestion of these rows, whatever class it is of", () => {
  const { labels, rejections } = paintEdits(single([]), [edit("reject", { all: true }, [0, 1])]);
  const raw = { class: null, count: 3, words: "", codes: Uint16Array.of(1, 2, 3, ...Array(9)) };
  const suggestions = { ...raw, probability: new Uint8Array(N) };
  assert.deepEqual(
    [...shownSuggestions(suggestions, labels, rejections).codes.slice(0, 3)],
    [0, 0, 3],
  );
});

test("a tag of another task is no tag of an image here", () => {
  const labels = { ...multi([1, 1], [1, 0]), gone: new Set([1]) };
  const { codes, labelled } = summarize(labels);
  assert.deepEqual([codes[0], codes[1], labelled], [1, 1, 2]);
});

/** @param {any} labels @returns {any} */
const storeOf = (labels) => ({
  labels: () => labels,
  summary: () => summarize(labels),
  suggested: () => null,
});

test("the filter leaves what is set aside out everywhere but where it is asked for", () => {
  const labels = {
    ...single([1, 1, 0, 0]),
    aside: bitsOf(0, 3),
    notes: new Map([
      [0, "a"],
      [1, "b"],
    ]),
  };
  const rows = (/** @type {any} */ choice) =>
    rowsOf(/** @type {Uint8Array} */ (rowsShown(choice, storeOf(labels), 0)));
  assert.deepEqual(rows("aside"), [0, 3]);
  assert.deepEqual(rows("all"), [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual(rows(0), [1]);
  assert.deepEqual(rows("noted"), [1]);
  assert.ok(!rows("unlabelled").includes(3));
  assert.equal(rowsShown("all", storeOf(single([1])), 0), null, "all, if nothing is set aside");
});

test("what is set aside is not drawn, also where the filter leaves others faint", () => {
  const labels = { ...single([1, 1, 2]), aside: bitsOf(0) };
  const common = { colors: ["#ff0000", "#00ff00", "#0000ff"], summary: summarize(labels) };
  const { codes, rgba } = paintLabels({
    ...{ ...common, suggested: null, threshold: 0, text: /** @type {any} */ ([0, 0, 0]) },
    ...{ shown: bitsOf(2), hidden: bitsOf(0) },
  });
  const opacity = [0, 1, 2].map((row) => rgba[4 * codes[row] + 3]);
  assert.equal(opacity[0], 0);
  assert.ok(opacity[1] > 0 && opacity[1] < 100, String(opacity[1]));
  assert.equal(opacity[2], 255);
});

test("undo says what is not set aside any more, and what is kept", () => {
  const [none, some] = [single([]), { ...single([]), aside: bitsOf(1, 2) }];
  assert.equal(told(some, none), "Undone: 2 images are not set aside any more.");
  assert.equal(told(none, some, "redo"), "Redone: 2 images set aside.");
  const kept = { ...single([]), selections: new Map([["odd", 2]]) };
  assert.equal(told(kept, none), "Undone: “odd” is kept no more.");
  assert.equal(told(none, kept, "redo"), "Redone: “odd” is kept as it was.");
});

test("every new edit can be said in Python", () => {
  const say = (/** @type {any} */ entry) => inPython(entry, ["cat"]);
  assert.equal(say(edit("set_aside", { name: "" }, [3])), 'annotator.set_aside([3], "")');
  assert.equal(say(edit("put_back", {}, [3, 4])), "annotator.put_back([3, 4])");
  assert.equal(say(edit("group", { name: "fox" }, [3])), 'annotator.label([3], "fox")');
  assert.equal(say(edit("keep", { name: "odd" }, [3])), 'annotator.keep("odd", [3])');
  assert.equal(say(edit("keep", { name: "odd" }, [])), 'annotator.forget("odd")');
  assert.equal(say(edit("reject", { all: true }, [3])), "annotator.none_of_these([3])");
});

test("all rows are all rows, and not one more", () => {
  for (const n of [0, 1, 8, 12]) assert.equal(countBits(allBits(n)), n);
});
