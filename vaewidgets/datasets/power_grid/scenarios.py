"""What happens to the network: events drawn at random, as stages of a simulation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.datasets.power_grid.network import LONGEST_FAULT
from vaewidgets.datasets.power_grid.stages import Stage
from vaewidgets.datasets.power_grid.swing import STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from vaewidgets.datasets.power_grid.network import Network

# Share of each kind of event among the maps.
EVENTS = {
    "fault": 0.36,
    "fault_trip": 0.21,
    "trip": 0.05,
    "cascade": 0.12,
    "separation": 0.06,
    "generator": 0.08,
    "load": 0.12,
}
FIRST_EVENT = (0.1, 0.5)  # s
FAULT = (0.05, LONGEST_FAULT)  # s
CLEARING = (0.5, 1.05)  # of the critical time of the bus
N_CASCADE = 6
CASCADE_GAP = (0.1, 0.7)  # s from one trip to the next
SEPARATION_GAP = (0.02, 0.15)  # s
MOST_TIES = 9  # of an area that may be cut off
LOAD_FACTORS = ((0.3, 0.7), (1.5, 4.0))


@dataclass(frozen=True)
class Scenario:
    """An event: its kind, and the switchings that it is made of, in the order of their steps."""

    event: str
    stages: tuple[Stage, ...]


def draw_scenario(
    network: Network, rng: np.random.Generator, events: Mapping[str, float] = EVENTS
) -> Scenario:
    """Draw one event: its kind with the probabilities given, the rest as the kind asks."""
    kinds = list(events)
    shares = np.array([events[kind] for kind in kinds])
    kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    first = Stage(_steps(rng, FIRST_EVENT))
    return Scenario(kind, _DRAW[kind](network, rng, first))


def _steps(rng: np.random.Generator, seconds: tuple[float, float]) -> int:
    """Draw a time in whole steps of the simulation, at least one."""
    return max(1, round(rng.uniform(*seconds) / STEP))


def _fault(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Short a bus to ground for a while, a bus of short critical time the likelier."""
    bus = _draw(rng, 1 / network.critical_time)
    return replace(first, fault_bus=bus), Stage(first.step + _clearing(network, rng, bus))


def _fault_trip(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Short one end of a branch to ground, and clear it by tripping the branch."""
    branch = _draw(rng, _weight(network))
    ends = network.branches.start[branch], network.branches.end[branch]
    bus = int(ends[rng.integers(2)])
    cleared = first.step + _clearing(network, rng, bus)
    return replace(first, fault_bus=bus), Stage(cleared, branches_out=(branch,))


def _clearing(network: Network, rng: np.random.Generator, bus: int) -> int:
    """Draw the steps until a fault is cleared, around the critical time of its bus."""
    seconds = rng.uniform(*CLEARING) * network.critical_time[bus]
    return round(float(np.clip(seconds, *FAULT)) / STEP)


def _trip(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Trip a branch."""
    return (replace(first, branches_out=(_draw(rng, _weight(network)),)),)


def _cascade(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Trip a branch, then five more, each next to one that has gone."""
    out = [_draw(rng, _weight(network))]
    while len(out) < N_CASCADE:
        out.append(_draw(rng, _weight(network) * _beside(network, out)))
    return _one_by_one(rng, first, out, CASCADE_GAP)


def _separation(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Trip in quick succession all that ties one area to the others."""
    lines, area = network.branches, network.area
    ties = [
        np.flatnonzero((area[lines.start] == a) != (area[lines.end] == a))
        for a in range(1, area.max() + 1)
    ]
    few = [tie for tie in ties if 0 < len(tie) <= MOST_TIES]
    out = rng.permutation(few[rng.integers(len(few))])
    return _one_by_one(rng, first, out.tolist(), SEPARATION_GAP)


def _generator(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Trip a machine; the larger the likelier."""
    return (replace(first, machines_out=(_draw(rng, np.sqrt(network.momentum)),)),)


def _load(network: Network, rng: np.random.Generator, first: Stage) -> tuple[Stage, ...]:
    """Scale the loads of an area down or up, an area of many buses the likelier."""
    low, high = np.log(LOAD_FACTORS[rng.integers(2)])
    factor = float(np.exp(rng.uniform(low, high)))
    area = _draw(rng, np.bincount(network.area))
    return (replace(first, load_factor=factor, load_area=area),)


def _weight(network: Network) -> NDArray[np.float64]:
    """Weigh the branches by what they carry, so that a trip is seldom one that nobody sees."""
    return np.sqrt(network.flow)


def _draw(rng: np.random.Generator, weight: NDArray[Any]) -> int:
    """Draw a position with a probability in proportion to its weight."""
    return int(rng.choice(len(weight), p=weight / weight.sum()))


def _beside(network: Network, out: list[int]) -> NDArray[np.bool_]:
    """Tell which branches in service end at a bus at which one of these ended."""
    lines = network.branches
    touched = np.concatenate([lines.start[out], lines.end[out]])
    beside = np.isin(lines.start, touched) | np.isin(lines.end, touched)
    beside[out] = False
    return beside


def _one_by_one(
    rng: np.random.Generator, first: Stage, branches: list[int], gap: tuple[float, float]
) -> tuple[Stage, ...]:
    """Trip branches one after the other."""
    stages, step = [], first.step
    for count in range(1, len(branches) + 1):
        stages.append(Stage(step, branches_out=tuple(branches[:count])))
        step += _steps(rng, gap)
    return tuple(stages)


_DRAW: dict[str, Callable[[Network, np.random.Generator, Stage], tuple[Stage, ...]]] = {
    "fault": _fault,
    "fault_trip": _fault_trip,
    "trip": _trip,
    "cascade": _cascade,
    "separation": _separation,
    "generator": _generator,
    "load": _load,
}
