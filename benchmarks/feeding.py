"""Images a second that reach the training from memory, from a warm file and from a cold one.

Each figure is taken in a process of its own: batches of 128 images in random order, once through
the collection, without a model. Before a cold run the file is dropped from the system's cache.
Run with

    python -m benchmarks.feeding
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._report import keep, table

BATCH = 128
REPEATS = 3
COLLECTIONS = {  # images, and the shape of each
    "MNIST-like": (200_000, (28, 28, 1)),
    "photographs": (4_000, (256, 256, 3)),
}
SOURCES = ("memory", "warm file", "cold file")


def write(file: Path, n: int, shape: tuple[int, ...]) -> None:
    """Write random images, piece by piece, and see them on the disk."""
    rng = np.random.default_rng(0)
    pixels = np.lib.format.open_memmap(file, "w+", np.uint8, (n, *shape))
    for start in range(0, n, 1000):
        part = pixels[start : start + 1000]
        part[:] = rng.integers(0, 256, part.shape, dtype=np.uint8)
    pixels.flush()
    with file.open("rb") as written:
        os.fsync(written.fileno())


def drop(file: Path) -> None:
    """Have the system forget what it keeps of the file in memory."""
    with file.open("rb") as dropped:
        os.posix_fadvise(dropped.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def memory() -> dict[str, int]:
    """Return kinds of memory of this process, in bytes, as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def measure(file: Path, source: str) -> dict[str, float]:
    """Read all images once in random order, in this process."""
    import torch

    from vaewidgets.core.loop.feeding import Feed

    torch.set_num_threads(1)
    before = memory()
    pixels = np.load(file, mmap_mode=None if source == "memory" else "r")
    if source == "warm file":
        with file.open("rb") as whole:
            while whole.read(2**24):
                pass
    elif source == "cold file":
        drop(file)
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    feed = Feed(pixels, torch.device("cpu"))
    own, start = 0, time.perf_counter()
    for number, _ in enumerate(feed.batches(order.split(BATCH))):
        if number % 10 == 0:
            own = max(own, memory()["RssAnon"])
    seconds = time.perf_counter() - start
    return {
        "rate": len(pixels) / seconds,
        "peak": memory()["VmHWM"] - before["VmRSS"],
        "own": own - before["RssAnon"],
    }


def measure_apart(file: Path, source: str) -> dict[str, float]:
    """Measure a few times, each in a fresh process; medians."""
    command = [sys.executable, "-m", "benchmarks.feeding", "--file", str(file), "--source", source]
    found = []
    for _ in range(REPEATS):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


def main() -> None:
    """Measure all and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--source", choices=SOURCES)
    parser.add_argument("--folder", type=Path, help="where to write, to measure that disk")
    arguments = parser.parse_args()
    if arguments.file:
        print(json.dumps(measure(arguments.file, arguments.source)))
        return
    rows = []
    for name, (n, shape) in COLLECTIONS.items():
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            file = Path(folder) / "images.npy"
            write(file, n, shape)
            size = file.stat().st_size
            for source in SOURCES:
                found = measure_apart(file, source)
                rows.append(
                    [
                        f"{name}, {n:,} of {' x '.join(map(str, shape))}, {size / 1e6:.0f} MB",
                        source,
                        f"{found['rate']:,.0f}",
                        f"{found['rate'] * size / n / 1e6:,.0f}",
                        f"{found['peak'] / 1e6:.0f}",
                        f"{found['own'] / 1e6:.0f}",
                    ]
                )
    header = ["images", "from", "images/s", "MB/s", "peak MB", "of it its own, MB"]
    body = table(header, rows) + (
        f"\n\nBatches of {BATCH} in random order, one pass, no model; median of {REPEATS} "
        "processes. The peak is that of the process above what it holds before it reads; what is "
        "not its own are pages of the file, which the system takes back when memory is short."
    )
    keep("feeding", "How fast images reach the training", body, ("vaewidgets", "torch", "numpy"))


if __name__ == "__main__":
    main()
