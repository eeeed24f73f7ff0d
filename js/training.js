// The live view of a training: a curve for each term of the loss, images with their
// reconstructions, counters, and a button that ends it and keeps what was learned.

import { createPicture, imageAt } from "./latent/picture.js";
import { toFloat32, toUint8 } from "./shared/buffers.js";
import { button, count, h, short } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import * as icons from "./shared/icons.js";
import { onChange, onEnd, onResize } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

const SVG = "http://www.w3.org/2000/svg";
const STOP_PATIENCE_MS = 2000;
const PLOT_HEIGHT = 140;
const MARGIN = { left: 48, right: 8, top: 8, bottom: 20 };
const PICTURE_GAP = 8;
const LARGEST_PICTURE = 96;

/** What the names of the terms mean, for people. Other terms are shown under their own names. */
const TERMS = /** @type {Record<string, { title: string, text: string }>} */ ({
  reconstruction: {
    title: "Reconstruction",
    text: "Negative log-likelihood of the images; lower is better, and below 0 is possible",
  },
  kl: {
    title: "KL divergence",
    text: "Information that the codes carry about an image",
  },
  kl_1: { title: "KL of layer 1", text: "Information in the codes of latent layer 1" },
  kl_2: { title: "KL of layer 2", text: "Information in the codes of latent layer 2, the deeper" },
  certainty: {
    title: "Certainty",
    text: "How sure the classes are: 0 for all alike, at most the logarithm of their number",
  },
  sparsity: {
    title: "Sparsity",
    text: "How far the codes are from being on as rarely as asked",
  },
});

/**
 * Time as people say it.
 * @param {number} seconds
 * @param {number} [places] below ten seconds
 */
