// Suggestions as they are shown: only where there is no label yet, and none that was rejected.
import { hasBit, rowsOf, setBit } from "../shared/buffers.js";

/** @typedef {import("./draft.js").Labels} Labels */
/** @typedef {import("./draft.js").Rejection} Rejection */
/** @typedef {import("./kept.js").Suggestions} Suggestions */
/**
 * @typedef {object} Shown
 * @property {Uint16Array} codes of all rows: 0 for none, else 1 + number of the class
 * @property {Uint8Array} probability 255 is certain
 * @property {Uint32Array} atLeast by probability: how many are that certain or more
 * @property {number | null} class the tag they are for
 * @property {string} words what they were made from
 */

/**
 * @param {Suggestions} suggestions
 * @param {Labels} labels
 * @param {Rejection[]} rejections
 * @returns {Shown}
 */
export function shownSuggestions(
  { class: tag, words, codes: all, probability },
  labels,
  rejections,
) {
  const codes = all.slice();
  const layer = labels.layers[tag ?? 0];
  for (let row = 0; row < codes.length; row++) {
    if (layer[row] !== 0 || labels.gone.has(codes[row] - 1) || hasBit(labels.aside, row)) {
      codes[row] = 0;
    }
  }
  for (const rejection of rejections) takeOut(codes, rejection);
  const atLeast = new Uint32Array(257);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== 0) atLeast[probability[row]]++;
  for (let p = 255; p >= 0; p--) atLeast[p] += atLeast[p + 1];
  return { class: tag, words, codes, probability, atLeast };
}

/**
 * @param {Uint16Array} codes
 * @param {Rejection} rejection
 */
export function takeOut(codes, { bits, code, codes: each, all }) {
  rowsOf(bits).forEach((row, k) => {
    if (all || codes[row] === (each ? each[k] : code)) codes[row] = 0;
  });
}

/**
 * The rows with a suggestion of at least this probability.
 * @param {Shown} shown
 * @param {number} threshold 0 to 255
 * @param {Uint8Array} [among] only rows of these
 * @returns {Uint8Array}
 */
export function suggestedRows({ codes, probability }, threshold, among) {
  const bits = new Uint8Array((codes.length + 7) >> 3);
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] === 0 || probability[row] < threshold) continue;
    if (!among || hasBit(among, row)) setBit(bits, row);
  }
  return bits;
}

/**
 * The class of each of these rows, as an edit says it: one for all, or a code for each.
 * @param {Shown} shown
 * @param {Uint8Array} bits rows that all have a suggestion
 * @returns {{ content: { class?: number }, codes: Uint16Array | null }}
 */
export function codesOfRows({ codes }, bits) {
  const each = Uint16Array.from(rowsOf(bits), (row) => codes[row]);
  if (each.every((code) => code === each[0]))
    return { content: { class: each[0] - 1 }, codes: null };
  return { content: {}, codes: each };
}
