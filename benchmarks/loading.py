"""How fast photographs become a collection: beside a bare loop of Pillow, imageio and OpenCV.

Makes 3,000 photographs, half JPEG of 1280 x 960 and half PNG of 320 x 240, out of the small ones
in ``cifar10_folder.zip`` of ``$VAEWIDGETS_DATA``, and brings them to 64 x 64 pixels on one core
and on two. Each way runs in a process of its own, in turn, three times; the best counts. Run with

    python -m benchmarks.loading [--images 3000] [--folder DIR]

Needs ``pip install -r benchmarks/requirements.txt``.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._report import keep, table

SIDE = 64
WAYS = ("vaewidgets", "Pillow, bare loop", "imageio", "OpenCV")
KINDS = {"JPEG, 1280 x 960": "jpg", "PNG, 320 x 240": "png"}
ROUNDS = 3


def make(folder: Path, n_images: int) -> None:
    """Write the photographs, once."""
    import numpy as np
    from PIL import Image

    import vaewidgets as vw

    data = Path(os.environ.get("VAEWIDGETS_DATA", "../shared/data")) / "cifar10_folder.zip"
    small = vw.load_images(data, progress=False).pixels
    rng = np.random.default_rng(0)
    for suffix, size in (("jpg", (1280, 960)), ("png", (320, 240))):
        (folder / suffix).mkdir(parents=True, exist_ok=True)
        for k in range(n_images // 2):
            path = folder / suffix / f"{k:05}.{suffix}"
            if path.exists():
                continue
            picture = Image.fromarray(small[k % len(small)]).resize(size, Image.Resampling.BICUBIC)
            grain = rng.normal(0, 6, (size[1], size[0], 3))
            grained = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
            Image.fromarray(grained).save(path, quality=90)


def load(way: str, folder: Path) -> None:
    """Bring all files of a folder to one small array, in one of the ways."""
    import numpy as np
    from PIL import Image

    files = sorted(folder.iterdir())
    if way == "vaewidgets":
        import vaewidgets as vw

        begin = time.perf_counter()
        images = vw.load_images(folder, size=None, progress=False)
        assert max(images.image_shape[:2]) == SIDE, images
    elif way == "Pillow, bare loop":
        begin = time.perf_counter()
        for file in files:
            with Image.open(file) as picture:
                picture.draft("RGB", (2 * SIDE, 2 * SIDE))
                small = picture.convert("RGB").resize(_fitted(picture.size), reducing_gap=3.0)
            np.asarray(small)
    elif way == "imageio":
        from imageio.v3 import imread

        begin = time.perf_counter()
        for file in files:
            pixels = imread(file)
            size = _fitted(pixels.shape[1::-1])
            np.asarray(Image.fromarray(pixels).resize(size, reducing_gap=3.0))
    else:
        import cv2

        cv2.setNumThreads(1)
        begin = time.perf_counter()
        for file in files:
            pixels = cv2.imread(str(file))
            size = _fitted(pixels.shape[1::-1])
            cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a picture whose longer side is ``SIDE``."""
    scale = SIDE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def measure(way: str, folder: Path, cores: str) -> tuple[float, float]:
    """Return seconds and peak memory in MB of one way in a process of its own."""
    command = ["taskset", "-c", cores, sys.executable, "-m", "benchmarks.loading"]
    command += ["--way", way, "--folder", str(folder)]
    seconds, memory = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()[-2:]
    return float(seconds), float(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--way", choices=WAYS)
    asked = parser.parse_args()
    if asked.way:
        load(asked.way, asked.folder)
        return
    place = asked.folder or Path(tempfile.gettempdir()) / "vaewidgets-loading"
    make(place, asked.images)
    rows = []
    for kind, suffix in KINDS.items():
        jobs = [(way, "0") for way in WAYS] + [("vaewidgets", "0,1")]
        found: dict[tuple[str, str], list[tuple[float, float]]] = {job: [] for job in jobs}
        for _ in range(ROUNDS):
            for job in jobs:
                found[job].append(measure(job[0], place / suffix, job[1]))
        bare = min(found["Pillow, bare loop", "0"])[0]
        for (way, cores), runs in found.items():
            seconds, memory = min(runs)
            n = asked.images // 2
            rows.append(
                [
                    kind, way, str(len(cores.split(","))), f"{seconds:.2f}",
                    f"{n / seconds:.0f}", f"{bare / seconds:.2f}", f"{memory:.0f}",
                ]
            )  # fmt: skip
    header = [
        "files",
        "read by",
        "cores",
        "seconds",
        "images a second",
        "of the bare loop",
        "peak MB",
    ]
    body = (
        f"{asked.images // 2:,} files of each kind to {SIDE} pixels on the longer side, best of "
        f"{ROUNDS} runs in turn, files in the cache of the system. vaewidgets also hashes each "
        "file, looks at its header, way up and whether it is gray, and lists what fails. Peak "
        "memory is of the whole process, with the packages it imports.\n\n" + table(header, rows)
    )
    packages = ("vaewidgets", "pillow", "imageio", "opencv-python-headless")
    keep("loading", "Loading photographs", body, packages)


if __name__ == "__main__":
    main()
