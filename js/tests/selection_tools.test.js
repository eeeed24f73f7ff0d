import assert from "node:assert/strict";
import { test } from "node:test";
import { createFoundNote } from "../labels/found_note.js";
import { createSelectionTools } from "../labels/selection_tools.js";
import { openPage } from "./dom_setup.js";
import { createModel } from "./fake_model.js";
import { bitsOf, N, single, view } from "./label_helpers.js";

function open() {
  const { window } = openPage();
  const root = window.document.createElement("div");
  root.className = "vw-root";
  root.tabIndex = 0;
  window.document.body.append(root);
  const model = createModel({ _n: N });
  /** @type {any[]} */
  const done = [];
  /** @type {any} */
  let labels = single([]);
  const tools = createSelectionTools({
    ...{ root, model: /** @type {any} */ (model) },
    store: /** @type {any} */ ({ labels: () => labels }),
    actions: {
      setAside: () => done.push("aside"),
      keep: (name) => done.push(["keep", name]),
      forget: (name) => done.push(["forget", name]),
    },
    onSelect: (name) => done.push(["select", name]),
    onNothing: () => done.push("nothing"),
  });
  root.append(tools.root);
  /** @param {number[]} rows @param {object} more */
  const show = (rows, more = {}) => {
    model.set("selection", view(bitsOf(...rows)));
    labels = { ...single([]), ...more };
    tools.update();
  };
  const links = () =>
    /** @type {HTMLElement[]} */ (
      /** @type {unknown} */ ([...root.querySelectorAll(".vw-class-actions > button")])
    )
      .filter(({ hidden }) => !hidden)
      .map(({ textContent }) => textContent);
  const find = (/** @type {string} */ css) =>
    /** @type {HTMLElement} */ (/** @type {unknown} */ (root.querySelector(css)));
  return { window, root, tools, done, show, links, find };
}

test("there is only what can be done", () => {
  const { show, links, tools } = open();
  show([]);
  assert.equal(tools.root.hidden, true);
  show([1, 2]);
  assert.deepEqual(links(), ["Set aside", "Keep…"]);
  show([1, 2], { aside: bitsOf(1, 2, 3) });
  assert.deepEqual(links(), ["Put back", "Keep…"]);
  show([1, 5], { aside: bitsOf(1, 2, 3) });
  assert.deepEqual(links(), ["Set aside", "Keep…"], "not all are");
  show([], { selections: new Map([["odd", 4]]) });
  assert.deepEqual([links(), tools.root.hidden], [["Kept (1)"], false]);
});

test("a name is asked for, and Escape asks no more", () => {
  const { show, tools, done, find, window, root } = open();
  tools.keep();
  assert.deepEqual(done.splice(0), ["nothing"]);
  show([3]);
  tools.keep();
  const box = /** @type {HTMLInputElement} */ (find("form input"));
  assert.equal(window.document.activeElement, box);
  assert.equal(/** @type {HTMLButtonElement} */ (find("form button")).disabled, true);
  box.value = "  odd ";
  box.dispatchEvent(new window.Event("input"));
  find("form").dispatchEvent(new window.Event("submit", { cancelable: true }));
  assert.deepEqual(done.splice(0), [["keep", "odd"]]);
  assert.equal(window.document.activeElement, root);
  tools.keep();
  box.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  assert.equal(find("form").hidden, true);
  assert.equal(tools.close(), false);
});

test("kept selections are text, selected and forgotten, and the focus stays", () => {
  const { show, tools, done, find, window, root } = open();
  const selections = new Map([
    ["<b>odd", 4],
    ["even", 1200],
  ]);
  show([], { selections });
  tools.keep(); // nothing is selected: the key shows what is kept
  assert.equal(find(".vw-kept").hidden, false);
  assert.equal(find(".vw-kept b"), null);
  assert.equal(find(".vw-kept .vw-class").textContent, "<b>odd4");
  assert.equal(window.document.activeElement, find(".vw-kept .vw-class"));
  find(".vw-kept .vw-class").click();
  find(".vw-kept .vw-class-more").click();
  assert.deepEqual(done, [
    ["select", "<b>odd"],
    ["forget", "<b>odd"],
  ]);
  show([], { selections: new Map([["even", 1200]]) });
  assert.equal(window.document.activeElement, find(".vw-kept .vw-class"));
  show([], {});
  assert.equal(window.document.activeElement, root);
  assert.equal(find(".vw-kept").hidden, true);
});

test("how images were found again is told until it was read", () => {
  openPage();
  let text = "9 of 10 <b>";
  const note = createFoundNote({
    store: {
      found: () => text,
      dismissFound() {
        text = "";
        note.update();
      },
    },
  });
  note.update();
  assert.deepEqual([note.root.hidden, note.root.textContent], [false, "9 of 10 <b>"]);
  assert.equal(note.root.getAttribute("role"), "status");
  note.root.querySelector("button")?.click();
  assert.equal(note.root.hidden, true);
});
