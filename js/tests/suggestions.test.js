import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsShown } from "../labels/filter.js";
import { readAll, readSuggestions, withDiff } from "../labels/kept.js";
import { paintLabels } from "../labels/map_paint.js";
import { orderedRows } from "../labels/sorting.js";
import { codesOfRows, shownSuggestions, suggestedRows } from "../labels/suggested.js";
import { summarize } from "../labels/summary.js";
import { rowsOf } from "../shared/buffers.js";
import { bitsOf, multi, N, single, view } from "./label_helpers.js";

/** @param {number[]} codes @param {number[]} probability @returns {any} */
const raw = (codes, probability, tag = null) =>
  readSuggestions({ class: tag, count: 3, words: "w" }, [
    view(Uint16Array.from({ length: N }, (_, row) => codes[row] ?? 0)),
    view(Uint8Array.from({ length: N }, (_, row) => probability[row] ?? 0)),
  ]);

test("a suggestion is shown only where there is no label, and its class is not gone", () => {
  const labels = { ...single([0, 2]), gone: new Set([2]) };
  const shown = shownSuggestions(raw([1, 1, 2, 3], [255, 255, 100, 255]), labels, []);
  assert.deepEqual([...shown.codes.slice(0, 4)], [1, 0, 2, 0]);
  assert.deepEqual([shown.atLeast[0], shown.atLeast[100], shown.atLeast[101]], [2, 2, 1]);
});

test("what was rejected is not shown, and another suggestion for the row is", () => {
  const suggestions = raw([1, 1, 2], [9, 9, 9]);
  const one = { bits: bitsOf(0, 2), code: 1, codes: null };
  assert.deepEqual(
    [...shownSuggestions(suggestions, single([]), [one]).codes.slice(0, 3)],
    [0, 1, 2],
  );
  const each = { bits: bitsOf(0, 2), code: 0, codes: Uint16Array.of(2, 2) };
  assert.deepEqual(
    [...shownSuggestions(suggestions, single([]), [each]).codes.slice(0, 3)],
    [1, 1, 0],
  );
});

test("for a tag only a yes is a suggestion, and its own layer says where", () => {
  const labels = multi([1, 1, 1], [0, 1, 0]);
  const shown = shownSuggestions(
    raw([1, 1, 2], [255, 255, 255], /** @type {any} */ (1)),
    labels,
    [],
  );
  assert.deepEqual([...shown.codes.slice(0, 3)], [2, 0, 0]);
});

test("no suggestions any more is none", () => {
  assert.equal(readSuggestions({ class: null, count: 0, words: "" }, []), null);
});

test("rows are taken above the threshold and among the selected, with a class or a code each", () => {
  const shown = shownSuggestions(raw([1, 1, 2], [200, 90, 200]), single([]), []);
  assert.deepEqual(rowsOf(suggestedRows(shown, 100)), [0, 2]);
  assert.deepEqual(rowsOf(suggestedRows(shown, 100, bitsOf(1, 2))), [2]);
  assert.deepEqual(codesOfRows(shown, bitsOf(0, 1)), { content: { class: 0 }, codes: null });
  assert.deepEqual([...(codesOfRows(shown, bitsOf(0, 2)).codes ?? [])], [1, 2]);
});

test("all there is arrives in one answer: layers, notes, and suggestions after the layers", () => {
  const answer = {
    version: 4,
    classes: ["a", "b"],
    gone: [1],
    palette: ["#111111"],
    multi: true,
    layers: 2,
    dtype: "<u1",
    undo: 1,
    redo: 0,
    conflict: "",
    notes: { 3: "hm" },
    saved_to: "labels",
    suggestions: { class: 0, count: 1, words: "w" },
  };
  const [one, two, p] = [new Uint8Array(N).fill(1), new Uint8Array(N), new Uint8Array(N).fill(7)];
  const codes = new Uint16Array(N).fill(1);
  const kept = readAll(N, answer, [one, two, codes, p].map(view));
  assert.deepEqual([kept.layers[0][0], kept.layers[1][0]], [1, 0]);
  assert.deepEqual([kept.notes.get(3), kept.gone.has(1), kept.savedTo], ["hm", true, "labels"]);
  assert.equal(kept.suggestions?.codes[0], 1);
  assert.equal(kept.suggestions?.probability[0], 7);
});

