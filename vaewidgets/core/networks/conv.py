"""Convolutional encoder and decoder for images of any height, width and number of channels.

Each block halves the image until fewer than 64 cells are left (28x28 -> 14x14 -> 7x7), so the
grid is near 4x4 to 7x7 whatever the size. A decoder block doubles exactly; for sides that are no
multiple of ``2**n_blocks`` the last picture is a little too large and its border is cut off.

Only dense, 3x3 convolution, 4x4 transposed convolution of stride 2, batch-norm (which folds into
the weights before it) and relu are used, with channels in multiples of 8: what a decoder that
runs in the browser can do quickly.

Sources: Radford et al. 2016 (DCGAN: strided convolutions with batch-norm instead of pooling);
Odena et al. 2016 (kernel 4 with stride 2 against checkerboards).
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from vaewidgets.core.networks.size import ImageSize

FIRST_CHANNELS = 16
MAX_CHANNELS = 64
MIN_CELLS = 64


def plan(
    height: int, width: int, first_channels: int = FIRST_CHANNELS, max_channels: int = MAX_CHANNELS
) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return the (rows, columns) of the coarsest grid and the channels of each level.

    Each level halves the one before, rounding up; there is always one level at least.

    Raises
    ------
    ValueError
        The first level would have more channels than any may have.
    """
    n_levels, height, width = 1, -(-height // 2), -(-width // 2)
    while height * width >= MIN_CELLS:
        n_levels, height, width = n_levels + 1, -(-height // 2), -(-width // 2)
    return (height, width), widths(n_levels, first_channels, max_channels)


def widths(n_levels: int, first_channels: int, max_channels: int) -> tuple[int, ...]:
    """Channels of each level, doubled from one to the next.

    Raises
    ------
    ValueError
        The first level would have more channels than any may have.
    """
    if first_channels > max_channels:
        raise ValueError(
            f"first_channels is {first_channels}; accepted: up to max_channels ({max_channels})"
        )
    return tuple(min(first_channels * 2**i, max_channels) for i in range(n_levels))


class ConvEncoder(nn.Module):
    """Images to numbers, through strided convolutions and a dense layer.

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_outputs : int
        Numbers an image becomes.
    first_channels : int, default 16
        Channels of the first level; each further level has twice as many.
    max_channels : int, default 64
        Channels that no level exceeds.

    Raises
    ------
    ValueError
        ``first_channels`` above ``max_channels``.
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
        (rows, columns), levels = plan(height, width, first_channels, max_channels)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((channels, *levels)):
            layers += [
                nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False),  # (n) -> ceil(n / 2)
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        self.blocks = nn.Sequential(*layers)
        self.heads = nn.Linear(levels[-1] * rows * columns, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Encode ``x`` (b, channels, height, width) to (b, n_outputs)."""
        features = self.blocks(x)  # (b, levels[-1], rows, columns)
        outputs: Tensor = self.heads(features.flatten(1))
        return outputs


class ConvDecoder(nn.Module):
    """Codes to the logits of images (the sigmoid of a logit is a pixel in [0, 1]).

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_latent : int
        Dimensions of the code.
    first_channels : int, default 16
        Channels of the level next to the image.
    max_channels : int, default 64
        Channels that no level exceeds.

    Raises
    ------
    ValueError
        ``first_channels`` above ``max_channels``.
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
        (rows, columns), levels = plan(height, width, first_channels, max_channels)
        self.grid = (levels[-1], rows, columns)
        self.height, self.width = height, width
        self.dense = nn.Sequential(nn.Linear(n_latent, levels[-1] * rows * columns), nn.ReLU())
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(reversed(levels)):
            layers += [
                nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False),  # (n) -> 2 n
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        layers.append(nn.ConvTranspose2d(levels[0], channels, 4, stride=2, padding=1))
        self.blocks = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d) to logits (b, channels, height, width)."""
        grid = self.dense(z).reshape(-1, *self.grid)  # (b, levels[-1], rows, columns)
        logits: Tensor = self.blocks(grid)  # (b, channels, rows * 2^k, columns * 2^k)
        return logits[:, :, : self.height, : self.width]
