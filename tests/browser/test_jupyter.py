"""Widgets in a real JupyterLab and a real Notebook 7."""

from __future__ import annotations

import pytest

from tools import jupyter

COUNTER = """
from traitlets import Int
from vaewidgets.widgets.base.widget import BaseWidget

class Counter(BaseWidget):
    _esm = '''
    export default { render({ model, el }) {
      const button = document.createElement("button");
      button.className = "vw-test";
      const draw = () => { button.textContent = `pressed ${model.get("n")}`; };
      model.on("change:n", draw);
      button.addEventListener("click", () => {
        model.set("n", model.get("n") + 1);
        model.save_changes();
      });
      el.append(button);
      draw();
    } };
    '''
    n = Int(0).tag(sync=True)

counter = Counter()
"""


@pytest.mark.parametrize("host", ["lab", "notebook7"])
def test_a_widget_lives_in_the_notebook_and_its_changes_reach_the_kernel(host, request):
    notebook = request.getfixturevalue(host)([COUNTER, "counter"])
    notebook.page.locator(".vw-test").click()
    notebook.wait_until(lambda: notebook.evaluate("counter.n") == 1)
    notebook.page.locator(".vw-test", has_text="pressed 1").wait_for()


def test_a_cell_that_raises_is_reported_with_its_traceback(lab):
    with pytest.raises(AssertionError, match=r"a cell raised:(.|\n)*ZeroDivisionError"):
        lab(["1 / 0"])


def test_what_a_widget_throws_in_the_notebook_is_noticed(lab):
    throws = COUNTER.replace("draw();\n", "draw(); setTimeout(() => draw.x.y, 0);\n")
    notebook = lab([throws, "counter"])
    notebook.wait_until(lambda: notebook.errors)
    assert "Cannot read properties of undefined" in notebook.errors.pop()


def test_a_cell_that_runs_long_beside_a_widget_that_is_answered_is_waited_for(lab, monkeypatch):
    monkeypatch.setattr(jupyter, "STALL_SECONDS", 0.5)
    press = "setTimeout(() => button.click(), 1500);"
    presses = COUNTER.replace("el.append(button);", f"el.append(button); {press}")
    assert press in presses
    notebook = lab([presses, "counter", "import time; time.sleep(10); ended = True"])
    assert notebook.evaluate("ended and counter.n > 0")
