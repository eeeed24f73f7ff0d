// Marked places on a map and a path between them.
import { css } from "../shared/theme.js";
import { placeOf, strokeTwice } from "./overlay.js";

/** @typedef {import("./overlay.js").Drawing} Drawing */
/**
 * @typedef {{ row?: number, xy?: number[], label: string, kind: "start" | "end" | "current" }} Marker
 */

const MARKER_RADIUS = 9;

/** @param {() => void} redraw */
export function createRoute(redraw) {
  /** @type {Marker[]} */
  let markers = [];
  /** @type {Float32Array | null} */
  let path = null;

  return {
    /** @param {CanvasRenderingContext2D} context @param {Drawing} drawing */
    draw(context, drawing) {
      if (path) drawPath(context, drawing, path);
      // The ends last: on an end, the place between them has nothing to add.
      const rank = (/** @type {Marker} */ { kind }) => (kind === "current" ? 0 : 1);
      for (const marker of [...markers].sort((a, b) => rank(a) - rank(b))) {
        drawMarker(context, drawing, marker);
      }
    },
    /** @param {Marker[]} list */
    setMarkers(list) {
      markers = list;
      redraw();
    },
    /** @param {Float32Array | null} pairs in map coordinates */
    setPath(pairs) {
      path = pairs;
      redraw();
    },
  };
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
