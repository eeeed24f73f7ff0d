// The labels as a page knows them: those the kernel has, and over them the edits on their way.

import { select } from "../map/selection.js";
import { countBits, hasBit, rowsOf, toUint8, toUint16 } from "../shared/buffers.js";
import { onEnd } from "../shared/lifecycle.js";
import { createRequests } from "../shared/requests.js";
import { createNews } from "../shared/together.js";
import { createOutbox } from "./outbox.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./outbox.js").Entry} Entry */
/**
 * @typedef {object} LabelClass
 * @property {string} name
 * @property {string} color hexadecimal
 * @property {number} count
 * @property {boolean} saving the kernel does not have it yet
 *
 * @typedef {object} LabelStore
 * @property {() => boolean} ready whether the labels have arrived
 * @property {() => Uint16Array} codes of all images: 0 for none, 1 + number of the class
 * @property {() => LabelClass[]} classes
 * @property {() => number} labelled how many images have a label
 * @property {() => boolean} canUndo
 * @property {() => boolean} canRedo
 * @property {() => { pending: number, problem: string, conflict: string }} saving
 * @property {() => string} unsent the edits that are not saved, as text
 * @property {(bits: Uint8Array, name: string | null) => void} label null clears
 * @property {(name: string) => void} addClass
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {(reader: () => void, signal: AbortSignal) => void} follow
 * @property {(reader: (text: string) => void, signal: AbortSignal) => void} onMessage
 */

const RETRY_MS = 3000;
const NO_COLORS = ["#0072b2"];

/** @type {Map<string, LabelStore>} by the name the kernel gave: views get other model objects */
const stores = new Map();

/**
 * The one store of a widget's labels on this page.
 * @param {Model} model
 * @param {AbortSignal} signal of the model; its end is the store's end
 * @returns {LabelStore}
 */
export function labelStoreOf(model, signal) {
  const name = String(model.get("_key"));
  const known = stores.get(name);
  if (known) return known;
  const store = createLabelStore(model, signal);
  stores.set(name, store);
  onEnd(signal, () => stores.delete(name));
  return store;
}

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {LabelStore}
 */
