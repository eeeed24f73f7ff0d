// The card beside a hovered point: its image, enlarged, and what is known of it in words.
import { count, h } from "../shared/dom.js";

const LONGEST_SIDE = 112;
const MARGIN = 8;

/**
 * @typedef {(card: HTMLElement, container: HTMLElement, at: { x: number, y: number }) => void} Place
 *
 * @param {{ container: HTMLElement, thumbnails: import("./thumbnails.js").Thumbnails,
 *   side?: number, place?: Place }} options `side`: the longest of the picture; `place`: put the
 *   card near a place in its container
 */
export function createHoverCard(options) {
  const { container, thumbnails, side = LONGEST_SIDE, place: putNear = placeBeside } = options;
  const canvas = h("canvas", "vw-picture");
  const title = h("div", "vw-card-title");
  const index = h("div", "vw-muted vw-card-line");
  const swatch = h("span", "vw-swatch");
  const name = h("span");
  const group = h("div", "vw-card-line", swatch, name);
  const root = h(
    "div",
    { class: "vw-card", hidden: true, "aria-hidden": "true" },
    canvas,
    h("div", "vw-card-text", title, group, index),
  );
  container.append(root);
  /** @type {number | undefined} */
  let shown;
  let place = { x: 0, y: 0 };

  function drawImage() {
    const { width, height } = thumbnails;
    canvas.hidden = width === 0;
    if (shown === undefined || width === 0) return;
    // Whole multiples keep every pixel of a small image equally large.
    const scale = side / Math.max(width, height);
    const whole = scale > 2 ? Math.floor(scale) : scale;
    canvas.width = Math.round(width * whole);
    canvas.height = Math.round(height * whole);
    const context = canvas.getContext("2d");
    if (context && !thumbnails.draw(context, shown, 0, 0, canvas.width, canvas.height)) {
      thumbnails.request([shown]);
    }
  }
  thumbnails.onReady(() => {
    if (!root.hidden) drawImage();
  });

  return {
    /**
     * @param {number} row
     * @param {{ x: number, y: number, label: string, color: string }} about
     */
    show(row, { x, y, label, color }) {
      if (row !== shown) index.textContent = "";
      shown = row;
      title.textContent = `${thumbnails.width > 0 ? "Image" : "Point"} ${count(row)}`;
      group.hidden = label === "";
      name.textContent = label;
      swatch.style.color = color;
      place = { x, y };
      root.hidden = false;
      drawImage();
      putNear(root, container, place);
    },
    /** @param {number} row @param {string} text */
    setIndex(row, text) {
      if (row !== shown) return;
      index.textContent = text;
      putNear(root, container, place); // the card has grown
    },
    hide() {
      root.hidden = true;
      shown = undefined;
    },
  };
}

/**
 * Beside the pointer on the side where there is room; never outside the map.
 * @param {HTMLElement} card
 * @param {HTMLElement} container
 * @param {{ x: number, y: number }} place
 */
function placeBeside(card, container, { x, y }) {
  const { clientWidth, clientHeight } = container;
  const { offsetWidth, offsetHeight } = card;
  const right = x + 16;
  const left = right + offsetWidth + MARGIN > clientWidth ? x - 16 - offsetWidth : right;
  const top = y - offsetHeight / 2;
  /** @param {number} value @param {number} most */
  const inside = (value, most) => Math.max(MARGIN, Math.min(value, most - MARGIN));
  card.style.left = `${inside(left, clientWidth - offsetWidth)}px`;
  card.style.top = `${inside(top, clientHeight - offsetHeight)}px`;
}