test("a change says its layers one by one, and what it does not say stays", () => {
  const before = { ...multi([1], [1]), notes: new Map([[1, "old"]]), gone: new Set([1]) };
  const diff = {
    ...{
      version: 2,
      undo: 1,
      redo: 0,
      classes: ["cat", "dog", "fox"],
      notes: { 1: "", 2: "new" },
    },
    parts: [{ layer: 0, code: 2 }, { layer: 2 }],
  };
  const parts = [bitsOf(0, 5), bitsOf(1, 2), Uint16Array.of(1, 2)];
  const { kept, rows } = withDiff(before, diff, parts.map(view));
  assert.deepEqual([kept.layers[0][0], kept.layers[0][5], kept.layers[1][0]], [2, 2, 1]);
  assert.deepEqual([kept.layers[2][1], kept.layers[2][2]], [1, 2]);
  assert.deepEqual([...kept.notes], [[2, "new"]]);
  assert.deepEqual([...kept.gone], [1]);
  assert.deepEqual(rowsOf(rows), [0, 1, 2, 5]);
  assert.equal(before.layers[0][0], 1, "the one before is left as it was");
});

/** @param {any} labels @param {any} [suggested] @returns {any} */
const storeOf = (labels, suggested = null) => ({
  labels: () => labels,
  summary: () => summarize(labels),
  suggested: () => suggested,
});

test("the filter leaves all, those without a label, of a class, suggested, or with a note", () => {
  const labels = { ...single([1, 2, 0, 2]), notes: new Map([[7, "x"]]) };
  const suggested = shownSuggestions(raw([0, 0, 1], [0, 0, 200]), labels, []);
  const shown = (/** @type {any} */ choice, threshold = 0) => {
    const bits = rowsShown(choice, storeOf(labels, suggested), threshold);
    return bits && rowsOf(bits);
  };
  assert.equal(shown("all"), null);
  assert.deepEqual(shown("unlabelled"), [2, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual(shown(1), [1, 3]);
  assert.deepEqual(shown("suggested"), [2]);
  assert.deepEqual(shown("suggested", 201), []);
  assert.deepEqual(shown("noted"), [7]);
  const tags = storeOf(multi([1, 1, 2], [1, 0, 0]));
  assert.deepEqual(rowsOf(rowsShown(0, tags, 0) ?? bitsOf()), [0, 1]);
});

test("the gallery's orders: data, label, certainty, random and as asked", () => {
  const labels = single([3, 0, 1, 3]);
  const suggested = shownSuggestions(raw([0, 1, 0, 0, 2, 2], [0, 50, 0, 0, 200, 60]), labels, []);
  const by = { codes: summarize(labels).codes, suggested, asked: [5, 1], seed: 1 };
  const bits = bitsOf(0, 1, 2, 3, 4, 5);
  const order = (/** @type {any} */ name, limit = 99) => orderedRows(bits, name, limit, by);
  assert.deepEqual(order("data"), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(order("data", 2), [0, 1]);
  assert.deepEqual(order("label"), [2, 0, 3, 1, 4, 5]);
  assert.deepEqual(order("suggestion"), [4, 5, 1, 0, 2, 3]);
  assert.deepEqual(order("asked"), [5, 1]);
  assert.deepEqual(order("random"), order("random"));
  assert.deepEqual([...order("random")].sort(), [0, 1, 2, 3, 4, 5]);
  const orders = [1, 2, 3, 4].map((seed) =>
    orderedRows(bits, "random", 99, { ...by, seed }).join(),
  );
  assert.ok(new Set(orders).size > 2);
});

test("on the map labels are full, suggestions above the threshold rings, the rest faint", () => {
  const labels = single([2, 0, 0]);
  const suggested = shownSuggestions(raw([0, 1, 1], [0, 200, 90]), labels, []);
  const { codes, rgba } = paintLabels({
    colors: ["#ff0000", "#00ff00", "#0000ff"],
    summary: summarize(labels),
    suggested,
    threshold: 100,
    shown: bitsOf(0, 1, 2),
    text: [1, 2, 3],
  });
  const ink = (/** @type {number} */ row) => [...rgba.slice(4 * codes[row], 4 * codes[row] + 4)];
  assert.deepEqual(ink(0), [0, 255, 0, 255]);
  assert.deepEqual(ink(1).slice(0, 3), [255, 0, 0]);
  assert.ok(ink(1)[3] < 255 && ink(1)[3] > 60);
  assert.equal(ink(2)[3], 255, "below the threshold it is no label, in full grey");
  assert.ok(ink(3)[3] < 60, "left out by the filter");
});

test("what the filter leaves out is too faint for a ring, and less faint on a dark ground", () => {
  const summary = summarize(single([2]));
  const common = { colors: ["#ff0000"], summary, suggested: null, threshold: 0, shown: bitsOf() };
  const faint = (/** @type {any} */ text) => {
    const { codes, rgba } = paintLabels({ ...common, text });
    return rgba[4 * codes[3] + 3];
  };
  const [light, dark] = [faint([20, 20, 20]), faint([230, 230, 230])];
  assert.ok(light >= 40 && dark > light + 10 && dark < 0.3 * 255, `${light}, ${dark}`);
});
