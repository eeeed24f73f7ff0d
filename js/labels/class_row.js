// One class: a button that labels with it, and what can be done with the class itself.
import { button, count, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { createClassMenu } from "./class_menu.js";

/** @typedef {"" | "yes" | "no" | "some"} Held how many of the selected images have a tag */

const MARKS = { "": "", yes: "✓", no: "", some: "–" };
const PRESSED = { "": null, yes: "true", no: "false", some: "mixed" };

/**
 * @param {{ name: string, onAssign: () => void,
 *   menu?: import("./class_menu.js").MenuActions & { onOpen: () => void } }} options
 */
export function createClassRow({ name, onAssign, menu }) {
  const key = h("kbd", "vw-key");
  const swatch = h("span", "vw-swatch");
  const words = h("bdi", "vw-class-name", name);
  const mark = h("span", { class: "vw-class-held", "aria-hidden": "true" });
  const number = h("span", "vw-class-count");
  const assign = h(
    "button",
    { type: "button", class: "vw-class", onclick: onAssign },
    key,
    swatch,
    words,
    mark,
    number,
  );
  const more = menu
    ? button({ icon: icons.more, title: "Rename, merge, select or delete", onClick: toggleMenu })
    : null;
  more?.classList.add("vw-class-more");
  more?.setAttribute("aria-expanded", "false");
  const root = h("div", "vw-class-row", h("div", "vw-class-line", assign, more));
  /** @type {ReturnType<typeof createClassMenu> | null} */
  let open = null;
  let shown = { name, count: 0, multi: false };

  function toggleMenu() {
    if (open || !menu) {
      closeMenu();
      return;
    }
    menu.onOpen();
    open = createClassMenu({ ...shown, actions: menu, onClose: closeMenu });
    root.append(open.root);
    more?.setAttribute("aria-expanded", "true");
    open.focus();
  }

  /** @returns {boolean} whether it was open */
  function closeMenu() {
    if (!open) return false;
    const hadFocus = open.root.contains(document.activeElement);
    open.root.remove();
    open = null;
    more?.setAttribute("aria-expanded", "false");
    if (hadFocus) assign.focus();
    return true;
  }

  assign.onkeydown = (event) => {
    if (!menu || !["ArrowRight", "F2"].includes(event.key)) return;
    event.preventDefault();
    if (!open) toggleMenu();
    if (event.key === "F2") open?.rename();
  };
  assign.oncontextmenu = (event) => {
    if (!menu) return;
    event.preventDefault();
    if (!open) toggleMenu();
  };

  return {
    root,
    button: assign,
    closeMenu,
    /** @param {boolean} isStop of the Tab key; the arrow keys walk between the rows */
    setTabStop(isStop) {
      assign.tabIndex = isStop ? 0 : -1;
      if (more) more.tabIndex = isStop ? 0 : -1;
    },
    /**
     * @param {{ key: string, name: string, color: string, count: number, saving: boolean,
     *   selected: number, held: Held, multi: boolean }} state `color`: "" for no class
     */
    show(state) {
      const { color, selected, held, multi } = state;
      shown = { name: state.name, count: state.count, multi };
      key.textContent = state.key;
      words.textContent = state.name;
      swatch.style.background = color;
      number.textContent = state.saving ? "saving…" : count(state.count);
      mark.textContent = MARKS[held];
      const pressed = PRESSED[held];
      if (pressed) assign.setAttribute("aria-pressed", pressed);
      else assign.removeAttribute("aria-pressed");
      const what =
        selected > 0 ? `${count(selected)} selected` : "what you select, then press this";
      const give = multi ? "Tag" : "Label";
      const take = multi ? "Take all tags off" : "Take the label off";
      const action = color === "" ? take : held === "yes" ? "Take it off" : give;
      const by = state.key ? ` (key ${state.key})` : "";
      assign.title = `\u2068${state.name}\u2069\n${action} ${what}${by}`;
      assign.classList.toggle("vw-ready", selected > 0);
      if (more) more.disabled = state.saving;
    },
  };
}
