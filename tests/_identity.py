"""What the tests of the identity of images share."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (8, 9, 7), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (8, 9, 7, 3), dtype=np.uint8)
ODD = np.zeros((3, 3), np.uint8)  # beside others in a list, it has each of them read by itself


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(stream, kind, **options)
    return stream.getvalue()


opened: list[str] = []


def _note_open(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])


sys.addaudithook(_note_open)  # sees whatever is opened by whatever means; cannot be taken back


def opens(folder, do):
    """How often each file of a folder is opened while something is done, and what it gives."""
    opened.clear()
    result = do()
    inside = [Path(name).name for name in opened if Path(name).is_relative_to(folder)]
    return {name: inside.count(name) for name in inside}, result


def same(images, others):
    return images.contents.tobytes() == others.contents.tobytes()


def content(images, row=0):
    return images.contents[row : row + 1].tobytes()
