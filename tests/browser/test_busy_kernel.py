"""Widgets in a real JupyterLab and Notebook 7 while a cell of the person's own runs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser._hands import (
    differs,
    drag_lasso,
    gallery_rows,
    pixels,
    put_slider,
    shows,
    titled,
)

HOSTS = pytest.mark.parametrize("host", ["lab", "notebook7"])
SETUP = """
import numpy as np, pandas as pd, vaewidgets as vw
images = vw.datasets.load_digits()[0][:300]
vae = vw.VAE(n_latent=4, max_epochs=20, progress=False).fit(images)
df = pd.DataFrame({"label": [None] * 300, "own": 0}, index=np.arange(300) // 2)
scatter = vw.LatentScatter(vae, images, height=240)
notes = vw.Annotator(vae, images, df, classes=["cat", "dog"], height=240)
tweaker = vw.LatentTweaker(vae, images[3])
"""
# Ends by the button only: whatever the page shows before that, it shows while the cell runs.
TRAIN = """
df["own"] = np.arange(300)
long = vw.VAE(n_latent=4, max_epochs=10_000_000).fit(images)
seen = int(df["label"].notna().sum())
free = next(row for row, name in enumerate(notes.labels) if name is None)
df.iloc[free, 0] = "mine"
df["own"] += 1
"""


def run_in_last_cell(notebook, source):
    """Type into the last cell and run it, as a person does; not waiting for its end."""
    editor = notebook.page.locator(".jp-CodeCell .cm-content").last
    editor.click()
    notebook.page.keyboard.insert_text(source)
    notebook.page.keyboard.press("Control+Enter")


@HOSTS
def test_widgets_go_on_while_a_model_learns_and_stop_ends_it(host, request):
    cells = [SETUP, "scatter", "notes", "tweaker", ""]
    notebook = request.getfixturevalue(host)(cells)
    page = notebook.page
    run_in_last_cell(notebook, TRAIN)
    training = titled(page, "Training")
    stop = training.get_by_role("button", name="Stop and keep what was learned")
    stop.wait_for()
    watch_it_learn(notebook, training)
    code = turn_a_dimension(notebook)
    chosen = label(notebook)
    change_the_projection(notebook)
    watch_it_learn(notebook, training)
    assert stop.is_visible()

    stop.click()
    training.locator(".vw-status", has_text="Stopped early").wait_for()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(state="attached")
    assert notebook.failures() == []
    made = "long.inverse_transform(long.transform(images))"
    assert notebook.evaluate(f"{made}.shape") == [300, 8, 8, 1]

    assert notebook.evaluate("seen") == 0, "the frame changed under the cell"
    assert notebook.evaluate("(df['own'] == np.arange(1, 301)).all().item()")
    wanted = {**{str(row): "dog" for row in chosen}, str(notebook.evaluate("free")): "mine"}
    found = "{int(i): df['label'].iloc[i] for i in np.flatnonzero(df['label'].notna())}"
    assert notebook.evaluate(found) == wanted
    labelled = sorted([*chosen, notebook.evaluate("free")])  # what the cell wrote counts too
    assert notebook.evaluate("[row for row, name in enumerate(notes.labels) if name]") == labelled
    assert np.float32(notebook.evaluate("tweaker.code.tolist()")).tolist() == code
    made = np.array(notebook.evaluate("tweaker.result.tolist()"))
    assert shows(titled(page, "Latent tweaker").locator(".vw-current canvas"), made)
    assert notebook.evaluate("scatter.projection.method") == "dims"


def watch_it_learn(notebook, training):
    """Wait until the view has told of more steps and painted other reconstructions."""
    counters, copy = training.locator(".vw-counters"), training.locator(".vw-pairs canvas").nth(1)
    copy.wait_for()
    words, painted = counters.inner_text(), pixels(copy)
    notebook.wait_until(lambda: counters.inner_text() != words, "the counters stand still")
    notebook.wait_until(lambda: differs(copy, painted), "the pictures stand still")


def turn_a_dimension(notebook):
    view = titled(notebook.page, "Latent tweaker")
    result = view.locator(".vw-current canvas")
    before = pixels(result)
    slider = view.locator(".vw-dim-slider").first
    put_slider(slider, 0.9)
    notebook.wait_until(lambda: differs(result, before), "no picture while the cell runs")
    notebook.wait_until(lambda: view.locator(".vw-status", has_text="1 slider moved").count())
    return [
        float(np.float32(place.input_value()))
        for place in sorted(
            view.locator(".vw-dim-slider").all(),
            key=lambda place: place.get_attribute("aria-label"),
        )
    ]


def label(notebook):
    view = titled(notebook.page, "Labels in label")
    drag_lasso(view, 0.3, 0.2, 0.8, 0.7)
    chosen = sorted(gallery_rows(view))
    assert 20 < len(chosen) < 280
    notebook.page.keyboard.press("2")
    view.locator(".vw-labelled", has_text=f"{len(chosen)} of 300 labelled").wait_for()
    view.locator(".vw-save[data-state=saved]").wait_for()
    return chosen


def change_the_projection(notebook):
    view = titled(notebook.page, "Map of images")
    view.get_by_label("Map", exact=True).select_option("dims")
    view.locator(".vw-map-note", has_text="dimension").wait_for()
