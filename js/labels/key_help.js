// The keys, in a list that opens on demand.
import { button, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { listen } from "../shared/lifecycle.js";

/** @type {[string, string][]} */
const KEYS = [
  ["1 – 9", "Label the selection; a tag is taken off again"],
  ["0, Backspace", "Take the label off"],
  ["N", "Add or find a class"],
  ["→ on a class", "Rename, merge, select, delete"],
  ["Ctrl+Z, Ctrl+Y", "Undo, redo (⌘Z, ⇧⌘Z)"],
  ["L, R, B", "Lasso, rectangle, brush; again: move the map"],
  [", .", "Smaller, larger brush"],
  ["Shift, Alt", "Add to the selection, take from it"],
  ["A, Escape", "Select all shown, nothing"],
  ["F", "What is shown"],
  ["G", "The selected images: arrows walk, Enter leaves out"],
  ["M", "Note on the image pointed at, or the selection"],
  ["S", "Suggest labels"],
  ["Y, X", "Accept, reject the suggestions selected"],
  ["Arrows, + −, 0", "Move, zoom, whole map"],
];

/**
 * @param {{ root: HTMLElement, signal: AbortSignal }} options `root`: the widget's
 * @returns {{ button: HTMLElement, toggle: () => void }}
 */
export function createKeyHelp({ root, signal }) {
  const list = h("dl", "vw-keys-list");
  for (const [keys, words] of KEYS) list.append(h("dt", {}, keys), h("dd", "vw-muted", words));
  const panel = h(
    "div",
    { class: "vw-card vw-keys", role: "dialog", "aria-label": "Keys", tabIndex: -1, hidden: true },
    list,
  );
  const opener = button({ icon: icons.keys, title: "Keys (?)", onClick: toggle });
  opener.setAttribute("aria-expanded", "false");
  root.append(panel);

  /** @param {boolean} isOpen */
  function show(isOpen) {
    panel.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    panel.style.top = `${opener.offsetTop + opener.offsetHeight + 4}px`;
  }

  function toggle() {
    show(panel.hidden === true);
    (panel.hidden ? opener : panel).focus();
  }

  listen(
    root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      event.preventDefault();
      toggle();
    },
    signal,
    { capture: true }, // before the widget leaves the focus at Escape
  );
  listen(
    root,
    "pointerdown",
    (/** @type {PointerEvent} */ event) => {
      const target = /** @type {Node} */ (event.target);
      if (!panel.contains(target) && !opener.contains(target)) show(false);
    },
    signal,
  );
  return { button: opener, toggle };
}
