"""The training loop. It knows no model: a module and an objective are handed to it.

Images stay as they came (uint8 is a quarter of float32) and become float batches one by one; on
one machine this costs less than the worker processes of a DataLoader.
"""

from __future__ import annotations

import copy
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from vaewidgets.core.networks.registry import channels_last
from vaewidgets.core.progress import TrainingState
from vaewidgets.core.threads import limited_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from vaewidgets.core.losses import Terms
    from vaewidgets.core.progress import Callback

    Pixels = NDArray[np.uint8] | NDArray[np.float32]
    Preview = Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]

# A gradient longer than this many times the usual one is cut back to it. Relative, because the
# length of a gradient of summed pixels grows with the image.
CLIP_FACTOR = 5.0
RISE = 0.15  # share of the steps over which the learning rate rises


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
        CPU threads; None leaves torch's setting alone.
    """

    max_epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    device: torch.device
    n_threads: int | None = None

    def steps_per_epoch(self, n_images: int) -> int:
        """Full batches in one pass; what is left over is another image each epoch."""
        return max(1, n_images // self.batch_size)


@dataclass(frozen=True)
class Moment:
    """Where in the training an objective is asked: for warm-ups, and for its noise."""

    step: int
    n_steps: int
    generator: torch.Generator

    @property
    def fraction(self) -> float:
        """Share of the steps already done, 0 to 1."""
        return self.step / self.n_steps


class Objective(Protocol):
    """What is minimised: the cost of one batch (b, channels, height, width) in [0, 1]."""

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its parts."""


