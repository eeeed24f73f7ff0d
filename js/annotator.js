// Annotator: lasso images on the map, press a key, and they have the class.

import { createClassActions, isolated, nothingSelected } from "./labels/class_actions.js";
import { createClassPanel } from "./labels/class_panel.js";
import { createFilter } from "./labels/filter.js";
import { createFoundNote } from "./labels/found_note.js";
import { createHistory } from "./labels/history.js";
import { createKeyHelp } from "./labels/key_help.js";
import { actOnLabelKey } from "./labels/label_keys.js";
import { paintLabels } from "./labels/map_paint.js";
import { foundInWords } from "./labels/questions.js";
import { createSelected } from "./labels/selected.js";
import { createSelectionTools } from "./labels/selection_tools.js";
import { createStatus } from "./labels/status.js";
import { STEPPED, stepInWords } from "./labels/step_words.js";
import { labelStoreOf } from "./labels/store.js";
import { createSuggestionPanel } from "./labels/suggestion_panel.js";
import { createBoard, hasPoints } from "./map/board.js";
import { select, selectionOf } from "./map/selection.js";
import { combineBits, countBits, hasBit, toUint8 } from "./shared/buffers.js";
import { button, h, saveFocus } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import * as icons from "./shared/icons.js";
import { listen, perFrame } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { onTheme, readTheme } from "./shared/theme.js";
import { initialize as adopt } from "./shared/together.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

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
  const store = labelStoreOf(model, signal);
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const status = createStatus({ el: frame.status, n: model.get("_n"), store });
  const { say } = status;
  const undo = button({
    icon: icons.undo,
    title: "Undo (Ctrl+Z or ⌘Z)",
    onClick: () => step("undo"),
  });
  const redo = button({
    icon: icons.redo,
    title: "Redo (Ctrl+Y or ⇧⌘Z)",
    onClick: () => step("redo"),
  });
  const keyHelp = createKeyHelp({
    root: frame.root,
    multi: () => store.labels().multi,
    signal,
  });
  const filter = createFilter({
    store,
    threshold: () => suggestions.threshold(),
    onChange: refilter,
  });
  const past = h("span", "vw-group", undo, redo);
  const found = createFoundNote({ store });
  frame.body.before(found.root);
  /** @type {number | undefined} the image pointed at on the map */
  let hovered;
  const { map, side, tools, thumbnails, hasImages } = createBoard({
    model,
    frame,
    signal,
    requests,
    menu: past,
    describe: describeWithNote,
    onHover(row) {
      hovered = row;
    },
  });
  frame.toolbar.append(filter.root, keyHelp.button);
  const things = hasImages ? ["image", "images"] : ["point", "points"];
  const actions = createClassActions({
    ...{ model, store, say, things },
    shown: () => shown,
  });
  const panel = createClassPanel({ el: side, signal, actions: actions.panel });
  const suggestions = createSuggestionPanel({
    ...{ el: side, store, requests, things, say },
    selected: () => selectionOf(model),
    onThreshold: () => paint(),
    onAnswer: actions.answer,
    onAsked: showAsked,
    onOpen: () => history.loadRaters(),
  });
  const history = createHistory({
    ...{ root: frame.root, signal, store, requests, things, say },
    el: /** @type {HTMLElement} */ (side.previousElementSibling),
    onSelect: actions.choose,
    onRaters: ({ raters }) => suggestions.setRaters(raters.length),
  });
  past.append(history.button);
  const selectionTools = createSelectionTools({
    ...{ root: frame.root, model, store },
    actions: actions.tools,
    onSelect: selectKept,
    onNothing: () => say(nothingSelected(store.labels().multi)),
  });
  const selected = createSelected({
    ...{ el: side, root: frame.root, model, signal, thumbnails, store, say, describe, colorOf },
    nothing: () => nothingSelected(store.labels().multi),
    thing: hasImages ? "image" : "point",
    tools: selectionTools.root,
    onUpdate: updatePanels,
  });
  /** @type {Uint8Array | null} the rows the filter leaves; null for all */
  let shown = null;
  let aside = store.labels().aside;
  let theme = readTheme(frame.root);

  /** What a row is, in words. @param {number} row @returns {string} */
  function describe(row) {
    const { multi, layers, classes, gone } = store.labels();
    const { codes } = store.summary();
    const suggested = store.suggested();
    const tags = multi ? classes.filter((_, k) => !gone.has(k) && layers[k][row] === 1) : [];
    const words = multi ? tags.join(", ") : (classes[codes[row] - 1] ?? "");
    const guess = suggested?.codes[row] ? classes[suggested.codes[row] - 1] : "";
    const percent = Math.round(((suggested?.probability[row] ?? 0) / 255) * 100);
    const parts = [words, guess && `${guess}? ${percent} %`].filter(Boolean);
    return parts.join(" · ") || (multi ? "no tags" : "no label");
  }

  /** @param {number} row */
  function describeWithNote(row) {
    const note = store.labels().notes.get(row);
    return note ? `${describe(row)} · ${note}` : describe(row);
  }

  /** Colour of the one label of a row; "" for none. @param {number} row */
  function colorOf(row) {
    const { codes, several } = store.summary();
    const code = codes[row];
    if (code === several) return "var(--vw-text)";
    return store.classes().find(({ number }) => number === code - 1)?.color ?? "";
  }

  /** @param {"undo" | "redo"} which */
  function step(which) {
    const can = which === "undo" ? store.canUndo() : store.canRedo();
    if (!can) {
      say(`Nothing to ${which}.`);
      return;
    }
    const before = store.labels();
    store[which]();
    say(stepInWords(which, before, store.labels(), things));
  }

  /** Another part is shown: what is selected is part of it. */
  function refilter() {
    if (filter.choice() === "suggested") suggestions.open();
    paint.now();
    if (shown === null) return;
    const part = shown;
    const bits = selectionOf(model);
    if (bits.some((byte, k) => (byte & ~part[k]) !== 0)) {
      select(
        model,
        bits.map((byte, k) => byte & part[k]),
      );
    }
  }

  /** @param {number[]} rows @param {import("./labels/questions.js").Question} question */
  function showAsked(rows, question) {
    const part = shown;
    const here = part === null ? rows : rows.filter((row) => hasBit(part, row));
    say(foundInWords(question, here.length, things, part !== null));
    if (here.length === 0) return;
    selected.ask(here);
    side.scrollTop = side.scrollHeight; // to the images, which the suggestions may have moved down
  }

  function updatePanels() {
    const many = countBits(selectionOf(model));
    const { labels, summary } = { labels: store.labels(), summary: store.summary() };
    tools.setSelected(many);
    suggestions.update();
    selectionTools.update();
    panel.show({
      classes: store.classes(),
      unlabelled: labels.n - summary.aside - summary.labelled,
      selected: many,
      multi: labels.multi,
      heldBy: actions.heldBy,
    });
    // A button that was pressed may have nothing to do any more.
    for (const one of frame.root.querySelectorAll(":focus:disabled")) saveFocus(one);
  }

  /** What is set aside, here or by another person, is selected no more. */
  function leaveOutAside() {
    const before = aside;
    aside = store.labels().aside;
    if (aside === before) return;
    const bits = selectionOf(model);
    const left = combineBits(bits, combineBits(aside, before, "remove"), "remove");
    if (bits.some((byte, k) => byte !== left[k])) select(model, left);
  }

  /** @param {string} name */
  async function selectKept(name) {
    try {
      const { buffers } = await requests.ask("kept_rows", { name });
      actions.choose(toUint8(buffers[0]), isolated(name));
    } catch {
      // An error is shown by the frame; without an answer nothing is selected.
    }
  }

  function paintNow() {
    shown = filter.update();
    leaveOutAside();
    const colors = store
      .labels()
      .classes.map((_, k) => store.classes().find(({ number }) => number === k)?.color ?? "");
    const { codes, rgba } = paintLabels({
      ...{ colors, shown, hidden: aside, text: theme.text },
      summary: store.summary(),
      suggested: store.suggested(),
      threshold: suggestions.threshold(),
    });
    map.setColors(codes, rgba);
    map.setFilter(shown);
    undo.disabled = !store.canUndo();
    redo.disabled = !store.canRedo();
    selected.update();
    status.update(filter.words(shown));
  }
  const paint = Object.assign(perFrame(paintNow, signal), { now: paintNow });

  let told = "";
  store.follow(() => {
    found.update();
    status.update(filter.words(shown)); // at once: nothing may look saved for a frame too long
    paint();
    const { conflict } = store.saving();
    if (conflict && conflict !== told) frame.showError(conflict);
    told = conflict;
  }, signal);
  store.onMessage(frame.showError, signal);
  // What only the kernel knows is told when it has answered, unless something was done since.
  store.onStep(({ kind, before, after }) => {
    if (status.said().startsWith(STEPPED[kind])) say(stepInWords(kind, before, after, things));
  }, signal);
  onTheme(() => {
    theme = readTheme(frame.root);
    paint();
  }, signal);
  selected.show();
  found.update();
  paint.now();

  frame.onEscape(
    () =>
      keyHelp.close() ||
      history.close() ||
      map.cancelDrawing() ||
      selected.closeNote() ||
      panel.closeMenu() ||
      selectionTools.close() ||
      selected.back() ||
      map.clearSelection(),
  );

  const isAny = () => countBits(selectionOf(model)) > 0;
  const keys = {
    step,
    /** @param {number} place */
    assign(place) {
      const one = store.classes()[place];
      if (one) actions.assign(one.number, "key");
      else say(`There is no ${store.labels().multi ? "tag" : "class"} ${place + 1} yet.`);
    },
    clear: () => actions.assign(null, "key"),
    letters: {
      n: () => panel.focus(),
      a: actions.selectAll,
      f: () => filter.focus(),
      g: () => selected.focus(),
      m: () => selected.openNote(isAny() ? undefined : hovered),
      t: actions.tools.setAside,
      k: selectionTools.keep,
      h: history.toggle,
      s: suggestions.suggest,
      y: () => suggestions.answer("accept"),
      x: () => suggestions.answer("reject"),
      "?": keyHelp.toggle,
    },
  };
  listen(
    frame.root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (/** @type {Element} */ (event.target).closest("input, select, textarea")) return;
      if (!actOnLabelKey(event, keys)) {
        if (event.target === frame.root) map.key(event);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    signal,
    { capture: true },
  );
}

export default { initialize, render };
