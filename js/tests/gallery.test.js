// Choosing in a gallery, in jsdom, which has no layout: images of 10 x 10, four in a row.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createGallery } from "../map/gallery.js";
import { createPart } from "../map/part.js";
import { rowsOf, toUint8 } from "../shared/buffers.js";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";
import { bitsOf, N, view } from "./label_helpers.js";

/** @type {AbortController[]} */
const open = [];
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});

/** @param {any} window */
function layOut(window) {
  /** @param {Element} one */
  const place = (one) => [...(one.parentElement?.children ?? [])].indexOf(one);
  const sizes = {
    /** @this {Element} */
    offsetLeft: {
      get: /** @this {Element} */ function () {
        return 10 * (place(this) % 4);
      },
    },
    offsetTop: {
      get: /** @this {Element} */ function () {
        return 10 * Math.floor(place(this) / 4);
      },
    },
    offsetWidth: { get: () => 9 },
    offsetHeight: { get: () => 9 },
    clientWidth: { get: () => 40 },
    scrollHeight: { get: () => 100 },
  };
  for (const [name, size] of Object.entries(sizes)) {
    Object.defineProperty(window.HTMLElement.prototype, name, { configurable: true, ...size });
  }
  window.HTMLElement.prototype.getBoundingClientRect = () => ({ left: 0, top: 0, bottom: 100 });
  window.HTMLElement.prototype.setPointerCapture = () => {};
}

/** @param {number[]} rows what is selected @param {number} [limit] how many are shown */
function setUp(rows, limit = N) {
  const { window, controller } = openPage();
  open.push(controller);
  layOut(window);
  const model = createModel({ _n: N, selection: view(bitsOf(...rows)) });
  /** @type {number[]} */
  const picked = [];
  let isAction = false;
  const root = document.createElement("div");
  root.className = "vw-root";
  root.tabIndex = 0;
  document.body.append(root);
  const part = createPart({
    model: /** @type {any} */ (model),
    signal: controller.signal,
    onWhole: show,
    onPart: () => gallery.refresh(),
    isAction: () => isAction,
  });
  const gallery = createGallery({
    el: root,
    signal: controller.signal,
    thumbnails: /** @type {any} */ ({ width: 2, height: 2, onReady() {}, request() {} }),
    part,
    onPick: (row) => picked.push(row),
    onClear() {},
  });
  function show() {
    gallery.show(rowsOf(part.whole(), limit));
  }
  show();
  const find = (/** @type {string} */ selector) =>
    /** @type {HTMLElement} */ (root.querySelector(selector));
  const items = () => /** @type {HTMLElement[]} */ ([...find(".vw-gallery-grid").children]);
  const stops = () => items().filter((item) => item.tabIndex === 0);
  const selected = () => rowsOf(toUint8(model.get("selection")));
  const marked = () =>
    items()
      .filter((item) => item.getAttribute("aria-selected") === "true")
      .map((item) => Number(item.dataset.row));
  /** @param {number} k @param {MouseEventInit} [keys] */
  const click = (k, keys) =>
    items()[k].dispatchEvent(new window.MouseEvent("click", { bubbles: true, ...keys }));
  /** @param {string} name @param {KeyboardEventInit} [keys] @returns {boolean} was it taken */
  const press = (name, keys) => {
    const focused = document.activeElement ?? document.body;
    const options = { key: name, bubbles: true, cancelable: true, ...keys };
    return !focused.dispatchEvent(new window.KeyboardEvent("keydown", options));
  };
  /** @param {string} type @param {number} x @param {number} y
   * @param {MouseEventInit & { pointerType?: string }} [more] */
  const point = (type, x, y, { pointerType = "mouse", ...more } = {}) => {
    const options = { bubbles: true, clientX: x, clientY: y, buttons: 1, ...more };
    const event = new window.MouseEvent(`pointer${type}`, options);
    Object.assign(event, { pointerType }); // jsdom has no pointer events
    find(".vw-gallery-scroll").dispatchEvent(event);
  };
  /** From the ground at one corner to another. @param {number[]} corners @param {object} [more] */
  const drag = ([left, top, right, bottom], more) => {
    point("down", left, top, more);
    point("move", left + 1, top + 1, more);
    point("move", right, bottom, more);
    point("up", right, bottom, more);
  };
  /** What is done with the selection. @param {number[]} next what is selected then */
  const act = (...next) => {
    isAction = true;
    model.set("selection", view(bitsOf(...next)));
    isAction = false;
  };
  return {
    ...{ controller, model, part, gallery, picked, find, items, stops, selected, marked },
    ...{ click, press, point, drag, act, window },
  };
}

