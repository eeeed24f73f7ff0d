"""Suggestions in the annotator's page, against a kernel that the test plays."""

import pytest

from tests.browser._annotating import N, half_labelled, labelled, lasso, suggest_for_odd, words


def open_suggestions(annotate, widget_page, width=1000, **options):
    """Show an annotator with the panel open and proposals for the odd rows."""
    widget = annotate(codes=half_labelled(), **options)
    view = widget_page(widget, width=width)
    suggest_for_odd(widget)
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-suggestions", has_text="10 of 100 proposals").wait_for()
    return widget, view


def buttons(view):
    """What the buttons under the slider say, those that can be pressed with a star."""
    found = view.locator(".vw-answers button:visible")
    return [
        one.inner_text() + ("*" if one.is_enabled() else "")
        for one in (found.nth(k) for k in range(found.count()))
    ]


def test_suggestions_above_the_threshold_are_accepted_in_one_step(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    view = widget_page(widget, width=1000)
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-suggestions button", has_text="Suggest").click()
    view.locator(".vw-failure", has_text="nothing is labelled yet").wait_for()
    view.locator(".vw-error button").click()
    view.errors.clear()
    suggest_for_odd(widget)
    view.locator(".vw-suggestions", has_text="10 of 100").wait_for()
    slider = view.locator(".vw-certainty")
    slider.fill("50")
    view.locator(".vw-suggestions button", has_text="Accept all 50").click()
    view.wait_until(lambda: widget.labels.count("dog") == 50)
    assert widget.labels.count("cat") == 100
    assert widget.kinds() == ["accept"]
    view.locator(".vw-suggestions", has_text="0 of 50").wait_for()
    view.page.keyboard.press("Control+z")  # the focus is where keys work
    view.wait_until(lambda: widget.labels.count("dog") == 0)


def test_selected_suggestions_are_accepted_or_rejected_by_a_key(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    view = widget_page(widget, width=1000)
    suggest_for_odd(widget)
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-certainty").fill("0")
    lasso(view)
    odd = [row for row in widget.selection.tolist() if row % 2 == 1]
    view.locator(".vw-gallery-item").nth(0).wait_for()
    view.page.keyboard.press("x")
    view.wait_until(lambda: widget.kinds() == ["reject"])
    view.locator(".vw-suggestions", has_text=f"of {100 - len(odd)}").wait_for()
    assert widget.kept.edits[0].rows.tolist() == odd
    lasso(view, 0.1, 0.6, 0.9, 0.9)
    others = [row for row in widget.selection.tolist() if row % 2 == 1 and row not in odd]
    view.page.keyboard.press("y")
    view.wait_until(lambda: widget.kinds() == ["reject", "accept"])
    assert [row for row in labelled(widget) if row % 2 == 1] == others


def test_images_to_ask_for_come_into_the_gallery_in_their_order(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    widget.to_ask = [7, 199, 3]
    view = widget_page(widget, width=1000)
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-questions button", has_text="Uncertain").click()
    view.wait_until(lambda: widget.selection.tolist() == [3, 7, 199])
    items = view.locator(".vw-gallery-item")
    assert [items.nth(k).get_attribute("data-row") for k in range(3)] == ["7", "199", "3"]
    view.locator(".vw-sorting").select_option("data")
    assert items.first.get_attribute("data-row") == "3"


def test_the_buttons_say_what_they_will_do_and_reject_knows_no_certainty(annotate, widget_page):
    widget, view = open_suggestions(annotate, widget_page)
    assert buttons(view) == ["Accept all 10*", "Reject"]
    view.page.keyboard.press("x")
    assert words(view, ".vw-action") == "Select the proposals to reject first."
    none = "None of these*"
    widget.selection = [*range(11), 199]  # five are hardly certain, one is
    view.settle()
    assert buttons(view) == ["Accept all 10*", "Accept 1 selected*", "Reject 6*", none]
    widget.selection = range(11)
    view.settle()
    assert buttons(view) == ["Accept all 10*", "Accept: none ≥ 90 %", "Reject 5*", none]
    view.page.keyboard.press("y")
    assert "Of 5 selected proposals none is at least 90 % certain" in words(view, ".vw-action")
    view.page.keyboard.press("x")
    view.wait_until(lambda: widget.kinds() == ["reject"])
    assert widget.kept.edits[0].rows.tolist() == [1, 3, 5, 7, 9]
    view.settle()  # the page has emptied the selection, which must not come after the next one
    widget.selection = [0, 2]
    view.settle()
    assert buttons(view) == ["Accept all 10*", "Accept: none suggested", "Reject", none]
    for key in "yx":
        view.page.keyboard.press(key)
        assert words(view, ".vw-action") == "None of the selected images has a proposal."
    assert widget.kinds() == ["reject"]


def test_what_was_asked_for_leaves_a_way_to_accept_all(annotate, widget_page):
    widget, view = open_suggestions(annotate, widget_page)
    widget.to_ask = [199, 3, 5]
    view.locator(".vw-questions button", has_text="Outlying").click()
    view.wait_until(lambda: len(widget.selection) == 3)
    view.settle()
    told = "3 images unlike any that is labelled, the most unlike first."
    assert words(view, ".vw-action") == told
    assert "Accept 1 selected*" in buttons(view)
    view.page.get_by_text("Accept all 10").click()
    view.wait_until(lambda: widget.labels.count("dog") == 10)
    assert widget.kinds() == ["accept"]


def test_after_suggesting_the_number_of_proposals_is_told(annotate, widget_page):
    _, view = open_suggestions(annotate, widget_page)
    view.locator(".vw-map").focus()
    view.page.keyboard.press("s")
    view.locator(".vw-action", has_text="100 images have a proposal.").wait_for()
    about = view.locator(".vw-about")
    assert about.inner_text() == "Made from 3 groups of images and their 24 labels."


def test_while_the_kernel_works_a_bar_shows_how_far_it_is_and_buttons_say_why_they_wait(
    annotate, widget_page
):
    widget, view = open_suggestions(annotate, widget_page)
    waiting = []
    widget._on_suggest = lambda content, _buffers: waiting.append(content)
    bar = view.locator(".vw-suggestions progress")
    assert not bar.is_visible()
    view.locator(".vw-suggestions button", has_text="Suggest").click()
    view.wait_until(lambda: len(waiting) == 1)
    assert bar.is_visible()
    assert not bar.evaluate("bar => bar.hasAttribute('value')")
    widget.send({"op": "progress", "job": "suggest", "fraction": 0.25, "text": "comparing"})
    view.locator(".vw-suggestions", has_text="Comparing…").wait_for()
    assert bar.evaluate("bar => bar.value") == 0.25
    ask = view.locator(".vw-questions button")
    assert not ask.first.is_enabled()
    assert all(ask.nth(k).get_attribute("title").startswith("Wait:") for k in range(4))
    assert view.page.evaluate("document.activeElement.closest('.vw-root') !== null")
    view.page.keyboard.press("s")
    assert words(view, ".vw-action").startswith("Wait:")
    widget._reply(waiting[0], ({}, []))
    bar.wait_for(state="hidden")
    assert ask.first.is_enabled()


@pytest.mark.parametrize("width", [1000, 900, 420])
def test_the_panel_is_tidy_where_it_is_narrow(annotate, widget_page, width):
    widget, view = open_suggestions(annotate, widget_page, width)
    widget.selection = range(N)
    view.settle()
    tops = view.locator(".vw-questions button").evaluate_all(
        "all => all.map((one) => Math.round(one.getBoundingClientRect().top))"
    )
    assert tops[0] == tops[1] < tops[2] == tops[3]
    (accept, reject) = view.locator(".vw-answers .vw-button").evaluate_all(
        "all => all.map((one) => Math.round(one.getBoundingClientRect().top))"
    )
    assert accept == reject
    about = view.locator(".vw-about")
    one_line = about.bounding_box()["height"]
    about.evaluate("one => { one.textContent = 'word '.repeat(40); }")
    assert about.bounding_box()["height"] == one_line
    about.click()
    assert about.bounding_box()["height"] > 2 * one_line
    panel = view.locator(".vw-suggestions")
    assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")
