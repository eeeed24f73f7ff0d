"""The map in a real browser: lasso, hover, keys, wheel, colours, contexts."""

from __future__ import annotations

import math
import threading

import numpy as np
import pandas as pd
import pytest

from tests.browser._page import PATIENCE
from vaewidgets.images import Images
from vaewidgets.widgets.scatter import LatentScatter

rng = np.random.default_rng(0)
EVIL = '<img src=x onerror="window.__pwned=1">'


def cross(n=9):
    """Points on a cross: the middle one is row 0."""
    arms = np.linspace(-1, 1, n)
    arms = arms[arms != 0]
    xy = [(0, 0), *[(a, 0) for a in arms], *[(0, a) for a in arms]]
    return np.array(xy, np.float32)


def a_scatter(**options):
    xy = cross()
    pixels = rng.integers(0, 256, (len(xy), 8, 6, 3), dtype=np.uint8)
    return LatentScatter(xy, Images(pixels), **options)


def place_of(view, widget, row):
    """Where a row is drawn after `fit`, in page coordinates."""
    box = view.locator(".vw-map").bounding_box()
    x, y = np.frombuffer(widget._xy, "<f4").reshape(-1, 2)[row].tolist()
    scale = min(box["width"], box["height"]) / 2 - 28
    return box["x"] + box["width"] / 2 + x * scale, box["y"] + box["height"] / 2 - y * scale


def lasso(view, x, y, radius, *, keys=(), release=True):
    mouse, keyboard = view.page.mouse, view.page.keyboard
    for key in keys:
        keyboard.down(key)
    mouse.move(x + radius, y)
    mouse.down()
    for step in range(1, 24):
        angle = 2 * math.pi * step / 24
        mouse.move(x + radius * math.cos(angle), y + radius * math.sin(angle))
    if release:
        mouse.up()
        view.settle()
    for key in keys:
        keyboard.up(key)


def ink(view, layer=0):
    """How many pixels of the map are painted."""
    return view.page.evaluate(
        """(layer) => {
          const canvas = document.querySelectorAll(".vw-map-canvas")[layer];
          const { width, height } = canvas;
          const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          let painted = 0;
          for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
          return painted;
        }""",
        layer,
    )


