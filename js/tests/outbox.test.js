import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import * as outboxes from "../labels/outbox.js";

/** @type {outboxes.Outbox[]} */
const open = [];
/** @param {Parameters<typeof outboxes.createOutbox>[0]} options */
function createOutbox(options) {
  open.push(outboxes.createOutbox(options));
  return open[open.length - 1];
}
afterEach(() => {
  for (const outbox of open.splice(0)) outbox.close();
  mock.timers.reset();
});

/** The kernel's part of the protocol: each number once, in order; says what is missing. */
function createKernel() {
  /** @type {number[]} */
  const taken = [];
  return {
    taken,
    /** @param {any} message */
    answer(message) {
      const { client, seq, settled } = message;
      const last = Math.max(taken.at(-1) ?? 0, settled);
      if (seq > last + 1) return { op: "gap", client, expected: last + 1 };
      if (seq === last + 1) taken.push(seq);
      return { op: "ack", acks: { [client]: [seq] } };
    },
  };
}

/** @param {number} seed */
function randomFrom(seed) {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
}

test("what is sent has the bits and nothing else of the message they were cut from", () => {
  /** @type {any[]} */
  const sent = [];
  const outbox = createOutbox({ send: (...parts) => sent.push(parts), onChange() {} });
  outbox.push({ kind: "label", class: 0 }, new Uint8Array([9, 1, 2, 9]).subarray(1, 3));
  const [message, buffers] = sent[0];
  assert.deepEqual([...new Uint8Array(buffers[0])], [1, 2]);
  assert.equal(message.op, "edit");
  assert.equal(message.seq, 1);
  assert.equal(message.class, 0);
});

test("an edit stays until it is acknowledged, by number", () => {
  const outbox = createOutbox({ send() {}, onChange() {}, client: "me" });
  outbox.push({ kind: "undo" });
  outbox.push({ kind: "redo" });
  assert.equal(outbox.receive({ op: "ack", acks: { other: [1, 2] } }), false);
  assert.equal(outbox.state().pending, 2);
  outbox.receive({ op: "ack", acks: { me: [2] } });
  assert.deepEqual(
    outbox.entries().map(({ seq }) => seq),
    [1],
  );
});

test("what is not answered is sent again, in order, with growing pauses", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {number[]} */
  const sent = [];
  const outbox = createOutbox({
    send: (/** @type {any} */ { seq }) => sent.push(seq),
    onChange() {},
  });
  outbox.push({ kind: "undo" });
  outbox.push({ kind: "undo" });
  mock.timers.tick(1999);
  assert.deepEqual(sent, [1, 2]);
  mock.timers.tick(1);
  assert.deepEqual(sent, [1, 2, 1, 2]);
  assert.equal(outbox.state().problem, "");
  mock.timers.tick(3999);
  assert.equal(sent.length, 4);
  mock.timers.tick(1);
  assert.equal(sent.length, 6);
  assert.match(outbox.state().problem, /kernel is busy/);
  outbox.receive({ op: "ack", acks: { [outbox.client]: [1] } });
  assert.equal(outbox.state().problem, "");
  mock.timers.tick(2000);
  assert.deepEqual(sent.slice(6), [2]);
  outbox.close();
  mock.timers.tick(100_000);
  assert.equal(sent.length, 7);
});

test("edits to begin with are sent at once, and new ones go on with their numbers", () => {
  /** @type {any[]} */
  const sent = [];
  const entries = [4, 6].map((seq) => ({
    seq,
    content: { kind: "undo" },
    bits: null,
    codes: null,
  }));
  const outbox = createOutbox({
    send: (message) => sent.push(message),
    onChange() {},
    client: "old",
    entries,
  });
  outbox.push({ kind: "redo" });
  assert.deepEqual(
    sent.map(({ client, seq, settled }) => [client, seq, settled]),
    [
      ["old", 4, 3],
      ["old", 6, 3],
      ["old", 7, 3],
    ],
  );
});

