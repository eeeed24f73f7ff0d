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
const ALLOWED = new Set(
  "SECTION FORM INPUT BUTTON SPAN P DIV KBD BDI svg path SELECT OPTION".split(" "),
);

/** @param {string[]} names */
const classesOf = (names) =>
  names.map((name, number) => ({ number, name, color: "#0072b2", count: number, saving: false }));

function open() {
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  /** @type {any[]} */
  const done = [];
  const panel = createClassPanel({
    el,
    signal: /** @type {any} */ (new window.AbortController().signal),
    actions: {
      onAssign: (number) => done.push(["assign", number]),
      onNew: (name) => done.push(["new", name]),
      onGroup: (name) => done.push(["group", name]),
      onRename: (number, name) => done.push(["rename", number, name]),
      onMerge: (number, into) => done.push(["merge", number, into]),
      onDelete: (number) => done.push(["delete", number]),
      onSelect: (number) => done.push(["select", number]),
    },
  });
  /** @param {any[]} classes @param {number} unlabelled @param {number} selected
   * @param {object} [more] */
  const show = (classes, unlabelled, selected, more = {}) => {
    const heldBy = () => /** @type {const} */ ("");
    panel.show({ classes, unlabelled, selected, multi: false, heldBy, ...more });
  };
  const box = /** @type {HTMLInputElement} */ (el.querySelector("input"));
  const enter = /** @type {HTMLButtonElement} */ (el.querySelector("form button"));
  const type = (/** @type {string} */ text) => {
    box.value = text;
    box.dispatchEvent(new window.Event("input"));
  };
  const submit = () =>
    el.querySelector("form")?.dispatchEvent(new window.Event("submit", { cancelable: true }));
  const rows = () =>
    /** @type {HTMLElement[]} */ ([...el.querySelectorAll(".vw-class-list > .vw-class-row")]);
  const words = () => el.querySelector(".vw-class-hint")?.textContent;
  return { el, panel, show, done, box, enter, type, submit, rows, words };
}

