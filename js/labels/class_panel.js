// The classes as buttons: colour, key, name and count; and the box that adds or finds one.
import { button, count, h } from "../shared/dom.js";
import { listen } from "../shared/lifecycle.js";

/** @typedef {import("./store.js").LabelClass} LabelClass */

const KEYS = 9;
const LONGEST_NAME = 200;

/**
 * @typedef {object} ClassPanel
 * @property {(classes: LabelClass[], unlabelled: number, selected: number) => void} show
 * @property {() => void} focus go to the box
 */

/**
 * @param {{ el: HTMLElement, signal: AbortSignal, onAssign: (name: string | null) => void,
 *   onAdd: (name: string) => void }} options `onAssign`: give the selection a class, null for
 *   none; `onAdd`: a new class
 * @returns {ClassPanel}
 */
export function createClassPanel({ el, signal, onAssign, onAdd }) {
  const box = h("input", {
    class: "vw-input vw-class-box",
    type: "text",
    maxLength: LONGEST_NAME,
    placeholder: "Add a class",
    "aria-label": "Add or find a class",
    autocomplete: "off",
    spellcheck: false,
  });
  const enter = button({ label: "Add", title: "Add this class (Enter)", onClick: () => {} });
  enter.type = "submit";
  const form = h("form", "vw-class-form", box, enter);
  const list = h("div", { class: "vw-class-list", role: "group", "aria-label": "Classes" });
  const hint = h("p", "vw-muted vw-class-hint");
  const none = entry("0", "No label", () => onAssign(null));
  none.root.classList.add("vw-class-none");
  const root = h(
    "section",
    { class: "vw-section vw-classes", "aria-label": "Classes" },
    form,
    hint,
    list,
    none.root,
  );
  el.append(root);

  /** @type {LabelClass[]} */
  let classes = [];
  let selected = 0;
  /** @type {ReturnType<typeof entry>[]} */
  let entries = [];

  const typed = () => box.value.trim();
  const found = () => classes.find(({ name }) => name === typed());

  function rebuild() {
    entries = classes.map(({ name }, k) =>
      entry(k < KEYS ? String(k + 1) : "", name, () => onAssign(name)),
    );
    list.replaceChildren(...entries.map((one) => one.root));
  }

  /** What Enter would do, said before it is pressed; and only the classes that match. */
  function filter() {
    const text = typed().toLowerCase();
    let shown = 0;
    classes.forEach(({ name }, k) => {
      entries[k].root.hidden = !name.toLowerCase().includes(text);
      if (!entries[k].root.hidden) shown++;
    });
    list.hidden = shown === 0;
    const known = found() !== undefined;
    const what = selected > 0 && text !== "" ? `label ${count(selected)}` : "";
    const words = known ? what || "Known" : what ? `Add, ${what}` : "Add";
    /** @type {HTMLElement} */ (enter.firstElementChild).textContent =
      words[0].toUpperCase() + words.slice(1);
    enter.disabled = text === "" || (known && selected === 0);
    enter.classList.toggle("vw-primary", !enter.disabled);
    box.placeholder = classes.length > KEYS ? "Add or find a class (N)" : "Add a class (N)";
    hint.hidden = classes.length > 0 && (shown > 0 || text === "");
    if (classes.length === 0) {
      hint.textContent = text === "" ? "Type a class name to begin." : "Press Enter to add it.";
    } else hint.textContent = "No class of that name yet. Enter adds it.";
  }

  listen(
    form,
    "submit",
    (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const name = typed();
      if (name === "" || enter.disabled) return;
      if (!found()) onAdd(name);
      box.value = "";
      if (selected > 0) {
        onAssign(name);
        // Back to where the keys of classes and Undo work.
        /** @type {HTMLElement | null} */ (root.closest(".vw-root"))?.focus();
      }
      filter();
    },
    signal,
  );
  listen(box, "input", filter, signal);
  listen(
    root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const stops = [box, ...entries.map((one) => one.root).filter((one) => !one.hidden)];
      const at = stops.indexOf(/** @type {any} */ (document.activeElement));
      stops[at + step]?.focus();
      event.preventDefault();
    },
    signal,
  );

  return {
    show(next, unlabelled, nowSelected) {
      const isSame =
        next.length === entries.length && next.every(({ name }, k) => name === classes[k].name);
      classes = next;
      selected = nowSelected;
      if (!isSame) rebuild();
      classes.forEach((one, k) => {
        entries[k].show(one.color, one.count, one.saving, selected);
      });
      none.show("", unlabelled, false, selected);
      none.root.hidden = classes.length === 0;
      filter();
    },
    focus: () => box.focus(),
  };
}

/**
 * @param {string} key
 * @param {string} name
 * @param {() => void} onClick
 */
function entry(key, name, onClick) {
  const swatch = h("span", "vw-swatch");
  const number = h("span", "vw-class-count");
  const root = h(
    "button",
    { type: "button", class: "vw-class", onclick: onClick },
    h("kbd", "vw-key", key),
    swatch,
    h("bdi", "vw-class-name", name),
    number,
  );
  return {
    root,
    /** @param {string} color @param {number} total @param {boolean} saving @param {number} selected */
    show(color, total, saving, selected) {
      swatch.style.background = color;
      number.textContent = saving ? "saving…" : count(total);
      const what =
        selected > 0 ? `${count(selected)} selected` : "what you select, then press this";
      const action = color === "" ? "Take the label off" : "Label";
      root.title = `\u2068${name}\u2069\n${action} ${what}${key ? ` (key ${key})` : ""}`;
      root.classList.toggle("vw-ready", selected > 0);
    },
  };
}
