// What is drawn to select: a lasso, a rectangle, or strokes of a brush.
import { combineBits, emptyBits } from "../shared/buffers.js";
import { rowsAlong } from "./brush.js";
import { rowsInPolygon } from "./lasso.js";

/** @typedef {import("./input.js").Pen} Pen */
/** @typedef {import("./input.js").Mode} Mode */
/** @typedef {{ x: number, y: number }} Place in CSS pixels within the map */
/**
 * @typedef {object} DrawingState what the map keeps and the overlay shows
 * @property {Float32Array} xy
 * @property {Uint8Array} bits the selection
 * @property {number[][]} lasso corners in map coordinates
 * @property {Mode} lassoMode
 * @property {number} brush radius in CSS pixels
 */

const BRUSH_SIZES = { least: 4, most: 120 };

/**
 * @param {{ state: DrawingState, camera: import("./camera.js").Camera,
 *   isShown: (row: number) => boolean, redraw: () => void, preview: (bits: Uint8Array) => void,
 *   onDone: (inside: Uint8Array, mode: Mode) => void }} options `preview`: show this selection
 *   without making it one
 */
export function createDrawing({ state, camera, isShown, redraw, preview, onDone }) {
  /** @type {Pen} */
  let pen = "lasso";
  /** @type {Place} */
  let last = { x: 0, y: 0 };
  let before = state.bits;
  let painted = state.bits;

  const toMap = (/** @type {Place} */ { x, y }) => [camera.mapX(x), camera.mapY(y)];
  /** A brush adds: a stroke that took back the one before it would be no brush.
   * @param {Mode} mode @returns {Mode} */
  const modeOfPen = (mode) => (pen === "brush" && mode === "replace" ? "add" : mode);

  /** @param {Place} place */
  function paintTo(place) {
    const reach = state.brush / camera.scale;
    painted = combineBits(
      painted,
      rowsAlong(state.xy, toMap(last), toMap(place), reach, isShown),
      "add",
    );
    last = place;
  }

  function stop() {
    state.lasso = [];
    redraw();
  }

  return {
    /** @param {Pen} next @param {number} x @param {number} y */
    start(next, x, y) {
      pen = next;
      last = { x, y };
      before = state.bits;
      painted = emptyBits(state.xy.length / 2);
      state.lasso = pen === "lasso" ? [toMap(last)] : [];
      if (pen === "brush") paintTo(last);
    },
    /** @param {Place[]} places @param {Mode} mode */
    to(places, mode) {
      state.lassoMode = modeOfPen(mode);
      if (pen === "lasso") state.lasso.push(...places.map(toMap));
      else if (pen === "rectangle") {
        const [left, top] = toMap(last);
        const [right, bottom] = toMap(places[places.length - 1]);
        state.lasso = [
          [left, top],
          [right, top],
          [right, bottom],
          [left, bottom],
        ];
      } else {
        for (const place of places) paintTo(place);
        preview(combineBits(before, painted, state.lassoMode));
      }
      redraw();
    },
    /** @param {Mode} mode */
    end(mode) {
      const polygon = state.lasso;
      stop();
      if (pen !== "brush" && polygon.length < 3) return;
      if (pen === "brush") preview(before);
      onDone(
        pen === "brush" ? painted : rowsInPolygon(state.xy, polygon, isShown),
        modeOfPen(mode),
      );
    },
    cancel() {
      stop();
      if (pen === "brush") preview(before);
    },
    /** Draw with a larger or smaller brush. @param {number} factor */
    growBrush(factor) {
      const { least, most } = BRUSH_SIZES;
      state.brush = Math.min(Math.max(state.brush * factor, least), most);
      redraw();
    },
  };
}
