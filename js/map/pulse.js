// Two rings that run out from a point: "it is here".
import { css } from "../shared/theme.js";
import { placeOf, strokeTwice } from "./overlay.js";

/** @typedef {import("./overlay.js").Drawing} Drawing */

const PULSE_MS = 1200;

/** @param {() => void} redraw */
export function createPulse(redraw) {
  /** @type {{ row: number, since: number } | null} */
  let pulse = null;
  return {
    /** @param {CanvasRenderingContext2D} context @param {Drawing} drawing */
    draw: (context, drawing) => pulse !== null && drawPulse(context, drawing, pulse),
    /** @param {number} row */
    start(row) {
      pulse = { row, since: performance.now() };
      redraw();
    },
  };
}

/**
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
