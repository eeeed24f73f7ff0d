"""Simulated transients of a power grid: the physics, against textbooks and other solvers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import curve_fit

from vaewidgets.datasets.power_grid.network import Branches, balanced_network, load_case
from vaewidgets.datasets.power_grid.stages import Stage, islands, reduce_network
from vaewidgets.datasets.power_grid.swing import DURATION, N_SAMPLES, STEP, simulate

TIMES = np.arange(N_SAMPLES) * DURATION / N_SAMPLES


@pytest.fixture(scope="module")
def case():
    return load_case()


def admittances(network, stage):
    """Bus admittances of a stage, branch by branch: lines, shunts and loads."""
    lines = network.branches
    matrix = np.diag(network.shunt).astype(complex)
    for k, (i, j) in enumerate(zip(lines.start, lines.end, strict=True)):
        if k in stage.branches_out:
            continue
        y, half, a = 1 / lines.impedance[k], 0.5j * lines.charging[k], lines.ratio[k]
        matrix[np.ix_([i, j], [i, j])] += [[(y + half) / a**2, -y / a], [-y / a, y + half]]
    for bus, load in enumerate(network.load):
        changed = stage.load_area and network.area[bus] == stage.load_area
        matrix[bus, bus] += load * (stage.load_factor if changed else 1)
    return matrix


def textbook(network, stages):
    """Voltages and angles at the samples by a general solver, with the machines as nodes."""
    n, m = network.n_buses, network.n_machines
    state = np.concatenate([np.angle(network.emf), np.zeros(m)])
    voltages, angles = np.zeros((n, N_SAMPLES)), np.zeros((m, N_SAMPLES))
    turning = np.real(
        network.emf
        * np.conj((network.emf - network.voltage[network.machine_bus]) / (1j * network.reactance))
    )
    begins = [0, *(stage.step * STEP for stage in stages)]
    for stage, begin, end in zip([Stage(), *stages], begins, [*begins[1:], DURATION], strict=True):
        on = np.array([k for k in range(m) if k not in stage.machines_out])
        inner = np.zeros((n + len(on), n + len(on)), complex)
        inner[:n, :n] = admittances(network, stage)
        for node, k in enumerate(on, start=n):
            y, bus = 1 / (1j * network.reactance[k]), network.machine_bus[k]
            inner[np.ix_([bus, node], [bus, node])] += [[y, -y], [-y, y]]
        if stage.fault_bus is not None:  # its equation becomes "no voltage"
            inner[stage.fault_bus] = 0
            inner[stage.fault_bus, stage.fault_bus] = 1
        gain = -np.linalg.solve(inner[:n, :n], inner[:n, n:])
        reduced = inner[n:, n:] + inner[n:, :n] @ gain

        def slope(_t, x, on=on, reduced=reduced):
            emf = np.abs(network.emf)[on] * np.exp(1j * x[:m][on])
            force = -network.damping * x[m:]
            force[on] += turning[on] - np.real(emf * np.conj(reduced @ emf))
            return np.concatenate([x[m:], force / network.momentum])

        last = end == DURATION
        inside = (begin <= TIMES) & (last | (end > TIMES))
        at = np.append(TIMES[inside], end)
        solved = solve_ivp(slope, (begin, end), state, "DOP853", at, rtol=1e-9, atol=1e-10).y
        emf = np.abs(network.emf)[on, None] * np.exp(1j * solved[:m][on, :-1])
        voltages[:, inside] = np.abs(gain @ emf)
        angles[:, inside] = solved[:m, :-1]
        state = solved[:, -1]
    return voltages, angles


@pytest.mark.parametrize(
    "stages",
    [
        (Stage(20, fault_bus=6), Stage(30, branches_out=(0,))),
        (Stage(13, machines_out=(21,)),),
        (Stage(40, load_factor=1.6, load_area=1), Stage(300)),
        (Stage(16, branches_out=(426,)), Stage(100, branches_out=(426, 100, 101))),
    ],
    ids=["fault and trip", "generator", "load", "bridge, then lines"],
)
def test_the_simulation_agrees_with_a_general_solver(case, stages):
    found = simulate(case, [stages])
    assert found.stop[0] == N_SAMPLES
    wanted, _ = textbook(case, stages)
    assert np.abs(found.voltages[0, :, -1] - np.abs(case.voltage)).max() > 1e-3
    np.testing.assert_allclose(found.voltages[0], wanted, atol=5e-6)


def test_the_simulation_stops_at_the_first_sample_with_180_degrees_between_two_machines(case):
    stages = (Stage(20, fault_bus=6), Stage(44))
    found = simulate(case, [stages])
    voltages, angles = textbook(case, stages)
    stop = int(np.argmax(np.ptp(angles, axis=0) >= np.pi))
    assert 5 < found.stop[0] == stop
    np.testing.assert_allclose(found.voltages[0, :, :stop], voltages[:, :stop], atol=5e-6)
    assert (found.voltages[0, :, stop:] == 0).all()


def test_what_would_have_happened_after_a_stop_touches_no_other_simulation(case):
    lost = (Stage(20, fault_bus=6), Stage(44), Stage(600, branches_out=(426, 100, 101)))
    found = simulate(case, [lost, (), lost])
    assert found.stop.tolist() == [found.stop[0], N_SAMPLES, found.stop[0]]
    assert found.n_islands.tolist() == [1, 1, 1]
    assert np.abs(found.voltages[1] - np.abs(case.voltage)[:, None]).max() < 1e-8


def test_the_solved_power_flow_balances_at_every_bus(case):
    """Outside the machines' buses the demand of the case is what flows out of the network."""
    no_load = replace(case, load=np.zeros(case.n_buses))
    injected = case.voltage * np.conj(admittances(no_load, Stage()) @ case.voltage)
    consumed = np.conj(case.load) * np.abs(case.voltage) ** 2
    machine = np.zeros(case.n_buses, complex)
    machine[case.machine_bus] = case.voltage[case.machine_bus] * np.conj(
        (case.emf - case.voltage[case.machine_bus]) / (1j * case.reactance)
    )
    np.testing.assert_allclose(machine, injected + consumed, atol=1e-9)
    # The demand of the case itself, from its tables: 2,830.5 pu of loads and negative loads.
    np.testing.assert_allclose(consumed.real.sum(), 2830.511, atol=1e-2)


