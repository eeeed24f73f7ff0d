// What is drawn over the points, on a canvas of its own: lasso, hover ring, markers, path, pulse.
// Its cost does not depend on the number of points.
import { css } from "../shared/theme.js";

const PULSE_MS = 1200;
const MARKER_RADIUS = 9;

/**
 * @typedef {{ row?: number, xy?: number[], label: string, kind: "start" | "end" | "current" }} Marker
 *
 * @typedef {object} Drawing
 * @property {import("./camera.js").Camera} camera
 * @property {import("../shared/theme.js").Theme} theme
 * @property {Float32Array} xy
 * @property {number} pixelRatio
 * @property {number} pointSize
 * @property {number[][]} lasso corners in map coordinates
 * @property {"replace" | "add" | "remove"} lassoMode
 * @property {{ x: number, y: number, radius: number } | null} brush in CSS pixels
 * @property {number | undefined} hovered
 * @property {Marker[]} markers
 * @property {Float32Array | null} path
 * @property {{ row: number, since: number } | null} pulse
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @returns {boolean} whether something still moves and wants another frame
 */
export function drawOverlay(context, drawing) {
  const { pixelRatio } = drawing;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.lineJoin = context.lineCap = "round";
  if (drawing.path) drawPath(context, drawing, drawing.path);
  if (drawing.hovered !== undefined) drawHover(context, drawing, drawing.hovered);
  // The ends last: on an end, the place between them has nothing to add.
  const rank = (/** @type {Marker} */ { kind }) => (kind === "current" ? 0 : 1);
  const markers = [...drawing.markers].sort((a, b) => rank(a) - rank(b));
  for (const marker of markers) drawMarker(context, drawing, marker);
  const moves = drawing.pulse ? drawPulse(context, drawing, drawing.pulse) : false;
  if (drawing.lasso.length > 1) drawLasso(context, drawing);
  if (drawing.brush) drawBrush(context, drawing, drawing.brush);
  return moves;
}

/** @param {Drawing} drawing @param {number} row @returns {[number, number]} */
function placeOf({ camera, xy }, row) {
  return [camera.screenX(xy[2 * row]), camera.screenY(xy[2 * row + 1])];
}

/**
 * A line that shows on any ground: a wide stroke of the ground's colour under a thin one.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {string} color
 * @param {number} width
 */
function strokeTwice(context, { theme }, color, width) {
  context.strokeStyle = css(theme.ground);
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Drawing} drawing */
function drawLasso(context, drawing) {
  const { camera, theme, lasso, lassoMode } = drawing;
  context.beginPath();
  for (const [x, y] of lasso) context.lineTo(camera.screenX(x), camera.screenY(y));
  context.globalAlpha = 0.12;
  context.fillStyle = css(theme.accent);
  context.fill("evenodd");
  context.globalAlpha = 1;
  if (lassoMode === "remove") context.setLineDash([6, 5]);
  strokeTwice(context, drawing, css(theme.accent), 1.5);
  context.setLineDash([]);
  const [[firstX, firstY]] = lasso;
  const [lastX, lastY] = lasso[lasso.length - 1];
  context.beginPath();
  context.moveTo(camera.screenX(lastX), camera.screenY(lastY));
  context.lineTo(camera.screenX(firstX), camera.screenY(firstY));
  context.setLineDash([2, 4]);
  context.lineWidth = 1;
  context.stroke();
  context.setLineDash([]);
  if (lassoMode === "replace") return;
  context.font = `600 15px ${theme.font}`;
  context.fillStyle = css(theme.accent);
  context.fillText(
    lassoMode === "add" ? "+" : "−",
    camera.screenX(lastX) + 10,
    camera.screenY(lastY) - 8,
  );
}

/** @param {CanvasRenderingContext2D} context @param {Drawing} drawing
 * @param {{ x: number, y: number, radius: number }} brush */
function drawBrush(context, drawing, { x, y, radius }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  if (drawing.lassoMode === "remove") context.setLineDash([6, 5]);
  strokeTwice(context, drawing, css(drawing.theme.accent), 1.5);
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {Drawing} drawing @param {number} row */
function drawHover(context, drawing, row) {
  const [x, y] = placeOf(drawing, row);
  context.beginPath();
  context.arc(x, y, drawing.pointSize / 2 + 3, 0, 2 * Math.PI);
  strokeTwice(context, drawing, css(drawing.theme.text), 1.5);
}

/** @param {CanvasRenderingContext2D} context @param {Drawing} drawing @param {Float32Array} path */
function drawPath(context, drawing, path) {
  const { camera, theme } = drawing;
  context.beginPath();
  for (let k = 0; k < path.length; k += 2) {
    context.lineTo(camera.screenX(path[k]), camera.screenY(path[k + 1]));
  }
  strokeTwice(context, drawing, css(theme.accent), 2);
}

/** @param {CanvasRenderingContext2D} context @param {Drawing} drawing @param {Marker} marker */
function drawMarker(context, drawing, marker) {
  const { camera, theme } = drawing;
  const [x, y] = marker.xy
    ? [camera.screenX(marker.xy[0]), camera.screenY(marker.xy[1])]
    : placeOf(drawing, marker.row ?? 0);
  const isEnd = marker.kind !== "current";
  context.beginPath();
  context.arc(x, y, isEnd ? MARKER_RADIUS : MARKER_RADIUS - 3, 0, 2 * Math.PI);
  strokeTwice(context, drawing, css(theme.accent), isEnd ? 2 : 5);
  context.fillStyle = css(isEnd ? theme.accent : theme.ground);
  context.fill();
  context.save();
  context.font = `600 12px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = css(theme.ground);
  context.fillText(marker.label, x, y + 0.5);
  context.restore();
}

/**
 * Two rings that run out from a point: "it is here".
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {{ row: number, since: number }} pulse
 */
function drawPulse(context, drawing, { row, since }) {
  const share = (performance.now() - since) / PULSE_MS;
  if (share >= 1) return false;
  const [x, y] = placeOf(drawing, row);
  for (const delay of [0, 0.25]) {
    const run = Math.min(Math.max((share - delay) / 0.75, 0), 1);
    context.globalAlpha = 1 - run;
    context.beginPath();
    context.arc(x, y, drawing.pointSize / 2 + 4 + 22 * run, 0, 2 * Math.PI);
    strokeTwice(context, drawing, css(drawing.theme.accent), 2);
  }
  context.globalAlpha = 1;
  return true;
}
