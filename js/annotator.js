// Annotator: lasso images on the map, press a key, and they have the class.

import { createClassPanel } from "./labels/class_panel.js";
import { digitOf, stepOf } from "./labels/keys.js";
import { createSaveState } from "./labels/save_state.js";
import { labelStoreOf } from "./labels/store.js";
import { createBoard, hasPoints } from "./map/board.js";
import { MISSING } from "./map/colors.js";
import { createGallery } from "./map/gallery.js";
import { select, selectionOf } from "./map/selection.js";
import { combineBits, countBits, emptyBits, rowsOf, setBit } from "./shared/buffers.js";
import { button, count, h } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import * as icons from "./shared/icons.js";
import { listen, onChange, perFrame } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { parseColor } from "./shared/theme.js";
import { initialize as adopt } from "./shared/together.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./labels/store.js").LabelStore} LabelStore */

const NOTHING_SELECTED = "Draw around images on the map, then press a class.";

/** @type {any} the types of anywidget do not know the signal of `initialize` yet */
const initialize = (/** @type {{ model: Model, signal?: AbortSignal }} */ { model, signal }) => {
  adopt({ model, signal });
  // Made here and not in a view: labels on their way outlive the view they were made in.
  if (model.get("_n")) labelStoreOf(model, signal ?? new AbortController().signal);
};

