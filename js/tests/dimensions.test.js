import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byInformation,
  exact,
  fixed,
  inWords,
  keyMove,
  toPlace,
  toPython,
} from "../latent/dimensions.js";

test("the most informative dimension comes first, equal ones in their order", () => {
  assert.deepEqual(byInformation([0.1, 3, 0.1, 2]), [1, 3, 0, 2]);
  assert.deepEqual(byInformation([]), []);
});

test("a value has its place on the track", () => {
  assert.equal(toPlace(-3, -3, 3), 0);
  assert.equal(toPlace(0, -3, 3), 0.5);
  assert.equal(toPlace(99, -3, 3), 1);
  assert.equal(toPlace(1, 1, 1), 0.5);
});

test("arrow keys move by a hundredth of the track, with Shift by a tenth, never off it", () => {
  const move = (/** @type {string} */ key, shift = false, from = 0) =>
    keyMove(key, shift, from, -5, 5);
  assert.equal(move("ArrowRight"), 0.1);
  assert.equal(move("ArrowDown"), -0.1);
  assert.equal(move("ArrowUp", true), 1);
  assert.equal(move("ArrowRight", true, 4.9), 5);
  assert.equal(move("Home"), -5);
  assert.equal(move("a"), null);
});

test("the copied code is the same float32 numbers again", () => {
  const code = new Float32Array([0.1, -1.2345678, 0, 1e-20, 3.4e38, 1 / 3]);
  for (const value of code) assert.equal(Math.fround(Number(exact(value))), value);
  assert.equal(exact(Math.fround(0.1)), "0.1");
});

test("the copied code is Python", () => {
  assert.equal(
    toPython(new Float32Array([0.5, -2])),
    "import numpy as np\n\nz = np.array([0.5, -2], dtype=np.float32)\n",
  );
  const long = toPython(new Float32Array(17));
  assert.equal(long.split("\n").length, 3 + 3 + 2);
});

test("values beside sliders keep their width, and say no more than three digits", () => {
  assert.equal(fixed(0.5), "0.50");
  assert.equal(fixed(-0.001), "0.00");
  assert.equal(fixed(-1.234), "−1.23");
  assert.equal(fixed(1234.5), "1230");
  assert.equal(inWords(2.8, "nats"), "2.80 nats");
  assert.equal(fixed(-56.64), "−56.6");
  assert.equal(inWords(34.26, "%"), "34.3 %");
  assert.equal(inWords(0, ""), "");
});
