import assert from "node:assert/strict";
import { test } from "node:test";
import { createLabelStore, labelStoreOf } from "../labels/store.js";
import { toUint8 } from "../shared/buffers.js";
import { createModel } from "./fake_model.js";
import { bitsOf, N, view } from "./label_helpers.js";
import { lives, open } from "./store_helpers.js";

test("labels are waited for, then shown with their counts", async () => {
  const life = new AbortController();
  lives.push(life);
  const model = /** @type {any} */ (createModel({ _n: N, _key: "a" }));
  assert.equal(createLabelStore(model, life.signal).ready(), false);
  const { store } = await open({ version: 3 }, codesWith(0, 4));
  assert.equal(store.ready(), true);
  assert.equal(store.summary().labelled, 2);
  assert.deepEqual(
    store.classes().map(({ name, count, color }) => [name, count, color]),
    [
      ["cat", 0, "#111111"],
      ["dog", 2, "#222222"],
    ],
  );
});

test("a label is painted at once, and saved only when it is acknowledged", async () => {
  const { store, edits, tell } = await open();
  store.label(bitsOf(0, 5), 0);
  assert.deepEqual([...store.summary().codes].slice(0, 6), [1, 0, 0, 0, 0, 1]);
  assert.equal(store.summary().labelled, 2);
  assert.equal(store.saving().pending, 1);
  assert.equal(store.canUndo(), true);
  const { client, seq } = edits()[0].content;
  const by = { client, seq, kind: "label" };
  await tell(
    { op: "diff", base: 0, version: 1, undo: 1, redo: 0, parts: [{ layer: 0, code: 1 }], by },
    [view(bitsOf(0, 5))],
  );
  assert.equal(store.saving().pending, 1);
  await tell({ op: "ack", acks: { [client]: [seq] }, version: 1 });
  assert.equal(store.saving().pending, 0);
  assert.equal(store.summary().labelled, 2);
});

test("an undo that the kernel tells of counts once, so the next can follow at once", async () => {
  const { store, edits, tell } = await open({ undo: 2 });
  store.undo();
  const { client, seq } = edits()[0].content;
  const by = { client, seq, kind: "undo" };
  await tell({ op: "diff", base: 0, version: 1, undo: 1, redo: 1, acks: { [client]: [seq] }, by });
  assert.equal(store.saving().pending, 0);
  assert.equal(store.canUndo(), true);
  store.undo();
  assert.equal(store.canUndo(), false);
});

test("a refused label is taken off the map and told", async () => {
  const { store, edits, tell } = await open();
  /** @type {string[]} */
  const told = [];
  const life = new AbortController();
  lives.push(life);
  store.onMessage((text) => told.push(text), life.signal);
  store.label(bitsOf(3), 1);
  const { client, seq } = edits()[0].content;
  await tell({ op: "refused", client, seq, message: "no" });
  assert.equal(store.summary().labelled, 0);
  assert.deepEqual(told, ["Not saved: no"]);
});

test("a new class can be used before the kernel has numbered it", async () => {
  const { store, edits } = await open();
  store.addClass("owl");
  assert.equal(store.classes()[2].saving, true);
  store.label(bitsOf(1), 2);
  assert.equal(store.summary().codes[1], 3);
  assert.equal(edits()[1].content.class_of, edits()[0].content.seq);
  assert.equal(edits()[1].content.class, undefined);
});

test("a class of another page that came in between does not take the label", async () => {
  const { store, tell } = await open();
  store.addClass("owl");
  store.label(bitsOf(1), 2);
  await tell({
    op: "diff",
    base: 0,
    version: 1,
    undo: 0,
    redo: 0,
    classes: ["cat", "dog", "fox"],
  });
  assert.deepEqual(
    store.classes().map(({ name }) => name),
    ["cat", "dog", "fox", "owl"],
  );
  assert.equal(store.classes()[store.summary().codes[1] - 1].name, "owl");
});

test("the number of class 0 is sent as 0", async () => {
  const { store, edits } = await open();
  store.label(bitsOf(0), 0);
  assert.equal(edits()[0].content.class, 0);
  assert.deepEqual([...toUint8(edits()[0].buffers[0])], [1, 0]);
});

