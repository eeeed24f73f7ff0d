import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistory } from "../labels/history.js";
import { aboutInWords, pairInWords, whatInWords, whenInWords } from "../labels/history_words.js";
import { createRequests } from "../shared/requests.js";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";
import { bitsOf, view } from "./label_helpers.js";

const THINGS = ["image", "images"];
const STEP = { step: 0, kind: "label", by: "Ann", time: 0, how: "key", count: 3, text: "cat" };
const plain = (/** @type {string} */ text) => text.replace(/[\u2068\u2069]/g, "");
/** @param {object} step */
const what = (step) => plain(whatInWords(/** @type {any} */ ({ ...STEP, ...step }), THINGS));

test("a step of every kind is told in words", () => {
  assert.equal(what({}), "3 images: “cat”");
  assert.equal(what({ count: 1 }), "1 image: “cat”");
  assert.equal(what({ kind: "clear", text: "" }), "3 images: no label");
  assert.equal(what({ kind: "clear" }), "3 images: not “cat”");
  assert.equal(what({ kind: "found", how: "cell" }), "A cell wrote 3 labels");
  assert.equal(what({ kind: "group" }), "3 images: “cat”, a new group");
  assert.equal(what({ kind: "rename_class" }), "Renamed to “cat”");
  assert.equal(what({ kind: "merge_class" }), "“cat” merged into another");
  assert.equal(what({ kind: "delete_class" }), "“cat” deleted");
  assert.equal(what({ kind: "note", text: "" }), "Note taken off 3 images");
  assert.equal(what({ kind: "note", text: "hm" }), "Note on 3 images: “hm”");
  assert.equal(what({ kind: "accept" }), "3 images as suggested: “cat”");
  assert.equal(what({ kind: "reject" }), "3 images: not “cat”, as suggested");
  assert.equal(what({ kind: "reject", text: "" }), "3 images: none of these labels");
  assert.equal(what({ kind: "set_aside", text: "" }), "3 images set aside");
  assert.equal(what({ kind: "set_aside", text: "broken" }), "3 images set aside: “broken”");
  assert.equal(what({ kind: "put_back", text: "" }), "3 images put back");
  assert.equal(what({ kind: "keep", text: "odd" }), "3 images kept as “odd”");
  assert.equal(what({ kind: "keep", text: "odd", count: 0 }), "“odd” kept no more");
  assert.equal(what({ kind: "new_kind", text: "" }), "new kind: 3 images", "of a newer log");
});

test("who, how and when are told, where they are known", () => {
  const now = Date.UTC(2026, 10, 28, 12) / 1000;
  const about = (/** @type {object} */ step) =>
    aboutInWords(/** @type {any} */ ({ ...STEP, ...step }), now);
  assert.equal(about({ own: true, time: now - 20 }), "you · by key · just now");
  assert.equal(about({ own: false, how: "" }), "Ann");
  assert.equal(whenInWords(now - 300, now), "5 min ago");
  assert.equal(whenInWords(now - 7300, now), "2 h ago");
  assert.match(whenInWords(now - 3 * 86_400, now), /^Nov 2[45]$/);
  assert.match(whenInWords(now - 400 * 86_400, now), /^Oct 2\d, 2025$/);
});

test("how two people agree is told with what chance would do", () => {
  const pair = { a: "Ann", b: "Ben", both: 1200, same: 41, kappa: -0.126 };
  assert.equal(plain(pairInWords(pair)), "“Ann” and “Ben” agree on 41 of 1,200 (κ −0.13)");
  assert.equal(
    plain(pairInWords({ ...pair, kappa: null })),
    "“Ann” and “Ben” agree on 41 of 1,200",
  );
});