def test_a_lasso_selects_in_python_what_it_goes_around(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    lasso(view, *place_of(view, widget, 0), 10)
    view.wait_until(lambda: widget.selection.tolist() == [0])
    x, y = place_of(view, widget, 1)
    lasso(view, x, y, 10, keys=["Shift"])
    view.wait_until(lambda: widget.selection.tolist() == [0, 1])
    lasso(view, *place_of(view, widget, 0), 10, keys=["Alt"])
    view.wait_until(lambda: widget.selection.tolist() == [1])
    view.locator(".vw-status", has_text="1 selected").wait_for()


def test_a_lasso_may_run_out_of_the_map_and_back(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    box = view.locator(".vw-map").bounding_box()
    middle = box["y"] + box["height"] / 2
    mouse = view.page.mouse
    mouse.move(box["x"] + 30, middle + 20)
    mouse.down()
    mouse.move(box["x"] + 30, box["y"] - 40)
    mouse.move(box["x"] + box["width"] - 30, box["y"] - 40)
    mouse.move(box["x"] + box["width"] - 30, middle + 20)
    mouse.up()
    xy = np.frombuffer(widget._xy, "<f4").reshape(-1, 2)
    expected = np.flatnonzero(xy[:, 1] >= 0).tolist()
    view.wait_until(lambda: widget.selection.tolist() == expected)


def test_a_click_selects_a_point_and_shift_toggles_it(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    x, y = place_of(view, widget, 0)
    view.page.mouse.click(x, y)
    view.wait_until(lambda: widget.selection.tolist() == [0])
    view.page.keyboard.down("Shift")
    view.page.mouse.click(*place_of(view, widget, 3))
    view.wait_until(lambda: widget.selection.tolist() == [0, 3])
    view.page.mouse.click(x, y)
    view.page.keyboard.up("Shift")
    view.wait_until(lambda: widget.selection.tolist() == [3])


def test_escape_ends_the_lasso_then_the_selection_and_stays(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    widget.selection = [2]
    view.settle()
    x, y = place_of(view, widget, 0)
    lasso(view, x, y, 30, release=False)
    view.wait_until(lambda: ink(view, 1) > 100)
    view.page.keyboard.press("Escape")
    view.settle()
    assert ink(view, 1) == 0
    view.page.mouse.up()
    view.settle()
    assert widget.selection.tolist() == [2]
    view.page.keyboard.press("Escape")
    view.wait_until(lambda: widget.selection.tolist() == [])
    on_map = "document.activeElement.matches('.vw-map')"
    assert view.page.evaluate(on_map)
    view.page.keyboard.press("Escape")
    assert view.page.evaluate(on_map)


def test_escape_deselects_from_every_control_and_the_focus_stays_in_the_widget(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    inside = "document.activeElement.closest('.vw-root') !== null"
    controls = view.locator(".vw-root :is(button, select):visible")
    widget.selection = [2, 3]
    view.settle()
    count = controls.count()
    assert count > 8
    for k in range(count):
        widget.selection = [2, 3]
        view.settle()
        controls.nth(k).focus()
        view.page.keyboard.press("Escape")
        view.wait_until(lambda: widget.selection.tolist() == [])
        view.settle()
        assert view.page.evaluate(inside), k
        view.page.keyboard.press("Escape")
        assert view.page.evaluate("document.activeElement.matches('.vw-map')"), k


def test_tab_leaves_the_widget_both_ways(widget_page):
    widget = a_scatter(color=["a"] + ["b"] * 16)
    view = widget_page(widget)
    widget.selection = [2, 3]
    view.settle()
    inside = "document.activeElement.closest('.vw-root') !== null"
    for key in ("Tab", "Shift+Tab"):
        view.locator(".vw-map").focus()
        for _ in range(30):
            view.page.keyboard.press(key)
            if not view.page.evaluate(inside):
                break
        assert not view.page.evaluate(inside), key


def test_keys_act_on_the_map_and_never_reach_the_notebook(widget_page):
    view = widget_page(a_scatter())
    view.page.evaluate("addEventListener('keydown', () => { window.leaked = true })")
    view.locator(".vw-map").focus()
    before = ink(view)
    for key in ("l", "+", "+", "ArrowLeft"):
        view.page.keyboard.press(key)
    view.settle()
    assert view.locator(".vw-map").get_attribute("data-tool") == "pan"
    move = view.page.get_by_role("button", name="Move", exact=True)
    assert move.get_attribute("aria-pressed") == "true"
    assert ink(view) != before
    for key in ("Home", "0"):
        view.page.keyboard.press(key)
        view.wait_until(lambda: ink(view) == before, f"{key} does not show all")
        view.page.keyboard.press("+")
        view.wait_until(lambda: ink(view) != before, "+ does not zoom")
    assert view.page.evaluate("window.leaked") is None


def test_the_wheel_scrolls_the_page_until_the_map_is_chosen(widget_page):
    widget = a_scatter()
    view = widget_page(widget, height=400, held=True)
    x, y = place_of(view, widget, 0)
    view.page.mouse.move(x, y)
    before, hint = ink(view), view.locator(".vw-map-hint")
    view.page.mouse.wheel(0, 60)
    view.page.wait_for_function("scrollY > 0")
    assert hint.is_visible()
    view.settle()
    assert ink(view) == before
    view.turn(2000)
    assert not hint.is_visible()
    view.page.evaluate("scrollTo(0, 0)")
    view.locator(".vw-map").focus()
    view.page.evaluate("scrollTo(0, 0)")
    view.page.mouse.wheel(0, 200)

    def is_zoomed():
        view.settle()
        return ink(view) != before

    view.wait_until(is_zoomed, "the wheel does not zoom")
    assert view.page.evaluate("scrollY") == 0


def test_hovering_shows_the_image_the_class_and_the_index_inside_the_widget(widget_page):
    frame = pd.DataFrame({"kind": [EVIL] * 17}, index=[f"photo {i}" for i in range(17)])
    widget = a_scatter(data=frame, color="kind")
    view = widget_page(widget, width=420)
    card = view.locator(".vw-card")
    for row in range(17):
        view.page.mouse.move(*place_of(view, widget, row))
        card.get_by_text(f"index photo {row}").wait_for()
        assert f"Image {row}" in card.inner_text()
        inner, outer = card.bounding_box(), view.locator(".vw-map").bounding_box()
        assert inner["x"] >= outer["x"]
        assert inner["y"] >= outer["y"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]
        canvas = card.locator("canvas").bounding_box()
        assert canvas["height"] / canvas["width"] == pytest.approx(8 / 6, rel=0.05)
    assert EVIL in card.inner_text()
    assert view.page.evaluate("window.__pwned") is None
    view.page.mouse.move(0, 0)
    card.wait_for(state="hidden")


def test_hidden_classes_are_neither_drawn_nor_lassoed_nor_hovered(widget_page):
    widget = a_scatter(color=["a"] + ["b"] * 16)
    view = widget_page(widget)
    before = ink(view)
    view.locator(".vw-legend-entry", has_text="a").click()
    view.settle()
    assert ink(view) < before
    x, y = place_of(view, widget, 0)
    view.page.mouse.move(x, y)
    view.settle()
    assert view.locator(".vw-card").is_hidden()
    lasso(view, x, y, 150)
    view.wait_until(lambda: len(widget.selection) > 0)
    assert 0 not in widget.selection
    view.locator(".vw-legend-entry", has_text="a").dblclick()
    lasso(view, x, y, 150)
    view.wait_until(lambda: widget.selection.tolist() == [0])


def test_the_gallery_shows_the_selection_and_finds_it_on_the_map(widget_page):
    widget = a_scatter()
    view = widget_page(widget, held=True)
    assert "Drag around points" in view.locator(".vw-gallery").inner_text()
    widget.selection = [0, 5]
    view.settle()
    items = view.locator(".vw-gallery-item")
    assert items.count() == 2
    items.nth(0).focus()
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.turn(200)
    assert ink(view, 1) > 20
    view.turn(1200)
    assert ink(view, 1) == 0
    view.locator(".vw-gallery").get_by_text("Deselect").click()
    view.wait_until(lambda: widget.selection.tolist() == [])


def test_images_take_the_place_of_points(widget_page):
    widget = a_scatter()
    view = widget_page(widget)
    before = ink(view)
    view.page.get_by_role("button", name="Images").click()
    view.wait_until(lambda: ink(view) > 4 * before)


def test_images_that_come_late_take_the_place_of_points_too(widget_page):
    widget = a_scatter()
    answers = {"sheet": widget._on_sheet, "images": widget._on_images}
    asked = []
    for name in answers:
        setattr(widget, f"_on_{name}", lambda content, _buffers: asked.append(content))
    view = widget_page(widget, settle=False)
    view.wait_until(lambda: len(asked) == 1)  # for all of them
    view.page.get_by_role("button", name="Images").click()
    view.wait_until(lambda: len(asked) == 2)  # for those that are missed on the map
    before = ink(view)
    for content in asked:
        widget._reply(content, answers[content["op"]](content, []))
    view.wait_until(lambda: ink(view) > 4 * before > 0)


def test_another_projection_moves_the_points_and_keeps_the_selection(widget_page):
    widget = LatentScatter(rng.normal(size=(60, 4)))
    seen, show = threading.Event(), widget._show
    widget._show = lambda key: seen.wait(PATIENCE) and show(key)
    view = widget_page(widget)
    widget.selection = [1]
    before = widget._xy
    view.page.get_by_label("Map", exact=True).select_option("tsne")
    view.page.get_by_role("button", name="Cancel").wait_for()
    seen.set()  # it may not be there before its button was
    view.wait_until(lambda: widget._projection["method"] == "tsne")
    view.page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    assert "mean little" in view.locator(".vw-map-note").inner_text()
    view.page.get_by_label("Map", exact=True).select_option("dims")
    view.wait_until(lambda: widget._projection["method"] == "dims")
    view.page.get_by_label("Across").select_option("3")
    view.wait_until(lambda: widget._projection["dims"] == [3, 1])
    view.page.get_by_label("Map", exact=True).select_option("pca")
    view.wait_until(lambda: widget._xy == before)
    assert widget.selection.tolist() == [1]


def test_a_cancelled_projection_leaves_the_map_and_the_menu_as_they_were(widget_page):
    widget = LatentScatter(rng.normal(size=(20_000, 4)))  # takes far longer than a click
    view = widget_page(widget)
    before = widget._xy
    menu = view.page.get_by_label("Map", exact=True)
    menu.select_option("tsne")
    view.wait_until(lambda: widget._projector._job)
    job = widget._projector._job
    view.page.get_by_role("button", name="Cancel").click()
    view.page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    view.wait_until(lambda: not job.is_running)
    assert menu.input_value() == "pca"
    assert widget._xy == before


def test_all_views_share_one_context_and_the_last_gives_it_back(widget_page):
    widgets = [a_scatter() for _ in range(10)]
    view = widget_page(widgets[0])
    numbers = [view.show(widget) for widget in widgets[1:]]
    view.settle()
    registry = "Symbol.for('vaewidgets.gl.1')"
    assert view.page.evaluate(f"globalThis[{registry}].users.size") == 10
    for number in numbers:
        view.remove(number)
    assert view.page.evaluate(f"globalThis[{registry}].users.size") == 1
    view.remove(0)
    assert view.page.evaluate(f"globalThis[{registry}] === undefined")
    counts = view.counts(widgets[0])
    assert (counts["listeners"], counts["contexts"]) == (0, 0)


def test_a_lost_context_comes_back_with_the_picture(widget_page):
    widget = a_scatter(color=["a"] + ["b"] * 16)
    view = widget_page(widget)
    widget.selection = [0, 1]
    view.settle()
    before = ink(view)
    view.page.evaluate(
        """async () => {
          const { gl, canvas } = globalThis[Symbol.for("vaewidgets.gl.1")];
          const loss = gl.getExtension("WEBGL_lose_context");
          const when = (event) => new Promise((done) => canvas.addEventListener(event, done));
          const lost = when("webglcontextlost");
          const back = when("webglcontextrestored");
          loss.loseContext();
          await lost;
          await new Promise((done) => setTimeout(done, 50));
          loss.restoreContext();
          await back;
        }"""
    )
    view.wait_until(lambda: ink(view) == before)


def test_without_webgl_the_map_is_drawn_all_the_same_and_says_so(widget_page):
    widget = a_scatter(color=["a"] + ["b"] * 16)
    other = a_scatter()
    view = widget_page(other)
    view.remove(0)
    view.page.evaluate(
        """() => {
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind === "webgl2" ? null : get.call(this, kind, ...rest);
          };
        }"""
    )
    view.show(widget)
    assert "without WebGL" in view.locator(".vw-status").inner_text()
    view.wait_until(lambda: ink(view) > 100)
    lasso(view, *place_of(view, widget, 0), 10)
    view.wait_until(lambda: widget.selection.tolist() == [0])
