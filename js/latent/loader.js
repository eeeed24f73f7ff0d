// Taking another image of the collection: by its row, the next one, any one, or on the map.

import { button, h } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { onChange } from "../shared/lifecycle.js";
import { createCollection, createRowInput } from "./collection.js";

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
  const row = () => model.get("row") ?? 0;
  /** @param {number} next */
  const load = (next) => requests.ask("load", { row: next }).catch(show); // onError shows why

  const input = createRowInput({ n, what: "the image", signal, onRow: load });
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
  const { root, route } = createCollection({
    model,
    signal,
    requests,
    label: "Load an image",
    parts: [
      h("label", "vw-label", "Image", input),
      previous,
      next,
      any,
      h("span", "vw-muted vw-wide-only", "or click on the map"),
    ],
    onPick: load,
  });

  function show() {
    const at = model.get("row");
    input.value = at ?? "";
    route.setMarkers(at === null ? [] : [{ row: at, label: "", kind: "current" }]);
  }
  onChange(model, "row", show, signal);
  show();
  return { root };
}
