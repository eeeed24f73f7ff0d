// One slider a latent dimension, the most informative first, the silent ones folded away.
import { toFloat32, toUint8 } from "../shared/buffers.js";
import { button, count, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { listen, onChange } from "../shared/lifecycle.js";
import { byInformation, fixed, inWords, keyMove, toPlace } from "./dimensions.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {{ root: HTMLElement, showLimits: () => void, showSpread: () => void,
 *   showCode: (code: Float32Array) => void }} Row */

const FIRST = 16;
/** @type {Record<string, string>} */
const MEANINGS = {
  nats: "What the dimension tells about an image: KL divergence to the prior",
  "%": "Share of the variance of the images",
  sd: "Standard deviation of the codes of the images",
};

/**
 * @param {object} options
 * @param {Model} options.model
 * @param {AbortSignal} options.signal
 * @param {(dimension: number, value: number) => void} options.setValue
 * @param {() => void} options.onRelease the person let go of a slider
 * @returns {{ root: HTMLElement }}
 */
export function createSliders({ model, signal, setValue, onRelease }) {
  const root = h("div", { class: "vw-dims", role: "group", "aria-label": "Latent dimensions" });
  /** @type {(Row | undefined)[]} by dimension; made when first shown */
  const rows = [];
  let all = false;
  let folded = true;

  /** @param {number} dimension */
  function rowOf(dimension) {
    rows[dimension] ??= createRow({ model, signal, dimension, setValue, onRelease });
    return rows[dimension].root;
  }

  /** The elements of the list as they stand now: rows, and what unfolds more of them. */
  function build() {
    const information = toFloat32(model.get("_information"));
    const active = toUint8(model.get("_active"));
    const order = byInformation(information);
    const loud = order.filter((dimension) => active[dimension] === 1);
    const silent = order.filter((dimension) => active[dimension] !== 1);
    const shown = all ? loud : loud.slice(0, FIRST);
    rows.length = 0;
    root.replaceChildren(legend(model), ...shown.map(rowOf));
    if (shown.length < loud.length) {
      root.append(
        button({
          label: `Show all ${count(loud.length)}`,
          title: `Show the ${loud.length - FIRST} less informative dimensions too`,
          onClick: () => {
            all = true;
            build();
          },
        }),
      );
    }
    if (silent.length > 0) root.append(inactive(silent));
    follow();
  }

  /** @param {number[]} silent */
  function inactive(silent) {
    const words =
      silent.length === 1 ? "1 inactive dimension" : `${silent.length} inactive dimensions`;
    const body = h("div", "vw-dims-silent");
    const details = h(
      "details",
      { open: !folded },
      h("summary", { title: "The model stores next to nothing in them" }, words),
      body,
    );
    const fill = () => {
      folded = !details.open;
      if (details.open && body.childElementCount === 0) {
        body.append(...silent.map(rowOf));
        follow();
      }
    };
    details.addEventListener("toggle", fill);
    fill();
    return details;
  }

  function follow() {
    const code = toFloat32(model.get("code"));
    for (const row of rows) {
      row?.showLimits();
      row?.showSpread();
      row?.showCode(code);
    }
  }

  onChange(model, ["_information", "_active", "_unit"], build, signal);
  onChange(
    model,
    "code",
    () => {
      const code = toFloat32(model.get("code"));
      for (const row of rows) row?.showCode(code);
    },
    signal,
  );
  onChange(model, ["_mean", "_low"], follow, signal);
  build();
  return { root };
}

/**
 * What the marks on the tracks mean.
 * @param {Model} model
 */
function legend(model) {
  /** @param {string} name @param {string} words */
  const entry = (name, words) =>
    h("span", "vw-dim-key", h("i", { class: `vw-dim-swatch ${name}` }), words);
  const spread = model.get("_has_posterior");
  return h(
    "div",
    "vw-dims-legend vw-muted",
    entry("vw-dim-swatch-mean", "code of the image"),
    spread ? entry("vw-dim-swatch-band", "± 2 σ of its posterior") : null,
    model.get("_n") ? entry("vw-dim-swatch-range", "98 % of the images") : null,
  );
}

/**
 * @param {object} options
 * @param {Model} options.model
 * @param {AbortSignal} options.signal
 * @param {number} options.dimension
 * @param {(dimension: number, value: number) => void} options.setValue
 * @param {() => void} options.onRelease
 * @returns {Row}
 */
function createRow({ model, signal, dimension, setValue, onRelease }) {
  const amount = toFloat32(model.get("_information"))[dimension];
  const words = inWords(amount, model.get("_unit"));
  const name = `z${dimension}`;
  const range = h("div", { class: "vw-track-range", hidden: true });
  const band = h("div", { class: "vw-track-band", hidden: true });
  const tick = h("div", "vw-track-mean");
  const input = h("input", {
    type: "range",
    class: "vw-dim-slider",
    step: "any",
    "aria-label": words ? `${name}, ${words}` : name,
  });
  const value = h("output", "vw-dim-value");
  const reset = () => setValue(dimension, toFloat32(model.get("_mean"))[dimension]);
  const back = button({
    icon: icons.reset,
    title: `Reset ${name}`,
    onClick: reset,
  });
  const root = h(
    "div",
    "vw-dim",
    h(
      "span",
      { class: "vw-dim-name", title: MEANINGS[model.get("_unit")] },
      h("b", {}, name),
      words ? ` · ${words}` : "",
    ),
    h("div", "vw-track", h("div", "vw-track-marks", range, band, tick), input),
    value,
    back,
  );
  let low = 0;
  let high = 1;

  listen(input, "input", () => setValue(dimension, Number(input.value)), signal);
  listen(input, "change", onRelease, signal);
  listen(input, "dblclick", reset, signal);
  listen(
    input,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      const code = toFloat32(model.get("code"));
      const moved = keyMove(event.key, event.shiftKey, code[dimension], low, high);
      if (moved === null) return;
      event.preventDefault();
      setValue(dimension, moved);
    },
    signal,
  );

  /** @param {HTMLElement} mark @param {number} from @param {number} to */
  function stretch(mark, from, to) {
    const start = toPlace(from, low, high);
    mark.hidden = false;
    mark.style.left = `${start * 100}%`;
    mark.style.width = `${(toPlace(to, low, high) - start) * 100}%`;
  }

  return {
    root,
    showLimits() {
      low = toFloat32(model.get("_low"))[dimension];
      high = toFloat32(model.get("_high"))[dimension];
      input.min = String(low);
      input.max = String(high);
    },
    showSpread() {
      const mean = toFloat32(model.get("_mean"))[dimension];
      tick.style.left = `${toPlace(mean, low, high) * 100}%`;
      const std = toFloat32(model.get("_std"))[dimension];
      if (std > 0) stretch(band, mean - 2 * std, mean + 2 * std);
      const usual = toFloat32(model.get("_range"));
      const n = usual.length / 2;
      if (n > 0) stretch(range, usual[dimension], usual[n + dimension]);
    },
    showCode(code) {
      const now = code[dimension];
      if (Math.fround(Number(input.value)) !== now) input.value = String(now);
      value.textContent = fixed(now);
      input.setAttribute("aria-valuetext", fixed(now));
      const moved = Math.abs(now - toFloat32(model.get("_mean"))[dimension]) > 1e-6;
      back.style.visibility = moved ? "visible" : "hidden";
    },
  };
}
