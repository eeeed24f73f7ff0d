// The frame of every widget: toolbar on top, body, status line; errors in words.
import { button, h } from "./dom.js";
import * as icons from "./icons.js";
import { listen, onEnd } from "./lifecycle.js";

/**
 * @typedef {object} Frame
 * @property {HTMLElement} root
 * @property {HTMLElement} toolbar
 * @property {HTMLElement} body the main part, a flex row that wraps in narrow cells
 * @property {HTMLElement} status one line of words under the body
 * @property {(text: string) => void} say puts words on the status line, for screen readers too
 * @property {(message: string) => void} showError
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
  keepKeysInside(root, signal);
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
  };
}

/**
 * Keys act only while the widget has the focus and never reach the notebook; Escape leaves.
 * Views handle Escape first (and stop it) where it ends something smaller, such as a lasso.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function keepKeysInside(root, signal) {
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
      if (event.key === "Escape" && !event.defaultPrevented) {
        /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
        return;
      }
      event.stopPropagation();
    },
    signal,
  );
}
