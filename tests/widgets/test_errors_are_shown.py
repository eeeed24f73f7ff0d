"""What a person's own code raises is shown in the widget and logged, and the next thing works."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from jupyter_client.session import Session

from tests.widgets._annotating import CODES, N, acked, bits, edit, names
from tests.widgets._every import CODE, USES, Model, read_images, tell
from vaewidgets.projections import process
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.scatter import LatentScatter
from vaewidgets.widgets.tweaker import LatentTweaker


class OddError(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS = {
    "words": (lambda: ZeroDivisionError("by zero"), "by zero"),
    "no words": (KeyError, "KeyError"),
    "half characters": (lambda: OSError("no 'a\udc80.png', \ud800"), "no 'a?.png', ?"),
    "no words for it": (OddError, "OddError"),
    "many words": (lambda: ValueError("x" * 10**6), "x" * 2000),
}
SESSION = Session(key=b"any")
each_error = pytest.mark.parametrize("fault", ERRORS.values(), ids=ERRORS)
pytestmark = pytest.mark.usefixtures("recorded")


class Fragile(Model):
    """A model that raises when it is told to."""

    error: Callable[[], Exception] | None = None

    def transform(self, images: Any) -> Any:
        if self.error is not None:
            raise self.error()
        return super().transform(images)

    def inverse_transform(self, codes: Any) -> Any:
        if self.error is not None:
            raise self.error()
        return super().inverse_transform(codes)


def errors_in(widget: Any) -> list[str]:
    """Return the errors that the page was told, in a form that can be sent to it."""
    contents = [data.get("content", {}) for data, _ in widget.comm.sent]
    found = [content for content in contents if content.get("op") == "error"]
    SESSION.pack(found)
    return [content["message"] for content in found]


@pytest.fixture
def close():
    made: list[Any] = []
    yield made.append
    for widget in made:
        widget.close()


@each_error
@pytest.mark.parametrize("kind", [LatentScatter, Annotator])
def test_a_listener_of_the_selection_that_raises(close, caplog, kind, fault):
    error, words = fault
    widget = kind(CODES)
    close(widget)
    heard: list[list[int]] = []

    def fail(rows: Any) -> None:
        raise error()

    widget.on_select(fail)
    widget.on_select(lambda rows: heard.append(rows.tolist()))
    for rows in ([3, 5], [0]):
        widget.set_state({"selection": bits(*rows)})
        assert widget.selection.tolist() == rows
    assert heard == [[3, 5], [0]]
    assert errors_in(widget) == [words] * 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


@each_error
def test_a_listener_of_labels_that_raises_costs_neither_a_label_nor_an_answer(
    annotate, caplog, fault
):
    error, words = fault
    widget = annotate()

    def fail(rows: Any, name: Any) -> None:
        raise error()

    widget.on_label(fail)
    for seq, row in ((1, 3), (2, 7)):
        edit(widget, seq, rows=[row], **{"class": 1})
    widget.comm.wait_for(lambda: acked(widget) == [1, 2])
    assert [row for row in range(N) if names(widget.frame)[row] == "dog"] == [3, 7]
    assert [told["message"] for told in widget.comm.of("error")] == [words] * 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert widget.undo()


@each_error
@pytest.mark.parametrize("op", ["decode", "pictures", "load", "frames", "end"])
def test_a_model_that_raises(close, caplog, tmp_path, op, fault):
    error, words = fault
    kind = Interpolator if op in ("frames", "end") else LatentTweaker
    model = Fragile()
    widget = kind(model, 0, images=read_images(tmp_path / "images"))
    close(widget)
    buffers = [CODE] if op == "decode" else []
    before = {name: value for name, value in widget.get_state().items() if name != "layout"}
    held: Any = widget._pictures.model
    held = getattr(held, "model", held)
    for seen in {id(one): one for one in (model, held)}.values():
        seen.error = error
    tell(widget, op, "bad", USES[op], *buffers)
    assert widget.comm.wait_for("bad")["message"] == words
    assert errors_in(widget) == [words]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    now = widget.get_state()
    assert {name: now[name] for name in before} == before
    for seen in {id(one): one for one in (model, held)}.values():
        seen.error = None
    tell(widget, op, "good", USES[op], *buffers)
    assert widget.comm.wait_for("good")["op"] == "reply"


def test_a_projection_that_fails_in_its_process_is_told_and_the_map_stays(
    close, caplog, tmp_path, monkeypatch
):
    script = tmp_path / "embedding.py"
    script.write_text("raise SystemExit('out of luck')")
    widget = LatentScatter(np.random.default_rng(0).normal(size=(40, 5)))
    close(widget)
    before = widget._xy, widget._projection
    monkeypatch.setattr(process, "_WORKER", script)
    tell(widget, "project", "bad", {"method": "tsne"})
    with widget.comm.news:
        assert widget.comm.news.wait_for(lambda: errors_in(widget), 60)
    assert errors_in(widget) == ["out of luck"]
    assert "out of luck" in caplog.text
    assert (widget._xy, widget._projection) == before
    monkeypatch.undo()
    tell(widget, "project", "good", {"method": "dims", "dims": [1, 3]})
    assert widget.comm.answers("good") == [{"op": "reply", "state": "done", "request": "good"}]
    assert widget._projection["dims"] == [1, 3]
