// The picture of the code under the sliders, decoded by the kernel; one for all views of a model.
import { toUint8 } from "../shared/buffers.js";
import { onChange, onEnd } from "../shared/lifecycle.js";
import { createRequests, Superseded } from "../shared/requests.js";
import { createNews, together } from "../shared/together.js";
import { paced } from "./pace.js";
import { SLOW_MS } from "./reel.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./picture.js").Pixels} Pixels */

// With the saved code four times a second, at most 19 messages a second in all: Jupyter drops
// messages that come too fast.
const ASK_EVERY_MS = 67;

/**
 * @typedef {object} Decoder
 * @property {() => Pixels | null} result of the newest code that was answered
 * @property {() => { original: Pixels, reconstruction: Pixels } | null} loaded
 * @property {() => boolean} isSlow
 * @property {(reader: () => void, signal: AbortSignal) => void} follow
 * @property {(reader: (message: string) => void, signal: AbortSignal) => void} onError
 */

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {Decoder}
 */
export function decoderOf(model, signal) {
  return together(model, "decoder", signal, (life, owner) => createDecoder(owner, life));
}

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {Decoder}
 */
function createDecoder(model, signal) {
  const requests = createRequests(model, signal);
  const ask = requests.latest("decode");
  const askLoaded = requests.latest("pictures");
  const news = createNews();
  const errors = createNews();
  /** @type {Pixels | null} */
  let result = null;
  /** @type {{ original: Pixels, reconstruction: Pixels } | null} */
  let loaded = null;
  let slow = false;
  let waiting = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {() => Promise<void>} work */
  async function wait(work) {
    waiting++;
    timer ??= setTimeout(() => {
      slow = true;
      news.tell();
    }, SLOW_MS);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Superseded)) errors.tell(String(/** @type {any} */ (error).message));
    }
    waiting--;
    if (waiting === 0) {
      clearTimeout(timer);
      timer = undefined;
      slow = false;
    }
    if (!signal.aborted) news.tell();
  }

  function decode() {
    if (signal.aborted) return;
    wait(async () => {
      // A copy of exactly these bytes: Jupyter sends the whole buffer behind a view.
      const code = toUint8(model.get("code")).slice().buffer;
      const { content, buffers } = await ask({}, [code]);
      const { width, height, channels } = content;
      result = { bytes: toUint8(buffers[0]), width, height, channels };
    });
  }

  function load() {
    wait(async () => {
      const { content, buffers } = await askLoaded({});
      const { width, height, channels } = content;
      const [original, reconstruction] = buffers.map((bytes) => ({
        bytes: toUint8(bytes),
        width,
        height,
        channels,
      }));
      loaded = { original, reconstruction };
    });
  }

  const pace = paced(decode, ASK_EVERY_MS, signal);
  onChange(model, "code", pace.request, signal);
  onChange(model, "_loaded", load, signal);
  onEnd(signal, () => clearTimeout(timer));
  load();
  pace.request();

  return {
    result: () => result,
    loaded: () => loaded,
    isSlow: () => slow,
    follow: news.follow,
    onError: errors.follow,
  };
}
