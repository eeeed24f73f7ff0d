// A document to build in. Only what jsdom lacks and the code asks for is added, empty.
import { JSDOM } from "jsdom";

export function openPage() {
  const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
  class Observer {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  Object.assign(globalThis, {
    window,
    document: window.document,
    getComputedStyle: window.getComputedStyle.bind(window),
    MutationObserver: window.MutationObserver,
    ResizeObserver: Observer,
    IntersectionObserver: Observer,
    requestAnimationFrame: window.requestAnimationFrame.bind(window),
    cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
  });
  /** @type {any} */
  const canvas = window.HTMLCanvasElement.prototype;
  canvas.getContext = () => null;
  // Node's own signals are refused by jsdom's listeners.
  return { window, controller: new window.AbortController() };
}
