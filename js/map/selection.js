// The selection of a map: the trait selection, a bitset of its rows.
import { emptyBits, toUint8 } from "../shared/buffers.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

/**
 * The selection as a bitset of all rows; the trait itself is empty where none is selected.
 * @param {Model} model
 */
export function selectionOf(model) {
  const bits = toUint8(model.get("selection"));
  return bits.length > 0 ? bits : emptyBits(model.get("_n"));
}

/**
 * @param {Model} model
 * @param {Uint8Array} bits
 */
export function select(model, bits) {
  model.set("selection", new DataView(bits.slice().buffer));
  model.save_changes();
}
