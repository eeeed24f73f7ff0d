"""Looking back in the annotator's page, and going back, against a kernel that the test plays."""

import numpy as np

from tests.browser._annotating import labelled, lasso, words


def open_history(view):
    """Press H, and wait for the list."""
    view.page.keyboard.press("h")
    view.locator(".vw-history .vw-step").first.wait_for()


def told(view):
    """What each step did, the last first."""
    found = view.locator(".vw-step > span:first-child")
    return [one.replace("\u2068", "").replace("\u2069", "") for one in found.all_inner_texts()]


def test_steps_are_listed_selected_and_undone_back_to(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    first = list(widget.selection)
    view.page.keyboard.press("1")
    lasso(view, 0.1, 0.65, 0.9, 0.95)
    second = list(widget.selection)
    view.page.keyboard.press("2")
    view.wait_until(lambda: len(widget.kinds()) == 2)
    open_history(view)
    assert told(view) == [f"{len(second)} images: “dog”", f"{len(first)} images: “cat”"]
    assert "you · by key" in words(view, ".vw-step")
    view.locator(".vw-step").nth(1).click()
    view.wait_until(lambda: list(widget.selection) == first)
    view.page.keyboard.press("2")  # keys of classes act, and the list follows
    view.wait_until(lambda: widget.labels.count("cat") == 0)
    view.wait_until(lambda: view.locator(".vw-step").count() == 3)
    view.locator(".vw-step-row").nth(1).hover()
    view.locator(".vw-step-row").nth(1).get_by_text("Undo back to here").click()
    view.wait_until(lambda: labelled(widget) == first)
    assert widget.labels.count("cat") == len(first)
    view.wait_until(lambda: view.locator(".vw-step").count() == 1)
    view.page.keyboard.press("Escape")
    assert view.locator(".vw-history").is_hidden()
    view.page.keyboard.press("Control+y")
    view.wait_until(lambda: widget.labels.count("dog") == len(second))


def test_escape_closes_the_history_before_the_selection(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = len(widget.selection)
    view.page.keyboard.press("h")
    view.locator(".vw-history", has_text="Nothing was done yet.").wait_for()
    view.page.keyboard.press("Escape")
    assert view.locator(".vw-history").is_hidden()
    assert len(widget.selection) == chosen
    view.page.keyboard.press("Escape")
    view.wait_until(lambda: len(widget.selection) == 0)


def test_how_people_agree_is_told_and_where_they_differ_can_be_asked(annotate, widget_page):
    widget = annotate(codes=np.where(np.arange(200) < 9, 1, 0).astype(np.uint16))
    widget.kept.raters = ["Ann", "<b>Ben"]
    pair = {"a": "Ann", "b": "<b>Ben", "both": 50, "same": 41, "kappa": 0.774}
    widget.kept.pairs = [pair]
    widget.to_ask = [3, 5]
    view = widget_page(widget, width=1000)
    view.locator(".vw-map").focus()
    view.page.keyboard.press("h")
    view.locator(".vw-agreement p").wait_for()
    agreement = words(view, ".vw-agreement").replace("\u2068", "").replace("\u2069", "")
    assert agreement == "“Ann” and “<b>Ben” agree on 41 of 50 (κ 0.77)"
    view.page.keyboard.press("Escape")
    view.locator("summary", has_text="Suggestions").click()
    view.locator(".vw-questions button", has_text="Raters differ").click()
    view.wait_until(lambda: list(widget.selection) == [3, 5])
    assert "2 images that two people labelled differently" in words(view, ".vw-action")


def test_one_person_is_not_asked_where_raters_differ(annotate, widget_page):
    widget = annotate(codes=np.ones(200, np.uint16))
    view = widget_page(widget, width=1000)
    view.locator("summary", has_text="Suggestions").click()
    view.settle()
    assert view.locator(".vw-questions button:visible").count() == 4
