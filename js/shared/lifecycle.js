// Everything a view starts ends with its AbortSignal: listeners, observers, frames.

/** @typedef {import("@anywidget/types").AnyModel} Model */

/**
 * Call back once when a view, or whatever else the signal stands for, ends.
 * @param {AbortSignal} signal
 * @param {() => void} callback
 */
export function onEnd(signal, callback) {
  signal.addEventListener("abort", callback, { once: true });
}

/**
 * Follow a trait of the model until the view ends.
 * @param {Model} model
 * @param {string | string[]} names trait names
 * @param {() => void} callback
 * @param {AbortSignal} signal
 */
export function onChange(model, names, callback, signal) {
  for (const name of [names].flat()) {
    const event = `change:${name}`;
    model.on(event, callback);
    onEnd(signal, () => model.off(event, callback));
  }
}

/**
 * Listen to a DOM event until the view ends.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} callback
 * @param {AbortSignal} signal
 * @param {AddEventListenerOptions} [options]
 */
export function listen(target, type, callback, signal, options = {}) {
  target.addEventListener(type, callback, { ...options, signal });
}

/**
 * Call back with an element's size in CSS pixels now and whenever it changes.
 * @param {Element} element
 * @param {(width: number, height: number) => void} callback
 * @param {AbortSignal} signal
 */
export function onResize(element, callback, signal) {
  const observer = new ResizeObserver((entries) => {
    const { width, height } = entries[entries.length - 1].contentRect;
    if (width > 0 && height > 0) callback(width, height);
  });
  observer.observe(element);
  onEnd(signal, () => observer.disconnect());
}

/**
 * A function that draws at most once a frame, however often it is called.
 * @param {() => void} draw
 * @param {AbortSignal} signal
 * @returns {() => void}
 */
export function perFrame(draw, signal) {
  let request = 0;
  onEnd(signal, () => cancelAnimationFrame(request));
  return () => {
    if (request !== 0 || signal.aborted) return;
    request = requestAnimationFrame(() => {
      request = 0;
      draw();
    });
  };
}

/** Whether the person asked their system for less motion. */
export function reducedMotion() {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}
