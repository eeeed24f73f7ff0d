"""The annotator's page alone, against a kernel that the test plays."""

import numpy as np

from tests.browser._annotating import (
    N,
    choose,
    drag,
    half_labelled,
    labelled,
    lasso,
    suggest_for_odd,
    words,
)


def test_a_lasso_and_a_key_label_and_undo_selects_again(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection.tolist()
    assert 20 < len(chosen) < N
    view.page.keyboard.press("2")
    view.wait_until(lambda: labelled(widget) == chosen)
    assert {widget.labels[row] for row in chosen} == {"dog"}
    view.wait_until(lambda: len(widget.selection) == 0)
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert words(view, ".vw-labelled") == f"{len(chosen)} of {N} labelled"
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: labelled(widget) == [])
    view.wait_until(lambda: widget.selection.tolist() == chosen)


def test_rectangle_and_brush_select_shift_adds_and_alt_removes(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    view.locator(".vw-map").focus()
    view.page.keyboard.press("r")
    drag(view, (0.6, 0.6), (0.2, 0.2))
    first = set(widget.selection.tolist())
    assert len(first) > 10
    drag(view, (0.5, 0.5), (0.9, 0.9), keys=["Shift"])
    both = set(widget.selection.tolist())
    assert first < both
    view.page.keyboard.press("b")
    drag(view, (0.3, 0.3), (0.5, 0.3), keys=["Alt"])
    fewer = set(widget.selection.tolist())
    assert fewer < both
    drag(view, (0.3, 0.3), (0.5, 0.3))
    assert set(widget.selection.tolist()) == both | (both - fewer)


# Milliseconds: until an edit is sent again, and until it is said that no answer comes.
AGAIN, STUCK = 2000, 6000


def test_edits_survive_a_reload_while_the_kernel_is_silent(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000, held=True)
    lasso(view)
    chosen = widget.selection.tolist()
    widget.is_silent = True
    view.page.keyboard.press("1")
    assert "Saving 1" in words(view, ".vw-save-words")
    view.wait_until(lambda: view.page.evaluate("localStorage.length") == 1)
    view.settle()  # the kernel has had it, and said nothing
    view.reload()
    view.free()
    widget.is_silent = False
    again = annotate(log=widget.kept)
    view.show(again)
    view.wait_until(lambda: labelled(again) == chosen)
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert widget.kinds() == ["label"]
    view.wait_until(lambda: view.page.evaluate("localStorage.length") == 0)


def test_a_cell_run_again_delivers_what_the_view_before_it_could_not(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000, held=True)
    lasso(view)
    chosen = widget.selection.tolist()
    widget.is_silent = True  # its kernel is gone, its view still there
    view.page.keyboard.press("1")
    view.turn(STUCK)
    view.locator(".vw-save[data-state=stuck]").wait_for()
    assert "1 edit not saved" in words(view, ".vw-save-words")
    assert view.locator(".vw-save button", has_text="Copy unsaved").is_visible()
    view.show(annotate(log=widget.kept))
    view.wait_until(lambda: labelled(widget) == chosen)
    view.turn(2 * STUCK)
    assert widget.kinds() == ["label"]


def test_a_second_view_of_one_log_leaves_the_edits_of_the_first_to_it(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000, held=True)
    lasso(view)
    widget.is_silent = True
    view.page.keyboard.press("1")
    view.show(annotate(log=widget.kept))
    view.turn(STUCK - 1000)
    assert widget.kinds() == []
    widget.is_silent = False
    view.turn(AGAIN)
    assert widget.kinds() == ["label"]


def test_what_cannot_be_saved_says_why_and_is_saved_when_it_can(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    widget.failure = "No space left on device"
    view.page.keyboard.press("1")
    view.locator(".vw-save", has_text="No space left on device").wait_for()
    widget.failure = ""
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert widget.kinds() == ["label"]


def test_where_labels_are_in_memory_only_it_is_said(annotate, widget_page):
    view = widget_page(annotate(saved_to=""), width=1000)
    view.locator(".vw-save", has_text="In memory only").wait_for()


def test_a_class_is_renamed_merged_deleted_and_brought_back(annotate, widget_page):
    widget = annotate(classes=["cat", "dog", "owl"], codes=half_labelled())
    view = widget_page(widget, width=1000)
    rows = view.locator(".vw-class-list .vw-class")
    rows.first.focus()
    view.page.keyboard.press("F2")
    view.page.keyboard.type("tiger")
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: set(widget.labels) == {"tiger", None})
    view.settle()
    rows.first.click(button="right")
    view.page.get_by_text("Merge into").click()
    view.locator(".vw-class-menu select").select_option("2")
    view.locator(".vw-class-menu .vw-button", has_text="Merge").click()
    view.wait_until(lambda: set(widget.labels) == {"owl", None})
    view.settle()
    assert view.locator(".vw-class-list .vw-class-name").all_inner_texts() == ["dog", "owl"]
    rows.nth(1).hover()
    view.locator(".vw-class-more").nth(1).click()
    view.locator(".vw-class-menu").get_by_text("Delete").click()
    assert "100 images will have no label" in words(view, ".vw-class-menu")
    view.locator(".vw-class-menu .vw-button", has_text="Delete").click()
    view.wait_until(lambda: set(widget.labels) == {None})
    for _ in range(3):
        view.page.keyboard.press("Control+z")
    view.wait_until(lambda: set(widget.labels) == {"cat", None})
    view.settle()
    assert view.locator(".vw-class-list .vw-class-name").all_inner_texts() == ["cat", "dog", "owl"]


def test_the_filter_dims_the_rest_and_only_what_is_shown_is_selected(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    view = widget_page(widget, width=1000)
    lasso(view)
    everything = widget.selection.tolist()
    choose(view, "unlabelled")
    assert widget.selection.tolist() == [row for row in everything if row % 2 == 1]
    assert words(view, ".vw-shown") == "100 shown"
    view.page.keyboard.press("Escape")
    lasso(view)
    assert widget.selection.tolist() == [row for row in everything if row % 2 == 1]
    choose(view, "0")
    view.locator(".vw-map").focus()
    view.page.keyboard.press("a")
    view.wait_until(lambda: widget.selection.tolist() == list(range(0, N, 2)))


def test_a_note_on_one_image_and_on_the_selection(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection.tolist()
    item = view.locator(".vw-gallery-item").nth(2)
    item.hover()
    assert f"Image {chosen[2]}" in words(view, ".vw-root > .vw-card:not(.vw-keys)")
    view.page.keyboard.press("m")
    assert words(view, ".vw-note").startswith(f"Note on image {chosen[2]}")
    view.page.keyboard.type("blurred <b>")
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: widget.notes == {chosen[2]: "blurred <b>"})
    view.wait_until(lambda: item.get_attribute("data-note") is not None)
    view.page.mouse.move(5, 5)
    item.hover()
    assert "blurred <b>" in words(view, ".vw-root > .vw-card:not(.vw-keys)")
    view.page.mouse.move(5, 5)
    view.locator(".vw-selected .vw-head button").click()
    view.page.keyboard.type("all of them")
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: widget.notes == dict.fromkeys(chosen, "all of them"))


def test_an_image_is_left_out_by_a_click_and_by_the_keyboard(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection.tolist()
    view.locator(".vw-gallery-item").nth(1).click()
    view.locator(".vw-map").focus()
    view.page.keyboard.press("g")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.settle()
    rest = [chosen[0], *chosen[3:]]
    assert widget.selection.tolist() == rest
    view.page.keyboard.press("1")
    view.wait_until(lambda: labelled(widget) == rest)
    view.page.keyboard.press("Control+z")  # the images are gone, the focus is not
    view.wait_until(lambda: labelled(widget) == [])


def test_tags_are_toggled_for_the_selection_which_stays(annotate, widget_page):
    widget = annotate(multi=True)
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = widget.selection.tolist()
    held = view.locator(".vw-class-list .vw-class-held")

    def tags():
        layers = widget.kept.fold()["layers"]
        return [np.flatnonzero(layer == 1).tolist() for layer in layers]

    view.page.keyboard.press("1")
    view.page.keyboard.press("2")
    view.wait_until(lambda: tags() == [chosen, chosen])
    view.settle()
    assert held.all_inner_texts() == ["✓", "✓"]
    assert widget.selection.tolist() == chosen
    view.locator(".vw-gallery-item").first.click()
    view.page.keyboard.press("2")
    view.wait_until(lambda: tags() == [chosen, chosen[:1]])
    view.locator(".vw-gallery-item").first.click()
    view.settle()
    assert held.all_inner_texts() == ["✓", "\u2013"]


def test_the_keys_are_listed_and_stay_in_the_widget(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    view.page.evaluate(
        "() => { window.leaked = [];"
        " document.addEventListener('keydown', (event) => leaked.push(event.key)); }"
    )
    view.locator(".vw-map").focus()
    view.page.keyboard.press("?")
    assert "Lasso, rectangle, brush" in words(view, ".vw-keys")
    view.page.keyboard.press("Escape")
    assert not view.locator(".vw-keys").is_visible()
    for key in ("1", "0", "Backspace", "Control+z", "a", "f", "g", "y", "x", "s", "?"):
        view.page.keyboard.press(key)
    view.settle()
    assert view.page.evaluate("leaked") == []


def test_nothing_is_wider_than_a_narrow_cell(annotate, widget_page):
    widget = annotate(classes=[f"a rather long name of a class {k}" for k in range(30)])
    view = widget_page(widget, width=420)
    suggest_for_odd(widget)
    lasso(view)
    view.locator("summary").click()
    view.locator(".vw-class").nth(2).click(button="right")
    wide = (
        "() => [...document.querySelectorAll('.vw-root')].filter(r => r.scrollWidth > 420).length"
    )
    assert view.page.evaluate(wide) == 0


def test_a_closed_view_leaves_nothing_behind(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    before = view.counts(widget)
    number = view.show(widget)
    view.settle()
    view.remove(number)
    assert view.counts(widget) == before


def test_undo_and_redo_say_what_they_did(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    many = len(widget.selection)
    view.page.keyboard.press("2")
    view.wait_until(lambda: len(labelled(widget)) == many)
    view.locator(".vw-save[data-state=saved]").wait_for()
    said = view.locator(".vw-action")
    view.page.keyboard.press("Control+z")
    said.filter(has_text=f"Undone: {many} images are").wait_for()
    assert "dog" in said.inner_text()
    assert "no more" in said.inner_text()
    view.page.keyboard.press("Control+y")
    said.filter(has_text=f"Redone: {many} images are").wait_for()
    widget.is_silent = True  # then it is known only here
    view.page.keyboard.press("Control+z")
    view.settle()
    assert said.inner_text() == "Undone."
    widget.is_silent = False
    said.filter(has_text=f"Undone: {many} images are").wait_for()
