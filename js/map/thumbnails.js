// Small copies of the images: raw bytes from the kernel, whole sheets of them while they are few,
// else those asked for. Shared by all views of one model.
import { toUint8 } from "../shared/buffers.js";
import { onChange, onEnd } from "../shared/lifecycle.js";
import { ownerOf } from "../shared/together.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("../shared/requests.js").Requests} Requests */

const ATLAS_SIDE = 2048;
const MOST_SINGLES = 6000;
const MOST_WAITING = 1200;
const ROWS_A_REQUEST = 128;

/**
 * @typedef {object} Thumbnails
 * @property {number} width in pixels; 0 where the map has no images
 * @property {number} height
 * @property {(row: number) => boolean} ready
 * @property {(context: CanvasRenderingContext2D, row: number, x: number, y: number, w: number,
 *   h: number) => boolean} draw draws it in proportion inside the box; false if it is not here
 * @property {(rows: Iterable<number>) => void} request those asked for last come first
 * @property {(callback: () => void) => void} onReady called whenever some arrived
 */

/**
 * What the views of one model share.
 * @typedef {object} Store
 * @property {Map<number, Uint8Array>} sheets by index
 * @property {Map<number, Uint8Array>} singles by row, the oldest first
 * @property {Set<number>} waiting rows asked for, the oldest first
 * @property {Set<() => void>} listeners
 * @property {Set<() => void>} views each goes on loading where a view that ended left off
 * @property {boolean} isLoading sheets are on their way
 * @property {boolean} isAsking single rows are on their way
 * @property {ReturnType<typeof createAtlas>} atlas
 */

/** @type {WeakMap<Model, Store>} */
const stores = new WeakMap();

/**
 * @param {{ model: Model, requests: Requests, signal: AbortSignal }} options
 * @returns {Thumbnails}
 */
export function createThumbnails({ model, requests, signal }) {
  /** @returns {{ width: number, height: number, channels: number, sheets: number,
   *   per_sheet: number }} */
  const info = () => model.get("_thumb");
  const size = () => info().width * info().height * info().channels;
  const owner = ownerOf(model);
  const store = stores.get(owner) ?? createStore(info());
  stores.set(owner, store);

  const tellAll = () => {
    for (const tell of store.listeners) tell();
  };

  /** @param {number} row @returns {Uint8Array | undefined} */
  function bytesOf(row) {
    const { per_sheet } = info();
    const sheet = store.sheets.get(Math.floor(row / per_sheet));
    if (!sheet) return store.singles.get(row);
    const start = (row % per_sheet) * size();
    return start + size() <= sheet.length ? sheet.subarray(start, start + size()) : undefined;
  }

  async function loadSheets() {
    if (store.isLoading || signal.aborted) return;
    store.isLoading = true;
    try {
      for (let index = 0; index < info().sheets; index++) {
        if (store.sheets.has(index)) continue;
        const { buffers } = await requests.ask("sheet", { index });
        store.sheets.set(index, toUint8(buffers[0]));
        tellAll();
      }
    } catch {
      // No kernel, or this view has ended: the next request tries again.
    } finally {
      store.isLoading = false;
      handOver();
    }
  }

  async function askForWaiting() {
    if (store.isAsking || signal.aborted) return;
    store.isAsking = true;
    try {
      while (store.waiting.size > 0) {
        const rows = [...store.waiting].slice(-ROWS_A_REQUEST);
        for (const row of rows) store.waiting.delete(row);
        const { content, buffers } = await requests.ask("images", { rows });
        keepSingles(store, content.rows, toUint8(buffers[0]), size());
        tellAll();
      }
    } catch {
      // As above.
    } finally {
      store.isAsking = false;
      handOver();
    }
  }

  function goOn() {
    if (info().sheets > 0) loadSheets();
    if (store.waiting.size > 0) askForWaiting();
  }
  function handOver() {
    if (signal.aborted) for (const other of store.views) other();
  }

  store.views.add(goOn);
  onEnd(signal, () => store.views.delete(goOn));
  goOn();
  onChange(
    model,
    "_thumb",
    () => {
      Object.assign(store, createStore(info(), store.listeners, store.views));
      goOn();
      tellAll();
    },
    signal,
  );

  return {
    get width() {
      return info().width;
    },
    get height() {
      return info().height;
    },
    ready: (row) => bytesOf(row) !== undefined,
    draw(context, row, x, y, w, h) {
      const bytes = bytesOf(row);
      if (!bytes) return false;
      const { width, height } = info();
      const scale = Math.min(w / width, h / height);
      const [wide, high] = [width * scale, height * scale];
      const slot = store.atlas.slotOf(row, bytes);
      const image = store.atlas.canvas;
      context.imageSmoothingEnabled = scale < 1;
      context.imageSmoothingQuality = "medium";
      const [left, top] = [x + (w - wide) / 2, y + (h - high) / 2];
      context.drawImage(image, slot.x, slot.y, width, height, left, top, wide, high);
      return true;
    },
    request(rows) {
      if (info().width === 0) return;
      for (const row of rows) {
        if (bytesOf(row)) continue;
        store.waiting.delete(row); // to the end of the line, which is served first
        store.waiting.add(row);
      }
      for (const row of store.waiting) {
        if (store.waiting.size <= MOST_WAITING) break;
        store.waiting.delete(row);
      }
      goOn();
    },
    onReady(callback) {
      store.listeners.add(callback);
      onEnd(signal, () => store.listeners.delete(callback));
    },
  };
}

