"""What it costs to make a widget: kernel time, JSON and binary bytes, beside two peers.

Every message of every widget is recorded and counted; no browser takes part. Run with

    pip install -c constraints.txt -r benchmarks/requirements.txt
    python -m benchmarks.widgets
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import comm
import numpy as np
import pandas as pd
from comm.base_comm import BaseComm

from benchmarks._report import keep, table

SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 4  # the first is cold, the median of the rest is warm


class Recorder:
    """Counts what would have crossed to the page."""

    def __init__(self) -> None:
        self.json_bytes = 0
        self.binary_bytes = 0

    def reset(self) -> None:
        """Start counting anew."""
        self.json_bytes = self.binary_bytes = 0

    def count(self, data: Any, buffers: Any) -> None:
        """Add one message."""
        self.json_bytes += len(json.dumps(data))
        self.binary_bytes += sum(memoryview(buffer).nbytes for buffer in buffers or ())


RECORDER = Recorder()


class RecordingComm(BaseComm):
    """A comm whose other end is the recorder."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):  # noqa: D102
        RECORDER.count(data or {}, buffers)


def use_recorder() -> None:
    """Let every widget made from now on talk to the recorder."""

    def create_comm(*arguments: Any, **keywords: Any) -> RecordingComm:
        return RecordingComm(*arguments, **keywords)

    comm.create_comm = create_comm


def measure(make: Callable[[], Any]) -> tuple[float, float, int, int]:
    """Build a widget a few times; cold and warm seconds, JSON and binary bytes of the last."""
    seconds = []
    for _ in range(REPEATS):
        RECORDER.reset()
        gc.collect()
        start = time.perf_counter()
        widget = make()
        seconds.append(time.perf_counter() - start)
        ask_for_labels(widget)
        close = getattr(widget, "close", None)
        sizes = RECORDER.json_bytes, RECORDER.binary_bytes
        if close is not None:
            close()
        del widget
    return seconds[0], statistics.median(seconds[1:]), *sizes


def ask_for_labels(widget: Any) -> None:
    """Let the page of an annotator ask for its labels, as it does when it opens."""
    if hasattr(widget, "_on_sync"):
        widget._dispatch(widget, {"op": "sync", "request": "benchmark"}, [])


def contestants(n: int) -> dict[str, Callable[[], Any]]:
    """Each widget on n points with ten classes; ours from codes, as the peers from coordinates."""
    import jscatter
    import plotly.graph_objects as go

    import vaewidgets as vw

    rng = np.random.default_rng(0)
    xy = rng.standard_normal((n, 2)).astype(np.float32)
    names = [f"class {k}" for k in range(10)]
    label = pd.Categorical.from_codes(rng.integers(0, 10, n), names)
    frame = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "label": label})
    colours = np.asarray(label.codes, dtype=np.uint8)

    def plotly_figure() -> Any:
        trace = go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers", marker={"color": colours})
        return go.FigureWidget([trace])

    def jupyter_scatter() -> Any:
        scatter = jscatter.Scatter(data=frame, x="x", y="y", color_by="label")
        return scatter.widget

    return {
        "vaewidgets LatentScatter": lambda: vw.LatentScatter(xy, data=frame, color="label"),
        "vaewidgets Annotator": lambda: vw.Annotator(xy, None, frame, journal=None),
        "jupyter-scatter": jupyter_scatter,
        "plotly FigureWidget (Scattergl)": plotly_figure,
    }


def decoding_widgets() -> dict[str, Callable[[], Any]]:
    """Make the two widgets that decode; their size does not depend on a number of points."""
    from sklearn.decomposition import PCA

    import vaewidgets as vw

    images, _ = vw.datasets.load_digits()
    model = PCA(16).fit(images.as_float().reshape(len(images), -1))
    return {
        "vaewidgets Interpolator": lambda: vw.Interpolator(model, images[3], images[8]),
        "vaewidgets LatentTweaker": lambda: vw.LatentTweaker(model, images[3]),
    }


def row(name: str, size: str, figures: tuple[float, float, int, int], n: int) -> list[str]:
    """Format one line of the table."""
    cold, warm, json_bytes, binary = figures
    per_point = f"{binary / n:.1f}" if n else "-"
    return [
        name,
        size,
        f"{cold * 1e3:.0f}",
        f"{warm * 1e3:.1f}",
        f"{json_bytes / 1e3:.1f}",
        f"{binary / 1e3:.0f}",
        per_point,
    ]


def main() -> None:
    """Measure all and keep the table."""
    use_recorder()
    rows = []
    for n in SIZES:
        for name, make in contestants(n).items():
            rows.append(row(name, f"{n:,}", measure(make), n))
    for name, make in decoding_widgets().items():
        rows.append(row(name, "one image", measure(make), 0))
    header = ["widget", "points", "cold ms", "warm ms", "JSON kB", "binary kB", "bytes a point"]
    body = table(header, rows) + (
        "\n\nJSON holds the widget's bundle and stylesheet, which Jupyter sends again for each "
        "instance.\nCold is the first widget of its size in the process, warm the median of "
        f"{REPEATS - 1} more."
    )
    keep(
        "widgets",
        "What it costs to make a widget",
        body,
        ("vaewidgets", "anywidget", "ipywidgets", "jupyter-scatter", "plotly", "numpy", "pandas"),
    )


if __name__ == "__main__":
    main()
