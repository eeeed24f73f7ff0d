"""Densely connected encoder with codes at two depths, and the decoder that joins them (DUHiV).

The encoder is a DenseNet of four blocks. Latent layer 1 reads what the third block leaves, latent
layer 2 what the fourth makes of it. The decoder starts from layer 2 and adds layer 1 one stage
later: the only link across the U is that code, so that nothing about an image gets round it.
The two layers are independent under the prior, and their divergences from it add up.

The paper has a head for the logarithm of the standard deviation; here, as everywhere in this
package, it is that of the variance, twice as much. 1 x 128 x 128 images and the default settings
with 16 dimensions give the paper's 2,306,605 parameters.

Sources: Feng et al. 2019, arXiv 1905.12164 (DUHiV: the two codes and the decoder); Huang et al.
2017, "Densely Connected Convolutional Networks", section 3 and table 1 (the encoder).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vaewidgets.core.networks.size import ImageSize

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = 8
GROWTH = 12
FEATURES = 24
BLOCKS = (6, 12, 24, 16)
BN_SIZE = 4
LAST_FEATURES = 0
MIN_SIDE = 32  # five halvings: one cell is left


class DenseUNetEncoder(nn.Module):
    """Images to the means and log-variances of their codes in two latent layers.

    Parameters
    ----------
    size : ImageSize
        Of the images; sides of at least 32.
    n_outputs : int
        Twice the dimensions of the code.
    n_first : int, default 8
        Dimensions of latent layer 1, the first of the code; the others are those of layer 2.
    growth : int, default 12
        Channels that each dense layer adds.
    features : int, default 24
        Channels of the stem.
    block1, block2, block3, block4 : int, default 6, 12, 24, 16
        Dense layers of each block.
    bn_size : int, default 4
        Channels inside a dense layer, in multiples of ``growth``.
    last_features : int, default 0
        Has no effect here; both networks get the same settings.

    Raises
    ------
    ValueError
        Images that are too small, or no dimension left for layer 2.
    """

    def __init__(
        self,
        size: ImageSize,
        n_outputs: int,
        *,
        n_first: int = FIRST,
        growth: int = GROWTH,
        features: int = FEATURES,
        block1: int = BLOCKS[0],
        block2: int = BLOCKS[1],
        block3: int = BLOCKS[2],
        block4: int = BLOCKS[3],
        bn_size: int = BN_SIZE,
        last_features: int = LAST_FEATURES,
    ) -> None:
        super().__init__()
        height, width, channels = size
        n_second = _second(n_outputs // 2, n_first)
        cells = _cells(height, width)
        blocks = (block1, block2, block3, block4)
        _, _, width_3, width_4 = _widths(features, growth, blocks)
        self.stem = nn.Sequential(
            nn.Conv2d(channels, features, 7, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(features),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        layers: list[nn.Module] = []
        n_in = features
        for n_layers in blocks[:3]:
            layers += [*_dense_block(n_in, n_layers, growth, bn_size)]
            n_in += n_layers * growth
            layers.append(_transition(n_in))
            n_in //= 2
        self.first = nn.Sequential(*layers)
        self.second = nn.Sequential(
            *_dense_block(n_in, block4, growth, bn_size), nn.BatchNorm2d(width_4)
        )
        self.mean_1 = nn.Linear(width_3 * cells, n_first)
        self.log_var_1 = nn.Linear(width_3 * cells, n_first)
        self.mean_2 = nn.Linear(width_4 * cells, n_second)
        self.log_var_2 = nn.Linear(width_4 * cells, n_second)

    def forward(self, x: Tensor) -> Tensor:
        """Encode ``x`` (b, channels, height, width) to (b, n_outputs).

        The order is mean of layer 1, mean of layer 2, log-variance of layer 1, of layer 2.
        """
        first = self.first(self.stem(x))  # (b, width_3, rows, columns)
        second = self.second(first).flatten(1)
        first = first.flatten(1)
        heads = [
            self.mean_1(first),
            self.mean_2(second),
            self.log_var_1(first),
            self.log_var_2(second),
        ]
        return torch.cat(heads, dim=1)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights as the paper does: Xavier's normal distribution, no bias."""
        _xavier(self, generator)


