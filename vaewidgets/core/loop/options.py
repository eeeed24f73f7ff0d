"""What is handed to the training loop: how to train, and what is minimised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class Options:
    """How to train.

    Parameters
    ----------
    max_epochs : int, >= 1
        Passes over the images.
    batch_size : int, >= 1
        Images a step; fewer if there are fewer.
    learning_rate : float, > 0
        Highest rate of the schedule.
    seed : int, >= 0
        Fixes the order of the images and the noise.
    device : torch.device
        Where to compute.
    n_threads : int or None
        CPU threads; None chooses them by the pace of the steps, on a CPU.
    schedule : {"one_cycle", "constant"}
        How the learning rate changes.
    keep_every : float
        Seconds between two snapshots.
    after_epochs, after_steps : int, >= 0
        Done in earlier trainings of the same weights: the objective counts on from there.
    """

    max_epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    device: torch.device
    n_threads: int | None = None
    schedule: str = "one_cycle"
    keep_every: float = 60.0
    after_epochs: int = 0
    after_steps: int = 0

    def steps_per_epoch(self, n_images: int) -> int:
        """Full batches in one pass; what is left over is another image each epoch."""
        return max(1, n_images // self.batch_size)


@dataclass(frozen=True)
class Moment:
    """Where in the training an objective is asked: for warm-ups, and for its noise.

    Steps and epochs count on from an earlier training, if there was one.
    """

    step: int
    n_steps: int
    epoch: int
    generator: torch.Generator
    rows: Tensor  # (b,): which images the batch holds
    is_warm: bool = False  # an earlier training has seen to all that comes gradually

    @property
    def fraction(self) -> float:
        """Share of the steps already done, 0 to 1; 1 where an earlier training did them."""
        return 1.0 if self.is_warm else self.step / self.n_steps


@dataclass(frozen=True)
class Terms:
    """What one batch cost.

    Attributes
    ----------
    loss : Tensor, scalar
        What is minimised; carries the gradient.
    parts : dict of str to Tensor, scalars
        The named terms behind it, detached, means over the batch; shown and kept in the history.
    """

    loss: Tensor
    parts: dict[str, Tensor]


class Objective(Protocol):
    """What is minimised. All it learns belongs in the module: only that is kept and resumed.

    It may have a method ``before_epoch(module, pixels, epoch, report)``, which changes the module
    before an epoch, counted from 0; the module is in eval mode then. Where that takes long it
    calls ``report(fraction or None, text)`` before it changes anything: an exception from there
    ends the training.
    """

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its parts for a batch (b, channels, height, width) in [0, 1]."""
