"""Text that is code elsewhere, in every place of the annotator's page: it stays text."""

import numpy as np
import pandas as pd
import pytest

from tests._hostile import COUNT_TAGS, HOSTILE
from vaewidgets.widgets.annotator import Annotator

N = len(HOSTILE)
XY = np.stack([np.arange(N) % 10, np.arange(N) // 10], axis=1).astype(np.float32)
IMAGES = np.random.default_rng(0).integers(0, 255, (N, 4, 4, 1), dtype=np.uint8)
HARMLESS = [f"name {k:03}" for k in range(N)]
READ_ATTRIBUTES = """() => [...document.querySelectorAll(".vw-root *")].flatMap((element) =>
  element.getAttributeNames().filter((name) => name.startsWith("on") || name === "srcdoc")
    .map((name) => `${element.tagName} ${name}`))"""


@pytest.fixture
def annotate():
    made = []

    def make(texts, column, person):
        frame = pd.DataFrame(index=pd.Index(texts, name=texts[0]))
        widget = Annotator(
            XY, IMAGES, frame, column, classes=texts, annotator=person, journal=None
        )
        for row, text in enumerate(texts):
            widget.label(row, text)
            widget.note(row, text)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()


def choose_all(view):
    view.locator(".vw-map").first.focus()
    view.page.keyboard.press("a")
    view.settle()


def show_everything(view, texts, *, multi):
    """Open all that shows names: menus, cards, notes, the filter, the suggestions."""
    page = view.page
    for details in view.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    choose_all(view)
    items = view.locator(".vw-gallery-item")
    cards, notes = [], []
    for k in range(0, min(items.count(), N), 6):
        items.nth(k).scroll_into_view_if_needed()
        items.nth(k).hover()
        cards.append(view.locator(".vw-root > .vw-card:not(.vw-keys)").first.text_content())
        page.keyboard.press("m")
        notes.append(view.locator(".vw-note-box").first.input_value())
        page.keyboard.press("Escape")
    rows = view.locator(".vw-class")
    if not multi:
        rows.first.click()
        view.settle()
        page.keyboard.press("Control+z")
        view.settle()
    view.page.mouse.move(2, 2)
    more = view.locator("button[title='Rename, merge, select or delete']")
    more.first.click()
    view.settle()
    return cards, notes


@pytest.mark.parametrize("multi", [False, True], ids=["classes", "tags"])
def test_names_notes_and_columns_are_text_in_every_place_of_the_page(annotate, widget_page, multi):
    seen = {}
    for kind, texts in {"harmless": HARMLESS, "hostile": HOSTILE}.items():
        widget = annotate(texts, [] if multi else texts[0], texts[3][:100])
        view = widget_page(widget, width=1000)
        view.locator(".vw-class-name").nth(N - 1).wait_for(state="attached")
        assert view.locator(".vw-class-name").all_text_contents()[:N] == texts
        cards, notes = show_everything(view, texts, multi=multi)
        assert notes == [texts[k] for k in range(0, N, 6)]
        for k, card in zip(range(0, N, 6), cards, strict=True):
            assert card.count(texts[k]) >= 2, "its class and its note"
        title = view.locator(".vw-root").first.get_attribute("aria-label")
        assert title == ("Labels in tags" if multi else f"Labels in {texts[0]}")
        seen[kind] = view.page.evaluate(COUNT_TAGS)
        assert view.page.evaluate(READ_ATTRIBUTES) == []
        assert view.page.evaluate("window.__pwned") is None
        assert view.page.url.startswith("http://127.0.0.1")
    assert seen["hostile"] == seen["harmless"], "no element is made of text"


def test_what_the_kernel_says_is_text_too(annotate, widget_page):
    widget = annotate(HARMLESS, "label", "ada")
    view = widget_page(widget, width=1000)
    view.locator(".vw-class-name").first.wait_for()
    before = view.page.evaluate(COUNT_TAGS)
    for text in HOSTILE:
        for op in ("error", "notice", "conflict"):
            widget.send({"op": op, "request": None, "message": text, "text": text})
        view.settle()
        assert view.locator(".vw-error").first.text_content() == text
    after = view.page.evaluate(COUNT_TAGS)
    assert after == before
    assert view.page.evaluate("window.__pwned") is None
