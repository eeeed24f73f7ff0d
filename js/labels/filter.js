// Which images are shown: all, or only a part of them, which then is all that can be selected.
import { allBits, combineBits, countBits, emptyBits, setBit } from "../shared/buffers.js";
import { count, h } from "../shared/dom.js";
import { YES } from "./draft.js";
import { suggestedRows } from "./suggested.js";

/** @typedef {import("./store.js").LabelStore} LabelStore */
/** @typedef {import("./store.js").LabelClass} LabelClass */
/** @typedef {"all" | "unlabelled" | "suggested" | "noted" | "aside" | number} Choice a number of a
 * class */

/**
 * The rows a choice leaves; those set aside are shown only where they are asked for.
 * @param {Choice} choice
 * @param {Pick<LabelStore, "labels" | "summary" | "suggested">} store
 * @param {number} threshold of suggestions, 0 to 255
 * @returns {Uint8Array | null} null for all
 */
export function rowsShown(choice, store, threshold) {
  const { aside } = store.labels();
  if (choice === "aside") return aside;
  const bits = rowsOfChoice(choice, store, threshold);
  if (countBits(aside) === 0) return bits;
  return combineBits(bits ?? allBits(store.labels().n), aside, "remove");
}

/** @param {Exclude<Choice, "aside">} choice
 * @param {Pick<LabelStore, "labels" | "summary" | "suggested">} store @param {number} threshold */
function rowsOfChoice(choice, store, threshold) {
  const { n, multi, layers, notes } = store.labels();
  if (choice === "all") return null;
  if (choice === "suggested") {
    const suggested = store.suggested();
    return suggested ? suggestedRows(suggested, threshold) : emptyBits(n);
  }
  const bits = emptyBits(n);
  if (choice === "noted") {
    for (const row of notes.keys()) setBit(bits, row);
    return bits;
  }
  const codes = typeof choice === "number" && multi ? layers[choice] : store.summary().codes;
  const wanted = choice === "unlabelled" ? 0 : multi ? YES : 1 + choice;
  for (let row = 0; row < n; row++) if (codes[row] === wanted) setBit(bits, row);
  return bits;
}

/**
 * The menu of what is shown; hidden until there is something to tell apart.
 * @param {{ store: LabelStore, threshold: () => number, onChange: () => void }} options
 */
export function createFilter({ store, threshold, onChange }) {
  /** @type {Choice} */
  let choice = "all";
  let built = "";
  const select = h("select", {
    class: "vw-select",
    title: "What is shown, and can be selected (F)",
    "aria-label": "Show",
  });
  const root = h("label", "vw-label vw-filter", "Show", select);

  /** @param {[Choice, string][]} choices */
  function build(choices) {
    const key = JSON.stringify(choices);
    if (key === built) return;
    built = key;
    select.replaceChildren(
      ...choices.map(([value, words]) => h("option", { value: String(value) }, words)),
    );
  }

  select.onchange = () => {
    const number = Number(select.value);
    choice = Number.isNaN(number) ? /** @type {Choice} */ (select.value) : number;
    onChange();
  };

  return {
    root,
    focus: () => select.focus(),
    choice: () => choice,
    /** @param {Choice} next */
    choose(next) {
      choice = next;
      onChange();
    },
    /** Follow the labels. @returns {Uint8Array | null} the rows shown; null for all */
    update() {
      const classes = store.classes();
      const isSuggested = store.suggested() !== null;
      const isNoted = store.labels().notes.size > 0;
      const isClass = (/** @type {Choice} */ one) => classes.some(({ number }) => number === one);
      if (typeof choice === "number" && !isClass(choice)) choice = "all";
      if (choice === "suggested" && !isSuggested) choice = "all";
      if (choice === "noted" && !isNoted) choice = "all";
      const { aside, labelled } = store.summary();
      if (choice === "aside" && aside === 0) choice = "all";
      const special = /** @type {[Choice, string][]} */ ([
        ["suggested", isSuggested && "suggested"],
        ["noted", isNoted && "with a note"],
        ["aside", aside > 0 && `set aside (${count(aside)})`],
      ]).filter(([, words]) => words);
      build([
        ["all", "all"],
        ["unlabelled", "unlabelled"],
        ...special,
        ...classes.map(({ number, name }) => /** @type {[Choice, string]} */ ([number, name])),
      ]);
      select.value = String(choice);
      root.hidden = choice === "all" && labelled === 0 && special.length === 0;
      return rowsShown(choice, store, threshold());
    },
    /** How many are shown, where it is a part. @param {Uint8Array | null} bits */
    words(bits) {
      const { aside } = store.summary();
      if (choice !== "all" && bits !== null) return `${count(countBits(bits))} shown`;
      return aside > 0 ? `${count(aside)} set aside` : "";
    },
  };
}
