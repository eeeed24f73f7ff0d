// All edits a page has on their way to one log: its own, and those earlier pages left behind.
//
// A page that is reloaded, or a cell that runs again, has another client name. What the client
// before it could not deliver is sent under the old name and numbers, so that the kernel takes
// each exactly once, whether or not it had arrived.
import { onEnd } from "../shared/lifecycle.js";
import { createOutbox } from "./outbox.js";
import { createShelf, keptEdits } from "./shelf.js";
import { takeTenure } from "./tenure.js";

/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./tenure.js").Tenure} Tenure */
/** @typedef {{ outbox: Outbox, tenure: Tenure | null }} Sending */
/**
 * @typedef {object} Neighbour another widget of this page that writes to the same log
 * @property {() => boolean} isStuck
 * @property {() => { client: string, entries: Entry[], tenure: Tenure | null }[]} give hand over
 *   all edits on their way
 */

const LOOK_MS = 2000;
/** Each widget loads its own copy of this module, so what they share hangs on the page. */
const REGISTRY = Symbol.for("vaewidgets.outboxes.1");

/**
 * @param {object} options
 * @param {string} options.journal identity of the log; "" for one in memory, which ends with the
 *   kernel: there is nothing then that later pages could deliver to
 * @param {(content: object, buffers: ArrayBuffer[]) => void} options.send
 * @param {Parameters<typeof createOutbox>[0]["onChange"]} options.onChange
 * @param {() => Promise<unknown>} options.isAnswered resolves when the kernel has answered
 * @param {AbortSignal} options.signal
 */
export function createOutboxes({ journal, send, onChange, isAnswered, signal }) {
  /** @type {Sending} */
  let own = begin();
  /** @type {Sending[]} of earlier pages, the oldest first */
  let inherited = [];
  let isLooking = false;

  function begin() {
    /** @type {Sending} */
    const sending = { outbox: createOutbox({ send, onChange }), tenure: null };
    if (journal !== "") keep(sending);
    return sending;
  }

  /** @param {Sending} sending */
  async function keep(sending) {
    const { client } = sending.outbox;
    const tenure = await takeTenure(journal, client);
    // What is on the shelf before its tenure is taken, another tab could take for left behind.
    if (signal.aborted) tenure?.release();
    else if (tenure) {
      sending.tenure = tenure;
      sending.outbox.keepOn(createShelf(journal, client));
      onChange();
    }
  }

  /** @param {string} client @param {Entry[]} entries @param {Tenure | null} tenure */
  function inherit(client, entries, tenure) {
    const outbox = createOutbox({ send, onChange, client, entries });
    outbox.keepOn(createShelf(journal, client));
    inherited.push({ outbox, tenure });
    onChange();
  }

  async function takeLeftBehind() {
    for (const client of keptEdits(journal).keys()) {
      if (all().some(({ outbox }) => outbox.client === client)) continue;
      const tenure = await takeTenure(journal, client);
      if (!tenure) continue;
      // Read again: the tab that had it may have delivered meanwhile.
      const entries = keptEdits(journal).get(client) ?? [];
      if (signal.aborted || entries.length === 0) tenure.release();
      else inherit(client, entries, tenure);
    }
  }

  /** Of two widgets of one log, a kernel that was restarted answers only the newer. */
  async function takeFromStuck() {
    for (const neighbour of neighboursOf(journal)) {
      if (neighbour === self || !neighbour.isStuck()) continue;
      await isAnswered();
      if (signal.aborted) return;
      // A kernel that was only busy has answered the neighbour first.
      if (!neighbour.isStuck()) continue;
      for (const { client, entries, tenure } of neighbour.give()) {
        if (entries.length > 0) inherit(client, entries, tenure);
        else tenure?.release();
      }
    }
  }

  async function look() {
    if (isLooking || journal === "" || signal.aborted) return;
    isLooking = true;
    try {
      await takeLeftBehind();
      await takeFromStuck();
    } catch {
      // No answer: the next look tries again.
    } finally {
      isLooking = false;
    }
  }

  function dropEmpty() {
    for (const { outbox, tenure } of inherited) {
      if (outbox.entries().length === 0) tenure?.release();
    }
    inherited = inherited.filter(({ outbox }) => outbox.entries().length > 0);
  }

  const all = () => [...inherited, own];
  const stuckIn = (/** @type {Sending[]} */ list) =>
    list.find(({ outbox }) => outbox.state().problem !== "")?.outbox.state().problem ?? "";

  /** @type {Neighbour} */
  const self = {
    isStuck: () => stuckIn(all()) !== "",
    give() {
      dropEmpty();
      const given = all().map(({ outbox, tenure }) => {
        const { client } = outbox;
        const entries = outbox.entries();
        outbox.close();
        return { client, entries, tenure };
      });
      inherited = [];
      own = begin();
      onChange();
      return given;
    },
  };

  const timer = setInterval(look, LOOK_MS);
  if (journal !== "") neighboursOf(journal).add(self);
  onEnd(signal, () => {
    clearInterval(timer);
    neighboursOf(journal).delete(self);
    for (const { outbox, tenure } of all()) {
      outbox.close();
      tenure?.release();
    }
  });
  look();

  return {
    /** Name of the edits made here. */
    client: () => own.outbox.client,
    /** @type {Outbox["push"]} */
    push: (...edit) => own.outbox.push(...edit),
    /** @param {any} message */
    receive(message) {
      for (const { outbox } of all()) outbox.receive(message);
      dropEmpty();
    },
    /** Those made here, the oldest first. */
    ownEntries: () => own.outbox.entries(),
    /** All edits on their way with the client each is of, the oldest first. */
    entries: () =>
      all().flatMap(({ outbox }) =>
        outbox.entries().map((entry) => ({ ...entry, client: outbox.client })),
      ),
    state: () => ({
      pending: all().reduce((sum, { outbox }) => sum + outbox.entries().length, 0),
      problem: stuckIn(all()),
      isKept: all().every(({ outbox }) => outbox.isKept()),
    }),
  };
}

/** @param {string} journal @returns {Set<Neighbour>} */
function neighboursOf(journal) {
  /** @type {any} */
  const page = globalThis;
  page[REGISTRY] ??= new Map();
  if (!page[REGISTRY].has(journal)) page[REGISTRY].set(journal, new Set());
  return page[REGISTRY].get(journal);
}
