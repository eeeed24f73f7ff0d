// The interpolator: from one image to another, along a path through latent space.

import { createEnds } from "./latent/ends.js";
import { paced } from "./latent/pace.js";
import { createPicture, drawPixels, imageAt } from "./latent/picture.js";
import { createPlayer } from "./latent/player.js";
import { fitStrip, frameAt, nearestIn, reelOf, stripOf } from "./latent/reel.js";
import { button, h, setPressed, short } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import * as icons from "./shared/icons.js";
import { listen, onChange, onResize } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { initialize } from "./shared/together.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

const KINDS = [
  {
    key: "optimal_transport",
    label: "Optimal transport",
    text:
      "Mean and spread both move in a straight line: the shortest way from one Gaussian to the " +
      "other. Samples keep their strength on the way.",
  },
  {
    key: "linear",
    label: "Linear",
    text:
      "A straight mix of two codes. The means are those of optimal transport, so the two differ " +
      "only while sampling: here the spread shrinks halfway.",
  },
  {
    key: "spherical",
    label: "Spherical",
    text:
      "An arc around the origin. It keeps the length of the code, where a straight line would " +
      "cut through the middle, a region with few images.",
  },
];
const SAVE_EVERY_MS = 100;
const FRAME_MS = 85;
const REST_MS = 500;

/** @param {{ model: Model, el: HTMLElement, signal: AbortSignal }} options */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: "Interpolator", signal });
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const reel = reelOf(model, signal);
  const saver = paced(() => model.save_changes(), SAVE_EVERY_MS, signal);

  /** @param {string} name @param {any} value */
  function choose(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  const player = createPlayer({
    // Slow enough to see each of the frames, however many there are.
    timing: () => ({ travel: (reel.path()?.n ?? 33) * FRAME_MS, rest: REST_MS }),
    onMove: (t) => goTo(t),
    onChange: (playing) => tools.showPlaying(playing),
    signal,
  });

  /** @param {number} t */
  function goTo(t) {
    model.set("t", t);
    saver.request();
  }
  /** @param {number} t where the person put it */
  function moveTo(t) {
    player.pause();
    goTo(t);
  }

  const tools = createTools({ model, signal, player, choose, requests });
  frame.toolbar.append(...tools.parts);
  const stage = createStage({ model, signal, reel, moveTo, onRelease: saver.flush });
  const ends = createEnds({ model, signal, requests });
  frame.body.classList.add("vw-interpolator");
  frame.body.append(stage.root, ...(ends ? [ends.root] : []));

  function describe() {
    const path = reel.path();
    if (reel.isSlow()) frame.say("Decoding the path…");
    else if (path) {
      const at = frameAt(model.get("t"), path.n);
      frame.say(`t = ${short(at / (path.n - 1))} · image ${at + 1} of ${path.n}`);
    } else frame.say("");
  }

  function draw() {
    stage.draw();
    describe();
  }
  reel.follow(() => {
    stage.build();
    draw();
  }, signal);
  reel.onError(frame.showError, signal);
  onChange(model, "t", draw, signal);
  onChange(model, ["kind", "sampling"], stage.explain, signal);
  onResize(stage.root, (width) => stage.resize(width), signal);
  stage.build();
  stage.explain();
  draw();
}

/**
 * Play, the choice of path, sampling, swap.
 * @param {{ model: Model, signal: AbortSignal, player: import("./latent/player.js").Player,
 *   choose: (name: string, value: any) => void,
 *   requests: import("./shared/requests.js").Requests }} options
 */
function createTools({ model, signal, player, choose, requests }) {
  const playTitle = "Play the path there and back";
  const play = button({
    icon: icons.play,
    label: "Play",
    title: playTitle,
    onClick: () => (player.isPlaying() ? player.pause() : player.play(model.get("t"))),
  });
  const pause = button({
    icon: icons.pause,
    label: "Pause",
    title: "Stop here",
    onClick: player.pause,
  });
  pause.hidden = true;

  const kinds = KINDS.map(({ key, label, text }) =>
    button({ label, title: text, onClick: () => choose("kind", key) }),
  );
  const spread = model.get("_has_posterior");
  const sampling = button({
    label: "Sampling",
    title: spread
      ? "Add one draw of noise, the same all along the path"
      : "Not offered: this model gives codes without a spread (it has no posterior)",
    onClick: () => choose("sampling", !model.get("sampling")),
  });
  const dice = button({
    icon: icons.dice,
    title: "New noise",
    onClick: () => choose("_noise", model.get("_noise") + 1),
  });
  const swap = button({
    icon: icons.swap,
    label: "Swap",
    title: "Swap A and B",
    onClick: () => requests.ask("swap").catch(() => {}), // onError shows it
  });
  sampling.disabled = !spread;

  function show() {
    for (const [i, { key }] of KINDS.entries()) setPressed(kinds[i], model.get("kind") === key);
    setPressed(sampling, model.get("sampling"));
    dice.disabled = !model.get("sampling");
  }
  onChange(model, ["kind", "sampling"], show, signal);
  show();

  const group = { class: "vw-group", role: "group" };
  return {
    parts: [
      play,
      pause,
      h("div", { ...group, class: "vw-group vw-joined", "aria-label": "Path" }, ...kinds),
      h("div", { ...group, "aria-label": "Sampling" }, sampling, dice),
      h("div", "vw-spacer"),
      swap,
    ],
    /** @param {boolean} playing */
    showPlaying(playing) {
      const had = (playing ? play : pause).matches(":focus");
      play.hidden = playing;
      pause.hidden = !playing;
      if (had) (playing ? pause : play).focus();
    },
  };
}

