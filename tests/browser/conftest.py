"""Fixtures for tests in a real browser.

`widget_page` shows a widget in a bare page (see `_page.py`). `lab` and `notebook7` run cells in a
real Jupyter, each test with a server of its own::

    def test_a_lasso_reaches_the_kernel(lab):
        notebook = lab(["import vaewidgets as vw", "scatter = vw.LatentScatter(...)", "scatter"])
        notebook.page.locator(".vw-root").wait_for()
        assert notebook.evaluate("len(scatter.selection)") == 0

When `lab(...)` returns the cells have run and what they show is there; a cell that raises fails
the test with its traceback.
`notebook.page` is Playwright's page, `notebook.wait_until(condition)` waits for something seen
from here, `notebook.evaluate(expression)` reads from the kernel, `lab(cells, theme="JupyterLab
Dark")` sets the theme. At the end the test fails if the page threw or asked for anything outside
this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser._annotating import make_annotator
from tests.browser._fake_kernel import FakeAnnotator
from tests.browser._hands import wait_until_shown
from tests.browser._page import PATIENCE, PageServer, WidgetPage, open_page
from tools import chromium, jupyter
from tools.jupyter import JupyterServer, NotebookPage, run_notebook, write_notebook

# While a machine is busy, a page that does nothing may only be slow.
jupyter.STALL_SECONDS = PATIENCE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder: logs of labels lie in the working directory by default."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    return chromium.launch_options()


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Browser:
    """Whose pages wait as long for an element as a busy machine may need."""

    def patient(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **options: Any) -> Any:
            one = make(*args, **options)
            one.set_default_timeout(PATIENCE * 1000)
            return one

        return made

    for name in ("new_context", "new_page"):
        setattr(browser, name, patient(getattr(browser, name)))
    return browser


@pytest.fixture(scope="session")
def page_server() -> Iterator[PageServer]:
    server = PageServer()
    yield server
    server.close()


@pytest.fixture
def widget_page(browser: Browser, page_server: PageServer) -> Iterator[Callable[..., WidgetPage]]:
    """Show a widget in a bare page: ``view = widget_page(widget, theme="dark", width=420)``."""
    with ExitStack() as stack:

        def show(widget: Any, *, settle: bool = True, **options: Any) -> WidgetPage:
            view = stack.enter_context(open_page(browser, page_server, **options))
            view.show(widget, settle=settle)
            return view

        yield show


@pytest.fixture
def annotate() -> Iterator[Callable[..., FakeAnnotator]]:
    """Make annotators whose kernel the test plays, as `_annotating.py` has them."""
    made: list[FakeAnnotator] = []

    def make(*args: Any, **options: Any) -> FakeAnnotator:
        made.append(make_annotator(*args, **options))
        return made[-1]

    yield make
    for widget in made:
        widget.close()


@pytest.fixture
def lab(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., NotebookPage]]:
    """Run cells in JupyterLab: ``notebook = lab(["import vaewidgets as vw", ...])``."""
    yield from _jupyter(browser, tmp_path, "lab")


@pytest.fixture
def notebook7(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., NotebookPage]]:
    """Run cells in Notebook 7, as `lab` does in JupyterLab."""
    yield from _jupyter(browser, tmp_path, "notebook")


def _jupyter(browser: Browser, folder: Path, app: str) -> Iterator[Callable[..., NotebookPage]]:
    opened: list[NotebookPage] = []
    with ExitStack() as stack:

        def run(cells: Sequence[str], **server_options: str) -> NotebookPage:
            place = folder / f"{app}-{len(opened)}"
            place.mkdir()
            server = JupyterServer(place, app, **server_options)
            stack.callback(server.close)
            write_notebook(place / "test.ipynb", cells)
            opened.append(stack.enter_context(run_notebook(browser, server, place / "test.ipynb")))
            wait_until_shown(opened[-1])
            return opened[-1]

        yield run
        errors = [error for notebook in opened for error in notebook.errors]
        if errors:
            raise AssertionError("\n".join(["the page had errors:", *errors]))
