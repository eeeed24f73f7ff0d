import assert from "node:assert/strict";
import { test } from "node:test";
import { decoderOf } from "../latent/decoder.js";
import { paced } from "../latent/pace.js";
import { createModel } from "./fake_model.js";

const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const codeOf = (/** @type {number} */ value) => new DataView(new Float32Array([value, 0]).buffer);

/**
 * Stop the clock of a test.
 * @param {import("node:test").TestContext} t
 * @returns {(ms: number) => Promise<void>} moves it on
 */
function holdClock(t) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  return async (ms) => {
    now += ms;
    t.mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
}

function setUp() {
  const model = createModel({ code: codeOf(0), _loaded: 1 });
  const controller = new AbortController();
  const decoder = decoderOf(/** @type {any} */ (model), controller.signal);
  /** @param {string} op */
  const asked = (op) => model.sent.filter(({ content }) => content.op === op);
  /** @param {any} message @param {number} value */
  const reply = ({ content }, value) =>
    model.emit(
      "msg:custom",
      { op: "reply", request: content.request, width: 1, height: 1, channels: 1 },
      [new Uint8Array([value]), new Uint8Array([value])],
    );
  return { model, controller, decoder, asked, reply };
}

test("while one code is being decoded no other is asked for, and the last one is shown", async () => {
  const { model, controller, decoder, asked, reply } = setUp();
  for (let value = 1; value <= 50; value++) {
    model.set("code", codeOf(value));
    await wait(4);
  }
  await wait(80); // the pace lets the last one through, to wait for the first one's answer
  assert.equal(asked("decode").length, 1);
  reply(asked("decode")[0], 7);
  await wait(0);
  assert.equal(asked("decode").length, 2);
  const newest = asked("decode")[1].buffers[0];
  assert.equal(new Float32Array(newest)[0], 50);
  reply(asked("decode")[1], 50);
  await wait(0);
  assert.equal(decoder.result()?.bytes[0], 50);
  controller.abort();
});

test("with a kernel that answers at once there are fewer than 20 questions a second", async (t) => {
  const pass = holdClock(t);
  const { model, controller, asked, reply } = setUp();
  let answered = 0;
  for (let ms = 0; ms < 1000; ms++) {
    model.set("code", codeOf(ms));
    for (; answered < asked("decode").length; answered++) reply(asked("decode")[answered], 1);
    await pass(1);
  }
  assert.equal(asked("decode").length, 15); // one each 67 ms
  controller.abort();
});

test("two views of a model ask once, and the last of them takes the listeners with it", async () => {
  const { model, controller, asked } = setUp();
  const second = new AbortController();
  decoderOf(/** @type {any} */ (model), second.signal);
  model.set("code", codeOf(1));
  await wait(0);
  assert.equal(asked("decode").length, 1);
  controller.abort();
  assert.ok(model.listening() > 0);
  second.abort();
  assert.equal(model.listening(), 0);
});

test("an error of the kernel is told, and the picture stays", async () => {
  const { model, controller, decoder, asked, reply } = setUp();
  /** @type {string[]} */
  const errors = [];
  decoder.onError((message) => errors.push(message), controller.signal);
  reply(asked("decode")[0], 7);
  await wait(0);
  model.set("code", codeOf(1));
  await wait(100);
  const { request } = asked("decode")[1].content;
  model.emit("msg:custom", { op: "error", request, message: "not finite" }, []);
  await wait(0);
  assert.deepEqual(errors, ["not finite"]);
  assert.equal(decoder.result()?.bytes[0], 7);
  controller.abort();
});

test("what is asked too often happens once more at the end of the wait", async (t) => {
  const pass = holdClock(t);
  let count = 0;
  const controller = new AbortController();
  const pace = paced(() => count++, 30, controller.signal);
  for (let i = 0; i < 10; i++) pace.request();
  await pass(29);
  assert.equal(count, 1);
  await pass(1);
  assert.equal(count, 2);
  await pass(30);
  assert.equal(count, 2);
  pace.request();
  pace.request();
  pace.flush();
  assert.equal(count, 4);
  pace.flush();
  assert.equal(count, 4);
  controller.abort();
});
