// Keys for labelling, as keyboards of all countries send them.

/**
 * The digit of a key, by its place where a layout has other characters there (French).
 * @param {KeyboardEvent} event
 * @returns {number | undefined}
 */
export function digitOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (/^[0-9]$/.test(event.key)) return Number(event.key);
  const place = event.shiftKey ? null : /^Digit([0-9])$/.exec(event.code);
  return place ? Number(place[1]) : undefined;
}

/**
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | undefined}
 */
export function stepOf(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" && !event.shiftKey ? "redo" : undefined;
}
