"""Swing equations of many simulations side by side, until they end or lose synchronism."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.datasets.power_grid.stages import Reduced, Stage, reduce_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vaewidgets.datasets.power_grid.network import Network

DURATION = 10.0  # s
N_SAMPLES = 128
STEPS_A_SAMPLE = 8
N_STEPS = N_SAMPLES * STEPS_A_SAMPLE
STEP = DURATION / N_STEPS  # s, a ninth of a radian at 1.8 Hz
LARGEST_SPREAD = np.pi  # rad, between two rotors of one island


@dataclass(frozen=True, eq=False)
class Transients:
    """What simulations gave.

    Attributes
    ----------
    voltages : array of float64, shape (n, n_buses, 128)
        Magnitude at each bus, per unit, sampled every 10/128 s from 0 on; 0 from the stop on.
    stop : array of int, shape (n,)
        First sample at which two machines of one island stood 180 degrees apart or more; 128 if
        none did.
    n_islands : array of int, shape (n,)
        Most connected parts that the network was in before the stop.
    """

    voltages: NDArray[np.float64]
    stop: NDArray[np.int64]
    n_islands: NDArray[np.int64]


def simulate(network: Network, scenarios: Sequence[Sequence[Stage]]) -> Transients:
    """Solve M delta'' + D delta' = P_m - P_e(delta) for each scenario, from the steady state on.

    Fourth-order Runge-Kutta in steps of 10/1024 s. What a scenario gives does not depend on those
    beside it.

    Parameters
    ----------
    network : Network
    scenarios : sequence of sequences of Stage
        The switchings of each simulation, in the order of their steps; before the first one the
        network is whole.
    """
    batch = _Batch(network, scenarios)
    for step in range(N_STEPS):
        batch.switch(step)
        if step % STEPS_A_SAMPLE == 0:
            batch.sample(step // STEPS_A_SAMPLE)
            if not len(batch.rows):
                break
        batch.advance()
    return Transients(batch.voltages, batch.stop, batch.n_islands)


class _Batch:
    """Simulations that still run: row k of each array is scenario ``rows[k]``."""

    def __init__(self, network: Network, scenarios: Sequence[Sequence[Stage]]) -> None:
        n = len(scenarios)
        self.network = network
        self.rows = np.arange(n)
        self.switchings: dict[int, list[tuple[int, Stage]]] = defaultdict(list)
        for row, stages in enumerate(scenarios):
            for stage in stages:
                self.switchings[stage.step].append((row, stage))
        whole = reduce_network(network, Stage())
        self.transfer, self.recovery, self.island = (
            np.repeat(array[None], n, axis=0) for array in whole[:3]
        )
        self.angle = np.repeat(np.angle(network.emf)[None], n, axis=0)
        self.speed = np.zeros_like(self.angle)
        # From the same matrix that the steps use, so that the steady state is one to the last bit.
        self.turning = self._power(self.angle)
        self.voltages = np.zeros((n, network.n_buses, N_SAMPLES))
        self.stop = np.full(n, N_SAMPLES)
        self.n_islands = np.full(n, whole.n_islands)

    def switch(self, step: int) -> None:
        """Put the stages that begin at this step in force."""
        for row, stage in self.switchings.pop(step, ()):
            place = np.flatnonzero(self.rows == row)
            if len(place):
                self._put(int(place[0]), reduce_network(self.network, stage))

    def _put(self, place: int, reduced: Reduced) -> None:
        self.transfer[place] = reduced.transfer
        self.recovery[place] = reduced.recovery
        self.island[place] = reduced.island
        row = self.rows[place]
        self.n_islands[row] = max(self.n_islands[row], reduced.n_islands)

    def sample(self, column: int) -> None:
        """Write the voltages down; let go of the simulations that have lost synchronism."""
        lost = self._spread() >= LARGEST_SPREAD
        if lost.any():
            self.stop[self.rows[lost]] = column
            for name in ("rows", "transfer", "recovery", "island", "angle", "speed", "turning"):
                setattr(self, name, getattr(self, name)[~lost])
        phasors = np.exp(1j * self.angle)[..., None]
        self.voltages[self.rows, :, column] = np.abs(np.matmul(self.recovery, phasors)[..., 0])

    def _spread(self) -> NDArray[np.float64]:
        """Largest angle between two machines of one island, shape (rows,)."""
        spread = np.zeros(len(self.rows))
        for number in range(int(self.island.max(initial=-1)) + 1):
            inside = self.island == number
            top = np.max(self.angle, axis=1, where=inside, initial=-np.inf)
            bottom = np.min(self.angle, axis=1, where=inside, initial=np.inf)
            np.maximum(spread, top - bottom, out=spread)  # -inf where the island has no machine
        return spread

    def _power(self, angle: NDArray[np.float64]) -> NDArray[np.float64]:
        """Electric power of each machine, shape (rows, n_machines)."""
        phasor = np.exp(1j * angle)
        return np.real(phasor * np.conj(np.matmul(self.transfer, phasor[..., None])[..., 0]))

    def _acceleration(
        self, angle: NDArray[np.float64], speed: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        force = self.turning - self._power(angle) - self.network.damping * speed
        return force / self.network.momentum

    def advance(self) -> None:
        """Take one step of Runge and Kutta."""
        half = STEP / 2
        v1 = self.speed
        a1 = self._acceleration(self.angle, v1)
        v2 = v1 + half * a1
        a2 = self._acceleration(self.angle + half * v1, v2)
        v3 = v1 + half * a2
        a3 = self._acceleration(self.angle + half * v2, v3)
        v4 = v1 + STEP * a3
        a4 = self._acceleration(self.angle + STEP * v3, v4)
        self.angle = self.angle + STEP / 6 * (v1 + 2 * v2 + 2 * v3 + v4)
        self.speed = v1 + STEP / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
