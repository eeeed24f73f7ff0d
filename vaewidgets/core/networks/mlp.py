"""Fully connected encoder and decoder, for small images.

Sources: Kingma & Welling 2014, "Auto-Encoding Variational Bayes", appendix C; Hinton &
Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks" (the mirrored
autoencoder).
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from vaewidgets.core.networks.size import ImageSize

HIDDEN = 512  # one layer: a second made fewer dimensions carry information (8 of 16, digits)


class MLPEncoder(nn.Module):
    """Images to numbers, through one or two dense layers.

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_outputs : int
        Numbers an image becomes.
    hidden : int, default 512
        Units of the first hidden layer.
    hidden_2 : int, default 0
        Units of the second; 0 for none.
    """

    def __init__(
        self,
        size: ImageSize,
        n_outputs: int,
        *,
        hidden: int = HIDDEN,
        hidden_2: int = 0,
    ) -> None:
        super().__init__()
        self.hidden = _dense_layers(size.n_values, hidden, hidden_2)
        self.heads = nn.Linear(hidden_2 or hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Encode ``x`` (b, channels, height, width) to (b, n_outputs)."""
        outputs: Tensor = self.heads(self.hidden(x.flatten(1)))
        return outputs


class MLPDecoder(nn.Module):
    """Codes to the logits of images (the sigmoid of a logit is a pixel in [0, 1]).

    The layers of the encoder in reverse order.

    Parameters
    ----------
    size : ImageSize
        Of the images.
    n_latent : int
        Dimensions of the code.
    hidden : int, default 512
        Units of the hidden layer next to the image.
    hidden_2 : int, default 0
        Units of that next to the code; 0 for none.
    """

    def __init__(
        self,
        size: ImageSize,
        n_latent: int,
        *,
        hidden: int = HIDDEN,
        hidden_2: int = 0,
    ) -> None:
        super().__init__()
        self.shape = (size.channels, size.height, size.width)
        self.hidden = _dense_layers(n_latent, hidden_2, hidden)
        self.out = nn.Linear(hidden, size.n_values)

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d) to logits (b, channels, height, width)."""
        logits: Tensor = self.out(self.hidden(z))  # (b, c*h*w)
        return logits.reshape(-1, *self.shape)


def _dense_layers(*sizes: int) -> nn.Sequential:
    """Dense layers from each size to the next, each with a relu; a size of 0 is left out."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(filter(None, sizes)):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers)
