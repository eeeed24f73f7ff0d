"""How fast ``make_power_grid`` is on one core, and what its maps hold.

Run with

OMP_NUM_THREADS=1 python -m benchmarks.power_grid_data [--maps 1000]
"""

from __future__ import annotations

import argparse
import time

from benchmarks._report import keep, table
from vaewidgets.datasets import make_power_grid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maps", type=int, default=1000)
    n_maps = parser.parse_args().maps
    make_power_grid(1)  # the packages are loaded, the network read
    wall, cpu = time.perf_counter(), time.process_time()
    _, labels, voltages = make_power_grid(n_maps, seed=0, progress=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    flags = labels.select_dtypes("bool")
    stops = labels["stop_time"].dropna().quantile([0.25, 0.5, 0.75])
    shares = [
        [
            name,
            f"{100 * flags[name].mean():.1f}",
            f"{labels.loc[flags[name], 'severity'].mean():.2f}",
        ]
        for name in flags
    ]
    kinds = [
        [
            kind,
            f"{100 * len(rows) / n_maps:.1f}",
            f"{100 * rows['loss_of_synchronism'].mean():.0f}",
        ]
        for kind, rows in labels.groupby("event", observed=True)
    ]
    body = "\n\n".join(
        [
            f"{n_maps} maps, one thread: {wall / n_maps:.4f} s a map on the clock, "
            f"{cpu / n_maps:.4f} s of processor time; {voltages.nbytes / 1e6:.0f} MB of voltages. "
            f"Quartiles of the stop: {', '.join(f'{s:.2f}' for s in stops)} s.",
            table(["label", "share of maps, %", "mean severity"], shares),
            table(["event", "share of maps, %", "of these lose synchronism, %"], kinds),
        ]
    )
    packages = ("numpy", "pandas", "vaewidgets")
    keep("power_grid_data", "Simulated maps of a power grid", body, packages)


if __name__ == "__main__":
    main()
