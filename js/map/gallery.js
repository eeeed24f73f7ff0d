// The images of a selection, as a grid to look through and to find back on the map.
import { button, count, h, saveFocus } from "../shared/dom.js";
import { listen, onEnd, perFrame } from "../shared/lifecycle.js";

const PAGE = 500;

/**
 * @typedef {object} Gallery
 * @property {HTMLElement} root
 * @property {(rows: number[], total: number) => void} show the first rows of a selection of `total`
 * @property {() => void} refresh tell anew what each image shown is
 */

/**
 * @param {{ el: HTMLElement, signal: AbortSignal,
 *   thumbnails: import("./thumbnails.js").Thumbnails,
 *   onPick: (row: number) => void, onClear?: () => void, onMore?: (limit: number) => void,
 *   describe?: (row: number) => string, empty?: string, action?: string,
 *   decorate?: (row: number, item: HTMLElement) => void,
 *   onPeek?: (row: number | undefined, item?: HTMLElement) => void }} options `onPick`: an image
 *   was chosen, to be shown on the map; `onMore`: show up to so many rows; `empty`: words where
 *   nothing is; `decorate`: put marks on an image; `onPeek`: an image is pointed at, or none
 * @returns {Gallery}
 */
export function createGallery(options) {
  const { el, signal, thumbnails, onPick } = options;
  const title = h("span", "vw-title");
  const note = h("span", "vw-muted");
  const clear = h("button", { type: "button", class: "vw-link" }, "Deselect");
  const grid = h("div", { class: "vw-gallery-grid", role: "listbox", tabIndex: -1 });
  const empty = h("p", "vw-muted", options.empty ?? "");
  const more = button({
    label: "Show more",
    title: "Show more images",
    onClick: () => showMore(),
  });
  const root = h(
    "section",
    { class: "vw-section vw-gallery", "aria-label": "Selected images" },
    h("div", "vw-head", title, note, clear),
    empty,
    h("div", "vw-gallery-scroll", grid, more),
  );
  el.append(root);
  let limit = PAGE;
  /** @type {Map<HTMLCanvasElement, number>} canvases still empty */
  let open = new Map();

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
      : `${words}. ${options.action ?? "Click to find it on the map"}`;
    element.ariaLabel = words;
    options.decorate?.(row, element);
  }

  /** @param {number} row */
  function item(row) {
    const canvas = h("canvas", { width: thumbnails.width, height: thumbnails.height });
    const element = h(
      "button",
      {
        type: "button",
        class: "vw-gallery-item",
        role: "option",
        tabIndex: -1,
        dataset: { row: String(row) },
      },
      canvas,
    );
    describe(row, element);
    near.observe(element);
    return element;
  }

  function showMore() {
    limit += PAGE;
    options.onMore?.(limit);
  }

  listen(
    grid,
    "click",
    (/** @type {MouseEvent} */ event) => {
      const element = /** @type {Element} */ (event.target).closest("button");
      if (element) onPick(Number(element.dataset.row));
    },
    signal,
  );
  listen(grid, "keydown", (/** @type {KeyboardEvent} */ event) => moveFocus(grid, event), signal);
  for (const type of ["pointerover", "focusin"]) {
    listen(
      grid,
      type,
      (/** @type {Event} */ event) => {
        const element = /** @type {Element} */ (event.target).closest("button");
        if (element) options.onPeek?.(Number(element.dataset.row), element);
      },
      signal,
    );
  }
  for (const type of ["pointerleave", "focusout"]) {
    listen(grid, type, () => options.onPeek?.(undefined), signal);
  }
  clear.onclick = () => options.onClear?.();
  if (!options.onClear) clear.hidden = true;

  /** @type {number[]} */
  let shown = [];
  return {
    root,
    show(rows, total) {
      if (total === 0) limit = PAGE;
      title.textContent = total === 0 ? "Selection" : `${count(total)} selected`;
      note.textContent =
        thumbnails.width > 0 && rows.length < total ? `first ${count(rows.length)}` : "";
      if (total === 0) saveFocus(clear);
      clear.hidden = total === 0 || !options.onClear;
      empty.hidden = total > 0;
      const hasImages = thumbnails.width > 0;
      grid.hidden = !hasImages || total === 0;
      more.hidden = !hasImages || rows.length >= total || !options.onMore;
      const isLonger = shown.length < rows.length && shown.every((row, k) => row === rows[k]);
      if (!isLonger) {
        near.disconnect();
        open = new Map();
        saveFocus(grid);
        grid.replaceChildren();
      }
      if (hasImages) grid.append(...rows.slice(isLonger ? shown.length : 0).map(item));
      shown = rows;
      const first = grid.querySelector("button");
      if (first) first.tabIndex = 0;
    },
    refresh() {
      const items = /** @type {HTMLCollectionOf<HTMLElement>} */ (grid.children);
      for (const element of items) describe(Number(element.dataset.row), element);
    },
  };
}

/**
 * Arrow keys walk through the grid; Tab passes it in one step.
 * @param {HTMLElement} grid
 * @param {KeyboardEvent} event
 */
function moveFocus(grid, event) {
  const items = /** @type {HTMLElement[]} */ ([...grid.children]);
  const at = items.indexOf(/** @type {HTMLElement} */ (event.target));
  if (at < 0) return;
  const top = items[0].offsetTop;
  const next = items.findIndex((item) => item.offsetTop > top);
  const columns = next < 0 ? items.length : next;
  const steps = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -at,
    End: items.length - 1 - at,
  });
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const target = items[Math.min(Math.max(at + step, 0), items.length - 1)];
  items[at].tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}
