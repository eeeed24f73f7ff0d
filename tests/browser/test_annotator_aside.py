"""Images set aside, kept and grouped in the annotator's page; the kernel is played by the test."""

from tests.browser._annotating import (
    N,
    choose,
    half_labelled,
    labelled,
    lasso,
    suggest_for_odd,
    words,
)


def test_images_set_aside_are_gone_from_the_page_until_asked_for(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = list(widget.selection)
    many = len(chosen)
    view.page.keyboard.press("t")
    view.wait_until(lambda: widget.aside == chosen)
    view.wait_until(lambda: len(widget.selection) == 0)
    view.settle()
    assert words(view, ".vw-labelled") == f"0 of {N - many} labelled"
    assert words(view, ".vw-shown") == f"{many} set aside"
    lasso(view, 0.02, 0.02, 0.98, 0.98)
    assert not {*chosen} & {*widget.selection}
    view.page.keyboard.press("a")
    view.wait_until(lambda: len(widget.selection) == N - many)
    assert not {*chosen} & {*widget.selection}
    choose(view, "aside")
    assert words(view, ".vw-shown") == f"{many} shown"
    view.page.keyboard.press("Escape")
    view.locator(".vw-map").focus()
    view.page.keyboard.press("a")
    view.wait_until(lambda: list(widget.selection) == chosen)
    view.locator(".vw-selection-tools").get_by_text("Put back").click()
    view.wait_until(lambda: widget.aside == [])
    view.wait_until(lambda: words(view, ".vw-labelled") == f"0 of {N} labelled")
    view.settle()
    assert view.locator(".vw-filter select").evaluate("one => one.value") == "all"
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: widget.aside == chosen)


def test_undo_brings_what_was_set_aside_back_and_selects_it(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = list(widget.selection)
    view.locator(".vw-selection-tools").get_by_text("Set aside").click()
    view.wait_until(lambda: widget.aside == chosen)
    view.page.keyboard.press("Control+z")  # the focus is where keys work
    view.wait_until(lambda: list(widget.selection) == chosen)
    assert widget.aside == []
    view.locator(".vw-action", has_text="not set aside any more").wait_for()


def test_a_selection_is_kept_under_a_name_found_again_and_forgotten(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = list(widget.selection)
    view.page.keyboard.press("k")
    view.page.keyboard.type("<b>odd")
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: widget.kept_names == ["<b>odd"])
    view.page.keyboard.press("Escape")
    view.wait_until(lambda: len(widget.selection) == 0)
    view.locator(".vw-selection-tools").get_by_text("Kept (1)").click()
    assert words(view, ".vw-kept .vw-class-name") == "<b>odd"
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: list(widget.selection) == chosen)
    view.locator(".vw-kept .vw-class-row").hover()
    view.locator(".vw-kept .vw-class-more").click()
    view.wait_until(lambda: widget.kept_names == [])
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: widget.kept_names == ["<b>odd"])


def test_a_group_is_made_of_a_selection_and_undo_takes_its_class_away(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000)
    lasso(view)
    chosen = list(widget.selection)
    view.locator(".vw-classes").get_by_text("New group…").click()
    view.page.keyboard.press("Enter")
    view.wait_until(lambda: labelled(widget) == chosen)
    assert widget.kinds() == ["group"]
    view.settle()
    assert "group 1" in words(view, ".vw-class-list")
    view.page.keyboard.press("Control+z")
    view.wait_until(lambda: labelled(widget) == [])
    view.wait_until(lambda: "group 1" not in words(view, ".vw-class-list"))
    view.locator(".vw-action", has_text="is gone again").wait_for()


def test_the_selected_images_can_be_of_none_of_the_classes(annotate, widget_page):
    widget = annotate(codes=half_labelled())
    view = widget_page(widget, width=1000)
    suggest_for_odd(widget)
    view.locator("summary", has_text="Suggestions").click()
    none = view.page.get_by_role("button", name="None of these")
    assert none.is_hidden()
    widget.selection = [1, 2, 3]
    none.click()
    view.wait_until(lambda: widget.kinds() == ["reject"])
    edit = widget.kept.edits[0]
    assert edit.content["all"] is True
    assert list(edit.rows) == [1, 2, 3]
    view.locator(".vw-above", has_text="of 98 proposals").wait_for()


def test_classes_follow_the_order_and_hidden_ones_are_not_there(annotate, widget_page):
    widget = annotate(["cat", "dog", "owl", "fox"])
    widget.kept.order, widget.kept.hidden = [3, 0, 2], {1}
    view = widget_page(widget, width=1000)
    view.locator(".vw-class-list .vw-class-row").nth(2).wait_for()
    names = view.locator(".vw-class-list .vw-class-name").all_inner_texts()
    assert names == ["fox", "cat", "owl"]
    lasso(view)
    view.page.keyboard.press("1")
    view.wait_until(lambda: widget.labels.count("fox") > 0)
    assert widget.kept.edits[0].content["how"] == "key"


def test_how_images_were_found_again_is_told_quietly_until_it_was_read(annotate, widget_page):
    widget = annotate()
    widget.kept.found = "10 of 11 images are known to the log <b>; 1 is new."
    view = widget_page(widget, width=1000)
    view.locator(".vw-found", has_text="known to the log <b>;").wait_for()
    number = view.show(widget)
    view.locator(".vw-found:visible").nth(1).wait_for()
    view.locator(".vw-found button").first.click()
    view.wait_until(lambda: view.locator(".vw-found:visible").count() == 0)
    view.remove(number)
    assert view.locator(".vw-error").first.is_hidden()
