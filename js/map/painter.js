// When and how a map is painted: at rest all points, in motion as many as a frame can bear.
import { countBits } from "../shared/buffers.js";
import { onEnd, perFrame, reducedMotion } from "../shared/lifecycle.js";
import { cssOf } from "./colors.js";
import { createMarks } from "./marks.js";
import { drawOverlay } from "./overlay.js";

const TRANSITION_MS = 380;
const REST_MS = 120;
const FRAME_BUDGET_MS = 24;
const MOST_STRIDE = 31; // a vertex attribute's stride is one byte: 31 positions of 8 bytes

/**
 * @typedef {object} PaintState what the map keeps and the painter reads
 * @property {number} n
 * @property {Float32Array} xy
 * @property {import("./colors.js").Codes} codes
 * @property {Uint8Array} palette
 * @property {Uint8Array} bits
 * @property {number[][]} lasso
 * @property {"replace" | "add" | "remove"} lassoMode
 * @property {number} brush radius in CSS pixels
 * @property {{ x: number, y: number } | null} brushAt where it is, while it is the tool
 * @property {number | undefined} hovered
 * @property {import("../shared/theme.js").Theme} theme
 */

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {{ x: number, y: number, scale: number }} Look where a camera looks */

/**
 * @param {{ base: HTMLCanvasElement, over: HTMLCanvasElement,
 *   camera: Camera, points: import("./points.js").Points,
 *   thumbnails: import("./thumbnails.js").Thumbnails, state: PaintState,
 *   isShown: (row: number) => boolean, more: import("./overlay.js").Drawing["more"],
 *   signal: AbortSignal }} options
 */
export function createPainter(options) {
  const { base, over, camera, points, thumbnails, state, isShown, more, signal } = options;
  const context = /** @type {CanvasRenderingContext2D} */ (base.getContext("2d"));
  const overContext = /** @type {CanvasRenderingContext2D} */ (over.getContext("2d"));
  const marks = createMarks(thumbnails);
  /** @type {{ from: Float32Array, since: number, start: Look, end: Look } | null} */
  let transition = null;
  let imagesShown = false;
  let hasSize = false;
  let isMoving = false;
  let fullCost = 0;
  let version = 0;
  let counted = state.bits;
  let nSelected = countBits(counted);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let restTimer;
  onEnd(signal, () => clearTimeout(restTimer));

  const pointSize = () => pointSizeOf(camera, state.n);

  /** How far the transition is, eased. @returns {number} */
  function blendNow() {
    if (!transition) return 1;
    const share = Math.min(1, (performance.now() - transition.since) / TRANSITION_MS);
    return share * share * (3 - 2 * share);
  }

  /** Fit both canvases to the view. @returns {number} device pixels in a CSS pixel */
  function fitCanvases() {
    const pixelRatio = globalThis.devicePixelRatio || 1;
    for (const canvas of [base, over]) fitCanvas(canvas, camera, pixelRatio);
    return pixelRatio;
  }

  /** A few selected points are large enough to be seen among many. @param {number} size */
  function lookOfSelected(size) {
    if (counted !== state.bits) nSelected = countBits(state.bits);
    counted = state.bits;
    if (nSelected === 0) return state.bits.length === 0 ? null : { size, opacity: 1 };
    const larger = Math.max(size + 1, Math.min(pointSizeOf(camera, nSelected), 6));
    return { size: larger, opacity: opacityOf(camera, nSelected, larger) };
  }

  function paint() {
    if (!hasSize || state.n === 0) return;
    const pixelRatio = fitCanvases();
    const blend = blendNow();
    if (transition) lookBetween(camera, transition.start, transition.end, blend);
    const size = pointSize();
    const budget = Math.ceil(fullCost / FRAME_BUDGET_MS);
    const stride = isMoving || transition ? Math.min(Math.max(budget, 1), MOST_STRIDE) : 1;
    const before = performance.now();
    context.clearRect(0, 0, base.width, base.height);
    points.draw(context, {
      camera,
      pixelRatio,
      blend,
      size,
      opacity: opacityOf(camera, state.n, size),
      selected: lookOfSelected(size),
      dimAll: imagesShown,
      stride,
      theme: state.theme,
    });
    if (stride === 1 && state.n > 50_000) {
      // Reading one pixel waits for the graphics card, which is how its speed is learnt.
      if (fullCost === 0) context.getImageData(0, 0, 1, 1);
      fullCost = Math.max(fullCost * 0.7, performance.now() - before);
    }
    if (imagesShown) paintMarks(pixelRatio, blend);
    if (transition) {
      if (blend === 1) arrive();
      redrawFrame();
    }
    paintOverlay();
  }

  /** End the transition: the points stay where they were going. */
  function arrive() {
    transition = null;
    points.setPositions(state.xy, state.xy);
  }

  /** @param {number} pixelRatio @param {number} blend */
  function paintMarks(pixelRatio, blend) {
    const { xy, palette, codes } = state;
    const from = transition?.from ?? xy;
    marks.draw(context, pixelRatio, {
      camera,
      xy,
      bits: state.bits,
      version,
      isShown,
      colorOf: (row) => cssOf(palette, codes[row]),
      placeOf: (row) => [
        from[2 * row] * (1 - blend) + xy[2 * row] * blend,
        from[2 * row + 1] * (1 - blend) + xy[2 * row + 1] * blend,
      ],
    });
  }

  function paintOverlay() {
    if (!hasSize) return;
    const pixelRatio = fitCanvases();
    const moves = drawOverlay(overContext, {
      camera,
      theme: state.theme,
      xy: state.xy,
      pixelRatio,
      pointSize: pointSize(),
      lasso: state.lasso,
      lassoMode: state.lassoMode,
      brush: state.brushAt && { ...state.brushAt, radius: state.brush },
      hovered: state.hovered,
      more: transition === null ? more : null,
    });
    if (moves) redrawOverlay();
  }

  const redrawFrame = perFrame(paint, signal);
  const redrawOverlay = perFrame(paintOverlay, signal);

  return {
    redrawOverlay,
    pointSize,
    /** Something about the points has changed: which are shown, selected, or where they are. */
    redraw() {
      version++;
      redrawFrame();
    },
    /** The view moves: quick frames now, a full one when it rests. */
    redrawMoving() {
      isMoving = true;
      clearTimeout(restTimer);
      restTimer = setTimeout(() => {
        isMoving = false;
        redrawFrame();
      }, REST_MS);
      redrawFrame();
    },
    isMoving: () => transition !== null,
    /**
     * @param {Float32Array} before
     * @param {Float32Array} xy
     * @param {Look | null} start where the camera comes from; null to be there at once
     */
    setPositions(before, xy, start) {
      const moves = start !== null && hasSize && !reducedMotion();
      const end = { x: camera.x, y: camera.y, scale: camera.scale };
      transition = moves ? { from: before, since: performance.now(), start, end } : null;
      points.setPositions(moves ? before : xy, xy);
      if (fullCost > 0 && before.length !== xy.length) fullCost = 0;
    },
    /** @param {number} width @param {number} height */
    resize(width, height) {
      hasSize = true;
      if (transition) {
        lookBetween(camera, transition.end, transition.end, 1);
        arrive();
      }
      camera.resize(width, height);
      fitCanvases();
      paint(); // at once: a canvas that changed its size is empty until it is painted
    },
    imagesArrived() {
      if (imagesShown) redrawFrame();
    },
    /** @param {boolean} shown */
    showImages(shown) {
      imagesShown = shown && thumbnails.width > 0;
      redrawFrame();
    },
  };
}

