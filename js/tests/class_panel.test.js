import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { window, document: window.document });
const { createClassPanel } = await import("../labels/class_panel.js");
const { createSaveState } = await import("../labels/save_state.js");
const { digitOf, stepOf } = await import("../labels/keys.js");

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "</script><svg onload=alert(1)>",
  "<!--<script>",
  "--><b>",
  "$\\href{javascript:alert(1)}{x}$",
  "%{customdata}",
  "{{7*7}}",
  "$" + "{7*7}",
  "&lt;b&gt;",
  "&#60;",
  "javascript:alert(1)",
  '" onmouseover="alert(1)',
  "' onfocus='alert(1)",
  "\u202eright to left",
  "\u0000",
  "\uFFFD",
  "\r\n",
  "x".repeat(200),
  "שלום",
  "😀",
  "e\u0301",
  "__proto__",
  "constructor",
  "toString",
  "=1+1",
  "0",
  "null",
];
const ALLOWED = new Set(["SECTION", "FORM", "INPUT", "BUTTON", "SPAN", "P", "DIV", "KBD", "BDI"]);

/** @param {string[]} names */
const classesOf = (names) =>
  names.map((name, k) => ({ name, color: "#0072b2", count: k, saving: false }));

function open() {
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  /** @type {any[]} */
  const done = [];
  const panel = createClassPanel({
    el,
    signal: /** @type {any} */ (new window.AbortController().signal),
    onAssign: (name) => done.push(["assign", name]),
    onAdd: (name) => done.push(["add", name]),
  });
  const box = /** @type {HTMLInputElement} */ (el.querySelector("input"));
  const enter = /** @type {HTMLButtonElement} */ (el.querySelector("form button"));
  const type = (/** @type {string} */ text) => {
    box.value = text;
    box.dispatchEvent(new window.Event("input"));
  };
  const submit = () =>
    el.querySelector("form")?.dispatchEvent(new window.Event("submit", { cancelable: true }));
  const rows = () =>
    /** @type {HTMLElement[]} */ ([...el.querySelectorAll(".vw-class-list > .vw-class")]);
  const words = () => el.querySelector(".vw-class-hint")?.textContent;
  return { el, panel, done, box, enter, type, submit, rows, words };
}

test("names are shown as text, whatever they hold, and make no element", () => {
  const { el, panel, rows } = open();
  panel.show(classesOf(HOSTILE), 3, 5);
  assert.deepEqual(
    rows().map((row) => row.querySelector(".vw-class-name")?.textContent),
    HOSTILE,
  );
  for (const element of el.querySelectorAll("*")) {
    assert.ok(ALLOWED.has(element.tagName), `${element.tagName} was made`);
    for (const { name } of element.attributes) assert.ok(!name.startsWith("on"), name);
  }
});

