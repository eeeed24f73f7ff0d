import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOf, createCamera } from "../map/camera.js";
import { codesOf, labelOf, NO_COLOR, paletteOf, ramp } from "../map/colors.js";
import { spacedRows } from "../map/marks.js";
import { nearestRow } from "../map/pick.js";
import { inDrawingOrder } from "../map/points.js";
import { parseColor } from "../shared/theme.js";

/** @type {import("../shared/theme.js").Theme} */
const theme = {
  ground: [255, 255, 255],
  text: [0, 0, 0],
  accent: [1, 2, 3],
  font: "sans-serif",
};
const always = () => true;

test("the nearest point is found, row 0 like any other, and none beyond reach", () => {
  const xy = Float32Array.from([0, 0, 1, 0, 0.3, 0]);
  assert.equal(nearestRow(xy, 0.1, 0, 0.2, always), 0);
  assert.equal(nearestRow(xy, 0.2, 0, 0.2, always), 2);
  assert.equal(
    nearestRow(xy, 0.1, 0, 0.25, (row) => row !== 0),
    2,
  );
  assert.equal(nearestRow(xy, 0.6, 0, 0.2, always), undefined);
  assert.equal(nearestRow(new Float32Array(0), 0, 0, 1, always), undefined);
});

test("every row is drawn once, and rows sorted by class are mixed", () => {
  for (const n of [0, 1, 2, 3, 10, 1000, 4096]) {
    /** @type {number[]} */
    const rows = [];
    inDrawingOrder(n, (place, row) => {
      rows[place] = row;
    });
    assert.deepEqual(
      [...rows].sort((a, b) => a - b),
      Array.from({ length: n }, (_, k) => k),
    );
  }
  /** @type {number[]} */
  const first = [];
  inDrawingOrder(1000, (place, row) => place < 100 && first.push(row));
  const early = first.filter((row) => row < 500).length;
  assert.ok(Math.abs(early - 50) <= 2, String(early));
});

test("zooming keeps the place under the pointer", () => {
  const camera = createCamera({ padding: 20 });
  camera.resize(800, 400);
  camera.fit({ left: -1, right: 1, bottom: -1, top: 1 });
  assert.equal(camera.scale, 180);
  assert.ok(Math.abs(camera.zoom - 1) < 1e-12);
  const [x, y] = [camera.mapX(100), camera.mapY(50)];
  camera.zoomAt(3, 100, 50);
  assert.ok(Math.abs(camera.mapX(100) - x) < 1e-12 && Math.abs(camera.mapY(50) - y) < 1e-12);
  assert.ok(Math.abs(camera.zoom - 3) < 1e-12);
  camera.zoomAt(1e9, 0, 0);
  assert.ok(Math.abs(camera.zoom - 4000) < 1e-6);
});

test("map and screen coordinates are each other's inverse, y pointing up", () => {
  const camera = createCamera({ padding: 0 });
  camera.resize(300, 200);
  camera.fit({ left: 0, right: 2, bottom: 0, top: 2 });
  assert.ok(Math.abs(camera.mapX(camera.screenX(0.3)) - 0.3) < 1e-12);
  assert.ok(camera.screenY(2) < camera.screenY(0));
});

test("a changed size keeps what is seen", () => {
  const camera = createCamera({ padding: 0 });
  camera.resize(400, 400);
  camera.fit({ left: -1, right: 1, bottom: -1, top: 1 });
  camera.zoomAt(2);
  camera.resize(200, 200);
  assert.ok(Math.abs(camera.zoom - 2) < 1e-12);
});

test("the box of the points shown leaves the hidden ones out, and is never empty", () => {
  const xy = Float32Array.from([0, 0, 1, 1, 5, 5]);
  assert.deepEqual(
    boxOf(xy, (row) => row < 2),
    { left: 0, right: 1, bottom: 0, top: 1 },
  );
  assert.deepEqual(
    boxOf(xy, () => false),
    { left: -1, right: 1, bottom: -1, top: 1 },
  );
  const one = boxOf(xy, (row) => row === 1);
  assert.ok(one.left < 1 && one.right > 1 && one.bottom < 1 && one.top > 1);
});

