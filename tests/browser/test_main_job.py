"""The main job in a real JupyterLab and Notebook 7: train, see, move through, label."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser._hands import (
    Camera,
    box_of,
    check_lasso,
    differs,
    drag_lasso,
    free_clock,
    hold_clock,
    painted_at,
    pixels,
    put_slider,
    shows,
    titled,
    turn_clock,
)

HOSTS = pytest.mark.parametrize("host", ["lab", "notebook7"])
SETUP = """
import numpy as np, pandas as pd, vaewidgets as vw
images, digits = vw.datasets.load_digits()
images = images[:300]
# Every name twice, none in its place, and a label that was there before.
names = np.random.default_rng(0).permutation(300) // 2
df = pd.DataFrame({"digit": digits["digit"].to_numpy()[:300], "label": [None] * 300}, index=names)
df["label"] = df["label"].astype("str")
df.iloc[7, 1] = "old"
"""
FIT = "vae = vw.VAE(n_latent=4, max_epochs=20).fit(images)"
SCATTER = 'scatter = vw.LatentScatter(vae, images, color="digit", data=df)\nscatter'
ANNOTATOR = 'notes = vw.Annotator(vae, images, df, classes=["cat", "dog"])\nnotes'
INTERPOLATOR = "walk = vw.Interpolator(vae, images[3], images[8])\nwalk"
TWEAKER = "tweaker = vw.LatentTweaker(vae, images[3])\ntweaker"


def read(notebook, expression):
    return np.asarray(notebook.evaluate(f"({expression}).tolist()"))


def places_on_map(notebook, widget):
    return read(notebook, f"np.frombuffer({widget}._xy, '<f4').reshape(-1, 2)")


def labelled_rows(notebook):
    """Positions and words of all labels of the DataFrame."""
    return notebook.evaluate(
        "{int(i): df['label'].iloc[i] for i in np.flatnonzero(df['label'].notna())}"
    )


@HOSTS
def test_the_main_job_from_training_to_labels(host, request):
    cells = [SETUP, FIT, SCATTER, ANNOTATOR, INTERPOLATOR, TWEAKER]
    notebook = request.getfixturevalue(host)(cells)
    watch_the_training(notebook)
    lasso_on_the_map(notebook)
    label_and_undo(notebook)
    keep_keys_from_the_notebook(notebook)
    move_along_the_path(notebook)
    turn_a_dimension(notebook)
    change_the_projection(notebook)


def watch_the_training(notebook):
    view = titled(notebook.page, "Training")
    view.locator(".vw-status", has_text="Finished in").wait_for()
    assert "Epoch 20 of 20" in view.locator(".vw-counters").inner_text()
    assert view.locator("path.vw-plot-line").count() == 2
    pictures = view.locator(".vw-pairs canvas")
    assert pictures.count() == 16
    originals = [pixels(pictures.nth(i))[:, :, 0] for i in range(0, 16, 2)]
    assert len({original.tobytes() for original in originals}) == 8
    assert all(np.ptp(pixels(pictures.nth(i))[:, :, 0]) > 0 for i in range(1, 16, 2))


def lasso_on_the_map(notebook):
    view = titled(notebook.page, "Map of images")
    part = (0.2, 0.25, 0.62, 0.8)
    drag_lasso(view, *part)
    notebook.wait_until(lambda: notebook.evaluate("len(scatter.selection)") > 0)
    rows = notebook.evaluate("scatter.selection.tolist()")
    check_lasso(view, places_on_map(notebook, "scatter"), rows, *part)
    view.locator(".vw-status", has_text=f"{len(rows)} selected").wait_for()
    in_frame = notebook.evaluate("scatter.selected_frame.index.tolist()")
    assert in_frame == notebook.evaluate("names[scatter.selection].tolist()")


def label_and_undo(notebook):
    view = titled(notebook.page, "Labels in label")
    before = labelled_rows(notebook)
    assert before == {"7": "old"}
    part = (0.45, 0.15, 0.9, 0.7)
    drag_lasso(view, *part)
    notebook.wait_until(lambda: notebook.evaluate("len(notes.selection)") > 0)
    rows = notebook.evaluate("notes.selection.tolist()")
    check_lasso(view, places_on_map(notebook, "notes"), rows, *part)
    notebook.page.keyboard.press("2")
    after = {**before, **{str(row): "dog" for row in rows}}
    notebook.wait_until(lambda: labelled_rows(notebook) == after, "the labels are not there")
    view.locator(".vw-save[data-state=saved]").wait_for()
    assert notebook.evaluate("df.index.tolist() == names.tolist()")
    notebook.page.keyboard.press("Control+z")
    notebook.wait_until(lambda: labelled_rows(notebook) == before, "undo does not reach the frame")
    notebook.wait_until(lambda: notebook.evaluate("notes.selection.tolist()") == rows)


def keep_keys_from_the_notebook(notebook):
    """In command mode, where the notebook is while a widget has the focus, these change cells."""
    before = notebook.content()["cells"]
    view = titled(notebook.page, "Labels in label")
    for place in (view, view.locator(".vw-map"), view.locator(".vw-class").first):
        place.focus()
        for key in ("a", "b", "d", "d", "x", "j", "c", "v", "o"):
            notebook.page.keyboard.press(key)
        assert place.evaluate("element => element === document.activeElement")
    for key in ("m", "d", "d", "Escape", "h", "d", "d", "Escape"):  # a note, the steps, and back
        notebook.page.keyboard.press(key)
    assert notebook.content()["cells"] == before


def move_along_the_path(notebook):
    view = titled(notebook.page, "Interpolator")
    middle = view.locator(".vw-current canvas")
    frames = read(notebook, "walk.frames")
    notebook.wait_until(lambda: shows(middle, frames[16]), "the middle of the path is not shown")
    slider = view.get_by_role("slider")
    slider.focus()
    for _ in range(2):
        notebook.page.keyboard.press("Shift+ArrowRight")
    notebook.wait_until(lambda: shows(middle, frames[24]), "the keys do not move the image")
    assert not shows(middle, frames[16])
    notebook.wait_until(lambda: notebook.evaluate("walk.t") == 24 / 32)
    put_slider(slider, 0.0)
    notebook.wait_until(lambda: shows(middle, frames[0]), "the mouse does not move the image")
    assert not shows(middle, frames[24])
    notebook.wait_until(lambda: notebook.evaluate("walk.t") == 0)


def turn_a_dimension(notebook):
    view = titled(notebook.page, "Latent tweaker")
    result = view.locator(".vw-current canvas")
    before = read(notebook, "tweaker.code")
    notebook.wait_until(lambda: shows(result, read(notebook, "tweaker.reconstruction")))
    painted = pixels(result)
    row = view.locator(".vw-dim").first
    put_slider(row.locator("input"), 0.95)
    notebook.wait_until(lambda: notebook.evaluate("tweaker.code.tolist()") != before.tolist())
    dimension = int(row.locator("b").inner_text().removeprefix("z"))
    wanted = float(row.locator("input").input_value())
    notebook.wait_until(
        lambda: read(notebook, "tweaker.code")[dimension] == np.float32(wanted),
        "the code does not follow the slider",
    )
    code = read(notebook, "tweaker.code")
    assert np.flatnonzero(code != before).tolist() == [dimension]
    made = read(notebook, "tweaker.result")
    notebook.wait_until(lambda: shows(result, made), "the picture is not that of the code")
    assert differs(result, painted)


def change_the_projection(notebook):
    view = titled(notebook.page, "Map of images")
    page = notebook.page
    old = places_on_map(notebook, "scatter")
    box = box_of(view.locator(".vw-map"))
    size = (box["width"], box["height"])
    hold_clock(page)
    view.get_by_label("Map", exact=True).select_option("dims")
    view.locator(".vw-map-note", has_text="dimension").wait_for()
    turn_clock(page, 190)  # half of the transition
    new = places_on_map(notebook, "scatter")
    start, end = Camera(old, *size), Camera(new, *size)
    between = start.halfway(end).place((old + new) / 2)
    assert painted_at(view, between) == 1
    assert painted_at(view, end.place(new)) < 1
    turn_clock(page, 400)
    assert painted_at(view, end.place(new)) == 1
    assert painted_at(view, between) < 1
    free_clock(page)
    assert notebook.evaluate("scatter.projection.method") == "dims"
    assert box_of(view.locator(".vw-map"))["height"] == size[1]
