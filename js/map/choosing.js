// Choosing among the images of a gallery, as among files: clicks, keys and a dragged rectangle.
import { listen } from "../shared/lifecycle.js";
import { createBand } from "./band.js";

/** @typedef {import("./input.js").Mode} Mode */

/**
 * @param {{ root: HTMLElement, scroll: HTMLElement, grid: HTMLElement, signal: AbortSignal,
 *   part: import("./part.js").Part, onPick: (row: number) => void }} options
 * @returns {{ cancel: () => boolean, back: () => boolean }} `cancel`: give up the rectangle;
 *   `back`: or else what was chosen; both say whether there was something
 */
export function createChoosing({ root, scroll, grid, signal, part, onPick }) {
  /** @type {HTMLElement | null} the image from which a range reaches */
  let anchor = null;
  const items = () => /** @type {HTMLElement[]} */ ([...grid.children]);
  const band = createBand({
    ...{ scroll, grid, signal },
    onDrag(touched, mode, isOver) {
      anchor = touched[0] ?? anchor;
      const isAny = touched.length > 0; // else all is as it was
      choose(touched, isAny ? mode : "add", isAny && isOver);
    },
  });

  /** @param {HTMLElement[]} chosen @param {Mode} mode @param {boolean} [isSure] */
  function choose(chosen, mode, isSure) {
    part.choose(chosen.map(rowOf), mode, isSure);
  }

  /** From the image clicked or walked to last, up to this one. @param {HTMLElement} item
   * @param {Mode} mode */
  function chooseRange(item, mode) {
    const all = items();
    const [from, to] = [anchor?.isConnected ? anchor : item, item].map((end) => all.indexOf(end));
    choose(all.slice(Math.min(from, to), Math.max(from, to) + 1), mode);
  }

  /** @param {HTMLElement} item @param {MouseEvent | KeyboardEvent} event */
  function act(item, event) {
    const isMore = event.ctrlKey || event.metaKey;
    if (event.shiftKey) {
      chooseRange(item, isMore ? "add" : "replace");
      return;
    }
    anchor = item;
    const row = rowOf(item);
    if (!isMore && /** @type {KeyboardEvent} */ (event).key !== " ") onPick(row);
    else part.choose([row], part.has(row) ? "remove" : "add");
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was one for the images */
  function key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
      choose(items(), "replace");
      return true;
    }
    const item = itemOf(event) ?? stopOf(grid);
    if (!item || event.altKey) return false;
    if (event.key === "Enter" || event.key === " ") {
      act(item, event);
      return true;
    }
    const next = neighbour(items(), item, event.key);
    if (!next) return false;
    if (!anchor?.isConnected) anchor = item;
    if (event.shiftKey) chooseRange(next, "replace");
    else anchor = next;
    const stop = stopOf(grid); // Tab stops once in the grid
    if (stop) stop.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    return true;
  }

  const back = () => band.cancel() || part.back();

  listen(
    grid,
    "click",
    (/** @type {MouseEvent} */ event) => {
      const item = itemOf(event);
      if (item && !band.wasDrawn()) act(item, event);
    },
    signal,
  );
  listen(
    root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      const isInGrid = grid.contains(/** @type {Node} */ (event.target));
      if (event.key === "Escape" ? back() : isInGrid && key(event)) event.preventDefault();
    },
    signal,
  );
  return { cancel: band.cancel, back };
}

/** @param {HTMLElement} item */
const rowOf = (item) => Number(item.dataset.row);

/** @param {Event} event @returns {HTMLElement | null} the image it happened on */
export function itemOf(event) {
  return /** @type {Element} */ (event.target).closest(".vw-gallery-item");
}

/** The image that Tab leads to. @param {HTMLElement} grid @returns {HTMLElement | null} */
const stopOf = (grid) => grid.querySelector("[tabindex='0']");

/**
 * Where an arrow key leads from an image; Home and End lead to the ends.
 * @param {HTMLElement[]} items
 * @param {HTMLElement} item
 * @param {string} key
 */
function neighbour(items, item, key) {
  const at = items.indexOf(item);
  const top = items[0].offsetTop;
  const next = items.findIndex((one) => one.offsetTop > top);
  const columns = next < 0 ? items.length : next;
  const step = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -at,
    End: items.length - 1 - at,
  })[key];
  if (step === undefined) return undefined;
  return items[Math.min(Math.max(at + step, 0), items.length - 1)];
}
