// What is shown of the labels: one code an image, and how many images each class has.
import { countBits } from "../shared/buffers.js";

/** @typedef {import("./draft.js").Labels} Labels */
/** @typedef {import("./draft.js").Layer} Layer */
/**
 * @typedef {object} Summary
 * @property {Uint16Array} codes of all rows: 0 where nothing is said, 1 + number of the only class,
 *   `several` for more than one tag, `noneOf` where tags are only denied
 * @property {number} several
 * @property {number} noneOf
 * @property {number[]} counts of images by number of the class
 * @property {number} labelled how many images something is said of, those set aside left out
 * @property {number} aside how many are set aside
 */

/** @type {WeakMap<Layer, number[]>} of layers, which never change once they are shown */
const counted = new WeakMap();

/**
 * @param {Labels} labels
 * @returns {Summary}
 */
export function summarize({ n, multi, classes, gone, layers, aside: bits }) {
  const several = classes.length + 1;
  const noneOf = classes.length + 2;
  if (!multi) {
    const codes = /** @type {Uint16Array} */ (layers[0]);
    const counts = countsOf(codes, classes.length + 1).slice(1);
    return { codes, several, noneOf, counts, ...progress(codes, bits) };
  }
  const codes = new Uint16Array(n);
  layers.forEach((layer, k) => {
    if (gone.has(k)) return; // perhaps of another task
    for (let row = 0; row < n; row++) {
      const said = layer[row];
      if (said === 1) codes[row] = codes[row] === 0 || codes[row] === noneOf ? 1 + k : several;
      else if (said === 2 && codes[row] === 0) codes[row] = noneOf;
    }
  });
  const counts = layers.map((layer) => countsOf(layer, 3)[1]);
  return { codes, several, noneOf, counts, ...progress(codes, bits) };
}

/** @param {Uint16Array} codes @param {Uint8Array} bits those set aside */
function progress(codes, bits) {
  let labelled = 0;
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] !== 0 && ((bits[row >> 3] >> (row & 7)) & 1) === 0) labelled++;
  }
  return { labelled, aside: countBits(bits) };
}

/** @param {Layer} layer @param {number} most how many codes there are */
function countsOf(layer, most) {
  const known = counted.get(layer);
  if (known && known.length === most) return known;
  const counts = new Array(most).fill(0);
  for (let row = 0; row < layer.length; row++) counts[layer[row]]++;
  counted.set(layer, counts);
  return counts;
}
