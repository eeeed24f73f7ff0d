// What is drawn over the points, on a canvas of its own: lasso, brush, hover ring.
// Its cost does not depend on the number of points.
import { css } from "../shared/theme.js";

/**
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
 * @property {((context: CanvasRenderingContext2D, drawing: Drawing) => unknown) | null} more
 *   what the owner of the map draws beneath the lasso; true if it moves
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
  if (drawing.hovered !== undefined) drawHover(context, drawing, drawing.hovered);
  const moves = drawing.more?.(context, drawing) === true;
  if (drawing.lasso.length > 1) drawLasso(context, drawing);
  if (drawing.brush) drawBrush(context, drawing, drawing.brush);
  return moves;
}

/** @param {Drawing} drawing @param {number} row @returns {[number, number]} */
export function placeOf({ camera, xy }, row) {
  return [camera.screenX(xy[2 * row]), camera.screenY(xy[2 * row + 1])];
}

/**
 * A line that shows on any ground: a wide stroke of the ground's colour under a thin one.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {string} color
 * @param {number} width
 */
export function strokeTwice(context, { theme }, color, width) {
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
