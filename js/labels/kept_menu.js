// The selections that are kept under a name: each to be selected again, or forgotten.
import { button, count, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";

/**
 * @param {{ onSelect: (name: string) => void, onForget: (name: string) => void,
 *   onClose: () => void }} options `onClose`: it was closed and had the focus
 */
export function createKeptMenu({ onSelect, onForget, onClose }) {
  const root = h("div", {
    class: "vw-kept",
    role: "group",
    "aria-label": "Kept selections",
    hidden: true,
  });
  let built = "";

  /** @returns {boolean} whether it was open */
  function close() {
    if (root.hidden) return false;
    const hadFocus = root.contains(document.activeElement);
    root.hidden = true;
    if (hadFocus) onClose();
    return true;
  }

  /** @param {string} name @param {number} many */
  function line(name, many) {
    const choose = h(
      "button",
      {
        type: "button",
        class: "vw-class",
        title: `Select \u2068${name}\u2069`,
        onclick: () => onSelect(name),
      },
      h("bdi", "vw-class-name", name),
      h("span", "vw-class-count", count(many)),
    );
    const forget = button({
      icon: icons.cancel,
      title: `Forget \u2068${name}\u2069; its images and their labels stay`,
      class: "vw-class-more",
      onClick: () => onForget(name),
    });
    return h("div", "vw-class-row", h("div", "vw-class-line", choose, forget));
  }

  root.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (step) {
      const stops = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".vw-class")]);
      const line = document.activeElement?.closest(".vw-class-row");
      stops[stops.findIndex((one) => line?.contains(one)) + step]?.focus();
    } else return;
    event.preventDefault();
  };

  return {
    root,
    close,
    open() {
      root.hidden = false;
      /** @type {HTMLElement | null} */ (root.querySelector("button"))?.focus();
    },
    /** @param {ReadonlyMap<string, number>} selections */
    update(selections) {
      const key = JSON.stringify([...selections]);
      if (key === built) return;
      built = key;
      if (selections.size === 0) close();
      const focused = [...root.children].findIndex((one) => one.contains(document.activeElement));
      root.replaceChildren(...[...selections].map(([name, many]) => line(name, many)));
      if (focused < 0) return;
      const next = root.children[Math.min(focused, root.children.length - 1)];
      /** @type {HTMLElement | null} */ (next?.querySelector("button"))?.focus();
    },
  };
}
