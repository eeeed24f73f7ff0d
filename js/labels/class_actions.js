// What a person does with classes and the selection: the edit, and words on what was done.
import { select, selectionOf } from "../map/selection.js";
import { combineBits, countBits, emptyBits, setBit } from "../shared/buffers.js";
import { count } from "../shared/dom.js";
import { YES } from "./draft.js";
import { rowsShown } from "./filter.js";

/** @typedef {import("./class_row.js").Held} Held */

/** @param {boolean} multi whether images have tags */
export const nothingSelected = (multi) =>
  `Draw around images on the map, then press a ${multi ? "tag" : "class"}.`;
const UNDO = "Ctrl+Z takes it back.";

/**
 * @param {{ model: import("@anywidget/types").AnyModel, store: import("./store.js").LabelStore,
 *   things: string[], shown: () => Uint8Array | null, say: (text: string) => void }} options
 *   `things`: what a row is, one and several; `shown`: the rows the filter leaves, null for all
 */
export function createClassActions({ model, store, things, shown, say }) {
  const nameOf = (/** @type {number} */ number) => isolated(store.labels().classes[number]);
  const many = (/** @type {number} */ n) => `${count(n)} ${things[n === 1 ? 0 : 1]}`;

  /** @param {number | null} number null for no label */
  function assign(number) {
    const bits = selectionOf(model);
    const selected = countBits(bits);
    if (!store.ready()) return;
    if (selected === 0) {
      say(nothingSelected(store.labels().multi));
      return;
    }
    if (number === null) {
      store.clear(bits);
      say(`${many(selected)}: ${store.labels().multi ? "all tags" : "label"} taken off.`);
    } else if (heldBy(number) === "yes") {
      store.clear(bits, number);
      say(`${many(selected)}: not ${nameOf(number)}.`);
    } else {
      store.label(bits, number);
      say(`${many(selected)}: ${nameOf(number)}.`);
    }
    // The next lasso begins at once, on the map in its new colours; undo selects these again. An
    // image may get several tags, so there the selection stays.
    if (!store.labels().multi) select(model, emptyBits(model.get("_n")));
  }

  /** What the selected images have of a tag. @param {number} number @returns {Held} */
  function heldBy(number) {
    const { multi, layers } = store.labels();
    const layer = layers[number];
    if (!multi || !layer) return "";
    const bits = selectionOf(model);
    let yes = 0;
    let no = 0;
    for (let row = 0; row < layer.length; row++) {
      if (((bits[row >> 3] >> (row & 7)) & 1) === 0) continue;
      if (layer[row] === YES) yes++;
      else no++;
    }
    if (yes === 0) return "no";
    return no === 0 ? "yes" : "some";
  }

  /** @param {Uint8Array} bits @param {string} what */
  function choose(bits, what) {
    const part = shown();
    const chosen = part === null ? bits : bits.map((byte, k) => byte & part[k]);
    select(model, chosen);
    const hidden = countBits(bits) - countBits(chosen);
    say(hidden > 0 ? `${what}: ${count(hidden)} more are not shown.` : `${what}.`);
  }

  return {
    assign,
    heldBy,
    panel: {
      onAssign: assign,
      /** @param {string} name */
      onNew(name) {
        const number = store.addClass(name);
        if (countBits(selectionOf(model)) > 0) assign(number);
      },
      /** @param {number} number @param {string} name */
      onRename(number, name) {
        const before = nameOf(number);
        store.rename(number, name);
        say(`${before} is ${isolated(name)} now. ${UNDO}`);
      },
      /** @param {number} number @param {number} into */
      onMerge(number, into) {
        const words = `${nameOf(number)} is part of ${nameOf(into)} now. ${UNDO}`;
        store.merge(number, into);
        say(words);
      },
      /** @param {number} number */
      onDelete(number) {
        store.remove(number);
        say(`${nameOf(number)} is deleted. ${UNDO}`);
      },
      /** @param {number} number */
      onSelect(number) {
        choose(rowsShown(number, store, 0) ?? emptyBits(0), `All of ${nameOf(number)}`);
      },
    },
    selectAll() {
      const n = model.get("_n");
      const all = emptyBits(n);
      for (let row = 0; row < n; row++) setBit(all, row);
      const part = shown();
      select(model, part === null ? all : combineBits(emptyBits(n), part, "add"));
    },
    /** @param {"accept" | "reject"} kind @param {Uint8Array} bits */
    answer(kind, bits) {
      store[kind](bits);
      const words = kind === "accept" ? "labelled as suggested" : "not suggested again";
      say(`${many(countBits(bits))} ${words}. ${UNDO}`);
      if (!store.labels().multi) select(model, emptyBits(model.get("_n")));
    },
  };
}

/**
 * A name inside a sentence: cut, and kept from turning the words around it to the other side.
 * @param {string} name
 */
export function isolated(name) {
  return `“\u2068${name.length > 40 ? `${name.slice(0, 39)}…` : name}\u2069”`;
}
