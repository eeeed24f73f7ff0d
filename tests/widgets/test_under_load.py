"""A million points in one stroke, and widgets made and closed again and again."""

from __future__ import annotations

import base64
import gc
import json
import logging
import os
import shutil
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances

from tests.widgets._every import MAKE, Model, a_frame, read_images, use_all
from tests.widgets._wires import Page
from vaewidgets.widgets.annotator import Annotator

MANY = 1_000_000
MOST_SENT = 200_000  # bytes; Jupyter's servers refuse 10 MiB
MOST_GROWTH = 20_000_000  # bytes over 1000 lives
STATM = Path("/proc/self/statm")


def stroke(chosen: np.ndarray, number: int) -> tuple[dict[str, Any], bytes]:
    """Label rows in the page's own outbox; return the message that it sends."""
    rows = base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode()
    with Page() as page:
        page.do(["begin"])
        said = page.do(["push", {"kind": "label", "class": number}, rows])
    [(message, [buffer])] = said["sent"]
    return message, base64.b64decode(buffer)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_lasso_over_a_million_points_labels_exactly_those_and_is_undone_in_one_step(
    annotate, tmp_path, share
):
    rng = np.random.default_rng(0)
    chosen = rng.random(MANY) < share
    chosen[[0, -1]] = True
    frame = pd.DataFrame({"x": np.zeros(MANY, np.uint8)})
    codes = rng.random((MANY, 2), dtype=np.float32)
    widget: Annotator = annotate(frame, model=codes, journal=tmp_path / "log")
    message, bits = stroke(chosen, 1)
    assert len(json.dumps(message)) + len(bits) <= MOST_SENT
    widget._dispatch(widget, message, [memoryview(bits)])
    expected = np.where(chosen, 2, 0)
    assert (widget._desk.journal.codes == expected).all()
    assert ((frame["label"] == "dog").to_numpy() == chosen).all()
    assert frame["label"].count() == chosen.sum()
    assert widget.counts.to_dict() == {"cat": 0, "dog": chosen.sum()}
    widget.close()
    again = annotate(pd.DataFrame({"x": np.zeros(MANY)}), model=codes, journal=tmp_path / "log")
    assert (again._desk.journal.codes == expected).all()
    assert ((again.frame["label"] == "dog").to_numpy() == chosen).all()
    assert again.undo()
    assert not again._desk.journal.codes.any()
    assert again.frame["label"].count() == 0
    assert not again.undo()


@pytest.fixture
def live(recorded, tmp_path, caplog):
    """Make a widget, show it, use all of it, close it; return a weak reference to it."""
    # What is logged is kept until the test ends, with all that its tracebacks hold.
    caplog.set_level(logging.CRITICAL, logger="vaewidgets")
    images = read_images(tmp_path / "images")
    frame = a_frame()

    def once(kind: str) -> weakref.ref[Any]:
        widget = MAKE[kind](Model(), images, frame.copy())
        if hasattr(widget, "on_select"):
            widget.on_select(lambda rows: widget._n)
        if hasattr(widget, "on_label"):
            widget.on_label(lambda rows, name: widget._n)
        widget._repr_mimebundle_()
        use_all(widget)
        trace = weakref.ref(widget)
        widget.close()
        recorded.clear()
        for log in Path.cwd().glob("log*"):  # else each life would read those before it
            shutil.rmtree(log)
        return trace

    return once


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("kind", MAKE)
def test_a_widget_that_was_used_and_closed_leaves_nothing_behind(live, kind):
    live(kind)  # the threads that serve all widgets are started once
    gc.collect()
    before, threads = set(_instances), set(threading.enumerate())
    traces = [live(kind) for _ in range(10)]
    end = time.monotonic() + 10  # the thread that looks for labels of others may hold the last one
    while (
        any(trace() is not None for trace in traces) or set(threading.enumerate()) != threads
    ) and time.monotonic() < end:
        gc.collect()
        time.sleep(0.05)
    assert [trace() for trace in traces] == [None] * 10
    assert set(_instances) == before
    assert set(threading.enumerate()) == threads


def live_on(live, kind, times):
    """Live so many lives; the collector may look at what is left now and then, as it does."""
    for number in range(1, times + 1):
        live(kind)
        if number % 20 == 0:  # where much is loaded, Python by itself looks much more rarely
            gc.collect()


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKE)
def test_a_thousand_lives_of_a_widget_take_no_memory(live, kind):
    live_on(live, kind, 100)
    before = resident_bytes() if STATM.exists() else None
    threads, known = threading.active_count(), len(_instances)
    live_on(live, kind, 1000)
    assert (threading.active_count(), len(_instances)) == (threads, known)
    if before is None:
        pytest.skip("no thread and no object was left; only Linux tells in /proc how much memory")
    assert resident_bytes() - before < MOST_GROWTH
