// The interpolator and the tweaker in jsdom, which has no canvas: what is painted is recorded.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { JSDOM } from "jsdom";
import { createModel } from "./fake_model.js";

const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
Object.assign(globalThis, {
  window,
  document: window.document,
  requestAnimationFrame: window.requestAnimationFrame.bind(window),
  cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
  ResizeObserver: class {
    observe() {}
    disconnect() {}
  },
});
/** @type {{ canvas: HTMLCanvasElement, first: number }[]} */
const painted = [];
/** @this {HTMLCanvasElement} */
function recordingContext() {
  return {
    createImageData: (/** @type {number} */ w, /** @type {number} */ h) => ({
      data: new Uint8ClampedArray(4 * w * h),
    }),
    putImageData: (/** @type {any} */ image) =>
      painted.push({ canvas: this, first: image.data[0] }),
  };
}
window.HTMLCanvasElement.prototype.getContext = /** @type {any} */ (recordingContext);
const { default: interpolator } = await import("../interpolator.js");
const { default: tweaker } = await import("../tweaker.js");

const wait = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const floats = (/** @type {number[]} */ ...values) =>
  new DataView(new Float32Array(values).buffer);

/** @type {AbortController[]} */
const open = [];
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
  painted.length = 0;
});

/** @param {any} view @param {any} model */
function show(view, model) {
  const controller = new window.AbortController();
  open.push(controller);
  const el = document.createElement("div");
  document.body.append(el);
  view.render({ model, el, signal: controller.signal });
  /** @param {string} text */
  const press = (text) => {
    const found = [...el.querySelectorAll("button")].find(
      (b) => b.textContent === text || b.title === text,
    );
    assert.ok(found, text);
    found.click();
  };
  return { el, controller, press };
}

function createPath(traits = {}) {
  const model = createModel({
    t: 0.5,
    kind: "optimal_transport",
    sampling: false,
    _noise: 0,
    _ends: { start: null, end: null, version: 1 },
    _has_posterior: true,
    _n: 0,
    ...traits,
  });
  const asked = () => model.sent.filter(({ content }) => content.op === "frames");
  /** @param {any} message five frames of one pixel, 10, 20, ... */
  const answer = async ({ content }) => {
    const size = { n: 5, width: 1, height: 1, channels: 1 };
    const buffers = [new Uint8Array([10, 20, 30, 40, 50]), new Uint8Array([1, 2])];
    model.emit("msg:custom", { op: "reply", request: content.request, ...size }, buffers);
    await wait();
  };
  return { model, asked, answer };
}

test("the interpolator asks for the whole path once and then repaints by itself", async () => {
  const { model, asked, answer } = createPath();
  const { el } = show(interpolator, model);
  await wait();
  assert.equal(asked().length, 1);
  await answer(asked()[0]);
  const middle = el.querySelector(".vw-current canvas");
  const seen = () => painted.filter(({ canvas }) => canvas === middle).map(({ first }) => first);
  assert.deepEqual(seen(), [30]);
  const slider = /** @type {HTMLInputElement} */ (el.querySelector("input[type=range]"));
  slider.value = "1";
  slider.dispatchEvent(new window.Event("input"));
  assert.deepEqual(seen(), [30, 50]); // in the same task, so before the next frame
  assert.equal(model.get("t"), 1);
  assert.equal(asked().length, 1);
  slider.dispatchEvent(new window.KeyboardEvent("keydown", { key: "ArrowLeft" }));
  assert.equal(model.get("t"), 0.75);
});

test("several changes at once ask for one path, with the choices in the question", async () => {
  const { model, asked, answer } = createPath();
  show(interpolator, model);
  await wait();
  await answer(asked()[0]);
  model.set("kind", "linear");
  model.set("sampling", true);
  model.set("_noise", 3);
  await wait();
  assert.equal(asked().length, 2);
  const { kind, sampling, noise } = asked()[1].content;
  assert.deepEqual([kind, sampling, noise], ["linear", true, 3]);
  await answer(asked()[1]);
  assert.equal(asked().length, 2);
});

test("two views of an interpolator agree, and ask once", async () => {
  const { model, asked, answer } = createPath();
  const [first, second] = [show(interpolator, model), show(interpolator, model)];
  await wait();
  assert.equal(asked().length, 1);
  await answer(asked()[0]);
  first.press("Spherical");
  const pressed = second.el.querySelector(".vw-joined [aria-pressed=true]");
  assert.equal(pressed?.textContent, "Spherical");
  assert.match(second.el.querySelector(".vw-explanation")?.textContent ?? "", /arc/);
});

test("a model without posterior offers no sampling and says why", () => {
  const { model } = createPath({ _has_posterior: false });
  const { el } = show(interpolator, model);
  const buttons = [...el.querySelectorAll("button")];
  const sampling = buttons.find(({ textContent }) => textContent === "Sampling");
  assert.equal(sampling?.disabled, true);
  assert.match(sampling?.title ?? "", /no posterior/);
});

test("an error of the kernel is shown in the interpolator", async () => {
  const { model, asked } = createPath();
  const { el } = show(interpolator, model);
  await wait();
  const { request } = asked()[0].content;
  model.emit("msg:custom", { op: "error", request, message: "pixels are not finite" }, []);
  await wait();
  const error = /** @type {HTMLElement} */ (el.querySelector(".vw-error"));
  assert.equal(error.hidden, false);
  assert.match(error.textContent ?? "", /not finite/);
});

