// The selected images: in an order, each one to be left out or noted on.
import { createGallery } from "../map/gallery.js";
import { createHoverCard } from "../map/hover_card.js";
import { createPart } from "../map/part.js";
import { selectionOf } from "../map/selection.js";
import { countBits, emptyBits, hasBit, setBit } from "../shared/buffers.js";
import { button, count, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { createNoteForm } from "./note_form.js";
import { orderedRows } from "./sorting.js";

/** @typedef {import("./sorting.js").Order} Order */

/** @type {[Order, string][]} */
const ORDERS = [
  ["data", "as in the data"],
  ["label", "by label"],
  ["suggestion", "by certainty"],
  ["random", "at random"],
  ["asked", "as asked"],
];
const PAGE = 500;
const CARD_SIDE = 168;

/**
 * @param {object} options
 * @param {HTMLElement} options.el
 * @param {HTMLElement} options.root of the widget
 * @param {import("@anywidget/types").AnyModel} options.model
 * @param {AbortSignal} options.signal
 * @param {import("../map/thumbnails.js").Thumbnails} options.thumbnails
 * @param {import("./store.js").LabelStore} options.store
 * @param {(row: number) => string} options.describe
 * @param {(row: number) => string} options.colorOf "" for none
 * @param {() => string} options.nothing words where nothing is selected
 * @param {HTMLElement} options.tools what else can be done with the selection
 * @param {string} options.thing what a row is
 * @param {() => void} options.onUpdate the selection has changed
 * @param {(text: string) => void} options.say
 */
export function createSelected(options) {
  const { el, root, model, signal, thumbnails, store, describe, thing, say } = options;
  const n = model.get("_n");
  const title = h("span", "vw-title");
  const sorting = h(
    "select",
    { class: "vw-select vw-sorting", title: "Order of the images", "aria-label": "Order" },
    ...ORDERS.map(([value, words]) => h("option", { value }, words)),
  );
  const noteButton = button({
    icon: icons.note,
    title: "Write a note on the selection (M)",
    onClick: () => openNote(undefined),
  });
  const hint = h("p", "vw-muted");
  const note = createNoteForm({
    onSave(bits, text) {
      store.note(bits, text);
      say(text === "" ? "Note taken off." : "Noted.");
    },
    onClose: () => root.focus(),
  });
  el.append(
    h(
      "section",
      "vw-section vw-selected",
      h("div", "vw-head", title, sorting, noteButton),
      options.tools,
      hint,
      note.root,
    ),
  );
  const card = createHoverCard({
    container: root,
    thumbnails,
    side: CARD_SIDE,
    place: (element) => placeAside(element, root, el, peeked),
  });
  let isAction = false; // an edit and the change of the selection that goes with it are one task
  store.follow(() => {
    isAction = true;
    queueMicrotask(() => {
      isAction = false;
    });
  }, signal);
  const part = createPart({
    ...{ model, signal },
    onWhole(isNew) {
      if (isNew) asked = [];
      if (isNew && sorting.value === "asked") sorting.value = "data";
      followOrders();
      show();
    },
    onPart() {
      gallery.refresh();
      update();
    },
    isAction: () => isAction,
  });
  const gallery = createGallery({
    ...{ el, signal, thumbnails, part, describe, decorate },
    onPick: (row) => part.choose([row], part.has(row) ? "remove" : "add"),
    onMore: show,
    onPeek: peek,
  });
  let limit = PAGE;
  let seed = 1;
  /** @type {number[]} */
  let asked = [];
  /** @type {HTMLElement | undefined} the image pointed at */
  let peeked;

  /** @param {number} row @param {HTMLElement} item */
  function decorate(row, item) {
    item.style.setProperty("--vw-mark", options.colorOf(row) || "transparent");
    item.toggleAttribute("data-note", store.labels().notes.has(row));
  }

  /** @param {number | undefined} row @param {HTMLElement} [item] */
  function peek(row, item) {
    peeked = item;
    if (row === undefined) {
      card.hide();
      return;
    }
    const color = options.colorOf(row) || "var(--vw-missing)";
    card.show(row, { x: 0, y: 0, label: describe(row), color });
    card.setIndex(row, store.labels().notes.get(row) ?? "");
  }

  /** @param {number} [most] */
  function show(most = PAGE) {
    limit = most;
    const order = /** @type {Order} */ (sorting.value);
    const by = {
      codes: store.summary().codes,
      suggested: store.suggested(),
      asked: asked.filter((row) => hasBit(part.whole(), row)),
      seed,
    };
    gallery.show(orderedRows(part.whole(), order, limit, by));
    update();
  }

  function update() {
    const { all, selected } = part.state();
    title.textContent = selected === 0 ? "Nothing selected" : `${count(selected)} selected`;
    hint.textContent = options.nothing();
    hint.hidden = all > 0;
    gallery.root.hidden = all === 0;
    sorting.hidden = all === 0 || thumbnails.width === 0;
    noteButton.hidden = selected === 0;
    options.onUpdate();
  }

  /** @param {number | undefined} row an image pointed at elsewhere */
  function openNote(row) {
    const pointed = peeked ? Number(peeked.dataset.row) : row;
    const bits = pointed === undefined ? selectionOf(model) : emptyBits(n);
    if (pointed !== undefined) setBit(bits, pointed);
    const many = countBits(bits);
    if (many === 0) {
      say(options.nothing());
      return;
    }
    const words = pointed === undefined ? `${count(many)} selected` : `${thing} ${count(pointed)}`;
    const { notes } = store.labels();
    note.open(bits, words, pointed === undefined ? "" : (notes.get(pointed) ?? ""));
    card.hide();
  }

  const [suggestionOption, askedOption] = ["suggestion", "asked"].map(
    (value) => /** @type {HTMLOptionElement} */ (sorting.querySelector(`[value=${value}]`)),
  );
  function followOrders() {
    suggestionOption.hidden = !store.suggested();
    askedOption.hidden = asked.length === 0;
  }

  sorting.onchange = () => {
    seed++;
    show();
  };
  return {
    show,
    /** Follow the labels. */
    update() {
      followOrders();
      gallery.refresh();
      update();
    },
    /** Select these and show them in this order. @param {number[]} rows */
    ask(rows) {
      part.renew(rows);
      asked = rows;
      sorting.value = "asked";
      followOrders();
      show();
    },
    openNote,
    closeNote: note.close,
    /** Take back what was chosen in the gallery; whether there was something. */
    back: gallery.back,
    focus: () =>
      /** @type {HTMLElement | null} */ (gallery.root.querySelector("[tabindex='0']"))?.focus(),
  };
}

/**
 * Beside the panel, on the map; above the gallery where that is under the map.
 * @param {HTMLElement} card
 * @param {HTMLElement} root
 * @param {HTMLElement} panel
 * @param {HTMLElement | undefined} item
 */
function placeAside(card, root, panel, item) {
  if (!item) return;
  const whole = root.getBoundingClientRect();
  const side = panel.getBoundingClientRect();
  const one = item.getBoundingClientRect();
  const isBeside = side.left - whole.left > card.offsetWidth + 16;
  const left = isBeside
    ? side.left - whole.left - card.offsetWidth - 8
    : one.left - whole.left + one.width / 2 - card.offsetWidth / 2;
  const top = isBeside
    ? one.top - whole.top + one.height / 2 - card.offsetHeight / 2
    : one.top - whole.top - card.offsetHeight - 8;
  const inside = (/** @type {number} */ value, /** @type {number} */ most) =>
    Math.max(8, Math.min(value, most - 8));
  card.style.left = `${inside(left, root.clientWidth - card.offsetWidth)}px`;
  card.style.top = `${inside(top, root.clientHeight - card.offsetHeight)}px`;
}
