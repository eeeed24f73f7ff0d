"""Derive the network of ``vaewidgets.datasets.make_power_grid`` from pandapower's ``case145``.

pandapower is no dependency of the project, so this runs in two environments: one of its own, in
which the power flow is solved, then the project's, in which the rest is worked out.

    python3 -m venv /tmp/pp && /tmp/pp/bin/pip install pandapower==3.5.6
    /tmp/pp/bin/python tools/power_grid_case.py solve /tmp/case145.npz
    .venv/bin/python -m tools.power_grid_case finish /tmp/case145.npz

The second writes ``vaewidgets/datasets/power_grid/case145.npz``: buses, branches and machines in
per unit on 100 MVA, the areas, the order of the rows, which buses a map with fewer rows than buses
leaves out, and how long a fault at each bus may last. It takes about a minute.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vaewidgets.datasets.power_grid.network import Network

TARGET = Path(__file__).resolve().parents[1] / "vaewidgets/datasets/power_grid/case145.npz"
N_AREAS = 6
FAULT_STEP = 8  # of the simulation, at which the faults of the search begin


def solve(file: Path) -> None:
    """Solve the AC power flow, and keep what the simulation needs of MATPOWER's tables."""
    warnings.filterwarnings("ignore")  # pandapower says at length that numba is not here
    import pandapower
    from pandapower import networks

    net = networks.case145()
    pandapower.runpp(net, tolerance_mva=1e-10, numba=False)
    solution = net._ppc["internal"]
    base, bus, branch = solution["baseMVA"], solution["bus"].real, solution["branch"].real
    if not np.array_equal(net.bus.index, np.arange(len(net.bus))) or np.any(branch[:, 9] != 0):
        raise SystemExit("buses numbered otherwise than expected, or a phase shifter")
    np.savez(
        file,
        voltage=solution["V"],
        demand=(bus[:, 2] + 1j * bus[:, 3]) / base,
        shunt=(bus[:, 4] + 1j * bus[:, 5]) / base,
        branch_from=branch[:, 0].astype(np.int16),
        branch_to=branch[:, 1].astype(np.int16),
        impedance=branch[:, 2] + 1j * branch[:, 3],
        charging=branch[:, 4],
        ratio=np.where(branch[:, 8] == 0, 1.0, branch[:, 8]),
        machine_bus=np.sort(np.r_[net.gen.bus, net.ext_grid.bus]).astype(np.int16),
    )


def finish(file: Path) -> None:
    """Add what follows from the tables, and write the file of the package."""
    from vaewidgets.datasets.power_grid.network import Branches, balanced_network

    with np.load(file, allow_pickle=False) as arrays:
        case = {name: arrays[name] for name in arrays.files}
    lines = Branches(
        *(case[k] for k in ("branch_from", "branch_to", "impedance", "charging", "ratio"))
    )
    network = balanced_network(
        lines, case["voltage"], case["demand"], case["shunt"], case["machine_bus"]
    )
    case["row_order"], case["area"] = rows_and_areas(network)
    case["rank"] = ranks(network)
    case["critical_time"] = critical_times(network)
    np.savez_compressed(TARGET, **case)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, areas of {np.bincount(case['area'])[1:]}")


def admittance(network: Network) -> np.ndarray:
    """Bus admittances of the whole network, without shunts."""
    return network.branches.admittance(network.n_buses, np.ones(len(network.branches), bool))


def rows_and_areas(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Order the buses and cut them into areas.

    Areas by spectral clustering: the weight between two buses is the square root of the
    admittance, the embedding the rows of the first eigenvectors of the normalised Laplacian,
    scaled to length 1 (Ng, Jordan and Weiss, On spectral clustering, 2001), the clusters Ward's.
    The leaves of the tree give the order of the areas; within an area the leaves of a tree of the
    buses' responses, so that neighbouring rows look alike.
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage

    weight = np.sqrt(np.abs(admittance(network)))
    np.fill_diagonal(weight, 0)
    weight = (weight + weight.T) / 2
    degree = weight.sum(axis=1)
    laplacian = np.eye(len(weight)) - weight / np.sqrt(np.outer(degree, degree))
    embedding = np.linalg.eigh(laplacian)[1][:, :N_AREAS]
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    tree = linkage(embedding, "ward")
    cluster = fcluster(tree, N_AREAS, "maxclust")
    response, order = responses(network), []
    for name in dict.fromkeys(cluster[leaves_list(tree)]):
        members = np.flatnonzero(cluster == name)
        alike = linkage(response[members], "average", metric="correlation", optimal_ordering=True)
        order.append(members[leaves_list(alike)])
    area = np.zeros(len(cluster), np.uint8)
    for number, members in enumerate(order, start=1):
        area[members] = number
    return np.concatenate(order).astype(np.int16), area


def responses(network: Network) -> np.ndarray:
    """How the voltage of each bus answers to each machine's angle, shape (n_buses, n_machines)."""
    from vaewidgets.datasets.power_grid.stages import Stage, reduce_network

    phasor = np.exp(1j * np.angle(network.emf))
    recovery = reduce_network(network, Stage()).recovery
    voltage = recovery @ phasor
    return np.real(1j * recovery * phasor * (np.conj(voltage) / np.abs(voltage) ** 2)[:, None])


def ranks(network: Network) -> np.ndarray:
    """Rank the buses: 0 is shown first, the last ones stand electrically closest to another.

    The electrical distance of two buses is the impedance between them with loads and machines in
    place; of the closest pair the bus without a machine goes, else the one of the higher number.
    """
    machines = network.machine_bus
    total = admittance(network) + np.diag(network.shunt + network.load)
    total[machines, machines] += 1 / (1j * network.reactance)
    z = np.linalg.inv(total)
    distance = np.abs(np.diag(z)[:, None] + np.diag(z)[None, :] - z - z.T)
    np.fill_diagonal(distance, np.inf)
    rank = np.zeros(network.n_buses, np.int16)
    for place in range(network.n_buses - 1, 0, -1):
        pair = np.unravel_index(np.argmin(distance), distance.shape)
        gone = max(pair, key=lambda bus: (bus not in machines, bus))
        rank[gone] = place
        distance[gone, :] = distance[:, gone] = np.inf
    return rank


def critical_times(network: Network) -> np.ndarray:
    """Find by bisection how long a fault at each bus may last, in s, at most the longest drawn."""
    from vaewidgets.datasets.power_grid.network import LONGEST_FAULT
    from vaewidgets.datasets.power_grid.stages import Stage
    from vaewidgets.datasets.power_grid.swing import N_SAMPLES, STEP, simulate

    good = np.zeros(network.n_buses, int)
    bad = np.full(network.n_buses, round(LONGEST_FAULT / STEP) + 1)
    fault = Stage(FAULT_STEP)
    while (bad - good > 1).any():
        tried = (good + bad) // 2
        stop = simulate(
            network,
            [
                (replace(fault, fault_bus=bus), Stage(FAULT_STEP + int(steps)))
                for bus, steps in enumerate(tried)
            ],
        ).stop
        good, bad = np.where(stop < N_SAMPLES, good, tried), np.where(stop < N_SAMPLES, tried, bad)
    return np.minimum(good * STEP, LONGEST_FAULT)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("solve", "finish"):
        raise SystemExit(__doc__)
    {"solve": solve, "finish": finish}[sys.argv[1]](Path(sys.argv[2]))
