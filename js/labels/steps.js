// Which edits on their way stand: undo and redo among them take back those before.

/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {{ undo: number, redo: number }} Depth how far the kernel can go back and forth */

/**
 * What the kernel will make of the edits on their way, as far as it can be known here: an undo
 * that reaches behind them takes back something only the kernel knows.
 * @template {Entry} E
 * @param {E[]} entries the oldest first
 * @param {Depth} depth
 * @returns {{ standing: E[], undo: number, redo: number }} `standing`: the edits to be painted
 */
export function play(entries, depth) {
  /** @type {(E | null)[]} null for a step of the kernel's that was redone */
  const done = [];
  /** @type {(E | null)[]} */
  const undone = [];
  let { undo, redo } = depth;
  for (const entry of entries) {
    const { kind } = entry.content;
    if (kind === "add_class") continue; // is no step
    if (kind === "undo") {
      if (done.length > 0) undone.push(done.pop() ?? null);
      else if (undo > 0) {
        undo--;
        undone.push(null);
      }
    } else if (kind === "redo") {
      if (undone.length > 0) done.push(undone.pop() ?? null);
      else if (redo > 0) {
        redo--;
        done.push(null);
      }
    } else {
      done.push(entry);
      undone.length = redo = 0;
    }
  }
  const stands = new Set(done);
  return {
    standing: entries.filter((entry) => entry.content.kind === "add_class" || stands.has(entry)),
    undo: undo + done.length,
    redo: redo + undone.length,
  };
}
