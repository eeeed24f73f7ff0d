"""Seconds a step on one thread, on all, and on as many as the pace asks for, beside busy programs.

Learns from 600 photographs of 48 x 64 pixels out of ``cifar10_folder.zip`` of
``$VAEWIDGETS_DATA``, alone and beside one and three programs that keep a core busy each. Run with

    python -m benchmarks.threads [--steps 120]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

import vaewidgets as vw
from benchmarks._report import keep, table

BUSY = (0, 1, 3)


def seconds_a_step(images: vw.Images, n_threads: int | None, steps: int) -> tuple[float, str]:
    """Train for so many steps; return seconds a step, and the threads of the last of them."""
    epochs = max(1, steps // (len(images) // 128))
    vae = vw.VAE(16, max_epochs=epochs, n_threads=n_threads, progress=False)
    begin = time.perf_counter()
    vae.fit(images)
    took = (time.perf_counter() - begin) / vae.history_[-1]["step"]
    used = vae.trained_with_.get("steps_by_threads", {})
    return took, ", ".join(f"{count} on {n}" for n, count in sorted(used.items())) or "all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=120)
    steps = parser.parse_args().steps
    data = Path(os.environ.get("VAEWIDGETS_DATA", "../shared/data")) / "cifar10_folder.zip"
    photos = vw.load_images(data, size=(48, 64), fit="crop", progress=False)
    images = photos[np.random.default_rng(0).permutation(len(photos))[:600]]
    most = torch.get_num_threads()
    rows = []
    for n_busy in BUSY:
        command = [sys.executable, "-c", "while True: pass"]
        busy = [subprocess.Popen(command) for _ in range(n_busy)]
        try:
            found = [seconds_a_step(images, n, steps) for n in (most, 1, None)]
        finally:
            for program in busy:
                program.kill()
                program.wait()
        cells = [f"{seconds:.3f} s" for seconds, _ in found]
        best = min(found[0][0], found[1][0])
        rows.append([str(n_busy), *cells, f"{best / found[2][0]:.2f}", found[2][1]])
    header = [
        "busy programs",
        f"{most} threads",
        "1 thread",
        "by pace",
        "of the best",
        "its steps",
    ]
    body = (
        f"Seconds a step of 128 images, {steps} steps, the first ones and the try of each number "
        "of threads among them.\n\n" + table(header, rows)
    )
    keep("threads", "Threads by pace", body, ("vaewidgets", "torch"))


if __name__ == "__main__":
    main()
