import assert from "node:assert/strict";
import { test } from "node:test";
import { paintEdits } from "../labels/draft.js";
import { play } from "../labels/steps.js";
import { summarize } from "../labels/summary.js";
import { inPython } from "../labels/words.js";
import { edit, multi, single } from "./label_helpers.js";

/** @param {any} kept @param {...any} entries */
const paint = (kept, ...entries) => paintEdits(kept, entries).labels;
/** @param {any} kept @param {...any} entries */
const codes = (kept, ...entries) => [...paint(kept, ...entries).layers[0].slice(0, 5)];

test("what is kept is never written on, and layers that do not change are shared", () => {
  const one = single([1, 2]);
  assert.deepEqual(codes(one, edit("label", { class: 2 }, [0])), [3, 2, 0, 0, 0]);
  assert.deepEqual([...one.layers[0].slice(0, 2)], [1, 2]);
  const tags = multi([1], [1]);
  const { layers } = paint(tags, edit("label", { class: 1 }, [3]));
  assert.equal(layers[0], tags.layers[0]);
  assert.notEqual(layers[1], tags.layers[1]);
});

test("a tag is said yes by a label, no by clearing it, and nothing by clearing all", () => {
  const tags = multi([1, 1, 0], [0, 1, 0]);
  const values = (/** @type {any[]} */ ...entries) =>
    paint(tags, ...entries).layers.map((layer) => [...layer.slice(0, 3)]);
  assert.deepEqual(values(edit("label", { class: 1 }, [0])), [
    [1, 1, 0],
    [1, 1, 0],
  ]);
  assert.deepEqual(values(edit("clear", { class: 0 }, [0, 2])), [
    [2, 1, 2],
    [0, 1, 0],
  ]);
  assert.deepEqual(values(edit("clear", {}, [1])), [
    [1, 0, 0],
    [0, 0, 0],
  ]);
});

test("a merged class is gone and its images have the other; so have later labels for it", () => {
  const merge = edit("merge_class", { class: 0, into: 2 });
  const labels = paint(single([1, 2, 1]), merge, edit("label", { class: 0 }, [4]));
  assert.deepEqual([...labels.layers[0].slice(0, 5)], [3, 2, 3, 0, 3]);
  assert.deepEqual([...labels.gone], [0]);
  const tags = paint(multi([1, 2, 0], [0, 0, 0], [0, 2, 1]), merge);
  assert.deepEqual([...tags.layers[2].slice(0, 3)], [1, 2, 1]);
  assert.deepEqual([...tags.layers[0].slice(0, 3)], [0, 0, 0]);
});

test("a deleted class leaves its images without a label, and comes back with a new one", () => {
  const remove = edit("delete_class", { class: 1 });
  assert.deepEqual(codes(single([1, 2, 2]), remove), [1, 0, 0, 0, 0]);
  assert.deepEqual([...paint(single([1, 2]), remove).gone], [1]);
  const again = paint(single([1, 2]), remove, edit("label", { class: 1 }, [4]));
  assert.deepEqual([...again.gone], []);
  assert.deepEqual(again.layers[0][4], 2);
  const added = paint(single([]), remove, edit("add_class", { name: "dog" }));
  assert.deepEqual([added.classes, [...added.gone]], [["cat", "dog", "owl"], []]);
});

test("a rename keeps number and images", () => {
  const labels = paint(single([1]), edit("rename_class", { class: 0, name: "tiger" }));
  assert.deepEqual([labels.classes[0], labels.layers[0][0]], ["tiger", 1]);
});

test("a new tag gets a layer, and is found by its edit or, once the kernel has it, by name", () => {
  const add = edit("add_class", { name: "fox", seq: 4 });
  const label = edit("label", { class_of: 4, name: "fox" }, [2]);
  const labels = paint(multi([1]), add, label);
  assert.deepEqual(labels.classes, ["cat", "fox"]);
  assert.equal(labels.layers[1][2], 1);
  assert.equal(
    paint(single([]), edit("label", { class_of: 4, name: "owl" }, [2])).layers[0][2],
    3,
  );
});

test("notes are put on and taken off", () => {
  const kept = { ...single([]), notes: new Map([[1, "old"]]) };
  const { notes } = paint(
    kept,
    edit("note", { name: "new" }, [2, 3]),
    edit("note", { name: "" }, [1]),
  );
  assert.deepEqual(
    [...notes],
    [
      [2, "new"],
      [3, "new"],
    ],
  );
  assert.equal(kept.notes.size, 1);
});

