// Taking another image of the collection: by its row, the next one, any one, or on the map.

import { createMap } from "../map/map.js";
import { createThumbnails } from "../map/thumbnails.js";
import { button, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { listen, onChange } from "../shared/lifecycle.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */

/**
 * @param {object} options
 * @param {Model} options.model
 * @param {AbortSignal} options.signal
 * @param {import("../shared/requests.js").Requests} options.requests
 * @returns {{ root: HTMLElement } | null} null where there is no collection
 */
export function createLoader({ model, signal, requests }) {
  const n = model.get("_n");
  if (!n) return null;
  const row = () => model.get("_row") ?? 0;
  /** @param {number} next */
  const load = (next) => requests.ask("load", { row: next }).catch(show); // onError shows why

  const input = h("input", {
    class: "vw-input vw-row",
    type: "number",
    min: "0",
    max: String(n - 1),
    step: "1",
    title: `Row of the image, 0 to ${n - 1}`,
  });
  listen(input, "change", () => load(Number(input.value)), signal);
  const previous = button({
    label: "‹",
    title: "Previous image",
    onClick: () => load((row() + n - 1) % n),
  });
  const next = button({ label: "›", title: "Next image", onClick: () => load((row() + 1) % n) });
  const any = button({
    icon: icons.dice,
    label: "Random",
    title: "Load any image of the collection",
    onClick: () => load(Math.floor(Math.random() * n)),
  });
  const place = h("div", "vw-map-place");
  const root = h(
    "div",
    "vw-collection",
    h(
      "div",
      { class: "vw-group vw-arms", role: "group", "aria-label": "Load an image" },
      h("label", "vw-label", "Image", input),
      previous,
      next,
      any,
      h("span", "vw-muted vw-wide-only", "or click on the map"),
    ),
    place,
  );
  const map = createMap({
    model,
    el: place,
    signal,
    requests,
    thumbnails: createThumbnails({ model, requests, signal }),
    lasso: false,
    compact: true,
    onPick: load,
  });

  function show() {
    const at = model.get("_row");
    input.value = at ?? "";
    map.setMarkers(at === null ? [] : [{ row: at, label: "", kind: "current" }]);
  }
  onChange(model, "_row", show, signal);
  show();
  return { root };
}