test("the first nine classes have keys, in order, and No label has 0", () => {
  const { el, panel, rows } = open();
  panel.show(classesOf([..."abcdefghijk"]), 0, 1);
  const keys = rows().map((row) => row.querySelector("kbd")?.textContent);
  assert.deepEqual(keys, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", ""]);
  assert.equal(el.querySelector(".vw-class-none kbd")?.textContent, "0");
});

test("a first-time user is told to type a name", () => {
  const { panel, words, enter } = open();
  panel.show([], 12, 0);
  assert.equal(words(), "Type a class name to begin.");
  assert.equal(enter.disabled, true);
});

test("Enter adds a class, and labels the selection with it where there is one", () => {
  const { panel, done, type, submit, enter } = open();
  panel.show([], 12, 0);
  type("  cat ");
  assert.equal(enter.textContent, "Add");
  submit();
  assert.deepEqual(done.splice(0), [["add", "cat"]]);
  panel.show(classesOf(["cat"]), 12, 25);
  type("dog");
  assert.equal(enter.textContent, "Add, label 25");
  submit();
  assert.deepEqual(done, [
    ["add", "dog"],
    ["assign", "dog"],
  ]);
});

test("Enter on a class that exists labels with it and adds nothing", () => {
  const { panel, done, type, submit, enter } = open();
  panel.show(classesOf(["cat", "caterpillar"]), 12, 4);
  type("cat");
  assert.equal(enter.textContent, "Label 4");
  submit();
  assert.deepEqual(done, [["assign", "cat"]]);
});

test("typing finds classes by a part of the name", () => {
  const { panel, type, rows, words } = open();
  panel.show(classesOf(["Cat", "dog", "bobcat"]), 12, 0);
  type("CAT");
  assert.deepEqual(
    rows().map((row) => row.hidden),
    [false, true, false],
  );
  type("cow");
  assert.match(String(words()), /Enter adds it/);
});

test("a button gives the selection its class, and No label takes it off", () => {
  const { el, panel, done, rows } = open();
  panel.show(classesOf(["cat", "dog"]), 12, 4);
  rows()[0].click();
  /** @type {HTMLElement} */ (el.querySelector(".vw-class-none")).click();
  assert.deepEqual(done, [
    ["assign", "cat"],
    ["assign", null],
  ]);
});

test("counts change without making the buttons anew, so the focus stays", () => {
  const { panel, rows } = open();
  panel.show(classesOf(["cat", "dog"]), 12, 4);
  const before = rows();
  before[1].focus();
  panel.show(
    [{ name: "cat", color: "#111111", count: 1234, saving: false }, ...classesOf(["dog"])],
    3,
    0,
  );
  assert.equal(rows()[0], before[0]);
  assert.equal(document.activeElement, before[1]);
  assert.equal(before[0].querySelector(".vw-class-count")?.textContent, "1,234");
});

test("the state of saving is always in words, and saved only where nothing is on its way", () => {
  const el = document.createElement("div");
  const saved = createSaveState({ el, unsent: () => "", say() {} });
  const words = () => el.querySelector(".vw-save-words")?.textContent;
  const copy = /** @type {HTMLElement} */ (el.querySelector("button"));
  const fine = { pending: 0, problem: "", conflict: "" };
  saved.show(fine, false);
  assert.equal(words(), "Waiting for the kernel…");
  saved.show(fine, true);
  assert.equal(words(), "Saved");
  saved.show({ ...fine, pending: 2 }, true);
  assert.equal(words(), "Saving 2…");
  assert.equal(copy.hidden, true);
  saved.show({ ...fine, pending: 2, problem: "disk full" }, true);
  assert.equal(words(), "2 edits not saved: disk full");
  assert.equal(copy.hidden, false);
  saved.show({ ...fine, conflict: "13 rows" }, true);
  assert.equal(words(), "Kept here, not in the DataFrame");
});

test("digits are read by character, and by place on a French keyboard", () => {
  const key = (/** @type {object} */ options) => new window.KeyboardEvent("keydown", options);
  const digit = (/** @type {object} */ options) => digitOf(/** @type {any} */ (key(options)));
  assert.equal(digit({ key: "1", code: "Digit1" }), 1);
  assert.equal(digit({ key: "0", code: "Numpad0" }), 0);
  assert.equal(digit({ key: "&", code: "Digit1" }), 1);
  assert.equal(digit({ key: "1", code: "Digit1", shiftKey: true }), 1);
  assert.equal(digit({ key: "!", code: "Digit1", shiftKey: true }), undefined);
  assert.equal(digit({ key: "1", code: "Digit1", ctrlKey: true }), undefined);
  assert.equal(digit({ key: "a", code: "KeyA" }), undefined);
});

test("undo and redo have the keys of both worlds", () => {
  const step = (/** @type {object} */ options) =>
    stepOf(/** @type {any} */ (new window.KeyboardEvent("keydown", options)));
  assert.equal(step({ key: "z", ctrlKey: true }), "undo");
  assert.equal(step({ key: "Z", metaKey: true, shiftKey: true }), "redo");
  assert.equal(step({ key: "y", ctrlKey: true }), "redo");
  assert.equal(step({ key: "z" }), undefined);
});
