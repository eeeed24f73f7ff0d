"""What a network is between two switchings, reduced to its machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.datasets.power_grid.network import Network

SOLID = 1e9  # admittance of a fault to ground, per unit; it leaves the bus with a millionth


@dataclass(frozen=True)
class Stage:
    """The state of the switches from one step of the simulation on.

    Attributes
    ----------
    step : int
        First step of the simulation at which it holds.
    fault_bus : int or None
        Bus with a solid three-phase fault.
    branches_out, machines_out : tuple of int
        What has been tripped.
    load_factor : float
        By which the loads of ``load_area`` are multiplied.
    load_area : int
        0 for none.
    """

    step: int = 0
    fault_bus: int | None = None
    branches_out: tuple[int, ...] = ()
    machines_out: tuple[int, ...] = ()
    load_factor: float = 1.0
    load_area: int = 0


class Reduced(NamedTuple):
    """The network as its machines see it.

    ``transfer`` (m, m) times the machines' unit phasors exp(i delta) gives the current of each
    machine times the magnitude of its voltage; ``recovery`` (n, m) times them the bus voltages.
    ``island`` (m,) numbers the connected parts, -1 for a machine that is off; ``n_islands``
    counts the parts of the whole network, those without a machine too.
    """

    transfer: NDArray[np.complex128]
    recovery: NDArray[np.complex128]
    island: NDArray[np.int64]
    n_islands: int


def reduce_network(network: Network, stage: Stage) -> Reduced:
    """Eliminate all buses (Kron reduction) under the switches of a stage.

    With Y the bus admittances including loads, fault and the machines' reactances y = 1 / (i x'd),
    the voltages are V = Y^-1 y E and the machines' currents y (E - V): Anderson and Fouad, Power
    System Control and Stability, 2003, section 2.10. A part of the network without a machine has
    no voltage.
    """
    n_buses, buses = network.n_buses, network.machine_bus
    in_service = np.ones(len(network.branches), bool)
    in_service[list(stage.branches_out)] = False
    running = np.ones(network.n_machines, bool)
    running[list(stage.machines_out)] = False
    load = np.where(network.area == stage.load_area, stage.load_factor, 1.0) * network.load

    part, n_islands = islands(network, in_service)
    admittance = network.branches.admittance(n_buses, in_service)
    admittance[np.diag_indices(n_buses)] += network.shunt + load
    source = running / (1j * network.reactance)
    admittance[buses, buses] += source
    if stage.fault_bus is not None:
        admittance[stage.fault_bus, stage.fault_bus] += SOLID
    dead = np.flatnonzero(~np.isin(part, part[buses[running]]))
    admittance[dead] = 0
    admittance[dead, dead] = 1

    injection = np.zeros((n_buses, network.n_machines), np.complex128)
    injection[buses, np.arange(network.n_machines)] = source * np.abs(network.emf)
    recovery = np.linalg.solve(admittance, injection)
    current = np.diag(source * np.abs(network.emf)) - source[:, None] * recovery[buses]
    return Reduced(
        np.abs(network.emf)[:, None] * current,
        recovery.astype(np.complex128, copy=False),
        np.where(running, part[buses], -1),
        n_islands,
    )


def islands(network: Network, in_service: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """Give the number of the connected part that each bus is in, and how many parts there are."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    start, end = network.branches.start[in_service], network.branches.end[in_service]
    size = (network.n_buses, network.n_buses)
    graph = coo_matrix((np.ones(len(start)), (start, end)), shape=size)
    count, part = connected_components(graph, directed=False)
    return part.astype(np.int64), int(count)