test("a missed change is seen by its number, and everything is asked for again", async () => {
  const { store, model, tell, answer } = await open();
  const asked = () => model.sent.filter(({ content }) => content.op === "sync").length;
  await tell(
    { op: "diff", base: 4, version: 5, undo: 1, redo: 0, parts: [{ layer: 0, code: 2 }] },
    [view(bitsOf(1))],
  );
  assert.equal(asked(), 2);
  assert.equal(store.summary().labelled, 0);
  await tell(
    { op: "diff", base: 5, version: 6, undo: 1, redo: 0, parts: [{ layer: 0, code: 2 }] },
    [view(bitsOf(2))],
  );
  await answer({ version: 5 }, codesWith(1));
  assert.equal(asked(), 3, "the answer was older than a change heard of meanwhile");
  await answer({ version: 6 }, codesWith(1, 2));
  assert.equal(store.summary().labelled, 2);
});

/** @param {number[]} rows */
function codesWith(...rows) {
  const codes = new Uint8Array(N);
  for (const row of rows) codes[row] = 2;
  return codes;
}

test("an old change that comes late changes nothing", async () => {
  const { store, tell } = await open({ version: 7 });
  await tell(
    { op: "diff", base: 2, version: 3, undo: 1, redo: 0, parts: [{ layer: 0, code: 2 }] },
    [view(bitsOf(1))],
  );
  assert.equal(store.summary().labelled, 0);
});

