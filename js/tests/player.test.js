import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlayer, pingPong } from "../latent/player.js";
import { fitStrip, frameAt, nearestIn, stripOf } from "../latent/reel.js";

const TIMING = { travel: 1000, rest: 200 };

test("a path is played there, with a rest at both ends, and back, for ever", () => {
  const at = (/** @type {number} */ ms) => pingPong(ms, TIMING);
  assert.equal(at(0), 0);
  assert.equal(at(500), 0.5);
  assert.equal(at(1000), 1);
  assert.equal(at(1199), 1);
  assert.equal(at(1700), 0.5);
  assert.equal(at(2300), 0);
  assert.equal(at(2400), 0);
  assert.equal(at(2900), 0.5);
});

test("a frame stands at its place of the path, and both ends are frames", () => {
  assert.equal(frameAt(0, 33), 0);
  assert.equal(frameAt(1, 33), 32);
  assert.equal(frameAt(0.5, 33), 16);
  assert.equal(frameAt(0.51, 3), 1);
  assert.equal(frameAt(2, 33), 32);
});

test("a strip has both ends and no frame twice, also of a short path", () => {
  assert.deepEqual(stripOf(33, 9), [0, 4, 8, 12, 16, 20, 24, 28, 32]);
  assert.deepEqual(stripOf(3, 11), [0, 1, 2]);
  assert.deepEqual(stripOf(2, 11), [0, 1]);
  assert.equal(nearestIn([0, 4, 8], 0), 0);
  assert.equal(nearestIn([0, 4, 8], 7), 2);
});

test("a narrow strip shows fewer images, each still legible and enlarged by a whole number", () => {
  assert.deepEqual(fitStrip(28, 28, 1066), { tiles: 11, scale: 3 });
  assert.deepEqual(fitStrip(28, 28, 388), { tiles: 5, scale: 2 });
  assert.deepEqual(fitStrip(8, 8, 640), { tiles: 11, scale: 6 });
  assert.equal(fitStrip(256, 256, 640).tiles, 11);
  assert.ok(fitStrip(256, 256, 388).scale < 0.25);
  assert.equal(fitStrip(28, 28, 100).tiles, 5);
});

/** Animation frames that come when the test says so. */
function fakeFrames() {
  /** @type {Map<number, FrameRequestCallback>} */
  const waiting = new Map();
  let count = 0;
  globalThis.requestAnimationFrame = (callback) => {
    waiting.set(++count, callback);
    return count;
  };
  globalThis.cancelAnimationFrame = (id) => void waiting.delete(id);
  return {
    waiting,
    /** @param {number} now */
    step(now) {
      const callbacks = [...waiting.values()];
      waiting.clear();
      for (const callback of callbacks) callback(now);
    },
  };
}

function setUp() {
  const frames = fakeFrames();
  const controller = new AbortController();
  /** @type {number[]} */
  const moves = [];
  /** @type {boolean[]} */
  const states = [];
  const player = createPlayer({
    timing: () => TIMING,
    onMove: (t) => moves.push(t),
    onChange: (playing) => states.push(playing),
    signal: controller.signal,
  });
  return { frames, controller, moves, states, player };
}

test("play goes on from where the slider stands, and pause stops it", () => {
  const { frames, moves, states, player } = setUp();
  const now = performance.now();
  player.play(0.5);
  frames.step(now + 100);
  assert.ok(Math.abs(moves[0] - 0.6) < 0.01, String(moves[0]));
  player.pause();
  assert.equal(frames.waiting.size, 0);
  assert.deepEqual(states, [true, false]);
  assert.equal(player.isPlaying(), false);
});

test("from the end it goes back at once", () => {
  const { frames, moves, player } = setUp();
  player.play(1);
  frames.step(performance.now() + 100);
  assert.ok(Math.abs(moves[0] - 0.9) < 0.01, String(moves[0]));
});

test("a view that ends plays no more", () => {
  const { frames, controller, player } = setUp();
  player.play(0);
  controller.abort();
  assert.equal(frames.waiting.size, 0);
});
