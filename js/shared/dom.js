// Building elements. Text is always text: nothing here or elsewhere parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string | Record<string, any>} [properties] the class alone, or `class`, `style` as an
 *   object, `dataset`, `aria-*` and `role` as attributes, the rest as properties of the element
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  /** @type {any} */
  const element = document.createElement(tag);
  const named = typeof properties === "string" ? { class: properties } : properties;
  for (const [name, value] of Object.entries(named)) {
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
 * @param {string} outline one of `icons.js`
 * @returns {SVGSVGElement}
 */
export function icon(outline) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "vw-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", outline);
  svg.append(path);
  return svg;
}

/**
 * A button that says what it does: an icon (one of `icons.js`), a visible label, or both.
 * @param {{ icon?: string, label?: string, title: string, onClick: (event: MouseEvent) => void,
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
 * A number as people read it: at most three significant digits, and a minus as wide as a plus.
 * @param {number} value
 */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/**
 * A count with thousands apart.
 * @param {number} value
 */
export function count(value) {
  return value.toLocaleString("en-US");
}

/**
 * @param {HTMLProgressElement} bar
 * @param {number | null | undefined} fraction not a number where it is not known
 */
export function setProgress(bar, fraction) {
  if (typeof fraction === "number") bar.value = fraction;
  else bar.removeAttribute("value");
}

/**
 * Give the focus to where the keys of a widget work: to its map, or to all of it.
 * @param {HTMLElement} root
 */
export function goHome(root) {
  const map = /** @type {HTMLElement | null} */ (root.querySelector(".vw-map"));
  (map ?? root).focus({ preventScroll: true });
}

/**
 * A button that cannot be pressed must not keep the focus: its keys would reach nobody here.
 * @param {HTMLButtonElement} element
 * @param {boolean} isDisabled
 */
export function setDisabled(element, isDisabled) {
  if (isDisabled) saveFocus(element);
  element.disabled = isDisabled;
}

/**
 * Give the focus to the widget if this part of it has it and is about to go: on nothing at all, it
 * would take the widget's keys along.
 * @param {Element} part
 */
export function saveFocus(part) {
  if (!part.contains(document.activeElement)) return;
  /** @type {HTMLElement | null} */ (part.closest(".vw-root"))?.focus({ preventScroll: true });
}
