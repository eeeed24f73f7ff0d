// LatentScatter: a map with its toolbar, legend and gallery.

import { labelOf, NO_COLOR } from "./map/colors.js";
import { createGallery } from "./map/gallery.js";
import { createLegend } from "./map/legend.js";
import { createMap } from "./map/map.js";
import { createProjectionMenu } from "./map/projection_menu.js";
import { createThumbnails } from "./map/thumbnails.js";
import { createColorMenu, createMapTools } from "./map/tools.js";
import { countBits, rowsOf, toUint8 } from "./shared/buffers.js";
import { count, h } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import { listen, onChange, perFrame } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { initialize } from "./shared/together.js";

/** @type {import("@anywidget/types").Render} */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: "Map of images", signal });
  const n = model.get("_n") ?? 0;
  const hasPoints = toUint8(model.get("_xy")).length === 8 * n && n > 0;
  if (!hasPoints) {
    // A notebook opened again keeps no buffers: what is left cannot be drawn.
    frame.body.append(
      h("p", { class: "vw-map-closed" }, "Run the cell again to bring this map to life."),
    );
    frame.say("This map is closed.");
    return;
  }
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const thumbnails = createThumbnails({ model, requests, signal });

  const tools = createMapTools({
    el: frame.toolbar,
    map: () => map,
    hasImages: thumbnails.width > 0,
  });
  createColorMenu({ model, el: frame.toolbar, signal, requests });
  const plot = h("div", { class: "vw-map-plot" });
  const side = h("div", { class: "vw-map-side" });
  frame.body.append(plot, side);
  const mapHere = h("div", { class: "vw-map-holder" });
  mapHere.style.setProperty("--vw-map-height", `${model.get("_height") ?? 480}px`);
  plot.append(mapHere);
  createProjectionMenu({ model, el: frame.toolbar, noteEl: plot, signal, requests });

  /** @param {number} row */
  const describe = (row) => {
    const info = model.get("_color") ?? NO_COLOR;
    const values = toUint8(model.get("_color_values"));
    if (info.kind === "none" || values.length === 0) return "";
    const code =
      info.dtype === "uint16" ? values[2 * row] + 256 * values[2 * row + 1] : values[row];
    return labelOf(info, code);
  };
  const askIndex = requests.latest("row");
  const map = createMap({
    model,
    el: mapHere,
    signal,
    requests,
    thumbnails,
    onTool: tools.setTool,
    onHover(row) {
      const name = model.get("_index_name");
      if (row === undefined || !name) return;
      askIndex({ row }).then(
        ({ content }) => map.setIndexText(content.row, `${name} ${content.index}`),
        () => {}, // a newer row, or no kernel: the card stays without it
      );
    },
  });
  createLegend({ model, el: side, signal, onFilter: (hidden) => map.setHidden(hidden) });
  const gallery = createGallery({
    el: side,
    signal,
    thumbnails,
    describe,
    onPick: (row) => map.locate(row),
    onClear: () => map.clearSelection(),
    onMore: (limit) => showSelection(limit),
    empty:
      thumbnails.width > 0
        ? "Drag around points with the lasso to see their images here."
        : "Drag around points with the lasso to select them.",
  });

  const things = thumbnails.width > 0 ? "images" : "points";
  /** @param {number} [limit] */
  function showSelection(limit = 500) {
    const bits = toUint8(model.get("_selection"));
    const selected = countBits(bits);
    gallery.show(rowsOf(bits, limit), selected);
    tools.setSelected(selected);
    const slow = map.renderer === "canvas2d" ? " · drawn without WebGL, so slower" : "";
    frame.say(`${count(n)} ${things}, ${count(selected)} selected${slow}`);
  }
  onChange(
    model,
    "_selection",
    perFrame(() => showSelection(), signal),
    signal,
  );
  showSelection();
  listen(
    frame.root,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (event.target === frame.root) map.key(event);
    },
    signal,
    { capture: true },
  );
}

export default { initialize, render };
