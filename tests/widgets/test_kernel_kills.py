"""A real kernel that is killed while its page labels: what was called saved is there after."""

from __future__ import annotations

import os
import queue
import signal
import time
from typing import Any

import numpy as np
import pytest
from jupyter_client.manager import KernelManager

N = 64
CELL = """
import numpy as np, pandas as pd
from vaewidgets.widgets.annotator import Annotator
codes = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
df = pd.DataFrame({"x": range(64)})
notes = Annotator(codes, None, df, classes=[f"class {k}" for k in range(5)], journal=%r)
"""


class Kernel:
    """A kernel with an annotator, and the page's end of its wire."""

    def __init__(self, folder: str) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.evaluate("None", CELL % folder)
        self.widget = self.evaluate("notes.model_id")

    def evaluate(self, expression: str, code: str = "") -> Any:
        reply = self.client.execute(
            code, user_expressions={"value": expression}, reply=True, timeout=60
        )
        content = reply["content"]
        assert content["status"] == "ok", content
        value = content["user_expressions"]["value"]
        assert value["status"] == "ok", value
        return eval(value["data"]["text/plain"])

    def send(self, seq: int, row: int, number: int) -> None:
        mask = np.zeros(N, bool)
        mask[row] = True
        edit = {"op": "edit", "client": "page", "seq": seq, "kind": "label", "class": number}
        content = {"comm_id": self.widget, "data": {"method": "custom", "content": edit}}
        message = self.client.session.msg("comm_msg", content)
        message["buffers"] = [np.packbits(mask, bitorder="little").tobytes()]
        self.client.session.send(self.client.shell_channel.socket, message,
                                 buffers=message["buffers"])  # fmt: skip

    def acknowledged(self, seconds: float) -> list[int]:
        """Numbers acknowledged until the time is up."""
        until, found = time.monotonic() + seconds, []
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except queue.Empty:
                break
            data = message["content"].get("data", {})
            content = data.get("content", {}) if isinstance(data, dict) else {}
            found += content.get("acks", {}).get("page", [])
        return found

    def kill(self) -> None:
        os.kill(self.manager.provisioner.pid, signal.SIGKILL)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_what_a_kernel_acknowledged_is_there_after_it_was_killed_and_nothing_is_done_twice(
    tmp_path,
):
    rng = np.random.default_rng(0)
    kept: dict[int, str] = {}  # row -> class, of what was acknowledged
    waiting: dict[int, tuple[int, int]] = {}  # seq -> row, class: sent and not acknowledged
    seq = 0
    for _ in range(40):
        kernel = Kernel(str(tmp_path / "log"))
        labels = kernel.evaluate("notes.labels.tolist()")
        on_the_way = {(row, f"class {code}") for row, code in waiting.values()}
        for row, name in kept.items():
            assert labels[row] == name or (row, labels[row]) in on_the_way
        for number, (row, code) in waiting.items():  # the outbox sends them again
            kernel.send(number, row, code)
        for _ in range(int(rng.integers(1, 12))):
            seq += 1
            waiting[seq] = (int(rng.integers(N)), int(rng.integers(5)))
            kernel.send(seq, *waiting[seq])
        for done in kernel.acknowledged(float(rng.uniform(0.02, 0.4))):
            if done in waiting:
                row, code = waiting.pop(done)
                kept[row] = f"class {code}"
        kernel.kill()
    kernel = Kernel(str(tmp_path / "log"))
    for number, (row, code) in sorted(waiting.items()):
        kernel.send(number, row, code)
        kept[row] = f"class {code}"
    kernel.acknowledged(1.0)
    labels = kernel.evaluate("notes.labels.tolist()")
    assert {row: labels[row] for row in kept} == kept
    assert kernel.evaluate("[r.edit.seq for r in notes._desk.journal.records "
                           "if r.edit.client == 'page']") == list(range(1, seq + 1))  # fmt: skip
    kernel.kill()
