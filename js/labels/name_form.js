// Asks for a name where it is needed: a field that opens in place, and a button.
import { button, h } from "../shared/dom.js";

const LONGEST_NAME = 200;

/**
 * @param {{ label: string, action: string, title: string, onName: (name: string) => void,
 *   onClose: () => void }} options `label`: what the name is of; `action`: the word on the button;
 *   `onClose`: it was closed and had the focus
 */
export function createNameForm({ label, action, title, onName, onClose }) {
  const box = h("input", {
    class: "vw-input",
    type: "text",
    maxLength: LONGEST_NAME,
    autocomplete: "off",
    spellcheck: false,
    "aria-label": label,
    placeholder: label,
  });
  const enter = button({ label: action, title, class: "vw-primary", onClick: () => {} });
  enter.type = "submit";
  const root = h("form", { class: "vw-class-form vw-name-form", hidden: true }, box, enter);

  /** @returns {boolean} whether it was open */
  function close() {
    if (root.hidden) return false;
    const hadFocus = root.contains(document.activeElement);
    root.hidden = true;
    if (hadFocus) onClose();
    return true;
  }

  const follow = () => {
    enter.disabled = box.value.trim() === "";
  };
  box.oninput = follow;
  root.onsubmit = (event) => {
    event.preventDefault();
    const name = box.value.trim();
    if (name === "") return;
    close();
    onName(name);
  };
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };

  return {
    root,
    close,
    /** @param {string} name to begin with */
    open(name) {
      box.value = name;
      follow();
      root.hidden = false;
      box.focus();
      box.select();
    },
  };
}
