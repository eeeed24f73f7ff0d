"""Labelling in a real JupyterLab, while a cell of the person's own runs."""

SETUP = """
import numpy as np, pandas as pd, time
from vaewidgets.widgets.annotator import Annotator
codes = np.random.default_rng(0).normal(size=(200, 2)).astype("float32")
df = pd.DataFrame({"x": range(200)})
notes = Annotator(codes, None, df, classes=["cat", "dog"])
notes
"""
# The host may hand the page's messages to another thread at once, or only after the cell: either
# way the frame must not change under the cell, and must have both labels after it.
BUSY = """
until = time.time() + 3
while time.time() < until and not any(notes.labels):
    time.sleep(0.05)
time.sleep(0.5)
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


def test_a_label_made_while_a_cell_runs_is_in_the_frame_when_it_has_ended(lab):
    notebook = lab([SETUP])
    page = notebook.page
    page.locator(".vw-class").first.wait_for()
    assert notebook.evaluate("setattr(notes, 'selection', [0, 3]) or 1") == 1
    page.locator(".vw-selected", has_text="2 selected").wait_for()
    page.evaluate(
        """code => {
          const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
          window.busy = kernel.requestExecute({ code }).done;
        }""",
        BUSY,
    )
    page.wait_for_timeout(300)
    page.locator(".vw-class").nth(1).click()
    page.evaluate("() => window.busy")
    page.locator(".vw-save[data-state=saved]").wait_for()
    assert notebook.evaluate("seen") == 0
    labels = {"0": "dog", "3": "dog", "199": "mine"}
    assert notebook.evaluate("df['label'].dropna().rename(str).to_dict()") == labels
