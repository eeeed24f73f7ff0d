"""Where images of one size are put, one after another: an array that grows in depth and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from vaewidgets.images.pixels import PixelArray


class Canvas(Protocol):
    """Where images of one size are put, one after another."""

    def append(self, image: PixelArray) -> None:
        """Take one (height, width, 1 or 3) image, uint8 or float32 in [0, 1]."""


class MemoryCanvas:
    """The array being filled: gray 8 bit until an image needs colour or more depth."""

    def __init__(self, capacity: int, size: tuple[int, int], channels: int) -> None:
        self._count = 0
        self._pixels: PixelArray = np.zeros((capacity, *size, channels), dtype=np.uint8)

    def append(self, image: PixelArray) -> None:
        """Append one image of the right size."""
        if image.dtype == np.float32 and self._pixels.dtype == np.uint8:
            self._pixels = self._pixels.astype(np.float32) / np.float32(255)
        elif image.dtype == np.uint8 and self._pixels.dtype == np.float32:
            image = image.astype(np.float32) / np.float32(255)
        if image.shape[2] > self._pixels.shape[3]:
            self._pixels = np.repeat(self._pixels, 3, axis=3)
        self._pixels[self._count] = image  # a gray image fills all three channels
        self._count += 1

    def pixels(self) -> PixelArray:
        """Return what was added."""
        return self._pixels[: self._count]