def test_without_an_event_nothing_moves(case):
    found = simulate(case, [(), (Stage(50),)])
    assert found.stop.tolist() == [N_SAMPLES] * 2
    assert found.n_islands.tolist() == [1, 1]
    assert np.abs(found.voltages - np.abs(case.voltage)[None, :, None]).max() < 1e-8


def two_machines(damping=0.0, spread=0.6, inertia=6.0):
    """Two machines at the ends of two parallel lines of reactance 0.4, without losses or loads.

    A third bus cuts the second line in half.
    """
    lines = Branches(
        np.array([0, 0, 2]),
        np.array([1, 2, 1]),
        np.array([0.4j, 0.2j, 0.2j]),
        np.zeros(3),
        np.ones(3),
    )
    ends = np.array([1.03 * np.exp(1j * spread), 0.98])
    voltage = np.append(ends, ends.mean())
    zero = np.zeros(3, complex)
    return balanced_network(
        lines,
        voltage,
        zero,
        zero,
        np.array([0, 1]),
        reactance=0.3,
        damping=damping,
        inertia=inertia,
    )


def one_machine(network, inertia=6.0):
    """The equivalent single machine: M = 2 H S / omega, largest power, angle."""
    between = network.reactance.sum() + 0.2
    current = np.diff(network.voltage[:2])[0] / 0.2j
    power = network.voltage[:2] * np.conj(current) * [-1, 1]
    rating = np.maximum(np.abs(power), power.real / 0.85)
    each = 2 * inertia * rating / (2 * np.pi * 60)
    momentum = each.prod() / each.sum()
    largest = np.abs(network.emf).prod() / between
    return momentum, largest, float(np.diff(-np.angle(network.emf))[0])


def test_two_machines_swing_at_the_analytic_frequency():
    network = two_machines(spread=0.3, inertia=50.0)
    momentum, largest, angle = one_machine(network, inertia=50.0)
    frequency = np.sqrt(largest * np.cos(angle) / momentum) / (2 * np.pi)
    found = simulate(network, [(Stage(8, fault_bus=2), Stage(9))]).voltages[0, 2, 4:]

    def wave(t, height, f, phase, mean):
        return mean + height * np.cos(2 * np.pi * f * t + phase)

    start = (np.ptp(found) / 2, frequency, 0, found.mean())
    (height, fitted, _, _), _ = curve_fit(wave, TIMES[4:], found, start)
    assert 1e-5 < abs(height) < 1e-2
    assert fitted == pytest.approx(frequency, rel=2e-3)


