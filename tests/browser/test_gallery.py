"""Choosing among the selected images, with a real mouse and keyboard, and what it does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser._annotating import half_labelled, labelled, lasso
from tests.browser._hands import box_of, free_clock, hold_clock, overflow
from tests.browser.test_scatter import ink
from vaewidgets.images import Images
from vaewidgets.widgets.scatter import LatentScatter

N = 120
RNG = np.random.default_rng(0)


def a_scatter(rows=40):
    """A map of which some are selected."""
    xy = RNG.uniform(-1, 1, (N, 2)).astype(np.float32)
    widget = LatentScatter(xy, Images(RNG.integers(0, 256, (N, 8, 8, 3), dtype=np.uint8)))
    widget.selection = np.arange(2, 2 + 2 * rows, 2)
    return widget


def images(view):
    """The images of the gallery, once they are there, in their places and in sight."""
    view.settle()
    items = view.locator(".vw-gallery-item")
    view.locator(".vw-gallery-scroll").scroll_into_view_if_needed()
    return items


def drag(view, first, last, *, keys=(), release=True):
    """Drag from inside one image of the gallery to inside another."""
    mouse, keyboard = view.page.mouse, view.page.keyboard
    start, end = (images(view).nth(k).bounding_box() for k in (first, last))
    for key in keys:
        keyboard.down(key)
    mouse.move(start["x"] + 6, start["y"] + 6)
    mouse.down()
    mouse.move(end["x"] + end["width"] - 6, end["y"] + end["height"] - 6, steps=4)
    if release:
        mouse.up()
    for key in keys:
        keyboard.up(key)


def columns(view):
    """How many images are in a row of the gallery."""
    tops = images(view).evaluate_all("items => items.map((item) => item.offsetTop)")
    return tops.count(tops[0])


def block(view, first, last):
    """Places of the images in the rectangle between two."""
    across = columns(view)
    (top, left), (bottom, right) = divmod(first, across), divmod(last, across)
    return [
        row * across + column
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    ]


def point_is_shown(view, act):
    """Whether rings run out from a point when this is done: in a moment that is held."""
    view.wait_until(lambda: ink(view, 1) == 0)
    hold_clock(view.page)
    act()
    view.settle()
    rings = ink(view, 1)
    free_clock(view.page)
    return rings > 20


def bar(view):
    """What the line under the images says; "" where there is none."""
    words = view.locator(".vw-part [role=status]")
    return words.inner_text() if words.is_visible() else ""


@pytest.mark.parametrize(("theme", "width"), [("light", 1000), ("dark", 420)])
def test_a_rectangle_over_images_selects_them_and_the_rest_stays_in_sight(
    widget_page, theme, width
):
    widget = a_scatter()
    view = widget_page(widget, width=width, theme=theme)
    before = widget.selection
    last = columns(view) + 2
    drag(view, 1, last, release=False)
    chosen = block(view, 1, last)
    view.wait_until(lambda: bar(view) == f"{len(chosen)} of 40")
    assert view.locator(".vw-band").is_visible()
    assert widget.selection.tolist() == before.tolist()
    view.screenshot(f"gallery-{theme}-{width}")
    view.page.mouse.up()
    view.wait_until(lambda: widget.selection.tolist() == before[chosen].tolist())
    assert not view.locator(".vw-band").is_visible()
    assert images(view).count() == 40
    view.locator(".vw-status", has_text=f"{len(chosen)} selected").wait_for()
    seen = images(view).evaluate_all(
        """items => items.map((item) => [
          item.ariaSelected === "true", Number(getComputedStyle(item.firstChild).opacity)])"""
    )
    assert [k for k, (isin, _) in enumerate(seen) if isin] == chosen
    assert all((opacity < 0.5) != isin for isin, opacity in seen)
    assert overflow(view.page) == {}


def test_shift_adds_to_the_rectangle_alt_takes_from_it_and_the_bar_turns_it_round(widget_page):
    widget = a_scatter()
    view = widget_page(widget, width=1000)
    before = widget.selection
    drag(view, 0, 1)
    view.wait_until(lambda: widget.selection.tolist() == before[:2].tolist())
    drag(view, 3, 4, keys=["Shift"])
    view.wait_until(lambda: widget.selection.tolist() == before[[0, 1, 3, 4]].tolist())
    drag(view, 1, 3, keys=["Alt"])
    view.wait_until(lambda: widget.selection.tolist() == before[[0, 4]].tolist())
    view.page.get_by_role("button", name="Invert").click()
    view.wait_until(lambda: widget.selection.tolist() == before[[1, 2, 3, *range(5, 40)]].tolist())
    view.page.get_by_role("button", name="All", exact=True).click()
    view.wait_until(lambda: widget.selection.tolist() == before.tolist() and bar(view) == "")


def test_images_are_clicked_like_files_and_a_plain_click_still_shows_the_point(widget_page):
    widget = a_scatter()
    view = widget_page(widget, width=1000)
    before = widget.selection
    items = images(view)
    assert point_is_shown(view, items.nth(2).click)
    assert widget.selection.tolist() == before.tolist()
    items.nth(7).click(modifiers=["Shift"])
    view.wait_until(lambda: widget.selection.tolist() == before[2:8].tolist())
    items.nth(4).click(modifiers=["ControlOrMeta"])
    items.nth(11).click(modifiers=["ControlOrMeta"])
    view.wait_until(lambda: widget.selection.tolist() == before[[2, 3, 5, 6, 7, 11]].tolist())
    assert point_is_shown(view, items.nth(9).click)
    assert len(widget.selection) == 6
    assert not point_is_shown(view, lambda: drag(view, 0, 0))  # the click that ends it is none
    view.wait_until(lambda: widget.selection.tolist() == before[:1].tolist())


def test_the_keyboard_chooses_and_never_reaches_the_notebook(widget_page):
    widget = a_scatter()
    view = widget_page(widget, width=1000)
    before = widget.selection
    view.page.evaluate("addEventListener('keydown', () => { window.leaked = true })")
    across = columns(view)
    press = view.page.keyboard.press
    images(view).first.focus()
    press("ArrowRight")
    press("Shift+ArrowRight")
    press("Shift+ArrowDown")
    view.wait_until(lambda: widget.selection.tolist() == before[1 : 3 + across].tolist())
    press("Shift+ArrowUp")
    view.wait_until(lambda: widget.selection.tolist() == before[1:3].tolist())
    press("Space")
    view.wait_until(lambda: widget.selection.tolist() == before[1:2].tolist())
    assert point_is_shown(view, lambda: press("Enter"))
    press("ControlOrMeta+a")
    view.wait_until(lambda: widget.selection.tolist() == before.tolist())
    assert view.page.evaluate("getSelection().toString()") == ""
    assert view.page.evaluate("window.leaked") is None


def test_escape_ends_the_rectangle_then_what_was_chosen_then_the_selection(widget_page):
    widget = a_scatter()
    view = widget_page(widget, width=1000)
    before = widget.selection
    press = view.page.keyboard.press
    drag(view, 0, 1)
    view.wait_until(lambda: widget.selection.tolist() == before[:2].tolist())
    drag(view, 2, 4, release=False)
    view.wait_until(lambda: bar(view) == "3 of 40")
    press("Escape")
    view.wait_until(lambda: bar(view) == "2 of 40")
    view.page.mouse.up()
    view.settle()
    assert widget.selection.tolist() == before[:2].tolist()
    view.locator(".vw-map").focus()
    press("Escape")
    view.wait_until(lambda: widget.selection.tolist() == before.tolist())
    press("Escape")
    view.wait_until(lambda: widget.selection.tolist() == [])


def test_a_rectangle_goes_on_where_the_images_are_scrolled(widget_page):
    widget = a_scatter(rows=59)
    view = widget_page(widget, width=420)
    before = widget.selection
    images(view)
    drag(view, 0, 0, release=False)
    scroll = view.locator(".vw-gallery-scroll")
    box = box_of(scroll)
    view.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] + 24)
    left = "one => one.scrollHeight - one.clientHeight - one.scrollTop"
    assert scroll.evaluate("one => one.scrollHeight > one.clientHeight + 20")
    view.wait_until(lambda: scroll.evaluate(left) < 1)
    view.wait_until(lambda: bar(view) == "" or bar(view).startswith("59"))
    view.page.mouse.up()
    view.settle()
    assert widget.selection.tolist() == before.tolist()
    assert scroll.evaluate(left) < 1, "the rectangle made the list longer"


def test_a_finger_scrolls_the_images_and_selects_nothing(widget_page):
    widget = a_scatter(rows=59)
    view = widget_page(widget, width=420)
    before = widget.selection.tolist()
    images(view)
    scroll = view.locator(".vw-gallery-scroll")
    box = box_of(scroll)
    session = view.page.context.new_cdp_session(view.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 30
    for k in range(10):
        touch = {"type": "touchMove" if k else "touchStart", "touchPoints": [{"x": x, "y": y}]}
        session.send("Input.dispatchTouchEvent", touch)
        y -= 10
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    view.wait_until(lambda: scroll.evaluate("one => one.scrollTop") > 40)
    view.settle()
    assert widget.selection.tolist() == before
    assert bar(view) == ""


def test_a_key_labels_the_images_chosen_and_the_others_are_left_to_go_on_with(
    annotate, widget_page
):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    rows = widget.selection
    drag(view, 0, 2)
    view.wait_until(lambda: widget.selection.tolist() == rows[:3].tolist())
    view.page.keyboard.press("1")
    view.wait_until(lambda: labelled(widget) == rows[:3].tolist())
    view.wait_until(lambda: bar(view) == f"{len(rows) - 3} left")
    view.settle()
    assert len(widget.selection) == 0
    view.page.keyboard.press("1")  # nothing is selected: nothing happens to those left
    view.settle()
    assert labelled(widget) == rows[:3].tolist()
    view.page.get_by_role("button", name="All", exact=True).click()
    view.page.keyboard.press("2")
    view.wait_until(lambda: labelled(widget) == rows.tolist())
    labels = np.asarray(widget.labels, dtype=object)
    assert set(labels[rows[:3]]) == {"cat"}
    assert set(labels[rows[3:]]) == {"dog"}
    view.wait_until(lambda: view.locator(".vw-gallery").is_hidden())
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: widget.selection.tolist() == rows[3:].tolist())
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: widget.selection.tolist() == rows[:3].tolist())
    view.wait_until(lambda: bar(view) == f"3 of {len(rows)}")


def test_escape_in_the_annotators_images_takes_back_what_was_chosen_there_first(
    annotate, widget_page
):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    rows = widget.selection
    view.page.keyboard.press("g")
    view.page.keyboard.press("Shift+ArrowRight")
    view.wait_until(lambda: widget.selection.tolist() == rows[:2].tolist())
    view.page.keyboard.press("Escape")
    view.wait_until(lambda: widget.selection.tolist() == rows.tolist())
    view.page.keyboard.press("Escape")
    view.wait_until(lambda: widget.selection.tolist() == [])


def test_an_order_that_was_asked_for_stays_while_images_are_labelled(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    widget.to_ask = [7, 199, 3, 51]
    view = widget_page(widget, width=1000)
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-questions button").first.click()
    view.wait_until(lambda: widget.selection.tolist() == [3, 7, 51, 199])
    images(view).nth(1).click(modifiers=["Shift"])
    view.wait_until(lambda: widget.selection.tolist() == [199])
    view.page.keyboard.press("1")
    view.wait_until(lambda: widget.labels[199] == "cat")
    view.wait_until(lambda: bar(view) == "3 left")
    order = images(view).evaluate_all("items => items.map((item) => item.dataset.row)")
    assert order == ["7", "3", "51"]