test("a click is about one image and leaves the selection as it is", () => {
  const { click, picked, selected, find } = setUp([1, 3, 5, 7]);
  click(2);
  assert.deepEqual(picked, [5]);
  assert.deepEqual(selected(), [1, 3, 5, 7]);
  assert.equal(find(".vw-part").hidden, true);
});

test("a click with Ctrl or ⌘ takes one image out and in, and all stay in sight", () => {
  const { click, picked, selected, marked, items } = setUp([0, 3, 5, 7]);
  click(0, { ctrlKey: true });
  assert.deepEqual(selected(), [3, 5, 7]);
  click(2, { metaKey: true });
  assert.deepEqual(selected(), [3, 7]);
  assert.deepEqual(marked(), [3, 7]);
  assert.equal(items().length, 4);
  click(0, { ctrlKey: true });
  assert.deepEqual(selected(), [0, 3, 7]);
  assert.deepEqual(picked, []);
});

test("a click with Shift selects from the image clicked or walked to last", () => {
  const { click, selected, items, press } = setUp([0, 1, 2, 4, 6, 8, 9, 10]);
  click(3, { shiftKey: true });
  assert.deepEqual(selected(), [4], "nothing was clicked before");
  click(6);
  click(4, { shiftKey: true });
  assert.deepEqual(selected(), [6, 8, 9]);
  click(7, { shiftKey: true });
  assert.deepEqual(selected(), [9, 10]);
  items()[0].focus();
  press("ArrowRight");
  click(2, { shiftKey: true, ctrlKey: true });
  assert.deepEqual(selected(), [1, 2, 9, 10]);
});

