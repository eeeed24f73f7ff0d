// Images as marks: a choice of rows whose images do not cover each other, steady while panning.
import { hasBit } from "../shared/buffers.js";
import { inDrawingOrder } from "./points.js";

const GAP = 1.08;
const MOST_SCANNED = 200_000;

/**
 * @typedef {object} Scene what the marks are drawn from
 * @property {import("./camera.js").Camera} camera
 * @property {Float32Array} xy
 * @property {(row: number) => boolean} isShown
 * @property {Uint8Array} bits the selection; empty if none
 * @property {(row: number) => string} colorOf
 * @property {(row: number) => [number, number]} placeOf where the row is now, in map coordinates
 * @property {number} version changes whenever the points, the filter or the selection do
 */

/** @param {import("./thumbnails.js").Thumbnails} thumbnails */
export function createMarks(thumbnails) {
  let key = "";
  /** @type {number[]} */
  let rows = [];

  /** @param {Scene} scene */
  function choose(scene) {
    const { camera, xy } = scene;
    const n = xy.length / 2;
    const level = levelOf(camera);
    // Of very many points only those around the view are weighed, so moving away weighs again.
    const tile = 2 * Math.max(camera.width, camera.height);
    const place =
      n > MOST_SCANNED
        ? [
            Math.round((camera.x * camera.scale) / tile),
            Math.round((camera.y * camera.scale) / tile),
          ]
        : [];
    const wanted = [scene.version, level, camera.width, camera.height, ...place].join();
    if (wanted === key) return;
    key = wanted;
    const cell = (GAP * sideAt(level, camera, n)) / (camera.scale * 2 ** (level - zoomOf(camera)));
    const reach = n > MOST_SCANNED ? (1.5 * tile) / camera.scale : Infinity;
    rows = spacedRows(scene, cell, reach);
  }

  return {
    /** @param {CanvasRenderingContext2D} context @param {number} pixelRatio @param {Scene} scene */
    draw(context, pixelRatio, scene) {
      const { camera } = scene;
      choose(scene);
      const level = levelOf(camera);
      const side = sideAt(level, camera, scene.xy.length / 2) * 2 ** (zoomOf(camera) - level);
      const scale = (side * pixelRatio) / Math.max(thumbnails.width, thumbnails.height);
      const wide = Math.max(2, Math.round(thumbnails.width * scale));
      const high = Math.max(2, Math.round(thumbnails.height * scale));
      const border = Math.round(2 * pixelRatio);
      const absent = [];
      for (const row of rows) {
        const [x, y] = scene.placeOf(row);
        const left = Math.round(camera.screenX(x) * pixelRatio - wide / 2);
        const top = Math.round(camera.screenY(y) * pixelRatio - high / 2);
        if (left > context.canvas.width || left + wide < 0) continue;
        if (top > context.canvas.height || top + high < 0) continue;
        if (!thumbnails.ready(row)) {
          absent.push(row);
          continue;
        }
        context.globalAlpha = scene.bits.length === 0 || hasBit(scene.bits, row) ? 1 : 0.3;
        context.strokeStyle = scene.colorOf(row);
        context.lineWidth = border;
        thumbnails.draw(context, row, left, top, wide, high);
        context.strokeRect(left - border / 2, top - border / 2, wide + border, high + border);
      }
      context.globalAlpha = 1;
      if (absent.length > 0) thumbnails.request(absent.reverse());
    },
  };
}

/** @param {import("./camera.js").Camera} camera */
const zoomOf = (camera) => Math.log2(Math.max(camera.zoom, 1e-3));

/** Zoom in steps of the square root of 2: within a step the choice of images stays.
 * @param {import("./camera.js").Camera} camera */
const levelOf = (camera) => Math.floor(2 * zoomOf(camera) + 1e-6) / 2;

/**
 * Side of an image in CSS pixels at the beginning of a zoom step: larger where there are few,
 * and growing slowly with the zoom, so that zooming in shows both more and larger images.
 * @param {number} level
 * @param {import("./camera.js").Camera} camera
 * @param {number} n
 */
function sideAt(level, camera, n) {
  const room = Math.sqrt((camera.width * camera.height) / Math.max(n, 1));
  const first = Math.min(Math.max(0.9 * room, 22), 52);
  return Math.min(Math.max(first * 1.13 ** (2 * level), 16), 96);
}

/**
 * Rows no two of which are nearer than a cell in both directions; selected rows come first.
 * @param {Pick<Scene, "xy" | "camera" | "isShown" | "bits">} scene
 * @param {number} cell in map units
 * @param {number} reach how far from the middle of the view rows are weighed, in map units
 * @returns {number[]}
 */
export function spacedRows({ xy, camera, isShown, bits }, cell, reach) {
  /** @type {Map<number, number>} the one row taken in each cell */
  const taken = new Map();
  /** @type {number[]} */
  const rows = [];
  const across = 2 ** 26;
  /** @param {number} row */
  function take(row) {
    const x = xy[2 * row];
    const y = xy[2 * row + 1];
    if (Math.abs(x - camera.x) > reach || Math.abs(y - camera.y) > reach || !isShown(row)) return;
    const column = Math.floor(x / cell);
    const line = Math.floor(y / cell);
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        const other = taken.get((column + i) * across + line + j);
        if (other === undefined) continue;
        if (Math.abs(xy[2 * other] - x) < cell && Math.abs(xy[2 * other + 1] - y) < cell) return;
      }
    }
    taken.set(column * across + line, row);
    rows.push(row);
  }
  const n = xy.length / 2;
  if (bits.length > 0) inDrawingOrder(n, (_, row) => hasBit(bits, row) && take(row));
  inDrawingOrder(n, (_, row) => (bits.length > 0 && hasBit(bits, row)) || take(row));
  return rows;
}
