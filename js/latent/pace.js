// Not more often than the kernel likes: Jupyter drops messages that come too fast.
import { onEnd } from "../shared/lifecycle.js";

/**
 * A function that runs `action` at once, then at most every `every` milliseconds; what is asked
 * for in between happens once, at the end of the wait, so the last state is never lost.
 * @param {() => void} action
 * @param {number} every milliseconds
 * @param {AbortSignal} signal
 * @returns {{ request: () => void, flush: () => void }} `flush` runs what waits now
 */
export function paced(action, every, signal) {
  let last = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function run() {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    action();
  }
  function flush() {
    if (timer !== undefined) run();
  }
  onEnd(signal, flush);

  return {
    request() {
      if (timer !== undefined) return;
      const wait = last + every - performance.now();
      if (wait <= 0) run();
      else if (!signal.aborted) timer = setTimeout(run, wait);
    },
    flush,
  };
}
