// Which map is shown: method, dimensions, progress with a way to stop, and how to read it.
import { button, h, setProgress } from "../shared/dom.js";
import * as icons from "../shared/icons.js";
import { onChange } from "../shared/lifecycle.js";

/**
 * @param {{ model: import("@anywidget/types").AnyModel, el: HTMLElement, noteEl: HTMLElement,
 *   signal: AbortSignal, requests: import("../shared/requests.js").Requests }} options `el` takes the
 *   menu, `noteEl` the words on how to read the map
 */
export function createProjectionMenu({ model, el, noteEl, signal, requests }) {
  const method = h("select", {
    class: "vw-select",
    title: "How codes become points",
    "aria-label": "Map",
  });
  const dims = [0, 1].map((axis) =>
    h("select", { class: "vw-select", "aria-label": axis === 0 ? "Across" : "Up" }),
  );
  const dimsGroup = h("span", "vw-group", dims[0], "×", dims[1]);
  const bar = h("progress", { class: "vw-progress", max: 1 });
  const words = h("span", { class: "vw-muted", role: "status" });
  const cancel = button({
    icon: icons.stop,
    label: "Cancel",
    title: "Stop this projection and keep the map shown",
    onClick: () => stop(),
  });
  const progress = h(
    "span",
    { class: "vw-group vw-menu-progress", hidden: true },
    bar,
    words,
    cancel,
  );
  const note = h("p", "vw-map-note vw-muted");
  el.append(h("label", "vw-label", "Map", method), dimsGroup);
  noteEl.append(progress, note);

  /** @returns {{ method: string, dims: number[], axes: string[], note: string }} */
  const current = () => model.get("_projection");

  function build() {
    /** @type {{ key: string, label: string }[]} */
    const methods = model.get("_methods") ?? [];
    method.replaceChildren(...methods.map(({ key, label }) => h("option", { value: key }, label)));
    const count = model.get("_n_dims") ?? 0;
    for (const select of dims) {
      select.replaceChildren(
        ...Array.from({ length: count }, (_, d) => h("option", { value: String(d) }, `z ${d}`)),
      );
    }
    follow();
  }

  /** Show what the map shows. */
  function follow() {
    const { method: key, dims: chosen, axes, note: text } = current();
    method.value = key;
    dims.forEach((select, k) => {
      select.value = String(chosen[k] ?? k);
    });
    dimsGroup.hidden = key !== "dims" || (model.get("_n_dims") ?? 0) < 3;
    const named = axes.filter(Boolean).length === 2 ? `Across ${axes[0]}, up ${axes[1]}. ` : "";
    note.textContent = named + text;
    note.hidden = note.textContent === "";
    progress.hidden = true;
  }

  /** @param {string} key @param {number[]} chosen */
  async function ask(key, chosen) {
    setProgress(bar, null);
    words.textContent = "Starting …";
    // Most projections are quick or kept; a bar that flashes would only disturb.
    const slow = setTimeout(() => {
      progress.hidden = false;
    }, 250);
    try {
      const { content } = await requests.ask("project", { method: key, dims: chosen });
      if (content.state === "started") progress.hidden = false;
      else follow();
    } catch {
      follow(); // the reason is shown by the frame
    } finally {
      clearTimeout(slow);
    }
  }

  function stop() {
    words.textContent = "Stopping …";
    requests.ask("cancel", { job: "project" }).then(follow, follow);
  }

  method.onchange = () => {
    const key = method.value;
    dimsGroup.hidden = key !== "dims" || dims[0].options.length < 3;
    ask(key, current().dims.slice(0, 2));
  };
  for (const select of dims) {
    select.onchange = () =>
      ask(
        "dims",
        dims.map((one) => Number(one.value)),
      );
  }
  requests.onMessage("progress", ({ job, fraction, text }) => {
    if (job !== "project") return;
    progress.hidden = false;
    setProgress(bar, fraction);
    words.textContent = text;
    if (fraction === 1 && text === "") follow();
  });
  onChange(model, "_projection", follow, signal);
  onChange(model, ["_methods", "_n_dims"], build, signal);
  build();
}
