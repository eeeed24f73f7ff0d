// Edits in words: as Python that a person can run where the kernel never took them.
import { rowsOf } from "../shared/buffers.js";

/** @typedef {import("./outbox.js").Entry} Entry */

/**
 * @param {Entry} entry
 * @param {string[]} names of the classes by number
 * @returns {string}
 */
export function inPython({ content, bits, codes }, names) {
  const { kind } = content;
  const rows = bits ? rowsOf(bits) : [];
  const list = `[${rows.join(", ")}]`;
  const quoted = (/** @type {number} */ number) => JSON.stringify(names[number] ?? "");
  const name = () =>
    content.class === undefined ? JSON.stringify(content.name) : quoted(content.class);
  /** @param {string} method @param {...string} given */
  const call = (method, ...given) => `annotator.${method}(${given.join(", ")})`;

  if (kind === "label") return call("label", list, name());
  if (kind === "clear")
    return call("clear", list, ...(content.class === undefined ? [] : [name()]));
  if (kind === "add_class") return call("add_class", JSON.stringify(content.name));
  if (kind === "rename_class") return call("rename_class", name(), JSON.stringify(content.name));
  if (kind === "merge_class") return call("merge_class", name(), quoted(content.into));
  if (kind === "delete_class") return call("delete_class", name());
  if (kind === "note") return call("note", list, JSON.stringify(content.name));
  if (kind !== "accept" && kind !== "reject") return call(kind);
  if (!codes) return call(kind, list, name());
  return [...new Set(codes)]
    .map((code) => {
      const own = rows.filter((_, k) => codes[k] === code);
      return call(kind, `[${own.join(", ")}]`, quoted(code - 1));
    })
    .join("\n");
}
