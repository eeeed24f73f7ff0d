// The colours a canvas needs from the stylesheet, followed when the host changes its theme.
import { onEnd } from "./lifecycle.js";

/** @typedef {[number, number, number]} Rgb each 0 to 255 */
/**
 * @typedef {object} Theme
 * @property {Rgb} ground
 * @property {Rgb} text
 * @property {Rgb} accent
 * @property {string} font family
 */

/** @type {Record<"ground" | "text" | "accent", Rgb>} for a colour in a notation of its own */
const FALLBACK = { ground: [255, 255, 255], text: [29, 33, 41], accent: [11, 102, 195] };

/**
 * @param {string} text #rrggbb, as the kernel sends colours, or rgb(...), as the browser computes
 * @returns {Rgb | null}
 */
export function parseColor(text) {
  const hex = /^#[0-9a-f]{6}$/i.test(text);
  const parts = hex ? text.match(/\w\w/g) : /^rgba?\(/.test(text) && text.match(/[\d.]+/g);
  if (!parts) return null;
  const [r, g, b] = parts.map((part) => (hex ? Number.parseInt(part, 16) : Number(part)));
  return [r, g, b];
}

/** @param {Rgb} rgb */
export function css(rgb) {
  return `rgb(${rgb[0]} ${rgb[1]} ${rgb[2]})`;
}

/**
 * @param {Element} element inside a `vw-host`
 * @returns {Theme}
 */
export function readTheme(element) {
  // A variable is text; as the colour of an element it is worked out, whatever the host wrote.
  const probe = document.createElement("i");
  element.append(probe);
  const style = getComputedStyle(probe);
  /** @param {"ground" | "text" | "accent"} name */
  const read = (name) => {
    probe.style.color = `var(--vw-${name})`;
    return parseColor(style.color) ?? FALLBACK[name];
  };
  const theme = {
    ground: read("ground"),
    text: read("text"),
    accent: read("accent"),
    font: style.fontFamily || "sans-serif",
  };
  probe.remove();
  return theme;
}

/**
 * Call back when the host changes its theme: JupyterLab and VS Code mark the body, others follow
 * the system.
 * @param {() => void} callback
 * @param {AbortSignal} signal
 */
export function onTheme(callback, signal) {
  const observer = new MutationObserver(callback);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, {
      attributeFilter: [
        "class",
        "style",
        "data-jp-theme-light",
        "data-jp-theme-name",
        "data-theme",
      ],
    });
  }
  const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  system?.addEventListener("change", callback, { signal });
  onEnd(signal, () => observer.disconnect());
}
