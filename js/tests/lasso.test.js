import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsInPolygon } from "../map/lasso.js";
import { emptyBits, rowsOf, setBit } from "../shared/buffers.js";

/** A generator of numbers in [0, 1), the same at every run. @param {number} seed */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The even-odd rule over all edges, with nothing to make it fast.
 * @param {Float32Array} xy @param {number[][]} polygon
 */
function reference(xy, polygon) {
  const bits = emptyBits(xy.length / 2);
  for (let row = 0; row < xy.length / 2; row++) {
    const [x, y] = [xy[2 * row], xy[2 * row + 1]];
    let inside = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
    if (inside) setBit(bits, row);
  }
  return bits;
}

/** @param {number} n @param {() => number} next */
const points = (n, next) => Float32Array.from({ length: 2 * n }, () => 2 * next() - 1);

/** A star that crosses itself. @param {number} n @param {() => number} next */
const star = (n, next) =>
  Array.from({ length: n }, (_, k) => {
    const radius = 0.2 + 0.8 * next();
    const angle = (k / n) * 6 * Math.PI;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

test("a lasso selects what trying every edge selects", () => {
  const next = random(1);
  const xy = points(3000, next);
  for (const n of [4, 5, 17, 200, 2500]) {
    const polygon = star(n, next);
    const bits = rowsInPolygon(xy, polygon);
    assert.deepEqual(bits, reference(xy, polygon), `${n} corners`);
    assert.ok(rowsOf(bits).length > 0);
  }
});

test("points on corners and edges fall on the side the reference says", () => {
  // Corners on a grid of points, so that many points lie on edges and corners exactly.
  const next = random(2);
  const grid = [];
  for (let i = -8; i <= 8; i++) for (let j = -8; j <= 8; j++) grid.push(i / 8, j / 8);
  const xy = Float32Array.from(grid);
  for (let k = 0; k < 200; k++) {
    const corner = () => Math.round(16 * next() - 8) / 8;
    const polygon = Array.from({ length: 3 + (k % 9) }, () => [corner(), corner()]);
    assert.deepEqual(rowsInPolygon(xy, polygon), reference(xy, polygon), JSON.stringify(polygon));
  }
});

test("a lasso without area selects nothing", () => {
  const xy = Float32Array.from([0, 0, 1, 1]);
  const flat = [
    [-1, 0],
    [1, 0],
    [0, 0],
  ];
  for (const polygon of [[], [[0, 0]], flat]) {
    assert.deepEqual(rowsOf(rowsInPolygon(xy, polygon)), []);
  }
});

test("hidden rows are never inside", () => {
  const xy = Float32Array.from([0, 0, 0.1, 0.1]);
  const around = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ];
  assert.deepEqual(rowsOf(rowsInPolygon(xy, around)), [0, 1]);
  assert.deepEqual(rowsOf(rowsInPolygon(xy, around, (row) => row !== 0)), [1]);
});

test("points that are no numbers are never inside", () => {
  const xy = Float32Array.from([Number.NaN, 0, 0, Number.NaN, Infinity, 0]);
  const around = [
    [-1, -1],
    [1, -1],
    [0, 1],
  ];
  assert.deepEqual(rowsOf(rowsInPolygon(xy, around)), []);
});

test("a point is compared with the edges at its own height, not with all of them", () => {
  const next = random(3);
  const polygon = star(200, next);
  const xy = points(500, next);
  let compared = 0;
  /** A height that counts how often it is looked at. @param {number} value */
  const counted = (value) => ({
    valueOf() {
      compared++;
      return value;
    },
  });
  /** @type {any} */
  const counting = Array.from(xy, (value, k) => (k % 2 === 0 ? value : counted(value)));
  assert.deepEqual(rowsInPolygon(counting, polygon), reference(xy, polygon));
  const all = 2 * 500 * 200; // both ends of each edge
  assert.ok(compared < all / 4, `${compared} of ${all}`);
});