def train(
    module: nn.Module,
    objective: Objective,
    pixels: Pixels,
    options: Options,
    *,
    callbacks: Sequence[Callback] = (),
    reconstruct: Preview | None = None,
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
    run = _Run(module, objective, pixels, options, callbacks=callbacks, reconstruct=reconstruct)
    outcome = "failed"
    with limited_threads(options.n_threads):
        try:
            outcome = run.loop()
        except KeyboardInterrupt:
            if run.state.step == 0:
                raise
            outcome = "interrupted"
        finally:
            module.eval()
            run.record()
            run.state.end(outcome)
            for callback in callbacks:
                callback.on_end(run.state)
    return run.state


class _Run:
    """One training: all that changes from step to step, in one place.

    The learning rate and the place in the epoch follow from the step alone, so that module,
    optimiser, two generators, step and history are all that a resumed run would need.
    """

    def __init__(
        self,
        module: nn.Module,
        objective: Objective,
        pixels: Pixels,
        options: Options,
        *,
        callbacks: Sequence[Callback],
        reconstruct: Preview | None,
    ) -> None:
        self.module, self.objective = module, objective
        self.options, self.callbacks = options, callbacks
        self.pixels = tensor_of(pixels).to(options.device)
        self.batch_size = min(options.batch_size, len(pixels))
        self.steps_per_epoch = options.steps_per_epoch(len(pixels))
        self.state = TrainingState(
            options.max_epochs,
            options.max_epochs * self.steps_per_epoch,
            reconstruct and self._without_training(reconstruct),
        )
        channels_last(module.to(options.device).train())
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=options.learning_rate, fused=True)
        order_seed, noise_seed = np.random.SeedSequence(options.seed).generate_state(2).tolist()
        self.order = torch.Generator().manual_seed(order_seed)
        self.noise = torch.Generator(options.device).manual_seed(noise_seed)
        self.usual_norm: Tensor | None = None
        self.sums: dict[str, float] = {}
        self.n_summed = 0
        self.unchecked: list[tuple[list[str], Tensor]] = []
        # Asking an accelerator for a number makes it wait, so it is asked only now and then.
        self.check_every = 1 if options.device.type == "cpu" else 20

    def loop(self) -> str:
        """Run all epochs; return the outcome."""
        state = self.state
        self._tell("on_start")
        good = copy.deepcopy(self.module.state_dict())
        while state.epoch < state.max_epochs:
            for rows in self._batches():
                if state.is_stopping:
                    return "stopped"
                self._step(rows)
                bad_step = self._check()
                if bad_step is not None:
                    self._put_back(good, bad_step)
                    return "diverged"
                self._tell("on_batch")
            state.epoch += 1
            self.record()
            for name, tensor in self.module.state_dict().items():
                good[name].copy_(tensor)
            self._tell("on_epoch")
        return "finished"

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self.state)

    def _batches(self) -> Iterator[Tensor]:
        """Rows of each batch of an epoch, in random order."""
        order = torch.randperm(len(self.pixels), generator=self.order)
        used = order[: self.steps_per_epoch * self.batch_size].to(self.pixels.device)
        yield from torch.split(used, self.batch_size)

    def _step(self, rows: Tensor) -> None:
        """One step of the optimiser."""
        state = self.state
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * one_cycle(state.step / state.n_steps)
        batch = float_batch(self.pixels.index_select(0, rows))
        moment = Moment(state.step, state.n_steps, self.noise)
        terms = self.objective(self.module, batch, moment)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(terms.loss)
        norm = self._clip()
        self.optimizer.step()
        state.step += 1
        values = torch.stack([terms.loss.detach(), *terms.parts.values(), norm])
        self.unchecked.append((["loss", *terms.parts], values))

    def _clip(self) -> Tensor:
        """Cut an unusually long gradient back; return the length it had."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if self.usual_norm is None:
            self.usual_norm = norm.clone()
        limit = CLIP_FACTOR * self.usual_norm
        scale = (limit / (norm + 1e-12)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(scale)  # a tensor: no waiting for the accelerator
        self.usual_norm.lerp_(torch.minimum(norm, limit), 0.02)
        return norm

    def _check(self) -> int | None:
        """Add up the terms of the newest steps; the first step with one that is not finite."""
        at_end = self.state.step % self.steps_per_epoch == 0
        if len(self.unchecked) < self.check_every and not at_end:
            return None
        names = self.unchecked[-1][0]
        rows = torch.stack([values for _, values in self.unchecked]).tolist()
        first_step = self.state.step - len(rows) + 1
        self.unchecked.clear()
        for i, row in enumerate(rows):
            if not all(map(math.isfinite, row)):
                return first_step + i
            self.state.terms = dict(zip(names, row, strict=False))  # the norm is left out
            for name, value in self.state.terms.items():
                self.sums[name] = self.sums.get(name, 0.0) + value
            self.n_summed += 1
        return None

    def record(self) -> None:
        """Write the means since the last record into the history."""
        if self.n_summed == 0:
            return
        state = self.state
        state.history.append(
            {
                "epoch": -(-state.step // self.steps_per_epoch),
                "step": state.step,
                **{name: total / self.n_summed for name, total in self.sums.items()},
                "learning_rate": self.options.learning_rate
                * one_cycle(state.step / state.n_steps),
                "seconds": state.elapsed,
            }
        )
        self.sums, self.n_summed = {}, 0

    def _put_back(self, good: dict[str, Tensor], bad_step: int) -> None:
        """Return to the weights after the last whole epoch, and say so."""
        epoch = self.state.epoch
        what = f"the loss was not finite at step {bad_step} (epoch {epoch + 1})"
        remedy = f"Try a learning_rate below {self.options.learning_rate:g}"
        self.sums, self.n_summed = {}, 0
        if epoch == 0:
            raise FloatingPointError(f"{what}, before anything was learned. {remedy}")
        self.module.load_state_dict(good)
        warnings.warn(
            f"{what}: training ended, and the weights after epoch {epoch} are kept. {remedy}",
            RuntimeWarning,
            stacklevel=4,
        )

    def _without_training(self, reconstruct: Preview) -> Preview:
        """Wrap a preview so that it neither learns nor changes the state of the module."""

        def preview() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            self.module.eval()
            try:
                with torch.no_grad():
                    return reconstruct()
            finally:
                self.module.train()

        return preview


def one_cycle(fraction: float) -> float:
    """Share of the highest learning rate when ``fraction`` of the steps is done.

    Rises linearly from 1/20, then falls along a half cosine to 1/100.

    References
    ----------
    Smith & Topin 2018, "Super-Convergence" (one cycle).
    """
    if fraction < RISE:
        return 0.05 + 0.95 * fraction / RISE
    down = (fraction - RISE) / (1 - RISE)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(down, 1.0)))


def tensor_of(pixels: Pixels) -> Tensor:
    """Return the pixels as a tensor on the same memory (read-only arrays too)."""
    with warnings.catch_warnings():
        # torch warns that it could write into a read-only array; nothing here writes
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(pixels)


def float_batch(pixels: Tensor) -> Tensor:
    """Turn pixels (b, height, width, channels) into floats (b, channels, height, width) in [0, 1].

    Only the strides change places: the memory stays channels-last, which convolutions prefer.
    """
    batch = pixels.permute(0, 3, 1, 2)
    # Division, not multiplication by 1/255: the same bits as numpy's float32(x) / 255.
    return (
        batch.float().div_(255)
        if pixels.dtype == torch.uint8
        else batch.contiguous(memory_format=torch.channels_last)
    )


def choose_device(device: str | torch.device) -> torch.device:
    """Return the device of a ``device`` parameter: "auto" is cuda, else mps, else cpu.

    Raises
    ------
    ValueError
        A device that torch does not know or that is not there.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device is {device!r}, which is not available here ({reason}); accepted: 'auto', "
            "'cpu', 'cuda', 'mps'"
        ) from error
    return chosen
