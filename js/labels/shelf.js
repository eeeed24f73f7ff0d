// Edits on their way, kept in the browser's storage: a reload or a crash of the tab loses none.

/** @typedef {import("./outbox.js").Entry} Entry */
/**
 * @typedef {object} Shelf where the edits of one client are kept
 * @property {(entry: Entry) => boolean} put whether it is kept
 * @property {(seqs: number[]) => void} drop
 */

const PREFIX = "vaewidgets.outbox";

/** The storage of this page; null where the browser or the host has none. */
export function storageOfPage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // a frame of another origin may not even ask
  }
}

/**
 * @param {string} journal identity of the log the edits go to
 * @param {string} client
 * @returns {Shelf}
 */
export function createShelf(journal, client) {
  const storage = storageOfPage();
  const keyOf = (/** @type {number} */ seq) => `${PREFIX}/${journal}/${client}/${seq}`;
  // Once one found no room the later ones are not kept either: an undo that comes back without the
  // label before it would take back another one.
  let isFull = false;
  /** @type {Set<number>} */
  const kept = new Set();

  return {
    put(entry) {
      if (!storage || isFull) return false;
      try {
        storage.setItem(keyOf(entry.seq), toText(entry));
      } catch {
        isFull = true;
        return false;
      }
      kept.add(entry.seq);
      return true;
    },
    drop(seqs) {
      for (const seq of seqs) {
        storage?.removeItem(keyOf(seq));
        kept.delete(seq);
      }
      if (kept.size === 0) isFull = false;
    },
  };
}

/**
 * All edits kept for a log, by client, each in order.
 * @param {string} journal
 * @returns {Map<string, Entry[]>}
 */
export function keptEdits(journal) {
  const storage = storageOfPage();
  /** @type {Map<string, Entry[]>} */
  const clients = new Map();
  for (let k = 0; k < (storage?.length ?? 0); k++) {
    const key = storage?.key(k) ?? "";
    const [prefix, log, client, seq] = key.split("/");
    if (prefix !== PREFIX || log !== journal) continue;
    const entry = fromText(Number(seq), storage?.getItem(key) ?? "");
    if (entry) clients.set(client, [...(clients.get(client) ?? []), entry]);
  }
  for (const entries of clients.values()) entries.sort((a, b) => a.seq - b.seq);
  return clients;
}

/** @param {Entry} entry */
function toText({ content, bits, codes }) {
  return JSON.stringify({
    content,
    bits: bits && toBase64(bits),
    codes: codes && toBase64(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength)),
  });
}

/** @param {number} seq @param {string} text @returns {Entry | null} null if it cannot be read */
function fromText(seq, text) {
  try {
    const { content, bits, codes } = JSON.parse(text);
    return {
      seq,
      content,
      bits: bits === null ? null : fromBase64(bits),
      codes: codes === null ? null : new Uint16Array(fromBase64(codes).buffer),
    };
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
