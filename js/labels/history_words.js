// The steps of a log in words: what was done, by whom, when and how.
import { count } from "../shared/dom.js";
import { isolated } from "./class_actions.js";

/**
 * @typedef {object} Step as the kernel tells it
 * @property {number} step its number
 * @property {string} kind
 * @property {string} by
 * @property {number} time seconds since 1970
 * @property {string} how
 * @property {number} count of images here
 * @property {string} text name of a class, note or reason
 * @property {boolean} own
 * @property {number | null} undos how many undos take back this one and all own ones after it
 *
 * @typedef {{ raters: string[], pairs: Pair[] }} Raters
 * @typedef {{ a: string, b: string, both: number, same: number, kappa: number | null }} Pair
 */

/** @type {Record<string, string>} */
const HOW = {
  key: "by key",
  click: "by click",
  lasso: "by lasso",
  cell: "by a cell",
  python: "in Python",
  suggestion: "as suggested",
};

/**
 * @param {Step} step
 * @param {string[]} things what a row is, one and several
 */
export function whatInWords({ kind, text, count: n, how }, things) {
  const many = `${count(n)} ${things[n === 1 ? 0 : 1]}`;
  const name = text && isolated(text);
  const labels = n === 1 ? "1 label" : `${count(n)} labels`;
  const words = /** @type {Record<string, string>} */ ({
    label: `${many}: ${name}`,
    clear: name ? `${many}: not ${name}` : `${many}: no label`,
    group: `${many}: ${name}, a new group`,
    found: how === "frame" ? `${labels} found in the table` : `A cell wrote ${labels}`,
    rename_class: `Renamed to ${name}`,
    merge_class: `${name} merged into another`,
    delete_class: `${name} deleted`,
    note: name ? `Note on ${many}: ${name}` : `Note taken off ${many}`,
    accept: `${many} as suggested${name && `: ${name}`}`,
    reject: name ? `${many}: not ${name}, as suggested` : `${many}: none of these labels`,
    set_aside: `${many} set aside${name && `: ${name}`}`,
    put_back: `${many} put back`,
    keep: n > 0 ? `${many} kept as ${name}` : `${name} kept no more`,
  });
  return words[kind] ?? `${kind.replaceAll("_", " ")}: ${many}`;
}

/** @param {Step} step @param {number} now seconds since 1970 */
export function aboutInWords({ by, own, time, how }, now) {
  return [own ? "you" : by, HOW[how] ?? how, whenInWords(time, now)].filter(Boolean).join(" · ");
}

/** @param {number} time @param {number} now both in seconds since 1970 */
export function whenInWords(time, now) {
  if (!time) return "";
  const minutes = Math.floor((now - time) / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const date = new Date(1000 * time);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  /** @type {Intl.DateTimeFormatOptions} */
  const parts = { day: "numeric", month: "short" };
  const isOld = date.getFullYear() !== new Date(1000 * now).getFullYear();
  return date.toLocaleDateString("en-US", isOld ? { ...parts, year: "numeric" } : parts);
}

/** How two people agree. @param {Pair} pair */
export function pairInWords({ a, b, both, same, kappa }) {
  const chance = kappa === null ? "" : ` (κ ${kappa.toFixed(2).replace("-", "−")})`;
  return `${isolated(a)} and ${isolated(b)} agree on ${count(same)} of ${count(both)}${chance}`;
}