test("code 0 is missing, code k + 1 category k, and hidden codes are not opaque", () => {
  /** @type {import("../map/colors.js").ColorInfo} */
  const info = {
    ...NO_COLOR,
    kind: "categories",
    labels: ["a", "b"],
    colors: ["#010203", "#ffffff"],
  };
  assert.deepEqual(
    [...paletteOf(info, theme, new Set([2]))],
    [134, 140, 149, 255, 1, 2, 3, 255, 255, 255, 255, 0],
  );
  assert.equal(labelOf(info, 1), "a");
  assert.equal(labelOf(info, 0), "no value");
  assert.equal(labelOf(info, 3), "");
});

test("numbers run through all stops from code 1 to 255", () => {
  const palette = paletteOf(
    { ...NO_COLOR, kind: "numbers", colors: ["#000000", "#ff0000", "#ffffff"] },
    theme,
    new Set(),
  );
  assert.equal(palette.length, 4 * 256);
  assert.deepEqual([...palette.subarray(4, 7)], [0, 0, 0]);
  assert.deepEqual([...palette.subarray(4 * 128, 4 * 128 + 3)], [255, 0, 0]);
  assert.deepEqual([...palette.subarray(4 * 255, 4 * 255 + 3)], [255, 255, 255]);
  assert.equal(
    ramp(
      [
        [0, 0, 0],
        [10, 10, 10],
      ],
      3,
    )[1][0],
    5,
  );
});

test("codes are read in their own width, and a wrong length colours nothing", () => {
  const wide = new DataView(new Uint16Array([300, 0, 7]).buffer);
  assert.deepEqual([...codesOf({ ...NO_COLOR, dtype: "uint16" }, wide, 3)], [300, 0, 7]);
  assert.deepEqual([...codesOf(NO_COLOR, new DataView(new ArrayBuffer(2)), 3)], [0, 0, 0]);
});

test("colours are read as the host writes them", () => {
  assert.deepEqual(parseColor("#0072b2"), [0, 114, 178]);
  assert.deepEqual(parseColor("rgba(0, 0, 0, 0.5)"), [0, 0, 0]);
  assert.deepEqual(parseColor("rgb(1, 2, 3)"), [1, 2, 3]);
  assert.deepEqual(parseColor("rgba(1 2 3 / 0.5)"), [1, 2, 3]);
  assert.equal(parseColor("var(--x)"), null);
});

test("images chosen as marks never cover each other, and selected rows come first", () => {
  const n = 400;
  const xy = Float32Array.from({ length: 2 * n }, (_, k) => Math.sin(k * 12.9898) * 0.9);
  const camera = createCamera({ padding: 0 });
  camera.resize(100, 100);
  const bits = new Uint8Array((n + 7) >> 3);
  bits[0] = 1;
  const rows = spacedRows({ xy, camera, isShown: (row) => row !== 5, bits }, 0.1, Infinity);
  assert.equal(rows[0], 0);
  assert.ok(!rows.includes(5));
  for (const a of rows) {
    for (const b of rows) {
      const apart = Math.max(
        Math.abs(xy[2 * a] - xy[2 * b]),
        Math.abs(xy[2 * a + 1] - xy[2 * b + 1]),
      );
      assert.ok(a === b || apart >= 0.1, `${a} and ${b}`);
    }
  }
  const isFree = (/** @type {number} */ row) =>
    rows.every(
      (a) =>
        Math.abs(xy[2 * a] - xy[2 * row]) >= 0.1 ||
        Math.abs(xy[2 * a + 1] - xy[2 * row + 1]) >= 0.1,
    );
  for (let row = 0; row < n; row++) assert.ok(row === 5 || rows.includes(row) || !isFree(row));
});
