"""A notebook that somebody else saved: opened without trust, and made into a page by nbconvert."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from ipywidgets.embed import dependency_state
from nbconvert import HTMLExporter

from tests._hostile import COUNT_TAGS, HOSTILE, PWN
from tools import pages
from tools.jupyter import JupyterServer, NotebookPage
from vaewidgets.widgets import training
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.scatter import LatentScatter
from vaewidgets.widgets.training import TrainingMonitor
from vaewidgets.widgets.tweaker import LatentTweaker

pytestmark = pytest.mark.filterwarnings("ignore:column .* different values")
N = len(HOSTILE)
HARMLESS = [f"name {k:03}" for k in range(N)]
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


class Gray:
    """Gray images, as bright as their code says."""

    def transform(self, images: Any) -> Any:
        return np.asarray(images, np.float32).reshape(len(images), -1)[:, :2]

    def inverse_transform(self, codes: Any) -> Any:
        return np.full((len(codes), 4, 4, 1), 0.5, np.float32)


def make_all(texts: list[str]) -> list[Any]:
    """Make one of every public widget, with these names wherever there are names."""
    images = np.random.default_rng(0).integers(0, 256, (N, 4, 4, 1), dtype=np.uint8)
    frame = pd.DataFrame(dict.fromkeys(texts, texts), index=pd.Index(texts, name=texts[0]))
    notes = [
        Annotator(Gray(), images, frame.copy(), text, classes=texts, journal=None)
        for text in texts
    ]
    notes[0].color_by(texts[1])
    return [
        LatentScatter(Gray(), images, color=texts[0], data=frame),
        Interpolator(Gray(), 0, 3, images=images, color=texts[0], data=frame),
        LatentTweaker(Gray(), 3, images=images, color=texts[0], data=frame),
        TrainingMonitor(),
        *notes,
    ]


@pytest.fixture
def saved(monkeypatch):
    """Return a notebook saved with its widgets: their outputs and, if asked for, their state."""
    made: list[Any] = []

    def save(texts: list[str], *, state: bool) -> Any:
        widgets = make_all(texts)
        made.extend(widgets)
        outputs = [
            nbformat.v4.new_output("display_data", data=widget._repr_mimebundle_()[0])
            for widget in widgets
        ]
        cells = [  # of more than 50 outputs of a cell, JupyterLab shows 50
            nbformat.v4.new_code_cell("show(widgets)", outputs=outputs[k : k + 25])
            for k in range(0, len(outputs), 25)
        ]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        if state:
            models = dependency_state(widgets, drop_defaults=False)
            content = {"version_major": 2, "version_minor": 0, "state": models}
            notebook.metadata["widgets"] = {STATE: content}
        return nbformat.from_dict(notebook)

    monkeypatch.setattr(training, "display", lambda widget: None)
    yield save
    for widget in made:
        widget.close()


@pytest.mark.parametrize("state", [False, True], ids=["outputs", "outputs-and-state"])
def test_what_was_not_run_here_is_shown_as_text_and_runs_nothing(browser, saved, tmp_path, state):
    notebook = saved(HOSTILE, state=state)
    server = JupyterServer(tmp_path)
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    try:
        nbformat.write(notebook, server.root / "theirs.ipynb")
        shown = NotebookPage(context.new_page(), server, "theirs.ipynb")
        outputs = shown.page.locator(".jp-OutputArea-output")
        outputs.first.wait_for()
        texts = [out.data["text/plain"] for cell in notebook.cells for out in cell.outputs]
        shown.wait_until(lambda: outputs.count() == len(texts))
        assert [text.strip() for text in outputs.all_text_contents()] == texts
        assert shown.page.locator(".vw-root").count() == 0
        assert shown.page.evaluate("window.__pwned") is None
        assert shown.errors == []
    finally:
        context.close()
        server.close()


@pytest.mark.parametrize("state", [False, True], ids=["outputs", "outputs-and-state"])
@pytest.mark.parametrize("sanitize", [False, True], ids=["as-it-is", "sanitized"])
def test_a_page_made_of_a_notebook_has_no_element_and_no_script_made_of_names(
    browser, saved, sanitize, state
):
    count = []
    for texts in (HARMLESS, HOSTILE):
        exporter = HTMLExporter(sanitize_html=sanitize)
        html, _ = exporter.from_notebook_node(saved(texts, state=state))
        page = browser.new_page()
        page.route("**/*", lambda route: route.abort())
        page.set_content(html, wait_until="domcontentloaded")
        count.append(page.evaluate(COUNT_TAGS))
        assert page.evaluate("window.__pwned") is None
        if state:
            kept = page.locator(f"script[type='{STATE}']").text_content()
            assert len(json.loads(kept or "")["state"]) >= N
        else:
            assert page.get_by_text("<TrainingMonitor>").count() == 1
        page.close()
    assert count[0] == count[1]


def test_a_map_whose_numbers_are_gone_says_what_to_do(widget_page):
    widget = LatentScatter(np.eye(4, 2, dtype=np.float32))
    widget._xy = b""
    view = widget_page(widget)
    assert "Run the cell again" in view.root.inner_text()


def test_the_guard_of_these_tests_would_notice_a_script(browser):
    page = browser.new_page()
    page.set_content(f"<img src=x onerror={PWN}>")
    pages.wait_until(page, lambda: page.evaluate("window.__pwned") == 1, "no script ran")
    page.close()
