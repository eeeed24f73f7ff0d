"""All of a training that changes from step to step, as tensors and plain JSON values.

What is not here follows from the parameters and the images: the schedule, the number of steps,
the seeds. A snapshot taken between two steps and put back gives the same bits from there on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from vaewidgets.core.loop.run import Run

MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # of Adam


@dataclass(frozen=True)
class Snapshot:
    """A training between two steps.

    Attributes
    ----------
    tensors : dict of str to Tensor
        Weights now ("module."), after the last whole epoch ("good."), moments of Adam ("adam."),
        states of the generators; copies on the CPU.
    numbers : dict
        Where it stands and what it recorded: plain JSON values.
    """

    tensors: dict[str, Tensor]
    numbers: dict[str, Any]


def take_snapshot(run: Run) -> Snapshot:
    """Copy the state of a training."""
    tensors = {f"module.{name}": t for name, t in run.module.state_dict().items()}
    tensors |= {f"good.{name}": t for name, t in run.good.items()}
    for i, parameter in enumerate(run.parameters):
        for name, tensor in run.optimizer.state.get(parameter, {}).items():
            tensors[f"adam.{i}.{name}"] = tensor
    tensors["generator.order"] = run.epoch_order
    tensors["generator.noise"] = run.noise.get_state()
    if run.usual_norm is not None:
        tensors["usual_norm"] = run.usual_norm
    state = run.state
    return Snapshot(
        {name: t.detach().to("cpu", copy=True).contiguous() for name, t in tensors.items()},
        {
            "epoch": state.epoch,
            "step": state.step,
            "prepared": run.prepared,
            "seconds": state.elapsed,
            "history": [dict(record) for record in state.history],
            "sums": dict(run.sums),
            "n_summed": run.n_summed,
        },
    )


def restore(run: Run, snapshot: Snapshot) -> None:
    """Put a training that has not begun where the snapshot was taken.

    Raises
    ------
    ValueError
        The snapshot does not belong to such a training; the message gives the reason.
    """
    _check_numbers(run, snapshot.numbers)
    _check_names(run, snapshot.tensors)
    for prefix, weights in (("module", run.module.state_dict()), ("good", run.good)):
        for name, tensor in weights.items():
            tensor.copy_(_of_shape(snapshot.tensors[f"{prefix}.{name}"], tensor))
    for i, parameter in enumerate(run.parameters):
        names = [name for name in MOMENTS if f"adam.{i}.{name}" in snapshot.tensors]
        if names:
            run.optimizer.state[parameter] = {
                name: _moment(snapshot.tensors[f"adam.{i}.{name}"], parameter, name)
                for name in names
            }
    for name, generator in (("order", run.order), ("noise", run.noise)):
        place = generator.get_state()
        generator.set_state(_of_shape(snapshot.tensors[f"generator.{name}"], place))
    if "usual_norm" in snapshot.tensors:
        norm = _of_shape(snapshot.tensors["usual_norm"], torch.zeros(()))
        run.usual_norm = norm.to(run.options.device)
    numbers = snapshot.numbers
    run.sums, run.n_summed = dict(numbers["sums"]), numbers["n_summed"]
    run.prepared = numbers["prepared"]
    state = run.state
    state.epoch, state.step = numbers["epoch"], numbers["step"]
    state.history.extend(dict(record) for record in numbers["history"])
    state.resume_clock(numbers["seconds"])


def _check_numbers(run: Run, numbers: dict[str, Any]) -> None:
    """Refuse numbers that this training could not have had."""
    expected = {"epoch", "step", "prepared", "seconds", "history", "sums", "n_summed"}
    if numbers.keys() != expected:
        raise ValueError(f"the snapshot has {sorted(numbers)}, expected {sorted(expected)}")
    for name, highest in (
        ("epoch", run.state.max_epochs),
        ("step", run.state.n_steps),
        ("n_summed", run.steps_per_epoch),
    ):
        value = numbers[name]
        if type(value) is not int or not 0 <= value <= highest:
            raise ValueError(f"{name} of the snapshot is {value!r}, not 0 to {highest}")
    if numbers["prepared"] not in (numbers["epoch"] - 1, numbers["epoch"]):
        raise ValueError("prepared and epoch of the snapshot do not belong together")
    done = numbers["step"] - numbers["epoch"] * run.steps_per_epoch
    if not 0 <= done <= run.steps_per_epoch:  # all of them: kept just before the epoch's end
        raise ValueError("step and epoch of the snapshot do not belong together")
    for table in (numbers["sums"], {"seconds": numbers["seconds"]}, *numbers["history"]):
        if not all(type(v) in {int, float} and math.isfinite(v) for v in table.values()):
            raise ValueError("the snapshot holds what is no finite number")


def _check_names(run: Run, tensors: dict[str, Tensor]) -> None:
    """Refuse tensors missing or too many."""
    weights = run.module.state_dict().keys()
    needed = {f"{prefix}.{name}" for prefix in ("module", "good") for name in weights}
    needed |= {"generator.order", "generator.noise"}
    moments = {f"adam.{i}.{name}" for i in range(len(run.parameters)) for name in MOMENTS}
    if missing := needed - tensors.keys():
        raise ValueError(f"the snapshot lacks {', '.join(sorted(missing)[:3])}")
    if extra := tensors.keys() - needed - moments - {"usual_norm"}:
        raise ValueError(f"the snapshot has the unknown {', '.join(sorted(extra)[:3])}")


def _moment(tensor: Tensor, parameter: Tensor, name: str) -> Tensor:
    """Return a moment of Adam laid out in memory as its parameter is."""
    if name == "step":
        return tensor.to(parameter.device)
    place = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    return place.detach().copy_(_of_shape(tensor, parameter))


def _of_shape(tensor: Tensor, like: Tensor) -> Tensor:
    if tensor.shape != like.shape or tensor.dtype != like.dtype:
        raise ValueError(
            f"the snapshot has a {tensor.dtype} of shape {tuple(tensor.shape)} where the model "
            f"has a {like.dtype} of shape {tuple(like.shape)}"
        )
    return tensor
