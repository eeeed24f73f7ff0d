"""A power network in its steady state: buses, branches, loads and classical machines, per unit."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Real = NDArray[np.float64]
    Complex = NDArray[np.complex128]
    Integer = NDArray[np.integer[Any]]

FREQUENCY = 60.0  # Hz
# Data of the machines, which the power flow case does not hold: usual values of large units, the
# step-up transformer included, on the rating that the power flow asks for.
INERTIA = 6.0  # s, stored energy at rated speed over rating
REACTANCE = 0.4  # transient reactance x'd, per unit
DAMPING = 0.15  # 1/s, damping coefficient over inertia coefficient
POWER_FACTOR = 0.85  # rated active over rated apparent power
LONGEST_FAULT = 0.4  # s


@dataclass(frozen=True)
class Branches:
    """Lines and transformers as pi circuits, in per unit.

    Attributes
    ----------
    start, end : array of int, shape (n_branches,)
        Buses; a transformer's tap is at ``start``.
    impedance : array of complex, shape (n_branches,)
        In series.
    charging : array, shape (n_branches,)
        Total shunt susceptance, half of it at each end.
    ratio : array, shape (n_branches,)
        Off-nominal ratio of the transformer, 1 for a line.
    """

    start: Integer
    end: Integer
    impedance: Complex
    charging: Real
    ratio: Real

    def __len__(self) -> int:
        return len(self.start)

    def admittance(self, n_buses: int, in_service: NDArray[np.bool_]) -> Complex:
        """Add up the bus admittance matrix, shape (n_buses, n_buses), without shunts.

        Zimmerman, Murillo-Sanchez and Thomas, MATPOWER, IEEE Transactions on Power Systems, 2011,
        equation 3, without phase shifters.
        """
        series = in_service / self.impedance
        at_end = series + in_service * 0.5j * self.charging
        matrix = np.zeros((n_buses, n_buses), np.complex128)
        np.add.at(matrix, (self.start, self.start), at_end / self.ratio**2)
        np.add.at(matrix, (self.end, self.end), at_end)
        np.add.at(matrix, (self.start, self.end), -series / self.ratio)
        np.add.at(matrix, (self.end, self.start), -series / self.ratio)
        return matrix


@dataclass(frozen=True, eq=False)
class Network:
    """A network in balance, with constant-impedance loads and classical machines.

    A classical machine is a constant voltage behind the transient reactance, turned by a constant
    mechanical power (Kundur, Power System Stability and Control, 1994, section 13.1; Anderson and
    Fouad, Power System Control and Stability, 2003, chapter 2).

    Attributes
    ----------
    branches : Branches
    voltage : array of complex, shape (n_buses,)
        In the steady state.
    shunt, load : array of complex, shape (n_buses,)
        Admittances to ground: what belongs to the network, and what consumes.
    area : array of int, shape (n_buses,)
        From 1 on.
    row_order : array of int, shape (n_buses,)
        Bus of each row of a map, area by area.
    rank : array of int, shape (n_buses,)
        0 for the bus that a map shows first, n_buses - 1 for the one that it leaves out first.
    critical_time : array, shape (n_buses,)
        Longest time in s, at most 0.4, after which a solid fault at the bus can be cleared with
        the machines still in step.
    machine_bus : array of int, shape (n_machines,)
    emf : array of complex, shape (n_machines,)
        Voltage behind the transient reactance; its angle is the rotor's in the steady state.
    reactance : array, shape (n_machines,)
        Transient reactance x'd.
    momentum : array, shape (n_machines,)
        M = 2 H / omega_0 in s^2/rad, for power in per unit of the common base.
    damping : array, shape (n_machines,)
        In s/rad: power in per unit for a speed above the synchronous one in rad/s.
    """

    branches: Branches
    voltage: Complex
    shunt: Complex
    load: Complex
    area: Integer
    row_order: Integer
    rank: Integer
    critical_time: Real
    machine_bus: Integer
    emf: Complex
    reactance: Real
    momentum: Real
    damping: Real

    @property
    def n_buses(self) -> int:
        """Number of buses."""
        return len(self.voltage)

    @property
    def n_machines(self) -> int:
        """Number of machines."""
        return len(self.machine_bus)

    @property
    def flow(self) -> Real:
        """Apparent power entering each branch at its start in the steady state, per unit."""
        lines, volt = self.branches, self.voltage
        near, far = volt[lines.start] / lines.ratio, volt[lines.end]
        current = (near - far) / lines.impedance + 0.5j * lines.charging * near
        return np.abs(near * np.conj(current))

    @property
    def power(self) -> Real:
        """Active power of each machine in the steady state, shape (n_machines,), per unit."""
        current = (self.emf - self.voltage[self.machine_bus]) / (1j * self.reactance)
        return np.real(self.emf * np.conj(current))

    def shown(self, n_rows: int) -> Integer:
        """Return the buses that a map of ``n_rows`` rows shows, from top to bottom."""
        return self.row_order[self.rank[self.row_order] < n_rows]


def balanced_network(
    branches: Branches,
    voltage: Complex,
    demand: Complex,
    shunt: Complex,
    machine_bus: Integer,
    *,
    area: Integer | None = None,
    row_order: Integer | None = None,
    rank: Integer | None = None,
    critical_time: Real | None = None,
    inertia: float = INERTIA,
    reactance: float = REACTANCE,
    damping: float = DAMPING,
) -> Network:
    """Set up loads and machines so that the given voltages are exactly the steady state.

    Parameters
    ----------
    branches : Branches
    voltage, demand, shunt : array of complex, shape (n_buses,)
        The solved power flow in per unit. ``demand`` counts at the machines' buses alone, where
        it tells the load from the machine; elsewhere the load is what flows out of the network.
    machine_bus : array of int, shape (n_machines,)
        One machine a bus.
    area, row_order, rank, critical_time : array, shape (n_buses,), optional
        As in :class:`Network`; by default one area, the order of the buses, and 0.4 s.
    inertia, reactance, damping : float
        H in s and x'd in per unit, on the rating of each machine (its apparent power, at least its
        active power over 0.85), and D / M in 1/s.
    """
    n_buses = len(voltage)
    network = branches.admittance(n_buses, np.ones(len(branches), bool)) + np.diag(shunt)
    injected = voltage * np.conj(network @ voltage)
    generated = np.zeros(n_buses, np.complex128)
    generated[machine_bus] = injected[machine_bus] + demand[machine_bus]
    power = generated[machine_bus]
    rating = np.maximum(np.abs(power), power.real / POWER_FACTOR)
    behind = reactance / rating
    momentum = 2 * inertia * rating / (2 * np.pi * FREQUENCY)
    buses = np.arange(n_buses)
    return Network(
        branches=branches,
        voltage=voltage,
        shunt=shunt,
        load=np.conj(generated - injected) / np.abs(voltage) ** 2,
        area=np.ones(n_buses, int) if area is None else area,
        row_order=buses if row_order is None else row_order,
        rank=buses if rank is None else rank,
        critical_time=np.full(n_buses, LONGEST_FAULT) if critical_time is None else critical_time,
        machine_bus=machine_bus,
        emf=voltage[machine_bus] + 1j * behind * np.conj(power / voltage[machine_bus]),
        reactance=behind,
        momentum=momentum,
        damping=damping * momentum,
    )


@functools.lru_cache(maxsize=1)
def load_case() -> Network:
    """Load the network of the package: 145 buses, 453 branches, 50 machines, 6 areas.

    The IEEE 50-generator dynamic test case (``dd50cdf.txt`` of the Power Systems Test Case
    Archive of the University of Washington), as converted by MATPOWER and distributed as
    ``case145`` by pandapower (BSD 3-clause, see ``case145.LICENSE.txt`` beside this file). Derived
    by ``tools/power_grid_case.py``; the data of the machines are usual values, not the case's own.
    """
    file = resources.files("vaewidgets.datasets.power_grid") / "case145.npz"
    with file.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        case = {name: arrays[name] for name in arrays.files}
    branches = Branches(
        case["branch_from"],
        case["branch_to"],
        case["impedance"],
        case["charging"],
        case["ratio"],
    )
    return balanced_network(
        branches,
        case["voltage"],
        case["demand"],
        case["shunt"],
        case["machine_bus"].astype(np.int64),
        area=case["area"].astype(np.int64),
        row_order=case["row_order"].astype(np.int64),
        rank=case["rank"].astype(np.int64),
        critical_time=case["critical_time"],
    )
