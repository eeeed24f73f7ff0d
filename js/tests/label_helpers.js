// Short ways to write labels and edits down.
import { nothingKept } from "../labels/kept.js";
import { emptyBits, setBit } from "../shared/buffers.js";

export const N = 12;

/** @param {number[]} rows */
export function bitsOf(...rows) {
  const bits = emptyBits(N);
  for (const row of rows) setBit(bits, row);
  return bits;
}

/** @param {Uint8Array | Uint16Array | Int32Array} array */
export const view = (array) => new DataView(array.slice().buffer);

/**
 * An edit on its way.
 * @param {string} kind
 * @param {Record<string, any>} [content]
 * @param {number[]} [rows]
 * @param {number[]} [codes]
 */
export function edit(kind, content = {}, rows, codes) {
  return {
    client: "me",
    seq: content.seq ?? 0,
    content: { kind, ...content },
    bits: rows ? bitsOf(...rows) : null,
    codes: codes ? Uint16Array.from(codes) : null,
  };
}

/** @param {number[]} codes */
export function single(codes) {
  const layers = [Uint16Array.from({ length: N }, (_, row) => codes[row] ?? 0)];
  return { ...nothingKept(N), version: 1, classes: ["cat", "dog", "owl"], layers };
}

/** @param {number[][]} tags */
export function multi(...tags) {
  const layers = tags.map((tag) => Uint8Array.from({ length: N }, (_, row) => tag[row] ?? 0));
  const classes = ["cat", "dog", "owl"].slice(0, tags.length);
  return { ...nothingKept(N), version: 1, multi: true, classes, layers };
}
