"""The true labels of a simulation: what was done to the network, and what its voltages did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vaewidgets.datasets.power_grid.swing import DURATION, N_SAMPLES, STEP, STEPS_A_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vaewidgets.datasets.power_grid.network import Network
    from vaewidgets.datasets.power_grid.scenarios import Scenario
    from vaewidgets.datasets.power_grid.swing import Transients

    Real = NDArray[np.float64]

# Voltages here are over the bus's own first sample, before the event: in the steady state they are
# spread from 0.915 to 1.211 per unit.
SAG = 0.8
SAG_SHARE = 0.02  # of the buses at one time
LOW = 0.9
LOW_SHARE = 0.02  # of the buses
HIGH = 1.1
SWING = 0.02  # from peak to peak
SWING_SHARE = 0.2  # of the buses
FULL = 0.3  # a voltage that has moved by this much counts as lost in the severity
LATE = 3.0  # s at the end in which voltages are called sustained or oscillating
RINGING = 6.0  # s at the end from which the frequency is read; no event falls there
LOWEST_FREQUENCY = 0.15  # Hz, one period in the window
SECONDS = DURATION / N_SAMPLES  # s from one sample to the next


def label_table(
    network: Network, scenarios: Sequence[Scenario], transients: Transients
) -> pd.DataFrame:
    """Put together one row for each simulation; the columns are told in ``make_power_grid``."""
    # As they are handed out, so that whoever reads them finds the same labels.
    handed = transients.voltages.astype(np.float32).astype(np.float64)
    relative = handed / handed[:, :, :1]
    rows = [
        {
            **_done(network, scenario, int(stop), int(n_islands)),
            **_seen(network, scenario, v, stop),
        }
        for scenario, v, stop, n_islands in zip(
            scenarios, relative, transients.stop, transients.n_islands, strict=True
        )
    ]
    return pd.DataFrame(rows)


def finish(table: pd.DataFrame, events: Sequence[str], n_areas: int) -> pd.DataFrame:
    """Give the columns of a table their types."""
    integers = ("fault_bus", "gen_bus", "load_area")
    return table.assign(
        event=pd.Categorical(table["event"], categories=list(events)),
        area=pd.Categorical(table["area"], categories=range(1, n_areas + 1)),
        **{name: table[name].astype("Int64") for name in integers},
    )


def _done(network: Network, scenario: Scenario, stop: int, n_islands: int) -> dict[str, Any]:
    """Tell what was done to the network before the simulation stopped."""
    stages = [stage for stage in scenario.stages if stage.step <= stop * STEPS_A_SAMPLE]
    last = stages[-1]
    fault = scenario.stages[0].fault_bus
    load = last.load_area or None
    return {
        "event": scenario.event,
        "event_time": scenario.stages[0].step * STEP,
        "clear_time": _cleared(scenario) * STEP,
        "fault": fault is not None,
        "fault_bus": None if fault is None else fault + 1,
        "line_trip": bool(last.branches_out),
        "n_line_trips": len(last.branches_out),
        "gen_trip": bool(last.machines_out),
        "gen_bus": int(network.machine_bus[last.machines_out[0]]) + 1
        if last.machines_out
        else None,
        "load_change": load is not None,
        "load_area": load,
        "load_factor": last.load_factor,
        "islanding": n_islands > 1,
        "n_islands": n_islands,
        "loss_of_synchronism": stop < N_SAMPLES,
        "stop_time": stop * SECONDS if stop < N_SAMPLES else np.nan,
    }


def _cleared(scenario: Scenario) -> int:
    """Step from which no fault is on: the clearing of a fault, else the first event."""
    first = scenario.stages[0]
    return first.step if first.fault_bus is None else scenario.stages[1].step


def _seen(network: Network, scenario: Scenario, voltage: Real, stop: int) -> dict[str, Any]:
    """Tell what the relative voltages (n_buses, 128) of one simulation did."""
    begun = _first_sample(scenario.stages[0].step)
    after = voltage[:, _first_sample(_cleared(scenario)) : stop]
    late = voltage[:, N_SAMPLES - round(LATE / SECONDS) :]
    swinging = float(np.mean(np.ptp(late, axis=1) > SWING)) >= SWING_SHARE
    moved = np.abs(voltage[:, begun:] - 1)
    before_stop = moved[:, : max(stop - begun, 1)].mean(axis=1)
    areas = [before_stop[network.area == a].mean() for a in range(1, network.area.max() + 1)]
    return {
        "voltage_sag": float(np.mean(after < SAG, axis=0).max(initial=0)) >= SAG_SHARE,
        "sustained_low": float(np.mean(late.mean(axis=1) < LOW)) >= LOW_SHARE,
        "overvoltage": bool((after > HIGH).any()),
        "oscillation": swinging,
        "frequency": dominant_frequency(voltage) if swinging else np.nan,
        "area": int(np.argmax(areas)) + 1,
        "severity": float(np.minimum(moved / FULL, 1).mean()),
    }


def _first_sample(step: int) -> int:
    """First sample at or after a step: the switching at its own step is already in it."""
    return -(-step // STEPS_A_SAMPLE)


def dominant_frequency(voltage: Real) -> float:
    """Read the frequency in Hz at which most buses swing in the last 6 s.

    The peak of the power spectrum summed over the buses, after the linear trend is taken away,
    under a Hann window, padded eightfold, at 0.15 Hz or above.

    Parameters
    ----------
    voltage : array, shape (n_buses, 128)
    """
    tail = voltage[:, N_SAMPLES - round(RINGING / SECONDS) :]
    length = tail.shape[1]
    line = np.linspace(-1, 1, length)
    trend = tail.mean(axis=1, keepdims=True) + np.outer(tail @ line, line) / (line @ line)
    spectrum = np.fft.rfft((tail - trend) * np.hanning(length), 8 * length)
    power = (np.abs(spectrum) ** 2).sum(axis=0)
    frequencies = np.fft.rfftfreq(8 * length, SECONDS)
    power[frequencies < LOWEST_FREQUENCY] = 0
    return float(frequencies[np.argmax(power)])
