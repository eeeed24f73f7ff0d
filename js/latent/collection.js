// The collection beside the interpolator or the tweaker: what a click does, and a small map.
import { createMap } from "../map/map.js";
import { createRoute } from "../map/route.js";
import { createThumbnails } from "../map/thumbnails.js";
import { h } from "../shared/dom.js";
import { listen } from "../shared/lifecycle.js";

/**
 * @param {{ model: import("@anywidget/types").AnyModel, signal: AbortSignal,
 *   requests: import("../shared/requests.js").Requests, label: string, parts: HTMLElement[],
 *   onPick: (row: number) => void }} options `parts` stand over the map, `label` names them
 */
export function createCollection({ model, signal, requests, label, parts, onPick }) {
  const place = h("div", "vw-map-place");
  const root = h(
    "div",
    "vw-collection",
    h("div", { class: "vw-group vw-arms", role: "group", "aria-label": label }, ...parts),
    place,
  );
  const route = createRoute(() => map.redrawOverlay());
  const map = createMap({
    model,
    el: place,
    signal,
    requests,
    thumbnails: createThumbnails({ model, requests, signal }),
    lasso: false,
    compact: true,
    overlay: route.draw,
    onPick,
  });
  return { root, route };
}

/**
 * A box for a row of the collection.
 * @param {{ n: number, what: string, signal: AbortSignal, onRow: (row: number) => void }} options
 *   `what`: whose row
 */
export function createRowInput({ n, what, signal, onRow }) {
  const input = h("input", {
    class: "vw-input vw-row",
    type: "number",
    min: "0",
    max: String(n - 1),
    step: "1",
    "aria-label": `Row of ${what}`,
    title: `Row of ${what}, 0 to ${n - 1}`,
  });
  listen(input, "change", () => onRow(Number(input.value)), signal);
  return input;
}
