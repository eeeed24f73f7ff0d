// The classes: a box that adds or finds one, and a row for each.
import { button, count, h, saveFocus } from "../shared/dom.js";
import { listen } from "../shared/lifecycle.js";
import { createClassRow } from "./class_row.js";
import { createNameForm } from "./name_form.js";

/** @typedef {import("./store.js").LabelClass} LabelClass */
/** @typedef {import("./class_row.js").Held} Held */

const KEYS = 9;
const LONGEST_NAME = 200;

/**
 * @typedef {object} ClassActions
 * @property {(number: number | null, how: import("./store.js").How) => void} onAssign give the
 *   selection a class, null for none
 * @property {(name: string) => void} onNew a new class, which the selection gets
 * @property {(name: string) => void} onGroup the selection becomes a class, in one step
 * @property {(number: number, name: string) => void} onRename
 * @property {(number: number, into: number) => void} onMerge
 * @property {(number: number) => void} onDelete
 * @property {(number: number) => void} onSelect select all images of a class
 *
 * @typedef {object} PanelState
 * @property {LabelClass[]} classes
 * @property {number} unlabelled
 * @property {number} selected
 * @property {boolean} multi
 * @property {(number: number) => Held} heldBy what the selected images have of a tag
 *
 * @typedef {object} ClassPanel
 * @property {(state: PanelState) => void} show
 * @property {() => void} focus go to the box
 * @property {() => boolean} closeMenu whether one was open
 */

/**
 * @param {{ el: HTMLElement, signal: AbortSignal, actions: ClassActions }} options
 * @returns {ClassPanel}
 */