const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/** A history whose kernel is played. */
function open() {
  const { window, controller } = openPage();
  const model = createModel({});
  const signal = /** @type {any} */ (controller.signal);
  const root = window.document.createElement("div");
  root.className = "vw-root";
  root.tabIndex = 0;
  window.document.body.append(root);
  /** @type {any[]} */
  const done = [];
  let undoable = 2;
  let changed = () => {};
  const store = {
    undo() {
      done.push("undo");
      undoable--;
    },
    undoable: () => undoable,
    follow: (/** @type {() => void} */ reader) => {
      changed = reader;
    },
  };
  const history = createHistory({
    ...{ root, el: root, signal, things: THINGS },
    store: /** @type {any} */ (store),
    requests: createRequests(/** @type {any} */ (model), signal),
    onSelect: (bits, words) => done.push([...bits, plain(words)]),
    onRaters: ({ raters }) => done.push(raters.length),
    say: (words) => done.push(words),
  });
  root.prepend(history.button);
  const asked = (/** @type {string} */ op) =>
    model.sent.filter(({ content }) => content.op === op).map(({ content }) => content);
  /** @param {string} op @param {object} content @param {any[]} buffers */
  async function answer(op, content, buffers = []) {
    const { request } = asked(op).at(-1);
    model.emit("msg:custom", { ...content, op: "reply", request }, buffers);
    await tick();
  }
  const all = (/** @type {string} */ css) =>
    /** @type {HTMLElement[]} */ (/** @type {unknown} */ ([...root.querySelectorAll(css)]));
  const steps = (/** @type {string[]} */ ...names) =>
    names.map((text, k) => ({
      ...{ ...STEP, text, step: names.length - 1 - k },
      ...{ own: text !== "theirs", undos: text === "theirs" ? null : k + 1 },
    }));
  /** @param {() => void} act */
  const change = (act) => {
    act();
    changed();
  };
  const label = () => {
    undoable++;
  };
  return { window, controller, history, done, asked, answer, all, steps, change, label, root };
}

test("steps are shown as text, and one is selected by a click", async () => {
  const { history, answer, all, steps, done, asked, controller } = open();
  history.toggle();
  assert.equal(all(".vw-history p")[0].textContent, "Reading…");
  await answer("steps", { steps: steps("<img src=x>", "theirs") });
  assert.equal(all("img").length, 0);
  assert.match(String(all(".vw-step")[0].textContent), /<img src=x>/);
  assert.deepEqual(
    all(".vw-step-row").map((row) => row.querySelectorAll("button").length),
    [2, 1],
  );
  all(".vw-step")[0].click();
  assert.equal(asked("step_rows")[0].step, 1);
  await answer("step_rows", {}, [view(bitsOf(0, 9))]);
  assert.deepEqual(done.at(-1), [1, 2, "3 images: “<img src=x>”"]);
  controller.abort();
});

test("going back undoes the step and all of one's own after it, those too that came since", async () => {
  const { history, answer, all, steps, done, change, label, asked, controller } = open();
  history.toggle();
  await answer("steps", { steps: steps("cat", "dog") });
  assert.deepEqual(
    all(".vw-step-row .vw-link").map(({ textContent }) => textContent),
    ["Undo", "Undo back to here"],
  );
  change(label);
  all(".vw-step-row .vw-link")[1].click();
  assert.deepEqual(done, ["undo", "undo", "undo", "3 steps undone. Ctrl+Y does them again."]);
  await tick(300);
  assert.equal(asked("steps").length, 2, "the list follows");
  controller.abort();
});

test("what was done while the list was on its way is counted once", async () => {
  const { history, answer, all, steps, done, change, label, asked, controller } = open();
  history.toggle();
  change(label);
  await tick(300); // the list is wanted anew, but the first one has not come
  assert.equal(asked("steps").length, 1);
  await answer("steps", { steps: steps("cat", "dog") });
  assert.equal(asked("steps").length, 2);
  await answer("steps", { steps: steps("owl", "cat", "dog") });
  all(".vw-step-row .vw-link")[0].click();
  assert.deepEqual(done, ["undo", "1 step undone. Ctrl+Y does them again."]);
  controller.abort();
});

test("the focus goes on where it was when the list changes, and home when it closes", async () => {
  const { history, answer, all, steps, root, window, change, label, controller } = open();
  history.toggle();
  await answer("steps", { steps: steps("cat", "dog") });
  all(".vw-step")[1].focus(); // step 0
  change(label);
  await tick(300);
  await answer("steps", { steps: steps("owl", "cat", "dog") });
  assert.equal(window.document.activeElement, all(".vw-step")[2]);
  assert.equal(history.close(), true);
  assert.equal(window.document.activeElement, root);
  assert.equal(history.close(), false);
  assert.equal(history.button.getAttribute("aria-expanded"), "false");
  controller.abort();
});
