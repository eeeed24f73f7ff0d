"""One training under way: its steps, and all that changes from one to the next."""

from __future__ import annotations

import copy
import math
import time
import warnings
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from vaewidgets.core.loop.feeding import Feed, float_batch
from vaewidgets.core.loop.options import Moment, Objective, Options
from vaewidgets.core.loop.progress import TrainingState
from vaewidgets.core.loop.schedules import SCHEDULES
from vaewidgets.core.networks.registry import channels_last

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.loop.progress import Callback
    from vaewidgets.core.loop.threads import Pace

    Preview = Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]

# A gradient longer than this many times the usual one is cut back to it. Relative, because the
# length of a gradient of summed pixels grows with the image.
CLIP_FACTOR = 5.0


class _Stopped(Exception):  # noqa: N818  (not an error)
    """Somebody asked for an end while an epoch was prepared."""


class Run:
    """One training: all that changes from step to step, in one place (see ``resume.py``).

    The learning rate follows from the step alone. Several processes under torchrun could run
    this loop as it is, each on its share of ``_batches`` with ``module`` wrapped by torch.
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
        self.pixels = pixels
        self.feed = Feed(pixels, options.device)
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
        self.epoch_order = self.order.get_state()  # before the order of this epoch was drawn
        self.prepared = -1  # the last epoch that the objective was told of
        self.noise = torch.Generator(options.device).manual_seed(noise_seed)
        self.usual_norm: Tensor | None = None
        self.sums: dict[str, float] = {}
        self.n_summed = 0
        self.unchecked: list[tuple[list[str], Tensor, Tensor]] = []
        # Asking an accelerator for a number makes it wait, so it is asked only now and then.
        self.check_every = 1 if options.device.type == "cpu" else 20
        self.good = copy.deepcopy(module.state_dict())  # weights after the last finite epoch
        self.in_step = False  # interrupted there, weights and moments may not belong together
        self.keep: Callable[[], None] | None = None
        self.pace: Pace | None = None  # what chooses the threads, if they are to be chosen
        self.kept_at = time.monotonic()

    def loop(self) -> str:
        """Run all epochs that are left; return the outcome."""
        try:
            return self._epochs()
        except _Stopped:
            return "stopped"

    def _epochs(self) -> str:
        state = self.state
        self._tell("on_start")
        while state.epoch < state.max_epochs:
            # closed at once, also where a traceback keeps the frame: it may read ahead
            with closing(self._batches()) as batches:
                for rows, batch in batches:
                    if state.is_stopping:
                        return "stopped"
                    with nullcontext() if self.pace is None else self.pace.step():
                        self._step(rows, batch)
                    if (bad := self._check()) is not None:
                        self._put_back(*bad)
                        return "diverged"
                    self._tell("on_batch")
                    if time.monotonic() - self.kept_at >= self.options.keep_every:
                        self.keep_now()
            state.epoch += 1
            self.record()
            for name, tensor in self.module.state_dict().items():
                self.good[name].copy_(tensor)
            self._tell("on_epoch")
        return "finished"

    @property
    def position(self) -> int:
        """Steps done in the epoch under way."""
        return self.state.step - self.state.epoch * self.steps_per_epoch

    def keep_now(self) -> None:
        """Let a snapshot be taken, if anybody wants one."""
        self.kept_at = time.monotonic()
        if self.keep is not None and self.state.step > 0:
            self._check(at_once=True)
            self.keep()

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self.state)

    def _batches(self) -> Generator[tuple[Tensor, Tensor]]:
        """Rows and images of each batch that is left of an epoch, in random order."""
        self.epoch_order = self.order.get_state()
        self._prepare_epoch()
        order = torch.randperm(len(self.feed), generator=self.order)
        left = torch.split(order, self.batch_size)[self.position : self.steps_per_epoch]
        with closing(self.feed.batches(left)) as batches:
            yield from zip(left, batches, strict=True)

    def _prepare_epoch(self) -> None:
        """Let an objective that wants to change the module before the epoch."""
        prepare = getattr(self.objective, "before_epoch", None)
        if prepare is not None and self.prepared < self.state.epoch:
            self.in_step = True
            self.module.eval()
            prepare(
                self.module,
                self.pixels,
                self.options.after_epochs + self.state.epoch,
                self._report,
            )
            self.module.train()
            self.in_step = False
            self.state.doing = ""
        self.prepared = self.state.epoch

    def _report(self, _fraction: float | None, text: str) -> None:
        """Tell of work between two steps, or end it if that was asked for."""
        self.state.doing = text
        for callback in self.callbacks:
            on_wait = getattr(callback, "on_wait", None)
            if on_wait is not None:
                on_wait(self.state)
        if self.state.is_stopping:
            self.in_step = False  # nothing was changed yet
            raise _Stopped

    def _step(self, rows: Tensor, pixels: Tensor) -> None:
        """One step of the optimiser."""
        state = self.state
        self.in_step = True
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        after = self.options.after_steps
        moment = Moment(
            after + state.step,
            after + state.n_steps,
            self.options.after_epochs + state.epoch,
            self.noise,
            rows,
            is_warm=after > 0,
        )
        terms = self.objective(self.module, float_batch(pixels), moment)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(terms.loss)
        norm = self._clip()
        self.optimizer.step()
        state.step += 1
        self.in_step = False
        values = torch.stack([terms.loss.detach(), *terms.parts.values(), norm])
        self.unchecked.append((["loss", *terms.parts], values, rows))

    def rate(self) -> float:
        """Learning rate of the next step."""
        share = SCHEDULES[self.options.schedule](self.state.step / self.state.n_steps)
        return self.options.learning_rate * share

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

    def _check(self, *, at_once: bool = False) -> tuple[int, list[int]] | None:
        """Add up the terms of the newest steps; the first bad step, and the images of it."""
        at_end = self.state.step % self.steps_per_epoch == 0
        wanted = len(self.unchecked) >= self.check_every or at_end or at_once
        if not wanted or not self.unchecked:
            return None
        table = torch.stack([values for _, values, _ in self.unchecked]).tolist()
        first_step = self.state.step - len(table) + 1
        newest, self.unchecked = self.unchecked, []
        for i, (names, values) in enumerate(zip((n for n, _, _ in newest), table, strict=True)):
            if not all(map(math.isfinite, values)):
                return first_step + i, newest[i][2].tolist()
            self.state.terms = dict(zip(names, values, strict=False))  # the norm is left out
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
                "learning_rate": self.rate(),
                "seconds": state.elapsed,
            }
        )
        self.sums, self.n_summed = {}, 0

    def _put_back(self, bad_step: int, rows: list[int]) -> None:
        """Return to the weights after the last whole epoch, and say so."""
        epoch = self.state.epoch
        few = ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")
        what = f"the loss was not finite at step {bad_step} (epoch {epoch + 1}, images {few})"
        remedy = f"Try a learning_rate below {self.options.learning_rate:g}"
        self.sums, self.n_summed = {}, 0
        if epoch == 0:
            raise FloatingPointError(f"{what}, before anything was learned. {remedy}")
        self.module.load_state_dict(self.good)
        warnings.warn(
            f"{what}: training ended, and the weights after epoch {epoch} are kept. {remedy}",
            RuntimeWarning,
            stacklevel=4,
        )

    def _without_training(self, reconstruct: Preview) -> Preview:
        """Wrap a preview so that it neither learns nor changes the state of the module."""

        def preview() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            was_training = self.module.training
            self.module.eval()
            try:
                with torch.no_grad():
                    return reconstruct()
            finally:
                self.module.train(was_training)

        return preview
