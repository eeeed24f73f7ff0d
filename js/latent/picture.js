// One image as a canvas: every pixel of the image a sharp square, never stretched.
import { h } from "../shared/dom.js";

/** @typedef {{ bytes: Uint8Array, width: number, height: number, channels: number }} Pixels */

/**
 * Paint 8-bit pixels, gray or RGB, at their own size; style sheets enlarge the canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes row by row, `channels` numbers a pixel
 * @param {number} width
 * @param {number} height
 * @param {number} channels 1 or 3
 */
export function drawPixels(canvas, bytes, width, height, channels) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  toRgba(bytes, channels, image.data);
  context.putImageData(image, 0, 0);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} channels 1 or 3
 * @param {Uint8ClampedArray} rgba written to
 */
export function toRgba(bytes, channels, rgba) {
  const last = channels - 1;
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = bytes[from];
    rgba[to + 1] = bytes[from + Math.min(1, last)];
    rgba[to + 2] = bytes[from + Math.min(2, last)];
    rgba[to + 3] = 255;
  }
}

/**
 * How many times larger an image is shown so that it fits a square: a whole number, or a
 * fraction below 1 where the image is larger than the square.
 * @param {number} width
 * @param {number} height
 * @param {number} side of the square, CSS pixels
 */
export function enlargement(width, height, side) {
  const most = side / Math.max(width, height);
  return most >= 1 ? Math.floor(most) : most;
}

/**
 * One image out of several that lie one after the other.
 * @param {Pixels} stack
 * @param {number} index
 * @returns {Pixels}
 */
export function imageAt(stack, index) {
  const size = stack.width * stack.height * stack.channels;
  return { ...stack, bytes: stack.bytes.subarray(index * size, (index + 1) * size) };
}

/**
 * @typedef {object} Picture
 * @property {HTMLElement} root a figure
 * @property {HTMLCanvasElement} canvas
 * @property {(pixels: Pixels | null) => void} show null shows an empty place
 * @property {(side: number) => void} resize gives it a square of so many CSS pixels
 * @property {(text: string) => void} caption
 */

/**
 * @param {{ caption?: string, label: string, side?: number }} options `label` is read aloud
 * @returns {Picture}
 */
export function createPicture({ caption = "", label, side = 96 }) {
  const canvas = h("canvas", {
    class: "vw-picture",
    width: 1,
    height: 1,
    role: "img",
    "aria-label": label,
  });
  const words = h("figcaption", "vw-caption", caption);
  const root = h("figure", "vw-figure", h("div", "vw-mat", canvas), words);
  let square = side;
  /** @type {Pixels | null} */
  let shown = null;

  function place() {
    const mat = /** @type {HTMLElement} */ (canvas.parentElement);
    const { width, height } = shown ?? { width: square, height: square };
    const scale = enlargement(width, height, square);
    canvas.style.width = `${width * scale}px`;
    canvas.style.height = `${height * scale}px`;
    // Shrunk without smoothing, lines of a drawing would vanish.
    canvas.style.imageRendering = scale < 1 ? "auto" : "pixelated";
    mat.style.width = `${shown ? width * scale : square}px`;
    mat.style.height = `${shown ? height * scale : square}px`;
  }
  place();

  return {
    root,
    canvas,
    show(pixels) {
      shown = pixels;
      canvas.classList.toggle("vw-empty", pixels === null);
      place();
      if (pixels) drawPixels(canvas, pixels.bytes, pixels.width, pixels.height, pixels.channels);
    },
    resize(next) {
      if (next === square) return;
      square = next;
      place();
    },
    caption(text) {
      if (words.textContent !== text) words.textContent = text;
    },
  };
}
