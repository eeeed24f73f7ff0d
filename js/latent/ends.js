// The collection beside the interpolator: a map on which A and B are set, and the path drawn.

import { toFloat32 } from "../shared/buffers.js";
import { button, h, setPressed } from "../shared/dom.js";
import { onChange } from "../shared/lifecycle.js";
import { Superseded } from "../shared/requests.js";
import { createCollection, createRowInput } from "./collection.js";
import { frameAt } from "./reel.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {"start" | "end"} End */

const LETTERS = { start: "A", end: "B" };

/**
 * @param {object} options
 * @param {Model} options.model
 * @param {AbortSignal} options.signal
 * @param {import("../shared/requests.js").Requests} options.requests
 * @returns {{ root: HTMLElement } | null} null where there is no collection
 */
export function createEnds({ model, signal, requests }) {
  const n = model.get("_n");
  if (!n) return null;
  /** @type {End} */
  let armed = "start";
  /** @type {Float32Array | null} xy pairs in map coordinates */
  let route = null;

  const arms = /** @type {End[]} */ (["start", "end"]).map((end) =>
    button({
      label: LETTERS[end],
      title: `The next click on the map sets ${LETTERS[end]}`,
      onClick: () => arm(end),
    }),
  );
  const rows = /** @type {End[]} */ (["start", "end"]).map((end) =>
    createRowInput({ n, what: LETTERS[end], signal, onRow: (row) => setEnd(end, row) }),
  );
  const { root, route: drawn } = createCollection({
    model,
    signal,
    requests,
    label: "What a click on the map sets",
    parts: [
      h("span", "vw-muted", "Click sets"),
      h("span", "vw-group", arms[0], rows[0]),
      h("span", "vw-group", arms[1], rows[1]),
    ],
    onPick: (row) => setEnd(armed, row),
  });
  const note = h("p", { class: "vw-caption", role: "status", hidden: true });
  root.append(note);

  /** @param {End} end */
  function arm(end) {
    armed = end;
    setPressed(arms[0], end === "start");
    setPressed(arms[1], end === "end");
  }

  /** @param {End} end @param {number} row */
  function setEnd(end, row) {
    arm(end === "start" ? "end" : "start");
    requests.ask("end", { which: end, row }).catch(() => {
      // onError shows why; here nothing has changed.
      arm(end);
      showRows();
    });
  }

  function showRows() {
    const ends = model.get("_ends");
    rows[0].value = ends.start ?? "";
    rows[1].value = ends.end ?? "";
  }

  function drawMarkers() {
    const ends = model.get("_ends");
    /** @type {import("../map/route.js").Marker[]} */
    const markers = [];
    if (ends.start !== null) markers.push({ row: ends.start, label: "A", kind: "start" });
    if (ends.end !== null) markers.push({ row: ends.end, label: "B", kind: "end" });
    if (route && route.length > 0) {
      const at = frameAt(model.get("t"), route.length / 2);
      const xy = [route[2 * at], route[2 * at + 1]];
      markers.push({ xy, label: "", kind: "current" });
    }
    drawn.setMarkers(markers);
  }

  /** What the map is called in menus. */
  function methodName() {
    const { method } = model.get("_projection");
    /** @type {{ key: string, label: string }[]} */
    const methods = model.get("_methods");
    return methods.find(({ key }) => key === method)?.label ?? "this map";
  }

  const askRoute = requests.latest("route");
  async function drawRoute() {
    showRows();
    try {
      const { content, buffers } = await askRoute({ kind: model.get("kind") });
      route = content.placed ? toFloat32(buffers[0]) : null;
      note.hidden = content.placed;
      note.textContent =
        `No path is drawn on this map: ${methodName()} places the images of the collection ` +
        "beside each other and has no place for codes in between.";
    } catch (error) {
      if (error instanceof Superseded) return;
      route = null;
    }
    if (signal.aborted) return;
    drawn.setPath(route);
    drawMarkers();
  }

  onChange(model, ["kind", "_ends", "_xy"], drawRoute, signal);
  onChange(model, "t", drawMarkers, signal);
  arm("start");
  drawMarkers();
  drawRoute();
  return { root };
}
