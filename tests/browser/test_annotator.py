"""The annotator in a real page: mouse and keys in, labels in the frame."""

import time

import numpy as np
import pandas as pd
import pytest

from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.labelling import suggesting as _suggesting

N = 200
RNG = np.random.default_rng(0)
CODES = RNG.uniform(-1, 1, (N, 2)).astype(np.float32)
IMAGES = RNG.integers(0, 255, (N, 6, 6, 1), dtype=np.uint8)


@pytest.fixture
def annotate():
    made = []

    def make(classes=("cat", "dog"), frame=None):
        made.append(Annotator(CODES, IMAGES, frame, classes=classes))
        return made[-1]

    yield make
    for widget in made:
        widget.close()


def lasso(view, left=0.2, top=0.2, right=0.8, bottom=0.6):
    box = view.locator(".vw-map").first.bounding_box()
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, bottom - 0.1)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    view.page.mouse.move(*places[0])
    view.page.mouse.down()
    for place in places[1:]:
        view.page.mouse.move(*place, steps=4)
    view.page.mouse.up()
    view.settle()


def words(view, selector):
    return view.locator(selector).first.inner_text()


def test_a_lasso_and_a_key_label_the_frame_and_undo_selects_again(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection
    assert 20 < len(chosen) < N
    view.page.keyboard.press("2")
    view.wait_until(lambda: widget.frame["label"].notna().sum() == len(chosen))
    assert (widget.frame["label"].iloc[chosen] == "dog").all()
    view.wait_until(lambda: len(widget.selection) == 0)
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert words(view, ".vw-labelled") == f"{len(chosen)} of {N} labelled"
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: widget.frame["label"].isna().all())
    view.wait_until(lambda: widget.selection.tolist() == chosen.tolist())
    view.page.keyboard.press("1")
    view.wait_until(lambda: set(widget.frame["label"].iloc[chosen]) == {"cat"})
    assert set(widget.labels[chosen]) == {"cat"}


def test_a_first_class_is_typed_and_labels_the_selection(annotate, widget_page):
    widget = annotate(classes=None)
    view = widget_page(widget, width=420)
    assert words(view, ".vw-class-hint") == "Type a class name to begin."
    lasso(view)
    view.page.keyboard.press("n")
    view.page.keyboard.type("owl 1")
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: widget.counts.get("owl 1", 0) > 20)
    assert widget.counts["owl 1"] == widget.labels.astype(bool).sum()
    view.page.keyboard.press("Control+z")  # the focus is back where keys work
    view.wait_until(lambda: not widget.labels.astype(bool).any())


