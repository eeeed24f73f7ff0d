import assert from "node:assert/strict";
import { test } from "node:test";
import { createThumbnails } from "../map/thumbnails.js";
import { createRequests } from "../shared/requests.js";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @param {any} thumb */
function setUp(thumb) {
  const { controller } = openPage();
  /** @type {any} */
  const model = createModel({
    _thumb: { width: 2, height: 1, channels: 1, sheets: 0, per_sheet: 4, ...thumb },
  });
  const signal = controller.signal;
  const view = () => createThumbnails({ model, requests: createRequests(model, signal), signal });
  /** @param {number} k @param {object} content @param {number} bytes */
  const reply = async (k, content, bytes) => {
    const { request } = model.sent[k].content;
    model.emit("msg:custom", { op: "reply", request, ...content }, [
      new DataView(new ArrayBuffer(bytes)),
    ]);
    await tick();
  };
  return { model, controller, view, reply };
}

test("sheets are asked for one at a time, and once for all views of a model", async () => {
  const { model, view, reply } = setUp({ sheets: 2 });
  const first = view();
  const second = view();
  assert.deepEqual(
    model.sent.map((/** @type {any} */ m) => m.content.index),
    [0],
  );
  await reply(0, { index: 0 }, 8);
  assert.deepEqual(
    model.sent.map((/** @type {any} */ m) => m.content.index),
    [0, 1],
  );
  await reply(1, { index: 1 }, 2);
  assert.equal(model.sent.length, 2);
  for (const thumbnails of [first, second]) {
    assert.deepEqual([0, 3, 4, 5].map(thumbnails.ready), [true, true, true, false]);
  }
});

test("a view that ends hands the loading over to another", async () => {
  const { model, view, reply } = setUp({ sheets: 1 });
  const { controller } = openPage();
  createThumbnails({
    model,
    requests: createRequests(model, controller.signal),
    signal: controller.signal,
  });
  const other = view();
  assert.equal(model.sent.length, 1);
  controller.abort();
  await tick();
  assert.equal(model.sent.length, 2);
  await reply(1, { index: 0 }, 8);
  assert.ok(other.ready(0));
});

test("rows asked for last are served first, each once", async () => {
  const { model, view, reply } = setUp({});
  const thumbnails = view();
  thumbnails.request([0]);
  thumbnails.request([5, 6]);
  thumbnails.request([5]);
  assert.deepEqual(model.sent[0].content.rows, [0]);
  await reply(0, { rows: [0] }, 2);
  assert.deepEqual(model.sent[1].content.rows, [6, 5]);
  await reply(1, { rows: [6, 5] }, 4);
  assert.equal(model.sent.length, 2);
  assert.ok([0, 5, 6].every(thumbnails.ready));
});

test("of a crowd of rows that have scrolled by, the oldest are forgotten", async () => {
  const { model, view, reply } = setUp({});
  const thumbnails = view();
  thumbnails.request([0]);
  thumbnails.request(Array.from({ length: 3000 }, (_, row) => row + 1));
  await reply(0, { rows: [0] }, 2);
  assert.ok(model.sent[1].content.rows.includes(3000));
  let asked = 1;
  for (let k = 1; k < model.sent.length; k++) {
    const { rows } = model.sent[k].content;
    asked += rows.length;
    assert.ok(rows.length <= 128);
    await reply(k, { rows }, 2 * rows.length);
  }
  assert.ok(asked < 1400, String(asked));
  assert.ok(thumbnails.ready(3000));
});

test("who waits is told when images arrive, until the view ends", async () => {
  const { view, reply, controller, model } = setUp({});
  const thumbnails = view();
  let told = 0;
  thumbnails.onReady(() => told++);
  thumbnails.request([1]);
  await reply(0, { rows: [1] }, 2);
  assert.equal(told, 1);
  controller.abort();
  assert.equal(model.listening(), 0);
  thumbnails.request([2]);
  assert.equal(model.sent.length, 1);
});
