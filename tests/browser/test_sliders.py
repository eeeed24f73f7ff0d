"""The interpolator and the tweaker in a real page: keys, mouse, width, themes, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from tests.browser._hands import differs, overflow, pixels, put_slider, shows
from vaewidgets.images import Images
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.tweaker import LatentTweaker

N = 40
EVIL = "<img src=x onerror=window.__pwned=1>"
IMAGES = Images(np.random.default_rng(0).integers(0, 256, (N, 6, 5, 1), dtype=np.uint8))
TWEAKED = ".vw-current canvas"


class Model:
    """A PCA of the images whose decoder can break."""

    def __init__(self) -> None:
        self.pca = PCA(3).fit(IMAGES.as_float().reshape(N, -1))
        self.broken: list[str] = []  # one list for all copies: a widget keeps a snapshot

    def transform(self, images):
        return self.pca.transform(np.asarray(images).reshape(len(images), -1)).astype(np.float32)

    def inverse_transform(self, codes):
        if self.broken:
            raise ValueError(self.broken[0])
        flat = self.pca.inverse_transform(codes)
        return np.clip(flat, 0, 1).reshape(-1, 6, 5, 1).astype(np.float32)


@pytest.fixture
def made():
    widgets = []
    yield lambda widget: widgets.append(widget) or widget
    for widget in widgets:
        widget.close()


def with_collection(kind, model, **options):
    data = pd.DataFrame({EVIL: [EVIL, "plain"] * (N // 2)}, index=[EVIL] * N)
    return kind(model, images=IMAGES, data=data, color=EVIL, **options)


def test_keys_and_mouse_move_along_the_path(made, widget_page):
    widget = made(Interpolator(Model(), IMAGES[0], IMAGES[1], n_steps=9))
    view = widget_page(widget)
    frames = widget.frames
    middle, slider = view.locator(TWEAKED), view.locator(".vw-range")
    view.wait_until(lambda: shows(middle, frames[4]))
    slider.focus()
    view.page.keyboard.press("ArrowRight")
    view.wait_until(lambda: shows(middle, frames[5]))
    view.page.keyboard.press("Shift+ArrowLeft")
    view.wait_until(lambda: shows(middle, frames[1]))
    view.wait_until(lambda: widget.t == 1 / 8)
    put_slider(slider, 1.0)
    view.wait_until(lambda: shows(middle, frames[8]) and widget.t == 1)
    view.locator(".vw-tile").first.click()
    view.wait_until(lambda: shows(middle, frames[0]) and widget.t == 0)


def test_playing_moves_the_picture_until_it_is_paused(made, widget_page):
    widget = made(Interpolator(Model(), IMAGES[0], IMAGES[1], n_steps=9))
    view = widget_page(widget)
    middle = view.locator(TWEAKED)
    view.wait_until(lambda: shows(middle, widget.frames[4]))
    view.page.get_by_role("button", name="Play").click()
    before = pixels(middle)
    view.wait_until(lambda: differs(middle, before))
    view.page.get_by_role("button", name="Pause").click()
    # The kernel is told of the place a moment later: the page saves at most four times a second.
    view.wait_until(lambda: shows(middle, widget.frames[round(widget.t * 8)]))
    assert view.page.get_by_role("button", name="Play").is_visible()


def test_ends_of_the_path_are_swapped_and_taken_from_the_collection(made, widget_page):
    widget = made(with_collection(Interpolator, Model(), n_steps=9))
    view = widget_page(widget)
    middle, frames = view.locator(TWEAKED), widget.frames
    view.page.get_by_role("button", name="Swap").click()
    view.locator(".vw-tile").first.click()
    view.wait_until(lambda: shows(middle, frames[8]))
    view.page.get_by_label("Row of B").fill("7")
    view.page.get_by_label("Row of B").press("Enter")
    view.wait_until(lambda: np.array_equal(widget.end, IMAGES.as_float([7])[0]))
    view.locator(".vw-tile").last.click()
    view.wait_until(lambda: shows(middle, widget.frames[8]))


def test_a_slider_changes_one_number_of_the_code_and_the_picture(made, widget_page):
    widget = made(LatentTweaker(Model(), IMAGES[0]))
    view = widget_page(widget)
    result, slider = view.locator(TWEAKED), view.locator(".vw-dim-slider").nth(1)
    view.wait_until(lambda: shows(result, widget.reconstruction))
    before, code = pixels(result), widget.code
    put_slider(slider, 0.9)
    view.wait_until(lambda: np.float32(slider.input_value()) in widget.code)
    assert np.count_nonzero(widget.code != code) == 1
    view.wait_until(lambda: shows(result, widget.result))
    assert differs(result, before)
    slider.focus()
    view.page.keyboard.press("ArrowLeft")
    view.wait_until(lambda: np.float32(slider.input_value()) in widget.code)
    view.page.get_by_role("button", name="Reset", exact=True).click()
    view.wait_until(lambda: widget.code.tolist() == code.tolist())
    view.wait_until(lambda: not differs(result, before))


@pytest.mark.parametrize("kind", [Interpolator, LatentTweaker])
def test_they_fit_420_pixels_and_a_dark_theme(made, widget_page, kind):
    view = widget_page(made(with_collection(kind, Model())), width=420, theme="dark")
    view.wait_until(lambda: pixels(view.locator(TWEAKED)).shape == (6, 5, 4))
    view.settle()
    assert overflow(view.page) == {}
    assert view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    look = "root => [getComputedStyle(root).backgroundColor, getComputedStyle(root).color]"
    ground, text = [sum(channels(color)) for color in view.root.evaluate(look)]
    assert text - ground > 300


def channels(color):
    return [float(part) for part in color[color.index("(") + 1 : -1].split(",")][:3]


@pytest.mark.parametrize("kind", [Interpolator, LatentTweaker])
def test_a_decoder_that_breaks_is_told_in_the_widget_which_goes_on(made, widget_page, kind):
    model = Model()
    widget = made(with_collection(kind, model))
    view = widget_page(widget)
    view.wait_until(lambda: pixels(view.locator(TWEAKED)).shape == (6, 5, 4))
    view.settle()
    model.broken.append(f"no more memory {EVIL}")
    change(view, kind, 5)
    view.locator(".vw-error", has_text=f"no more memory {EVIL}").wait_for()
    view.page.get_by_title("Hide this message").click()
    model.broken.clear()
    before = pixels(view.locator(TWEAKED))
    change(view, kind, 6)
    view.wait_until(lambda: differs(view.locator(TWEAKED), before))
    assert view.page.evaluate("window.__pwned") is None


def change(view, kind, row):
    """Make the page ask for other pictures."""
    if kind is Interpolator:
        view.page.get_by_label("Row of B").fill(str(row))
        view.page.get_by_label("Row of B").press("Enter")
    else:
        view.locator(".vw-dim-slider").first.press("ArrowRight")


@pytest.mark.parametrize("kind", [Interpolator, LatentTweaker])
def test_hostile_names_stay_text(made, widget_page, kind):
    widget = made(with_collection(kind, Model()))
    view = widget_page(widget)
    box = view.locator(".vw-map").bounding_box()
    card = view.locator(".vw-card")
    for x, y in np.random.default_rng(1).uniform(0.1, 0.9, (200, 2)):
        view.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        view.settle()
        if card.is_visible() and EVIL in card.inner_text():
            break
    assert EVIL in card.inner_text()
    assert view.locator(".vw-root img, .vw-root script").count() == 0
    assert view.page.evaluate("window.__pwned") is None
