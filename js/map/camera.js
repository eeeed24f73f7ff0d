// Where on the map a view looks: map coordinates to CSS pixels and back.

const MOST_ZOOM = 4000;
const LEAST_ZOOM = 0.25;

/** @typedef {{ left: number, right: number, bottom: number, top: number }} Box */

/**
 * @typedef {object} Camera
 * @property {number} width in CSS pixels
 * @property {number} height
 * @property {number} x map coordinate in the middle of the view
 * @property {number} y
 * @property {number} scale CSS pixels per unit of the map, equal in both directions
 * @property {number} zoom 1 when everything just fits
 * @property {(width: number, height: number) => void} resize
 * @property {(box: Box) => void} fit show this part of the map
 * @property {(factor: number, screenX?: number, screenY?: number) => void} zoomAt
 * @property {(dx: number, dy: number) => void} pan by CSS pixels
 * @property {(x: number, y: number) => void} centre
 * @property {(x: number) => number} screenX
 * @property {(y: number) => number} screenY
 * @property {(screenX: number) => number} mapX
 * @property {(screenY: number) => number} mapY
 */

/**
 * @param {{ padding: number }} options padding around what is fitted, in CSS pixels
 * @returns {Camera}
 */
export function createCamera({ padding }) {
  /** @type {Box} */
  let fitted = { left: -1, right: 1, bottom: -1, top: 1 };

  /** @param {Box} box */
  function scaleFor(box) {
    const across = Math.max(box.right - box.left, 1e-6);
    const up = Math.max(box.top - box.bottom, 1e-6);
    const inside = Math.min(padding, camera.width / 6, camera.height / 6);
    return Math.min((camera.width - 2 * inside) / across, (camera.height - 2 * inside) / up);
  }

  /** @type {Camera} */
  const camera = {
    width: 1,
    height: 1,
    x: 0,
    y: 0,
    scale: 1,
    get zoom() {
      return camera.scale / scaleFor(fitted);
    },
    resize(width, height) {
      const zoom = camera.zoom;
      camera.width = width;
      camera.height = height;
      camera.scale = zoom * scaleFor(fitted);
    },
    fit(box) {
      fitted = box;
      camera.x = (box.left + box.right) / 2;
      camera.y = (box.bottom + box.top) / 2;
      camera.scale = scaleFor(box);
    },
    zoomAt(factor, screenX = camera.width / 2, screenY = camera.height / 2) {
      const least = LEAST_ZOOM / camera.zoom;
      const most = MOST_ZOOM / camera.zoom;
      const x = camera.mapX(screenX);
      const y = camera.mapY(screenY);
      camera.scale *= Math.min(Math.max(factor, least), most);
      camera.x += x - camera.mapX(screenX);
      camera.y += y - camera.mapY(screenY);
    },
    pan(dx, dy) {
      camera.x -= dx / camera.scale;
      camera.y += dy / camera.scale;
    },
    centre(x, y) {
      camera.x = x;
      camera.y = y;
    },
    screenX: (x) => camera.width / 2 + (x - camera.x) * camera.scale,
    screenY: (y) => camera.height / 2 - (y - camera.y) * camera.scale,
    mapX: (screenX) => camera.x + (screenX - camera.width / 2) / camera.scale,
    mapY: (screenY) => camera.y - (screenY - camera.height / 2) / camera.scale,
  };
  return camera;
}

/**
 * The part of the map that holds all points shown; the whole map if none is.
 * @param {Float32Array} xy
 * @param {(row: number) => boolean} isShown
 * @returns {Box}
 */
export function boxOf(xy, isShown) {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let row = 0; row < xy.length / 2; row++) {
    if (!isShown(row)) continue;
    const x = xy[2 * row];
    const y = xy[2 * row + 1];
    if (x < box.left) box.left = x;
    if (x > box.right) box.right = x;
    if (y < box.bottom) box.bottom = y;
    if (y > box.top) box.top = y;
  }
  if (box.left > box.right) return { left: -1, right: 1, bottom: -1, top: 1 };
  // A single point, or a line, still needs some ground around it.
  const least = 0.02;
  const wide = Math.max(0, least - (box.right - box.left)) / 2;
  const high = Math.max(0, least - (box.top - box.bottom)) / 2;
  return {
    left: box.left - wide,
    right: box.right + wide,
    bottom: box.bottom - high,
    top: box.top + high,
  };
}
