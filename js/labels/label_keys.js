// Which key does what in an annotator.
import { digitOf, stepOf } from "./keys.js";

/**
 * @typedef {object} KeyActions
 * @property {(which: "undo" | "redo") => void} step
 * @property {(place: number) => void} assign the class at this place of the list
 * @property {() => void} clear
 * @property {Record<string, () => void>} letters by the letter, in lower case
 */

/**
 * @param {KeyboardEvent} event
 * @param {KeyActions} actions
 * @returns {boolean} whether the key was one for labels
 */
export function actOnLabelKey(event, actions) {
  const which = stepOf(event);
  if (which) {
    actions.step(which);
    return true;
  }
  const digit = digitOf(event);
  if (digit === 0 || event.key === "Backspace" || event.key === "Delete") {
    actions.clear();
    return true;
  }
  if (digit !== undefined) {
    actions.assign(digit - 1);
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const act = actions.letters[event.key.toLowerCase()];
  act?.();
  return act !== undefined;
}
