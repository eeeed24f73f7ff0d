"""What is told to whoever watches a training, and who watches by default."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

# Makes the live widget of a notebook. The package sets it, so that this room knows no widget.
notebook_factory: Callable[[], Callback] | None = None


class TrainingState:
    """Where a training stands; one object for its whole length, handed to every callback.

    Attributes
    ----------
    epoch : int
        Epochs completed.
    max_epochs : int
        Epochs planned.
    step, n_steps : int
        Optimisation steps done and planned.
    terms : dict of str to float
        The loss and its parts on the newest batch, nats an image; empty before the first.
    history : list of dict
        One record an epoch: ``epoch``, ``loss``, each part (means over the epoch, nats an
        image), ``learning_rate`` and ``seconds`` since the start.
    doing : str
        What is done between two steps, if it takes long ("UMAP: ..."); "" as a rule.
    threads : dict of int to int
        How many steps were computed on how many CPU threads, where their number is chosen by the
        pace; empty else.
    outcome : str or None
        None while it runs, then "finished", "stopped" (by :meth:`stop`), "interrupted" (by the
        kernel's stop button), "diverged" (a loss that is not finite) or "failed".
    """

    def __init__(
        self,
        max_epochs: int,
        n_steps: int,
        reconstruct: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]] | None = None,
    ) -> None:
        self.epoch = 0
        self.max_epochs = max_epochs
        self.step = 0
        self.n_steps = n_steps
        self.terms: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.doing = ""
        self.outcome: str | None = None
        self.threads: dict[int, int] = {}
        self._reconstruct = reconstruct
        self._stop = threading.Event()
        self._started = time.perf_counter()
        self._ended: float | None = None

    def stop(self) -> None:
        """Ask for an end after the step under way, keeping what was learned. Any thread may."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    @property
    def elapsed(self) -> float:
        """Seconds since the start; stands still once the training has ended."""
        return (self._ended or time.perf_counter()) - self._started

    @property
    def remaining(self) -> float | None:
        """Seconds still to go at the pace so far; None before the first step."""
        if self.step == 0:
            return None
        return self.elapsed / self.step * (self.n_steps - self.step)

    def reconstruct(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return the same few images of the training set and what the model makes of them now.

        Two arrays (m, height, width, channels) in [0, 1], or None for a model that has no
        decoder. Only inside a callback: the network belongs to the thread that trains it.
        """
        return None if self._reconstruct is None else self._reconstruct()

    def resume_clock(self, seconds: float) -> None:
        """Let the clock go on from ``seconds`` (the training loop calls this when it resumes)."""
        self._started = time.perf_counter() - seconds

    def end(self, outcome: str) -> None:
        """Record how it ended and stop the clock (the training loop calls this)."""
        self.outcome = outcome
        self._ended = time.perf_counter()


@runtime_checkable
class Callback(Protocol):
    """Watches a training. Inherit to write only the methods needed, or have all four.

    One that also has ``on_wait(state)`` is told of work between two steps: ``state.doing``.

    They run in the thread that trains, between two steps: what takes long slows the training.
    """

    def on_start(self, state: TrainingState) -> None:
        """Before the first step."""

    def on_batch(self, state: TrainingState) -> None:
        """After each step."""

    def on_epoch(self, state: TrainingState) -> None:
        """After each epoch; ``state.history[-1]`` is its record."""

    def on_end(self, state: TrainingState) -> None:
        """Once, however it ended; ``state.outcome`` says how."""


class TqdmProgress(Callback):
    """A progress bar of steps with the newest loss, on stderr.

    Parameters
    ----------
    **options
        Passed to ``tqdm.tqdm`` (``file``, ``mininterval``, ``disable``, ...).
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._bar: tqdm[Any] | None = None

    def on_start(self, state: TrainingState) -> None:
        """Show an empty bar."""
        self._bar = tqdm(total=state.n_steps, desc="fit", unit="step", **self._options)

    def on_batch(self, state: TrainingState) -> None:
        """Move the bar by one step."""
        if self._bar is not None:
            self._bar.update(1)

    def on_wait(self, state: TrainingState) -> None:
        """Show what is done between two steps."""
        if self._bar is not None:
            self._bar.set_postfix_str(state.doing)

    def on_epoch(self, state: TrainingState) -> None:
        """Show the mean loss of the epoch."""
        if self._bar is not None:
            loss = state.history[-1]["loss"]
            self._bar.set_postfix_str(f"epoch {state.epoch}, {loss:.4g} nats", refresh=False)

    def on_end(self, state: TrainingState) -> None:
        """Close the bar where it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def choose_callbacks(progress: bool | str | Callback) -> list[Callback]:
    """Return the callbacks that a ``progress`` parameter stands for.

    Parameters
    ----------
    progress : "auto", bool or Callback
        "auto" and True: the live widget in a notebook kernel, a tqdm bar elsewhere. False:
        nothing. A callback: that one.

    Raises
    ------
    TypeError
        Anything else.
    """
    if progress is False:
        return []
    if progress is True or (isinstance(progress, str) and progress == "auto"):
        if notebook_factory is not None and in_notebook():
            return [notebook_factory()]
        return [TqdmProgress()]
    if isinstance(progress, Callback):
        return [progress]
    raise TypeError(
        f"progress is {progress!r}; accepted: 'auto', True, False, or an object with the methods "
        "on_start, on_batch, on_epoch and on_end"
    )


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel: IPython is running and has a ``kernel``."""
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    return getattr(ipython.get_ipython(), "kernel", None) is not None
