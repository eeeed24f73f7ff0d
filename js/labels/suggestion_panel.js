// Suggestions: from the labels there are to all others, taken over or turned down in bulk.
import { countBits, toInt32 } from "../shared/buffers.js";
import { button, count, h } from "../shared/dom.js";
import { suggestedRows } from "./suggested.js";

/** @typedef {import("./store.js").LabelStore} LabelStore */
/** @typedef {"group" | "uncertain" | "disagreeing" | "outlying"} Question */

/** @type {[Question, string, string][]} */
const QUESTIONS = [
  ["group", "Group", "Images of one group, to be named together"],
  ["uncertain", "Uncertain", "Least certain first"],
  ["disagreeing", "Disagreeing", "Labelled unlike their neighbours"],
  ["outlying", "Outlying", "Far from all that are labelled"],
];
const ASKED_AT_ONCE = 48;
/** Suggestions are made from all labels; a kernel that is at it does not answer. */
const PATIENCE_MS = 300_000;

/**
 * @param {object} options
 * @param {HTMLElement} options.el
 * @param {LabelStore} options.store
 * @param {import("../shared/requests.js").Requests} options.requests
 * @param {() => Uint8Array} options.selected the selected rows
 * @param {() => void} options.onThreshold
 * @param {(kind: "accept" | "reject", bits: Uint8Array) => void} options.onAnswer
 * @param {(rows: number[], words: string) => void} options.onAsked images to look at, in order
 */
export function createSuggestionPanel(options) {
  const { el, store, requests, selected, onThreshold, onAnswer, onAsked } = options;
  let percent = 90;
  const threshold = () => Math.ceil((255 * percent) / 100);

  const tag = h("select", { class: "vw-select", "aria-label": "Tag to suggest" });
  const suggest = button({
    label: "Suggest",
    title: "Suggest labels for the others (S)",
    onClick: ask,
  });
  const words = h("p", { class: "vw-muted", role: "status" });
  const slider = h("input", {
    class: "vw-certainty",
    type: "range",
    min: "0",
    max: "100",
    value: String(percent),
    "aria-label": "Least certainty",
  });
  const level = h("span", "vw-level");
  const above = h("span", "vw-muted");
  const accept = answerButton("Accept", "Give these images the label suggested (Y)", "accept");
  const reject = answerButton("Reject", "Do not suggest these again (X)", "reject");
  accept.classList.add("vw-primary");
  const answers = h(
    "div",
    "vw-answers",
    h("label", "vw-certainty-line", h("span", {}, "Certainty"), slider, level),
    h("div", "vw-group", accept, reject, above),
  );
  const questions = QUESTIONS.map(([by, label, title]) =>
    button({ label, title, onClick: () => question(by, label.toLowerCase()) }),
  );
  const root = h(
    "details",
    { class: "vw-section vw-suggestions" },
    h("summary", "vw-title", "Suggestions"),
    h("div", "vw-suggest-line", suggest, tag, words),
    answers,
    h("div", "vw-questions", h("span", "vw-muted", "Ask me next"), ...questions),
  );
  el.append(root);
  let isAsking = false;
  let failure = "";

  /** @param {string} label @param {string} title @param {"accept" | "reject"} kind */
  function answerButton(label, title, kind) {
    return button({ label, title, onClick: () => answer(kind) });
  }

  slider.oninput = () => {
    percent = Number(slider.value);
    onThreshold();
  };

  /** What a button would act on: the selected ones among those shown, else all of them. */
  function rows() {
    const suggested = store.suggested();
    if (!suggested) return { bits: new Uint8Array(0), isSelection: false };
    const among = selected();
    const isSelection = countBits(among) > 0;
    return {
      bits: suggestedRows(suggested, threshold(), isSelection ? among : undefined),
      isSelection,
    };
  }

  /** @param {"accept" | "reject"} kind */
  function answer(kind) {
    const { bits, isSelection } = rows();
    // To turn down all of them there is no need: they are no labels.
    if (countBits(bits) > 0 && (kind === "accept" || isSelection)) onAnswer(kind, bits);
  }

  /** Ask the kernel; what it needs first is said meanwhile. @param {string} op
   * @param {object} data @returns {Promise<DataView[] | null>} null where it failed */
  async function request(op, data) {
    isAsking = true;
    failure = "";
    root.open = true;
    words.textContent = "Working…";
    update();
    const content = store.labels().multi ? { ...data, class: Number(tag.value) } : data;
    try {
      return (await requests.ask(op, content, [], PATIENCE_MS)).buffers;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      return null;
    } finally {
      isAsking = false;
      update();
    }
  }

  function ask() {
    if (!suggest.disabled && !root.hidden) request("suggest", {});
  }

  /** @param {Question} by @param {string} name */
  async function question(by, name) {
    const buffers = await request("ask", { by, count: ASKED_AT_ONCE });
    if (buffers) onAsked([...toInt32(buffers[0])], name);
  }

  requests.onMessage("progress", ({ job, text }) => {
    if (job === "suggest" && isAsking) words.textContent = text || "Working…";
  });

  /** Follow the labels and the selection. */
  function update() {
    const suggested = store.suggested();
    const { multi } = store.labels();
    const classes = store.classes().filter(({ saving }) => !saving);
    root.hidden = !suggested && store.summary().labelled === 0 && !(multi && classes.length > 0);
    tag.hidden = !multi;
    const names = classes.map(({ number, name }) => h("option", { value: String(number) }, name));
    if (multi && tag.textContent !== names.map((one) => one.text).join("")) {
      const before = tag.value;
      tag.replaceChildren(...names);
      if (classes.some(({ number }) => String(number) === before)) tag.value = before;
    }
    suggest.disabled = isAsking || classes.length === 0;
    for (const one of questions) one.disabled = suggest.disabled;
    if (!isAsking) words.textContent = failure || suggested?.words || "";
    words.title = words.textContent ?? ""; // it may be cut
    words.hidden = words.title === "";
    words.classList.toggle("vw-failure", failure !== "");
    answers.hidden = !suggested;
    level.textContent = `≥ ${percent} %`;
    const { bits, isSelection } = rows();
    const many = countBits(bits);
    const all = suggested ? suggested.atLeast[threshold()] : 0;
    above.textContent = `${count(all)} of ${count(suggested?.atLeast[0] ?? 0)}`;
    const what = isSelection ? `${count(many)} selected` : count(many);
    setWords(accept, `Accept ${what}`);
    setWords(reject, isSelection ? `Reject ${count(many)}` : "Reject");
    accept.disabled = many === 0;
    reject.disabled = many === 0 || !isSelection;
  }

  return {
    threshold,
    update,
    suggest: ask,
    answer,
    open() {
      root.open = true;
    },
  };
}

/** @param {HTMLElement} element @param {string} text */
function setWords(element, text) {
  /** @type {HTMLElement} */ (element.firstElementChild).textContent = text;
}
