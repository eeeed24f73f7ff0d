"""Labels in a real JupyterLab, through undo, a restart of the kernel and a reload of the page."""

from __future__ import annotations

from tests.browser._hands import drag_lasso, run_all, titled

MAKE = """
import numpy as np, pandas as pd, vaewidgets as vw
codes = np.random.default_rng(0).normal(size=(300, 2)).astype("float32")
df = pd.DataFrame({"x": range(300)}, index=np.arange(300) // 2)
notes = vw.Annotator(codes, None, df, classes=["cat", "dog"])
notes
"""


def labels(notebook):
    return notebook.evaluate("{int(i): str(df['label'].iloc[i]) "
                             "for i in np.flatnonzero(df['label'].notna())}")  # fmt: skip


def lasso_and_press(notebook, key, part):
    view = titled(notebook.page, "Labels in label")
    drag_lasso(view, *part)
    notebook.wait_until(lambda: notebook.evaluate("len(notes.selection)") > 0)
    before = labels(notebook)
    notebook.page.keyboard.press(key)
    notebook.wait_until(lambda: labels(notebook) != before, "the labels are not in the frame")
    view.locator(".vw-save[data-state=saved]").wait_for()


def restart(notebook):
    notebook.page.evaluate(
        """async () => {
          const { sessionContext } = jupyterapp.shell.currentWidget;
          await sessionContext.session.kernel.restart();
        }"""
    )
    notebook.wait_until(notebook._is_connected, "the kernel does not come back")


def test_labels_outlive_a_restart_of_the_kernel_and_a_reload_and_can_still_be_undone(lab):
    notebook = lab([MAKE])
    lasso_and_press(notebook, "1", (0.1, 0.1, 0.5, 0.9))
    cats = labels(notebook)
    assert cats
    assert set(cats.values()) == {"cat"}
    lasso_and_press(notebook, "2", (0.4, 0.1, 0.9, 0.9))
    both = labels(notebook)
    assert set(both.values()) == {"cat", "dog"}
    notebook.page.keyboard.press("Control+z")
    notebook.wait_until(lambda: labels(notebook) == cats, "undo does not reach the frame")
    notebook.page.keyboard.press("Control+y")
    notebook.wait_until(lambda: labels(notebook) == both, "redo does not reach the frame")

    restart(notebook)
    run_all(notebook)
    assert labels(notebook) == both
    view = titled(notebook.page, "Labels in label")
    view.locator(".vw-save[data-state=saved]").wait_for()
    view.focus()
    notebook.page.keyboard.press("Control+z")
    notebook.wait_until(lambda: labels(notebook) == cats, "undo does not reach behind the restart")
    notebook.page.keyboard.press("Control+y")
    notebook.wait_until(lambda: labels(notebook) == both)

    notebook.page.reload()
    notebook.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget")
    notebook.wait_until(notebook._is_connected, "the page does not come back")
    run_all(notebook)
    assert labels(notebook) == both
    view.locator(".vw-labelled", has_text=f"{len(both)} of 300").wait_for()


def test_edits_made_while_the_kernel_is_gone_arrive_when_the_cell_is_run_again(lab):
    notebook = lab([MAKE])
    lasso_and_press(notebook, "1", (0.1, 0.1, 0.5, 0.9))
    cats = labels(notebook)
    # The process is killed under the page, as a crash or a full memory would.
    notebook.page.evaluate(
        """() => {
          const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
          window.gone = kernel.requestExecute({ code: "import os; os._exit(1)" }).done
            .catch(() => {});
        }"""
    )
    # JupyterLab says so in a dialog over everything.
    notebook.page.locator(".jp-Dialog button").first.click()
    view = titled(notebook.page, "Labels in label")
    drag_lasso(view, 0.4, 0.1, 0.9, 0.9)
    notebook.page.keyboard.press("2")
    notebook.wait_until(notebook._is_connected, "the kernel is not started again")
    run_all(notebook)
    notebook.wait_until(lambda: "dog" in labels(notebook).values(), "the edit is lost")
    assert set(labels(notebook)) >= set(cats)
