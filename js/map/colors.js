// Colour codes of the points to colours: code 0 is missing, code k + 1 is category k, and
// numbers are codes 1 to 255 along a ramp.
import { toUint8, toUint16 } from "../shared/buffers.js";
import { css, parseColor } from "../shared/theme.js";

/** @typedef {import("../shared/theme.js").Theme} Theme */
/** @typedef {Uint8Array | Uint16Array} Codes */
/**
 * The trait `_color`.
 * @typedef {object} ColorInfo
 * @property {"none" | "categories" | "numbers"} kind
 * @property {string} name
 * @property {string[]} labels
 * @property {string[]} colors one for each category, or the stops of the ramp
 * @property {number[]} counts
 * @property {string} low lowest number, in words
 * @property {string} high
 * @property {number} missing how many rows have no value
 * @property {"uint8" | "uint16"} dtype
 */

/** @type {ColorInfo} */
export const NO_COLOR = {
  kind: "none",
  name: "",
  labels: [],
  colors: [],
  counts: [],
  low: "",
  high: "",
  missing: 0,
  dtype: "uint8",
};

export const MISSING = /** @type {import("../shared/theme.js").Rgb} */ ([134, 140, 149]);

/**
 * The palette, four bytes for each code.
 * @param {ColorInfo} info
 * @param {Theme} theme
 * @param {Set<number>} hidden codes that are not shown: their opacity is 0
 * @returns {Uint8Array}
 */
export function paletteOf(info, theme, hidden) {
  const stops = info.colors.map((text) => parseColor(text) ?? MISSING);
  const colors = info.kind === "numbers" ? ramp(stops, 255) : stops;
  const first = info.kind === "none" ? theme.accent : MISSING;
  const palette = new Uint8Array(4 * (colors.length + 1));
  [first, ...colors].forEach((rgb, code) => {
    palette.set([...rgb, hidden.has(code) ? 0 : 255], 4 * code);
  });
  return palette;
}

/**
 * The colour of a code, for a canvas or a stylesheet.
 * @param {Uint8Array} palette
 * @param {number} code
 */
export function cssOf(palette, code) {
  const [red, green, blue] = palette.subarray(4 * code);
  return css([red, green, blue]);
}

/**
 * @param {import("../shared/theme.js").Rgb[]} stops evenly spaced
 * @param {number} n
 * @returns {import("../shared/theme.js").Rgb[]}
 */
export function ramp(stops, n) {
  return Array.from({ length: n }, (_, i) => {
    const place = (i / (n - 1)) * (stops.length - 1);
    const k = Math.min(Math.floor(place), stops.length - 2);
    const share = place - k;
    const mix = (/** @type {0 | 1 | 2} */ channel) =>
      Math.round(stops[k][channel] * (1 - share) + stops[k + 1][channel] * share);
    return [mix(0), mix(1), mix(2)];
  });
}

/**
 * The codes of all rows; all 0 where nothing is coloured.
 * @param {ColorInfo} info
 * @param {import("../shared/buffers.js").Bytes} bytes
 * @param {number} n
 * @returns {Codes}
 */
export function codesOf(info, bytes, n) {
  const codes = info.dtype === "uint16" ? toUint16(bytes) : toUint8(bytes);
  return codes.length === n ? codes : new Uint8Array(n);
}

/**
 * What a row is, in words; "" where nothing is known.
 * @param {ColorInfo} info
 * @param {number} code
 */
export function labelOf(info, code) {
  if (info.kind === "none") return "";
  if (code === 0) return "no value";
  if (info.kind === "categories") return info.labels[code - 1] ?? "";
  return "";
}
