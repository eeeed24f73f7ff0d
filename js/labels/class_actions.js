// What a person does with classes and the selection: the edit, and words on what was done.
import { select, selectionOf } from "../map/selection.js";
import { allBits, countBits, emptyBits } from "../shared/buffers.js";
import { count } from "../shared/dom.js";
import { YES } from "./draft.js";
import { rowsShown } from "./filter.js";
import { isAllAside } from "./selection_tools.js";

/** @typedef {import("./class_row.js").Held} Held */

/** @param {boolean} multi whether images have tags */
export const nothingSelected = (multi) =>
  `Draw around images on the map, then press a ${multi ? "tag" : "class"}.`;
const UNDO = "Ctrl+Z takes it back.";
const ANSWERED = {
  accept: "labelled as suggested",
  reject: "not suggested again",
  rejectAll: "have none of these labels",
};

/**
 * @param {{ model: import("@anywidget/types").AnyModel, store: import("./store.js").LabelStore,
 *   things: string[], shown: () => Uint8Array | null, say: (text: string) => void }} options
 *   `things`: what a row is, one and several; `shown`: the rows the filter leaves, null for all
 */
export function createClassActions({ model, store, things, shown, say }) {
  const nameOf = (/** @type {number} */ number) => isolated(store.labels().classes[number]);
  const many = (/** @type {number} */ n) => `${count(n)} ${things[n === 1 ? 0 : 1]}`;

  /** @param {number | null} number null for no label @param {import("./store.js").How} how */
  function assign(number, how) {
    const bits = selectionOf(model);
    const selected = countBits(bits);
    if (!store.ready()) return;
    if (selected === 0) {
      say(nothingSelected(store.labels().multi));
      return;
    }
    if (number === null) {
      store.clear(bits, undefined, how);
      say(`${many(selected)}: ${store.labels().multi ? "all tags" : "label"} taken off.`);
    } else if (heldBy(number) === "yes") {
      store.clear(bits, number, how);
      say(`${many(selected)}: not ${nameOf(number)}.`);
    } else {
      store.label(bits, number, how);
      say(`${many(selected)}: ${nameOf(number)}.`);
    }
    // The next lasso begins at once, on the map in its new colours; undo selects these again. An
    // image may get several tags, so there the selection stays.
    if (!store.labels().multi) deselect();
  }

  const deselect = () => select(model, emptyBits(model.get("_n")));

  /** @returns {Uint8Array | null} null where nothing is selected, which is said */
  function selection() {
    const bits = selectionOf(model);
    if (countBits(bits) > 0) return bits;
    say(nothingSelected(store.labels().multi));
    return null;
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
    choose,
    tools: {
      /** Set what is selected aside, or put it back where all of it is aside. */
      setAside() {
        const bits = selection();
        if (!bits || !store.ready()) return;
        const words = isAllAside(model, store) ? "put back" : "set aside";
        if (words === "put back") store.putBack(bits);
        else store.setAside(bits);
        say(`${many(countBits(bits))} ${words}. ${UNDO}`);
        deselect();
      },
      /** @param {string} name */
      keep(name) {
        const bits = selection();
        if (!bits) return;
        store.keep(bits, name);
        say(`${many(countBits(bits))} kept as ${isolated(name)}.`);
      },
      /** @param {string} name */
      forget(name) {
        store.keep(emptyBits(model.get("_n")), name);
        say(`${isolated(name)} is kept no more. ${UNDO}`);
      },
    },
    panel: {
      onAssign: assign,
      /** @param {string} name */
      onNew(name) {
        const number = store.addClass(name);
        if (countBits(selectionOf(model)) > 0) assign(number, "key");
      },
      /** @param {string} name */
      onGroup(name) {
        const bits = selection();
        if (!bits || !store.ready()) return;
        store.group(bits, name);
        say(`${many(countBits(bits))}: ${isolated(name)}. ${UNDO}`);
        if (!store.labels().multi) deselect();
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
      select(model, shown() ?? allBits(model.get("_n")));
    },
    /** @param {import("./suggestion_answers.js").Answer} kind @param {Uint8Array} bits */
    answer(kind, bits) {
      store[kind](bits);
      say(`${many(countBits(bits))} ${ANSWERED[kind]}. ${UNDO}`);
      if (!store.labels().multi) deselect();
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