def test_an_image_is_left_out_of_the_selection_before_it_is_labelled(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection
    view.locator(".vw-gallery-item").nth(1).click()
    view.locator(".vw-gallery-item").nth(3).click()
    view.locator(".vw-gallery-item").nth(3).click()
    view.settle()
    left_out = chosen[1]
    assert widget.selection.tolist() == [row for row in chosen if row != left_out]
    view.locator(".vw-class").first.click()
    view.wait_until(lambda: widget.counts["cat"] == len(chosen) - 1)
    assert widget.labels[left_out] is None


def test_labels_made_while_the_kernel_is_busy_are_not_called_saved_and_all_arrive(
    annotate, widget_page
):
    widget = annotate()
    # The page's clock stands: after some seconds without an answer it would say so.
    view = widget_page(widget, width=1000, held=True)
    view.locator(".vw-save[data-state=saved]").wait_for()
    expected = np.full(N, None, dtype=object)
    with widget._desk.lock:
        for turn in range(6):
            left = 0.1 + 0.1 * turn
            view.page.mouse.move(5, 5)
            box = view.locator(".vw-map").first.bounding_box()
            x, y, w, h = box["x"], box["y"], box["width"], box["height"]
            view.page.mouse.move(x + w * left, y + h * 0.2)
            view.page.mouse.down()
            for dx, dy in ((0.3, 0), (0.3, 0.6), (0, 0.6), (0, 0.3)):
                view.page.mouse.move(x + w * (left + dx), y + h * (0.2 + dy), steps=3)
            view.page.mouse.up()
            bits = view.page.evaluate(
                "id => Array.from(new Uint8Array(harness.value(id, 'selection').buffer))",
                widget.model_id,
            )
            rows = np.flatnonzero(np.unpackbits(np.uint8(bits), count=N, bitorder="little"))
            view.page.keyboard.press(str(1 + turn % 2))
            expected[rows] = ("cat", "dog")[turn % 2]
        view.wait_until_sent()
        assert words(view, ".vw-save-words") == "Saving 6…"
        assert widget.frame["label"].isna().all()
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert widget.labels.tolist() == expected.tolist()
    assert sum(label is not None for label in expected) > 20


def test_two_views_of_a_widget_show_the_same_labels(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    view.show(widget)
    widget.label(slice(0, 50), "cat")
    for place in range(2):
        view.locator(".vw-labelled", has_text="50 of 200").nth(place).wait_for()


def test_hostile_names_are_shown_as_they_are_and_run_nothing(annotate, widget_page):
    names = ["<img src=x onerror=window.__pwned=1>", "</script><script>window.__pwned=1</script>"]
    frame = pd.DataFrame({"label": [None] * N}, index=[names[0]] * N)
    widget = annotate(classes=names, frame=frame)
    view = widget_page(widget, width=1000)
    lasso(view)
    view.page.keyboard.press("1")
    view.settle()
    box = view.locator(".vw-map").bounding_box()
    for step in range(6):
        view.page.mouse.move(box["x"] + box["width"] * (0.4 + 0.01 * step), box["y"] + 200)
    view.settle()
    shown = view.locator(".vw-class-name").all_inner_texts()
    assert shown[:2] == names
    assert names[0] in words(view, ".vw-action")
    assert view.locator(".vw-root img, .vw-root script").count() == 0
    assert view.page.evaluate("window.__pwned") is None


def test_keys_of_labelling_stay_in_the_widget(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    view.page.evaluate(
        "() => { window.leaked = [];"
        " document.addEventListener('keydown', (event) => leaked.push(event.key)); }"
    )
    lasso(view)
    for key in ("1", "0", "Backspace", "Control+z", "n", "a"):
        view.page.keyboard.press(key)
    view.settle()
    assert view.page.evaluate("leaked") == []


def test_making_suggestions_is_stopped_and_begun_anew(annotate, widget_page, monkeypatch):
    # Made before a page waits for it: the first UMAP of a machine compiles for minutes.
    made = _suggesting.code_graph(CODES)

    def endless(_codes, report):
        while True:  # ends by the button, or with the widget
            report(None, "looking for neighbours")
            time.sleep(0.05)

    monkeypatch.setattr(_suggesting, "code_graph", endless)
    widget = annotate()
    widget.label(range(5), "cat")
    widget.label(range(5, 10), "dog")
    view = widget_page(widget, width=1000)
    view.locator("summary", has_text="Suggestions").click()
    panel = view.locator(".vw-suggestions")
    cancel = panel.get_by_role("button", name="Cancel")
    suggest = panel.get_by_role("button", name="Suggest", exact=True)
    assert not cancel.is_visible()
    suggest.click()
    panel.get_by_text("Looking for neighbours").wait_for()
    assert not suggest.is_enabled()
    cancel.click()
    panel.get_by_text("stopped; nothing is proposed").wait_for()
    assert not cancel.is_visible()
    assert view.page.evaluate("document.activeElement.closest('.vw-root') !== null")
    assert widget.suggestions is None
    view.errors.clear()
    monkeypatch.setattr(_suggesting, "code_graph", lambda _codes, report: made)
    suggest.click()
    panel.get_by_text("proposals").wait_for()
    assert len(widget.suggestions) > 0
