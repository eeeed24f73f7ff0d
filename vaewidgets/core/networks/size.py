"""The size of the images that a network is made for."""

from __future__ import annotations

from typing import NamedTuple


class ImageSize(NamedTuple):
    """Size of images: what every encoder and decoder is built for.

    Attributes
    ----------
    height, width : int, 1 to 4096
        In pixels.
    channels : int, 1 or 3
        1 gray, 3 colour.
    """

    height: int
    width: int
    channels: int

    @property
    def n_values(self) -> int:
        """Pixels times channels."""
        return self.height * self.width * self.channels
