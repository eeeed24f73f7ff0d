"""Who watches a training in tests."""

from __future__ import annotations

from vaewidgets.core.loop.progress import Callback


class StopAt(Callback):
    """Ends a training after a step, as its button does."""

    def __init__(self, step: int | None = None) -> None:
        self.step = step

    def on_batch(self, state):
        if state.step == self.step:
            state.stop()
