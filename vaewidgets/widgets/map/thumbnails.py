"""Thumbnails for the page: in sheets while they are few, else those of the rows it sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.images import Images
from vaewidgets.images.sprites import shrink
from vaewidgets.latent import images_for

LONGEST_SIDE = 48
# A sheet crosses in one message; Jupyter's servers refuse messages above 10 MiB.
SHEET_BYTES = 3_000_000
# Beyond so much, thumbnails are asked for when they are seen.
MOST_BYTES = 64_000_000


def images_shown(model: Any, images: Any) -> Images:
    """Load the images of a map as its model takes them; a collection is shown as it is."""
    return images if isinstance(images, Images) else images_for(model, images)


class Thumbnails:
    """Small uint8 copies of images, made when they are asked for.

    Parameters
    ----------
    images : Images or None

    Attributes
    ----------
    info : dict
        Width, height and channels of each (0, 0, 1 without images); number of sheets, 0 if they
        are too many; rows in a sheet.
    """

    def __init__(self, images: Images | None) -> None:
        self._images = images
        self.info = {"width": 0, "height": 0, "channels": 1, "sheets": 0, "per_sheet": 1}
        if images is None or len(images) == 0:
            return
        height, width, channels = shrink(images.pixels[:1], LONGEST_SIDE).shape[1:]
        n_bytes = height * width * channels
        per_sheet = max(1, SHEET_BYTES // n_bytes)
        is_many = len(images) * n_bytes > MOST_BYTES
        self.info = {
            "width": width,
            "height": height,
            "channels": channels,
            "sheets": 0 if is_many else -(-len(images) // per_sheet),
            "per_sheet": per_sheet,
        }

    def sheet(self, index: Any) -> bytes:
        """Return the pixels of `per_sheet` images, one after the other.

        Raises
        ------
        ValueError
            If there is no such sheet.
        """
        sheets, per_sheet = self.info["sheets"], self.info["per_sheet"]
        if self._images is None or type(index) is not int or not 0 <= index < sheets:
            raise ValueError(f"the page asked for sheet {index!r} of {sheets}")
        start = index * per_sheet
        return shrink(self._images.pixels[start : start + per_sheet], LONGEST_SIDE).tobytes()

    def of_rows(self, rows: NDArray[np.int64]) -> bytes:
        """Return the pixels of some images, one after the other, in the order asked for."""
        if self._images is None:
            raise ValueError("this map was made without images")
        return shrink(self._images.pixels[rows], LONGEST_SIDE).tobytes()
