// The images of a selection, as a grid to look through and to find back on the map.
import { button, count, h, saveFocus } from "../shared/dom.js";
import { listen, onEnd, perFrame } from "../shared/lifecycle.js";
import { createChoosing, itemOf } from "./choosing.js";

const PAGE = 500;

/**
 * @typedef {object} Gallery
 * @property {HTMLElement} root
 * @property {(rows: number[]) => void} show the first rows of the whole
 * @property {() => void} refresh tell anew what each image shown is, and whether it is selected
 * @property {() => boolean} back take back what was chosen here; whether there was something
 */

/**
 * @param {{ el: HTMLElement, signal: AbortSignal,
 *   thumbnails: import("./thumbnails.js").Thumbnails, part: import("./part.js").Part,
 *   onPick: (row: number) => void, onClear?: () => void, onMore?: (limit: number) => void,
 *   describe?: (row: number) => string, empty?: string,
 *   decorate?: (row: number, item: HTMLElement) => void,
 *   onPeek?: (row: number | undefined, item?: HTMLElement) => void }} options `part`: what is shown
 *   and selected; `onPick`: an image was clicked; `onMore`: show up to so many rows; `empty`: words
 *   where nothing is; `decorate`: put marks on an image; `onPeek`: an image is pointed at, or none
 * @returns {Gallery}
 */
export function createGallery(options) {
  const { el, signal, thumbnails, part } = options;
  const title = h("span", "vw-title");
  const note = h("span", "vw-muted");
  const clear = link("Deselect", "Select nothing", () => options.onClear?.());
  const grid = h("div", {
    class: "vw-gallery-grid",
    role: "listbox",
    tabIndex: -1,
    "aria-multiselectable": true,
    "aria-label": "Images",
  });
  const empty = h("p", "vw-muted", options.empty ?? "");
  const more = button({
    label: "Show more",
    title: "Show more images",
    onClick: () => showMore(),
  });
  const words = h("span", { role: "status" });
  const invert = link("Invert", "Select the others instead", part.invert);
  const all = link("All", "Select all of them", part.all);
  const bar = h("div", { class: "vw-part", hidden: true }, words, invert, all);
  const scroll = h("div", "vw-gallery-scroll", grid, more, bar);
  const root = h(
    "section",
    { class: "vw-section vw-gallery", "aria-label": "Selected images" },
    h("div", "vw-head", title, note, clear),
    empty,
    scroll,
  );
  el.append(root);
  let limit = PAGE;
  /** @type {Map<HTMLCanvasElement, number>} canvases still empty */
  let open = new Map();
  /** @type {number[]} */
  let shown = [];

  // Images are drawn when they come near to being seen, so a large gallery opens at once.
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const canvas = /** @type {HTMLCanvasElement} */ (target.firstElementChild);
        open.set(canvas, Number(/** @type {HTMLElement} */ (target).dataset.row));
      }
      drawOpen();
    },
    { root, rootMargin: "200px" },
  );
  onEnd(signal, () => near.disconnect());

  const drawOpen = perFrame(() => {
    const absent = [];
    for (const [canvas, row] of open) {
      const context = canvas.getContext("2d");
      if (context && thumbnails.draw(context, row, 0, 0, canvas.width, canvas.height)) {
        open.delete(canvas);
      } else absent.push(row);
    }
    if (absent.length > 0) thumbnails.request(absent.reverse());
  }, signal);
  thumbnails.onReady(() => {
    if (open.size > 0) drawOpen();
  });

  /** @param {number} row @param {HTMLElement} element */
  function describe(row, element) {
    const label = options.describe?.(row) ?? "";
    const words = `Image ${count(row)}${label && `, ${label}`}`;
    element.title = options.onPeek
      ? "" // what is pointed at is shown large
      : `${words}. Click to find it on the map; drag, or Shift-click, to select a part`;
    element.ariaLabel = words;
    element.setAttribute("aria-selected", String(part.has(row)));
    options.decorate?.(row, element);
  }

  function refresh() {
    const { all, selected, isRest } = part.state();
    title.textContent = all === 0 ? "Selection" : `${count(selected)} selected`;
    const items = /** @type {HTMLCollectionOf<HTMLElement>} */ (grid.children);
    for (const element of items) describe(Number(element.dataset.row), element);
    grid.classList.toggle("vw-parted", selected < all && !isRest);
    grid.classList.toggle("vw-few", 2 * selected <= all); // else those left out stand out
    if (selected === 0) saveFocus(clear);
    clear.hidden = selected === 0 || !options.onClear;
    if (selected === all) saveFocus(bar);
    bar.hidden = selected === all;
    invert.hidden = selected === 0;
    words.textContent = isRest ? `${count(all)} left` : `${count(selected)} of ${count(all)}`;
  }

  /** @param {number} row */
  function item(row) {
    const canvas = h("canvas", { width: thumbnails.width, height: thumbnails.height });
    const element = h(
      "div",
      {
        class: "vw-gallery-item",
        role: "option",
        tabIndex: -1,
        dataset: { row: String(row) },
      },
      canvas,
    );
    near.observe(element);
    return element;
  }

  function showMore() {
    limit += PAGE;
    options.onMore?.(limit);
  }

  const choosing = createChoosing({
    ...{ root, scroll, grid, signal, part },
    onPick: options.onPick,
  });
  for (const type of ["pointerover", "focusin"]) {
    listen(
      grid,
      type,
      (/** @type {Event} */ event) => {
        const element = itemOf(event);
        if (element) options.onPeek?.(Number(element.dataset.row), element);
      },
      signal,
    );
  }
  for (const type of ["pointerleave", "focusout"]) {
    listen(grid, type, () => options.onPeek?.(undefined), signal);
  }
  return {
    root,
    show(rows) {
      const total = part.state().all;
      if (total === 0) limit = PAGE;
      note.textContent =
        thumbnails.width > 0 && rows.length < total ? `first ${count(rows.length)}` : "";
      empty.hidden = total > 0;
      const hasImages = thumbnails.width > 0;
      grid.hidden = !hasImages || total === 0;
      more.hidden = !hasImages || rows.length >= total || !options.onMore;
      const isLonger = shown.length < rows.length && shown.every((row, k) => row === rows[k]);
      if (!isLonger) {
        choosing.cancel();
        near.disconnect();
        open = new Map();
        if (grid.hidden) saveFocus(grid);
        else if (grid.contains(document.activeElement)) grid.focus({ preventScroll: true });
        grid.replaceChildren();
      }
      if (hasImages) grid.append(...rows.slice(isLonger ? shown.length : 0).map(item));
      shown = rows;
      const first = /** @type {HTMLElement | null} */ (grid.firstElementChild);
      if (first && !grid.querySelector("[tabindex='0']")) first.tabIndex = 0;
      refresh();
    },
    refresh,
    back: choosing.back,
  };
}

/** @param {string} label @param {string} title @param {() => void} onclick */
function link(label, title, onclick) {
  return h("button", { type: "button", class: "vw-link", title, onclick }, label);
}