test("names are shown as text, whatever they hold, and make no element", () => {
  const { el, show, rows } = open();
  show(classesOf(HOSTILE), 3, 5);
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
  const { el, show, rows } = open();
  show(classesOf([..."abcdefghijk"]), 0, 1);
  const keys = rows().map((row) => row.querySelector("kbd")?.textContent);
  assert.deepEqual(keys, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", ""]);
  assert.equal(el.querySelector(".vw-class-none kbd")?.textContent, "0");
});

test("a first-time user is told to type a name", () => {
  const { show, words, enter } = open();
  show([], 12, 0);
  assert.equal(words(), "Type a class name to begin.");
  assert.equal(enter.disabled, true);
});

test("Enter adds a class, and labels the selection with it where there is one", () => {
  const { show, done, type, submit, enter } = open();
  show([], 12, 0);
  type("  cat ");
  assert.equal(enter.textContent, "Add");
  submit();
  assert.deepEqual(done.splice(0), [["new", "cat"]]);
  show(classesOf(["cat"]), 12, 25);
  type("dog");
  assert.equal(enter.textContent, "Add, label 25");
  submit();
  assert.deepEqual(done, [["new", "dog"]]);
});

test("Enter on a class that exists labels with it and adds nothing", () => {
  const { show, done, type, submit, enter } = open();
  show(classesOf(["cat", "caterpillar"]), 12, 4);
  type("cat");
  assert.equal(enter.textContent, "Label 4");
  submit();
  assert.deepEqual(done, [["assign", 0]]);
});

test("typing finds classes by a part of the name", () => {
  const { show, type, rows, words } = open();
  show(classesOf(["Cat", "dog", "bobcat"]), 12, 0);
  type("CAT");
  assert.deepEqual(
    rows().map((row) => row.hidden),
    [false, true, false],
  );
  type("cow");
  assert.match(String(words()), /Enter adds it/);
});

test("a button gives the selection its class, and No label takes it off", () => {
  const { el, show, done, rows } = open();
  show(classesOf(["cat", "dog"]), 12, 4);
  button(rows()[0], ".vw-class").click();
  button(el, ".vw-class-none .vw-class").click();
  assert.deepEqual(done, [
    ["assign", 0],
    ["assign", null],
  ]);
});

test("counts change without making the buttons anew, so the focus stays", () => {
  const { show, rows } = open();
  show(classesOf(["cat", "dog"]), 12, 4);
  const before = rows();
  const focused = button(before[1], ".vw-class");
  focused.focus();
  const [cat, dog] = classesOf(["cat", "dog"]);
  show([{ ...cat, count: 1234 }, dog], 3, 0);
  assert.equal(rows()[0], before[0]);
  assert.equal(document.activeElement, focused);
  assert.equal(before[0].querySelector(".vw-class-count")?.textContent, "1,234");
});

/** @param {Element} el @param {string} selector */
const button = (el, selector) => /** @type {HTMLElement} */ (el.querySelector(selector));

/** @param {Element} el @param {string} words */
function press(el, words) {
  const found = [...el.querySelectorAll("button")].find((one) => one.textContent === words);
  assert.ok(found, `a button "${words}"`);
  found.click();
}

test("what a tag is to the selection is told in a mark, and to screen readers", () => {
  const { rows, show } = open();
  const held = /** @type {const} */ (["yes", "some", "no"]);
  const heldBy = (/** @type {number} */ number) => held[number];
  show(classesOf(["a", "b", "c"]), 0, 5, { multi: true, heldBy });
  assert.deepEqual(
    rows().map((row) => [
      row.querySelector(".vw-class-held")?.textContent,
      row.querySelector(".vw-class")?.getAttribute("aria-pressed"),
    ]),
    [
      ["✓", "true"],
      ["–", "mixed"],
      ["", "false"],
    ],
  );
});

test("a class is renamed under its row, and a name that is taken offers to merge", () => {
  const { show, rows, done } = open();
  show(classesOf(["cat", "dog"]), 0, 0);
  const rename = (/** @type {string} */ text) => {
    button(rows()[0], ".vw-class-more").click();
    press(rows()[0], "Rename");
    const box = /** @type {HTMLInputElement} */ (rows()[0].querySelector("input"));
    box.value = text;
    rows()[0]
      .querySelector("form")
      ?.dispatchEvent(new window.Event("submit", { cancelable: true }));
  };
  rename(" tiger ");
  assert.deepEqual(done.splice(0), [["rename", 0, "tiger"]]);
  rename("cat");
  assert.deepEqual(done, []);
  rename("dog");
  assert.match(String(rows()[0].textContent), /There is a class of that name/);
  press(rows()[0], "Merge");
  assert.deepEqual(done, [["merge", 0, 1]]);
});

test("before a class is deleted it is said how many images lose their label", () => {
  const { show, rows, done } = open();
  show(classesOf(["cat", "dog", "owl"]), 0, 0);
  button(rows()[2], ".vw-class-more").click();
  press(rows()[2], "Delete");
  assert.match(String(rows()[2].textContent), /2 images will have no label/);
  press(rows()[2], "Keep");
  assert.deepEqual(done, []);
  assert.equal(rows()[2].querySelector(".vw-class-menu"), null);
  button(rows()[2], ".vw-class-more").click();
  press(rows()[2], "Delete");
  press(rows()[2], "Delete");
  assert.deepEqual(done, [["delete", 2]]);
});

test("one menu is open at a time, the keyboard opens it too, and Escape closes it", () => {
  const { el, show, rows, done } = open();
  show(classesOf(["cat", "dog"]), 0, 0);
  const key = (/** @type {string} */ name) =>
    document.activeElement?.dispatchEvent(
      new window.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  button(rows()[0], ".vw-class-more").click();
  button(rows()[1], ".vw-class").focus();
  key("ArrowRight");
  assert.equal(el.querySelectorAll(".vw-class-menu").length, 1);
  assert.equal(document.activeElement?.textContent, "Rename");
  key("Escape");
  assert.equal(el.querySelectorAll(".vw-class-menu").length, 0);
  assert.equal(document.activeElement, button(rows()[1], ".vw-class"));
  key("ArrowRight");
  press(rows()[1], "Select all");
  assert.deepEqual(done, [["select", 1]]);
});

test("a name half written survives a change of the classes by somebody else", () => {
  const { show, rows } = open();
  show(classesOf(["cat", "dog"]), 0, 0);
  button(rows()[1], ".vw-class-more").click();
  press(rows()[1], "Rename");
  const box = /** @type {HTMLInputElement} */ (rows()[1].querySelector("input"));
  box.value = "half";
  show(classesOf(["cat", "dog", "owl"]).slice(1), 0, 0);
  assert.equal(rows()[0].querySelector("input"), box);
  assert.equal(document.activeElement, box);
});

test("the Tab key stops once in the list, where one was last", () => {
  const { el, show, rows } = open();
  show(classesOf(["cat", "dog", "owl"]), 0, 0);
  const stops = () => el.querySelectorAll('.vw-class-list .vw-class[tabindex="0"]');
  assert.deepEqual([...stops()], [button(rows()[0], ".vw-class")]);
  button(rows()[2], ".vw-class").focus();
  assert.deepEqual([...stops()], [button(rows()[2], ".vw-class")]);
});

test("the state of saving is always in words, and saved only where nothing is on its way", () => {
  const el = document.createElement("div");
  const saved = createSaveState({ el, unsent: () => "", say() {} });
  const words = () => el.querySelector(".vw-save-words")?.textContent;
  const copy = /** @type {HTMLElement} */ (el.querySelector("button"));
  const root = /** @type {HTMLElement} */ (el.querySelector(".vw-save"));
  const fine = { pending: 0, problem: "", isKept: true, conflict: "", savedTo: "here" };
  saved.show(fine, false);
  assert.equal(words(), "Waiting for the kernel…");
  saved.show(fine, true);
  assert.equal(words(), "Saved");
  assert.match(root.title, /on disk, in here/);
  saved.show({ ...fine, savedTo: "" }, true);
  assert.equal(words(), "In memory only");
  saved.show({ ...fine, pending: 2 }, true);
  assert.equal(words(), "Saving 2…");
  assert.equal(copy.hidden, true);
  saved.show({ ...fine, pending: 2, problem: "disk full" }, true);
  assert.equal(words(), "2 edits not saved: disk full");
  assert.equal(copy.hidden, false);
  assert.match(root.title, /also after a reload/);
  saved.show({ ...fine, pending: 2, problem: "disk full", isKept: false }, true);
  assert.match(root.title, /nowhere else/);
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

test("the selection becomes a group under a free name, where an image has one label", () => {
  const { el, show, done } = open();
  const link = /** @type {HTMLElement} */ (el.querySelector(".vw-class-foot > .vw-link"));
  show(classesOf(["cat", "group 1"]), 3, 0);
  assert.equal(link.hidden, true);
  show(classesOf(["cat"]), 3, 5, { multi: true });
  assert.equal(link.hidden, true);
  show(classesOf(["cat", "group 1"]), 3, 5);
  assert.equal(link.hidden, false);
  link.click();
  const form = /** @type {HTMLFormElement} */ (el.querySelector(".vw-name-form"));
  assert.equal(form.querySelector("input")?.value, "group 2");
  form.dispatchEvent(new window.Event("submit", { cancelable: true }));
  assert.deepEqual(done, [["group", "group 2"]]);
  assert.equal(form.hidden, true);
});
