// LatentScatter: a map with its toolbar, legend and gallery.

import { createBoard, hasPoints } from "./map/board.js";
import { createGallery } from "./map/gallery.js";
import { createLegend } from "./map/legend.js";
import { createPart } from "./map/part.js";
import { createPulse } from "./map/pulse.js";
import { createColorMenu } from "./map/tools.js";
import { rowsOf } from "./shared/buffers.js";
import { count } from "./shared/dom.js";
import { createFrame } from "./shared/frame.js";
import { listen, perFrame } from "./shared/lifecycle.js";
import { createRequests } from "./shared/requests.js";
import { initialize } from "./shared/together.js";

/** @type {import("@anywidget/types").Render} */
function render({ model, el, signal }) {
  const frame = createFrame({ el, title: "Map of images", signal });
  if (!hasPoints(model, frame, "bring this map to life")) return;
  const requests = createRequests(model, signal);
  requests.onError(frame.showError);
  const pulse = createPulse(() => map.redrawOverlay());
  const { map, side, tools, thumbnails, hasImages } = createBoard({
    model,
    frame,
    signal,
    requests,
    menu: createColorMenu({ model, signal, requests }),
    overlay: pulse.draw,
  });

  createLegend({ model, el: side, signal, onFilter: (hidden) => map.setHidden(hidden) });
  const part = createPart({
    ...{ model, signal },
    onWhole: perFrame(() => showSelection(), signal),
    onPart() {
      gallery.refresh();
      tell();
    },
  });
  const gallery = createGallery({
    ...{ el: side, signal, thumbnails, part },
    describe: map.describe,
    onPick(row) {
      map.bringIntoView(row);
      pulse.start(row);
    },
    onClear: () => map.clearSelection(),
    onMore: (limit) => showSelection(limit),
    empty: hasImages
      ? "Drag around points with the lasso to see their images here."
      : "Drag around points with the lasso to select them.",
  });

  /** @param {number} [limit] */
  function showSelection(limit = 500) {
    gallery.show(rowsOf(part.whole(), limit));
    tell();
  }

  const things = hasImages ? "images" : "points";
  function tell() {
    const { selected } = part.state();
    tools.setSelected(selected);
    const slow = map.renderer === "canvas2d" ? " · drawn without WebGL, so slower" : "";
    frame.say(`${count(model.get("_n"))} ${things}, ${count(selected)} selected${slow}`);
  }
  showSelection();
  frame.onEscape(() => map.cancelDrawing() || gallery.back() || map.clearSelection());
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