/**
 * @param {{ width: number, height: number, channels: number }} info
 * @param {Set<() => void>} [listeners]
 * @param {Set<() => void>} [views]
 * @returns {Store}
 */
function createStore(info, listeners = new Set(), views = new Set()) {
  return {
    sheets: new Map(),
    singles: new Map(),
    waiting: new Set(),
    listeners,
    views,
    isLoading: false,
    isAsking: false,
    atlas: createAtlas(info.width, info.height, info.channels),
  };
}

/**
 * @param {Store} store
 * @param {number[]} rows
 * @param {Uint8Array} bytes of all rows, one after the other
 * @param {number} size bytes of one
 */
function keepSingles(store, rows, bytes, size) {
  rows.forEach((row, k) => {
    store.waiting.delete(row);
    store.singles.set(row, bytes.slice(k * size, (k + 1) * size));
  });
  for (const row of store.singles.keys()) {
    if (store.singles.size <= MOST_SINGLES) break;
    store.singles.delete(row);
  }
}

/**
 * A canvas of slots for the thumbnails drawn lately. Turning bytes into something a canvas can
 * draw costs memory four times over, so it is done for what is seen, not for all.
 * @param {number} width
 * @param {number} height
 * @param {number} channels
 */
function createAtlas(width, height, channels) {
  const columns = Math.max(1, Math.floor(ATLAS_SIDE / Math.max(width, 1)));
  const most = columns * Math.max(1, Math.floor(ATLAS_SIDE / Math.max(height, 1)));
  /** @type {Map<number, number>} slot of each row, the one used longest ago first */
  const slots = new Map();
  /** @type {CanvasRenderingContext2D | null} */
  let context = null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;

  /** @param {number} slot */
  const placeOf = (slot) => ({
    x: (slot % columns) * width,
    y: Math.floor(slot / columns) * height,
  });

  return {
    canvas,
    /** @param {number} row @param {Uint8Array} bytes */
    slotOf(row, bytes) {
      const known = slots.get(row);
      if (known !== undefined) {
        slots.delete(row);
        slots.set(row, known);
        return placeOf(known);
      }
      let slot = slots.size;
      if (slot >= most) {
        const [oldest, freed] = /** @type {[number, number]} */ (slots.entries().next().value);
        slots.delete(oldest);
        slot = freed;
      }
      if (!context) {
        canvas.width = canvas.height = ATLAS_SIDE;
        context = canvas.getContext("2d");
      }
      slots.set(row, slot);
      const place = placeOf(slot);
      context?.putImageData(toImageData(bytes, width, height, channels), place.x, place.y);
      return place;
    },
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} width
 * @param {number} height
 * @param {number} channels 1 or 3
 */
function toImageData(bytes, width, height, channels) {
  const image = new ImageData(width, height);
  const rgba = image.data;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * channels;
    rgba[4 * pixel] = bytes[from];
    rgba[4 * pixel + 1] = bytes[channels === 3 ? from + 1 : from];
    rgba[4 * pixel + 2] = bytes[channels === 3 ? from + 2 : from];
    rgba[4 * pixel + 3] = 255;
  }
  return image;
}