test("accepting gives a label only where there is none, one for all or one for each", () => {
  assert.deepEqual(codes(single([1]), edit("accept", { class: 1 }, [0, 1])), [1, 2, 0, 0, 0]);
  assert.deepEqual(codes(single([1]), edit("accept", {}, [0, 2, 4], [2, 3, 1])), [1, 0, 3, 0, 1]);
  const tags = paint(multi([2, 0]), edit("accept", { class: 0 }, [0, 1]));
  assert.deepEqual([...tags.layers[0].slice(0, 2)], [2, 1]);
});

/** @param {any} depth @param {...string} kinds */
function played(depth, ...kinds) {
  const { standing, undo, redo } = play(
    kinds.map((kind, seq) => edit(kind, { seq })),
    depth,
  );
  return [standing.map(({ seq }) => seq), undo, redo];
}

test("undo takes back the last step of any kind, redo brings it again", () => {
  const none = { undo: 0, redo: 0 };
  assert.deepEqual(played(none, "label", "rename_class", "undo"), [[0], 1, 1]);
  assert.deepEqual(played(none, "merge_class", "undo", "redo"), [[0], 1, 0]);
  assert.deepEqual(played(none, "note", "undo", "accept"), [[2], 1, 0]);
  assert.deepEqual(played(none, "undo", "redo", "label"), [[2], 1, 0]);
});

test("adding a class is no step", () => {
  assert.deepEqual(played({ undo: 0, redo: 0 }, "label", "add_class", "undo"), [[1], 0, 1]);
});

test("an undo that reaches behind what is on its way leaves the rest in order", () => {
  // The second undo takes back a step of the kernel's; the redo brings that one, not the label.
  assert.deepEqual(played({ undo: 1, redo: 0 }, "label", "undo", "undo", "redo"), [[], 1, 1]);
  assert.deepEqual(played({ undo: 1, redo: 0 }, "undo", "undo", "redo", "label"), [[3], 2, 0]);
  assert.deepEqual(played({ undo: 0, redo: 2 }, "redo", "undo", "label"), [[2], 1, 0]);
  assert.deepEqual(played({ undo: 0, redo: 2 }, "redo"), [[], 1, 1]);
});

test("of several tags an image is summarized as such, and one that is only denied as labelled", () => {
  const { codes, several, noneOf, counts, labelled } = summarize(
    multi([1, 1, 2, 0, 2], [1, 0, 0, 0, 1]),
  );
  assert.deepEqual([...codes.slice(0, 5)], [several, 1, noneOf, 0, 2]);
  assert.deepEqual(counts, [2, 2]);
  assert.equal(labelled, 4);
});

test("counts follow the layer and the classes", () => {
  assert.deepEqual(summarize(single([1, 3, 3])).counts, [1, 0, 2]);
  const grown = single([1]);
  assert.deepEqual(summarize(grown).counts, [1, 0, 0]);
  assert.deepEqual(
    summarize({ ...grown, classes: [...grown.classes, "fox"] }).counts,
    [1, 0, 0, 0],
  );
});

test("every edit can be said in Python", () => {
  const say = (/** @type {any} */ entry) => inPython(entry, ["cat", 'o"wl']);
  assert.equal(say(edit("label", { class: 1 }, [0, 11])), 'annotator.label([0, 11], "o\\"wl")');
  assert.equal(
    say(edit("label", { class_of: 3, name: "fox" }, [0])),
    'annotator.label([0], "fox")',
  );
  assert.equal(say(edit("clear", {}, [3])), "annotator.clear([3])");
  assert.equal(say(edit("clear", { class: 0 }, [3])), 'annotator.clear([3], "cat")');
  assert.equal(
    say(edit("rename_class", { class: 0, name: "Cat" })),
    'annotator.rename_class("cat", "Cat")',
  );
  assert.equal(
    say(edit("merge_class", { class: 0, into: 1 })),
    'annotator.merge_classes("cat", "o\\"wl")',
  );
  assert.equal(say(edit("delete_class", { class: 0 })), 'annotator.delete_class("cat")');
  assert.equal(say(edit("note", { name: "hm" }, [2])), 'annotator.note([2], "hm")');
  assert.equal(
    say(edit("accept", {}, [1, 2, 5], [1, 2, 1])),
    'annotator.label([1, 5], "cat")\nannotator.label([2], "o\\"wl")',
  );
  assert.equal(say(edit("reject", { class: 0 }, [2])), "annotator.reject([2])");
  assert.equal(say(edit("undo")), "annotator.undo()");
});
