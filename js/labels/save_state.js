// Whether the labels are saved, in words, at all times.
import { button, count, h, icon } from "../shared/dom.js";
import * as icons from "../shared/icons.js";

/**
 * @param {{ el: HTMLElement, unsent: () => string, say: (text: string) => void }} options
 *   `unsent`: the edits that are not saved, as text
 */
export function createSaveState({ el, unsent, say }) {
  const mark = icon(icons.check);
  const words = h("span", "vw-save-words");
  const copy = button({
    icon: icons.copy,
    label: "Copy unsaved",
    title: "Copy the labels that are not saved, as Python you can run",
    onClick: async () => {
      const text = unsent();
      try {
        await navigator.clipboard.writeText(text);
        say("Copied. Run it in a cell once the kernel answers.");
      } catch {
        // No clipboard on pages without https: the text is shown instead, to be copied by hand.
        area.value = text;
        area.hidden = false;
        area.focus();
        area.select();
      }
    },
  });
  const area = h("textarea", {
    class: "vw-input vw-unsent",
    readOnly: true,
    rows: 4,
    hidden: true,
    "aria-label": "Labels that are not saved",
  });
  const root = h("div", "vw-save", mark, words, copy);
  el.append(root, area);

  return {
    /**
     * @param {import("./store.js").Saving} saving
     * @param {boolean} ready
     */
    show(saving, ready) {
      const { pending, problem, isKept, conflict, savedTo } = saving;
      const isStuck = pending > 0 && problem !== "";
      const state = stateOf(saving, ready);
      if (root.dataset.state !== state) root.setAttribute("role", isStuck ? "alert" : "none");
      root.dataset.state = state;
      words.textContent = {
        waiting: "Waiting for the kernel…",
        stuck: `${count(pending)} ${pending === 1 ? "edit" : "edits"} not saved: ${problem}`,
        saving: `Saving ${count(pending)}…`,
        conflict: "Kept here, not in the DataFrame",
        saved: savedTo === "" ? "In memory only" : "Saved",
      }[state];
      root.title = {
        waiting: "",
        stuck: isKept
          ? "This browser keeps them, also after a reload."
          : "Leave this page open, or copy them: they are nowhere else.",
        saving: "",
        conflict,
        saved:
          savedTo === ""
            ? "The labels end with the kernel: export them, or give a journal."
            : `Every label is on disk, in ${savedTo}`,
      }[state];
      mark.style.display = state === "saved" ? "" : "none";
      copy.hidden = !isStuck;
      if (!isStuck) area.hidden = true;
    },
  };
}

/**
 * @param {import("./store.js").Saving} saving
 * @param {boolean} ready
 */
function stateOf({ pending, problem, conflict }, ready) {
  if (!ready) return "waiting";
  if (pending > 0) return problem === "" ? "saving" : "stuck";
  return conflict ? "conflict" : "saved";
}
