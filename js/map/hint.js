// Words over the map for a moment.
import { h } from "../shared/dom.js";
import { onEnd } from "../shared/lifecycle.js";

const HINT_MS = 1800;

/**
 * @param {HTMLElement} surface
 * @param {AbortSignal} signal
 * @returns {(text: string) => void}
 */
export function createHint(surface, signal) {
  const hint = h("div", { class: "vw-map-hint", hidden: true });
  surface.append(hint);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  onEnd(signal, () => clearTimeout(timer));
  return (text) => {
    hint.textContent = text;
    hint.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      hint.hidden = true;
    }, HINT_MS);
  };
}
