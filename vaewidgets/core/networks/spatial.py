"""Codes that keep the place: one or more numbers for each cell of 16 x 16 pixels.

There is no dense layer: each number is computed from the 63 x 63 pixels around its cell, and
weights do not grow with the image. A picture of 256 x 256 pixels becomes 16 x 16 numbers for
each channel of the code; flattened, all cells of the first channel come first (row by row),
then those of the next: ``z.reshape(n_channels, rows, columns)`` is the map.

Source: Kovalenko 2018, lecture slides (256 x 256 x 3 images with a 16 x 16 x 1 code), there with
an encoder of 74 million parameters.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from vaewidgets.core.networks.conv import widths
from vaewidgets.core.networks.size import ImageSize

FIRST_CHANNELS = 16
MAX_CHANNELS = 64
N_LEVELS = 4
CELL = 2**N_LEVELS  # pixels


class SpatialEncoder(nn.Module):
    """Images to numbers that belong to places in them.

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_outputs : int
        Numbers an image becomes: a multiple of the cells.
    first_channels : int, default 16
        Channels of the first level; each further level has twice as many.
    max_channels : int, default 64
        Channels that no level exceeds.

    Raises
    ------
    ValueError
        ``n_outputs`` is no multiple of the cells, or ``first_channels`` above ``max_channels``.
    """

    def __init__(
        self,
        size: ImageSize,
        n_outputs: int,
        *,
        first_channels: int = FIRST_CHANNELS,
        max_channels: int = MAX_CHANNELS,
    ) -> None:
        super().__init__()
        height, width, channels = size
        n_maps = _maps("n_outputs", n_outputs, height, width)
        levels = widths(N_LEVELS, first_channels, max_channels)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((channels, *levels)):
            layers += [
                nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False),  # (n) -> ceil(n / 2)
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        self.blocks = nn.Sequential(*layers)
        self.heads = nn.Conv2d(levels[-1], n_maps, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Encode ``x`` (b, channels, height, width) to (b, n_outputs), map after map."""
        maps: Tensor = self.heads(self.blocks(x))  # (b, n_maps, rows, columns)
        return maps.flatten(1)


class SpatialDecoder(nn.Module):
    """Codes of places to the logits of images (the sigmoid of a logit is a pixel in [0, 1]).

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_latent : int
        Dimensions of the code: a multiple of the cells.
    first_channels : int, default 16
        Channels of the level next to the image.
    max_channels : int, default 64
        Channels that no level exceeds.

    Raises
    ------
    ValueError
        ``n_latent`` is no multiple of the cells, or ``first_channels`` above ``max_channels``.
    """

    def __init__(
        self,
        size: ImageSize,
        n_latent: int,
        *,
        first_channels: int = FIRST_CHANNELS,
        max_channels: int = MAX_CHANNELS,
    ) -> None:
        super().__init__()
        height, width, channels = size
        self.grid = (_maps("n_latent", n_latent, height, width), *_cells(height, width))
        self.height, self.width = height, width
        levels = widths(N_LEVELS, first_channels, max_channels)
        layers: list[nn.Module] = [
            nn.Conv2d(self.grid[0], levels[-1], 3, padding=1, bias=False),
            nn.BatchNorm2d(levels[-1]),
            nn.ReLU(),
        ]
        for n_in, n_out in pairwise(reversed(levels)):
            layers += [
                nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False),  # (n) -> 2 n
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        layers.append(nn.ConvTranspose2d(levels[0], channels, 4, stride=2, padding=1))
        self.blocks = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d), map after map, to logits (b, channels, height, width)."""
        logits: Tensor = self.blocks(z.reshape(-1, *self.grid))
        return logits[:, :, : self.height, : self.width]


def _cells(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the map; what is left of a cell counts as one."""
    return -(-height // CELL), -(-width // CELL)


def _maps(name: str, value: int, height: int, width: int) -> int:
    """Numbers that each cell has."""
    rows, columns = _cells(height, width)
    n_cells = rows * columns
    if value < n_cells or value % n_cells:
        raise ValueError(
            f"{name} is {value}; accepted for {height} x {width} images: multiples of {n_cells} "
            f"(n_latent={n_cells}, {2 * n_cells}, ...), for each of the {rows} x {columns} cells "
            f"has as many numbers. Set n_latent, or load the images at another size"
        )
    return value // n_cells
