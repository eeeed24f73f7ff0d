// A rectangle dragged over a scrolled list with the mouse, and what it touches.
import { h } from "../shared/dom.js";
import { listen, perFrame } from "../shared/lifecycle.js";
import { modeOf } from "./input.js";

/** @typedef {import("./input.js").Mode} Mode */

const REACH = 4; // less is a click

/**
 * @param {{ scroll: HTMLElement, grid: HTMLElement, signal: AbortSignal,
 *   onDrag: (items: HTMLElement[], mode: Mode, isOver: boolean) => void }} options `onDrag`: these
 *   are touched; none in the end where the rectangle was given up
 */
export function createBand({ scroll, grid, signal, onDrag }) {
  const band = h("div", { class: "vw-band", hidden: true });
  scroll.append(band);
  /** @type {number[] | null} */
  let start = null;
  /** @type {PointerEvent} where the pointer is */
  let at;
  /** @type {HTMLElement[]} */
  let touched = [];
  let wasDrawn = false;

  function place() {
    const box = scroll.getBoundingClientRect();
    return [at.clientX - box.left, at.clientY - box.top + scroll.scrollTop];
  }

  /** @param {PointerEvent} event */
  function down(event) {
    at = event;
    wasDrawn = false;
    const isOther = grid.hidden || /** @type {Element} */ (event.target).closest("button");
    if (event.button !== 0 || event.pointerType !== "mouse" || isOther) return;
    start = place();
    if (start[0] > scroll.clientWidth) start = null; // on the scroll bar
  }

  /** @param {PointerEvent} event */
  function move(event) {
    at = event;
    if (!start) return;
    if (band.hidden) {
      const [x, y] = place();
      if ((event.buttons & 1) === 0) start = null; // released elsewhere
      if (!start || Math.hypot(x - start[0], y - start[1]) < REACH) return;
      wasDrawn = true;
      band.hidden = false;
      scroll.setPointerCapture(event.pointerId);
      // A drag that began on the ground left the focus elsewhere, and Escape must reach us.
      if (!grid.contains(document.activeElement)) grid.focus({ preventScroll: true });
    }
    draw();
  }

  function draw() {
    if (!start || band.hidden) return;
    const { top: above, bottom: below } = scroll.getBoundingClientRect();
    const beyond = Math.max(at.clientY - below, 0) + Math.min(at.clientY - above, 0);
    scroll.scrollTop += beyond / 4;
    if (beyond !== 0) drawSoon(); // the list goes on, the faster the further away
    const [x, y] = place();
    const [left, right] = between(start[0], x, scroll.clientWidth);
    const [top, bottom] = between(start[1], y, scroll.scrollHeight);
    band.style.cssText = `inset:${top}px auto auto ${left}px;width:${right - left}px;height:${bottom - top}px`;
    touched = /** @type {HTMLElement[]} */ ([...grid.children]).filter(
      (item) =>
        item.offsetLeft < right &&
        item.offsetLeft + item.offsetWidth > left &&
        item.offsetTop < bottom &&
        item.offsetTop + item.offsetHeight > top,
    );
    tell(touched, false);
  }
  const drawSoon = perFrame(draw, signal);

  /** As on the map; Ctrl and ⌘ are like Shift. @param {HTMLElement[]} items
   * @param {boolean} isOver */
  function tell(items, isOver) {
    onDrag(items, at.ctrlKey || at.metaKey ? "add" : modeOf(at), isOver);
  }

  /** @param {HTMLElement[]} items @returns {boolean} whether there was a rectangle */
  function end(items) {
    start = null;
    if (band.hidden) return false;
    band.hidden = true;
    tell(items, true);
    return true;
  }

  listen(scroll, "pointerdown", down, signal);
  listen(scroll, "pointermove", move, signal);
  listen(scroll, "pointerup", () => end(touched), signal);
  listen(scroll, "lostpointercapture", () => end([]), signal);
  return {
    cancel: () => end([]),
    /** Whether the button pressed last has drawn: its click is none. */
    wasDrawn: () => wasDrawn,
  };
}

/** @param {number} a @param {number} b where the pointer is @param {number} most */
function between(a, b, most) {
  const end = Math.min(Math.max(b, 0), most);
  return a < end ? [a, end] : [end, a];
}
