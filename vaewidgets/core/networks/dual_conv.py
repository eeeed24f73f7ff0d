"""Two convolution branches side by side, and a decoder that mirrors the first.

One branch looks through small windows (3x3, 16 channels), the other through large ones (5x5, 32
channels); a dense layer reads both. Pooling rounds up, so that five layers fit 28 pixels:
28, 14, 7, 4, 2, 1. The decoder doubles exactly, and what is too large then is cut off.

Meant for small images: with few layers the dense ones have nearly all of the weights, some 6.5
million for one layer at 28x28, and four times as many for images of twice the side.

Source: Yan 2020, Computer Systems & Applications 29(10) (the branches). How the paper ties the
classes to the codes cannot work and is not followed: see ``losses.class_divergence`` and its
neighbours.
"""

from __future__ import annotations

from torch import Tensor, cat, nn

from vaewidgets.core.networks.size import ImageSize

N_LAYERS = 2
HIDDEN = 512
SMALL, LARGE = (16, 3), (32, 5)  # channels and window of each branch


class DualConvEncoder(nn.Module):
    """Images to numbers, through two branches of convolutions and a dense layer.

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_outputs : int
        Numbers an image becomes.
    n_layers : int, default 2
        Convolutions of each branch; each is followed by pooling, which halves the image.
    hidden : int, default 512
        Units of the dense layer that joins the branches.
    """

    def __init__(
        self,
        size: ImageSize,
        n_outputs: int,
        *,
        n_layers: int = N_LAYERS,
        hidden: int = HIDDEN,
    ) -> None:
        super().__init__()
        height, width, channels = size
        rows, columns = _grid(height, width, n_layers)
        self.small = _branch(channels, *SMALL, n_layers)
        self.large = _branch(channels, *LARGE, n_layers)
        n_features = (SMALL[0] + LARGE[0]) * rows * columns
        self.hidden = nn.Sequential(nn.Linear(n_features, hidden), nn.ReLU())
        self.heads = nn.Linear(hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Encode ``x`` (b, channels, height, width) to (b, n_outputs)."""
        features = cat([self.small(x).flatten(1), self.large(x).flatten(1)], dim=1)
        outputs: Tensor = self.heads(self.hidden(features))
        return outputs


class DualConvDecoder(nn.Module):
    """Codes to the logits of images (the sigmoid of a logit is a pixel in [0, 1]).

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_latent : int
        Dimensions of the code.
    n_layers : int, default 2
        Transposed convolutions, each of which doubles the image.
    hidden : int, default 512
        Units of the dense layer next to the code.
    """

    def __init__(
        self,
        size: ImageSize,
        n_latent: int,
        *,
        n_layers: int = N_LAYERS,
        hidden: int = HIDDEN,
    ) -> None:
        super().__init__()
        height, width, channels = size
        self.grid = (SMALL[0], *_grid(height, width, n_layers))
        self.height, self.width = height, width
        n_features = self.grid[0] * self.grid[1] * self.grid[2]
        self.dense = nn.Sequential(
            nn.Linear(n_latent, hidden), nn.ReLU(), nn.Linear(hidden, n_features), nn.ReLU()
        )
        layers: list[nn.Module] = []
        for _ in range(n_layers - 1):
            layers += [nn.ConvTranspose2d(SMALL[0], SMALL[0], 4, stride=2, padding=1), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(SMALL[0], channels, 4, stride=2, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d) to logits (b, channels, height, width)."""
        grid = self.dense(z).reshape(-1, *self.grid)  # (b, 16, rows, columns)
        logits: Tensor = self.layers(grid)  # (b, channels, rows * 2^n, columns * 2^n)
        return logits[:, :, : self.height, : self.width]


def _branch(n_in: int, n_out: int, window: int, n_layers: int) -> nn.Sequential:
    """Convolutions that keep the size, each followed by relu and pooling."""
    layers: list[nn.Module] = []
    for i in range(n_layers):
        layers += [
            nn.Conv2d(n_out if i else n_in, n_out, window, padding=window // 2),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),  # (n) -> ceil(n / 2)
        ]
    return nn.Sequential(*layers)


def _grid(height: int, width: int, n_layers: int) -> tuple[int, int]:
    """Rows and columns after so many halvings, rounded up."""
    return -(-height // 2**n_layers), -(-width // 2**n_layers)
