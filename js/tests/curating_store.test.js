import assert from "node:assert/strict";
import { test } from "node:test";
import { bitsOf, N, view } from "./label_helpers.js";
import { open } from "./store_helpers.js";

test("classes are in the person's order, and those not known yet come last", async () => {
  const classes = ["cat", "dog", "owl", "fox"];
  const { store, edits } = await open({ classes, order: [3, 0, 2], gone: [1] });
  const names = () => store.classes().map(({ name }) => name);
  assert.deepEqual(names(), ["fox", "cat", "owl"]);
  store.addClass("bee");
  assert.deepEqual(names(), ["fox", "cat", "owl", "bee"]);
  store.label(bitsOf(1), 1);
  assert.deepEqual(names(), ["fox", "cat", "owl", "dog", "bee"], "a label brings one back");
  store.remove(3);
  assert.deepEqual(names(), ["cat", "owl", "dog", "bee"]);
  assert.equal("how" in edits()[1].content, false);
});

test("how a label was given is told", async () => {
  const { store, edits } = await open();
  store.label(bitsOf(1), 0, "key");
  store.clear(bitsOf(1), undefined, "click");
  assert.deepEqual(
    edits().map(({ content: { kind, how } }) => [kind, how]),
    [
      ["label", "key"],
      ["clear", "click"],
    ],
  );
});

test("a group, what is set aside and what is kept are edits, each one step", async () => {
  const { store, edits } = await open();
  store.group(bitsOf(1, 2), "owl");
  store.setAside(bitsOf(3));
  store.putBack(bitsOf(3));
  store.keep(bitsOf(), "odd");
  store.rejectAll(bitsOf(4));
  store.setAside(bitsOf()); // of nothing
  const sent = edits().map(({ content: { kind, name, all } }) => [kind, name, all]);
  assert.deepEqual(sent, [
    ["group", "owl", undefined],
    ["set_aside", "", undefined],
    ["put_back", undefined, undefined],
    ["keep", "odd", undefined],
    ["reject", undefined, true],
  ]);
  assert.ok(edits().every(({ buffers }) => buffers.length === 1));
  assert.equal(store.undoable(), 5);
  for (let k = 0; k < 5; k++) store.undo();
  assert.deepEqual(
    store.classes().map(({ name }) => name),
    ["cat", "dog"],
  );
});

test("what was of none of the classes stays so until the kernel suggests anew", async () => {
  const { store, edits, tell } = await open({}, new Uint8Array(N));
  const codes = new Uint16Array(N).fill(2);
  const about = { op: "suggestions", class: null, count: N, words: "w" };
  await tell(about, [view(codes), view(new Uint8Array(N).fill(200))]);
  store.rejectAll(bitsOf(4));
  assert.deepEqual([store.suggested()?.codes[4], store.suggested()?.codes[5]], [0, 2]);
  const { client, seq } = edits()[0].content;
  await tell({ op: "ack", acks: { [client]: [seq] }, version: 0 });
  assert.deepEqual([store.suggested()?.codes[4], store.suggested()?.codes[5]], [0, 2]);
});

test("how the images were found is told once a widget", async () => {
  const { store, answer } = await open({ found: "9 of 10 images are known" });
  assert.equal(store.found(), "9 of 10 images are known");
  store.dismissFound();
  assert.equal(store.found(), "");
  await answer({ found: "9 of 10 images are known" });
  assert.equal(store.found(), "");
});
