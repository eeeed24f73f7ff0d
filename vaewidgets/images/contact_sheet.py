"""A picture of the first images of a collection, to be looked at in a notebook."""

from __future__ import annotations

import io
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vaewidgets.images.sprites import shrink

if TYPE_CHECKING:
    from vaewidgets.images.pixels import PixelArray

MOST = 36
_COLUMNS = 12
_SIDE = 64  # pixels of the longer side of a picture; smaller ones are enlarged by whole numbers
_GAP = 3


def contact_sheet(pixels: PixelArray) -> bytes:
    """Draw the first images in rows of twelve; return a PNG file, transparent between them.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels), n at least 1
        uint8, or float32 in [0, 1]; 1 or 3 channels. At most ``MOST`` are drawn.
    """
    tiles = shrink(pixels[:MOST], _SIDE)
    times = max(1, _SIDE // max(tiles.shape[1:3]))
    tiles = tiles.repeat(times, axis=1).repeat(times, axis=2)
    n, height, width, channels = tiles.shape
    columns = min(n, _COLUMNS)
    rows = ceil(n / columns)
    grid = np.zeros((rows * columns, height + _GAP, width + _GAP, 4), np.uint8)
    grid[:n, :height, :width, :3] = tiles if channels == 3 else tiles.repeat(3, axis=3)
    grid[:n, :height, :width, 3] = 255
    sheet = grid.reshape(rows, columns, *grid.shape[1:]).swapaxes(1, 2)
    file = io.BytesIO()
    Image.fromarray(sheet.reshape(rows * grid.shape[1], columns * grid.shape[2], 4)).save(
        file, "PNG"
    )
    return file.getvalue()
