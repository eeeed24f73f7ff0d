"""What the tests of the annotator speak with: a wire, and the messages of a page."""

import threading
from typing import Any

import numpy as np
import pandas as pd
from comm.base_comm import BaseComm

from vaewidgets.widgets.annotator import Annotator

N = 12
CODES = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)


class Wire(BaseComm):
    """A comm that keeps what is sent over it."""

    def __init__(self, widget: Annotator) -> None:
        super().__init__(comm_id=widget.model_id, primary=False)
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived = threading.Condition()

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = (), **_: Any
    ) -> None:
        if data and data.get("method") == "custom":
            with self.arrived:
                self.messages.append((data["content"], [bytes(b) for b in buffers or ()]))
                self.arrived.notify_all()

    def of(self, op: str) -> list[dict[str, Any]]:
        return [content for content, _ in self.messages if content["op"] == op]

    def wait_for(self, condition: Any) -> None:
        with self.arrived:
            assert self.arrived.wait_for(condition, 5), self.messages


def bits(*rows, n=N):
    mask = np.zeros(n, bool)
    mask[list(rows)] = True
    return memoryview(np.packbits(mask, bitorder="little").tobytes())


def edit(widget, seq, kind="label", rows=None, client="page", **content):
    message = {"op": "edit", "client": client, "seq": seq, "kind": kind, **content}
    widget._dispatch(widget, message, [] if rows is None else [bits(*rows)])


def acked(widget, client="page"):
    messages = [content for content, _ in widget.comm.messages]
    return [seq for message in messages for seq in message.get("acks", {}).get(client, [])]


def sync(widget):
    widget._dispatch(widget, {"op": "sync", "request": "s"}, [])
    content, buffers = next(
        m for m in reversed(widget.comm.messages) if m[0].get("request") == "s"
    )
    return content, np.frombuffer(buffers[0], content["dtype"]).tolist()


def names(frame, column="label"):
    return [None if pd.isna(value) else value for value in frame[column]]
