// The buttons of a map's toolbar, and what it is coloured by.
import { button, h, setDisabled, setPressed } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { onChange } from "../shared/lifecycle.js";

/** @typedef {import("./map.js").MapView} MapView */
/** @typedef {import("./input.js").Tool} Tool */

/** @type {{ tool: Tool, icon: string, label?: string, title: string }[]} */
const TOOLS = [
  {
    tool: "lasso",
    icon: icons.lasso,
    label: "Lasso",
    title: "Draw around points to select them (L). Shift adds, Alt removes",
  },
  {
    tool: "rectangle",
    icon: icons.rectangle,
    title: "Drag a rectangle to select the points in it (R). Shift adds, Alt removes",
  },
  {
    tool: "brush",
    icon: icons.brush,
    title: "Paint over points to add them (B). Alt removes; comma and period change its size",
  },
  { tool: "pan", icon: icons.pan, label: "Move", title: "Drag to move the map (L)" },
];

/**
 * @param {{ el: HTMLElement, map: () => MapView, hasImages: boolean,
 *   clearLabel?: string }} options
 */
export function createMapTools({ el, map, hasImages, clearLabel = "Deselect" }) {
  const choices = TOOLS.map(({ tool, ...looks }) =>
    button({ ...looks, onClick: () => map().setTool(tool) }),
  );
  const fit = button({
    icon: icons.fit,
    title: "Show the whole map (Home, or double-click)",
    onClick: () => map().fit(),
  });
  let shown = false;
  const images = button({
    icon: icons.image,
    label: "Images",
    title: "Show images in place of points",
    pressed: false,
    onClick: () => showImages(!shown),
  });

  /** @param {boolean} wanted in place of points */
  function showImages(wanted) {
    shown = wanted;
    setPressed(images, shown);
    map().showImages(shown);
  }
  images.hidden = !hasImages;
  const clear = button({
    icon: icons.cancel,
    label: clearLabel,
    title: "Select nothing (Escape)",
    onClick: () => map().clearSelection(),
  });
  clear.disabled = true;
  el.append(
    h("span", "vw-group vw-joined", ...choices),
    h("span", "vw-group", fit, images, clear),
  );
  return {
    showImages,
    /** @param {Tool} tool */
    setTool(tool) {
      TOOLS.forEach((one, k) => void setPressed(choices[k], one.tool === tool));
    },
    /** @param {number} selected how many rows are */
    setSelected(selected) {
      setDisabled(clear, selected === 0);
    },
  };
}

/**
 * The menu of columns; hidden where there is none.
 * @param {{ model: import("@anywidget/types").AnyModel, signal: AbortSignal,
 *   requests: import("../shared/requests.js").Requests }} options
 */
export function createColorMenu({ model, signal, requests }) {
  const select = h("select", {
    class: "vw-select",
    title: "What the colours show",
    "aria-label": "Colour",
  });
  const label = h("label", "vw-label", "Colour", select);
  const ask = requests.latest("color");

  function build() {
    /** @type {string[]} */
    const columns = model.get("_columns") ?? [];
    label.hidden = columns.length === 0;
    // By number: a column may be called anything, also "none" or "".
    select.replaceChildren(
      h("option", { value: "-1" }, "none"),
      ...columns.map((name, k) => h("option", { value: String(k) }, name)),
    );
    follow();
  }

  function follow() {
    const { kind, name } = model.get("_color") ?? { kind: "none", name: "" };
    const at = kind === "none" ? -1 : (model.get("_columns") ?? []).indexOf(name);
    select.value = String(at);
  }

  select.onchange = () => {
    const k = Number(select.value);
    ask({ column: k < 0 ? null : model.get("_columns")[k] }).catch(follow);
  };
  onChange(model, "_columns", build, signal);
  onChange(model, "_color", follow, signal);
  build();
  return label;
}
