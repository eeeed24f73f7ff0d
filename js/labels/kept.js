// The labels as the kernel told them: all at once, then the changes.
import { combineBits, emptyBits, toUint8, toUint16 } from "../shared/buffers.js";
import { fill, fillEach } from "./draft.js";

/** @typedef {import("./draft.js").Labels} Labels */
/** @typedef {import("./draft.js").Layer} Layer */
/**
 * @typedef {object} Suggestions
 * @property {number | null} class the tag they are for; null where there is one label an image
 * @property {number} count
 * @property {string} words what they were made from
 * @property {Uint16Array} codes of all rows: 0 for none, else 1 + number of the class
 * @property {Uint8Array} probability 255 is certain
 *
 * @typedef {object} News what the kernel has besides the labels
 * @property {number} version -1 until it has answered
 * @property {string[]} palette
 * @property {number} undo
 * @property {number} redo
 * @property {string} conflict
 * @property {string} savedTo a folder; "" if the labels are in memory only
 * @property {number[]} order numbers of the classes shown, as the person has them
 * @property {string} found how the images were found again in the log, in words
 *
 * @typedef {Labels & News & { suggestions: Suggestions | null }} Kept
 */

const ONE_COLOR = ["#0072b2"];

/** @param {number} n @returns {Kept} before the kernel has answered */
export function nothingKept(n) {
  return {
    n,
    multi: false,
    classes: [],
    gone: new Set(),
    layers: [new Uint16Array(n)],
    notes: new Map(),
    aside: emptyBits(n),
    selections: new Map(),
    order: [],
    found: "",
    version: -1,
    palette: ONE_COLOR,
    undo: 0,
    redo: 0,
    conflict: "",
    savedTo: "",
    suggestions: null,
  };
}

/**
 * @param {number} n
 * @param {any} content of the answer to `sync`
 * @param {DataView[]} buffers a layer each, then the images set aside, then the suggestions' codes
 *   and probabilities
 * @returns {Kept}
 */
export function readAll(n, content, buffers) {
  const { version, classes, palette, undo, redo, conflict, multi, suggestions } = content;
  const count = content.layers;
  const layers = buffers.slice(0, count).map((bytes) => {
    // Of a tag only three values are ever told; the number of a class may grow past one byte.
    const codes = content.dtype === "<u1" ? toUint8(bytes) : toUint16(bytes);
    return multi ? Uint8Array.from(codes) : Uint16Array.from(codes);
  });
  const rest = buffers.slice(count);
  const aside = content.aside ? rest.shift() : undefined;
  return {
    ...{ n, multi, classes, layers, version, palette, undo, redo, conflict },
    aside: aside ? toUint8(aside).slice() : emptyBits(n),
    order: orderOf(content),
    selections: new Map(content.kept ?? []),
    found: content.found ?? "",
    gone: new Set(content.gone),
    notes: withNotes(new Map(), content.notes),
    savedTo: content.saved_to,
    suggestions: suggestions ? readSuggestions(suggestions, rest) : null,
  };
}

/**
 * @param {any} content
 * @param {DataView[]} buffers
 * @returns {Suggestions | null} null where there are none any more
 */
export function readSuggestions(content, buffers) {
  if (!content.count || buffers.length < 2) return null;
  const codes = toUint16(buffers[0]);
  if (content.class !== null) {
    // For a tag 1 says yes. A no is no label to accept: nobody lists the tags an image lacks.
    for (let row = 0; row < codes.length; row++)
      codes[row] = codes[row] === 1 ? 1 + content.class : 0;
  }
  const { count, words } = content;
  return { class: content.class, count, words, codes, probability: toUint8(buffers[1]).slice() };
}

/**
 * @param {Kept} kept is left as it is
 * @param {any} diff
 * @param {DataView[]} buffers of each part the rows, then their codes unless all have one; the last
 *   one all images set aside, where that changed
 * @returns {{ kept: Kept, rows: Uint8Array }} `rows`: all whose label changed, or that are back
 */
export function withDiff(kept, diff, buffers) {
  const { version, undo, redo } = diff;
  const classes = diff.classes ?? kept.classes;
  const layers = [...kept.layers];
  while (kept.multi && layers.length < classes.length) layers.push(new Uint8Array(kept.n));
  let rows = emptyBits(kept.n);
  let next = 0;
  for (const { layer, code } of diff.parts ?? []) {
    const bits = toUint8(buffers[next++]);
    layers[layer] = layers[layer].slice();
    if (code === undefined) fillEach(layers[layer], bits, toUint16(buffers[next++]));
    else fill(layers[layer], bits, code);
    rows = combineBits(rows, bits, "add");
  }
  const gone = diff.gone ? new Set(diff.gone) : kept.gone;
  const notes = diff.notes ? withNotes(kept.notes, diff.notes) : kept.notes;
  const order = diff.classes ? orderOf(diff) : kept.order;
  const selections = diff.kept ? new Map(diff.kept) : kept.selections;
  const aside = diff.aside ? toUint8(buffers[next]).slice() : kept.aside;
  rows = combineBits(rows, combineBits(kept.aside, aside, "remove"), "add");
  return {
    kept: {
      ...kept,
      ...{ version, undo, redo, classes, gone, order, layers, notes, aside, selections },
    },
    rows,
  };
}

/** @param {any} content @returns {number[]} */
const orderOf = ({ order, classes }) => order ?? [...classes.keys()];

/** @param {ReadonlyMap<number, string>} before @param {Record<string, string>} changes "" removes */
function withNotes(before, changes) {
  const notes = new Map(before);
  for (const [row, text] of Object.entries(changes)) {
    if (text === "") notes.delete(Number(row));
    else notes.set(Number(row), text);
  }
  return notes;
}
