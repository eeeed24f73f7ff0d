"""What every widget shares: its bundle, its messages with the page, its way to end."""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, ClassVar

import anywidget
from ipywidgets import Layout
from ipywidgets.widgets.trait_types import bytes_serialization
from traitlets import Bytes, Unicode

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.widgets.base.jobs import Job, jobs

log = logging.getLogger("vaewidgets")

Content = dict[str, Any]
Buffers = Sequence[memoryview]
Reply = Content | tuple[Content, list[Any]] | None


@functools.cache
def bundle(name: str) -> str:
    """Text of a built file in ``vaewidgets/static``.

    Read once into a string: a widget class whose ``_esm`` is a path keeps every instance alive
    for ever (manzt/anywidget#929).
    """
    file = resources.files("vaewidgets") / "static" / name
    if not file.is_file():
        raise FileNotFoundError(
            f"the widget bundle static/{name} is missing from this installation of vaewidgets; "
            "in a checkout run `make build`, else reinstall the package"
        )
    return file.read_text(encoding="utf-8")


def binary(default: bytes = b"") -> Any:
    """Make a synced trait of raw bytes that works in both directions."""
    return Bytes(default).tag(sync=True, **bytes_serialization)


def check_height(height: Any) -> int:
    """Return the height of a map in CSS pixels, or say which are accepted."""
    if not is_whole(height) or not 160 <= height <= 2000:
        raise ValueError(f"height must be 160 to 2000 pixels, got {height!r}")
    return int(height)


def check_layout(layout: Any) -> Any:
    """Return what ipywidgets takes for a layout, or say which are accepted."""
    if layout is None or isinstance(layout, (dict, Layout)):
        return layout
    raise TypeError(
        f"layout is {layout!r}; accepted: ipywidgets.Layout(width='50%'), or a dict of what it "
        "takes"
    )


class BaseWidget(anywidget.AnyWidget):
    """A widget whose page talks to it in messages.

    The page sends ``{"op": name, "request": id, ...}``; the method ``_on_<name>(content,
    buffers)`` answers with a dict, or a dict and a list of buffers, sent back as ``{"op":
    "reply", "request": id, ...}``. (Not ``"id"``: ipykernel 7.4 would remember each for ever.)
    A handler that raises changes nothing, and its message is shown in the widget. Subclasses
    are final: they add traits and handlers, and override nothing else.
    """

    _esm: ClassVar[str]
    _css: ClassVar[str]

    _key = Unicode().tag(sync=True)
    """Names this widget on the page, whose views of it share pictures and labels by it."""

    def __init__(self, *, layout: Any = None, **traits: Any) -> None:
        self._endings: list[Callable[[], None]] = []  # what close() has to stop
        self._given_layout = layout
        if layout is not None:
            traits["layout"] = layout
        super().__init__(_key=uuid.uuid4().hex, **traits)
        self.on_msg(self._dispatch)
        _answer_where_asked(self.comm)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def close(self) -> None:
        """Take the widget off the page and forget it; what it selected or labelled stays."""
        jobs.drop(id(self))
        # ipywidgets closes what the collector finds, also a widget whose __init__ has raised.
        for end in self.__dict__.pop("_endings", []):
            end()
        # ipywidgets leaves it in its registry otherwise; one that was given is others' too.
        if self.layout is not None and self.layout is not self.__dict__.get("_given_layout"):
            self.layout.close()
        super().close()

    def _dispatch(self, _widget: Any, content: Content, buffers: Buffers) -> None:
        """Answer one message of the page."""
        operation = content.get("op") if isinstance(content, dict) else None
        handler = getattr(self, f"_on_{operation}", None) if isinstance(operation, str) else None
        if handler is None:
            self._fail(content, ValueError(f"the page asked for {operation!r}, which is unknown"))
            return
        try:
            reply = handler(content, buffers)
        except Exception as error:  # noqa: BLE001  (whatever it is, the person must see it)
            self._fail(content, error)
        else:
            self._reply(content, reply)

    def _reply(self, content: Content, reply: Reply) -> None:
        if reply is None:
            return
        answer, buffers = reply if isinstance(reply, tuple) else (reply, [])
        self.send({"op": "reply", **answer, "request": content.get("request")}, buffers)

    def _fail(self, content: Any, error: Exception) -> None:
        """Show an error in the widget and keep it in the log."""
        text = _words_of(error)
        log.error("%s: %s", type(self).__name__, text, exc_info=error)
        request = content.get("request") if isinstance(content, dict) else None
        self.send({"op": "error", "request": request, "message": text[:2000]})

    def _later(self, content: Content, work: Callable[[], Reply]) -> None:
        """Answer a message from the worker thread; only the latest of its kind and view counts."""
        self_id, view, operation = id(self), content.get("view"), content.get("op")
        jobs.submit(
            (self_id, view, operation),
            Job(
                work=work,
                done=lambda reply: self._reply(content, reply),
                failed=lambda error: self._fail(content, error),
                superseded=lambda: self.send(
                    {"op": "superseded", "request": content.get("request")}
                ),
            ),
        )


def _words_of(error: Exception) -> str:
    """Return what an error says, as text that can be sent.

    Names of files that are no UTF-8 are half characters, which Jupyter refuses to send: the
    question would never be answered. Nor would it be if the error failed to say what it is.
    """
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (whatever it is, the person must see that there was an error)
        text = ""
    return text.encode("utf-8", "replace").decode() or type(error).__name__


def _answer_where_asked(comm: Any) -> None:
    """Let messages of the page be handled on the thread that the page asks for.

    ipykernel 7.4 hands them to the thread that last sent something through the widget. For a
    widget that a cell shows, or updates while it runs, that is the cell's own thread: sliders
    and Stop would be answered only when the cell has ended.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, asked_for: asked_for
