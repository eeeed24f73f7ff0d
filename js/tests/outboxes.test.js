import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createOutboxes } from "../labels/outboxes.js";
import { createShelf, keptEdits } from "../labels/shelf.js";
import { takeTenure } from "../labels/tenure.js";

/** @type {any} */
const page = globalThis;
/** @type {AbortController[]} */
const lives = [];
beforeEach(() => {
  useStorage(createStorage());
  useLocks(createLocks());
});
afterEach(() => {
  for (const life of lives.splice(0)) life.abort();
  mock.timers.reset();
});

/** @param {any} storage */
const useStorage = (storage) =>
  Object.defineProperty(page, "localStorage", { value: storage, configurable: true });
/** @param {any} locks */
const useLocks = (locks) =>
  Object.defineProperty(page, "navigator", { value: { locks }, configurable: true });
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** @param {number} [room] most characters */
function createStorage(room = 1e9) {
  const values = new Map();
  return {
    get length() {
      return values.size;
    },
    key: (/** @type {number} */ k) => [...values.keys()][k] ?? null,
    getItem: (/** @type {string} */ key) => values.get(key) ?? null,
    setItem(/** @type {string} */ key, /** @type {string} */ value) {
      const used = [...values.values()].reduce((sum, text) => sum + text.length, 0);
      if (used + value.length > room) throw new Error("QuotaExceededError");
      values.set(key, value);
    },
    removeItem: (/** @type {string} */ key) => values.delete(key),
  };
}

/** Web Locks as a browser has them, as far as they are used. */
function createLocks() {
  const held = new Set();
  return {
    held,
    request(/** @type {string} */ name, /** @type {any} */ _options, /** @type {any} */ callback) {
      const isFree = !held.has(name);
      if (isFree) held.add(name);
      const done = Promise.resolve(callback(isFree ? { name } : null));
      return isFree ? done.finally(() => held.delete(name)) : done;
    },
  };
}

/** The kernel: takes each number of a client once, in order; silent when told to be. */
function createKernel() {
  /** @type {Record<string, number[]>} */
  const taken = {};
  /** @type {any[]} */
  const contents = [];
  return {
    taken,
    contents,
    isSilent: false,
    /** @param {any} message @param {ArrayBuffer[]} buffers */
    take(message, buffers) {
      if (this.isSilent) return null;
      const { client, seq, settled } = message;
      taken[client] ??= [];
      const last = Math.max(taken[client].at(-1) ?? 0, settled);
      if (seq > last + 1) return { op: "gap", client, expected: last + 1 };
      if (seq === last + 1) {
        taken[client].push(seq);
        contents.push([message.kind, ...buffers.map((part) => [...new Uint8Array(part)])]);
      }
      return { op: "ack", acks: { [client]: [seq] } };
    },
  };
}

/** @param {ReturnType<typeof createKernel>} kernel */
const answerOf = (kernel) => () =>
  kernel.isSilent ? Promise.reject(new Error("no answer")) : Promise.resolve();

/** @param {ReturnType<typeof createKernel>} kernel */
function open(kernel, journal = "log", isAnswered = answerOf(kernel)) {
  const life = new AbortController();
  lives.push(life);
  /** @type {ReturnType<typeof createOutboxes>} */
  const outboxes = createOutboxes({
    journal,
    send(message, buffers) {
      const answer = kernel.take(message, buffers);
      if (answer) queueMicrotask(() => outboxes.receive(answer));
    },
    onChange() {},
    isAnswered,
    signal: life.signal,
  });
  return { outboxes, close: () => life.abort() };
}

test("an edit that was not acknowledged is sent after a reload, once, as it was", async () => {
  const kernel = createKernel();
  const before = open(kernel);
  await settle();
  before.outboxes.push({ kind: "label", class: 1 }, Uint8Array.of(7, 1));
  await settle();
  assert.deepEqual(kernel.contents, [["label", [7, 1]]]);
  kernel.isSilent = true;
  before.outboxes.push({ kind: "accept" }, Uint8Array.of(3, 0), Uint16Array.of(300, 2));
  before.outboxes.push({ kind: "undo" });
  await settle();
  assert.equal(before.outboxes.state().isKept, true);
  const client = before.outboxes.client();
  before.close();
  await settle();
  kernel.isSilent = false;
  const after = open(kernel);
  await settle();
  assert.deepEqual(kernel.taken[client], [1, 2, 3]);
  assert.deepEqual(kernel.contents.slice(1), [["accept", [3, 0], [44, 1, 2, 0]], ["undo"]]);
  assert.equal(after.outboxes.state().pending, 0);
  assert.equal(keptEdits("log").size, 0);
  const third = open(kernel);
  await settle();
  assert.deepEqual(kernel.taken[client], [1, 2, 3]);
  third.close();
});

test("an edit that had arrived but for its acknowledgement is taken once", async () => {
  const kernel = createKernel();
  const before = open(kernel);
  await settle();
  const client = before.outboxes.client();
  const { take } = kernel;
  kernel.take = (...message) => {
    take.apply(kernel, message);
    return null; // arrives, but its answer is lost
  };
  before.outboxes.push({ kind: "undo" });
  before.close();
  await settle();
  kernel.take = take;
  const after = open(kernel);
  await settle();
  assert.deepEqual(kernel.taken[client], [1]);
  assert.equal(after.outboxes.state().pending, 0);
});