export function duration(seconds, places = 1) {
  // As many digits all the time: a clock that changes its width makes its neighbours jump.
  if (seconds < 9.95) return `${seconds.toFixed(places)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * How a training ended, in words; "" while it runs.
 * @param {{ outcome: string | null, epoch: number, step: number, elapsed: number }} state
 */
export function outcomeWords({ outcome, epoch, step, elapsed }) {
  const reached = epoch > 0 ? `after epoch ${epoch}` : `after step ${step}`;
  switch (outcome) {
    case null:
    case undefined:
      return "";
    case "finished":
      return `Finished in ${duration(elapsed)}`;
    case "stopped":
    case "interrupted":
      return `Stopped early ${reached} – the model is usable`;
    case "diverged":
      return epoch > 0
        ? `The loss was not finite: the weights after epoch ${epoch} are kept`
        : "The loss was not finite before anything was learned";
    default:
      return "The training failed; the error is below the cell";
  }
}

/**
 * Round numbers that span an interval.
 * @param {number} low
 * @param {number} high
 * @param {number} most how many at most
 * @returns {number[]}
 */
export function ticks(low, high, most) {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.8) ?? 10);
  const result = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) result.push(i * step);
  return result;
}

/**
 * The span of values worth drawing: the first tenth is left out, since a loss falls from far
 * above, and would press all the rest into one line.
 * @param {number[]} values
 * @returns {[number, number]}
 */
export function span(values) {
  const late = values.length > 10 ? values.slice(Math.floor(values.length / 10)) : values;
  const low = Math.min(...late);
  const high = Math.max(...late);
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - margin, high + margin];
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * A small line plot of one term over the steps.
 * @param {string} name
 * @param {AbortSignal} signal
 */
function createPlot(name, signal) {
  const term = TERMS[name] ?? { title: name, text: name };
  const value = h("output", "vw-plot-value");
  const head = h(
    "figcaption",
    { class: "vw-plot-head", title: term.text },
    h("span", {}, term.title, h("span", "vw-muted", " nats per image")),
    value,
  );
  const drawing = svg("svg", { class: "vw-plot", height: PLOT_HEIGHT, role: "img" });
  const root = h("figure", "vw-plot-figure", head, drawing);
  let width = 0;
  /** @type {number[]} */
  let steps = [];
  /** @type {number[]} */
  let values = [];
  let lastStep = 1;

  function draw() {
    if (width < 100) return;
    drawing.setAttribute("width", String(width));
    drawing.setAttribute("aria-label", `${term.title} over ${steps.length} points`);
    const inner = {
      width: width - MARGIN.left - MARGIN.right,
      height: PLOT_HEIGHT - MARGIN.top - MARGIN.bottom,
    };
    const [low, high] = values.length ? span(values) : [0, 1];
    const x = (/** @type {number} */ step) => (step / lastStep) * inner.width;
    const y = (/** @type {number} */ at) => ((high - at) / (high - low)) * inner.height;
    const axes = svg("g", { transform: `translate(${MARGIN.left} ${MARGIN.top})` });
    for (const at of values.length ? ticks(low, high, 4) : []) {
      axes.append(
        svg("path", { class: "vw-plot-grid", d: `M0 ${y(at)}H${inner.width}` }),
        svg("text", { x: -6, y: y(at) + 4, "text-anchor": "end" }, short(at)),
      );
    }
    for (const at of ticks(0, lastStep, Math.max(2, Math.floor(inner.width / 70)))) {
      const place = at === 0 ? "start" : x(at) > inner.width - 20 ? "end" : "middle";
      const text = at === 0 ? "step 0" : count(at);
      axes.append(svg("text", { x: x(at), y: inner.height + 14, "text-anchor": place }, text));
    }
    // A nested drawing cuts off what lies outside the span.
    const clip = svg("svg", {
      width: inner.width,
      height: inner.height,
      overflow: "hidden",
    });
    if (values.length) {
      const line = values.map((at, i) => `${x(steps[i]).toFixed(1)} ${y(at).toFixed(1)}`);
      clip.append(svg("path", { class: "vw-plot-line", d: `M${line.join("L")}` }));
    }
    axes.append(clip);
    drawing.replaceChildren(axes);
  }
  onResize(
    root,
    (next) => {
      width = Math.floor(next);
      draw();
    },
    signal,
  );

  return {
    root,
    /**
     * @param {number[]} atSteps @param {number[]} series @param {number} nSteps
     */
    show(atSteps, series, nSteps) {
      steps = atSteps;
      values = series;
      lastStep = Math.max(1, nSteps);
      value.textContent = series.length ? short(series[series.length - 1]) : "";
      draw();
    },
  };
}

/**
 * Pairs of an image and its reconstruction, as large as there is room for.
 * @param {AbortSignal} signal
 */
function createPairs(signal) {
  const root = h("div", { class: "vw-pairs", hidden: true });
  const note = h(
    "div",
    "vw-muted vw-pairs-note",
    "Above: the image. Below: what the model makes of it.",
  );
  const list = h("div", "vw-pairs-list");
  root.append(note, list);
  /** @type {import("./latent/picture.js").Picture[][]} */
  let pairs = [];
  let side = 56;
  onResize(
    root,
    (width) => {
      if (width < 100) return;
      const columns = width < 480 ? 4 : 8;
      // Of each picture two pixels are its border.
      const room = Math.floor((width - PICTURE_GAP) / columns) - PICTURE_GAP - 2;
      side = Math.min(LARGEST_PICTURE, room);
      list.style.gridTemplateColumns = `repeat(${columns}, max-content)`;
      for (const picture of pairs.flat()) picture.resize(side);
    },
    signal,
  );

  return {
    root,
    /** @param {Uint8Array} bytes @param {number[]} shape */
    show(bytes, shape) {
      const [n, height, width, channels] = shape;
      const known = shape.length === 4 && bytes.length === 2 * n * height * width * channels;
      root.hidden = !known;
      if (!known) return;
      if (pairs.length !== n) {
        pairs = Array.from({ length: n }, (_, i) => [
          createPicture({ label: `Image ${i + 1}`, side }),
          createPicture({ label: `Reconstruction ${i + 1}`, side }),
        ]);
        list.replaceChildren(...pairs.map(([image, copy]) => h("div", {}, image.root, copy.root)));
      }
      pairs.forEach((pair, i) => {
        pair.forEach((picture, j) => {
          picture.show(imageAt({ bytes, width, height, channels }, j * n + i));
        });
      });
    },
  };
}

/**
 * The button that ends the training, and what is said about it.
 * @param {import("./shared/requests.js").Requests} requests
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal
 */
function createStop(requests, say, signal) {
  const root = button({
    icon: icons.stop,
    label: "Stop and keep what was learned",
    title: "End the training after this step; the model is usable",
    onClick: () => {
      root.disabled = true;
      say("Stopping after this step …");
      const timer = setTimeout(
        () =>
          say(
            "The kernel does not answer while the cell runs. Use the stop button of the " +
              "notebook (■): what was learned is kept too.",
          ),
        STOP_PATIENCE_MS,
      );
      onEnd(signal, () => clearTimeout(timer));
      requests
        .ask("stop")
        .catch(() => {
          // No answer yet: the words above say what to do, and the button may be tried again.
          root.disabled = false;
        })
        .finally(() => clearTimeout(timer));
    },
  });
  return root;
}

/** @param {{ model: Model, el: HTMLElement, signal: AbortSignal }} options */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: "Training", signal });
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const stop = createStop(requests, frame.say, signal);
  const bar = h("progress", {
    class: "vw-progress",
    max: 1,
    value: 0,
    "aria-label": "Steps done",
  });
  const counters = h("span", "vw-counters");
  const times = h("span", "vw-muted");
  frame.toolbar.append(stop, bar, counters, times);
  const plots = h("div", "vw-plots");
  const pairs = createPairs(signal);
  frame.body.append(plots, pairs.root);
  /** @type {Map<string, ReturnType<typeof createPlot>>} */
  const byName = new Map();

  let doing = ""; // what is done between two steps, if it takes long

  function showState() {
    const state = model.get("_state");
    if (!state || !("n_steps" in state)) return;
    const running = state.outcome === null;
    stop.hidden = !running;
    bar.hidden = !running;
    bar.value = state.step / Math.max(1, state.n_steps);
    const epoch = Math.min(state.epoch + (running ? 1 : 0), state.max_epochs);
    counters.textContent =
      `Epoch ${count(epoch)} of ${count(state.max_epochs)}, ` +
      `step ${count(state.step)} of ${count(state.n_steps)}`;
    const left =
      running && state.remaining !== null ? `, about ${duration(state.remaining, 0)} left` : "";
    times.hidden = state.outcome === "finished"; // the status line says how long it took
    times.textContent = `${duration(state.elapsed)}${left}`;
    const words = outcomeWords(state);
    if (words || state.doing !== doing) frame.say(words || state.doing);
    doing = state.doing;
  }

  function showCurves() {
    /** @type {string[]} */
    const names = model.get("_series") ?? [];
    const numbers = toFloat32(model.get("_curves"));
    const state = model.get("_state") ?? {};
    // Once it has ended the axis ends there too, however many steps were planned.
    const nSteps = (state.outcome ? state.step : state.n_steps) ?? 1;
    const columns = names.length + 1;
    const rows = Math.floor(numbers.length / columns);
    const column = (/** @type {number} */ k) =>
      Array.from({ length: rows }, (_, row) => numbers[row * columns + k]);
    names.forEach((name, k) => {
      let plot = byName.get(name);
      if (!plot) {
        plot = createPlot(name, signal);
        byName.set(name, plot);
        plots.append(plot.root);
      }
      plot.show(column(0), column(k + 1), nSteps);
    });
  }

  const showPairs = () => pairs.show(toUint8(model.get("_pictures")), model.get("_shape") ?? []);
  onChange(model, "_state", showState, signal);
  onChange(model, ["_curves", "_series", "_state"], showCurves, signal);
  onChange(model, ["_pictures", "_shape"], showPairs, signal);
  showState();
  showCurves();
  showPairs();
}

export default { render };
