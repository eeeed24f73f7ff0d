// Edits in words: as Python that a person can run where the kernel never took them.
import { rowsOf } from "../shared/buffers.js";

/** @typedef {import("./outbox.js").Entry} Entry */

/** Where the method in Python is not called as the edit: what was accepted is not proposed to a new
 * kernel, so there it is a label.
 * @type {Record<string, string>} */
const METHODS = { accept: "label", group: "label", merge_class: "merge_classes" };

/**
 * The methods take rows, class, other class and text in this order.
 * @param {Entry} entry
 * @param {string[]} names of the classes by number
 * @returns {string}
 */
export function inPython({ content, bits, codes }, names) {
  const { kind, class: number, into, name } = content;
  const rows = bits && rowsOf(bits);
  const quoted = (/** @type {number | undefined} */ k) =>
    k === undefined ? null : JSON.stringify(names[k] ?? "");
  const text = name === undefined ? null : JSON.stringify(name);
  /** @param {number[] | null} some @param {number} [one] */
  const call = (some, one) => {
    const given = [some && `[${some.join(", ")}]`, quoted(one), quoted(into), text];
    return `annotator.${METHODS[kind] ?? kind}(${given.filter((part) => part !== null).join(", ")})`;
  };
  if (kind === "keep") {
    const isAny = rows !== null && rows.length > 0;
    return isAny ? `annotator.keep(${text}, [${rows.join(", ")}])` : `annotator.forget(${text})`;
  }
  if (kind === "reject" && content.all) return `annotator.none_of_these([${rows?.join(", ")}])`;
  if (kind === "reject") return call(rows);
  if (!rows || !codes) return call(rows, number);
  const ofCode = (/** @type {number} */ code) => rows.filter((_, k) => codes[k] === code);
  return [...new Set(codes)].map((code) => call(ofCode(code), code - 1)).join("\n");
}