export function createLabelStore(model, signal) {
  const requests = createRequests(model, signal);
  const news = createNews();
  const messages = createNews();
  const n = model.get("_n");
  /** What the kernel has. */
  const kept = {
    version: -1,
    codes: new Uint16Array(n),
    /** @type {string[]} */
    classes: [],
    palette: NO_COLORS,
    undo: 0,
    redo: 0,
    conflict: "",
  };
  /** What is shown: kept, and painted over it what is on its way. */
  let shown = { codes: kept.codes, classes: /** @type {LabelClass[]} */ ([]), labelled: 0 };
  let isSyncing = false;
  let newest = 0; // the highest version heard of
  let isWarning = false;
  const page = globalThis.window;

  const outbox = createOutbox({
    send: (content, buffers) => model.send(content, undefined, buffers),
    onChange(refused) {
      if (refused) messages.tell(`Not saved: ${refused.message}`);
      paint();
    },
  });

  function paint() {
    const names = [...kept.classes];
    for (const { content } of outbox.entries()) {
      if (content.kind === "add_class" && !names.includes(content.name)) names.push(content.name);
    }
    const codes = kept.codes.slice();
    for (const { content, bits } of standing(outbox.entries())) {
      const code = content.kind === "clear" ? 0 : 1 + names.indexOf(content.name);
      if (bits && (code > 0 || content.kind === "clear")) fill(codes, bits, code);
    }
    const counts = new Uint32Array(names.length + 1);
    for (let row = 0; row < n; row++) counts[codes[row]]++;
    const classes = names.map((name, k) => ({
      name,
      color: kept.palette[k % kept.palette.length],
      count: counts[k + 1],
      saving: k >= kept.classes.length,
    }));
    shown = { codes, classes, labelled: n - counts[0] };
    warnOnLeaving(outbox.entries().length > 0);
    news.tell();
  }

  /** @param {BeforeUnloadEvent} event */
  const warn = (event) => event.preventDefault();
  /** @param {boolean} wanted */
  function warnOnLeaving(wanted) {
    if (wanted === isWarning) return;
    isWarning = wanted;
    if (wanted) page?.addEventListener("beforeunload", warn);
    else page?.removeEventListener("beforeunload", warn);
  }

  /** Ask for everything, and again while a change is heard of that is newer than the answer. */
  async function sync() {
    if (isSyncing) return;
    isSyncing = true;
    while (!signal.aborted) {
      try {
        const { content, buffers } = await requests.ask("sync");
        kept.codes =
          content.dtype === "<u1" ? Uint16Array.from(toUint8(buffers[0])) : toUint16(buffers[0]);
        const { version, classes, palette, undo, redo, conflict } = content;
        Object.assign(kept, { version, classes, palette, undo, redo, conflict });
        if (kept.version >= newest) break;
      } catch {
        if (signal.aborted) break;
        // The kernel is busy or gone; nobody else will ask.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    isSyncing = false;
    if (!signal.aborted) paint();
  }

  /** @param {any} diff @param {DataView[]} buffers */
  function apply(diff, buffers) {
    newest = Math.max(newest, diff.version);
    if (diff.version <= kept.version) return;
    if (diff.base > kept.version || isSyncing) {
      sync(); // something between was lost, or the answer on its way may be older
      return;
    }
    const { version, undo, redo } = diff;
    Object.assign(kept, { version, undo, redo, classes: diff.classes ?? kept.classes });
    const bits = toUint8(buffers[0]);
    if (buffers.length === 1) fill(kept.codes, bits, diff.code);
    else if (buffers.length === 2) fillEach(kept.codes, bits, toUint16(buffers[1]));
    paint();
    // What was just taken back is selected again: most undos are a slip of the key.
    const isOurs = diff.by?.client === outbox.client;
    if (isOurs && diff.by.kind === "undo" && buffers.length > 0) select(model, bits);
  }

  requests.onMessage("diff", apply);
  for (const op of ["ack", "refused", "failed", "gap"]) {
    requests.onMessage(op, (message) => {
      outbox.receive(message);
      newest = Math.max(newest, message.version ?? 0);
      if (newest > kept.version) sync();
    });
  }
  requests.onMessage("conflict", ({ text }) => {
    kept.conflict = text;
    paint();
  });
  requests.onMessage("notice", ({ text }) => messages.tell(text));
  onEnd(signal, () => {
    outbox.close();
    warnOnLeaving(false);
  });
  sync();

  /** @param {Uint8Array} bits @param {string | null} name */
  function label(bits, name) {
    if (countBits(bits) === 0) return;
    if (name === null) {
      outbox.push({ kind: "clear" }, bits);
      return;
    }
    const number = kept.classes.indexOf(name);
    const adding = outbox
      .entries()
      .findLast(({ content }) => content.kind === "add_class" && content.name === name);
    if (number < 0 && !adding) return;
    // Two pages may add classes at once, so the number of a new one is not known yet.
    const which = number >= 0 ? { class: number } : { class_of: adding?.seq };
    outbox.push({ kind: "label", name, ...which }, bits);
  }

  return {
    ready: () => kept.version >= 0,
    codes: () => shown.codes,
    classes: () => shown.classes,
    labelled: () => shown.labelled,
    canUndo: () => canStep(kept.undo, outbox.entries(), "undo", "redo"),
    canRedo: () => canStep(kept.redo, outbox.entries(), "redo", "undo"),
    saving: () => ({ ...outbox.state(), conflict: kept.conflict }),
    unsent: () => outbox.entries().map(inWords).join("\n"),
    label,
    addClass(name) {
      if (!shown.classes.some((known) => known.name === name)) {
        outbox.push({ kind: "add_class", name });
      }
    },
    undo: () => void outbox.push({ kind: "undo" }),
    redo: () => void outbox.push({ kind: "redo" }),
    follow: news.follow,
    onMessage: messages.follow,
  };
}

/**
 * The labels on their way that no undo on its way takes back.
 * @param {Entry[]} entries
 * @returns {Entry[]}
 */
function standing(entries) {
  /** @type {Entry[]} */
  let done = [];
  /** @type {Entry[]} */
  let undone = [];
  for (const entry of entries) {
    const { kind } = entry.content;
    if (kind === "label" || kind === "clear") {
      done = [...done, entry];
      undone = [];
    } else if (kind === "undo") {
      undone = [...undone, ...done.slice(-1)];
      done = done.slice(0, -1);
    } else if (kind === "redo") {
      done = [...done, ...undone.slice(-1)];
      undone = undone.slice(0, -1);
    }
  }
  return done;
}

/**
 * Whether there is something to undo (or redo), those on their way counted.
 * @param {number} depth in the kernel
 * @param {Entry[]} entries
 * @param {"undo" | "redo"} step
 * @param {"undo" | "redo"} back
 */
function canStep(depth, entries, step, back) {
  let left = depth;
  for (const { content } of entries) {
    if (content.kind === step) left--;
    else if (content.kind === back) left++;
    else if (content.kind !== "add_class") left = step === "undo" ? left + 1 : 0;
  }
  return left > 0;
}

/** @param {Uint16Array} codes @param {Uint8Array} bits @param {number} code */
function fill(codes, bits, code) {
  for (let byte = 0; byte < bits.length; byte++) {
    const eight = bits[byte];
    if (eight === 0) continue;
    for (let bit = 0; bit < 8; bit++) if ((eight >> bit) & 1) codes[8 * byte + bit] = code;
  }
}

/** @param {Uint16Array} codes @param {Uint8Array} bits @param {Uint16Array} each */
function fillEach(codes, bits, each) {
  let next = 0;
  for (let row = 0; row < codes.length; row++) if (hasBit(bits, row)) codes[row] = each[next++];
}

/**
 * An edit as a person could do it by hand.
 * @param {Entry} entry
 */
function inWords({ content, bits }) {
  const rows = bits ? rowsOf(bits).join(", ") : "";
  if (content.kind === "label")
    return `annotator.label([${rows}], ${JSON.stringify(content.name)})`;
  if (content.kind === "clear") return `annotator.clear([${rows}])`;
  if (content.kind === "add_class") return `annotator.add_class(${JSON.stringify(content.name)})`;
  return `annotator.${content.kind}()`;
}
