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
