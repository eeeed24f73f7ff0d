"""Maps of simulated transients of a power grid, with true labels."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from vaewidgets.datasets.power_grid.labels import finish, label_table
from vaewidgets.datasets.power_grid.network import load_case
from vaewidgets.datasets.power_grid.rendering import RENDERINGS, render
from vaewidgets.datasets.power_grid.scenarios import EVENTS, draw_scenario
from vaewidgets.datasets.power_grid.swing import N_SAMPLES, simulate
from vaewidgets.images import Images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray


BATCH = 64  # simulations side by side: 10 MB of matrices
FEWEST_ROWS = 8


def make_power_grid(
    n: int,
    seed: int = 0,
    *,
    n_rows: int = 128,
    rendering: str = "deviation",
    shuffle_buses: bool = False,
    events: Mapping[str, float] | None = None,
    progress: bool = True,
) -> tuple[Images, pd.DataFrame, NDArray[np.float32]]:
    """Simulate transients of a power grid, and draw each as a map of voltages with true labels.

    Every map is one event on a network of 145 buses and 50 machines, and the ten seconds that
    follow. Rows are buses, area by area; columns are 128 samples; gray is voltage. A simulation
    stops when two connected machines stand 180 degrees apart: the map is black from there on.

    Parameters
    ----------
    n : int
        Number of maps, at least 1. About 0.03 s each.
    seed : int
        At least 0. Equal seeds give equal maps, and map ``i`` does not depend on ``n``.
    n_rows : int
        Rows of a map, 8 to 145. Fewer than 145 leave out the buses that stand electrically
        closest to another one; the 17 left out by default make the maps square.
    rendering : "deviation", "absolute" or "stretched"
        "deviation": 0.5 + (V - V(0)) / 0.3. "absolute": 0.7 to 1.15 per unit. "stretched":
        V - V(0) between its 2nd and 98th percentile in this map, as in the published maps, which
        shows weak swings but hides how strong they are. All clipped to black and white.
    shuffle_buses : bool
        Put the rows of all maps in one random order instead of area by area.
    events : mapping of str to float, optional
        Share of each kind of event, of any sum; the default mixes all seven: "fault" (a solid
        three-phase fault of 0.05 to 0.4 s), "fault_trip" (cleared by tripping the line), "trip"
        (of a line), "cascade" (six lines, each next to one before), "separation" (all lines that
        tie an area to the others), "generator" (trip of a machine), "load" (scaling of an area's
        loads).
    progress : bool
        Show a bar if it takes longer than a second.

    Returns
    -------
    images : Images
        n maps of ``n_rows`` x 128, gray uint8.
    table : DataFrame
        One row a map. Voltages are meant over the bus's own before the event (the first sample);
        "after" leaves out the time of a fault and what follows the stop.

        =================== =====================================================================
        event               kind of event (category)
        event_time          first switching, s
        clear_time          end of the fault, else ``event_time``, s
        fault, fault_bus    a fault; number of the bus in the case, 1 to 145
        line_trip           lines tripped before the stop; ``n_line_trips`` counts them
        gen_trip, gen_bus   a machine tripped; number of its bus
        load_change         loads scaled; ``load_area``, ``load_factor`` (1 if none)
        islanding           more than one connected part; ``n_islands`` counts them
        loss_of_synchronism the simulation stopped; ``stop_time`` in s, NaN if not
        voltage_sag         at some time after, at least 2 % of the buses below 0.8
        sustained_low       means of the last 3 s below 0.9 at 2 % of the buses at least
        overvoltage         some bus above 1.1 after
        oscillation         peak to peak of the last 3 s above 0.02 at 20 % of the buses at least
        frequency           of that oscillation, Hz; NaN without one
        area                area whose voltages moved most before the stop (category 1 to 6)
        severity            0 to 1: mean over buses and all time from the event on of
                            min(1, abs(V / V(0) - 1) / 0.3)
        =================== =====================================================================

    voltages : array of float32, shape (n, 145, 128)
        Magnitudes per unit, in the order of :func:`power_grid_buses`; 0 from the stop on and where
        no machine is connected.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Notes
    -----
    The classical model: constant voltages behind transient reactances, constant-impedance loads,
    no governors, no voltage control (Anderson and Fouad, Power System Control and Stability,
    2003, chapter 2). The network is the IEEE 50-generator case, ``case145`` of MATPOWER and
    pandapower, with usual values for the machines. Faults are drawn around the critical clearing
    time of their bus, and lines by what they carry, so that the families of the published maps
    (Feng, arXiv 1905.12164, 2019) are there: collapse (about a sixth of the maps), oscillation,
    sags (less often deep than there), islands.

    Examples
    --------
    >>> images, table, voltages = make_power_grid(100, seed=1, progress=False)
    >>> images.shape, voltages.shape
    ((128, 128, 1), (100, 145, 128))
    """
    n, seed = _whole("n", n, 1), _whole("seed", seed, 0)
    network = load_case()
    n_rows = _whole("n_rows", n_rows, FEWEST_ROWS, network.n_buses)
    if rendering not in RENDERINGS:
        raise ValueError(f"`rendering` is {rendering!r}; accepted: {', '.join(RENDERINGS)}")
    mix = EVENTS if events is None else _checked_mix(events)

    order, shown = network.row_order, network.shown(n_rows)
    if shuffle_buses:
        shown = _generator(seed, 1).permutation(shown)
    base = np.abs(network.voltage[shown])
    pixels = np.empty((n, n_rows, N_SAMPLES, 1), np.uint8)
    voltages = np.empty((n, network.n_buses, N_SAMPLES), np.float32)
    tables = []
    # One thread: the matrices are small, and results then never depend on the number of cores.
    with threadpool_limits(1, user_api="blas"):
        for begin in _bar(n, progress):
            part = slice(begin, min(begin + BATCH, n))
            scenarios = [
                draw_scenario(network, _generator(seed, 0, i), mix)
                for i in range(part.start, part.stop)
            ]
            transients = simulate(network, [scenario.stages for scenario in scenarios])
            tables.append(label_table(network, scenarios, transients))
            voltages[part] = transients.voltages[:, order]
            pixels[part] = render(transients.voltages[:, shown], base, transients.stop, rendering)
    table = finish(pd.concat(tables, ignore_index=True), list(EVENTS), int(network.area.max()))
    return Images(pixels), table, voltages


def power_grid_buses(n_rows: int = 128) -> pd.DataFrame:
    """Tell which bus each row of the voltages and of the maps of ``make_power_grid`` is.

    Parameters
    ----------
    n_rows : int
        Rows of the maps, 8 to 145.

    Returns
    -------
    DataFrame
        One row for each of the 145 buses, in the order of ``voltages``: ``bus`` (number in the
        case, 1 to 145), ``area`` (1 to 6), ``machine`` (whether one is connected), ``voltage``
        (before an event, per unit) and ``map_row`` (row in the maps, missing where the bus is
        left out).
    """
    network = load_case()
    n_rows = _whole("n_rows", n_rows, FEWEST_ROWS, network.n_buses)
    order, shown = network.row_order, network.shown(n_rows).tolist()
    return pd.DataFrame(
        {
            "bus": order + 1,
            "area": network.area[order],
            "machine": np.isin(order, network.machine_bus),
            "voltage": np.abs(network.voltage[order]),
            "map_row": pd.array(
                [shown.index(bus) if bus in shown else None for bus in order.tolist()], "Int64"
            ),
        }
    )


def _whole(name: str, value: int, least: int, most: int | None = None) -> int:
    """Check a whole number."""
    accepted = f"an int of at least {least}" if most is None else f"an int from {least} to {most}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"`{name}` is {value!r}; accepted: {accepted}") from None
    if number < least or (most is not None and number > most):
        raise ValueError(f"`{name}` is {number}; accepted: {accepted}")
    return number


def _checked_mix(events: Mapping[str, float]) -> Mapping[str, float]:
    """Check the shares of the kinds of event."""
    good = bool(events) and set(events) <= set(EVENTS)
    shares = np.array(list(events.values()), float) if good else np.zeros(1)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise ValueError(
            f"`events` is {dict(events)!r}; accepted: shares of at least 0, not all 0, of "
            f"{', '.join(EVENTS)}"
        )
    return events


def _generator(seed: int, *key: int) -> np.random.Generator:
    """Make a generator of its own for each use and each map."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _bar(n: int, progress: bool) -> Iterator[int]:
    """Count through the batches, with a bar on the terminal or in the notebook."""
    from tqdm.auto import tqdm

    with tqdm(
        total=n, desc="simulating", unit="map", delay=1.0, leave=False, disable=not progress
    ) as bar:
        for begin in range(0, n, BATCH):
            yield begin
            bar.update(min(BATCH, n - begin))
