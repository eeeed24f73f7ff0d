import assert from "node:assert/strict";
import { test } from "node:test";
import {
  combineBits,
  countBits,
  emptyBits,
  hasBit,
  rowsOf,
  setBit,
  toFloat32,
  toUint8,
  toUint16,
} from "../shared/buffers.js";

test("a slice of a message gives the slice's numbers, not the message's", () => {
  const message = new Uint8Array(13);
  new DataView(message.buffer).setFloat32(1, 1.5, true);
  new DataView(message.buffer).setFloat32(5, -2.25, true);
  const slice = new DataView(message.buffer, 1, 8);
  assert.deepEqual([...toFloat32(slice)], [1.5, -2.25]);
  assert.equal(toUint8(slice).length, 8);
});

test("uint16 is read little-endian from an odd offset", () => {
  assert.deepEqual([...toUint16(new DataView(new Uint8Array([9, 1, 2]).buffer, 1))], [513]);
});

test("nothing gives empty arrays", () => {
  assert.equal(toFloat32(null).length, 0);
  assert.equal(toUint8(undefined).length, 0);
});

test("row 0 and the last row of a selection are kept", () => {
  const bits = emptyBits(17);
  for (const row of [0, 7, 8, 16]) setBit(bits, row);
  assert.deepEqual(rowsOf(bits), [0, 7, 8, 16]);
  assert.equal(countBits(bits), 4);
  assert.ok(hasBit(bits, 0) && hasBit(bits, 16) && !hasBit(bits, 15));
});

test("rows can be cut at a limit inside a byte", () => {
  assert.deepEqual(rowsOf(new Uint8Array([255, 255]), 5), [0, 1, 2, 3, 4]);
});

test("a lasso replaces, adds to or takes from the selection before", () => {
  const before = new Uint8Array([0b1100]);
  const change = new Uint8Array([0b0110]);
  assert.deepEqual([...combineBits(before, change, "replace")], [0b0110]);
  assert.deepEqual([...combineBits(before, change, "add")], [0b1110]);
  assert.deepEqual([...combineBits(before, change, "remove")], [0b1000]);
  assert.deepEqual([...before], [0b1100], "the selection before is not changed in place");
});
