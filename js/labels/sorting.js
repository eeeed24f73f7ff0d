// The order of a gallery.
import { rowsOf } from "../shared/buffers.js";

/** @typedef {"data" | "label" | "suggestion" | "random" | "asked"} Order */

/**
 * The first rows of a selection in this order.
 * @param {Uint8Array} bits
 * @param {Order} order
 * @param {number} limit
 * @param {{ codes: Uint16Array, suggested: import("./suggested.js").Shown | null,
 *   asked: number[], seed: number }} by
 * @returns {number[]}
 */
export function orderedRows(bits, order, limit, by) {
  if (order === "data") return rowsOf(bits, limit);
  if (order === "asked") return by.asked.slice(0, limit);
  const rows = rowsOf(bits);
  const key = keyOf(order, by);
  const keys = new Map(rows.map((row) => [row, key(row)]));
  rows.sort((a, b) => Number(keys.get(a)) - Number(keys.get(b)) || a - b);
  return rows.slice(0, limit);
}

/**
 * @param {Order} order
 * @param {{ codes: Uint16Array, suggested: import("./suggested.js").Shown | null, seed: number }} by
 * @returns {(row: number) => number} what rows are sorted by, the least first
 */
function keyOf(order, { codes, suggested, seed }) {
  // Those without a label last: they are what the others are compared to.
  if (order === "label") return (row) => codes[row] || Number.POSITIVE_INFINITY;
  if (order === "suggestion") {
    return (row) => (suggested?.codes[row] ? -suggested.probability[row] : 1);
  }
  return (row) => scatter(row + 1, seed);
}

/** A number that looks random, the same one for the same row. @param {number} row
 * @param {number} seed */
function scatter(row, seed) {
  let state = Math.imul(row, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return (state ^ (state >>> 15)) >>> 0;
}