/** @type {import("@anywidget/types").Render} */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: `Labels in ${model.get("_column")}`, signal });
  frame.root.classList.add("vw-annotator");
  if (!hasPoints(model, frame, "go on labelling")) return;
  const n = model.get("_n");
  const store = labelStoreOf(model, signal);
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const say = createStatus();
  const undo = button({
    icon: icons.undo,
    title: "Undo the last label (Ctrl+Z or ⌘Z)",
    onClick: () => step("undo"),
  });
  const redo = button({
    icon: icons.redo,
    title: "Redo (Ctrl+Y or ⇧⌘Z)",
    onClick: () => step("redo"),
  });
  /** @param {number} row */
  const describe = (row) => store.classes()[store.codes()[row] - 1]?.name ?? "no label";
  const { map, side, tools, thumbnails, hasImages } = createBoard({
    model,
    frame,
    signal,
    requests,
    menu: h("span", "vw-group", undo, redo),
    describe,
  });
  const things = hasImages ? ["image", "images"] : ["point", "points"];
  const panel = createClassPanel({
    el: side,
    signal,
    onAssign: assign,
    onAdd: (name) => store.addClass(name),
  });
  const picked = createSelected();

  /** A line under the map: what was done last, how far one is, and whether it is saved. */
  function createStatus() {
    const done = h("progress", { class: "vw-progress", max: n, "aria-hidden": "true" });
    const progress = h("span", "vw-labelled");
    const action = h("span", "vw-action");
    frame.status.append(h("span", "vw-group", done, progress), action);
    const saveHere = h("div", { class: "vw-save-holder", "aria-live": "off" });
    frame.status.append(saveHere);
    const speak = (/** @type {string} */ text) => {
      action.textContent = text;
    };
    const saved = createSaveState({ el: saveHere, unsent: store.unsent, say: speak });
    store.follow(() => {
      done.value = store.labelled();
      progress.textContent = `${count(store.labelled())} of ${count(n)} labelled`;
      saved.show(store.saving(), store.ready());
    }, signal);
    saved.show(store.saving(), store.ready());
    return speak;
  }

  /** The selected images, each of which can be taken out again, and put back. */
  function createSelected() {
    const title = h("span", "vw-title");
    const head = h("div", "vw-head", title);
    const hint = h("p", "vw-muted");
    side.append(h("section", "vw-section vw-selected", head, hint));
    const gallery = createGallery({
      el: side,
      signal,
      thumbnails,
      describe,
      empty: "",
      action: "Click to leave it out, or to take it in again",
      onPick: toggle,
      onMore: show,
    });
    /** What the gallery shows: the selection as it was before single images were left out. */
    let whole = emptyBits(n);
    let isOwn = false;

    /** @param {number} row */
    function toggle(row) {
      const one = emptyBits(n);
      setBit(one, row);
      const item = gallery.root.querySelector(`[data-row="${row}"]`);
      const isOut = item?.classList.toggle("vw-out") ?? false;
      item?.setAttribute("aria-selected", String(!isOut));
      isOwn = true;
      select(model, combineBits(selectionOf(model), one, isOut ? "remove" : "add"));
      isOwn = false;
      update();
    }

    /** @param {number} [limit] */
    function show(limit = 500) {
      gallery.show(rowsOf(whole, limit), countBits(whole));
      update();
    }

    function update() {
      const selected = countBits(selectionOf(model));
      title.textContent = selected === 0 ? "Nothing selected" : `${count(selected)} selected`;
      tools.setSelected(selected);
      hint.hidden = selected > 0;
      hint.textContent = NOTHING_SELECTED;
      gallery.root.hidden = countBits(whole) === 0;
      panel.show(store.classes(), n - store.labelled(), selected);
    }

    onChange(
      model,
      "_selection",
      () => {
        if (isOwn) return;
        whole = selectionOf(model).slice();
        show();
      },
      signal,
    );
    whole = selectionOf(model).slice();
    show();
    return { update };
  }

  /** @param {string | null} name */
  function assign(name) {
    const bits = selectionOf(model);
    const selected = countBits(bits);
    if (!store.ready()) return;
    if (selected === 0) {
      say(NOTHING_SELECTED);
      return;
    }
    store.label(bits, name);
    // The next lasso begins at once, on the map in its new colours; undo selects these again.
    select(model, emptyBits(n));
    const what = `${count(selected)} ${things[selected === 1 ? 0 : 1]}`;
    say(name === null ? `${what}: label taken off.` : `${what}: “${isolated(name)}”.`);
  }

  /** @param {"undo" | "redo"} which */
  function step(which) {
    const can = which === "undo" ? store.canUndo() : store.canRedo();
    if (!can) {
      say(`Nothing to ${which}.`);
      return;
    }
    store[which]();
    say(which === "undo" ? "Undone." : "Redone.");
  }

  const paint = perFrame(() => {
    const classes = store.classes();
    const colors = [MISSING, ...classes.map(({ color }) => parseColor(color) ?? MISSING)];
    const rgba = Uint8Array.from(colors.flatMap((rgb) => [...rgb, 255]));
    map.setColors(store.codes(), rgba);
    undo.disabled = !store.canUndo();
    redo.disabled = !store.canRedo();
    picked.update();
  }, signal);
  let told = "";
  store.follow(() => {
    paint();
    const { conflict } = store.saving();
    if (conflict && conflict !== told) frame.showError(conflict);
    told = conflict;
  }, signal);
  store.onMessage(frame.showError, signal);
  paint();

  listen(
    frame.root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (/** @type {Element} */ (event.target).closest("input, select, textarea")) return;
      if (!actOnLabelKey(event)) {
        if (event.target === frame.root) map.key(event);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    signal,
    { capture: true },
  );

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was one for labels */
  function actOnLabelKey(event) {
    const which = stepOf(event);
    if (which) {
      step(which);
      return true;
    }
    const digit = digitOf(event);
    const isAny = countBits(selectionOf(model)) > 0;
    if (digit === 0 || event.key === "Backspace" || event.key === "Delete") {
      if (!isAny) return false; // 0 is the map's then: it shows the whole map
      assign(null);
      return true;
    }
    if (digit !== undefined) {
      const one = store.classes()[digit - 1];
      if (one) assign(one.name);
      else say(`There is no class ${digit} yet.`);
      return true;
    }
    if ((event.key === "n" || event.key === "N") && !event.ctrlKey && !event.metaKey) {
      panel.focus();
      return true;
    }
    return false;
  }
}

/**
 * A name inside a sentence: cut, and kept from turning the words around it to the other side.
 * @param {string} name
 */
function isolated(name) {
  return `\u2068${name.length > 40 ? `${name.slice(0, 39)}…` : name}\u2069`;
}

export default { initialize, render };
