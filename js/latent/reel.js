// The images of a whole path, held in the page, so that the slider never waits.
import { toUint8 } from "../shared/buffers.js";
import { onChange, onEnd } from "../shared/lifecycle.js";
import { createRequests, Superseded } from "../shared/requests.js";
import { createNews, together } from "../shared/together.js";
import { enlargement } from "./picture.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./picture.js").Pixels} Pixels */
/** @typedef {{ n: number, frames: Pixels, originals: Pixels }} Path */

/** Anything quicker is not worth a word: it would only flicker. */
export const SLOW_MS = 300;

const MOST_TILES = 11;
const FEWEST_TILES = 5;
const LEGIBLE = 44; // CSS pixels
const TILE_GAP = 10; // between the pixels of two tiles: gap, padding and border

/**
 * @typedef {object} Reel
 * @property {() => Path | null} path null before the first answer
 * @property {() => boolean} isSlow whether the page waits for images, noticeably
 * @property {(reader: () => void, signal: AbortSignal) => void} follow
 * @property {(reader: (message: string) => void, signal: AbortSignal) => void} onError
 */

/**
 * The reel of a model, one for all its views.
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {Reel}
 */
export function reelOf(model, signal) {
  return together(model, "reel", signal, (life, owner) => createReel(owner, life));
}

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {Reel}
 */
function createReel(model, signal) {
  const requests = createRequests(model, signal);
  const askFrames = requests.latest("frames");
  const news = createNews();
  const errors = createNews();
  /** @type {Path | null} */
  let path = null;
  let slow = false;
  let asked = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function arrived() {
    clearTimeout(timer);
    timer = undefined;
    slow = false;
  }

  async function ask() {
    asked = false;
    if (signal.aborted) return;
    timer ??= setTimeout(() => {
      slow = true;
      news.tell();
    }, SLOW_MS);
    try {
      // The choices travel with the question: a trait that is still on its way may come later.
      const { content, buffers } = await askFrames({
        kind: model.get("kind"),
        sampling: model.get("sampling"),
        noise: model.get("_noise"),
      });
      const { n, width, height, channels } = content;
      const [frames, originals] = buffers.map((bytes) => ({
        bytes: toUint8(bytes),
        width,
        height,
        channels,
      }));
      path = { n, frames, originals };
      arrived();
      news.tell();
    } catch (error) {
      if (error instanceof Superseded) return;
      arrived();
      news.tell();
      errors.tell(String(/** @type {Error} */ (error).message));
    }
  }

  // Several traits change together (both ends are swapped, say): one question for all.
  function askSoon() {
    if (asked) return;
    asked = true;
    queueMicrotask(ask);
  }
  onChange(model, ["kind", "sampling", "_noise", "_ends"], askSoon, signal);
  onEnd(signal, () => clearTimeout(timer));
  askSoon();

  return {
    path: () => path,
    isSlow: () => slow,
    follow: news.follow,
    onError: errors.follow,
  };
}

/**
 * The frame shown at a place of the path.
 * @param {number} t 0 to 1
 * @param {number} n frames of the path
 */
export function frameAt(t, n) {
  return Math.min(n - 1, Math.max(0, Math.round(t * (n - 1))));
}

/**
 * The frames shown in a strip of `m`, both ends among them, evenly spread.
 * @param {number} n frames of the path
 * @param {number} m
 * @returns {number[]} ascending, without repeats
 */
export function stripOf(n, m) {
  const places = Math.max(2, Math.min(n, m));
  return Array.from({ length: places }, (_, i) => Math.round((i * (n - 1)) / (places - 1)));
}

/**
 * How many images a strip shows and how large: an odd number, so that the middle of the path is
 * one of them, as many as can be told apart.
 * @param {number} width of an image, pixels
 * @param {number} height
 * @param {number} room CSS pixels
 * @returns {{ tiles: number, scale: number }}
 */
export function fitStrip(width, height, room) {
  for (let tiles = MOST_TILES; ; tiles -= 2) {
    const side = Math.max(8, Math.floor(room / tiles) - TILE_GAP);
    const scale = enlargement(width, height, side);
    const isLegible = Math.max(width, height) * scale >= LEGIBLE;
    if (isLegible || tiles <= FEWEST_TILES) return { tiles, scale };
  }
}

/**
 * The place in a strip nearest to a frame.
 * @param {number[]} strip
 * @param {number} frame
 */
export function nearestIn(strip, frame) {
  let best = 0;
  for (let i = 1; i < strip.length; i++) {
    if (Math.abs(strip[i] - frame) < Math.abs(strip[best] - frame)) best = i;
  }
  return best;
}