function createCode(d = 3, traits = {}) {
  const row = (/** @type {number} */ value) => floats(...Array(d).fill(value));
  return createModel({
    code: row(0),
    _mean: row(0),
    _std: row(0.1),
    _low: row(-3),
    _high: row(3),
    _range: floats(),
    _information: floats(...Array.from({ length: d }, (_, i) => i)),
    _active: new DataView(new Uint8Array(d).fill(1).buffer),
    _unit: "nats",
    row: null,
    _loaded: 1,
    _has_posterior: true,
    _has_prior: true,
    _n: 0,
    ...traits,
  });
}
/** @param {HTMLElement} el */
const namesIn = (el) => [...el.querySelectorAll(".vw-dim-name b")].map((b) => b.textContent);

test("the tweaker shows the most informative dimensions first, and all when asked", () => {
  const { el, press } = show(tweaker, createCode(64));
  assert.deepEqual(namesIn(el).slice(0, 3), ["z63", "z62", "z61"]);
  assert.equal(namesIn(el).length, 16);
  press("Show all 64");
  assert.equal(namesIn(el).length, 64);
});

test("inactive dimensions are folded away", () => {
  const active = new DataView(new Uint8Array([0, 1, 0]).buffer);
  const { el } = show(tweaker, createCode(3, { _active: active }));
  assert.equal(el.querySelector("summary")?.textContent, "2 inactive dimensions");
  assert.deepEqual(namesIn(el), ["z1"]);
});

test("a slider moves its own dimension, in all views, and a double click puts it back", () => {
  const model = createCode();
  const [first, second] = [show(tweaker, model), show(tweaker, model)];
  const slider = /** @type {HTMLInputElement} */ (first.el.querySelector(".vw-dim-slider"));
  slider.value = "1.5";
  slider.dispatchEvent(new window.Event("input"));
  const code = () => [...new Float32Array(model.get("code").buffer)];
  assert.deepEqual(code(), [0, 0, 1.5]);
  assert.equal(second.el.querySelector(".vw-dim-value")?.textContent, "1.50");
  slider.dispatchEvent(new window.Event("dblclick"));
  assert.deepEqual(code(), [0, 0, 0]);
  slider.dispatchEvent(new window.KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true }));
  assert.ok(Math.abs(code()[2] - 0.6) < 1e-6, String(code()));
});

/**
 * Drag a slider from end to end, 600 events in turns of 20.
 * @param {HTMLInputElement} slider @param {(place: number) => number} at
 */
async function drag(slider, at) {
  for (let k = 1; k <= 600; k++) {
    slider.value = String(at(k / 600));
    slider.dispatchEvent(new window.Event("input"));
    if (k % 20 === 0) await wait(15);
  }
}

test("of 600 moves of a slider one code at a time is decoded, and the last one is shown", async () => {
  const model = createCode();
  const { el } = show(tweaker, model);
  const asked = () => model.sent.filter(({ content }) => content.op === "decode");
  let open = 0;
  let most = 0;
  let answered = 0;
  /** A kernel that takes its time: an image is as bright as 50 times its code. */
  async function answer() {
    const { content, buffers } = asked()[answered++];
    most = Math.max(most, ++open);
    await wait(100); // longer than the pause between two questions
    open--;
    const size = { width: 1, height: 1, channels: 1 };
    const bytes = new Uint8Array([Math.round(50 * new Float32Array(buffers[0])[2])]);
    model.emit("msg:custom", { op: "reply", request: content.request, ...size }, [bytes]);
  }
  const kernel = setInterval(() => {
    while (answered < asked().length) answer();
  }, 1);
  const saves = model.saves();
  const slider = /** @type {HTMLInputElement} */ (el.querySelector(".vw-dim-slider"));
  await drag(slider, (place) => 3 * place);
  const result = el.querySelector(".vw-current canvas");
  const seen = () => painted.filter(({ canvas }) => canvas === result).at(-1)?.first;
  for (let tries = 0; seen() !== 150 && tries < 200; tries++) await wait(10);
  clearInterval(kernel);
  assert.equal(seen(), 150);
  assert.equal(new Float32Array(asked().at(-1)?.buffers[0])[2], 3);
  assert.equal(new Float32Array(model.get("code").buffer)[2], 3);
  assert.equal(most, 1);
  assert.ok(asked().length < 200, `${asked().length} codes were decoded`);
  assert.ok(model.saves() - saves < 200, `${model.saves() - saves} codes were saved`);
});

test("of 600 moves along a path none is asked of the kernel, and the last one is shown", async () => {
  const { model, asked, answer } = createPath();
  const { el } = show(interpolator, model);
  await wait();
  await answer(asked()[0]);
  const { length } = model.sent;
  const slider = /** @type {HTMLInputElement} */ (el.querySelector("input[type=range]"));
  await drag(slider, (place) => 1 - place);
  const middle = el.querySelector(".vw-current canvas");
  assert.equal(painted.filter(({ canvas }) => canvas === middle).at(-1)?.first, 10);
  assert.equal(model.get("t"), 0);
  assert.equal(model.sent.length, length);
  assert.ok(model.saves() < 200, `the place was saved ${model.saves()} times`);
});

test("where the browser refuses to copy, the code is shown to be copied by hand", async () => {
  const { el, press } = show(tweaker, createCode());
  press("Copy code");
  await wait();
  const box = /** @type {HTMLElement} */ (el.querySelector(".vw-copied"));
  assert.equal(box.hidden, false);
  assert.match(box.querySelector("textarea")?.value ?? "", /z = np\.array\(\[0, 0, 0\]/);
});

test("no listener of the model survives the views", async () => {
  const { model: path } = createPath();
  const code = createCode();
  for (const [view, model] of /** @type {const} */ ([
    [interpolator, path],
    [tweaker, code],
  ])) {
    const { controller, el } = show(view, model);
    await wait();
    assert.ok(model.listening() > 0);
    controller.abort();
    assert.equal(model.listening(), 0);
    assert.equal(el.childElementCount, 0);
  }
});
