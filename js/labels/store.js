// The labels as a page knows them: those the kernel has, and over them the edits on their way.

import { select } from "../map/selection.js";
import { countBits } from "../shared/buffers.js";
import { onEnd } from "../shared/lifecycle.js";
import { createRequests } from "../shared/requests.js";
import { createNews } from "../shared/together.js";
import { paintEdits, rejectionOf } from "./draft.js";
import { nothingKept, readAll, readSuggestions, withDiff } from "./kept.js";
import { createOutboxes } from "./outboxes.js";
import { play } from "./steps.js";
import { codesOfRows, shownSuggestions, suggestedRows, takeOut } from "./suggested.js";
import { summarize } from "./summary.js";
import { inPython } from "./words.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./draft.js").Labels} Labels */
/** @typedef {import("./suggested.js").Shown} Shown */
/** @typedef {import("./summary.js").Summary} Summary */
/**
 * @typedef {object} LabelClass
 * @property {number} number
 * @property {string} name
 * @property {string} color hexadecimal
 * @property {number} count
 * @property {boolean} saving the kernel does not have it yet
 *
 * @typedef {"key" | "click"} How something was done
 *
 * @typedef {object} Saving
 * @property {number} pending how many edits are on their way
 * @property {string} problem why they do not arrive, in words
 * @property {boolean} isKept this browser has them too
 * @property {string} conflict why the frame does not take the labels
 * @property {string} savedTo a folder; "" if the labels are in memory only
 *
 * @typedef {object} Step
 * @property {"undo" | "redo"} kind
 * @property {Labels} before
 * @property {Labels} after
 *
 * @typedef {object} LabelStore
 * @property {() => boolean} ready whether the labels have arrived
 * @property {() => Labels} labels
 * @property {() => Summary} summary
 * @property {() => Shown | null} suggested
 * @property {() => LabelClass[]} classes those that are shown, in the order of their keys
 * @property {() => number} undoable how many steps can be undone
 * @property {() => boolean} canUndo
 * @property {() => boolean} canRedo
 * @property {() => Saving} saving
 * @property {() => string} unsent the edits that are not saved, as text
 * @property {() => string} found how the images were found again in the log; "" once it was read
 * @property {() => void} dismissFound
 * @property {(bits: Uint8Array, number: number, how?: How) => void} label
 * @property {(bits: Uint8Array, number?: number, how?: How) => void} clear a tag is denied by its
 *   number; all labels are taken off without
 * @property {(bits: Uint8Array, name: string) => number} group a class of these images, made in the
 *   same step; its number
 * @property {(bits: Uint8Array) => void} setAside
 * @property {(bits: Uint8Array) => void} putBack
 * @property {(bits: Uint8Array, name: string) => void} keep these rows under a name; none: forget it
 * @property {(name: string) => number} addClass its number
 * @property {(number: number, name: string) => void} rename
 * @property {(number: number, into: number) => void} merge
 * @property {(number: number) => void} remove
 * @property {(bits: Uint8Array, text: string) => void} note
 * @property {(bits: Uint8Array) => void} accept the suggestions for these rows
 * @property {(bits: Uint8Array) => void} reject
 * @property {(bits: Uint8Array) => void} rejectAll none of the classes is to be suggested for these
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {(reader: () => void, signal: AbortSignal) => void} follow
 * @property {(reader: (text: string) => void, signal: AbortSignal) => void} onMessage
 * @property {(reader: (step: Step) => void, signal: AbortSignal) => void} onStep the kernel took back
 *   or redid one of this page's steps
 */