test("a code for each row goes after the rows", () => {
  /** @type {any[]} */
  const sent = [];
  const outbox = createOutbox({ send: (...parts) => sent.push(parts), onChange() {} });
  outbox.push({ kind: "accept" }, new Uint8Array([3]), new Uint16Array([258, 1]));
  assert.deepEqual(
    sent[0][1].map((/** @type {ArrayBuffer} */ part) => [...new Uint8Array(part)]),
    [[3], [2, 1, 1, 0]],
  );
});

test("a gap is filled from the edit that is missing", () => {
  /** @type {any[]} */
  const sent = [];
  const outbox = createOutbox({ send: (message) => sent.push(message), onChange() {} });
  for (let i = 0; i < 4; i++) outbox.push({ kind: "undo" });
  outbox.receive({ op: "ack", acks: { [outbox.client]: [1] } });
  sent.length = 0;
  outbox.receive({ op: "gap", client: outbox.client, expected: 2 });
  outbox.receive({ op: "gap", client: outbox.client, expected: 2 });
  assert.deepEqual(
    sent.map(({ seq, settled }) => [seq, settled]),
    [
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  );
});

test("a refused edit is given up and told, and the others go on", () => {
  /** @type {any[]} */
  const told = [];
  const outbox = createOutbox({ send() {}, onChange: (news) => news?.refused && told.push(news) });
  outbox.push({ kind: "label", class: 7 });
  outbox.push({ kind: "undo" });
  const refusal = { op: "refused", client: outbox.client, seq: 1, message: "no such class" };
  outbox.receive(refusal);
  outbox.receive(refusal);
  assert.equal(told.length, 1);
  assert.equal(told[0].refused.content.class, 7);
  assert.equal(told[0].message, "no such class");
  assert.equal(outbox.state().pending, 1);
});

test("an edit that cannot be kept stays, and says why", () => {
  const outbox = createOutbox({ send() {}, onChange() {} });
  outbox.push({ kind: "undo" });
  outbox.receive({ op: "failed", client: outbox.client, seq: 1, message: "disk full" });
  assert.deepEqual(outbox.state(), { pending: 1, problem: "disk full" });
  outbox.receive({ op: "ack", acks: { [outbox.client]: [1] } });
  assert.deepEqual(outbox.state(), { pending: 0, problem: "" });
});

test("a connection that throws loses nothing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let works = false;
  const kernel = createKernel();
  const outbox = createOutbox({
    send(message) {
      if (!works) throw new Error("no comm");
      kernel.answer(message);
    },
    onChange() {},
  });
  outbox.push({ kind: "undo" });
  works = true;
  mock.timers.tick(2000);
  assert.deepEqual(kernel.taken, [1]);
});

test("edits arrive exactly once and in order over a channel that loses, doubles and shuffles", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (let schedule = 0; schedule < 300; schedule++) {
    const random = randomFrom(schedule);
    const kernel = createKernel();
    /** @type {any[]} */
    const up = [];
    /** @type {any[]} */
    const down = [];
    const put = (/** @type {any[]} */ channel, /** @type {any} */ message) => {
      if (random() < 0.3) return;
      channel.splice(Math.floor(random() * (channel.length + 1)), 0, message);
      if (random() < 0.2) channel.push(message);
    };
    const outbox = createOutbox({ send: (message) => put(up, message), onChange() {} });
    let pushed = 0;
    for (let round = 0; outbox.state().pending > 0 || pushed < 12; round++) {
      assert.ok(round < 2000, `schedule ${schedule} ends`);
      if (pushed < 12 && random() < 0.5) {
        outbox.push({ kind: "undo" });
        pushed++;
      }
      while (up.length > 0 && random() < 0.7) put(down, kernel.answer(up.shift()));
      while (down.length > 0 && random() < 0.7) outbox.receive(down.shift());
      mock.timers.tick(1000);
    }
    assert.deepEqual(
      kernel.taken,
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    outbox.close();
  }
  mock.timers.reset();
});
