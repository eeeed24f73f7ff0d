// Edits on their way to the kernel: in order, kept until acknowledged, sent again when in doubt.
//
// A trait is no place for an edit: while the kernel is busy its changes are merged, and of ten
// labels two arrive. A message that was sent may be lost, doubled or overtaken; numbers put that
// right: the kernel takes each number once and in order, says which it has, and which it misses.

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
/** A gap is told once for every message that came too early; one resending answers them all. */
const GAP_PAUSE_MS = 200;
/** At most so much is sent again at once: a server closes connections over 10 MiB. */
const MOST_BYTES = 1_000_000;
/** After so many times unanswered the person is told. */
const PATIENCE = 2;

/**
 * @typedef {object} Entry
 * @property {number} seq
 * @property {Record<string, any>} content
 * @property {Uint8Array | null} bits
 * @property {Uint16Array | null} codes one for each row of the bits, where they differ
 *
 * @typedef {object} OutboxState
 * @property {number} pending how many edits are not acknowledged
 * @property {string} problem why they are not, in words; "" while nothing is wrong
 *
 * @typedef {object} Outbox
 * @property {string} client name of these edits
 * @property {(content: Record<string, any>, bits?: Uint8Array | null,
 *   codes?: Uint16Array | null) => Entry} push
 * @property {(message: any) => boolean} receive whether the message was about these edits
 * @property {() => Entry[]} entries those not acknowledged, the oldest first
 * @property {() => OutboxState} state
 * @property {(shelf: import("./shelf.js").Shelf) => void} keepOn keep these edits there too
 * @property {() => boolean} isKept whether the shelf has all of them
 * @property {() => void} close send nothing more; what is on the shelf stays there
 */

/**
 * @param {object} options
 * @param {(content: object, buffers: ArrayBuffer[]) => void} options.send
 * @param {(news?: { acknowledged?: Entry[], refused?: Entry, message?: string }) => void}
 *   options.onChange
 * @param {string} [options.client]
 * @param {Entry[]} [options.entries] edits to begin with, the oldest first
 * @returns {Outbox}
 */
export function createOutbox({ send, onChange, client = newName(), entries = [] }) {
  let last = entries.at(-1)?.seq ?? 0;
  /** @type {import("./shelf.js").Shelf | null} */
  let shelf = null;
  /** @type {Set<number>} numbers of those on the shelf */
  const shelved = new Set();
  let pause = FIRST_PAUSE_MS;
  let unanswered = 0;
  let problem = "";
  let gapAnsweredAt = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {Entry} entry */
  function post({ seq, content, bits, codes }) {
    const settled = entries[0].seq - 1;
    const message = { ...content, op: "edit", client, seq, settled };
    const parts = [bits, codes].filter((part) => part !== null);
    try {
      // The whole buffer under a view would be sent, not the view.
      send(
        message,
        parts.map((part) => /** @type {ArrayBuffer} */ (part.slice().buffer)),
      );
    } catch {
      // No connection: the timer tries again.
    }
  }

  /** @param {number} from */
  function resend(from) {
    let bytes = 0;
    for (const entry of entries) {
      if (entry.seq < from) continue;
      const size = (entry.bits?.byteLength ?? 0) + (entry.codes?.byteLength ?? 0);
      if (bytes > 0 && bytes + size > MOST_BYTES) break;
      bytes += 1 + size;
      post(entry);
    }
  }

  function wait() {
    clearTimeout(timer);
    timer = entries.length > 0 ? setTimeout(again, pause) : undefined;
  }

  function again() {
    unanswered++;
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    resend(0);
    wait();
    onChange();
  }

  /** @param {number[]} seqs @returns {Entry[]} those that were still on their way */
  function settle(seqs) {
    const settled = entries.filter((entry) => seqs.includes(entry.seq));
    if (settled.length === 0) return [];
    entries = entries.filter((entry) => !seqs.includes(entry.seq));
    shelf?.drop(settled.map(({ seq }) => seq));
    for (const { seq } of settled) shelved.delete(seq);
    pause = FIRST_PAUSE_MS;
    unanswered = 0;
    problem = "";
    wait();
    return settled;
  }

  /** @param {Entry} entry */
  function keep(entry) {
    if (shelf?.put(entry)) shelved.add(entry.seq);
  }

  /** @param {any} message */
  function receive(message) {
    const acknowledged = message?.acks?.[client];
    if (acknowledged) {
      onChange({ acknowledged: settle(acknowledged) });
      return true;
    }
    if (message?.client !== client) return false;
    if (message.op === "refused") {
      const [refused] = settle([message.seq]);
      onChange(refused && { refused, message: String(message.message) });
    } else if (message.op === "failed") {
      problem = String(message.message);
      onChange();
    } else if (message.op === "gap") {
      if (performance.now() - gapAnsweredAt < GAP_PAUSE_MS) return true;
      gapAnsweredAt = performance.now();
      resend(message.expected);
    } else return false;
    return true;
  }

  if (entries.length > 0) {
    resend(0);
    wait();
  }
  return {
    client,
    push(content, bits = null, codes = null) {
      const entry = { seq: ++last, content, bits, codes };
      entries = [...entries, entry];
      keep(entry);
      post(entry);
      if (timer === undefined) wait();
      onChange();
      return entry;
    },
    receive,
    entries: () => entries,
    state: () => ({
      pending: entries.length,
      problem: problem || (unanswered >= PATIENCE ? "the kernel is busy, or it has stopped" : ""),
    }),
    keepOn(place) {
      shelf = place;
      for (const entry of entries) keep(entry);
    },
    isKept: () => entries.every(({ seq }) => shelved.has(seq)),
    close() {
      clearTimeout(timer);
      entries = [];
      shelf = null;
    },
  };
}

/** A name nobody else has; `crypto.randomUUID` is missing on pages served without https. */
function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
