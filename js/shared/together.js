// What all views of one model on a page share, so that the kernel is asked once.
import { onEnd } from "./lifecycle.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {{ value: any, views: number, controller: AbortController }} Shared */

/** @type {Map<string, Model>} the model objects that outlive their views, by the widget's key */
const owners = new Map();
/** @type {WeakMap<Model, Map<string, Shared>>} */
const shared = new WeakMap();

/**
 * Remember a widget's own model object: `initialize` of every widget. anywidget gives each view
 * another object for the same model, and takes that object's listeners away with the view.
 * @type {any} the types of anywidget do not know the signal of `initialize` yet
 */
export const initialize = (/** @type {{ model: Model, signal?: AbortSignal }} */ options) => {
  const key = options.model.get("_key");
  if (!key) return;
  owners.set(key, options.model);
  if (options.signal) onEnd(options.signal, () => owners.delete(key));
};

/**
 * The one model object behind those of all views.
 * @param {Model} model of a view
 * @returns {Model}
 */
export function ownerOf(model) {
  return owners.get(model.get("_key")) ?? model;
}

/**
 * The one thing of this name for a model: made for its first view, ended with its last.
 * @template T
 * @param {Model} model
 * @param {string} name
 * @param {AbortSignal} signal of the view that asks
 * @param {(signal: AbortSignal, owner: Model) => T} create
 * @returns {T}
 */
export function together(model, name, signal, create) {
  const owner = ownerOf(model);
  const things = shared.get(owner) ?? new Map();
  shared.set(owner, things);
  let thing = things.get(name);
  if (!thing) {
    const controller = new AbortController();
    thing = { value: create(controller.signal, owner), views: 0, controller };
    things.set(name, thing);
  }
  thing.views++;
  onEnd(signal, () => {
    thing.views--;
    if (thing.views > 0) return;
    things.delete(name);
    thing.controller.abort();
  });
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
      onEnd(signal, () => readers.delete(reader));
    },
    /** @param {Args} args */
    tell(...args) {
      for (const reader of [...readers]) reader(...args);
    },
  };
}
