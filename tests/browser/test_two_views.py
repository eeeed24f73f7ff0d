"""Two views of one widget in a real JupyterLab, and what is left of them in the end."""

from __future__ import annotations

import numpy as np

from tests.browser._hands import (
    REGISTRY,
    differs,
    drag_lasso,
    gallery_rows,
    pixels,
    put_slider,
    run_all,
    titled,
)

SETUP = """
import numpy as np, vaewidgets as vw
images = vw.datasets.load_digits()[0][:300]
vae = vw.VAE(n_latent=4, max_epochs=20, progress=False).fit(images)
asked = []

def listen(widget, *names):
    for name in names:
        def answer(content, buffers, name=name, first=getattr(widget, f"_on_{name}")):
            asked.append(name)
            return first(content, buffers)
        setattr(widget, f"_on_{name}", answer)
    return widget

scatter = listen(vw.LatentScatter(vae, images, height=240), "sheet", "images")
notes = listen(vw.Annotator(vae, images, classes=["cat", "dog"], height=240), "sync")
walk = listen(vw.Interpolator(vae, images[3], images[8]), "frames")
tweaker = listen(vw.LatentTweaker(vae, images[3]), "pictures")
"""
WIDGETS = ["scatter", "notes", "walk", "tweaker"]


def test_two_views_of_a_widget_agree_and_ask_once(lab):
    notebook = lab([SETUP, *WIDGETS, *WIDGETS])
    for title in ("Map of images", "Labels in label", "Interpolator", "Latent tweaker"):
        assert titled(notebook.page, title).count() == 2
    selection_is_shared(notebook)
    labels_are_shared(notebook)
    sliders_are_shared(notebook)
    assert sorted(notebook.evaluate("asked")) == ["frames", "pictures", "sheet", "sync"]
    nothing_is_left_when_closed(notebook)


def selection_is_shared(notebook):
    views = titled(notebook.page, "Map of images")
    for place in range(2):
        view = views.nth(place)
        canvas = view.locator(".vw-map-canvas").first
        notebook.wait_until(lambda canvas=canvas: pixels(canvas).any(), "no point is painted")
        points = pixels(canvas)
        view.get_by_role("button", name="Images").click()
        notebook.wait_until(
            lambda canvas=canvas, points=points: (pixels(canvas) != points).mean() > 0.1,
            "the images are not painted",
        )
    drag_lasso(views.first, 0.3, 0.2, 0.8, 0.7)
    notebook.wait_until(lambda: notebook.evaluate("len(scatter.selection)") > 0)
    rows = notebook.evaluate("scatter.selection.tolist()")
    assert 20 < len(rows) < 280
    for place in range(2):
        views.nth(place).locator(".vw-status", has_text=f"{len(rows)} selected").wait_for()
        assert gallery_rows(views.nth(place)) == rows
    drag_lasso(views.nth(1), 0.1, 0.1, 0.5, 0.6)
    notebook.wait_until(lambda: notebook.evaluate("scatter.selection.tolist()") != rows)
    rows = notebook.evaluate("scatter.selection.tolist()")
    views.first.locator(".vw-status", has_text=f"{len(rows)} selected").wait_for()
    assert gallery_rows(views.first) == rows


def labels_are_shared(notebook):
    views = titled(notebook.page, "Labels in label")
    drag_lasso(views.first, 0.3, 0.2, 0.8, 0.7)
    notebook.page.keyboard.press("1")
    saved(notebook, views)
    drag_lasso(views.nth(1), 0.1, 0.1, 0.5, 0.5)
    notebook.page.keyboard.press("2")
    notebook.wait_until(lambda: notebook.evaluate("int(notes.counts['dog'])") > 0)
    saved(notebook, views)
    views.first.locator(".vw-map").focus()
    notebook.page.keyboard.press("Control+z")
    notebook.wait_until(lambda: notebook.evaluate("int(notes.counts['dog'])") == 0)
    saved(notebook, views)


def saved(notebook, views):
    """Wait until both views show what the kernel has."""
    notebook.wait_until(lambda: notebook.evaluate("int(notes.counts.sum())") > 0)
    done = notebook.evaluate("int(notes.counts.sum())")
    for place in range(2):
        view = views.nth(place)
        view.locator(".vw-labelled", has_text=f"{done} of 300 labelled").wait_for()
        view.locator(".vw-save[data-state=saved]").wait_for()


def sliders_are_shared(notebook):
    for title, value in (
        ("Interpolator", "walk.t"),
        ("Latent tweaker", "tweaker.code.tolist()"),
    ):
        views = titled(notebook.page, title)
        move_one(notebook, [views.nth(0), views.nth(1)], 0.95, value)
        move_one(notebook, [views.nth(1), views.nth(0)], 0.05, value)


def move_one(notebook, views, share, value):
    """Move the slider of the first of two views; the other view and the kernel must follow."""
    pictures = [view.locator(".vw-current canvas") for view in views]
    before, known = pixels(pictures[1]), notebook.evaluate(value)
    sliders = [view.get_by_role("slider").first for view in views]
    put_slider(sliders[0], share)
    numbers = [slider.input_value for slider in sliders]
    notebook.wait_until(
        lambda: np.isclose(float(numbers[0]()), float(numbers[1]())), "the other slider stays"
    )
    notebook.wait_until(lambda: notebook.evaluate(value) != known, "the kernel is not told")
    notebook.wait_until(
        lambda: differs(pictures[1], before) and not differs(pictures[0], pixels(pictures[1])),
        "the pictures differ",
    )


def nothing_is_left_when_closed(notebook):
    page = notebook.page
    assert page.evaluate(f"{REGISTRY}.users.size") == 4
    assert alive(page)["views"] == 8
    # Views whose outputs are cleared are gone; the widgets live, and are shown again.
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.locator(".vw-root").first.wait_for(state="detached")
    notebook.wait_until(lambda: page.evaluate(f"{REGISTRY} === undefined"))
    notebook.wait_until(lambda: is_gone(alive(page)), "views outlive their outputs")
    run_all(notebook)
    assert page.evaluate(f"{REGISTRY}.users.size") == 4
    closing = "[widget.close() for widget in (scatter, notes, walk, tweaker)] and 0"
    assert notebook.evaluate(closing) == 0
    notebook.wait_until(lambda: page.locator(".vw-root").count() == 0)
    notebook.wait_until(lambda: page.evaluate(f"{REGISTRY} === undefined"))
    notebook.wait_until(lambda: is_gone(alive(page)), "views outlive their widgets")


def is_gone(found):
    """Nothing is left but one view without a canvas: the browser keeps what was dragged last."""
    return (found["canvases"], found["contexts"]) == (0, 0) and found["views"] <= 1


def alive(page):
    """What lives in the page's memory, on the page or off it, when the garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")

    def count(name, condition):
        prototype = session.send("Runtime.evaluate", {"expression": f"{name}.prototype"})
        found = session.send(
            "Runtime.queryObjects", {"prototypeObjectId": prototype["result"]["objectId"]}
        )
        function = f"function () {{ return this.filter((one) => {condition}).length; }}"
        answer = session.send(
            "Runtime.callFunctionOn",
            {"objectId": found["objects"]["objectId"], "functionDeclaration": function},
        )
        return int(answer["result"]["value"])

    found = {
        "views": count("HTMLDivElement", "one.classList.contains('vw-root')"),
        "canvases": count("HTMLCanvasElement", "one.isConnected"),
        "contexts": count("WebGL2RenderingContext", "!one.isContextLost()"),
    }
    session.detach()  # lets go of what it has counted
    return found