test("what a page that lives has on its way is left to it", async () => {
  const kernel = createKernel();
  kernel.isSilent = true;
  const living = open(kernel);
  await settle();
  living.outboxes.push({ kind: "undo" });
  const other = open(kernel);
  await settle();
  assert.equal(other.outboxes.state().pending, 0);
  living.close();
  await settle();
  const third = open(kernel);
  await settle();
  assert.equal(third.outboxes.state().pending, 1);
});

test("other logs are none of ours, and a log in memory is kept nowhere", async () => {
  const kernel = createKernel();
  kernel.isSilent = true;
  const one = open(kernel);
  await settle();
  one.outboxes.push({ kind: "undo" });
  one.close();
  const other = open(kernel, "another");
  const inMemory = open(kernel, "");
  await settle();
  inMemory.outboxes.push({ kind: "undo" });
  assert.equal(other.outboxes.state().pending, 0);
  assert.equal(inMemory.outboxes.state().isKept, false);
  assert.deepEqual([...keptEdits("").keys()], []);
});

test("where the storage is full, what came after is not kept either, and that is known", async () => {
  useStorage(createStorage(250));
  const kernel = createKernel();
  kernel.isSilent = true;
  const { outboxes, close } = open(kernel);
  await settle();
  outboxes.push({ kind: "label", class: 1 }, new Uint8Array(4));
  assert.equal(outboxes.state().isKept, true);
  outboxes.push({ kind: "label", class: 1 }, new Uint8Array(400));
  outboxes.push({ kind: "undo" });
  assert.equal(outboxes.state().isKept, false);
  close();
  const [entries] = [...keptEdits("log").values()];
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    [1],
  );
});

test("a page without any storage works, and says that nothing is kept", async () => {
  Object.defineProperty(page, "localStorage", {
    get() {
      throw new Error("SecurityError");
    },
    configurable: true,
  });
  const kernel = createKernel();
  const { outboxes } = open(kernel);
  await settle();
  outboxes.push({ kind: "undo" });
  assert.equal(outboxes.state().isKept, false);
  await settle();
  assert.equal(outboxes.state().pending, 0);
});

test("a record that cannot be read is passed over", () => {
  createShelf("log", "a").put({ seq: 2, content: { kind: "undo" }, bits: null, codes: null });
  page.localStorage.setItem("vaewidgets.outbox/log/a/1", "{half");
  assert.deepEqual(
    keptEdits("log")
      .get("a")
      ?.map(({ seq }) => seq),
    [2],
  );
});

test("of a kernel that was only busy, the one that waits is answered first and keeps its edits", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const kernel = createKernel();
  kernel.isSilent = true;
  const before = open(kernel);
  await settle();
  before.outboxes.push({ kind: "undo" });
  const client = before.outboxes.client();
  const asked = mock.fn(async () => {
    kernel.isSilent = false;
    before.outboxes.receive({ op: "ack", acks: { [client]: [1] } });
  });
  open(kernel, "log", asked);
  await settle();
  for (let second = 0; second < 12; second++) {
    mock.timers.tick(1000);
    await settle();
  }
  assert.equal(asked.mock.callCount(), 1);
  assert.equal(before.outboxes.client(), client);
  assert.equal(kernel.taken[client], undefined);
});

test("a newer widget takes over from one whose kernel is gone", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const [dead, alive] = [createKernel(), createKernel()];
  dead.isSilent = true;
  const before = open(dead);
  await settle();
  before.outboxes.push({ kind: "label", class: 0 }, Uint8Array.of(1, 0));
  const client = before.outboxes.client();
  const after = open(alive);
  await settle();
  assert.equal(alive.taken[client], undefined);
  for (let second = 0; second < 12; second++) {
    mock.timers.tick(1000);
    await settle();
  }
  assert.deepEqual(alive.taken[client], [1]);
  assert.equal(before.outboxes.state().pending, 0);
  assert.equal(after.outboxes.state().pending, 0);
  before.outboxes.push({ kind: "undo" });
  assert.notEqual(before.outboxes.client(), client, "the old name has been given away");
});

test("without locks a heartbeat says which tab lives; leaving the page ends it", async () => {
  useLocks(undefined);
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1e12 });
  const tenure = await takeTenure("log", "a");
  assert.ok(tenure);
  mock.timers.tick(600_000);
  assert.equal(await takeTenure("log", "a"), null);
  tenure.release();
  const next = await takeTenure("log", "a");
  assert.ok(next);
  const crashed = page.localStorage.getItem("vaewidgets.alive/log/a/alive");
  next.release();
  page.localStorage.setItem("vaewidgets.alive/log/a/alive", crashed);
  assert.equal(await takeTenure("log", "a"), null);
  mock.timers.tick(101_000);
  const heir = await takeTenure("log", "a");
  assert.ok(heir, "a tab that crashed is not waited for");
  heir.release();
});

test("nothing is left running, and every tenure is given back", async () => {
  const locks = createLocks();
  useLocks(locks);
  const kernel = createKernel();
  const { close } = open(kernel);
  await settle();
  assert.equal(locks.held.size, 1);
  close();
  await settle();
  assert.equal(locks.held.size, 0);
});
