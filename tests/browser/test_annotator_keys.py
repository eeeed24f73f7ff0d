"""The keys of the annotator's page: what they do, and that they stay in it."""

import pytest

from tests.browser._annotating import half_labelled, lasso, words


def focused(view, selector):
    return view.page.evaluate(f"document.activeElement.matches('{selector}')")


def test_escape_ends_the_smallest_thing_first_and_never_leaves_the_widget(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    press = view.page.keyboard.press
    lasso(view)
    view.locator(".vw-class").first.click(button="right")
    view.locator(".vw-selected .vw-head button").click()
    view.page.keyboard.type("half a note")
    view.locator(".vw-map").focus()
    press("?")
    for selector in (".vw-keys", ".vw-note", ".vw-class-menu"):
        assert view.locator(selector).is_visible()
        press("Escape")
        assert not view.locator(selector).is_visible()
        assert len(widget.selection) > 0
    view.locator(".vw-filter, .vw-class").first.focus()
    press("Escape")
    view.wait_until(lambda: len(widget.selection) == 0)
    for _ in range(3):
        press("Escape")
        assert focused(view, ".vw-map")
    press("n")
    press("Escape")  # out of the box
    assert focused(view, ".vw-map")


def test_0_takes_labels_off_and_home_shows_the_whole_map(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    view = widget_page(widget, width=1000)
    view.locator(".vw-map").focus()
    picture = "() => document.querySelector('.vw-map-canvas').toDataURL()"
    before = view.page.evaluate(picture)
    for key in ("+", "+", "0"):
        view.page.keyboard.press(key)
    assert "Draw around" in words(view, ".vw-action")
    view.settle()
    assert view.page.evaluate(picture) != before
    view.page.keyboard.press("Home")
    view.wait_until(lambda: view.page.evaluate(picture) == before, "the map is not as it was")
    view.page.keyboard.press("?")
    keys = view.locator(".vw-keys-key").all_inner_texts()
    assert len([key for key in keys if "0" in key.split(", ")]) == 1
    for place in (".vw-map", ".vw-toolbar"):
        assert "0" not in (view.locator(place).get_attribute("aria-label") or "").split()[5:]
    assert view.locator("button[title*='(0']").count() == 0


LAB_OUTPUT = ".jp-OutputArea-output dl, .jp-OutputArea-output dt, .jp-OutputArea-output dd"


@pytest.mark.parametrize("width", [1000, 420])
def test_the_keys_are_one_line_each_in_their_two_columns_in_jupyters_output(
    annotate, widget_page, width
):
    widget = annotate()
    view = widget_page(widget, width=width)
    view.page.add_style_tag(content=f"{LAB_OUTPUT} {{ display: block; float: left; width: 20%; }}")
    view.page.evaluate(
        "() => document.querySelector('main').classList.add('jp-OutputArea-output')"
    )
    view.locator(".vw-map").focus()
    view.page.keyboard.press("?")
    boxes = view.page.evaluate(
        """() => [...document.querySelector(".vw-keys-list").children].map((one) => {
          const { left, top } = one.getBoundingClientRect();
          return [Math.round(left), Math.round(top)];
        })"""
    )
    keys, meanings = boxes[::2], boxes[1::2]
    assert len(keys) > 10
    assert len({left for left, _ in keys}) == 1
    assert len({left for left, _ in meanings}) == 1
    for key, meaning in zip(keys, meanings, strict=True):
        assert key[0] < meaning[0]
        assert key[1] == meaning[1]
    panel = view.locator(".vw-keys").bounding_box()
    assert panel["width"] <= min(440, width - 16)
