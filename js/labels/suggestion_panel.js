// Suggestions: from the labels there are to all others, and what to look at next.
import { toInt32 } from "../shared/buffers.js";
import { button, count, h, saveFocus, setDisabled, setProgress } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { QUESTIONS } from "./questions.js";
import { createAnswers } from "./suggestion_answers.js";

/** @typedef {import("./store.js").LabelStore} LabelStore */
/** @typedef {import("./questions.js").Question} Question */

const ASKED_AT_ONCE = 48;
/** Suggestions are made from all labels; a kernel that is at it does not answer. */
const PATIENCE_MS = 300_000;

/**
 * @param {object} options
 * @param {HTMLElement} options.el
 * @param {LabelStore} options.store
 * @param {import("../shared/requests.js").Requests} options.requests
 * @param {() => Uint8Array} options.selected the selected rows
 * @param {string[]} options.things what a row is, one and several
 * @param {() => void} options.onThreshold
 * @param {(kind: import("./suggestion_answers.js").Answer, bits: Uint8Array) => void}
 *   options.onAnswer
 * @param {(rows: number[], question: Question) => void} options.onAsked images to look at, in order
 * @param {() => void} options.onOpen
 * @param {(text: string) => void} options.say
 */
export function createSuggestionPanel(options) {
  const { el, store, requests, things, onAsked, say } = options;
  const tag = h("select", { class: "vw-select", "aria-label": "Tag to suggest" });
  const suggest = button({ label: "Suggest", title: "", onClick: ask });
  const cancel = button({
    icon: icons.stop,
    label: "Cancel",
    title: "Stop this; nothing is proposed then",
    onClick: stop,
  });
  const bar = h("progress", { class: "vw-progress", max: 1, "aria-label": "Making suggestions" });
  const about = h("button", {
    type: "button",
    class: "vw-about vw-muted",
    onclick: () => about.setAttribute("aria-expanded", String(!isUnfolded())),
  });
  about.setAttribute("aria-expanded", "false");
  const isUnfolded = () => about.getAttribute("aria-expanded") === "true";
  const words = h("p", { class: "vw-muted", role: "status" });
  const answers = createAnswers(options);
  const questions = QUESTIONS.map((one) =>
    button({ label: one.label, title: one.title, onClick: () => question(one) }),
  );
  // Needs two people; whether there are is asked where it begins to matter.
  const ofRaters = questions[QUESTIONS.findIndex(({ by }) => by === "raters")];
  ofRaters.hidden = true;
  const root = h(
    "details",
    { class: "vw-section vw-suggestions" },
    h("summary", "vw-title", "Suggestions"),
    h("div", "vw-suggest-line", suggest, cancel, tag, bar, about, words),
    answers.root,
    h("div", "vw-questions", h("span", "vw-muted", "Ask me next"), ...questions),
  );
  root.addEventListener("toggle", () => {
    if (root.open) options.onOpen();
  });
  el.append(root);
  let isAsking = false;
  let failure = "";

  /** Ask the kernel; what it needs first is said meanwhile. @param {string} op
   * @param {object} data @returns {Promise<DataView[] | null>} null where it failed */
  async function request(op, data) {
    isAsking = true;
    failure = "";
    setDisabled(cancel, false);
    root.open = true;
    showProgress(null, "");
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

  /** The answer to what was asked then says that it was stopped. */
  function stop() {
    setDisabled(cancel, true);
    words.textContent = "Stopping…";
    requests.ask("stop", {}).catch(() => {});
  }

  /** @param {number | null} fraction @param {string} text */
  function showProgress(fraction, text) {
    // Each step ends at 1, and another one follows.
    setProgress(bar, fraction === 1 ? null : fraction);
    words.textContent = text ? `${text[0].toUpperCase()}${text.slice(1)}…` : "Working…";
  }

  /** Why nothing can be asked for; "" if it can. */
  function hindrance() {
    if (isAsking) return "Wait: the kernel is still at work on this";
    const isAny = store.classes().some(({ saving }) => !saving);
    return root.hidden || !isAny ? "Label some images first" : "";
  }

  async function ask() {
    const why = hindrance();
    if (why) say(`${why}.`);
    else if (await request("suggest", {})) {
      const many = store.suggested()?.atLeast[0] ?? 0;
      say(
        many === 1
          ? `1 ${things[0]} has a proposal.`
          : `${count(many)} ${things[1]} have a proposal.`,
      );
    }
  }

  /** @param {Question} one */
  async function question(one) {
    const buffers = await request("ask", { by: one.by, count: ASKED_AT_ONCE });
    if (buffers) onAsked([...toInt32(buffers[0])], one);
  }

  requests.onMessage("progress", ({ job, fraction, text }) => {
    if (job === "suggest" && isAsking) showProgress(fraction, text);
  });

  /** Follow the classes in the menu of tags. @param {import("./store.js").LabelClass[]} classes */
  function followTags(classes) {
    tag.hidden = !store.labels().multi;
    const names = classes.map(({ number, name }) => h("option", { value: String(number) }, name));
    if (tag.hidden || tag.textContent === names.map((one) => one.text).join("")) return;
    const before = tag.value;
    tag.replaceChildren(...names);
    if (classes.some(({ number }) => String(number) === before)) tag.value = before;
  }

  /** Follow the labels and the selection. */
  function update() {
    const suggested = store.suggested();
    const classes = store.classes().filter(({ saving }) => !saving);
    const isTags = store.labels().multi && classes.length > 0;
    root.hidden = !suggested && store.summary().labelled === 0 && !isTags;
    followTags(classes);
    const why = hindrance();
    setDisabled(suggest, why !== "");
    suggest.title = why || "Suggest labels for the others (S)";
    questions.forEach((one, k) => {
      setDisabled(one, why !== "");
      one.title = why || QUESTIONS[k].title;
    });
    const made = suggested?.words ?? "";
    if (about.textContent !== made) failure = ""; // others were made since
    about.textContent = about.title = made;
    if (!isAsking) saveFocus(cancel);
    bar.hidden = cancel.hidden = !isAsking;
    if (!isAsking) words.textContent = failure;
    words.hidden = words.textContent === "";
    words.classList.toggle("vw-failure", failure !== "");
    about.hidden = isAsking || about.textContent === "";
    answers.update();
  }

  return {
    threshold: answers.threshold,
    update,
    suggest: ask,
    answer: answers.answer,
    open() {
      root.open = true;
    },
    /** @param {number} raters how many people have labelled */
    setRaters(raters) {
      if (raters < 2) saveFocus(ofRaters);
      ofRaters.hidden = raters < 2;
    },
  };
}