export function createClassPanel({ el, signal, actions }) {
  const box = h("input", {
    class: "vw-input vw-class-box",
    type: "text",
    maxLength: LONGEST_NAME,
    autocomplete: "off",
    spellcheck: false,
  });
  const enter = button({ label: "Add", title: "", onClick: () => {} });
  enter.type = "submit";
  const form = h("form", "vw-class-form", box, enter);
  const list = h("div", { class: "vw-class-list", role: "group" });
  const hint = h("p", "vw-muted vw-class-hint");
  const none = createClassRow({
    name: "No label",
    onAssign: () => actions.onAssign(null, "click"),
  });
  none.root.classList.add("vw-class-none");
  const group = h(
    "button",
    {
      type: "button",
      class: "vw-link",
      title: "Put the selected images in a new group; Undo takes the group away too",
      onclick: () => naming.open(freeName(state.classes)),
    },
    "New group…",
  );
  const naming = createNameForm({
    label: "Name of the group",
    action: "Make",
    title: "Make this group (Enter)",
    onName: (name) => {
      goToRoot();
      actions.onGroup(name);
    },
    onClose: goToRoot,
  });
  const foot = h("div", "vw-class-foot", none.root, group);
  const root = h("section", "vw-section vw-classes", form, hint, list, foot, naming.root);
  el.append(root);

  /** @type {PanelState} */
  let state = { classes: [], unlabelled: 0, selected: 0, multi: false, heldBy: () => "" };
  /** @type {Map<number, ReturnType<typeof createClassRow>>} */
  let rows = new Map();

  /** Words on classes, or on tags. */
  function nameParts() {
    const { classes, multi } = state;
    const word = multi ? "tag" : "class";
    box.ariaLabel = `Add or find a ${word}`;
    box.placeholder = `Add ${classes.length > KEYS ? "or find " : ""}a ${word} (N)`;
    enter.title = `Add this ${word} (Enter)`;
    root.ariaLabel = list.ariaLabel = multi ? "Tags" : "Classes";
    return word;
  }

  function goToRoot() {
    /** @type {HTMLElement | null} */ (root.closest(".vw-root"))?.focus({ preventScroll: true });
  }

  const typed = () => box.value.trim();
  const found = () => state.classes.find(({ name }) => name === typed());
  const shownRows = () => [...rows.values()].filter((row) => !row.root.hidden);

  /** Rows are kept while their class is: one may hold a name half written. */
  function arrange() {
    const next = new Map(
      state.classes.map(({ number, name }) => [number, rows.get(number) ?? rowOf(number, name)]),
    );
    for (const [number, row] of rows) {
      if (next.has(number)) continue;
      saveFocus(row.root);
      row.root.remove();
    }
    let at = list.firstElementChild;
    for (const { root: element } of next.values()) {
      if (element === at) at = at.nextElementSibling;
      else list.insertBefore(element, at);
    }
    rows = next;
  }

  /** @param {number} number @param {string} name */
  function rowOf(number, name) {
    return createClassRow({
      name,
      onAssign: () => actions.onAssign(number, "click"),
      menu: {
        others: () => state.classes.filter((one) => one.number !== number && !one.saving),
        onRename: (text) => actions.onRename(number, text),
        onMerge: (into) => actions.onMerge(number, into),
        onDelete: () => actions.onDelete(number),
        onSelect: () => actions.onSelect(number),
        onOpen: () => {
          for (const [other, row] of rows) if (other !== number) row.closeMenu();
        },
      },
    });
  }

  /** What Enter would do, said before it is pressed; and only the classes that match. */
  function filter() {
    const text = typed().toLowerCase();
    const { classes, selected } = state;
    const word = nameParts();
    let shown = 0;
    for (const { number, name } of classes) {
      const row = rows.get(number);
      if (!row) continue;
      row.root.hidden = !name.toLowerCase().includes(text);
      if (!row.root.hidden) shown++;
    }
    list.hidden = shown === 0;
    const known = found() !== undefined;
    const what =
      selected > 0 && text !== "" ? `${state.multi ? "tag" : "label"} ${count(selected)}` : "";
    const words = known ? what || "Known" : what ? `Add, ${what}` : "Add";
    /** @type {HTMLElement} */ (enter.firstElementChild).textContent =
      words[0].toUpperCase() + words.slice(1);
    enter.disabled = text === "" || (known && selected === 0);
    enter.classList.toggle("vw-primary", !enter.disabled);
    hint.hidden = classes.length > 0 && (shown > 0 || text === "");
    if (classes.length === 0) {
      hint.textContent = text === "" ? `Type a ${word} name to begin.` : "Press Enter to add it.";
    } else hint.textContent = `No ${word} of that name yet. Enter adds it.`;
    const stops = shownRows();
    const current = stops.find((row) => row.root.contains(document.activeElement)) ?? stops[0];
    for (const row of stops) row.setTabStop(row === current);
  }

  listen(
    form,
    "submit",
    (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const name = typed();
      if (name === "" || enter.disabled) return;
      const known = found();
      box.value = "";
      const { selected } = state;
      if (known) actions.onAssign(known.number, "key");
      else actions.onNew(name);
      // Back to where the keys of classes and Undo work.
      if (selected > 0) goToRoot();
      filter();
    },
    signal,
  );
  listen(box, "input", filter, signal);
  listen(list, "focusin", filter, signal);
  listen(
    root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const stops = [box, ...shownRows().map((row) => row.button)];
      const at = stops.indexOf(/** @type {any} */ (document.activeElement));
      if (!step || at < 0) return;
      stops[at + step]?.focus();
      event.preventDefault();
    },
    signal,
  );

  return {
    show(next) {
      state = next;
      arrange();
      root.style.setProperty("--vw-classes", String(state.classes.length));
      const { classes, unlabelled, selected, multi, heldBy } = state;
      classes.forEach((one, k) => {
        const key = k < KEYS ? String(k + 1) : "";
        const held = selected > 0 ? heldBy(one.number) : "";
        rows.get(one.number)?.show({ ...one, key, selected, held, multi });
      });
      const name = multi ? "No tags" : "No label";
      none.show({
        key: "0",
        name,
        color: "",
        count: unlabelled,
        saving: false,
        selected,
        held: "",
        multi,
      });
      none.root.hidden = classes.length === 0;
      const isGroup = selected > 0 && !multi;
      if (!isGroup) {
        naming.close();
        saveFocus(group);
      }
      group.hidden = !isGroup;
      filter();
    },
    focus: () => box.focus(),
    closeMenu: () => naming.close() || [...rows.values()].some((row) => row.closeMenu()),
  };
}

/** A name that no class has yet: to be made now and named later. @param {LabelClass[]} classes */
function freeName(classes) {
  const names = new Set(classes.map(({ name }) => name));
  let k = 1;
  while (names.has(`group ${k}`)) k++;
  return `group ${k}`;
}
