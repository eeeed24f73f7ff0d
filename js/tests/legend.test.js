import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_COLOR } from "../map/colors.js";
import { createLegend } from "../map/legend.js";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";

/** @param {any} color */
function setUp(color) {
  const { window, controller } = openPage();
  const model = createModel({ _color: { ...NO_COLOR, ...color } });
  /** @type {number[][]} */
  const filters = [];
  const el = document.createElement("div");
  document.body.append(el);
  const legend = createLegend({
    model: /** @type {any} */ (model),
    el,
    signal: controller.signal,
    onFilter: (hidden) => filters.push([...hidden].sort()),
  });
  const entries = () => [...el.querySelectorAll(".vw-legend-entry")];
  /** @param {number} k @param {MouseEventInit} [options] */
  const click = (k, options = { detail: 1 }) =>
    entries()[k].dispatchEvent(new window.MouseEvent("click", { bubbles: true, ...options }));
  return {
    model,
    controller,
    legend,
    el,
    entries,
    click,
    last: () => filters[filters.length - 1],
  };
}

const three = {
  kind: "categories",
  name: "kind",
  labels: ["a", "b", "c"],
  colors: ["#000", "#111", "#222"],
  counts: [1, 20_000, 3],
};

test("a click hides a class and another shows it again", () => {
  const { click, last, entries } = setUp(three);
  click(0);
  assert.deepEqual(last(), [1]);
  assert.equal(entries()[0].getAttribute("aria-pressed"), "false");
  click(2);
  assert.deepEqual(last(), [1, 3]);
  click(0);
  assert.deepEqual(last(), [3]);
});

test("a double click leaves only one class, and again brings all back", () => {
  const { click, last } = setUp(three);
  click(1, { detail: 1 });
  click(1, { detail: 2 });
  assert.deepEqual(last(), [1, 3]);
  click(1, { detail: 1 });
  click(1, { detail: 2 });
  assert.deepEqual(last(), []);
});

test("a click with Alt leaves only one class", () => {
  const { click, last } = setUp(three);
  click(2, { detail: 1, altKey: true });
  assert.deepEqual(last(), [1, 2]);
});

test("missing values have an entry that can be hidden, code 0", () => {
  const { click, last, entries } = setUp({ ...three, missing: 7 });
  assert.equal(entries()[3].textContent, "no value7");
  click(3);
  assert.deepEqual(last(), [0]);
});

test("everything can be shown again", () => {
  const { click, last, el } = setUp(three);
  click(0);
  const all = /** @type {HTMLButtonElement} */ (el.querySelector(".vw-link"));
  assert.equal(all.hidden, false);
  all.click();
  assert.deepEqual(last(), []);
  assert.equal(all.hidden, true);
});

test("other colours take the filter away", () => {
  const { model, click, last, legend } = setUp(three);
  click(0);
  model.set("_color", { ...NO_COLOR, ...three, name: "other", labels: ["x"], colors: ["#000"] });
  assert.deepEqual(last(), []);
  model.set("_color", NO_COLOR);
  assert.equal(legend.root.hidden, true);
});

test("labels are text, whatever they hold", () => {
  const evil = "<img src=x onerror=alert(1)>";
  const { el, entries } = setUp({ ...three, labels: [evil, "b", "c"], name: evil });
  assert.equal(el.querySelector("img"), null);
  assert.ok(entries()[0].textContent?.startsWith(evil));
});

test("numbers show a ramp with its ends in words", () => {
  const { el } = setUp({ kind: "numbers", colors: ["#000", "#fff"], low: "0.5", high: "1e+03" });
  assert.equal(el.querySelector(".vw-ramp-ends")?.textContent, "0.51e+03");
});

test("a legend that ends listens no more", () => {
  const { model, controller } = setUp(three);
  assert.equal(model.listening(), 1);
  controller.abort();
  assert.equal(model.listening(), 0);
});
