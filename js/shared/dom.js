// Building elements. Text is always text: nothing here or elsewhere parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** 16 x 16 outlines, drawn with a 1.5 px stroke. */
const ICONS = {
  add: "M8 3v10M3 8h10",
  cancel: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.5 3.5L13 4.5",
  copy: "M6 5.5h7v8H6zM3 10.5v-8h7",
  dice: "M3 3h10v10H3zM6 6h.01M10 6h.01M8 8h.01M6 10h.01M10 10h.01",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  image: "M2.5 3.5h11v9h-11zM3 11l3-3 2.5 2.5L11 8l2.5 2.5M10.5 6h.01",
  lasso:
    "M8 3c3 0 5.5 1.6 5.5 3.8S11 10.5 8 10.5c-.8 0-1.6-.1-2.3-.3M8 3C5 3 2.5 4.6 2.5 6.8c0 1.4 1.2 2.7 3.2 3.400M5.7 10.200c-1.2-.4-2.2.3-2 1.3.2.9 1.5 1.2 2 .2.4-.9-.2-1.4 0-1.500M5.5 12.200c.3.9-.5 1.5-1.5 1.8",
  pan: "M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6L2 8l2 2M12 6l2 2-2 2",
  pause: "M5.5 3.500v9M10.5 3.500v9",
  play: "M5 3l8 5-8 5z",
  redo: "M13 6H6.500a3.5 3.5 0 000 7H10M10 3l3 3-3 3",
  reset: "M3 8a5 5 0 105-5H4.500M7 .500L4.5 3 7 5.5",
  select: "M3 3h10v10H3z",
  stop: "M4 4h8v8H4z",
  swap: "M3 5.500h10M10 2.500l3 3-3 3M13 10.500H3M6 7.500l-3 3 3 3",
  undo: "M3 6h6.500a3.5 3.5 0 010 7H6M6 3L3 6l3 3",
};

/** @typedef {keyof typeof ICONS} IconName */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties] `class`, `style` as an object, `dataset`, `aria-*` and
 *   `role` as attributes, the rest as properties of the element
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  /** @type {any} */
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.includes("-") || name === "role" || name === "for" || name === "list") {
      element.setAttribute(name, String(value));
    } /** @type {any} */ else element[name] = value;
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/**
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "vw-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that says what it does: an icon, a visible label, or both.
 * @param {{ icon?: IconName, label?: string, title: string, onClick: (event: MouseEvent) => void,
 *   pressed?: boolean, class?: string }} options
 * @returns {HTMLButtonElement}
 */
export function button(options) {
  const element = h(
    "button",
    {
      type: "button",
      class: `vw-button ${options.class ?? ""}`.trim(),
      title: options.title,
      "aria-label": options.label ? undefined : options.title,
      "aria-pressed": options.pressed,
      onclick: options.onClick,
    },
    options.icon ? icon(options.icon) : null,
    options.label ? h("span", {}, options.label) : null,
  );
  return element;
}

/**
 * @param {Element} element
 * @param {boolean} pressed
 */
export function setPressed(element, pressed) {
  element.setAttribute("aria-pressed", String(pressed));
}

/**
 * A number as people read it: at most three significant digits.
 * @param {number} value
 */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(3)));
}

/**
 * A count with thousands apart.
 * @param {number} value
 */
export function count(value) {
  return value.toLocaleString("en-US");
}
