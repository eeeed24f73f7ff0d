// What can be done with a class, under its row: every action is one step that Undo takes back, so
// nothing asks twice but says what it will change.
import { button, count, h } from "../shared/dom.js";

/**
 * @typedef {object} MenuActions
 * @property {() => import("./store.js").LabelClass[]} others classes to merge into
 * @property {(name: string) => void} onRename
 * @property {(into: number) => void} onMerge
 * @property {() => void} onDelete
 * @property {() => void} onSelect
 */

/**
 * @param {{ name: string, count: number, multi: boolean, actions: MenuActions,
 *   onClose: () => void }} options
 */
export function createClassMenu({ name, count: images, multi, actions, onClose }) {
  const word = multi ? "tag" : "class";
  const items = h(
    "div",
    { class: "vw-class-actions", role: "group", "aria-label": `This ${word}` },
    link("Rename", () => rename()),
    link("Merge into…", () => merge()),
    link("Select all", () => finish(actions.onSelect)),
    link("Delete", () => confirmDelete()),
  );
  const [, mergeItem, selectItem] = /** @type {HTMLButtonElement[]} */ ([...items.children]);
  mergeItem.disabled = actions.others().length === 0;
  selectItem.disabled = images === 0;
  const root = h("div", "vw-class-menu", items);
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };

  /** @param {() => void} action */
  function finish(action) {
    onClose();
    action();
  }

  /** @param {HTMLElement} first @param {...HTMLElement} rest */
  function put(first, ...rest) {
    root.replaceChildren(first, ...rest);
    /** @type {HTMLElement | null} */ (root.querySelector("input, select, button"))?.focus();
  }

  function rename() {
    const box = h("input", {
      class: "vw-input",
      type: "text",
      value: name,
      maxLength: 200,
      "aria-label": "New name",
      spellcheck: false,
    });
    const save = button({ label: "Rename", title: "Rename (Enter)", onClick: () => {} });
    save.type = "submit";
    const form = h("form", "vw-class-form", box, save);
    form.onsubmit = (event) => {
      event.preventDefault();
      const text = box.value.trim();
      const same = actions.others().find((one) => one.name === text);
      if (same) merge(same.number, `There is a ${word} of that name. Merge the two?`);
      else if (text === "" || text === name) onClose();
      else finish(() => actions.onRename(text));
    };
    put(form);
    box.select();
  }

  /** @param {number} [into] @param {string} [reason] */
  function merge(
    into,
    reason = `${imagesWord(images)} will get the ${multi ? "tag" : "label of"}`,
  ) {
    const choice = h(
      "select",
      { class: "vw-select", "aria-label": "Merge into" },
      ...actions.others().map((one) => h("option", { value: String(one.number) }, one.name)),
    );
    if (into !== undefined) choice.value = String(into);
    const go = button({
      label: "Merge",
      title: "Merge; Undo takes it back",
      onClick: () => finish(() => actions.onMerge(Number(choice.value))),
    });
    put(h("p", "vw-muted", reason), h("div", "vw-class-form", choice, go));
  }

  function confirmDelete() {
    const after = multi ? "lose it" : "have no label then";
    const words = images === 0 ? "No image has it." : `${imagesWord(images)} will ${after}.`;
    const go = button({
      label: "Delete",
      title: "Delete; Undo takes it back",
      onClick: () => finish(actions.onDelete),
    });
    const keep = button({ label: "Keep", title: `Keep this ${word} (Escape)`, onClick: onClose });
    put(h("p", "vw-muted", words), h("div", "vw-class-form", go, keep));
  }

  return {
    root,
    rename,
    focus: () => /** @type {HTMLElement | null} */ (items.firstElementChild)?.focus(),
  };
}

/** @param {number} images */
function imagesWord(images) {
  return images === 1 ? "1 image" : `${count(images)} images`;
}

/** @param {string} label @param {() => void} onClick */
function link(label, onClick) {
  return h("button", { type: "button", class: "vw-link", onclick: onClick }, label);
}
