// The keys, in a list that opens on demand.
import { button, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { listen } from "../shared/lifecycle.js";

/** @param {boolean} multi whether images have tags @returns {[string, string][]} */
function keysOf(multi) {
  const what = multi ? "tag" : "class";
  return [
    ["1 – 9", multi ? "Give the selection a tag, or take it off" : "Label the selection"],
    ["0, Backspace", multi ? "Take all tags off" : "Take the label off"],
    ["N", `Add or find a ${what}`],
    [`→ on a ${what}`, "Rename, merge, select, delete"],
    ["Ctrl+Z, Ctrl+Y", "Undo, redo (⌘Z, ⇧⌘Z)"],
    ["L, R, B", "Lasso, rectangle, brush; again: move the map"],
    [", .", "Smaller, larger brush"],
    ["Shift, Alt", "Add to the selection, take from it"],
    ["A, Escape", "Select all shown, nothing"],
    ["F", "What is shown"],
    ["G", "The selected images: arrows walk, Shift+arrows choose, Enter leaves out"],
    ["M", "Note on the image pointed at, or the selection"],
    ["T", "Set the selection aside, or put it back"],
    ["K", "Keep the selection under a name"],
    ["H", "History"],
    ["S", "Suggest labels"],
    ["Y, X", "Accept, reject what is suggested"],
    ["Arrows, + −, Home", "Move, zoom, whole map"],
    ["Tab", "Next control; after the last, out of the widget"],
  ];
}

/**
 * @param {{ root: HTMLElement, multi: () => boolean, signal: AbortSignal }} options `root`: the
 *   widget's
 * @returns {{ button: HTMLElement, toggle: () => void, close: () => boolean }} `close` says whether
 *   it was open
 */
export function createKeyHelp({ root, multi, signal }) {
  // No list of terms: Jupyter lays out those in outputs its own way.
  const list = h("div", "vw-keys-list");
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
    if (isOpen) {
      const lines = keysOf(multi()).map(([keys, words]) => [
        h("span", "vw-keys-key", keys),
        h("span", "vw-muted", words),
      ]);
      list.replaceChildren(...lines.flat());
    }
    panel.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    panel.style.top = `${opener.offsetTop + opener.offsetHeight + 4}px`;
  }

  function toggle() {
    if (close()) return;
    show(true);
    panel.focus();
  }

  function close() {
    if (panel.hidden) return false;
    const hadFocus = panel.contains(document.activeElement);
    show(false);
    if (hadFocus) opener.focus();
    return true;
  }

  listen(
    root,
    "pointerdown",
    (/** @type {PointerEvent} */ event) => {
      const target = /** @type {Node} */ (event.target);
      if (!panel.contains(target) && !opener.contains(target)) show(false);
    },
    signal,
  );
  return { button: opener, toggle, close };
}
