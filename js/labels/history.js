// What was done with the labels, the last first: to look at again, and to go back to.
import { toUint8 } from "../shared/buffers.js";
import { button, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { onEnd } from "../shared/lifecycle.js";
import { createStepList } from "./history_list.js";
import { pairInWords, whatInWords } from "./history_words.js";

/** @typedef {import("./history_words.js").Step} Step */
/** @typedef {import("./history_words.js").Raters} Raters */

/** After a change, so that a person who labels fast does not ask for the list each time. */
const PAUSE_MS = 250;
const MOST_PAIRS = 6;

/**
 * @param {object} options
 * @param {HTMLElement} options.root of the widget
 * @param {HTMLElement} options.el where the panel is put over
 * @param {AbortSignal} options.signal
 * @param {import("./store.js").LabelStore} options.store
 * @param {import("../shared/requests.js").Requests} options.requests
 * @param {string[]} options.things what a row is, one and several
 * @param {(bits: Uint8Array, words: string) => void} options.onSelect
 * @param {(raters: Raters) => void} options.onRaters
 * @param {(text: string) => void} options.say
 */
export function createHistory(options) {
  const { root: widget, el, signal, store, requests, things, say } = options;
  const list = createStepList({ things, onSelect: selectImages, onBack: undoTo });
  const words = h("p", { class: "vw-muted", role: "status" });
  const agreement = h("div", "vw-muted vw-agreement");
  const panel = h(
    "div",
    {
      class: "vw-card vw-history",
      role: "dialog",
      "aria-label": "History",
      tabIndex: -1,
      hidden: true,
    },
    h(
      "div",
      "vw-head",
      h("span", "vw-title", "History"),
      button({ icon: icons.cancel, title: "Close (Escape)", class: "vw-plain", onClick: close }),
    ),
    words,
    list.root,
    agreement,
  );
  const opener = button({ icon: icons.history, title: "History (H)", onClick: toggle });
  opener.setAttribute("aria-expanded", "false");
  el.append(panel);
  const askRaters = requests.latest("raters");
  let depth = 0; // how many steps there were to undo when the list was asked for
  let isLoading = false;
  let isStale = false; // something was done since the list was asked for
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  onEnd(signal, () => clearTimeout(timer));

  const isEmpty = () => list.steps().length === 0;

  async function load() {
    if (isLoading) {
      isStale = true;
      return;
    }
    isLoading = true;
    isStale = false;
    const then = store.undoable();
    try {
      const { content } = await requests.ask("steps");
      depth = then;
      list.show(content.steps);
      words.textContent = isEmpty() ? "Nothing was done yet." : "";
    } catch {
      if (isEmpty()) words.textContent = "The kernel does not answer; it may be busy.";
    }
    words.hidden = words.textContent === "";
    isLoading = false;
    if (isStale && !signal.aborted) load();
  }

  async function loadRaters() {
    try {
      /** @type {Raters} */
      const raters = (await askRaters({})).content;
      options.onRaters(raters);
      const pairs = raters.pairs.filter(({ both }) => both > 0).slice(0, MOST_PAIRS);
      agreement.replaceChildren(...pairs.map((pair) => h("p", {}, pairInWords(pair))));
      agreement.hidden = pairs.length === 0;
    } catch {
      // What was said of them before stays.
    }
  }

  function reload() {
    clearTimeout(timer);
    timer = undefined;
    load();
    loadRaters();
  }

  /** @param {Step} step */
  async function selectImages(step) {
    try {
      const { buffers } = await requests.ask("step_rows", { step: step.step });
      options.onSelect(toUint8(buffers[0]), whatInWords(step, things));
    } catch {
      // An error is shown by the widget; without an answer nothing is selected.
    }
  }

  /** @param {Step} step */
  function undoTo({ undos }) {
    // Steps of this page since the list came are after it too.
    const many = Number(undos) + store.undoable() - depth;
    if (many < 1) return;
    for (let k = 0; k < many; k++) store.undo();
    say(`${many === 1 ? "1 step" : `${many} steps`} undone. Ctrl+Y does them again.`);
  }

  store.follow(() => {
    if (!panel.hidden) timer ??= setTimeout(reload, PAUSE_MS);
  }, signal);

  panel.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    list.walk(step);
    event.preventDefault();
  };

  /** @param {boolean} isOpen */
  function setOpen(isOpen) {
    panel.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
  }

  function toggle() {
    if (close()) return;
    words.textContent = isEmpty() ? "Reading…" : "";
    words.hidden = !isEmpty();
    agreement.hidden = agreement.childElementCount === 0;
    setOpen(true);
    panel.focus({ preventScroll: true });
    reload();
  }

  /** @returns {boolean} whether it was open */
  function close() {
    if (panel.hidden) return false;
    const hadFocus = panel.contains(document.activeElement);
    setOpen(false);
    if (hadFocus) widget.focus({ preventScroll: true });
    return true;
  }

  return { button: opener, toggle, close, loadRaters };
}
