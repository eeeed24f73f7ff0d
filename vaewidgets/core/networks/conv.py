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

from vaewidgets.core.networks.mlp import LOG_VAR_LIMIT

FIRST_CHANNELS = 16
MAX_CHANNELS = 64
MIN_CELLS = 64


def plan(height: int, width: int) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return the (rows, columns) of the coarsest grid and the channels of each level.

    Each level halves the one before, rounding up; there is always one level at least.
    """
    channels = [FIRST_CHANNELS]
    height, width = -(-height // 2), -(-width // 2)
    while height * width >= MIN_CELLS:
        height, width = -(-height // 2), -(-width // 2)
        channels.append(min(2 * channels[-1], MAX_CHANNELS))
    return (height, width), tuple(channels)


class ConvEncoder(nn.Module):
    """Images to the mean and log-variance of their codes.

    Parameters
    ----------
    height, width, channels : int
        Size of the images.
    n_latent : int
        Dimensions of the code.
    """

    def __init__(self, height: int, width: int, channels: int, n_latent: int) -> None:
        super().__init__()
        (rows, columns), levels = plan(height, width)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((channels, *levels)):
            layers += [
                nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False),  # (n) -> ceil(n / 2)
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        self.blocks = nn.Sequential(*layers)
        self.heads = nn.Linear(levels[-1] * rows * columns, 2 * n_latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Encode ``x`` (b, channels, height, width) to mean (b, d), log-variance (b, d)."""
        features = self.blocks(x)  # (b, levels[-1], rows, columns)
        mean, log_var = self.heads(features.flatten(1)).chunk(2, dim=1)
        return mean, log_var.clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)


class ConvDecoder(nn.Module):
    """Codes to the logits of images (the sigmoid of a logit is a pixel in [0, 1]).

    Parameters
    ----------
    height, width, channels : int
        Size of the images.
    n_latent : int
        Dimensions of the code.
    """

    def __init__(self, height: int, width: int, channels: int, n_latent: int) -> None:
        super().__init__()
        (rows, columns), levels = plan(height, width)
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
