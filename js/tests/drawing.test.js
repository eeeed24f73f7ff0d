import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsAlong } from "../map/brush.js";
import { createCamera } from "../map/camera.js";
import { createDrawing } from "../map/drawing.js";
import { emptyBits, rowsOf, setBit } from "../shared/buffers.js";

/** Points on a line, one unit apart. */
const xy = Float32Array.from({ length: 20 }, (_, k) => (k % 2 === 0 ? k / 2 : 0));
const all = () => true;

test("a brush touches what is no further than its radius from its way", () => {
  const along = (/** @type {number[]} */ from, /** @type {number[]} */ to, isShown = all) =>
    rowsOf(rowsAlong(xy, from, to, 0.6, isShown));
  assert.deepEqual(along([2, 0.5], [5, 0.5]), [2, 3, 4, 5]);
  assert.deepEqual(along([2.5, 0.5], [4.5, 0.5]), [3, 4], "its ends are round");
  assert.deepEqual(along([2, 0], [2, 0]), [2]);
  assert.deepEqual(along([3, 5], [3, -5]), [3]);
  assert.deepEqual(along([2, 0.7], [5, 0.7]), []);
  assert.deepEqual(rowsOf(rowsAlong(xy, [0, 0], [9, 0], 0.6, (row) => row > 6)), [7, 8, 9]);
});

/** A map of 100 x 100 pixels; a point is 10 pixels from the next. */
function open() {
  const camera = createCamera({ padding: 0 });
  camera.resize(100, 100);
  camera.fit({ left: 0, right: 10, bottom: -5, top: 5 });
  /** @type {any[]} */
  const done = [];
  /** @type {any[]} */
  const seen = [];
  const state = {
    xy,
    bits: emptyBits(10),
    lasso: /** @type {number[][]} */ ([]),
    lassoMode: /** @type {const} */ ("replace"),
    brush: 6,
  };
  const drawing = createDrawing({
    state,
    camera,
    isShown: (row) => row !== 4,
    redraw() {},
    preview: (bits) => seen.push(rowsOf(bits)),
    onDone: (bits, mode) => done.push([rowsOf(bits), mode]),
  });
  return { drawing, state, done, seen };
}

test("a rectangle takes what is in it, whichever corner it began at", () => {
  const { drawing, state, done } = open();
  drawing.start("rectangle", 65, 70);
  drawing.to(
    [
      { x: 50, y: 60 },
      { x: 15, y: 30 },
    ],
    "add",
  );
  assert.equal(state.lasso.length, 4);
  drawing.end("add");
  assert.deepEqual(done, [[[2, 3, 5, 6], "add"]]);
  assert.deepEqual(state.lasso, []);
});

test("a brush shows what it has painted while it paints, and adds unless told to remove", () => {
  const { drawing, state, done, seen } = open();
  setBit(state.bits, 9);
  drawing.start("brush", 10, 50);
  drawing.to(
    [
      { x: 20, y: 50 },
      { x: 30, y: 50 },
    ],
    "replace",
  );
  assert.deepEqual(seen.at(-1), [1, 2, 3, 9]);
  drawing.end("replace");
  assert.deepEqual(done, [[[1, 2, 3], "add"]]);
  drawing.start("brush", 90, 50);
  drawing.end("remove");
  assert.deepEqual(done[1], [[9], "remove"]);
});

test("a stroke that is cancelled leaves the selection as it was", () => {
  const { drawing, done, seen } = open();
  drawing.start("brush", 10, 50);
  drawing.to([{ x: 20, y: 50 }], "replace");
  drawing.cancel();
  assert.deepEqual(seen.at(-1), []);
  assert.deepEqual(done, []);
});

test("the brush has a smallest and a largest size", () => {
  const { drawing, state } = open();
  for (let k = 0; k < 20; k++) drawing.growBrush(1.5);
  assert.equal(state.brush, 120);
  for (let k = 0; k < 20; k++) drawing.growBrush(1 / 1.5);
  assert.equal(state.brush, 4);
});

test("a lasso that is only a line selects nothing", () => {
  const { drawing, done } = open();
  drawing.start("lasso", 10, 50);
  drawing.to([{ x: 20, y: 50 }], "replace");
  drawing.end("replace");
  assert.deepEqual(done, []);
});
