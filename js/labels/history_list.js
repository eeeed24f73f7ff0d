// The steps as a list: each to be looked at again, one's own to be gone back to.
import { h, saveFocus } from "../shared/dom.js";
import { aboutInWords, whatInWords } from "./history_words.js";

/** @typedef {import("./history_words.js").Step} Step */

/**
 * @param {{ things: string[], onSelect: (step: Step) => void, onBack: (step: Step) => void }} options
 *   `things`: what a row is, one and several
 */
export function createStepList({ things, onSelect, onBack }) {
  const root = h("div", { class: "vw-steps", role: "group", "aria-label": "Steps" });
  /** @type {Step[]} */
  let steps = [];

  /** @param {Step} step @param {number} now */
  function line(step, now) {
    const { count: images, time, undos } = step;
    const choose = h(
      "button",
      {
        type: "button",
        class: "vw-step",
        disabled: images === 0,
        title: time ? new Date(1000 * time).toLocaleString("en-GB") : "",
        onclick: () => onSelect(step),
      },
      h("span", "", whatInWords(step, things)),
      h("span", "vw-muted", aboutInWords(step, now)),
    );
    const back = h(
      "button",
      {
        type: "button",
        class: "vw-link",
        title:
          undos === 1
            ? "Undo this step; Redo does it again"
            : `Undo this step and your ${Number(undos) - 1} after it; Redo does them again`,
        onclick: () => onBack(step),
      },
      undos === 1 ? "Undo" : "Undo back to here",
    );
    const row = { class: "vw-step-row", dataset: { step: String(step.step) } };
    return h("div", row, choose, undos ? back : null);
  }

  /** @param {number} step */
  function walk(step) {
    const stops = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".vw-step:enabled")]);
    const row = document.activeElement?.closest(".vw-step-row");
    const at = stops.findIndex((one) => row?.contains(one));
    stops[Math.max(at + step, 0)]?.focus();
  }

  return {
    root,
    walk,
    steps: () => steps,
    /** @param {Step[]} next */
    show(next) {
      if (JSON.stringify(next) === JSON.stringify(steps)) return;
      steps = next;
      const focused = /** @type {HTMLElement | null} */ (document.activeElement);
      const row = /** @type {HTMLElement | null} */ (
        root.contains(focused) ? focused?.closest(".vw-step-row") : null
      );
      if (row) saveFocus(root);
      const now = Date.now() / 1000;
      root.replaceChildren(...steps.map((step) => line(step, now)));
      if (!row) return;
      // Who walks through the list goes on where that was.
      const again = root.querySelector(`[data-step="${row.dataset.step}"]`) ?? root;
      const kind = focused?.classList.contains("vw-link") ? ".vw-link" : ".vw-step:enabled";
      const target = again.querySelector(kind) ?? root.querySelector(".vw-step:enabled");
      /** @type {HTMLElement | null} */ (target)?.focus({ preventScroll: true });
    },
  };
}
