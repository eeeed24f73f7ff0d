// What all views of one model on a page share, so that the kernel is asked once.

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {{ value: any, views: number, controller: AbortController }} Shared */

/** @type {WeakMap<Model, Map<string, Shared>>} */
const shared = new WeakMap();

/**
 * The one thing of this name for a model: made for its first view, ended with its last.
 * @template T
 * @param {Model} model
 * @param {string} name
 * @param {AbortSignal} signal of the view that asks
 * @param {(signal: AbortSignal) => T} create
 * @returns {T}
 */
export function together(model, name, signal, create) {
  const things = shared.get(model) ?? new Map();
  shared.set(model, things);
  let thing = things.get(name);
  if (!thing) {
    const controller = new AbortController();
    thing = { value: create(controller.signal), views: 0, controller };
    things.set(name, thing);
  }
  thing.views++;
  signal.addEventListener(
    "abort",
    () => {
      thing.views--;
      if (thing.views > 0) return;
      things.delete(name);
      thing.controller.abort();
    },
    { once: true },
  );
  return thing.value;
}

/**
 * A list of callbacks that views join until they end.
 * @template {any[]} Args
 */
export function createNews() {
  /** @type {Set<(...args: Args) => void>} */
  const readers = new Set();
  return {
    /** @param {(...args: Args) => void} reader @param {AbortSignal} signal */
    follow(reader, signal) {
      readers.add(reader);
      signal.addEventListener("abort", () => readers.delete(reader), { once: true });
    },
    /** @param {Args} args */
    tell(...args) {
      for (const reader of [...readers]) reader(...args);
    },
  };
}
