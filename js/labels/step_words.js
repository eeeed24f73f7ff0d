// What undo and redo did, in words: seen from what has changed.
import { combineBits, countBits } from "../shared/buffers.js";
import { count } from "../shared/dom.js";
import { isolated } from "./class_actions.js";
import { YES } from "./draft.js";

/** @typedef {import("./draft.js").Labels} Labels */
/** @typedef {"undo" | "redo"} Kind */

/** @type {Record<Kind, string>} */
export const STEPPED = { undo: "Undone", redo: "Redone" };

/**
 * @param {Kind} kind
 * @param {Labels} before
 * @param {Labels} after
 * @param {string[]} things what a row is, one and several
 */
export function stepInWords(kind, before, after, things) {
  const words = ofClasses(before, after) || ofRows(before, after, things);
  return words ? `${STEPPED[kind]}: ${words}.` : `${STEPPED[kind]}.`;
}

/** A class came back, went, or has another name. @param {Labels} before @param {Labels} after */
function ofClasses(before, after) {
  for (const [k, name] of after.classes.entries()) {
    if (before.gone.has(k) && !after.gone.has(k)) return `${isolated(name)} is back`;
    if (after.gone.has(k) && !before.gone.has(k)) return `${isolated(name)} is gone again`;
    const old = before.classes[k];
    if (old === undefined) return `${isolated(name)} is back`;
    if (old !== name) return `${isolated(old)} is ${isolated(name)} again`;
  }
  // One that only this page has, made together with its images.
  const lost = before.classes[after.classes.length];
  return lost === undefined ? "" : `${isolated(lost)} is gone again`;
}

/** @param {Labels} before @param {Labels} after @param {string[]} things */
function ofRows(before, after, things) {
  const { n, multi, classes } = after;
  const changed = new Uint8Array(n);
  /** @type {Map<string, [number, string] | null>} what became of rows; told if of all the same */
  const fates = new Map();
  after.layers.forEach((layer, k) => {
    const old = before.layers[k];
    if (old === layer) return;
    for (let row = 0; row < n; row++) {
      const [from, to] = [old?.[row] ?? 0, layer[row]];
      if (from === to) continue;
      changed[row] = 1;
      const fate = multi ? fateOfTag(from, to, k) : fateOf(from, to);
      fates.set(String(fate), fate);
    }
  });
  const many = changed.reduce((sum, one) => sum + one, 0);
  if (many === 0) {
    return (
      ofNotes(before, after, things) || ofAside(before, after, things) || ofKept(before, after)
    );
  }
  const which = `${count(many)} ${things[many === 1 ? 0 : 1]}`;
  const [fate] = fates.values();
  if (fates.size > 1 || !fate) return `${which} changed`;
  const verb = multi ? (many === 1 ? "has" : "have") : many === 1 ? "is" : "are";
  return `${which} ${verb} ${isolated(classes[fate[0]])} ${fate[1]}`;
}

/** @param {number} from @param {number} to codes @returns {[number, string]} */
const fateOf = (from, to) => (to > 0 ? [to - 1, "again"] : [from - 1, "no more"]);

/**
 * @param {number} from
 * @param {number} to
 * @param {number} number of the tag
 * @returns {[number, string] | null}
 */
function fateOfTag(from, to, number) {
  if (to === YES) return [number, "again"];
  return from === YES ? [number, "no more"] : null;
}

/** @param {Labels} before @param {Labels} after @param {string[]} things */
function ofNotes({ notes: before }, { notes: after }, things) {
  const rows = new Set([...before.keys(), ...after.keys()]);
  const many = [...rows].filter((row) => before.get(row) !== after.get(row)).length;
  if (many === 0) return "";
  return many === 1 ? `the note on 1 ${things[0]}` : `the notes on ${count(many)} ${things[1]}`;
}

/** @param {Labels} before @param {Labels} after @param {string[]} things */
function ofAside({ aside: before }, { aside: after }, things) {
  const gone = countBits(combineBits(after, before, "remove"));
  const back = countBits(combineBits(before, after, "remove"));
  const which = (/** @type {number} */ n) => `${count(n)} ${things[n === 1 ? 0 : 1]}`;
  if (back > 0) return `${which(back)} ${back === 1 ? "is" : "are"} not set aside any more`;
  return gone > 0 ? `${which(gone)} set aside` : "";
}

/** @param {Labels} before @param {Labels} after */
function ofKept({ selections: before }, { selections: after }) {
  for (const [name, many] of after) {
    if (before.get(name) !== many) return `${isolated(name)} is kept as it was`;
  }
  for (const name of before.keys()) {
    if (!after.has(name)) return `${isolated(name)} is kept no more`;
  }
  return "";
}