/**
 * A, the image in the middle, B; the slider and the strip under them.
 * @param {{ model: Model, signal: AbortSignal, reel: import("./latent/reel.js").Reel,
 *   moveTo: (t: number) => void, onRelease: () => void }} options
 */
function createStage({ model, signal, reel, moveTo, onRelease }) {
  const sides = [
    createSide("A", "Start", () => moveTo(0)),
    createSide("B", "End", () => moveTo(1)),
  ];
  const middle = createPicture({ label: "Image at the slider" });
  middle.root.classList.add("vw-current");
  const slider = h("input", {
    class: "vw-range",
    type: "range",
    min: "0",
    max: "1",
    step: "any",
    "aria-label": "Place on the path from A to B",
  });
  const strip = h("div", { class: "vw-strip", role: "group", "aria-label": "Images of the path" });
  const explanation = h("p", "vw-explanation vw-muted");
  const root = h(
    "div",
    "vw-stage",
    h("div", "vw-trio", sides[0].root, middle.root, sides[1].root),
    h("div", "vw-slide", h("b", {}, "A"), slider, h("b", {}, "B")),
    strip,
    explanation,
  );
  /** @type {number[]} */
  let chosen = [];
  let stripWidth = 600;
  /** The frame on the canvas; -1 draws again. */
  let drawn = -1;

  listen(slider, "input", () => moveTo(Number(slider.value)), signal);
  listen(slider, "change", onRelease, signal);
  listen(slider, "keydown", (event) => stepFrame(event), signal);

  /** @param {KeyboardEvent} event one arrow, one image; with Shift four */
  function stepFrame(event) {
    const path = reel.path();
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!path || way === undefined) return;
    event.preventDefault();
    const at = frameAt(model.get("t"), path.n) + way * (event.shiftKey ? 4 : 1);
    moveTo(Math.min(path.n - 1, Math.max(0, at)) / (path.n - 1));
  }

  function build() {
    drawn = -1;
    const path = reel.path();
    root.classList.toggle("vw-busy", reel.isSlow());
    if (!path) return;
    for (const [i, side] of sides.entries()) {
      const decoded = imageAt(path.frames, i * (path.n - 1));
      side.show(decoded, imageAt(path.originals, i), model.get("sampling"));
    }
    const { tiles, scale } = fitStrip(path.frames.width, path.frames.height, stripWidth);
    chosen = stripOf(path.n, tiles);
    strip.replaceChildren(...chosen.map((index) => tile(path, index, scale)));
  }

  /** @param {import("./latent/reel.js").Path} path @param {number} index @param {number} scale */
  function tile(path, index, scale) {
    const canvas = h("canvas", "vw-picture");
    const { bytes, width, height, channels } = imageAt(path.frames, index);
    drawPixels(canvas, bytes, width, height, channels);
    canvas.style.width = `${width * scale}px`;
    if (scale < 1) canvas.style.imageRendering = "auto";
    const t = index / (path.n - 1);
    return h(
      "button",
      { type: "button", class: "vw-tile", title: `t = ${short(t)}`, onclick: () => moveTo(t) },
      canvas,
    );
  }

  return {
    root,
    build,
    draw() {
      const t = model.get("t");
      if (Number(slider.value) !== t) slider.value = String(t);
      slider.setAttribute("aria-valuetext", `${short(t)} of the way from A to B`);
      const path = reel.path();
      if (!path) return;
      const index = frameAt(t, path.n);
      if (index === drawn) return;
      drawn = index;
      middle.show(imageAt(path.frames, index));
      const near = nearestIn(chosen, index);
      for (const [i, element] of [...strip.children].entries()) {
        if (i === near) element.setAttribute("aria-current", "true");
        else element.removeAttribute("aria-current");
      }
    },
    explain,
    /** @param {number} width of the stage, CSS pixels */
    resize(width) {
      const middleSide = Math.round(Math.min(384, Math.max(144, width * 0.4)));
      middle.resize(middleSide);
      for (const side of sides) side.resize(middleSide / 2, Math.max(32, middleSide / 6));
      if (width === stripWidth) return;
      stripWidth = width;
      build();
      this.draw();
    },
  };

  function explain() {
    const kind = KINDS.find(({ key }) => key === model.get("kind"));
    explanation.textContent = kind?.text ?? "";
  }
}

/**
 * One end: its letter, what the model makes of the image, and the image itself, small.
 * @param {string} letter
 * @param {string} name
 * @param {() => void} onClick
 */
function createSide(letter, name, onClick) {
  const decoded = createPicture({ label: `${name}, as the model sees it`, side: 128 });
  const original = createPicture({
    label: `${name}, the original`,
    caption: "original",
    side: 48,
  });
  const root = h(
    "div",
    "vw-end",
    h("div", { class: "vw-letter", "aria-hidden": "true" }, letter),
    decoded.root,
    original.root,
  );
  decoded.canvas.addEventListener("click", onClick);
  return {
    root,
    /**
     * @param {import("./latent/picture.js").Pixels} image
     * @param {import("./latent/picture.js").Pixels} source
     * @param {boolean} sampled
     */
    show(image, source, sampled) {
      decoded.show(image);
      decoded.caption(sampled ? "sampled" : "reconstructed");
      original.show(source);
    },
    /** @param {number} large @param {number} small */
    resize(large, small) {
      decoded.resize(large);
      original.resize(small);
    },
  };
}

export default { initialize, render };
