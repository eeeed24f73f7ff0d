import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequests, NoAnswer, Superseded } from "../shared/requests.js";
import { createModel } from "./fake_model.js";

function setUp() {
  const model = createModel();
  const controller = new AbortController();
  const requests = createRequests(/** @type {any} */ (model), controller.signal);
  /** @param {number} i @param {object} answer */
  const reply = (i, answer) =>
    model.emit(
      "msg:custom",
      { op: "reply", request: model.sent[i].content.request, ...answer },
      [],
    );
  return { model, controller, requests, reply };
}

test("each answer finds its question, in whatever order they come", async () => {
  const { requests, reply } = setUp();
  const first = requests.ask("decode");
  const second = requests.ask("decode");
  reply(1, { value: "second" });
  reply(0, { value: "first" });
  assert.equal((await first).content.value, "first");
  assert.equal((await second).content.value, "second");
});

test("of many questions at once the first and the newest are asked", async () => {
  const { model, requests, reply } = setUp();
  const ask = requests.latest("decode");
  const answers = [1, 2, 3, 4].map((z) => ask({ z }).catch((error) => error));
  assert.equal(model.sent.length, 1);
  reply(0, {});
  await answers[0];
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(model.sent.length, 2);
  assert.equal(model.sent[1].content.z, 4);
  assert.ok((await answers[1]) instanceof Superseded);
  assert.ok((await answers[2]) instanceof Superseded);
  reply(1, { z: 4 });
  assert.equal((await answers[3]).content.z, 4);
});

test("an error fails its own question and is shown by the view that asked only", async () => {
  const { model, requests } = setUp();
  const other = createRequests(/** @type {any} */ (model), new AbortController().signal);
  /** @type {string[]} */
  const shown = [];
  requests.onError((message) => shown.push(`mine: ${message}`));
  other.onError((message) => shown.push(`other: ${message}`));
  const question = requests.ask("decode");
  model.emit(
    "msg:custom",
    { op: "error", request: model.sent[0].content.request, message: "no" },
    [],
  );
  await assert.rejects(question, /no/);
  assert.deepEqual(shown, ["mine: no"]);
});

test("a question without an answer ends in words, and the newest one is asked next", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, requests } = setUp();
  const ask = requests.latest("decode");
  const lost = ask({ z: 1 });
  const next = ask({ z: 2 });
  const failed = assert.rejects(lost, NoAnswer);
  t.mock.timers.tick(15_000);
  await failed;
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(model.sent.length, 2);
  model.emit("msg:custom", { op: "reply", request: model.sent[1].content.request, ok: 1 }, []);
  assert.equal((await next).content.ok, 1);
});

test("when the view ends no listener stays and nobody waits", async () => {
  const { model, controller, requests } = setUp();
  const question = requests.ask("decode");
  controller.abort();
  await assert.rejects(question, Superseded);
  assert.equal(model.listening(), 0);
});
