"""The message contract that every widget inherits."""

import gc
import threading
import weakref
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

from vaewidgets.widgets.base.widget import BaseWidget, binary, bundle


class Echo(BaseWidget):
    """A widget small enough to see the contract through."""

    _esm = "export default { render() {} }"
    _bits = binary()

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        self.arrived = threading.Event()

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append((content, list(buffers or [])))
        self.arrived.set()

    def _on_echo(self, content: dict[str, Any], buffers: Any) -> Any:
        return {"text": content["text"]}, [bytes(b) for b in buffers]

    def _on_silent(self, content: dict[str, Any], buffers: Any) -> None:
        return None

    def _on_broken(self, content: dict[str, Any], buffers: Any) -> None:
        raise ValueError("row 99 does not exist; rows are 0 to 9")

    def _on_slow(self, content: dict[str, Any], buffers: Any) -> None:
        self._later(content, lambda: {"thread": threading.current_thread().name})

    def _on_slow_broken(self, content: dict[str, Any], buffers: Any) -> None:
        self._later(content, lambda: 1 / 0)


@pytest.fixture
def echo():
    widget = Echo()
    yield widget
    widget.close()


def test_an_answer_carries_the_id_of_its_question_and_the_buffers(echo):
    echo._dispatch(echo, {"op": "echo", "request": "v:1", "text": "hello"}, [memoryview(b"xy")])
    assert echo.sent == [({"op": "reply", "request": "v:1", "text": "hello"}, [b"xy"])]


def test_a_message_that_needs_no_answer_gets_none(echo):
    echo._dispatch(echo, {"op": "silent", "request": "v:1"}, [])
    assert echo.sent == []


def test_a_handler_that_raises_tells_the_page_why(echo, caplog):
    echo._dispatch(echo, {"op": "broken", "request": "v:2"}, [])
    assert echo.sent == [
        (
            {"op": "error", "request": "v:2", "message": "row 99 does not exist; rows are 0 to 9"},
            [],
        )
    ]
    assert "row 99" in caplog.text


@pytest.mark.parametrize(
    "content", [None, [], "text", {}, {"op": None}, {"op": 3}, {"op": "close"}, {"op": "nothing"}]
)
def test_a_message_nobody_knows_is_refused_in_words(echo, content):
    echo._dispatch(echo, content, [])
    [(answer, _)] = echo.sent
    assert answer["op"] == "error"
    assert "unknown" in answer["message"]


def test_later_work_is_answered_from_another_thread(echo):
    echo._dispatch(echo, {"op": "slow", "request": "v:3", "view": "v"}, [])
    assert echo.arrived.wait(10)
    [(answer, _)] = echo.sent
    assert answer == {"op": "reply", "request": "v:3", "thread": "vaewidgets-jobs"}


def test_later_work_that_raises_tells_the_page_why(echo):
    echo._dispatch(echo, {"op": "slow_broken", "request": "v:4", "view": "v"}, [])
    assert echo.arrived.wait(10)
    [(answer, _)] = echo.sent
    assert answer == {"op": "error", "request": "v:4", "message": "division by zero"}


def test_bytes_travel_from_the_page_too(echo):
    echo.set_state({"_bits": memoryview(b"\x05")})
    assert echo._bits == b"\x05"


def test_a_closed_widget_leaves_nothing_behind():
    before = set(_instances)
    widget = Echo()
    gone = weakref.ref(widget)
    widget.close()
    del widget
    gc.collect()
    assert gone() is None
    assert set(_instances) == before


def test_messages_are_handled_on_the_thread_that_the_page_asks_for(monkeypatch):
    """A real kernel's comm, which else remembers the thread of the cell that showed the widget."""
    kernel_comm = pytest.importorskip("ipykernel.comm.comm").BaseComm
    monkeypatch.setattr("comm.create_comm", kernel_comm)
    widget = Echo()
    widget.comm._reply_subshell_id = None
    assert widget.comm._reply_subshell_for({}, "the page's subshell") == "the page's subshell"
    widget.close()


def test_a_missing_bundle_says_how_to_build_it():
    with pytest.raises(FileNotFoundError, match="make build"):
        bundle("nothing.js")