test("rows of different classes come with a code each", async () => {
  const { store, tell } = await open();
  await tell({ op: "diff", base: 0, version: 1, undo: 1, redo: 1, parts: [{ layer: 0 }] }, [
    view(bitsOf(0, 9, 11)),
    view(new Uint16Array([2, 0, 1])),
  ]);
  assert.deepEqual([...store.summary().codes], [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test("what this page took back is selected again, what another page took back is not", async () => {
  const { store, model, edits, tell } = await open({ undo: 2 });
  store.undo();
  const { client, seq } = edits()[0].content;
  const diff = {
    op: "diff",
    base: 0,
    version: 1,
    undo: 1,
    redo: 1,
    parts: [{ layer: 0, code: 0 }],
  };
  await tell({ ...diff, by: { client: "other", seq: 1, kind: "undo" } }, [view(bitsOf(2))]);
  assert.equal(model.get("selection"), undefined);
  await tell({ ...diff, base: 1, version: 2, by: { client, seq, kind: "undo" } }, [
    view(bitsOf(0, 3)),
  ]);
  assert.deepEqual([...toUint8(model.get("selection"))], [...bitsOf(0, 3)]);
});

test("undo and redo on their way are painted where their outcome is known", async () => {
  const { store } = await open();
  store.label(bitsOf(1), 0);
  store.label(bitsOf(1, 2), 1);
  store.undo();
  assert.deepEqual([...store.summary().codes].slice(0, 4), [0, 1, 0, 0]);
  assert.equal(store.canRedo(), true);
  store.redo();
  assert.deepEqual([...store.summary().codes].slice(0, 4), [0, 2, 2, 0]);
  assert.equal(store.canRedo(), false);
  store.undo();
  store.undo();
  assert.equal(store.canUndo(), false);
  assert.equal(store.summary().labelled, 0);
});

test("what is not saved can be copied as Python", async () => {
  const { store } = await open();
  store.addClass('o"wl');
  store.label(bitsOf(0, 11), 2);
  store.clear(bitsOf(3));
  store.undo();
  assert.equal(
    store.unsent(),
    'annotator.add_class("o\\"wl")\nannotator.label([0, 11], "o\\"wl")\n' +
      "annotator.clear([3])\nannotator.undo()",
  );
});

test("nothing is sent for an empty selection", async () => {
  const { store, edits } = await open();
  store.label(bitsOf(), 0);
  store.clear(bitsOf());
  assert.equal(edits().length, 0);
});

test("all views of a widget share one store, whatever model object they were given", () => {
  const life = new AbortController();
  lives.push(life);
  const name = { _n: N, _key: "shared" };
  const one = labelStoreOf(/** @type {any} */ (createModel(name)), life.signal);
  const two = labelStoreOf(/** @type {any} */ (createModel(name)), new AbortController().signal);
  assert.equal(one, two);
  life.abort();
  const next = new AbortController();
  lives.push(next);
  assert.notEqual(labelStoreOf(/** @type {any} */ (createModel(name)), next.signal), one);
});

test("no listener and no timer of a store outlives its model", async () => {
  const { store, model, life } = await open();
  store.label(bitsOf(1), 0);
  life.abort();
  assert.equal(model.listening(), 0);
  assert.equal(store.saving().pending, 0);
});

/** @param {number[]} codes @param {number[]} probability */
const suggested = (codes, probability) => [
  view(Uint16Array.from({ length: N }, (_, row) => codes[row] ?? 0)),
  view(Uint8Array.from({ length: N }, (_, row) => probability[row] ?? 0)),
];
const SOME = { op: "suggestions", class: null, count: 3, words: "From 2 labels." };

test("suggestions are shown until they are accepted, which is one edit and one step back", async () => {
  const { store, edits, tell } = await open();
  await tell(SOME, suggested([1, 1, 2], [200, 100, 50]));
  assert.equal(store.suggested()?.words, "From 2 labels.");
  store.accept(bitsOf(0, 1, 5));
  assert.deepEqual(edits()[0].content.class, 0);
  assert.deepEqual([...toUint8(edits()[0].buffers[0])], [3, 0]);
  assert.deepEqual([...store.summary().codes.slice(0, 3)], [1, 1, 0]);
  assert.deepEqual([...(store.suggested()?.codes.slice(0, 3) ?? [])], [0, 0, 2]);
  store.undo();
  assert.deepEqual([...store.summary().codes.slice(0, 3)], [0, 0, 0]);
  assert.deepEqual([...(store.suggested()?.codes.slice(0, 3) ?? [])], [1, 1, 2]);
  await tell({ op: "suggestions", class: null, count: 0, words: "" });
  assert.equal(store.suggested(), null);
});

test("a rejected suggestion is not shown again when the kernel has taken it", async () => {
  const { store, edits, tell } = await open();
  await tell(SOME, suggested([1, 1, 2], [9, 9, 9]));
  store.reject(bitsOf(1, 2));
  const { content, buffers } = edits()[0];
  assert.equal(content.class, undefined);
  assert.deepEqual([...toUint8(buffers[1])], [1, 0, 2, 0]);
  assert.deepEqual([...(store.suggested()?.codes.slice(0, 3) ?? [])], [1, 0, 0]);
  await tell({ op: "ack", acks: { [content.client]: [content.seq] }, version: 0 });
  assert.deepEqual([...(store.suggested()?.codes.slice(0, 3) ?? [])], [1, 0, 0]);
});

test("classes renamed, merged and deleted are so at once, by number", async () => {
  const { store, edits } = await open({}, codesWith(0, 4));
  const seen = () => store.classes().map(({ number, name, count }) => [number, name, count]);
  store.rename(1, "wolf");
  store.merge(1, 0);
  assert.deepEqual(seen(), [[0, "cat", 2]]);
  store.remove(0);
  assert.deepEqual(seen(), []);
  store.undo();
  store.undo();
  assert.deepEqual(seen(), [
    [0, "cat", 0],
    [1, "wolf", 2],
  ]);
  assert.deepEqual(
    edits().map(({ content: { kind, class: number, into, name } }) => [kind, number, into, name]),
    [
      ["rename_class", 1, undefined, "wolf"],
      ["merge_class", 1, 0, undefined],
      ["delete_class", 0, undefined, undefined],
      ["undo", undefined, undefined, undefined],
      ["undo", undefined, undefined, undefined],
    ],
  );
});

test("a note is shown at once and stays when the kernel tells it", async () => {
  const { store, edits, tell } = await open({ notes: { 3: "old" } });
  store.note(bitsOf(1), "strange");
  assert.deepEqual([...store.labels().notes.keys()], [3, 1]);
  const { client, seq } = edits()[0].content;
  const by = { client, seq, kind: "note" };
  await tell({ op: "diff", base: 0, version: 1, undo: 1, redo: 0, notes: { 1: "strange" }, by });
  await tell({ op: "ack", acks: { [client]: [seq] }, version: 1 });
  assert.equal(store.labels().notes.get(1), "strange");
});

test("leaving the page is warned of while an edit is nowhere else", async () => {
  /** @type {Set<string>} */
  const warnings = new Set();
  /** @type {any} */ (globalThis).window = {
    addEventListener: (/** @type {string} */ type) => warnings.add(type),
    removeEventListener: (/** @type {string} */ type) => warnings.delete(type),
  };
  const { store, edits, tell } = await open();
  store.label(bitsOf(1), 0);
  assert.deepEqual([...warnings], ["beforeunload"]);
  const { client, seq } = edits()[0].content;
  await tell({ op: "ack", acks: { [client]: [seq] }, version: 0 });
  assert.deepEqual([...warnings], []);
  delete (/** @type {any} */ (globalThis).window);
});
