// What a gallery shows, and the part of it that is selected.
import { combineBits, countBits, emptyBits, hasBit, setBit } from "../shared/buffers.js";
import { onChange } from "../shared/lifecycle.js";
import { select, selectionOf } from "./selection.js";

/** @typedef {import("./input.js").Mode} Mode */

/**
 * The whole is what was selected elsewhere, on the map or in Python. What is chosen in the gallery
 * is selected in its place, so that the map shows it and all actions are about it; the whole stays
 * in sight until something is selected elsewhere again. After an action that ends the selection,
 * what was not part of it is left there, to go on with.
 * @param {{ model: import("@anywidget/types").AnyModel, signal: AbortSignal,
 *   onWhole: (isNew: boolean) => void, onPart: () => void, isAction?: () => boolean }} options
 *   `onWhole`: the whole has changed, and is another one if it is new; `isAction`: whether the
 *   selection changes now because something was done with it, or undone
 */
export function createPart({ model, signal, onWhole, onPart, isAction = () => false }) {
  /** @type {Uint8Array} */
  let selected = selectionOf(model).slice();
  let whole = selected;
  let isRest = false; // of a whole with the others of which something was done

  function follow() {
    const bits = selectionOf(model).slice();
    if (bits.every((byte, k) => byte === selected[k])) return; // chosen here
    const isEmpty = countBits(bits) === 0;
    const isGoingOn = isAction() && (isEmpty || isRest);
    if (!isGoingOn) whole = bits;
    else if (isEmpty) whole = combineBits(whole, selected, "remove");
    else whole = combineBits(whole, bits, "add"); // undone
    selected = bits;
    isRest = isGoingOn;
    onWhole(!isGoingOn);
  }
  onChange(model, "selection", follow, signal);

  /** @param {Uint8Array} bits @param {boolean} [isSure] */
  function choose(bits, isSure = true) {
    selected = bits;
    if (isSure) select(model, selected);
    onPart();
  }

  /** @param {number[]} rows */
  function bitsOf(rows) {
    const bits = emptyBits(model.get("_n"));
    for (const row of rows) setBit(bits, row);
    return bits;
  }

  const state = () => ({
    all: countBits(whole),
    selected: countBits(selected),
    isRest: isRest && countBits(selected) === 0,
  });

  return {
    /** The rows that are shown. */
    whole: () => whole,
    /** Whether a row is selected. @param {number} row */
    has: (row) => hasBit(selected, row),
    /** How many rows there are, and whether these are left after an action, none chosen yet. */
    state,
    /** @param {number[]} rows @param {Mode} mode @param {boolean} [isSure] else it is only shown */
    choose: (rows, mode, isSure) =>
      choose(combineBits(selectionOf(model), bitsOf(rows), mode), isSure),
    all: () => choose(whole),
    /** Select the others in place of those that are. */
    invert: () => choose(combineBits(whole, selected, "remove")),
    /** All are selected again; what is left after an action goes. @returns {boolean} whether
     * there was something to take back */
    back() {
      const now = state();
      if (now.all === now.selected) return false;
      if (now.isRest) {
        whole = selected;
        onWhole(true);
      } else choose(whole);
      return true;
    },
    /** Another whole, all of it selected. @param {number[]} rows */
    renew(rows) {
      isRest = false;
      whole = bitsOf(rows);
      choose(whole);
    },
  };
}

/** @typedef {ReturnType<typeof createPart>} Part */
