// The line under the map: how far one is, what was done last, and whether it is saved.
import { count, h } from "../shared/dom.js";
import { createSaveState } from "./save_state.js";

/**
 * @param {{ el: HTMLElement, n: number, store: import("./store.js").LabelStore }} options
 */
export function createStatus({ el, n, store }) {
  const done = h("progress", { class: "vw-progress", max: n, "aria-hidden": "true" });
  const progress = h("span", "vw-labelled");
  const shown = h("span", "vw-shown");
  const action = h("span", "vw-action");
  const saveHere = h("div", { class: "vw-save-holder", "aria-live": "off" });
  el.append(h("span", "vw-group", done, progress), shown, action, saveHere);
  const say = (/** @type {string} */ text) => {
    action.textContent = text;
  };
  const saved = createSaveState({ el: saveHere, unsent: store.unsent, say });

  return {
    say,
    /** What was said last. */
    said: () => action.textContent ?? "",
    /** @param {string} shownWords how many the filter shows; "" for all */
    update(shownWords) {
      const { labelled, aside } = store.summary();
      done.max = Math.max(n - aside, 1);
      done.value = labelled;
      progress.textContent = `${count(labelled)} of ${count(n - aside)} labelled`;
      shown.textContent = shownWords;
      shown.hidden = shownWords === "";
      saved.show(store.saving(), store.ready());
    },
  };
}
