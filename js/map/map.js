// The map: points of a model's traits, drawn, panned, hovered, clicked and lassoed.
import {
  combineBits,
  countBits,
  emptyBits,
  hasBit,
  setBit,
  toFloat32,
  toUint8,
} from "../shared/buffers.js";
import { h } from "../shared/dom.js";
import { listen, onChange, onEnd, onResize, perFrame } from "../shared/lifecycle.js";
import { onTheme, readTheme } from "../shared/theme.js";
import { boxOf, createCamera } from "./camera.js";
import { createCanvasPoints } from "./canvas2d.js";
import { codesOf, cssOf, labelOf, MISSING, NO_COLOR, paletteOf } from "./colors.js";
import { createDrawing } from "./drawing.js";
import { createHint } from "./hint.js";
import { createHoverCard } from "./hover_card.js";
import { actOnKey, followPointer, modeOf } from "./input.js";
import { createPainter } from "./painter.js";
import { nearestRow } from "./pick.js";
import { createGlPoints } from "./points.js";
import { select } from "./selection.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("./input.js").Tool} Tool */
/** @typedef {import("./input.js").Mode} Mode */

const PICK_REACH = 12;

/**
 * @typedef {object} MapOptions
 * @property {Model} model with the traits _n, _xy, _color, _color_values and selection
 * @property {HTMLElement} el
 * @property {AbortSignal} signal
 * @property {import("../shared/requests.js").Requests} requests
 * @property {import("./thumbnails.js").Thumbnails} thumbnails
 * @property {(row: number, event: PointerEvent | KeyboardEvent) => void} [onPick] a point was
 *   clicked; by default it is selected, with Shift toggled
 * @property {(row: number | undefined) => void} [onHover]
 * @property {(tool: Tool) => void} [onTool]
 * @property {(row: number) => string} [describe] what a row is, on its hover card
 * @property {import("./overlay.js").Drawing["more"]} [overlay] draws more over the points
 * @property {boolean} [lasso] whether a selection can be drawn
 * @property {boolean} [compact] for a small map beside something else
 *
 * @typedef {object} MapView
 * @property {"webgl2" | "canvas2d"} renderer
 * @property {() => void} fit
 * @property {(tool: Tool) => void} setTool
 * @property {() => void} redrawOverlay draw what is over the points again
 * @property {(codes: Set<number>) => void} setHidden class codes not shown
 * @property {(bits: Uint8Array | null) => void} setFilter only these rows can be pointed at and
 *   selected; null for all
 * @property {(values: import("./colors.js").Codes, rgba: Uint8Array) => void} setColors
 *   colours of the caller's instead of those of the traits; less than full opacity draws rings,
 *   less than 0.3 faint dots
 * @property {(shown: boolean) => void} showImages
 * @property {(row: number) => void} bringIntoView
 * @property {(row: number, text: string) => void} setIndexText second line of a hover card
 * @property {(row: number) => string} describe what a row is, in words
 * @property {() => boolean} clearSelection whether there was one
 * @property {() => boolean} cancelDrawing end the lasso that is being drawn; whether there was one
 * @property {(event: KeyboardEvent) => boolean} key act on a key; whether it was one of the map's
 */

/**
 * @param {MapOptions} options
 * @returns {MapView}
 */
