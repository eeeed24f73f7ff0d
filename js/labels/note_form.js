// A note on one image or on several: a field that opens where it is asked for.
import { button, h } from "../shared/dom.js";

const LONGEST_NOTE = 2000;

/**
 * @param {{ onSave: (bits: Uint8Array, text: string) => void, onClose: () => void }} options
 */
export function createNoteForm({ onSave, onClose }) {
  const title = h("label", "vw-muted");
  const box = h("textarea", {
    class: "vw-input vw-note-box",
    rows: 2,
    maxLength: LONGEST_NOTE,
    placeholder: "A note; empty takes it off",
  });
  const save = button({ label: "Save", title: "Save this note (Enter)", onClick: () => {} });
  save.type = "submit";
  save.classList.add("vw-primary");
  const cancel = button({ label: "Cancel", title: "Leave it as it was (Escape)", onClick: close });
  title.append(h("span"), box);
  const root = h(
    "form",
    { class: "vw-note", hidden: true },
    title,
    h("div", "vw-group", save, cancel),
  );
  let rows = new Uint8Array(0);

  function close() {
    root.hidden = true;
    onClose();
  }

  root.onsubmit = (event) => {
    event.preventDefault();
    onSave(rows, box.value.trim());
    close();
  };
  root.onkeydown = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey && event.target === box) {
      event.preventDefault();
      root.requestSubmit();
    }
  };

  return {
    root,
    /** @returns {boolean} whether it was open */
    close() {
      if (root.hidden) return false;
      close();
      return true;
    },
    /** @param {Uint8Array} bits @param {string} words what it is on @param {string} text */
    open(bits, words, text) {
      rows = bits.slice();
      /** @type {HTMLElement} */ (title.firstElementChild).textContent = `Note on ${words}`;
      box.value = text;
      root.hidden = false;
      box.focus();
    },
  };
}
