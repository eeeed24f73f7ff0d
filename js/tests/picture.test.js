import assert from "node:assert/strict";
import { test } from "node:test";
import { enlargement, imageAt, toRgba } from "../latent/picture.js";

test("a small image is enlarged by a whole number, a large one shrunk to fit", () => {
  assert.equal(enlargement(28, 28, 256), 9);
  assert.equal(enlargement(8, 8, 256), 32);
  assert.equal(enlargement(256, 256, 256), 1);
  assert.equal(enlargement(512, 128, 256), 0.5);
  assert.equal(enlargement(10, 100, 256), 2);
});

test("gray and colour bytes become opaque pixels", () => {
  const gray = new Uint8ClampedArray(8);
  toRgba(new Uint8Array([0, 255]), 1, gray);
  assert.deepEqual([...gray], [0, 0, 0, 255, 255, 255, 255, 255]);
  const colour = new Uint8ClampedArray(8);
  toRgba(new Uint8Array([1, 2, 3, 4, 5, 6]), 3, colour);
  assert.deepEqual([...colour], [1, 2, 3, 255, 4, 5, 6, 255]);
});

test("an image is taken out of a stack that does not begin at its buffer's start", () => {
  const bytes = new Uint8Array([9, 9, 1, 2, 3, 4, 5, 6, 7, 8]).subarray(2);
  const stack = { bytes, width: 2, height: 2, channels: 1 };
  assert.deepEqual([...imageAt(stack, 0).bytes], [1, 2, 3, 4]);
  assert.deepEqual([...imageAt(stack, 1).bytes], [5, 6, 7, 8]);
});
