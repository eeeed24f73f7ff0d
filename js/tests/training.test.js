import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { createModel } from "./fake_model.js";

const { window } = new JSDOM("<!doctype html><body></body>");
window.HTMLCanvasElement.prototype.getContext = () => null; // jsdom has none to draw on
Object.assign(globalThis, {
  document: window.document,
  ResizeObserver: class {
    /** @param {(entries: any[]) => void} callback */
    constructor(callback) {
      callback([{ contentRect: { width: 400, height: 200 } }]);
    }
    observe() {}
    disconnect() {}
  },
});
const { default: widget, duration, outcomeWords, span, ticks } = await import("../training.js");

/** @param {Record<string, any>} changes */
function show(changes = {}) {
  const model = createModel({
    _state: {
      epoch: 1,
      max_epochs: 4,
      step: 20,
      n_steps: 40,
      elapsed: 3,
      remaining: 3,
      outcome: null,
    },
    _series: ["reconstruction", "kl"],
    _curves: new DataView(new Float32Array([10, 5, 1, 20, 4, 2]).buffer),
    _shape: [2, 1, 1, 1],
    _pictures: new DataView(new Uint8Array([0, 1, 2, 3]).buffer),
    ...changes,
  });
  const el = document.createElement("div");
  const controller = new window.AbortController();
  const signal = /** @type {AbortSignal} */ (controller.signal);
  widget.render({ model: /** @type {any} */ (model), el, signal });
  return { model, el, controller };
}

/** @param {HTMLElement} el @returns {HTMLButtonElement} */
function stopButton(el) {
  const button = [...el.querySelectorAll("button")].find((each) =>
    each.textContent?.startsWith("Stop"),
  );
  assert.ok(button);
  return button;
}

test("times are said as people say them", () => {
  assert.deepEqual(
    [0.1234, 12.34, 59.99, 61, 3723].map((time) => duration(time)),
    ["0.1 s", "12 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"],
  );
});

test("every end of a training has its words", () => {
  const at = { epoch: 7, step: 99, elapsed: 12.3 };
  assert.equal(outcomeWords({ ...at, outcome: null }), "");
  assert.equal(outcomeWords({ ...at, outcome: "finished" }), "Finished in 12 s");
  const early = "Stopped early after epoch 7 – the model is usable";
  assert.equal(outcomeWords({ ...at, outcome: "stopped" }), early);
  assert.equal(outcomeWords({ ...at, outcome: "interrupted" }), early);
  assert.match(outcomeWords({ ...at, outcome: "stopped", epoch: 0 }), /after step 99/);
  assert.match(outcomeWords({ ...at, outcome: "diverged" }), /weights after epoch 7 are kept/);
  assert.match(outcomeWords({ ...at, outcome: "failed" }), /failed/);
});

test("ticks are round and inside", () => {
  assert.deepEqual(ticks(-531, 520, 4), [-500, 0, 500]);
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  assert.deepEqual(ticks(3, 3, 4), [3]);
});

test("the fall at the start does not press the rest of a curve flat", () => {
  const values = [1000, 900, ...Array(38).fill(1), 2];
  const [low, high] = span(values);
  assert.ok(low < 1 && high > 2 && high < 3);
  assert.deepEqual(span([5]), [4.75, 5.25]);
});

test("curves, pictures and counters are drawn", () => {
  const { el } = show();
  assert.equal(el.querySelectorAll(".vw-plot-line").length, 2);
  assert.equal(el.querySelectorAll(".vw-pairs canvas").length, 4);
  const text = String(el.textContent);
  assert.match(text, /Epoch 2 of 4, step 20 of 40/);
  assert.match(text, /3\.0 s, about 3 s left/);
  assert.match(text, /Reconstruction nats per image/);
});

test("stop is asked once, and its end is told", () => {
  const { model, el } = show();
  const button = stopButton(el);
  button.click();
  button.click();
  assert.deepEqual(
    model.sent.map(({ content }) => content.op),
    ["stop"],
  );
  assert.match(String(el.textContent), /Stopping after this step/);
  model.emit(
    "msg:custom",
    { op: "reply", request: model.sent[0].content.request, stopping: true },
    [],
  );
  model.set("_state", { ...model.get("_state"), outcome: "stopped" });
  assert.equal(button.hidden, true);
  assert.match(String(el.textContent), /Stopped early after epoch 1/);
});

test("a stop that is not acknowledged names the other button", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { el } = show();
  stopButton(el).click();
  context.mock.timers.tick(1999);
  assert.match(String(el.textContent), /Stopping after this step/);
  context.mock.timers.tick(1);
  assert.match(String(el.textContent), /Use the stop button of the notebook/);
});

test("names from the kernel are text", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const { el } = show({ _series: [hostile, "kl"] });
  assert.equal(el.querySelector("img"), null);
  assert.ok(el.textContent?.includes(hostile));
});

test("nothing is left when the view goes", () => {
  const { model, controller } = show();
  controller.abort();
  assert.equal(model.listening(), 0);
});
