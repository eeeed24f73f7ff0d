// Pointer, wheel and keys on a map, turned into gestures.
import { listen } from "../shared/lifecycle.js";

/** @typedef {"lasso" | "rectangle" | "brush"} Pen what draws a selection */
/** @typedef {"pan" | Pen} Tool */
/** @typedef {"replace" | "add" | "remove"} Mode */
/**
 * What a gesture means to the map. All positions are CSS pixels within it.
 * @typedef {object} Gestures
 * @property {() => Tool} tool
 * @property {boolean} canSelect
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x: number, y: number) => void} zoom
 * @property {() => void} wheelRefused the wheel was left to the page
 * @property {(pen: Pen, x: number, y: number) => void} drawStart
 * @property {(places: { x: number, y: number }[], mode: Mode) => void} drawTo
 * @property {(mode: Mode) => void} drawEnd
 * @property {() => void} drawCancel
 * @property {(x: number, y: number, event: PointerEvent) => void} click
 * @property {(x: number, y: number) => void} doubleClick
 */

const CLICK_REACH = { mouse: 4, pen: 6, touch: 10 };

/** @param {{ shiftKey: boolean, altKey: boolean }} event @returns {Mode} */
export function modeOf(event) {
  return event.altKey ? "remove" : event.shiftKey ? "add" : "replace";
}

/**
 * @param {HTMLElement} surface
 * @param {Gestures} gestures
 * @param {AbortSignal} signal
 */
export function followPointer(surface, gestures, signal) {
  /** @type {Map<number, { x: number, y: number }>} */
  const pointers = new Map();
  /** @type {"none" | "pressed" | "pan" | "draw" | "pinch"} */
  let state = "none";
  let start = { x: 0, y: 0 };

  /** @param {MouseEvent} event */
  function placeOf(event) {
    const box = surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event @returns {Pen | undefined} */
  function penOf(event) {
    if (!gestures.canSelect || (event.buttons & 4) !== 0) return undefined;
    const tool = gestures.tool();
    if (tool !== "pan") return tool;
    return event.shiftKey || event.altKey ? "lasso" : undefined;
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button === 2) return;
    if (event.button === 1) event.preventDefault(); // no scrolling by the middle button
    surface.setPointerCapture(event.pointerId); // a lasso may run out of the map and back
    pointers.set(event.pointerId, placeOf(event));
    gestures.leave();
    if (pointers.size === 2) {
      if (state === "draw") gestures.drawCancel();
      state = "pinch";
    } else if (pointers.size === 1) {
      state = "pressed";
      start = placeOf(event);
    }
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const place = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") gestures.hover(place.x, place.y);
      return;
    }
    if (state === "pinch") {
      pinch(event.pointerId, before, place);
    } else if (state === "pressed") {
      const reach = CLICK_REACH[/** @type {"mouse"} */ (event.pointerType)] ?? CLICK_REACH.mouse;
      if (Math.hypot(place.x - start.x, place.y - start.y) < reach) return;
      const pen = penOf(event);
      state = pen ? "draw" : "pan";
      if (pen) gestures.drawStart(pen, start.x, start.y);
      else gestures.pan(place.x - start.x, place.y - start.y);
    } else if (state === "pan") {
      gestures.pan(place.x - before.x, place.y - before.y);
    }
    if (state === "draw") {
      const steps = event.getCoalescedEvents?.() ?? [];
      gestures.drawTo((steps.length > 0 ? steps : [event]).map(placeOf), modeOf(event));
    }
    pointers.set(event.pointerId, place);
  }

  /** @param {number} id @param {{ x: number, y: number }} before
   * @param {{ x: number, y: number }} place */
  function pinch(id, before, place) {
    const other = [...pointers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const middle = { x: (place.x + other.x) / 2, y: (place.y + other.y) / 2 };
    gestures.pan((place.x - before.x) / 2, (place.y - before.y) / 2);
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    const now = Math.hypot(place.x - other.x, place.y - other.y);
    if (apart > 0 && now > 0) gestures.zoom(now / apart, middle.x, middle.y);
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (state === "draw") gestures.drawEnd(modeOf(event));
    else if (state === "pressed") {
      const { x, y } = placeOf(event);
      gestures.click(x, y, event);
    }
    // After a pinch the finger that stays must not begin something new.
    state = pointers.size > 0 ? "pinch" : "none";
  }

  /** @param {PointerEvent} event */
  function cancel(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (state === "draw") gestures.drawCancel();
    state = pointers.size > 0 ? "pinch" : "none";
  }

  /** @param {WheelEvent} event */
  function wheel(event) {
    const isPinch = event.ctrlKey || event.metaKey;
    // The notebook must still scroll under the pointer: the wheel is ours once the map has focus.
    if (!isPinch && !surface.matches(":focus-within")) {
      gestures.wheelRefused();
      return;
    }
    event.preventDefault();
    const { x, y } = placeOf(event);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    // A pinch on a touchpad comes as many small steps, a wheel as few large ones.
    const rate = isPinch && Math.abs(pixels) < 50 ? 0.01 : 0.0015;
    gestures.zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * rate), x, y);
  }

  listen(surface, "pointerdown", down, signal);
  listen(surface, "pointermove", move, signal);
  listen(surface, "pointerup", up, signal);
  listen(surface, "pointercancel", cancel, signal);
  listen(surface, "pointerleave", () => gestures.leave(), signal);
  listen(surface, "wheel", wheel, signal, { passive: false });
  listen(
    surface,
    "dblclick",
    (/** @type {MouseEvent} */ event) => {
      const { x, y } = placeOf(event);
      gestures.doubleClick(x, y);
    },
    signal,
  );

  return {
    /** End the lasso that is being drawn, if any. @returns {boolean} whether there was one */
    cancelDrawing() {
      if (state !== "draw") return false;
      gestures.drawCancel();
      state = "pinch"; // until the button is released
      return true;
    },
  };
}

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
});

const PENS = /** @type {Record<string, Pen>} */ ({ l: "lasso", r: "rectangle", b: "brush" });

/**
 * @param {KeyboardEvent} event
 * @param {{ pan: (dx: number, dy: number) => void, zoom: (factor: number) => void,
 *   fit: () => void, toggleTool: (pen: Pen) => void,
 *   growBrush: (factor: number) => boolean }} actions
 * @returns {boolean} whether the key was one of the map's
 */
export function actOnKey(event, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const arrow = ARROWS[event.key];
  const pen = PENS[event.key.toLowerCase()];
  if (arrow) actions.pan(60 * arrow[0], 60 * arrow[1]);
  else if (event.key === "+" || event.key === "=") actions.zoom(1.3);
  else if (event.key === "-" || event.key === "_") actions.zoom(1 / 1.3);
  else if (event.key === "Home" || event.key === "0") actions.fit();
  else if (pen) actions.toggleTool(pen);
  else if (event.key === ",") return actions.growBrush(1 / 1.5);
  else if (event.key === ".") return actions.growBrush(1.5);
  else return false;
  return true;
}
