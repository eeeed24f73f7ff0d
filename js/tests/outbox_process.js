// The page's outbox in a process of its own. Whoever starts it is network and clock: each line in
// is a list of commands, each line out says what was sent and what is still on its way.
import { createInterface } from "node:readline";
import { mock } from "node:test";
import { createOutbox } from "../labels/outbox.js";

mock.timers.enable({ apis: ["setTimeout"] });
let now = 0;
performance.now = () => now;

/** @type {any} an Outbox, from the first command on */
let outbox;
/** @type {any[]} */
let sent = [];
/** @type {number[]} */
let refused = [];
/** @type {number[]} */
let acknowledged = [];

/** @param {{ client?: string, entries?: any[] }} [kept] */
function open(kept = {}) {
  outbox = createOutbox({
    ...kept,
    send: (message, buffers) => sent.push([message, buffers.map(toText)]),
    onChange(news) {
      if (news?.refused) refused.push(news.refused.seq);
      for (const { seq } of news?.acknowledged ?? []) acknowledged.push(seq);
    },
  });
}

const toText = (/** @type {ArrayBuffer} */ buffer) => Buffer.from(buffer).toString("base64");
const toBytes = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, "base64"));

/** @type {Record<string, (...details: any[]) => void>} */
const commands = {
  begin() {
    outbox?.close();
    open();
  },
  /** Another page that goes on with what this one could not deliver. */
  reload() {
    const kept = { client: outbox.client, entries: outbox.entries() };
    outbox.close();
    open(kept);
  },
  push(content, bits, codes) {
    outbox.push(content, toBytes(bits), codes && new Uint16Array(toBytes(codes).buffer));
  },
  /** An edit without rows. */
  say(content) {
    outbox.push(content);
  },
  receive(message) {
    outbox.receive(message);
  },
  tick(milliseconds) {
    now += milliseconds;
    mock.timers.tick(milliseconds);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  for (const [name, ...details] of JSON.parse(line)) commands[name](...details);
  const { client } = outbox;
  const answer = { client, pending: outbox.state().pending, sent, refused, acknowledged };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  sent = [];
  refused = [];
  acknowledged = [];
}
