"""The training loop. It knows no model: a module and an objective are handed to it.

Images stay as they came (uint8 is a quarter of float32) and become float batches one by one; on
one machine this costs less than the worker processes of a DataLoader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from vaewidgets.core.loop.interrupts import deferred_interrupt
from vaewidgets.core.loop.options import Objective, Options
from vaewidgets.core.loop.progress import TrainingState
from vaewidgets.core.loop.resume import Snapshot, restore, take_snapshot
from vaewidgets.core.loop.run import Run
from vaewidgets.core.loop.threads import Pace, limited_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.loop.progress import Callback

    Preview = Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]


def train(
    module: nn.Module,
    objective: Objective,
    pixels: Pixels,
    options: Options,
    *,
    callbacks: Sequence[Callback] = (),
    reconstruct: Preview | None = None,
    keep: Callable[[Snapshot], None] | None = None,
    resume: Snapshot | None = None,
) -> TrainingState:
    """Train ``module`` in place on ``options.device`` and return how it went.

    Parameters
    ----------
    module : nn.Module
        What is trained. Left in eval mode.
    objective : callable
        The cost of a batch, see :class:`Objective`.
    pixels : ndarray, shape (n, height, width, channels)
        uint8, or float32 in [0, 1]; may be memory-mapped.
    options : Options
        How to train.
    callbacks : sequence of Callback
        Who is told.
    reconstruct : callable, optional
        What ``state.reconstruct()`` returns, in eval mode and without gradients.
    keep : callable, optional
        Given a :class:`Snapshot` every ``options.keep_every`` seconds and when the training
        was stopped or interrupted.
    resume : Snapshot, optional
        Where to go on; all else must be as it was then. On one machine, with one version of
        torch and as many threads, the weights at the end are those of a training that was never
        interrupted, bit for bit.

    Returns
    -------
    TrainingState
        Its ``outcome`` and ``history``. A loss that is not finite ends the training with a
        warning, and the weights after the last epoch that was finite are put back; an
        interrupt or ``state.stop()`` keeps the weights as they are.

    Raises
    ------
    FloatingPointError
        The loss was not finite before one epoch was complete.
    KeyboardInterrupt
        Interrupted before the first step was done: nothing was learned.
    """
    outcome = "failed"
    n_threads, by_pace = options.n_threads, options.n_threads is None
    if by_pace and options.device.type == "cpu":
        n_threads = torch.get_num_threads()
    with limited_threads(n_threads):
        run = Run(module, objective, pixels, options, callbacks=callbacks, reconstruct=reconstruct)
        if by_pace and n_threads is not None:
            run.pace = Pace(n_threads)
            run.state.threads = run.pace.steps
        if keep is not None:
            run.keep = lambda: keep(take_snapshot(run))
        if resume is not None:
            restore(run, resume)
        try:
            with deferred_interrupt(run.state.stop) as was_interrupted:
                outcome = run.loop()
            if was_interrupted() and outcome == "stopped":
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            if run.state.step == 0:
                raise
            outcome = "interrupted"
        finally:
            module.eval()
            if outcome in {"stopped", "interrupted"} and not run.in_step:
                run.keep_now()
            run.record()
            run.state.end(outcome)
            for callback in callbacks:
                callback.on_end(run.state)
    return run.state
