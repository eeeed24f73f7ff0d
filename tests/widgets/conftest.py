"""Widgets for the tests of this room."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sklearn.decomposition import PCA

from tests.widgets._annotating import CODES, Wire
from tests.widgets._every import MAKE, Model, Recorder, a_frame, read_images
from vaewidgets import VAE, Images
from vaewidgets.widgets import training
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.base.widget import BaseWidget


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder: logs of labels lie in the working directory by default."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def digits(digits) -> Images:
    """The first 300 images of the digits: in this room the table is not needed."""
    return digits[0][:300]


@pytest.fixture(scope="session")
def vae(digits):
    return VAE(n_latent=6, max_epochs=40, batch_size=64, progress=False).fit(digits)


@pytest.fixture(scope="session")
def pca(digits):
    return PCA(6).fit(digits.as_float().reshape(len(digits), -1))


@pytest.fixture
def page_of(monkeypatch):
    """The page's end of a widget: ``page_of(widget).ask("decode", code)``."""
    return lambda widget: Page(widget, monkeypatch)


class Page:
    """The page's end of a widget: asks, and keeps what it is told."""

    def __init__(self, widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = widget
        self.told: list[tuple[dict[str, Any], list[Any]]] = []
        self.news = threading.Condition()
        monkeypatch.setattr(widget, "send", self._receive)

    def _receive(self, content: dict[str, Any], buffers: Any = ()) -> None:
        with self.news:
            self.told.append((content, list(buffers or ())))
            self.news.notify_all()

    def tell(self, content: Any, *buffers: bytes) -> None:
        self.widget._handle_custom_msg(content, [memoryview(b) for b in buffers])

    def answer(self, request: str) -> tuple[dict[str, Any], list[Any]]:
        def arrived() -> bool:
            return any(content.get("request") == request for content, _ in self.told)

        with self.news:
            assert self.news.wait_for(arrived, timeout=20), f"no answer to {request}"
            return next(m for m in self.told if m[0].get("request") == request)

    def ask(self, op: str, *buffers: bytes, **content: Any) -> tuple[dict[str, Any], list[Any]]:
        request = f"{op}-{len(self.told)}"
        self.tell({"op": op, "request": request, "view": "v", **content}, *buffers)
        return self.answer(request)


@pytest.fixture
def annotate():
    """Make an annotator whose messages are kept; all are closed at the end."""
    made = []

    def make(
        frame=None, column="label", classes=("cat", "dog"), model=CODES, images=None, **options
    ):
        options = {"journal": None, **options}
        widget = Annotator(model, images, frame, column, classes=classes, **options)
        widget.comm = Wire(widget)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()


@pytest.fixture
def recorded(monkeypatch):
    """All that widgets made from now on send: data and buffers of each message."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr("comm.create_comm", lambda **options: Recorder(sent, **options))
    monkeypatch.setattr(training, "display", lambda widget: None)
    return sent


@pytest.fixture(params=MAKE)
def one(request, recorded, tmp_path) -> Any:
    """One of every public widget after the other, of image files in a folder."""
    images = read_images(tmp_path / "folder-of-images")
    widget: BaseWidget = MAKE[request.param](Model(), images, a_frame())
    yield widget
    widget.close()