class DenseUNetDecoder(nn.Module):
    """Codes of two latent layers to the logits of images.

    Parameters
    ----------
    size : ImageSize
        Of the images; sides of at least 32.
    n_latent : int
        Dimensions of both layers together.
    n_first : int, default 8
        Dimensions of latent layer 1, the first of the code.
    growth, features, block1, block2, block3, block4, bn_size : int
        Those of the encoder, for the channels follow from them; ``bn_size`` has no effect here.
    last_features : int, default 0
        Channels before the last doubling. 0 is the paper's way, one for each colour: every block
        of 2 x 2 pixels then is one number times the same four weights, which no training can
        make sharper than pictures of half the size.

    Raises
    ------
    ValueError
        Images that are too small, or no dimension left for layer 2.
    """

    def __init__(
        self,
        size: ImageSize,
        n_latent: int,
        *,
        n_first: int = FIRST,
        growth: int = GROWTH,
        features: int = FEATURES,
        block1: int = BLOCKS[0],
        block2: int = BLOCKS[1],
        block3: int = BLOCKS[2],
        block4: int = BLOCKS[3],
        bn_size: int = BN_SIZE,
        last_features: int = LAST_FEATURES,
    ) -> None:
        super().__init__()
        height, width, channels = size
        self.sizes = [n_first, _second(n_latent, n_first)]
        self.size = (height, width)
        self.grid = _grid(height, width)
        cells = _cells(height, width)
        widths = _widths(features, growth, (block1, block2, block3, block4))
        self.code_1 = nn.Linear(self.sizes[0], widths[2] * cells)
        self.code_2 = nn.Linear(self.sizes[1], widths[3] * cells)
        (to_3, up_3), (to_2, up_2), (to_1, up_1) = (
            (_convolution(n_in, n_out), _doubling(n_out)) for n_in, n_out in pairwise(widths[::-1])
        )
        self.join = to_3
        self.stages = nn.Sequential(
            up_3, to_2, up_2, to_1, up_1,
            _convolution(widths[0], features), _doubling(features),
            *_last(features, last_features, channels),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d), layer 1 before layer 2, to logits (b, channels, height, width)."""
        z_1, z_2 = torch.split(z, self.sizes, dim=1)
        first = self.code_1(z_1).unflatten(1, (-1, *self.grid))
        second = self.code_2(z_2).unflatten(1, (-1, *self.grid))
        logits: Tensor = self.stages(self.join(second) + first)  # 32 pixels a cell
        if logits.shape[2:] != self.size:
            logits = interpolate(logits, self.size, mode="bilinear", align_corners=False)
        return logits

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights as the paper does: Xavier's normal distribution, no bias."""
        _xavier(self, generator)


class DenseLayer(nn.Module):
    """Adds ``growth`` channels, computed from all channels that are there.

    Parameters
    ----------
    n_in : int
        Channels that come in; ``n_in + growth`` go out.
    growth : int
        Channels that are added.
    n_inside : int
        Channels between the two convolutions.
    """

    def __init__(self, n_in: int, growth: int, n_inside: int) -> None:
        super().__init__()
        self.added = nn.Sequential(
            nn.BatchNorm2d(n_in),
            nn.ReLU(),
            nn.Conv2d(n_in, n_inside, 1, bias=False),
            nn.BatchNorm2d(n_inside),
            nn.ReLU(),
            nn.Conv2d(n_inside, growth, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (b, n_in, h, w) with the new channels behind: (b, n_in + growth, h, w)."""
        return torch.cat([x, self.added(x)], dim=1)


def _dense_block(n_in: int, n_layers: int, growth: int, bn_size: int) -> Iterator[DenseLayer]:
    for i in range(n_layers):
        yield DenseLayer(n_in + i * growth, growth, bn_size * growth)


def _transition(n_in: int) -> nn.Sequential:
    """Half the channels on half the grid, rounded down."""
    return nn.Sequential(
        nn.BatchNorm2d(n_in), nn.ReLU(), nn.Conv2d(n_in, n_in // 2, 1, bias=False), nn.AvgPool2d(2)
    )


def _convolution(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(n_in), nn.ReLU(), nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
    )


def _last(features: int, last_features: int, channels: int) -> list[nn.Module]:
    """From a picture of half the size to logits, as in the paper or through more channels."""
    if last_features == 0:
        return [_convolution(features, channels), _doubling(channels, bias=True)]
    return [
        _convolution(features, last_features),
        nn.BatchNorm2d(last_features),
        nn.ReLU(),
        nn.ConvTranspose2d(last_features, channels, 4, stride=2, padding=1),
    ]


def _doubling(n: int, *, bias: bool = False) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(n, n, 2, stride=2, bias=bias)


def _widths(features: int, growth: int, blocks: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Channels after each of the four blocks; the first three are halved behind."""
    width_1 = (features + blocks[0] * growth) // 2
    width_2 = (width_1 + blocks[1] * growth) // 2
    width_3 = (width_2 + blocks[2] * growth) // 2
    return width_1, width_2, width_3, width_3 + blocks[3] * growth


def _grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the coarsest grid: 4 x 4 for 128 x 128 pixels."""
    if min(height, width) < MIN_SIDE:
        raise ValueError(
            f"images are {height} x {width} pixels; accepted by this network: sides of at least "
            f"{MIN_SIDE}"
        )
    # a side n becomes (n - 1) // 2 by the convolution, half of that rounded up, then three halves
    return (height + 1) // 32, (width + 1) // 32


def _cells(height: int, width: int) -> int:
    rows, columns = _grid(height, width)
    return rows * columns


def _second(n_latent: int, n_first: int) -> int:
    """Dimensions that are left for latent layer 2."""
    if n_latent <= n_first:
        raise ValueError(
            f"n_latent is {n_latent}; accepted: above n_first ({n_first}), the part of it that is "
            "latent layer 1"
        )
    return n_latent - n_first


def _xavier(module: nn.Module, generator: torch.Generator) -> None:
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_normal_(part.weight, generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
