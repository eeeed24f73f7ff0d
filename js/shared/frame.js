// The frame of every widget: toolbar on top, body, status line; errors in words.
import { button, goHome, h } from "./dom.js";
import * as icons from "./icons.js";
import { listen, onEnd } from "./lifecycle.js";

const TEXT_FIELDS = "textarea, input:not([type=range], [type=checkbox])";

/**
 * @typedef {object} Frame
 * @property {HTMLElement} root
 * @property {HTMLElement} toolbar
 * @property {HTMLElement} body the main part, a flex row that wraps in narrow cells
 * @property {HTMLElement} status one line of words under the body
 * @property {(text: string) => void} say puts words on the status line, for screen readers too
 * @property {(message: string) => void} showError
 * @property {(end: () => boolean) => void} onEscape how Escape ends the smallest thing that is open
 *   anywhere in the widget, a selection last; it says whether there was one
 */

/**
 * @param {{ el: HTMLElement, title: string, signal: AbortSignal }} options
 * @returns {Frame}
 */
export function createFrame({ el, title, signal }) {
  const toolbar = h("div", { class: "vw-toolbar", role: "toolbar", "aria-label": title });
  const body = h("div", "vw-body");
  const status = h("div", { class: "vw-status", role: "status", "aria-live": "polite" });
  const errorText = h("span");
  const error = h("div", { class: "vw-error", role: "alert", hidden: true }, errorText);
  const root = h(
    "div",
    {
      class: "vw-root",
      tabIndex: 0,
      role: "group",
      "aria-label": title,
    },
    toolbar,
    error,
    body,
    status,
  );
  error.append(
    button({
      icon: icons.cancel,
      title: "Hide this message",
      onClick: () => {
        error.hidden = true;
      },
    }),
  );
  let endSmallest = () => false;
  keepKeysInside(root, () => endSmallest(), signal);
  el.replaceChildren(root);
  el.classList.add("vw-host");
  onEnd(signal, () => root.remove());

  return {
    root,
    toolbar,
    body,
    status,
    say(text) {
      if (status.textContent !== text) status.textContent = text;
    },
    showError(message) {
      errorText.textContent = message;
      error.hidden = false;
    },
    onEscape(end) {
      endSmallest = end;
    },
  };
}

/**
 * Keys act only while the widget has the focus and never reach the notebook. Escape stays inside as
 * well: a notebook that got the focus would take the next X for its own and cut a cell. Tab leaves.
 * @param {HTMLElement} root
 * @param {() => boolean} endSmallest
 * @param {AbortSignal} signal
 */
function keepKeysInside(root, endSmallest, signal) {
  // Notebook 7 acts on keys before any widget hears of them. This attribute keeps it away, but
  // only on the focused element itself: around it, D pressed twice would still delete the cell.
  listen(
    root,
    "focusin",
    (/** @type {FocusEvent} */ event) => {
      const focused = /** @type {HTMLElement} */ (event.target);
      focused.dataset.lmSuppressShortcuts = "true";
    },
    signal,
  );
  listen(
    root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      event.stopPropagation();
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      const typing = /** @type {Element} */ (event.target).closest(TEXT_FIELDS);
      if (typing || !endSmallest()) goHome(root);
    },
    signal,
  );
}
