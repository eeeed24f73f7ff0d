// The map beside the interpolator, without a canvas: what it says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";

const { controller } = openPage();
const { createEnds } = await import("../latent/ends.js");
const { createRequests } = await import("../shared/requests.js");

const floats = (/** @type {number[]} */ ...values) =>
  new DataView(new Float32Array(values).buffer);

test("where the map has no place for new codes, words say that no path is drawn", async () => {
  const model = createModel({
    _n: 2,
    _xy: floats(-1, 0, 1, 0),
    _ends: { start: 0, end: 1, version: 1 },
    _projection: { method: "tsne", dims: [0, 1], axes: ["", ""], note: "" },
    _methods: [{ key: "tsne", label: "t-SNE" }],
    _thumb: { width: 0, height: 0, channels: 1, sheets: 0, per_sheet: 1 },
    kind: "linear",
    t: 0,
  });
  const { signal } = controller;
  const requests = createRequests(/** @type {any} */ (model), signal);
  const ends = createEnds({ model: /** @type {any} */ (model), signal, requests });
  const note = /** @type {HTMLElement} */ (ends?.root.querySelector("[role=status]"));
  assert.equal(note.hidden, true); // nothing is known yet

  /** @param {boolean} placed */
  const answerRoute = async (placed) => {
    const asked = model.sent.findLast(({ content }) => content.op === "route");
    const reply = { op: "reply", request: asked?.content.request, placed };
    model.emit("msg:custom", reply, placed ? [floats(0, 0, 1, 1)] : []);
    await new Promise((resolve) => setTimeout(resolve));
  };
  await answerRoute(false);
  assert.equal(note.hidden, false);
  assert.match(note.textContent ?? "", /No path is drawn on this map: t-SNE/);
  model.set("_xy", floats(0, -1, 0, 1));
  await answerRoute(true);
  assert.equal(note.hidden, true);
  controller.abort();
});
