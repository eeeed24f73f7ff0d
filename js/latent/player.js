// Playing a path there and back, with a rest at both ends so that they can be seen.
import { onEnd } from "../shared/lifecycle.js";

/**
 * Where the player stands on the path at a time.
 * @param {number} elapsed milliseconds since it stood at 0, going forward
 * @param {{ travel: number, rest: number }} timing milliseconds from end to end, and at an end
 * @returns {number} 0 to 1
 */
export function pingPong(elapsed, { travel, rest }) {
  const lap = travel + rest;
  const time = ((elapsed % (2 * lap)) + 2 * lap) % (2 * lap);
  return time < lap ? Math.min(1, time / travel) : Math.max(0, 1 - (time - lap) / travel);
}

/**
 * @typedef {object} Player
 * @property {() => boolean} isPlaying
 * @property {(from: number) => void} play begins at a place of the path, going forward
 * @property {() => void} pause
 */

/**
 * @param {object} options
 * @param {() => { travel: number, rest: number }} options.timing
 * @param {(t: number) => void} options.onMove
 * @param {(playing: boolean) => void} options.onChange
 * @param {AbortSignal} options.signal
 * @returns {Player}
 */
export function createPlayer({ timing, onMove, onChange, signal }) {
  let request = 0;

  function pause() {
    if (request === 0) return;
    cancelAnimationFrame(request);
    request = 0;
    onChange(false);
  }
  onEnd(signal, () => cancelAnimationFrame(request));

  return {
    isPlaying: () => request !== 0,
    play(from) {
      if (request !== 0 || signal.aborted) return;
      // From the end it goes back at once: pressing play there should not show a rest first.
      const { travel, rest } = timing();
      let elapsed = from >= 1 ? travel + rest : from * travel;
      let before = performance.now();
      /** @param {number} now */
      const step = (now) => {
        // A tab in the background gets no frames; it goes on where it was left.
        elapsed += Math.min(Math.max(0, now - before), 250);
        before = now;
        request = requestAnimationFrame(step);
        onMove(pingPong(elapsed, timing()));
      };
      request = requestAnimationFrame(step);
      onChange(true);
    },
    pause,
  };
}
