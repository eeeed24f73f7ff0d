"""Labelling in a real JupyterLab, while a cell of the person's own runs."""

SETUP = """
import numpy as np, pandas as pd, time
from vaewidgets.widgets.annotator import Annotator
codes = np.random.default_rng(0).normal(size=(200, 2)).astype("float32")
df = pd.DataFrame({"x": range(200)})
notes = Annotator(codes, None, df, classes=["cat", "dog"])
notes
"""
# Runs until the label was made. The host may hand the page's messages to another thread at once,
# or only after the cell: either way the frame must not change under the cell, and must have both
# labels after it. What comes while the cell runs waits in the gate, or wrongly is in the frame.
BUSY = """
from pathlib import Path
from vaewidgets.labels.gate import gate
Path({runs!r}).touch()
while not Path({pressed!r}).exists():
    time.sleep(0.01)
until = time.time() + 10
while time.time() < until and not gate._waiting and df["label"].isna().all():
    time.sleep(0.01)
seen = int(df["label"].notna().sum())
df.loc[199, "label"] = "mine"
"""


def test_no_number_of_escapes_gives_the_keys_to_the_notebook_and_tab_does(lab):
    notebook = lab([SETUP])
    page = notebook.page
    before = notebook.content()["cells"]
    inside = "document.activeElement.closest('.vw-root') !== null"
    places = (".vw-map", ".vw-class", ".vw-class-box", ".vw-toolbar button", ".vw-root select")
    for place in places:
        page.locator(place).first.focus()
        for _ in range(3):
            page.keyboard.press("Escape")
            assert page.evaluate(inside), place
        for key in ("x", "m", "d", "d", "y"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.matches('.vw-map')"), place
    assert notebook.content()["cells"] == before
    assert page.locator(".jp-Notebook-cell").count() == len(before)
    for key in ("Tab", "Shift+Tab"):
        page.locator(".vw-map").focus()
        presses = 0
        while page.evaluate(inside):
            page.keyboard.press(key)
            presses += 1
            assert presses < 40, f"{key} does not leave the widget"


def test_a_label_made_while_a_cell_runs_is_in_the_frame_when_it_has_ended(lab, tmp_path):
    notebook = lab([SETUP])
    page = notebook.page
    assert notebook.evaluate("setattr(notes, 'selection', [0, 3]) or 1") == 1
    page.locator(".vw-selected", has_text="2 selected").wait_for()
    runs, pressed = tmp_path / "runs", tmp_path / "pressed"
    page.evaluate(
        """code => {
          const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
          window.busy = kernel.requestExecute({ code }).done;
        }""",
        BUSY.format(runs=str(runs), pressed=str(pressed)),
    )
    notebook.wait_until(runs.exists, "the cell does not run")
    page.locator(".vw-class").nth(1).click()
    pressed.touch()
    page.evaluate("() => window.busy")
    page.locator(".vw-save[data-state=saved]").wait_for()
    assert notebook.evaluate("seen") == 0
    labels = {"0": "dog", "3": "dog", "199": "mine"}
    found = "df['label'].dropna().rename(str).to_dict()"
    notebook.wait_until(lambda: notebook.evaluate(found) == labels, "a label is lost")
