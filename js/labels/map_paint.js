// The colours of the map: labels full, suggestions as rings, what the filter leaves out faint.
import { MISSING } from "../map/colors.js";
import { hasBit } from "../shared/buffers.js";
import { parseColor } from "../shared/theme.js";

/** @typedef {import("../shared/theme.js").Rgb} Rgb */

const FULL = 255;
const RING = 96;
/** Below this the map draws no ring; on a dark ground as little would not be seen. */
const FAINT = { light: 50, dark: 70 };

/**
 * @param {{ colors: string[], summary: import("./summary.js").Summary,
 *   suggested: import("./suggested.js").Shown | null, threshold: number,
 *   shown: Uint8Array | null, hidden?: Uint8Array, text: Rgb }} options `colors`: of all classes by
 *   number; `shown`: the rows the filter leaves, null for all; `hidden`: those of the others that are
 *   not even faint; `text`: the theme's, for images of several tags
 * @returns {{ codes: Uint16Array, rgba: Uint8Array }} a code for each row, and the colours of codes
 */
export function paintLabels({ colors, summary, suggested, threshold, shown, hidden, text }) {
  const classes = colors.map((color) => parseColor(color) ?? MISSING);
  const ringed = classes.length + 3; // after no label, the classes, several tags, none of them
  const faint = ringed + classes.length;
  /** @type {[Rgb, number][]} */
  const inks = [
    [MISSING, FULL],
    ...classes.map((rgb) => /** @type {[Rgb, number]} */ ([rgb, FULL])),
    [text, FULL],
    [MISSING, RING],
    ...classes.map((rgb) => /** @type {[Rgb, number]} */ ([rgb, RING])),
  ];
  const rgba = Uint8Array.from([
    ...inks.flatMap(([rgb, opacity]) => [...rgb, opacity]),
    ...inks.flatMap(([rgb]) => [...half(rgb), text[0] > 128 ? FAINT.dark : FAINT.light]),
    ...[0, 0, 0, 0], // not shown at all
  ]);
  const codes = summary.codes.slice();
  for (let row = 0; row < codes.length; row++) {
    if (suggested && suggested.codes[row] !== 0 && suggested.probability[row] >= threshold) {
      codes[row] = ringed + suggested.codes[row] - 1;
    }
    if (shown !== null && !hasBit(shown, row)) {
      codes[row] = hidden && hasBit(hidden, row) ? 2 * faint : codes[row] + faint;
    }
  }
  return { codes, rgba };
}

/** Half the colour, half grey. @param {Rgb} rgb @returns {Rgb} */
function half(rgb) {
  const mix = (/** @type {0 | 1 | 2} */ k) => (rgb[k] + MISSING[k]) >> 1;
  return [mix(0), mix(1), mix(2)];
}
