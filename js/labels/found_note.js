// How the images were found again in the log: said once, and put away by whoever has read it.
import { button, h, saveFocus } from "../shared/dom.js";
import * as icons from "../shared/icons.js";

/**
 * @param {{ store: Pick<import("./store.js").LabelStore, "found" | "dismissFound"> }} options
 */
export function createFoundNote({ store }) {
  const words = h("span");
  const root = h(
    "div",
    { class: "vw-found", role: "status", hidden: true },
    words,
    button({
      icon: icons.cancel,
      title: "I have read this",
      class: "vw-plain",
      onClick: () => {
        saveFocus(root);
        store.dismissFound();
      },
    }),
  );
  return {
    root,
    update() {
      const text = store.found();
      if (words.textContent !== text) words.textContent = text;
      root.hidden = text === "";
    },
  };
}