export function createMap(options) {
  const { model, el, signal, thumbnails, lasso = true, compact = false } = options;
  const base = h("canvas", { class: "vw-map-canvas", "aria-hidden": "true" });
  const over = h("canvas", { class: "vw-map-canvas", "aria-hidden": "true" });
  const surface = h(
    "div",
    { class: compact ? "vw-map vw-compact" : "vw-map", tabIndex: 0, role: "application" },
    base,
    over,
  );
  el.append(surface);
  const showHint = createHint(surface, signal);
  const camera = createCamera({ padding: compact ? 16 : 28 });
  const points = createGlPoints(() => painter.redraw()) ?? createCanvasPoints();
  const card = createHoverCard({ container: surface, thumbnails });

  const state = {
    n: 0,
    /** @type {Float32Array} */
    xy: new Float32Array(0),
    /** @type {import("./colors.js").ColorInfo} */
    info: NO_COLOR,
    /** @type {import("./colors.js").Codes} */
    codes: new Uint8Array(0),
    /** @type {Uint8Array} */
    palette: new Uint8Array(4),
    /** @type {Uint8Array | null} colours of the caller's */
    ownPalette: null,
    /** @type {Uint8Array} */
    bits: new Uint8Array(0),
    /** @type {Set<number>} */
    hidden: new Set(),
    /** @type {Uint8Array | null} */
    filter: null,
    brush: 18,
    /** @type {{ x: number, y: number } | null} where the brush is */
    brushAt: null,
    /** @type {number[][]} */
    lasso: [],
    /** @type {Mode} */
    lassoMode: "replace",
    /** @type {number | undefined} */
    hovered: undefined,
    /** @type {Tool} */
    tool: lasso ? "lasso" : "pan",
    theme: readTheme(surface),
  };
  /** @param {number} row */
  const isShown = (row) =>
    state.palette[4 * state.codes[row] + 3] !== 0 &&
    (state.filter === null || hasBit(state.filter, row));
  const parts = { base, over, camera, points, thumbnails };
  const painter = createPainter({
    ...parts,
    state,
    isShown,
    more: options.overlay ?? null,
    signal,
  });
  /** @param {number} row */
  const describe = (row) => options.describe?.(row) ?? labelOf(state.info, state.codes[row]);

  function readPositions() {
    const xy = toFloat32(model.get("_xy"));
    const isFirst = state.n === 0;
    state.n = xy.length / 2;
    const before = state.xy;
    state.xy = xy;
    unhover();
    if (state.codes.length !== state.n) readColors();
    const start = { x: camera.x, y: camera.y, scale: camera.scale };
    fit();
    painter.setPositions(before, xy, !isFirst && before.length === xy.length ? start : null);
    if (before.length !== xy.length) readSelection();
    surface.setAttribute(
      "aria-label",
      `Map of ${state.n} points. Arrow keys move it, plus and minus zoom, Home shows all` +
        (lasso ? ", L, R and B take the lasso, the rectangle and the brush." : "."),
    );
  }

  function readColors() {
    state.info = model.get("_color") ?? NO_COLOR;
    state.ownPalette = null;
    state.codes = codesOf(state.info, model.get("_color_values"), state.n);
    points.setCodes(state.codes);
    applyPalette();
  }

  function applyPalette() {
    // On a small map only the marks of the images shown beside it have the accent.
    const colors = compact ? { ...state.theme, accent: MISSING } : state.theme;
    state.palette = state.ownPalette?.slice() ?? paletteOf(state.info, colors, state.hidden);
    for (const code of state.hidden) state.palette[4 * code + 3] = 0;
    points.setPalette(state.palette);
    unhover();
    painter.redraw();
  }

  function readSelection() {
    showSelection(toUint8(model.get("selection")));
  }

  /** @param {Uint8Array} bits */
  function showSelection(bits) {
    state.bits =
      bits.length === emptyBits(state.n).length && countBits(bits) > 0 ? bits : emptyBits(0);
    points.setSelection(state.bits);
    painter.redraw();
  }

  function fit() {
    camera.fit(boxOf(state.xy, isShown));
    painter.redraw();
  }

  function unhover() {
    if (state.hovered === undefined) return;
    state.hovered = undefined;
    card.hide();
    options.onHover?.(undefined);
    painter.redrawOverlay();
  }

  /** @param {number} x @param {number} y */
  function rowAt(x, y) {
    if (painter.isMoving()) return undefined;
    const reach = (PICK_REACH + painter.pointSize() / 2) / camera.scale;
    return nearestRow(state.xy, camera.mapX(x), camera.mapY(y), reach, isShown);
  }

  let pointer = { x: -1, y: -1 };
  const hoverSoon = perFrame(() => {
    if (pointer.x < 0) return;
    const row = rowAt(pointer.x, pointer.y);
    if (row === undefined) {
      unhover();
      return;
    }
    if (row === state.hovered) return;
    state.hovered = row;
    card.show(row, {
      x: camera.screenX(state.xy[2 * row]),
      y: camera.screenY(state.xy[2 * row + 1]),
      label: describe(row),
      color: cssOf(state.palette, state.codes[row]),
    });
    painter.redrawOverlay();
    options.onHover?.(row);
  }, signal);

  /** @param {Tool} tool */
  function setTool(tool) {
    state.tool = lasso ? tool : "pan";
    surface.dataset.tool = state.tool;
    if (tool !== "brush") state.brushAt = null;
    painter.redrawOverlay();
    options.onTool?.(state.tool);
  }

  /** @param {number} row @param {PointerEvent} event */
  function pick(row, event) {
    if (options.onPick) {
      options.onPick(row, event);
      return;
    }
    const one = emptyBits(state.n);
    setBit(one, row);
    const mode = modeOf(event);
    const isToggled = mode === "add" && hasBit(state.bits, row);
    select(model, combineBits(state.bits, one, isToggled ? "remove" : mode));
  }

  const drawing = createDrawing({
    ...{ state, camera, isShown },
    redraw: () => painter.redrawOverlay(),
    preview: showSelection,
    onDone: (inside, mode) => select(model, combineBits(state.bits, inside, mode)),
  });

  function clearSelection() {
    if (state.bits.length === 0) return false;
    select(model, emptyBits(state.n));
    return true;
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  function zoom(factor, x, y) {
    unhover();
    camera.zoomAt(factor, x, y);
    painter.redrawMoving();
  }

  /** @param {number} dx @param {number} dy */
  function pan(dx, dy) {
    unhover();
    camera.pan(dx, dy);
    painter.redrawMoving();
  }

  /** @param {{ x: number, y: number } | null} place */
  function showBrush(place) {
    if (state.tool !== "brush") return;
    state.brushAt = place;
    painter.redrawOverlay();
  }

  const input = followPointer(
    surface,
    {
      tool: () => state.tool,
      canSelect: lasso,
      hover(x, y) {
        pointer = { x, y };
        showBrush(pointer);
        hoverSoon();
      },
      leave() {
        pointer = { x: -1, y: -1 };
        showBrush(null);
        unhover();
      },
      pan,
      zoom,
      wheelRefused: () => showHint("Click the map, or hold Ctrl, to zoom with the wheel"),
      drawStart: drawing.start,
      drawTo(places, mode) {
        showBrush(places[places.length - 1]);
        drawing.to(places, mode);
      },
      drawEnd: drawing.end,
      drawCancel: drawing.cancel,
      click(x, y, event) {
        if (state.tool === "brush") {
          drawing.start("brush", x, y);
          drawing.end(modeOf(event));
          return;
        }
        const row = rowAt(x, y);
        if (row !== undefined) pick(row, event);
      },
      doubleClick(x, y) {
        if (rowAt(x, y) === undefined) fit();
      },
    },
    signal,
  );

  /** @param {KeyboardEvent} event */
  function key(event) {
    const isOurs = actOnKey(event, {
      pan,
      zoom,
      fit,
      toggleTool: (pen) => setTool(state.tool === pen ? "pan" : pen),
      growBrush(factor) {
        if (state.tool === "brush") drawing.growBrush(factor);
        return state.tool === "brush";
      },
    });
    if (isOurs) event.preventDefault();
    return isOurs;
  }

  listen(surface, "keydown", key, signal);
  onChange(model, "_xy", readPositions, signal);
  onChange(model, ["_color", "_color_values"], perFrame(readColors, signal), signal);
  onChange(model, "selection", readSelection, signal);
  let isStyled = false;
  function readColorsOfHost() {
    state.theme = readTheme(surface);
    applyPalette();
  }
  onTheme(readColorsOfHost, signal);
  onResize(
    surface,
    (width, height) => {
      // Jupyter draws a view before it is in the page, where it has no colours yet.
      if (!isStyled) readColorsOfHost();
      isStyled = true;
      painter.resize(width, height);
    },
    signal,
  );
  thumbnails.onReady(() => painter.imagesArrived());
  onEnd(signal, () => {
    points.close();
    surface.remove();
  });
  setTool(state.tool);
  if (points.kind === "canvas2d" && !compact) surface.dataset.renderer = "canvas2d";
  readPositions();

  return {
    renderer: points.kind,
    fit,
    setTool,
    redrawOverlay: () => painter.redrawOverlay(),
    setHidden(codes) {
      state.hidden = codes;
      applyPalette();
    },
    setFilter(bits) {
      state.filter = bits;
      unhover();
      painter.redraw();
    },
    setColors(values, rgba) {
      state.codes = values;
      state.ownPalette = rgba;
      points.setCodes(values);
      applyPalette();
    },
    showImages: (shown) => painter.showImages(shown),
    bringIntoView(row) {
      const [x, y] = [state.xy[2 * row], state.xy[2 * row + 1]];
      const [sx, sy] = [camera.screenX(x), camera.screenY(y)];
      if (sx > 20 && sy > 20 && sx < camera.width - 20 && sy < camera.height - 20) return;
      camera.centre(x, y);
      painter.redraw();
    },
    setIndexText: (row, text) => card.setIndex(row, text),
    describe,
    clearSelection,
    cancelDrawing: input.cancelDrawing,
    key,
  };
}
