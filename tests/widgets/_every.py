"""One of every public widget, of files, a frame and a model: for what all of them promise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from comm.base_comm import BaseComm
from PIL import Image

from vaewidgets import load_images
from vaewidgets.core.loop.progress import TrainingState
from vaewidgets.images import Images
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.base.widget import BaseWidget
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.scatter import LatentScatter
from vaewidgets.widgets.training import TrainingMonitor
from vaewidgets.widgets.tweaker import LatentTweaker

N, SIDE = 12, 32


class Model:
    """Codes are three pixels of the image, and an image is gray, as bright as its code says."""

    def transform(self, images: Any) -> Any:
        return np.asarray(images, np.float32).reshape(len(images), -1)[:, :3]

    def inverse_transform(self, codes: Any) -> Any:
        gray = np.clip(np.asarray(codes)[:, :1, None, None], 0, 1)
        return np.broadcast_to(gray, (len(codes), SIDE, SIDE, 1)).astype(np.float32)


def read_images(folder: Path) -> Images:
    """Write images of noise into a folder and read them from there."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for k, pixels in enumerate(rng.integers(0, 256, (N, SIDE, SIDE), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{k:02}.png")
    return load_images(folder)


def a_frame() -> pd.DataFrame:
    """Columns of all kinds, half of each no number that JSON knows."""
    odd = np.array([np.nan, np.inf, -np.inf, 0.5] * 3)
    return pd.DataFrame(
        {
            "ramp": odd + np.arange(N) / 7,
            "few": odd,
            "texts": ["a", None, np.nan, "b"] * 3,
            "mixed": np.array([1, "x", np.nan, np.inf] * 3, dtype=object),
            "days": pd.to_datetime(["2024-01-01", None] * 6),
            "waits": pd.to_timedelta([1.0, None] * 6, unit="s"),
            "nullable": pd.array([1.5, None] * 6, dtype="Float64"),
            np.nan: odd,
            np.inf: odd,
        },
        index=pd.Index(odd + np.arange(N), name=np.nan),
    )


def _annotator(model: Any, images: Images, frame: pd.DataFrame, **options: Any) -> Annotator:
    widget = Annotator(
        model, images, frame,
        **{"column": "label", "classes": ["cat", "dog"], "journal": "log", "details": True}
        | options,
    )  # fmt: skip
    widget.label([0, 1], widget.classes[0])
    widget.label([2, 3], widget.classes[1])
    widget.keep("these", [0, 2])
    widget.note(0, "a remark")
    widget.suggest(widget.classes[0] if widget._desk.journal.multi else None)
    return widget


def begun(monitor: TrainingMonitor, reconstruct: Callable[[], Any]) -> TrainingState:
    """Show a monitor a training that has begun; its display must not go to the terminal."""
    state = TrainingState(max_epochs=10, n_steps=100, reconstruct=reconstruct)
    monitor.on_start(state)
    return state


def _monitor(_model: Any, images: Images, _frame: pd.DataFrame) -> TrainingMonitor:
    monitor = TrainingMonitor()
    pictures = images.as_float()[:8]
    state = begun(monitor, lambda: (pictures, np.full_like(pictures, np.nan)))
    for value in (1.0, np.nan, np.inf):
        state.step += 1
        state.terms = {"loss": value, "kl": value, "reconstruction": 1.0}
        monitor.on_batch(state)
    monitor.on_end(state)
    return monitor


Make = Callable[[Any, Images, pd.DataFrame], BaseWidget]
MAKE: dict[str, Make] = {
    "scatter": lambda m, i, f: LatentScatter(m, i, color="ramp", data=f),
    "interpolator": lambda m, i, f: Interpolator(m, 0, 3, images=i, color="few", data=f),
    "interpolator-alone": lambda m, i, _: Interpolator(m, i.as_float()[0], i.as_float()[3]),
    "tweaker": lambda m, i, f: LatentTweaker(m, 3, images=i, color="mixed", data=f),
    "tweaker-alone": lambda m, i, _: LatentTweaker(m, i.as_float()[3]),
    "annotator": _annotator,
    "tags": lambda m, i, f: _annotator(
        m, i, f, column=["rain", "night"], classes=None, journal="log-of-tags"
    ),
    "monitor": _monitor,
}


USES: dict[str, dict[str, Any]] = {
    "sheet": {"index": 0},
    "images": {"rows": [0, N - 1]},
    "row": {"row": 0},
    "color": {"column": "few"},
    "project": {"method": "dims", "dims": [0, 2]},
    "cancel": {},
    "frames": {"kind": "linear", "sampling": False, "noise": 0},
    "end": {"which": "start", "row": 2},
    "swap": {},
    "route": {"kind": "linear"},
    "decode": {},
    "pictures": {},
    "load": {"row": 2},
    "sample": {"source": "prior"},
    "edit": {"client": "page", "seq": 1, "kind": "undo"},
    "sync": {},
    "suggest": {"class": 0},
    "ask": {"class": 0, "by": "uncertain", "count": 4},
    "stop": {},
    "steps": {},
    "step_rows": {"step": 0},
    "kept_rows": {"name": "these"},
    "raters": {},
}
"""A message of every kind, as a page sends it."""
CODE = np.full(3, 0.5, "<f4").tobytes()


class Recorder(BaseComm):
    """A comm that keeps all that is sent over it: state as well as messages."""

    def __init__(self, sent: list[tuple[dict[str, Any], list[bytes]]], **options: Any) -> None:
        self.sent, self.news = sent, threading.Condition()
        super().__init__(**options)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = (), **_: Any
    ) -> None:
        with self.news:
            self.sent.append((data or {}, [bytes(b) for b in buffers or ()]))
            self.news.notify_all()

    def answers(self, request: str) -> list[dict[str, Any]]:
        contents = [data.get("content", {}) for data, _ in self.sent]
        return [content for content in contents if content.get("request") == request]

    def wait_for(self, request: str) -> dict[str, Any]:
        """Return the answer to a question of the page."""
        with self.news:
            assert self.news.wait_for(lambda: self.answers(request), 20), f"no answer: {request}"
        return self.answers(request)[0]


def operations(widget: BaseWidget) -> list[str]:
    """Names of the messages that a page may send to a widget."""
    return [name.removeprefix("_on_") for name in dir(widget) if name.startswith("_on_")]


def tell(
    widget: BaseWidget, op: str, request: str, content: dict[str, Any], *buffers: bytes
) -> None:
    """Send a message as the page does."""
    message = {"op": op, "request": request, "view": "v", **content}
    widget._handle_msg(
        {
            "content": {"data": {"method": "custom", "content": message}},
            "buffers": [memoryview(b) for b in buffers],
        }
    )


def use_all(widget: BaseWidget) -> None:
    """Ask for everything that a page can ask for, and wait for each answer."""
    for op in operations(widget):
        tell(widget, op, f"use-{op}", USES[op], *([CODE] if op == "decode" else []))
        if op != "edit":  # is acknowledged, by number
            widget.comm.wait_for(f"use-{op}")
        if worker := getattr(widget, "_worker", None):  # ends a moment after its answer
            worker.join()