test("Shift and arrows extend a range and take it back; Tab stops once, where it ends", () => {
  const { press, selected, items, stops } = setUp([0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(stops(), [items()[0]]);
  items()[1].focus();
  press("ArrowRight", { shiftKey: true });
  assert.deepEqual(selected(), [1, 2]);
  press("ArrowDown", { shiftKey: true });
  assert.deepEqual(selected(), [1, 2, 3, 4, 5, 6]);
  press("ArrowUp", { shiftKey: true });
  press("ArrowLeft", { shiftKey: true });
  press("ArrowLeft", { shiftKey: true });
  assert.deepEqual(selected(), [0, 1]);
  press("End", { shiftKey: true });
  assert.deepEqual(selected(), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(stops(), [items()[7]]);
});

test("Space takes one out and in, Enter is a click, Ctrl+A is all that is shown", () => {
  const { press, selected, items, picked } = setUp([0, 1, 2, 3, 4, 5], 4);
  items()[0].focus();
  assert.equal(press(" "), true);
  assert.deepEqual(selected(), [1, 2, 3, 4, 5]);
  press(" ");
  press("ArrowRight");
  press("Enter");
  assert.deepEqual(picked, [1]);
  assert.deepEqual(selected(), [0, 1, 2, 3, 4, 5]);
  assert.equal(press("a", { ctrlKey: true }), true);
  assert.deepEqual(selected(), [0, 1, 2, 3]);
  assert.equal(press("a"), false, "a letter alone is not the gallery's");
});

test("a rectangle selects what it touches when the button is released", () => {
  const { point, drag, selected, marked, find, items } = setUp([0, 1, 2, 3, 4, 5, 6, 7]);
  const band = find(".vw-band");
  point("down", 12, 2);
  point("move", 14, 3);
  assert.equal(band.hidden, true, "so little is a click");
  point("move", 25, 12);
  assert.equal(band.hidden, false);
  assert.deepEqual(marked(), [1, 2, 5, 6]);
  assert.equal(find(".vw-part").textContent, "4 of 8InvertAll");
  assert.equal(selected().length, 8, "not yet");
  point("up", 25, 12);
  assert.equal(band.hidden, true);
  assert.deepEqual(selected(), [1, 2, 5, 6]);
  drag([35, 15, 21, 2]); // to the upper left
  assert.deepEqual(selected(), [2, 3, 6, 7]);
  assert.equal(items().length, 8);
});

test("with Shift or Ctrl a rectangle adds, with Alt it takes out, and on nothing it is nothing", () => {
  const { drag, selected } = setUp([0, 1, 2, 3, 4, 5, 6, 7]);
  drag([1, 1, 15, 5]);
  assert.deepEqual(selected(), [0, 1]);
  drag([31, 1, 38, 5], { shiftKey: true });
  assert.deepEqual(selected(), [0, 1, 3]);
  drag([31, 11, 38, 15], { ctrlKey: true });
  assert.deepEqual(selected(), [0, 1, 3, 7]);
  drag([11, 1, 38, 5], { altKey: true });
  assert.deepEqual(selected(), [0, 7]);
  drag([1, 60, 38, 90]);
  assert.deepEqual(selected(), [0, 7]);
});

test("a click that ends a rectangle is none, the next one is", () => {
  const { drag, point, click, picked } = setUp([0, 1, 2, 3]);
  drag([1, 1, 15, 5]);
  click(1);
  assert.deepEqual(picked, []);
  point("down", 15, 5);
  point("up", 15, 5);
  click(1);
  assert.deepEqual(picked, [1]);
});

test("fingers, other buttons and the scroll bar draw nothing", () => {
  const { drag, point, selected, find } = setUp([0, 1, 2, 3]);
  drag([1, 1, 15, 5], { pointerType: "touch" });
  drag([1, 1, 15, 5], { button: 2, buttons: 2 });
  drag([45, 1, 15, 5]);
  point("down", 1, 1);
  point("move", 15, 5, { buttons: 0 }); // released out of sight
  point("move", 25, 5);
  assert.equal(find(".vw-band").hidden, true);
  assert.deepEqual(selected(), [0, 1, 2, 3]);
});

test("Escape gives up the rectangle, then all are selected again, then it is another's", () => {
  const { drag, point, press, selected, marked, find } = setUp([0, 1, 2, 3]);
  drag([1, 1, 15, 5]);
  point("down", 21, 1);
  point("move", 35, 5);
  assert.deepEqual(marked(), [2, 3]);
  assert.equal(press("Escape"), true);
  assert.deepEqual(marked(), [0, 1]);
  point("up", 35, 5);
  assert.deepEqual(selected(), [0, 1]);
  assert.equal(press("Escape"), true);
  assert.deepEqual(selected(), [0, 1, 2, 3]);
  assert.equal(find(".vw-part").hidden, true);
  assert.equal(press("Escape"), false);
});

test("a rectangle ends when other images come under it", () => {
  const { point, model, marked, find } = setUp([0, 1, 2, 3]);
  point("down", 1, 1);
  point("move", 15, 5);
  model.set("selection", view(bitsOf(5, 6, 7)));
  assert.equal(find(".vw-band").hidden, true);
  point("up", 15, 5);
  assert.deepEqual(marked(), [5, 6, 7]);
});

test("the bar says how many are selected, turns it round, and hands the focus on", () => {
  const { click, find, selected } = setUp([0, 1, 2, 3, 4]);
  click(1);
  click(2, { shiftKey: true });
  const [invert, all] = find(".vw-part").querySelectorAll("button");
  assert.equal(find(".vw-part [role=status]").textContent, "2 of 5");
  assert.equal(find(".vw-title").textContent, "2 selected");
  invert.click();
  assert.deepEqual(selected(), [0, 3, 4]);
  all.focus();
  all.click();
  assert.deepEqual(selected(), [0, 1, 2, 3, 4]);
  assert.equal(find(".vw-part").hidden, true);
  assert.equal(document.activeElement, find(".vw-gallery").parentElement);
});

test("what is selected elsewhere is shown, and what the kernel only tells back is not", () => {
  const { click, model, items, selected, find } = setUp([2, 4]);
  click(0, { ctrlKey: true });
  click(1, { ctrlKey: true });
  model.set("selection", new DataView(new ArrayBuffer(0))); // how the kernel writes none
  assert.equal(items().length, 2);
  assert.equal(find(".vw-head .vw-link").hidden, true, "there is nothing to deselect");
  click(1, { ctrlKey: true });
  assert.deepEqual(selected(), [4]);
  model.set("selection", view(bitsOf(4, 8, 9)));
  assert.deepEqual(
    items().map((item) => item.dataset.row),
    ["4", "8", "9"],
  );
});

test("after an action on a part the others are left, undone it is as before", () => {
  const { click, act, items, marked, find, selected, gallery, press } = setUp([0, 1, 2, 3, 4]);
  const rows = () => items().map((item) => Number(item.dataset.row));
  click(1);
  click(2, { shiftKey: true });
  act();
  assert.deepEqual(rows(), [0, 3, 4]);
  assert.equal(find(".vw-part [role=status]").textContent, "3 left");
  assert.equal(find(".vw-gallery-grid").classList.contains("vw-parted"), false);
  items()[0].focus();
  press(" ");
  act();
  assert.deepEqual(rows(), [3, 4]);
  assert.equal(document.activeElement, find(".vw-gallery-grid"));
  act(0);
  act(1, 2);
  assert.deepEqual(rows(), [0, 1, 2, 3, 4]);
  assert.deepEqual(marked(), [1, 2]);
  act();
  find(".vw-part button:last-child").click();
  assert.deepEqual(selected(), [0, 3, 4]);
  act();
  assert.deepEqual(rows(), []);
  assert.equal(gallery.back(), false);
});

test("what is left goes with Escape, and with a selection made elsewhere", () => {
  const { click, act, items, press, model, find } = setUp([0, 1, 2]);
  click(0, { ctrlKey: true });
  act();
  assert.equal(items().length, 1);
  items()[0].focus();
  assert.equal(press("Escape"), true);
  assert.equal(items().length, 0);
  assert.equal(find(".vw-gallery-grid").hidden, true);
  model.set("selection", view(bitsOf(0, 1, 2)));
  click(0, { ctrlKey: true });
  act();
  model.set("selection", view(bitsOf(7)));
  assert.equal(items().length, 1);
  model.set("selection", view(bitsOf()));
  assert.equal(items().length, 0);
});

test("it is a list of options of which several may be selected", () => {
  const { find, items } = setUp([0, 1]);
  const grid = find("[role=listbox]");
  assert.equal(grid.getAttribute("aria-multiselectable"), "true");
  for (const item of items()) {
    assert.equal(item.getAttribute("role"), "option");
    assert.equal(item.getAttribute("aria-selected"), "true");
  }
});

test("a gallery that ends listens no more", () => {
  const { controller, model, click, picked, drag, selected } = setUp([0, 1, 2]);
  assert.equal(model.listening(), 1);
  controller.abort();
  assert.equal(model.listening(), 0);
  click(0);
  drag([1, 1, 15, 5]);
  assert.deepEqual(picked, []);
  assert.deepEqual(selected(), [0, 1, 2]);
});