const RETRY_MS = 3000;

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
  /** @type {ReturnType<typeof createNews<[Step]>>} */
  const stepped = createNews();
  const warn = createLeaveWarning(signal);
  let kept = nothingKept(model.get("_n"));
  let isSyncing = false;
  let isFoundRead = false;
  let newest = 0; // the highest version heard of
  /** @type {ReturnType<typeof look> | null} what is shown, until something changes */
  let shown = null;

  const outboxes = createOutboxes({
    journal: String(model.get("_journal") ?? ""),
    send: (content, buffers) => model.send(content, undefined, buffers),
    isAnswered: () => requests.ask("sync"),
    onChange(change) {
      if (change?.refused) messages.tell(`Not saved: ${change.message}`);
      for (const { content, bits, codes } of change?.acknowledged ?? []) {
        // Until the kernel suggests anew, what was rejected here is not shown again.
        if (content.kind !== "reject" || !bits || !kept.suggestions) continue;
        takeOut(kept.suggestions.codes, rejectionOf({ seq: 0, content, bits, codes }, bits));
      }
      changed();
    },
    signal,
  });

  /** What there is to see: kept, and painted over it what is on its way. */
  function look() {
    const steps = play(outboxes.entries(), kept);
    const { labels, rejections } = paintEdits(kept, steps.standing);
    const summary = summarize(labels);
    const classes = numbersShown(kept, labels).map((number) => ({
      number,
      name: labels.classes[number],
      color: kept.palette[number % kept.palette.length],
      count: summary.counts[number],
      saving: number >= kept.classes.length,
    }));
    return {
      labels,
      summary,
      suggested: kept.suggestions && shownSuggestions(kept.suggestions, labels, rejections),
      classes,
      steps,
    };
  }

  const now = () => {
    shown ??= look();
    return shown;
  };

  function changed() {
    shown = null;
    if (signal.aborted) return;
    warn(!outboxes.state().isKept);
    news.tell();
  }

  /** Ask for everything, and again while a change is heard of that is newer than the answer. */
  async function sync() {
    if (isSyncing) return;
    isSyncing = true;
    while (!signal.aborted) {
      try {
        const { content, buffers } = await requests.ask("sync");
        kept = readAll(kept.n, content, buffers);
        if (kept.version >= newest) break;
      } catch {
        if (signal.aborted) break;
        // The kernel is busy or gone; nobody else will ask.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    isSyncing = false;
    changed();
  }

  /** @param {any} diff @param {DataView[]} buffers */
  function apply(diff, buffers) {
    newest = Math.max(newest, diff.version);
    if (diff.version <= kept.version) return;
    if (diff.base > kept.version || isSyncing) {
      sync(); // something between was lost, or the answer on its way may be older
      return;
    }
    const before = kept;
    const after = withDiff(kept, diff, buffers);
    kept = after.kept;
    changed();
    // What was just taken back is selected again: most undos are a slip of the key.
    if (diff.by?.client !== outboxes.client()) return;
    const { kind } = diff.by;
    if (kind === "undo" && countBits(after.rows) > 0) select(model, after.rows);
    if (kind === "undo" || kind === "redo") stepped.tell({ kind, before, after: kept });
  }

  requests.onMessage("diff", (diff, buffers) => {
    apply(diff, buffers);
    outboxes.receive(diff); // at once: an undo must not count as kept and as on its way
  });
  for (const op of ["ack", "refused", "failed", "gap"]) {
    requests.onMessage(op, (message) => {
      outboxes.receive(message);
      newest = Math.max(newest, message.version ?? 0);
      if (newest > kept.version) sync();
    });
  }
  requests.onMessage("suggestions", (content, buffers) => {
    kept = { ...kept, suggestions: readSuggestions(content, buffers) };
    if (content.notice) messages.tell(content.notice);
    changed();
  });
  requests.onMessage("conflict", ({ text }) => {
    kept = { ...kept, conflict: text };
    changed();
  });
  requests.onMessage("notice", ({ text }) => messages.tell(text));
  sync();

  /** How an edit names a class: two pages may add classes at once, so the number of a new one is
   * not known yet. @param {number} number */
  function named(number) {
    if (number < kept.classes.length) return { class: number };
    const name = now().labels.classes[number];
    const isAdding = (/** @type {import("./outbox.js").Entry} */ { content }) =>
      content.kind === "add_class" && content.name === name;
    // One that an earlier page added is added again: it is the same one by its name.
    const adding = outboxes.ownEntries().findLast(isAdding);
    const { seq } = adding ?? outboxes.push({ kind: "add_class", name });
    return { class_of: seq, name };
  }

  /** @param {"accept" | "reject"} kind @param {Uint8Array} bits */
  function answer(kind, bits) {
    const { suggested } = now();
    if (!suggested) return;
    const rows = suggestedRows(suggested, 0, bits);
    if (countBits(rows) === 0) return;
    const { content, codes } = codesOfRows(suggested, rows);
    outboxes.push({ kind, ...content }, rows, codes);
  }

  /** @param {Uint8Array} bits @param {Record<string, any>} content */
  function push(bits, content) {
    if (countBits(bits) > 0) outboxes.push(content, bits);
  }

  return {
    ready: () => kept.version >= 0,
    labels: () => now().labels,
    summary: () => now().summary,
    suggested: () => now().suggested,
    classes: () => now().classes,
    undoable: () => now().steps.undo,
    canUndo: () => now().steps.undo > 0,
    canRedo: () => now().steps.redo > 0,
    saving() {
      const { conflict, savedTo } = kept;
      return { ...outboxes.state(), conflict, savedTo };
    },
    unsent: () =>
      outboxes
        .entries()
        .map((entry) => inPython(entry, now().labels.classes))
        .join("\n"),
    found: () => (isFoundRead ? "" : kept.found),
    dismissFound() {
      isFoundRead = true;
      changed();
    },
    label(bits, number, how) {
      if (countBits(bits) > 0) push(bits, { kind: "label", ...named(number), ...by(how) });
    },
    clear: (bits, number, how) =>
      push(bits, { kind: "clear", ...(number === undefined ? {} : named(number)), ...by(how) }),
    group(bits, name) {
      push(bits, { kind: "group", name });
      return now().labels.classes.indexOf(name);
    },
    setAside: (bits) => push(bits, { kind: "set_aside", name: "" }),
    putBack: (bits) => push(bits, { kind: "put_back" }),
    keep: (bits, name) => void outboxes.push({ kind: "keep", name }, bits),
    addClass(name) {
      const known = now().classes.find((one) => one.name === name);
      if (!known) outboxes.push({ kind: "add_class", name });
      return now().labels.classes.indexOf(name);
    },
    rename: (number, name) => void outboxes.push({ kind: "rename_class", class: number, name }),
    merge: (number, into) => void outboxes.push({ kind: "merge_class", class: number, into }),
    remove: (number) => void outboxes.push({ kind: "delete_class", class: number }),
    note: (bits, text) => push(bits, { kind: "note", name: text }),
    accept: (bits) => answer("accept", bits),
    reject: (bits) => answer("reject", bits),
    rejectAll: (bits) => push(bits, { kind: "reject", all: true }),
    undo: () => void outboxes.push({ kind: "undo" }),
    redo: () => void outboxes.push({ kind: "redo" }),
    follow: news.follow,
    onMessage: messages.follow,
    onStep: stepped.follow,
  };
}

/** How an edit says how it was done. @param {How} [how] */
const by = (how) => (how ? { how } : {});

/**
 * The person's order, and last what was added or brought back here and the kernel does not know of.
 * @param {import("./kept.js").Kept} kept
 * @param {Labels} labels with the edits on their way
 */
function numbersShown(kept, { classes, gone }) {
  const isNew = (/** @type {number} */ k) => k >= kept.classes.length || kept.gone.has(k);
  const all = [...kept.order, ...[...classes.keys()].filter(isNew)];
  return [...new Set(all)].filter((number) => !gone.has(number));
}

/**
 * Keeps a person from leaving the page while edits are nowhere but on it.
 * @param {AbortSignal} signal
 * @returns {(wanted: boolean) => void}
 */
function createLeaveWarning(signal) {
  const page = globalThis.window;
  let isWarning = false;
  /** @param {BeforeUnloadEvent} event */
  const warn = (event) => event.preventDefault();
  /** @param {boolean} wanted */
  function show(wanted) {
    if (wanted === isWarning) return;
    isWarning = wanted;
    if (wanted) page?.addEventListener("beforeunload", warn);
    else page?.removeEventListener("beforeunload", warn);
  }
  onEnd(signal, () => show(false));
  return show;
}
