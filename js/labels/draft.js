// The labels with edits painted over them, as the kernel will fold them in.
import { combineBits, countBits, rowsOf } from "../shared/buffers.js";

/** @typedef {Uint8Array | Uint16Array} Layer */
/** @typedef {import("./outbox.js").Entry & { client: string }} Painted */
/**
 * @typedef {object} Labels
 * @property {number} n
 * @property {boolean} multi tags, each with a layer of its own: 0 not said, 1 yes, 2 no; else one
 *   layer: 0 for no label, or 1 + number of the class
 * @property {string[]} classes names by number, those gone included
 * @property {ReadonlySet<number>} gone numbers of classes that are not shown: deleted, merged, or
 *   tags of another task
 * @property {Layer[]} layers
 * @property {ReadonlyMap<number, string>} notes
 * @property {Uint8Array} aside bitset of the images that are set aside
 * @property {ReadonlyMap<string, number>} selections those kept under a name, with their size
 *
 * @typedef {object} Rejection a suggestion that is not to be shown
 * @property {Uint8Array} bits
 * @property {number} code 1 + number of the class; 0 if the codes say it
 * @property {boolean} [all] whether it is about every class
 * @property {Uint16Array | null} codes
 */

export const YES = 1;
const NO = 2;

/**
 * @param {Labels} kept is left as it is; layers that do not change are shared with it
 * @param {Painted[]} entries the oldest first
 * @returns {{ labels: Labels, rejections: Rejection[] }}
 */
export function paintEdits(kept, entries) {
  const { n, multi } = kept;
  const classes = [...kept.classes];
  const gone = new Set(kept.gone);
  const layers = [...kept.layers];
  /** @type {Map<number, string>} */
  const notes = new Map(kept.notes);
  let { aside } = kept;
  const selections = new Map(kept.selections);
  /** @type {Rejection[]} */
  const rejections = [];
  /** @type {Map<string, number>} numbers of classes added on the way */
  const added = new Map();
  /** @type {Map<number, number>} where classes merged on the way went */
  const merged = new Map();
  /** @type {Set<number>} layers that are ours to write on */
  const copied = new Set();

  /** @param {number} k */
  function layer(k) {
    if (!copied.has(k)) {
      copied.add(k);
      layers[k] = layers[k].slice();
    }
    return layers[k];
  }

  /** @param {Painted} entry */
  function numberOf({ client, content }) {
    // A new class that the kernel has by now is found by its name.
    const named = added.get(`${client} ${content.class_of}`) ?? classes.indexOf(content.name);
    let number = content.class ?? named;
    while (merged.has(number)) number = merged.get(number) ?? -1;
    gone.delete(number); // a label for a class that somebody deleted brings it back
    return number;
  }

  /** @param {string} name */
  function addClass(name) {
    let number = classes.indexOf(name);
    if (number < 0) {
      number = classes.push(name) - 1;
      if (multi) layers.push(new Uint8Array(n));
    }
    gone.delete(number);
    return number;
  }

  /** Take a class away; its rows go to another, or to none. @param {number} number
   * @param {number} into -1 for none */
  function dissolve(number, into) {
    if (multi) {
      const [from, to] = [layer(number), into < 0 ? null : layer(into)];
      for (let row = 0; row < n; row++) if (to && from[row] === YES) to[row] = YES;
      from.fill(0);
    } else {
      const codes = layer(0);
      for (let row = 0; row < n; row++) if (codes[row] === 1 + number) codes[row] = 1 + into;
    }
    gone.add(number);
  }

  /** @param {Painted} entry */
  function paint(entry) {
    const { content, bits } = entry;
    const { kind } = content;
    if (kind === "add_class") added.set(`${entry.client} ${entry.seq}`, addClass(content.name));
    else if (kind === "rename_class") classes[content.class] = content.name;
    else if (kind === "merge_class") {
      dissolve(content.class, content.into);
      merged.set(content.class, content.into);
    } else if (kind === "delete_class") dissolve(content.class, -1);
    else if (bits) paintRows(entry, bits);
  }

  /** @param {Painted} entry @param {Uint8Array} bits */
  function paintRows(entry, bits) {
    const { content, codes } = entry;
    const { kind } = content;
    if (kind === "clear") {
      if (!multi) fill(layer(0), bits, 0);
      else if (content.class !== undefined) fill(layer(content.class), bits, NO);
      else layers.forEach((_, k) => void fill(layer(k), bits, 0));
    } else if (kind === "note") {
      for (const row of rowsOf(bits)) {
        if (content.name === "") notes.delete(row);
        else notes.set(row, content.name);
      }
    } else if (kind === "reject") {
      rejections.push(rejectionOf(entry, bits));
    } else if (kind === "set_aside") aside = combineBits(aside, bits, "add");
    else if (kind === "put_back") aside = combineBits(aside, bits, "remove");
    else if (kind === "keep") {
      if (countBits(bits) > 0) selections.set(content.name, countBits(bits));
      else selections.delete(content.name);
    } else if (kind === "group") {
      const number = addClass(content.name);
      if (multi) fill(layer(number), bits, YES);
      else fill(layer(0), bits, 1 + number);
    } else if (kind === "label") {
      const number = numberOf(entry);
      if (number < 0) return;
      if (multi) fill(layer(number), bits, YES);
      else fill(layer(0), bits, 1 + number);
    } else if (kind === "accept") accept(entry, bits, codes);
  }

  /** Accepting gives a label only where there is none. @param {Painted} entry
   * @param {Uint8Array} bits @param {Uint16Array | null} codes */
  function accept({ content }, bits, codes) {
    rowsOf(bits).forEach((row, k) => {
      const code = codes ? codes[k] : 1 + content.class;
      const target = layer(multi ? code - 1 : 0);
      if (target[row] === 0) target[row] = multi ? YES : code;
    });
  }

  for (const entry of entries) paint(entry);
  return { labels: { n, multi, classes, gone, layers, notes, aside, selections }, rejections };
}

/** @param {import("./outbox.js").Entry} entry @param {Uint8Array} bits @returns {Rejection} */
export function rejectionOf({ content, codes }, bits) {
  return { bits, code: codes ? 0 : 1 + (content.class ?? -1), codes, all: content.all };
}

/** @param {Layer} layer @param {Uint8Array} bits @param {number} code */
export function fill(layer, bits, code) {
  for (let byte = 0; byte < bits.length; byte++) {
    const eight = bits[byte];
    if (eight === 0) continue;
    for (let bit = 0; bit < 8; bit++) if ((eight >> bit) & 1) layer[8 * byte + bit] = code;
  }
}

/**
 * @param {Layer} layer
 * @param {Uint8Array} bits
 * @param {Uint16Array} each a code for each row of the bits
 */
export function fillEach(layer, bits, each) {
  rowsOf(bits).forEach((row, k) => {
    layer[row] = each[k];
  });
}
