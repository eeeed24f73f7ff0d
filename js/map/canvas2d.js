// The points of a map without WebGL2: the same interface, drawn as small squares. Slower, and
// the map says so; past a number of points it draws a fair sample of them.
import { hasBit } from "../shared/buffers.js";
import { cssOf } from "./colors.js";
import { inDrawingOrder } from "./points.js";

const MOST_POINTS = 100_000;

/** @returns {import("./points.js").Points} */
export function createCanvasPoints() {
  /** @type {Float32Array} */
  let from = new Float32Array(0);
  /** @type {Float32Array} */
  let to = new Float32Array(0);
  /** @type {import("./colors.js").Codes} */
  let codes = new Uint8Array(0);
  /** @type {Uint8Array} */
  let bits = new Uint8Array(0);
  /** @type {Uint8Array} */
  let palette = new Uint8Array(4);

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./points.js").Frame} frame
   * @param {(row: number) => boolean} isPart
   */
  function drawPart(context, frame, isPart) {
    const { camera, pixelRatio, blend } = frame;
    const side = Math.max(1, Math.round(frame.size * pixelRatio * 0.85));
    const n = to.length / 2;
    const stride = Math.max(frame.stride, Math.ceil(n / MOST_POINTS));
    const opacity = context.globalAlpha;
    let painted = -1;
    inDrawingOrder(n, (place, row) => {
      if (place % stride !== 0 || palette[4 * codes[row] + 3] === 0 || !isPart(row)) return;
      const x = from[2 * row] * (1 - blend) + to[2 * row] * blend;
      const y = from[2 * row + 1] * (1 - blend) + to[2 * row + 1] * blend;
      if (codes[row] !== painted) {
        painted = codes[row];
        context.fillStyle = cssOf(palette, painted);
        context.globalAlpha = (opacity * palette[4 * painted + 3]) / 255;
      }
      const left = camera.screenX(x) * pixelRatio - side / 2;
      const top = camera.screenY(y) * pixelRatio - side / 2;
      context.fillRect(left, top, side, side);
    });
  }

  return {
    kind: "canvas2d",
    setPositions(origin, goal) {
      from = origin.length === goal.length ? origin : goal;
      to = goal;
    },
    setCodes(values) {
      codes = values;
    },
    setSelection(selection) {
      bits = selection;
    },
    setPalette(rgba) {
      palette = rgba;
    },
    draw(context, frame) {
      context.save();
      context.globalAlpha = frame.dimAll ? frame.opacity * 0.3 : frame.opacity;
      if (frame.selected) {
        const isLight = frame.theme.ground[0] > 128;
        context.globalAlpha = frame.opacity * (isLight ? 0.2 : 0.35);
        drawPart(context, frame, (row) => !hasBit(bits, row));
        context.globalAlpha = frame.selected.opacity;
        drawPart(context, { ...frame, size: frame.selected.size }, (row) => hasBit(bits, row));
      } else drawPart(context, frame, () => true);
      context.restore();
    },
    close() {},
  };
}
