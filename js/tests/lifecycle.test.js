import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { createModel } from "./fake_model.js";

const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
Object.assign(globalThis, {
  window,
  document: window.document,
  requestAnimationFrame: window.requestAnimationFrame.bind(window),
  cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
});
const { listen, onChange, perFrame } = await import("../shared/lifecycle.js");
const { createFrame } = await import("../shared/frame.js");
const { h } = await import("../shared/dom.js");

test("no listener of the model survives the view", () => {
  const model = createModel();
  const controller = new AbortController();
  onChange(/** @type {any} */ (model), ["a", "b"], () => {}, controller.signal);
  assert.equal(model.listening(), 2);
  controller.abort();
  assert.equal(model.listening(), 0);
});

test("no listener of the page survives the view", () => {
  const controller = new window.AbortController();
  let clicks = 0;
  listen(document.body, "click", () => clicks++, /** @type {any} */ (controller.signal));
  document.body.click();
  controller.abort();
  document.body.click();
  assert.equal(clicks, 1);
});

test("many redraws in one frame draw once, and none after the view ended", async () => {
  const controller = new window.AbortController();
  let draws = 0;
  const redraw = perFrame(() => draws++, /** @type {any} */ (controller.signal));
  for (let i = 0; i < 5; i++) redraw();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(draws, 1);
  redraw();
  controller.abort();
  redraw();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(draws, 1);
});

test("text of the data is text, whatever it holds", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const element = h("div", {}, h("span", { title: hostile }, hostile));
  assert.equal(element.querySelectorAll("img").length, 0);
  assert.equal(element.textContent, hostile);
});

test("keys stay inside the widget, Escape too: it ends what is open, then goes to the map", () => {
  const controller = new window.AbortController();
  const el = h("div", {});
  document.body.append(el);
  const frame = createFrame({
    el,
    title: "Test",
    signal: /** @type {any} */ (controller.signal),
  });
  /** @type {string[]} */
  const reached = [];
  document.body.addEventListener("keydown", (event) => reached.push(event.key));
  const press = (/** @type {string} */ key) =>
    frame.root.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true }));
  frame.root.focus();
  press("z");
  assert.deepEqual(reached, []);
  press("Escape");
  assert.equal(document.activeElement, frame.root, "there is no map to go to");
  const map = h("div", { class: "vw-map", tabIndex: 0 });
  const box = h("input", { type: "text" });
  const slider = h("input", { type: "range" });
  frame.body.append(box, slider, map);
  let open = 1;
  frame.onEscape(() => open-- > 0);
  const pressEscape = () =>
    document.activeElement?.dispatchEvent(
      new window.KeyboardEvent("keydown", { key: "Escape", bubbles: true }),
    );
  box.focus();
  pressEscape();
  assert.deepEqual([open, document.activeElement], [1, map], "first out of the text");
  slider.focus();
  pressEscape();
  assert.deepEqual([open, document.activeElement], [0, slider]);
  pressEscape();
  assert.equal(document.activeElement, map);
  assert.deepEqual(reached, []);
  frame.showError("<b>boom</b>");
  assert.equal(el.querySelector(".vw-error b"), null);
  assert.match(el.querySelector(".vw-error")?.textContent ?? "", /<b>boom<\/b>/);
  controller.abort();
  assert.equal(el.querySelector(".vw-root"), null);
});
