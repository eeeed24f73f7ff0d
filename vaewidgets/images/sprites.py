"""Small copies of images: thumbnails by area averaging, and sprite sheets made of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.images.pixels import in_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SpriteSheet:
    """One picture that holds many thumbnails, row after row, for the graphics card.

    Attributes
    ----------
    pixels : ndarray, shape (sheet_height, sheet_width, channels), uint8
    tile_height, tile_width : int
        Size of each thumbnail, in pixels.
    columns : int
        Thumbnails in a row of the sheet.
    start, stop : int
        The sheet holds the images ``start`` to ``stop - 1``; image ``start + k`` stands in row
        ``k // columns``, column ``k % columns``.
    """

    pixels: NDArray[np.uint8]
    tile_height: int
    tile_width: int
    columns: int
    start: int
    stop: int


def shrink(pixels: NDArray[Any], max_side: int) -> NDArray[np.uint8]:
    """Return uint8 copies whose longer side is at most ``max_side``; never enlarged.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels), uint8, or float32 in [0, 1]
    max_side : int, pixels

    Notes
    -----
    Each new pixel is the mean of the area it covers, with pixels on its border counted by the
    part that lies inside. Plain picking of every k-th pixel makes thin strokes vanish.
    """
    _, height, width, channels = pixels.shape
    scale = min(1.0, max_side / max(height, width))
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    small = np.empty((len(pixels), new_height, new_width, channels), dtype=np.uint8)
    rows = _area_weights(height, new_height)
    columns = _area_weights(width, new_width)
    for part in in_chunks(pixels):
        chunk = pixels[part]
        if scale == 1.0 and chunk.dtype == np.uint8:
            small[part] = chunk
            continue
        brightness = chunk.astype(np.float32)
        if chunk.dtype != np.uint8:
            brightness *= 255.0
        if scale < 1.0:
            brightness = _average(brightness, rows, columns)
        small[part] = np.rint(brightness)
    return small


def sprite_sheets(
    pixels: NDArray[Any], max_side: int = 48, max_sheet: int = 4096
) -> list[SpriteSheet]:
    """Pack thumbnails of all images into as few sheets as fit.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels), uint8, or float32 in [0, 1]
    max_side : int
        Longest side of a thumbnail, in pixels.
    max_sheet : int
        Longest side of a sheet, in pixels; 4096 is what every graphics card takes.
    """
    if not 1 <= max_side <= max_sheet:
        raise ValueError(f"max_side must be between 1 and max_sheet={max_sheet}, got {max_side}")
    tiles = shrink(pixels, max_side)
    _, height, width, _ = tiles.shape
    most_columns, most_rows = max_sheet // width, max_sheet // height
    per_sheet = most_columns * most_rows
    return [
        _sheet(tiles[start : start + per_sheet], start, most_columns, most_rows)
        for start in range(0, len(tiles), per_sheet)
    ]


def _sheet(tiles: NDArray[np.uint8], start: int, most_columns: int, most_rows: int) -> SpriteSheet:
    """Lay tiles out row after row on a sheet that is as square as the limits let it be."""
    n, height, width, channels = tiles.shape
    columns = min(most_columns, max(ceil(sqrt(n)), ceil(n / most_rows)))
    rows = ceil(n / columns)
    grid = np.zeros((rows * columns, height, width, channels), dtype=np.uint8)
    grid[:n] = tiles
    sheet = grid.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return SpriteSheet(
        pixels=np.ascontiguousarray(sheet).reshape(rows * height, columns * width, channels),
        tile_height=height,
        tile_width=width,
        columns=columns,
        start=start,
        stop=start + n,
    )


def _area_weights(old: int, new: int) -> NDArray[np.float32]:
    """Matrix (new, old) whose row k holds the share of each old pixel in new pixel k."""
    edges = np.linspace(0.0, old, new + 1)
    left, right = np.arange(old), np.arange(1, old + 1)
    overlap = np.minimum(edges[1:, None], right) - np.maximum(edges[:-1, None], left)
    overlap = np.clip(overlap, 0.0, None)
    return np.asarray(overlap / overlap.sum(axis=1, keepdims=True), dtype=np.float32)


def _average(
    images: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Average along the height, then along the width, as two matrix products."""
    n, height, width, channels = images.shape
    shorter = np.matmul(rows, images.reshape(n, height, width * channels))
    shorter = shorter.reshape(n * len(rows), width, channels)
    small: NDArray[np.float32] = np.matmul(columns, shorter)
    return small.reshape(n, len(rows), len(columns), channels)
