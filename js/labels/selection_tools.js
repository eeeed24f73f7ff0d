// What else can be done with the selected images: set them aside, or keep them under a name.
import { selectionOf } from "../map/selection.js";
import { countBits } from "../shared/buffers.js";
import { h, saveFocus } from "../shared/dom.js";
import { createKeptMenu } from "./kept_menu.js";
import { createNameForm } from "./name_form.js";

/**
 * @param {object} options
 * @param {HTMLElement} options.root of the widget
 * @param {import("@anywidget/types").AnyModel} options.model
 * @param {import("./store.js").LabelStore} options.store
 * @param {{ setAside: () => void, keep: (name: string) => void, forget: (name: string) => void }}
 *   options.actions
 * @param {(name: string) => void} options.onSelect a kept selection
 * @param {() => void} options.onNothing nothing is selected, and something should be
 */
export function createSelectionTools({
  root: widget,
  model,
  store,
  actions,
  onSelect,
  onNothing,
}) {
  const home = () => widget.focus({ preventScroll: true });
  const aside = link("Set aside", () => {
    home(); // the line goes with the selection
    actions.setAside();
  });
  const keep = link("Keep…", openForm, "Keep this selection under a name (K)");
  const kept = link("", toggleMenu, "Selections that are kept");
  kept.setAttribute("aria-expanded", "false");
  const form = createNameForm({
    label: "Name of this selection",
    action: "Keep",
    title: "Keep the selection under this name (Enter)",
    onName: actions.keep,
    onClose: home,
  });
  const menu = createKeptMenu({
    onSelect,
    onForget: actions.forget,
    onClose: () => (kept.hidden ? home() : kept.focus()),
  });
  const line = h("div", "vw-class-actions", aside, keep, kept);
  const root = h("div", "vw-selection-tools", line, form.root, menu.root);

  function openForm() {
    closeMenu();
    form.open("");
  }

  function closeMenu() {
    const wasOpen = menu.close();
    kept.setAttribute("aria-expanded", "false");
    return wasOpen;
  }

  function toggleMenu() {
    form.close();
    if (closeMenu()) return;
    menu.open();
    kept.setAttribute("aria-expanded", "true");
  }

  /** @param {HTMLElement} element @param {boolean} isHidden */
  function hide(element, isHidden) {
    if (isHidden) saveFocus(element);
    element.hidden = isHidden;
  }

  return {
    root,
    close: () => form.close() || closeMenu(),
    keep() {
      if (countBits(selectionOf(model)) > 0) openForm();
      else if (store.labels().selections.size > 0) toggleMenu();
      else onNothing();
    },
    update() {
      const isAny = countBits(selectionOf(model)) > 0;
      const { selections } = store.labels();
      const isAside = isAllAside(model, store);
      aside.textContent = isAside ? "Put back" : "Set aside";
      aside.title = isAside
        ? "Show these again, and count them (T)"
        : "Not to be labelled, shown or suggested: broken, private, off topic (T)";
      kept.textContent = `Kept (${selections.size})`;
      menu.update(selections);
      if (menu.root.hidden) kept.setAttribute("aria-expanded", "false");
      if (!isAny) form.close();
      hide(aside, !isAny);
      hide(keep, !isAny);
      hide(kept, selections.size === 0);
      root.hidden = !isAny && selections.size === 0;
    },
  };
}

/**
 * Whether there is a selection and all of it is set aside.
 * @param {import("@anywidget/types").AnyModel} model
 * @param {import("./store.js").LabelStore} store
 */
export function isAllAside(model, store) {
  const bits = selectionOf(model);
  const { aside } = store.labels();
  return countBits(bits) > 0 && bits.every((byte, k) => (byte & ~aside[k]) === 0);
}

/** @param {string} label @param {() => void} onclick @param {string} [title] */
function link(label, onclick, title) {
  return h("button", { type: "button", class: "vw-link", title, onclick }, label);
}
