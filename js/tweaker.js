// The tweaker: one slider a latent dimension, and what the model makes of the code.

import { decoderOf } from "./latent/decoder.js";
import { toPython } from "./latent/dimensions.js";
import { createLoader } from "./latent/loader.js";
import { paced } from "./latent/pace.js";
import { createPicture } from "./latent/picture.js";
import { createSliders } from "./latent/sliders.js";
import { toFloat32 } from "./shared/buffers.js";
import { button, count, h } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import * as icons from "./shared/icons.js";
import { onChange, onResize } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { initialize } from "./shared/together.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

const SAVE_EVERY_MS = 250;

/** @param {{ model: Model, el: HTMLElement, signal: AbortSignal }} options */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: "Latent tweaker", signal });
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const decoder = decoderOf(model, signal);
  const saver = paced(() => model.save_changes(), SAVE_EVERY_MS, signal);

  /** @param {Float32Array} code */
  function setCode(code) {
    model.set("code", new DataView(code.buffer));
    saver.request();
  }
  const sliders = createSliders({
    model,
    signal,
    setValue(dimension, value) {
      const code = toFloat32(model.get("code"));
      code[dimension] = value;
      setCode(code);
    },
    onRelease: saver.flush,
  });

  const copied = createCopy({ model, say: frame.say });
  frame.toolbar.append(
    button({
      icon: icons.reset,
      label: "Reset",
      title: "Put every slider back to the code of the image",
      onClick: () => setCode(toFloat32(model.get("_mean"))),
    }),
    sampleButton("prior", "_has_prior", "Sample from the prior"),
    sampleButton("posterior", "_has_posterior", "Sample from the posterior"),
    h("div", "vw-spacer"),
    button({
      icon: icons.copy,
      label: "Copy code",
      title: "Copy Python that makes this code again",
      onClick: copied.copy,
    }),
  );

  /** @param {string} source @param {string} trait @param {string} label */
  function sampleButton(source, trait, label) {
    const offered = model.get(trait);
    const title = {
      prior: "A new code, z ~ N(0, 1)",
      posterior: "A code that may be this image's",
    };
    const element = button({
      icon: icons.dice,
      label,
      title: offered
        ? title[/** @type {"prior" | "posterior"} */ (source)]
        : `Not offered: this model has no ${source}`,
      onClick: () => requests.ask("sample", { source }).catch(() => {}), // onError shows it
    });
    element.disabled = !offered;
    return element;
  }

  const pictures = createPictures();
  const loader = createLoader({ model, signal, requests });
  frame.body.classList.add("vw-tweaker");
  frame.body.append(
    h("div", "vw-seen", pictures.root, copied.root),
    sliders.root,
    ...(loader ? [loader.root] : []),
  );

  function draw() {
    pictures.show(decoder);
    frame.root.classList.toggle("vw-busy", decoder.isSlow());
    describe();
  }
  function describe() {
    const code = toFloat32(model.get("code"));
    const mean = toFloat32(model.get("_mean"));
    const moved = code.reduce((total, value, i) => total + (value === mean[i] ? 0 : 1), 0);
    const of = model.get("row") === null ? "The image" : `Row ${count(model.get("row"))}`;
    const sliders =
      moved === 1 ? "1 slider" : moved === code.length ? "all sliders" : `${moved} sliders`;
    if (decoder.isSlow()) frame.say("Decoding…");
    else frame.say(moved === 0 ? `${of} at its own code` : `${of}, ${sliders} moved`);
  }
  decoder.follow(draw, signal);
  decoder.onError(frame.showError, signal);
  onChange(model, "_loaded", copied.hide, signal);
  onChange(model, ["code", "row"], describe, signal);
  onResize(frame.root, (width) => pictures.resize(width), signal);
  draw();
}

/** Original, reconstruction and result, side by side and of one size. */
function createPictures() {
  const original = createPicture({ caption: "original", label: "The original image" });
  const reconstruction = createPicture({
    caption: "reconstruction",
    label: "What the model makes of the image's own code",
  });
  const result = createPicture({
    caption: "result",
    label: "What the model makes of the code on the sliders",
  });
  result.root.classList.add("vw-current");
  const root = h("div", "vw-trio", original.root, reconstruction.root, result.root);
  return {
    root,
    /** @param {import("./latent/decoder.js").Decoder} decoder */
    show(decoder) {
      original.show(decoder.loaded()?.original ?? null);
      reconstruction.show(decoder.loaded()?.reconstruction ?? null);
      result.show(decoder.result());
    },
    /** @param {number} width of the widget, CSS pixels */
    resize(width) {
      const column = width < 720 ? width : width / 2;
      const side = Math.max(64, Math.min(192, Math.floor((column - 48) / 3)));
      for (const picture of [original, reconstruction, result]) picture.resize(side);
    },
  };
}

/**
 * Copying the code; where the browser refuses, the text is shown, ready to be copied by hand.
 * @param {{ model: Model, say: (text: string) => void }} options
 */
function createCopy({ model, say }) {
  const text = h("textarea", {
    class: "vw-input vw-code",
    readOnly: true,
    rows: 4,
    "aria-label": "Python that makes this code again",
  });
  const root = h(
    "div",
    { class: "vw-copied", hidden: true },
    h("span", "vw-muted", "The browser does not allow copying: press Ctrl+C (⌘C)."),
    text,
  );
  return {
    root,
    hide() {
      root.hidden = true;
    },
    async copy() {
      const python = toPython(toFloat32(model.get("code")));
      try {
        await navigator.clipboard.writeText(python);
        root.hidden = true;
        say("Copied. In this notebook the same numbers are the widget's attribute .code");
      } catch {
        text.value = python;
        root.hidden = false;
        text.focus();
        text.select();
        text.scrollTop = 0;
        say("Also: the widget's attribute .code");
      }
    },
  };
}

export default { initialize, render };