/**
 * Diameter of a point in CSS pixels: smaller where there are many, growing slowly with the zoom.
 * @param {Camera} camera
 * @param {number} n
 */
function pointSizeOf(camera, n) {
  const room = Math.sqrt((camera.width * camera.height) / Math.max(n, 1));
  const first = Math.min(Math.max(0.55 * room, 1.6), 9);
  return Math.min(first * Math.max(camera.zoom, 0.5) ** 0.3, Math.max(first, 14));
}

/**
 * Less where points cover each other.
 * @param {Camera} camera
 * @param {number} n
 * @param {number} size
 */
function opacityOf(camera, n, size) {
  const area = camera.width * camera.height * camera.zoom ** 2;
  const crowding = (n * size * size) / Math.max(area, 1);
  return Math.min(0.95, Math.max(0.4, 0.85 / Math.max(1, crowding) ** 0.3));
}

/** @param {Camera} camera @param {Look} start @param {Look} end @param {number} blend */
function lookBetween(camera, start, end, blend) {
  camera.x = start.x * (1 - blend) + end.x * blend;
  camera.y = start.y * (1 - blend) + end.y * blend;
  camera.scale = start.scale ** (1 - blend) * end.scale ** blend;
}

/** @param {HTMLCanvasElement} canvas @param {Camera} camera @param {number} pixelRatio */
function fitCanvas(canvas, camera, pixelRatio) {
  const width = Math.max(1, Math.round(camera.width * pixelRatio));
  const height = Math.max(1, Math.round(camera.height * pixelRatio));
  if (canvas.width === width && canvas.height === height) return; // setting a size clears
  canvas.width = width;
  canvas.height = height;
}
