// The suggestions taken over or turned down in bulk, above a certainty that a slider sets.
import { countBits, emptyBits } from "../shared/buffers.js";
import { button, count, h, saveFocus, setDisabled } from "../shared/dom.js";
import { suggestedRows } from "./suggested.js";

/** @typedef {"accept" | "reject" | "rejectAll"} Answer */
/**
 * What there is to answer.
 * @typedef {object} Choice
 * @property {number} total of all proposals
 * @property {Uint8Array} all that are certain enough
 * @property {boolean} isSelection whether something is selected: then answers are about that
 * @property {Uint8Array} proposed the selected ones with a proposal, however certain
 * @property {Uint8Array} sure those of them, or of all, that are certain enough
 */

/**
 * @param {object} options
 * @param {import("./store.js").LabelStore} options.store
 * @param {() => Uint8Array} options.selected the selected rows
 * @param {string[]} options.things what a row is, one and several
 * @param {() => void} options.onThreshold
 * @param {(kind: Answer, bits: Uint8Array) => void} options.onAnswer
 * @param {(text: string) => void} options.say
 */
export function createAnswers({ store, selected, things, onThreshold, onAnswer, say }) {
  let percent = 90;
  const threshold = () => Math.ceil((255 * percent) / 100);

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
  const accept = button({ label: "Accept", title: "", onClick: () => answer("accept") });
  const reject = button({ label: "Reject", title: "", onClick: () => answer("reject") });
  const none = h(
    "button",
    { type: "button", class: "vw-link", onclick: () => onAnswer("rejectAll", selected()) },
    "None of these",
  );
  const orAll = h("button", {
    type: "button",
    class: "vw-link",
    title: "Accept all that are this certain, selected or not",
    onclick: () => onAnswer("accept", choice().all),
  });
  const root = h(
    "div",
    "vw-answers",
    h("label", "vw-certainty-line", h("span", {}, "Certainty"), slider, level),
    h("div", "vw-above", above, orAll),
    h("div", "vw-group", accept, reject, none),
  );

  slider.oninput = () => {
    percent = Number(slider.value);
    onThreshold();
  };

  /** @returns {Choice} */
  function choice() {
    const suggested = store.suggested();
    const among = selected();
    const isSelection = countBits(among) > 0;
    if (!suggested) {
      const none = emptyBits(0);
      return { total: 0, all: none, isSelection, proposed: none, sure: none };
    }
    const all = suggestedRows(suggested, threshold());
    const proposed = isSelection ? suggestedRows(suggested, 0, among) : emptyBits(0);
    const sure = isSelection ? suggestedRows(suggested, threshold(), among) : all;
    return { total: suggested.atLeast[0], all, isSelection, proposed, sure };
  }

  /** Why there is nothing to answer. @param {"accept" | "reject"} kind @param {Choice} choice */
  function reason(kind, { total, isSelection, proposed }) {
    if (!store.suggested()) return "Nothing is suggested yet: press S, or Suggest.";
    if (total === 0) return "No proposal is left.";
    const many = countBits(proposed);
    if (isSelection && many === 0) return `None of the selected ${things[1]} has a proposal.`;
    if (!isSelection && kind === "reject") return "Select the proposals to reject first.";
    const which = isSelection ? `Of ${count(many)} selected` : `Of ${count(total)}`;
    const first = `${which} ${nounOf(isSelection ? many : total)} none is at least ${percent} % certain`;
    return `${first}: lower the certainty${isSelection ? ", or reject (X)" : ""}.`;
  }

  /** @param {"accept" | "reject"} kind */
  function answer(kind) {
    const now = choice();
    // To turn down all of them there is no need: they are no labels.
    const bits = kind === "accept" ? now.sure : now.proposed;
    if (countBits(bits) > 0) onAnswer(kind, bits);
    else say(reason(kind, now));
  }

  /** The buttons say what they will do, or why they cannot; what is selected never makes a button
   * for all to one for a few without saying so. @param {Choice} now */
  function showButtons(now) {
    const { total, isSelection } = now;
    const [all, proposed, sure] = [now.all, now.proposed, now.sure].map(countBits);
    const why = isSelection && proposed === 0 ? "none suggested" : `none ≥ ${percent} %`;
    const some = isSelection ? `${count(sure)} selected` : `all ${count(sure)}`;
    setWords(accept, total === 0 ? "Accept" : sure > 0 ? `Accept ${some}` : `Accept: ${why}`);
    accept.title =
      sure > 0
        ? `Give these ${things[1]} the label suggested (Y)`
        : reason("accept", now).replace(/\.$/, " (Y)");
    setDisabled(accept, sure === 0);
    accept.classList.toggle("vw-primary", sure > 0);
    setWords(reject, proposed > 0 ? `Reject ${count(proposed)}` : "Reject");
    reject.title =
      proposed > 0
        ? "Do not suggest these again, however certain (X)"
        : reason("reject", now).replace(/\.$/, " (X)");
    setDisabled(reject, proposed === 0);
    const isMore = isSelection && all > sure;
    if (!isMore) saveFocus(orAll);
    orAll.hidden = !isMore;
    orAll.textContent = isMore ? `Accept all ${count(all)}` : "";
    if (!isSelection) saveFocus(none);
    none.hidden = !isSelection;
    const words = store.labels().multi ? "tags" : "classes";
    none.title = `None of the ${words} there are is to be suggested for the selection`;
  }

  return {
    root,
    threshold,
    answer,
    update() {
      const now = choice();
      root.hidden = !store.suggested();
      level.textContent = `≥ ${percent} %`;
      above.textContent =
        now.total === 0
          ? "No proposal is left."
          : `${count(countBits(now.all))} of ${count(now.total)} ${nounOf(now.total)}`;
      showButtons(now);
    },
  };
}

/** @param {number} many */
const nounOf = (many) => (many === 1 ? "proposal" : "proposals");

/** @param {HTMLElement} element @param {string} text */
function setWords(element, text) {
  /** @type {HTMLElement} */ (element.firstElementChild).textContent = text;
}
