"""What a person does with a widget and sees of it, in a bare page and in Jupyter alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from tests.browser._page import PATIENCE
from tools.jupyter import NotebookPage

MAP_PADDING = 28  # CSS pixels around the points of a map that shows all of them
MISSING = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets;
  const places = cells.flatMap(({ outputArea: area }, cell) => {
    const found = area?.node.querySelectorAll(".jp-OutputArea-output") ?? [];
    return Array.from({ length: area?.model.length ?? 0 }, (_, k) => {
      const isWidget = "application/vnd.jupyter.widget-view+json" in area.model.get(k).data;
      const isShown = isWidget ? found[k]?.firstElementChild?.childElementCount > 0 : found[k];
      return isShown ? [] : [`output ${k} of cell ${cell}`];
    }).flat();
  });
  const waiting = ".vw-save[data-state=waiting], .vw-current .vw-empty, .vw-error:not([hidden])";
  const parts = [...document.querySelectorAll(waiting)];
  return [...places, ...parts.map((part) => `${part.className} ${part.textContent}`)];
}"""
REGISTRY = 'globalThis[Symbol.for("vaewidgets.gl.1")]'  # the page's one WebGL context


def wait_until_shown(notebook: NotebookPage) -> None:
    """Wait until every widget is in its cell, with its labels and its picture.

    A cell has run before the page has made the views of what it shows.
    """
    missing: list[str] = []

    def is_shown() -> bool:
        missing[:] = notebook.page.evaluate(MISSING)
        return not missing

    try:
        notebook.wait_until(is_shown, timeout=PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"not shown: {missing}; {notebook.console[-9:]}") from error


def run_all(notebook: NotebookPage) -> None:
    """Run all cells and wait until what they show is there."""
    notebook.run_all()
    wait_until_shown(notebook)


def titled(page: Page, title: str) -> Locator:
    """The views of a widget, by its title; `title` may be its beginning."""
    return page.locator(f'.vw-root[aria-label^="{title}"]')


def box_of(element: Locator) -> dict[str, float]:
    """Place of an element in the window, after it was scrolled into it."""
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    return dict(box)


def pixels(canvas: Locator) -> NDArray[np.uint8]:
    """What is painted on a canvas, (height, width, 4)."""
    width, height, text = canvas.evaluate(
        """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          let text = "";
          for (let i = 0; i < data.length; i += 8192) {
            text += String.fromCharCode(...data.subarray(i, i + 8192));
          }
          return [width, height, text];
        }"""
    )
    return np.frombuffer(text.encode("latin-1"), np.uint8).reshape(height, width, 4)


def shows(canvas: Locator, image: Any) -> bool:
    """Whether a canvas has the pixels of an image, (height, width, 1 or 3) in [0, 1]."""
    wanted = np.rint(np.asarray(image, dtype=np.float64) * 255)
    painted = pixels(canvas)[:, :, :3].astype(float)
    return painted.shape[:2] == wanted.shape[:2] and bool(abs(painted - wanted).max() <= 1)


def differs(canvas: Locator, before: NDArray[np.uint8]) -> bool:
    """Whether something else is painted on a canvas than before."""
    return not np.array_equal(pixels(canvas), before)


class Camera:
    """Where a map that shows all its points puts them, in CSS pixels from its upper left."""

    def __init__(self, xy: NDArray[np.float32], width: float, height: float) -> None:
        low, high = xy.min(axis=0).astype(float), xy.max(axis=0).astype(float)
        self.middle = (low + high) / 2
        self.half = np.array([width, height]) / 2
        self.scale = float((2 * (self.half - MAP_PADDING) / (high - low)).min())

    def halfway(self, other: Camera) -> Camera:
        """The camera in the middle of its way to another."""
        between = Camera.__new__(Camera)
        between.half, between.middle = self.half, (self.middle + other.middle) / 2
        between.scale = float(np.sqrt(self.scale * other.scale))
        return between

    def place(self, xy: NDArray[np.float32]) -> NDArray[np.float64]:
        """Places of points, (n, 2)."""
        return self.half + (xy - self.middle) * [self.scale, -self.scale]


def gallery_rows(view: Locator) -> list[int]:
    """Rows of the images shown beside a map, as soon as there are some."""
    items = view.locator(".vw-gallery-item")
    items.first.wait_for()
    rows = items.evaluate_all("items => items.map((item) => Number(item.dataset.row))")
    return list(rows)


def drag_lasso(view: Locator, left: float, top: float, right: float, bottom: float) -> None:
    """Draw around a part of a view's map, given in shares of its width and height."""
    box = box_of(view.locator(".vw-map"))
    mouse = view.page.mouse
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 0.02)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=4)
    mouse.up()


def check_lasso(view: Locator, xy: Any, rows: list[int], *part: float) -> None:
    """Assert that `rows` are those inside such a lasso, of points at `xy`.

    Half a pixel about its edge is left to the rounding of the mouse's way.
    """
    box = box_of(view.locator(".vw-map"))
    size = np.array([box["width"], box["height"]])
    xy = np.asarray(xy, np.float32)
    places = Camera(xy, *size).place(xy)
    depth = np.minimum(places - size * part[:2], size * part[2:] - places).min(axis=1)
    inside = np.zeros(len(xy), dtype=bool)
    inside[rows] = True
    assert inside[depth > 0.5].all(), "points inside the lasso are not selected"
    assert not inside[depth < -0.5].any(), "points outside of the lasso are selected"
    assert 0.05 < inside.mean() < 0.95


def put_slider(slider: Locator, share: float) -> None:
    """Press and drag a slider to a share of its length."""
    box = box_of(slider)
    y = box["y"] + box["height"] / 2
    mouse = slider.page.mouse
    mouse.move(box["x"] + box["width"] / 2, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * share, y, steps=5)
    mouse.up()


def hold_clock(page: Page) -> None:
    """Stop the clock that animations go by; `turn_clock` moves it on, `free_clock` lets it go."""
    page.evaluate(
        "() => { window.held = performance.now(); performance.now = () => window.held; }"
    )


def turn_clock(page: Page, milliseconds: float) -> None:
    """Move a held clock on and wait until the page has painted twice."""
    page.evaluate(
        """milliseconds => {
          window.held += milliseconds;
          return new Promise((done) =>
            requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
        }""",
        milliseconds,
    )


def free_clock(page: Page) -> None:
    """Let the clock go on by itself."""
    page.evaluate("() => { delete performance.now; }")


def painted_at(view: Locator, places: NDArray[np.float64]) -> float:
    """Share of places on a view's map that have ink."""
    alpha = pixels(view.locator(".vw-map-canvas").first)[:, :, 3]
    x, y = np.floor(places.T).astype(int)
    return float((alpha[y, x] > 0).mean())


def overflow(page: Page) -> dict[str, list[int]]:
    """Widgets of the page that are wider than their place: scrolled and seen width of each."""
    found = page.evaluate(
        """() => [...document.querySelectorAll(".vw-root")]
          .filter((root) => root.scrollWidth > root.clientWidth)
          .map((root) => [root.ariaLabel, [root.scrollWidth, root.clientWidth]])"""
    )
    return dict(found)
