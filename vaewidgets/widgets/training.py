"""The live view of a training: curves, reconstructions, progress, and a button to stop."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from IPython.display import display
from traitlets import Dict, List

from vaewidgets.images.sprites import shrink
from vaewidgets.widgets.base.widget import (
    BaseWidget,
    Buffers,
    Content,
    binary,
    bundle,
    check_layout,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.core.loop.progress import TrainingState

UPDATE_SECONDS = 0.3  # at most 4 messages a second reach the page
PICTURE_SECONDS = 1.0
MAX_SIDE = 96  # pixels of the images shown
MAX_POINTS = 400  # of a curve: more than there are pixels to draw them on


class TrainingMonitor(BaseWidget):
    """Watch a model learn, and end the training early from the page.

    Shows the terms of the loss as curves (nats an image), the same few images with their
    reconstructions, epoch, step, time gone and time left. The button keeps what was learned. It
    is shown when the training starts; pass one as ``progress`` or leave ``progress="auto"``.

    Parameters
    ----------
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget: ``Layout(width="50%")``.

    Examples
    --------
    >>> from vaewidgets import VAE
    >>> from vaewidgets.widgets.training import TrainingMonitor
    >>> vae = VAE(progress=TrainingMonitor())
    """

    _esm: ClassVar[str] = bundle("training.js")
    _css: ClassVar[str] = bundle("training.css")

    _state = Dict().tag(sync=True)
    "Counters, times in seconds, newest value of each term, and the outcome (null while it runs)."

    _series: List[Any] = List().tag(sync=True)
    "Names of the terms that are drawn."

    _curves = binary()
    "float32, little-endian, (points, 1 + series): the step, then the mean of each term since."

    _shape: List[Any] = List().tag(sync=True)
    "[images, height, width, channels] of the pictures; empty when there are none."

    _pictures = binary()
    "uint8, (2, images, height, width, channels): originals, then reconstructions."

    def __init__(self, *, layout: Any = None) -> None:
        check_layout(layout)
        self._training: TrainingState | None = None
        self._points: list[list[float]] = []
        self._sums: list[float] = []
        self._n_summed = 0
        self._every = 0.0  # seconds a point of the curves stands for
        self._next_update = self._next_picture = self._next_point = 0.0
        super().__init__(layout=layout)

    def on_start(self, state: TrainingState) -> None:
        """Show the widget, empty."""
        self._training = state
        self._points, self._sums, self._n_summed = [], [], 0
        self._every = UPDATE_SECONDS
        self._next_update = self._next_picture = self._next_point = 0.0
        display(self)  # type: ignore[no-untyped-call]
        self._update(state)

    def on_batch(self, state: TrainingState) -> None:
        """Take the newest terms in; now and then tell the page."""
        terms = [value for name, value in state.terms.items() if name != "loss"]
        if not self._sums:
            self._sums = [0.0] * len(terms)
        self._sums = [total + value for total, value in zip(self._sums, terms, strict=False)]
        self._n_summed += 1
        now = time.perf_counter()
        if now >= self._next_point:
            self._add_point(state)
            self._next_point = now + self._every
        if now >= self._next_update:
            self._update(state)

    def on_wait(self, state: TrainingState) -> None:
        """Say what is done between two steps."""
        if time.perf_counter() >= self._next_update:
            self._update(state)

    def on_epoch(self, state: TrainingState) -> None:
        """Nothing: the page is told by the clock, however long an epoch is."""

    def on_end(self, state: TrainingState) -> None:
        """Show the last state and how it ended."""
        self._add_point(state)
        self._next_picture = 0.0
        self._update(state)
        self._training = None

    def _on_stop(self, _content: Content, _buffers: Buffers) -> Content:
        """End the training after the step under way."""
        training = self._training
        if training is None:
            return {"stopping": False}
        training.stop()
        return {"stopping": True}

    def _add_point(self, state: TrainingState) -> None:
        """Put the means since the last point on the curves; thin them out when they are many."""
        if self._n_summed == 0:
            return
        means = [total / self._n_summed for total in self._sums]
        self._sums, self._n_summed = [], 0
        if all(map(math.isfinite, means)):
            self._points.append([float(state.step), *means])
        if len(self._points) >= MAX_POINTS:
            pairs = np.array(self._points[: MAX_POINTS // 2 * 2]).reshape(-1, 2, len(means) + 1)
            halved = pairs.mean(axis=1)
            halved[:, 0] = pairs[:, 1, 0]
            self._points = halved.tolist()
            self._every *= 2

    def _update(self, state: TrainingState) -> None:
        """Send everything that changed in one message."""
        now = time.perf_counter()
        self._next_update = now + UPDATE_SECONDS
        pictures = None
        if now >= self._next_picture and state.outcome != "failed":
            pictures = state.reconstruct()
            self._next_picture = now + PICTURE_SECONDS
        with self.hold_sync():
            self._state = _counters(state)
            if state.terms:
                self._series = [name for name in state.terms if name != "loss"]
            self._curves = np.asarray(self._points, dtype="<f4").tobytes()
            if pictures is not None:
                shown = np.stack([_as_bytes(images) for images in pictures])
                self._shape = list(shown.shape[1:])
                self._pictures = shown.tobytes()


def _counters(state: TrainingState) -> dict[str, Any]:
    """Return what the page shows in words; every number finite."""
    return {
        "epoch": state.epoch,
        "max_epochs": state.max_epochs,
        "step": state.step,
        "n_steps": state.n_steps,
        "elapsed": round(state.elapsed, 3),
        "remaining": None if state.remaining is None else round(state.remaining, 3),
        "doing": state.doing,
        "outcome": state.outcome,
        "terms": {
            name: value
            for name, value in state.terms.items()
            if name != "loss" and math.isfinite(value)
        },
    }


def _as_bytes(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn images in [0, 1] into bytes, shrunk where they are large."""
    pixels = np.rint(np.clip(np.nan_to_num(images), 0.0, 1.0) * 255).astype(np.uint8)
    return shrink(pixels, MAX_SIDE)
