"""An annotator whose kernel the test plays, and what a person does with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.browser._fake_kernel import FakeAnnotator, FakeLog
from tests.browser._page import WidgetPage

N = 200
RNG = np.random.default_rng(0)
CODES = RNG.uniform(-1, 1, (N, 2)).astype(np.float32)
IMAGES = RNG.integers(0, 255, (N, 6, 6, 1), dtype=np.uint8)


def make_annotator(
    classes: Any = ("cat", "dog"), log: FakeLog | None = None, **options: Any
) -> FakeAnnotator:
    """Make one of `N` images; `multi`, `codes` and the rest as in `_fake_kernel.py`."""
    multi = options.pop("multi", False)
    codes = options.pop("codes", None)
    kept = log or FakeLog(N, list(classes), multi=multi, codes=codes)
    return FakeAnnotator(CODES, IMAGES, kept, **options)


def corners(view: WidgetPage, *places: tuple[float, float]) -> list[tuple[float, float]]:
    """Places on the map, given in shares of its size, in the window."""
    box = view.locator(".vw-map").first.bounding_box()
    assert box is not None
    return [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in places]


def drag(view: WidgetPage, *places: tuple[float, float], keys: Any = ()) -> None:
    """Press, go through these places of the map, release."""
    mouse, keyboard = view.page.mouse, view.page.keyboard
    first, *rest = corners(view, *places)
    for key in keys:
        keyboard.down(key)
    mouse.move(*first)
    mouse.down()
    for place in rest:
        mouse.move(*place, steps=5)
    mouse.up()
    for key in keys:
        keyboard.up(key)
    view.settle()


def lasso(
    view: WidgetPage,
    left: float = 0.2,
    top: float = 0.2,
    right: float = 0.8,
    bottom: float = 0.6,
) -> None:
    """Draw around a part of the map, in shares of its size."""
    edge = [(left, top), (right, top), (right, bottom), (left, bottom), (left, bottom - 0.1)]
    drag(view, *edge)


def words(view: WidgetPage, selector: str) -> str:
    """Text of the first such element."""
    return view.locator(selector).first.inner_text()


def choose(view: WidgetPage, value: str) -> None:
    """Show only a part of the images."""
    view.locator(".vw-filter select").select_option(value)
    view.settle()


def labelled(widget: FakeAnnotator) -> list[int]:
    """Rows that have a label."""
    return [row for row, label in enumerate(widget.labels) if label is not None]


def half_labelled() -> NDArray[np.uint16]:
    """Codes of which every second row has the first class."""
    return np.where(np.arange(N) % 2 == 0, 1, 0).astype(np.uint16)


def suggest_for_odd(widget: FakeAnnotator) -> None:
    """Suggest the second class for all odd rows, ever more certain."""
    codes = np.where(np.arange(N) % 2 == 1, 2, 0)
    widget.suggest(codes, np.arange(N) * 255 // N)
