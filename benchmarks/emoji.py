"""Train the model with a spatial code on 256 x 256 colour images and look at what it finds alike.

A code of 16 x 16 numbers an image, each of which knows its place; beside it, the ten nearest
images of a few chosen ones by the Euclidean distance of their codes, as a sheet for people to
judge. Run with

    python -m benchmarks.emoji [--epochs 6]

Needs ``emoji256.zip`` in ``$VAEWIDGETS_DATA``; writes ``docs/emoji_neighbours.png``.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import vaewidgets as vw
from benchmarks._report import keep, table
from vaewidgets.core.loop.progress import Callback

SHEET = Path(__file__).parent.parent / "docs" / "emoji_neighbours.png"
QUERIES, NEAREST = 8, 10
SIDE, GAP = 96, 6


class Lines(Callback):
    """Print a line for each epoch."""

    def on_epoch(self, state: object) -> None:
        """Print the newest record."""
        print({name: round(value, 1) for name, value in state.history[-1].items()}, flush=True)


def contact_sheet(pixels: np.ndarray, queries: np.ndarray, nearest: np.ndarray) -> Image.Image:
    """Draw a row for each query: the image itself, a gap, the nearest ones from left to right."""
    step = SIDE + GAP
    sheet = Image.new("RGB", ((NEAREST + 1) * step + 3 * GAP, len(queries) * step + GAP), "white")
    for line, query in enumerate(queries):
        for place, image in enumerate([query, *nearest[line]]):
            left = GAP + place * step + (2 * GAP if place else 0)
            small = Image.fromarray(pixels[image]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            sheet.paste(small, (left, GAP + line * step))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6)
    epochs = parser.parse_args().epochs
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(Path(os.environ["VAEWIDGETS_DATA"]) / "emoji256.zip") as file:
            file.extractall(folder)
        images = vw.load_images(folder, size=256, progress=False)
    model = vw.VAE(
        256, network="spatial", max_epochs=epochs, batch_size=32, learning_rate=2e-3,
        progress=Lines(),
    )  # fmt: skip
    began = time.perf_counter()
    model.fit(images)
    seconds = time.perf_counter() - began
    codes = model.transform(images)
    restored = model.inverse_transform(codes[:500])
    error = float(((restored - images.pixels[:500] / np.float32(255)) ** 2).mean())
    queries = np.random.default_rng(0).choice(len(images), QUERIES, replace=False)
    rows, _ = vw.nearest(codes[queries], codes, NEAREST, exclude=queries)
    sheet = contact_sheet(images.pixels, queries, rows)
    sheet.quantize(192).save(SHEET, optimize=True)
    header = ["images", "epochs", "seconds", "images/s", "error of a pixel", "active codes", "MB"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = [
        f"{len(images):,} of {'x'.join(map(str, images.image_shape))}", str(epochs),
        f"{seconds:.0f}",
        f"{epochs * len(images) / seconds:.0f}", f"{error:.4f}",
        f"{model.active_dimensions_.sum()} of 256", f"{peak:.0f}",
    ]  # fmt: skip
    body = f"{table(header, [line])}\n\nThe ten nearest of eight images: `docs/{SHEET.name}`."
    keep("emoji", "Colour images of 256 x 256 with a 16 x 16 code", body, ("torch", "pillow"))


if __name__ == "__main__":
    main()
