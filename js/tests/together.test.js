import assert from "node:assert/strict";
import { test } from "node:test";
import { initialize, ownerOf, together } from "../shared/together.js";
import { createModel } from "./fake_model.js";

const key = { _key: "one widget" };

test("views whose model objects differ share one thing, made for the widget's own object", () => {
  /** @type {any} */
  const own = createModel({ ...key });
  const [first, second] = [createModel({ ...key }), createModel({ ...key })];
  const life = new AbortController();
  initialize({ model: own, signal: life.signal });
  const views = Array.from({ length: 3 }, () => new AbortController());
  /** @type {any[]} */
  const made = [];
  /** @param {any} model @param {number} view */
  const thing = (model, view) =>
    together(model, "reel", views[view].signal, (signal, owner) => {
      made.push({ signal, owner });
      return made.length;
    });
  assert.deepEqual([thing(first, 0), thing(second, 1)], [1, 1]);
  assert.equal(made[0].owner, own);
  views[0].abort();
  assert.equal(made[0].signal.aborted, false, "one view is left");
  views[1].abort();
  assert.equal(made[0].signal.aborted, true);
  assert.equal(thing(first, 2), 2, "what has ended is made again");
  life.abort();
  assert.equal(ownerOf(/** @type {any} */ (first)), first);
});

test("different widgets share nothing", () => {
  /** @type {any} */
  const [one, other] = [createModel({ _key: "a" }), createModel({ _key: "b" })];
  const view = new AbortController();
  let made = 0;
  for (const model of [one, other]) together(model, "reel", view.signal, () => ++made);
  assert.equal(made, 2);
});

test("a model without a key is its own", () => {
  /** @type {any} */
  const [one, other] = [createModel(), createModel()];
  initialize({ model: one, signal: new AbortController().signal });
  assert.equal(ownerOf(other), other);
});
