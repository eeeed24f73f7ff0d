// Which points lie inside a lasso: the even-odd rule, exact in float64.
import { emptyBits, setBit } from "../shared/buffers.js";

const SLABS = 1024;

/**
 * The edges of a polygon sorted into horizontal slabs, so that a point meets only the few edges
 * at its own height. A slab is found by one monotone function for points and for edge ends, so
 * no edge that could be crossed is ever missed and the answer is that of trying them all.
 * @param {number[][]} polygon
 */
function binEdges(polygon) {
  let bottom = Infinity;
  let top = -Infinity;
  for (const [, y] of polygon) {
    bottom = Math.min(bottom, y);
    top = Math.max(top, y);
  }
  const perUnit = top > bottom ? SLABS / (top - bottom) : 0;
  /** @param {number} y */
  const slabOf = (y) => Math.min(SLABS - 1, Math.floor((y - bottom) * perUnit));
  /** @type {number[][]} */
  const slabs = Array.from({ length: SLABS }, () => []);
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    const last = slabOf(Math.max(yi, yj));
    for (let k = slabOf(Math.min(yi, yj)); k <= last; k++) slabs[k].push(xi, yi, xj, yj);
  }
  return { bottom, top, slabOf, slabs: slabs.map((edges) => Float64Array.from(edges)) };
}

/**
 * @param {Float32Array} xy interleaved map coordinates
 * @param {number[][]} polygon corners [x, y] in map coordinates; closed by itself
 * @param {(row: number) => boolean} [isShown] rows that are hidden are never inside
 * @returns {Uint8Array} a bitset of the rows inside
 */
export function rowsInPolygon(xy, polygon, isShown) {
  const n = xy.length >> 1;
  const bits = emptyBits(n);
  if (polygon.length < 3) return bits;
  const { bottom, top, slabOf, slabs } = binEdges(polygon);
  let left = Infinity;
  let right = -Infinity;
  for (const [x] of polygon) {
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  for (let row = 0; row < n; row++) {
    const x = xy[2 * row];
    const y = xy[2 * row + 1];
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue;
    if (isInside(slabs[slabOf(y)], x, y) && (isShown === undefined || isShown(row))) {
      setBit(bits, row);
    }
  }
  return bits;
}

/**
 * @param {Float64Array} edges xi, yi, xj, yj of each
 * @param {number} x
 * @param {number} y
 */
function isInside(edges, x, y) {
  let inside = false;
  for (let k = 0; k < edges.length; k += 4) {
    const yi = edges[k + 1];
    const yj = edges[k + 3];
    if (yi > y === yj > y) continue;
    const xi = edges[k];
    if (x < ((edges[k + 2] - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
