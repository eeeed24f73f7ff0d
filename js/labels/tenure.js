// Who may send a client's edits: the tab that made them while it lives, then one other.
import { storageOfPage } from "./shelf.js";

/** @typedef {{ release: () => void }} Tenure */

const BEAT_MS = 5000;
/** A hidden tab's timers run once a minute. */
const DEAD_MS = 100_000;

/**
 * Become the one that sends a client's edits.
 * @param {string} journal
 * @param {string} client
 * @returns {Promise<Tenure | null>} null while another tab is that
 */
export function takeTenure(journal, client) {
  const name = `vaewidgets.outbox/${journal}/${client}`;
  const locks = globalThis.navigator?.locks;
  return locks ? takeLock(locks, name) : Promise.resolve(takeByHeartbeat(name));
}

/**
 * A lock ends with the tab that holds it, however the tab ends.
 * @param {LockManager} locks
 * @param {string} name
 * @returns {Promise<Tenure | null>}
 */
function takeLock(locks, name) {
  return new Promise((resolve) => {
    const held = locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) {
        resolve(null);
        return undefined;
      }
      return new Promise((release) => resolve({ release: () => release(undefined) }));
    });
    held.catch(() => resolve(null)); // a document that is not shown may not hold locks
  });
}

/**
 * Pages without https have no locks: there a tab says every few seconds that it lives.
 * @param {string} name
 * @returns {Tenure | null}
 */
function takeByHeartbeat(name) {
  const storage = storageOfPage();
  if (!storage) return null;
  const key = `${name}/alive`.replace(".outbox/", ".alive/");
  if (Date.now() - Number(storage.getItem(key) ?? 0) < DEAD_MS) return null;
  const beat = () => {
    try {
      storage.setItem(key, String(Date.now()));
    } catch {
      // Full: then nothing of this client is kept there either.
    }
  };
  const stop = () => storage.removeItem(key);
  beat();
  const timer = setInterval(beat, BEAT_MS);
  globalThis.addEventListener?.("pagehide", stop);
  return {
    release() {
      clearInterval(timer);
      globalThis.removeEventListener?.("pagehide", stop);
      stop();
    },
  };
}
