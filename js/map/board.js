// A large map with its toolbar, and the panel beside it: what the scatter and the annotator share.
import { toUint8 } from "../shared/buffers.js";
import { h } from "../shared/dom.js";
import { createMap } from "./map.js";
import { createProjectionMenu } from "./projection_menu.js";
import { createThumbnails } from "./thumbnails.js";
import { createMapTools } from "./tools.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {import("../shared/frame.js").Frame} Frame */

/**
 * Whether there is something to draw. A notebook opened again keeps no buffers; what can be done
 * is said then.
 * @param {Model} model
 * @param {Frame} frame
 * @param {string} purpose of running the cell again
 */
export function hasPoints(model, frame, purpose) {
  const n = model.get("_n") ?? 0;
  if (n > 0 && toUint8(model.get("_xy")).length === 8 * n) return true;
  frame.body.append(h("p", "vw-map-closed", `Run the cell again to ${purpose}.`));
  frame.say("This map is closed.");
  return false;
}

const FEW_IMAGES = 12;

/**
 * @param {{ model: Model, frame: Frame, signal: AbortSignal,
 *   requests: import("../shared/requests.js").Requests, menu: HTMLElement, clearLabel?: string,
 *   describe?: (row: number) => string, onHover?: (row: number | undefined) => void,
 *   overlay?: import("./overlay.js").Drawing["more"] }} options
 *   `menu`: the widget's own part of the toolbar
 */
export function createBoard({
  model,
  frame,
  signal,
  requests,
  menu,
  clearLabel,
  describe,
  onHover = () => {},
  overlay,
}) {
  const thumbnails = createThumbnails({ model, requests, signal });
  const hasImages = thumbnails.width > 0;
  const tools = createMapTools({ el: frame.toolbar, map: () => map, hasImages, clearLabel });
  const place = h("div", "vw-map-holder");
  place.style.setProperty("--vw-map-height", `${model.get("_height") ?? 480}px`);
  const plot = h("div", "vw-map-plot", place);
  const side = h("div", "vw-map-side");
  frame.toolbar.append(menu);
  frame.body.append(plot, side);
  createProjectionMenu({ model, el: frame.toolbar, noteEl: plot, signal, requests });

  const askIndex = requests.latest("row");
  const map = createMap({
    model,
    el: place,
    signal,
    requests,
    thumbnails,
    describe,
    overlay,
    onTool: tools.setTool,
    onHover(row) {
      onHover(row);
      const name = model.get("_index_name");
      if (row === undefined || !name) return;
      askIndex({ row }).then(
        ({ content }) => map.setIndexText(content.row, `${name} ${content.index}`),
        () => {}, // a newer row, or no kernel: the card stays without it
      );
    },
  });
  // So few points say nothing, and the pictures have room.
  if (hasImages && model.get("_n") <= FEW_IMAGES) tools.showImages(true);
  return { map, side, tools, thumbnails, hasImages };
}
