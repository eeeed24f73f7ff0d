// What the colours mean, and a filter by them.
import { count, h } from "../shared/dom.js";
import { onChange } from "../shared/lifecycle.js";

/** @typedef {import("./colors.js").ColorInfo} ColorInfo */

/**
 * @typedef {object} Legend
 * @property {HTMLElement} root
 * @property {() => Set<number>} hidden codes not shown
 */

/**
 * Follows the trait `_color`. A click on a class hides or shows it; a double click, or a click
 * with Alt, leaves only that one, and again brings all back.
 * @param {{ model: import("@anywidget/types").AnyModel, el: HTMLElement, signal: AbortSignal,
 *   onFilter: (hidden: Set<number>) => void }} options
 * @returns {Legend}
 */
export function createLegend({ model, el, signal, onFilter }) {
  const title = h("span", "vw-title");
  const all = h("button", { type: "button", class: "vw-link", hidden: true }, "Show all");
  const list = h("div", "vw-legend-list");
  const root = h(
    "section",
    { class: "vw-section vw-legend", "aria-label": "Legend" },
    h("div", "vw-head", title, all),
    list,
  );
  el.append(root);
  /** @type {Set<number>} */
  let hidden = new Set();
  let before = hidden;
  /** @type {number[]} every code that has an entry */
  let codes = [];

  /** @param {Set<number>} next */
  function filter(next) {
    hidden = next;
    all.hidden = hidden.size === 0;
    for (const entry of list.querySelectorAll("button")) {
      entry.setAttribute("aria-pressed", String(!hidden.has(Number(entry.dataset.code))));
    }
    onFilter(hidden);
  }

  /** @param {number} code */
  function only(code) {
    const isOnly = !hidden.has(code) && hidden.size === codes.length - 1;
    filter(isOnly ? new Set() : new Set(codes.filter((other) => other !== code)));
  }

  /** @param {number} code */
  function toggle(code) {
    const next = new Set(hidden);
    if (!next.delete(code)) next.add(code);
    filter(next);
  }

  /** @param {number} code @param {string} label @param {string} color @param {number} many */
  function entry(code, label, color, many) {
    return h(
      "button",
      {
        type: "button",
        class: "vw-legend-entry",
        dataset: { code: String(code) },
        title: `${label}: ${count(many)}. Click to hide or show, double-click for only this one`,
        "aria-pressed": "true",
        onclick: (/** @type {MouseEvent} */ event) => {
          if (event.altKey) only(code);
          else if (event.detail === 2) {
            hidden = before; // as it was before the first click of the two
            only(code);
          } else if (event.detail < 2) {
            before = hidden;
            toggle(code);
          }
        },
      },
      h("span", { class: "vw-swatch", style: { color } }),
      h("span", "vw-legend-label", label),
      h("span", "vw-legend-count", count(many)),
    );
  }

  function build() {
    /** @type {ColorInfo | undefined} */
    const info = model.get("_color");
    root.hidden = !info || info.kind === "none";
    hidden = new Set();
    codes = [];
    all.hidden = true;
    list.replaceChildren();
    if (!info || root.hidden) {
      onFilter(hidden);
      return;
    }
    title.textContent = info.name;
    if (info.kind === "numbers") list.append(...rampParts(info));
    else {
      info.labels.forEach((label, k) => {
        codes.push(k + 1);
        list.append(entry(k + 1, label, info.colors[k], info.counts[k]));
      });
    }
    if (info.missing > 0) {
      codes.push(0);
      list.append(entry(0, "no value", "var(--vw-missing)", info.missing));
    }
    onFilter(hidden);
  }

  all.onclick = () => filter(new Set());
  onChange(model, "_color", build, signal);
  build();
  return { root, hidden: () => hidden };
}

/** @param {ColorInfo} info @returns {Node[]} */
function rampParts(info) {
  if (info.low === "") return [];
  return [
    h("div", {
      class: "vw-ramp",
      style: { background: `linear-gradient(to right, ${info.colors.join(", ")})` },
      role: "img",
      "aria-label": `Colours run from ${info.low} to ${info.high}`,
    }),
    h("div", "vw-ramp-ends", h("span", {}, info.low), h("span", {}, info.high)),
  ];
}