@pytest.mark.parametrize("spread", [0.4, 0.9])
def test_synchronism_is_lost_beyond_the_critical_clearing_time_of_equal_areas(spread):
    """While a bus is shorted no power flows, so that the angle grows as t^2 (Kundur, 13.1)."""
    network = two_machines(spread=spread)
    momentum, largest, angle = one_machine(network)
    critical = np.arccos((np.pi - 2 * angle) * np.sin(angle) - np.cos(angle))
    seconds = np.sqrt(2 * momentum * (critical - angle) / (largest * np.sin(angle)))
    steps = int(np.floor(0.99 * seconds / STEP)), int(np.ceil(1.01 * seconds / STEP))
    assert steps[1] - steps[0] <= 2
    stop = simulate(network, [(Stage(8, fault_bus=0), Stage(8 + k)) for k in steps]).stop
    assert stop[0] == N_SAMPLES
    assert stop[1] < N_SAMPLES


def test_energy_is_kept_without_damping_and_lost_with_it():
    """The swing of the middle voltage is the same from period to period, or shrinks."""
    for damping, kept in ((0.0, True), (0.5, False)):
        network = two_machines(damping)
        found = simulate(network, [(Stage(8, fault_bus=2), Stage(11))]).voltages[0, 2]
        first, last = np.ptp(found[4:44]), np.ptp(found[-40:])
        assert first > 0.01
        assert (last > 0.98 * first) == kept


def test_every_trip_islands_what_it_should(case):
    """Against a search from bus to bus."""
    lines = case.branches
    neighbours = [set() for _ in range(case.n_buses)]
    for k, (i, j) in enumerate(zip(lines.start, lines.end, strict=True)):
        neighbours[i].add((k, int(j)))
        neighbours[j].add((k, int(i)))

    def reached(without):
        seen, queue = {0}, [0]
        while queue:
            for k, bus in neighbours[queue.pop()]:
                if k != without and bus not in seen:
                    seen.add(bus)
                    queue.append(bus)
        return seen

    bridges = []
    for k in range(len(lines)):
        in_service = np.arange(len(lines)) != k
        part, count = islands(case, in_service)
        together = reached(k)
        assert set(np.flatnonzero(part == part[0]).tolist()) == together
        assert (count == 1) == (len(together) == case.n_buses)
        if count > 1:
            bridges.append(k)
    assert len(bridges) == 7


def test_a_part_without_a_machine_has_no_voltage_and_one_with_a_machine_lives_on(case):
    lines = case.branches
    ends = {
        (int(i), int(j)): k for k, (i, j) in enumerate(zip(lines.start, lines.end, strict=True))
    }
    dead, alive = ends[32, 34], ends[35, 98]
    assert 98 in case.machine_bus
    found = simulate(case, [(Stage(40, branches_out=(k,)),) for k in (dead, alive)])
    assert found.n_islands.tolist() == [2, 2]
    assert found.stop.tolist() == [N_SAMPLES] * 2
    assert np.flatnonzero(found.voltages[0, :, 50] < 1e-6).tolist() == [34]
    assert found.voltages[1, :, 50].min() > 0.5


def test_a_bus_left_with_nothing_at_all_has_no_voltage_either():
    found = simulate(two_machines(spread=0.2), [(Stage(8, branches_out=(1, 2)),)])
    assert found.n_islands[0] == 2
    assert (found.voltages[0, 2, 1:] == 0).all()
    assert found.voltages[0, :2].min() > 0.5


def test_a_tripped_machine_gives_no_power_and_is_in_no_island(case):
    reduced = reduce_network(case, Stage(machines_out=(3,)))
    assert reduced.island[3] == -1
    assert not reduced.transfer[3].any()
    assert not reduced.transfer[:, 3].any()
    assert not reduced.recovery[:, 3].any()


def test_synchronism_is_asked_only_of_machines_that_are_connected():
    """Cut apart, one machine speeds up and the other slows down: two grids, none of them lost."""
    network = two_machines()
    found = simulate(network, [(Stage(8, branches_out=(0, 1)),)])
    assert found.n_islands[0] == 2
    assert found.stop[0] == N_SAMPLES


def test_faults_at_the_critical_times_of_the_case_hold_and_a_step_longer_does_not(case):
    buses = np.flatnonzero(case.critical_time < 0.35)[::12]
    assert len(buses) > 5
    steps = np.rint(case.critical_time[buses] / STEP).astype(int)
    for more in (0, 1):
        stages = [
            (Stage(8, fault_bus=int(bus)), Stage(8 + int(k) + more))
            for bus, k in zip(buses, steps, strict=True)
        ]
        assert ((simulate(case, stages).stop < N_SAMPLES) == more).all()
