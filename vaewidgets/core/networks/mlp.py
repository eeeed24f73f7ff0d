"""Fully connected encoder and decoder, for small images.

Sources: Kingma & Welling 2014, "Auto-Encoding Variational Bayes", appendix C; Hinton &
Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks" (the mirrored
autoencoder).
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

HIDDEN = 512  # one layer: a second made fewer dimensions carry information (8 of 16, digits)


class MLPEncoder(nn.Module):
    """Images to numbers, through one or two dense layers.

    Parameters
    ----------
    height, width, channels : int
        Size of the images.
    n_outputs : int
        Numbers an image becomes.
    hidden : int, default 512
        Units of the first hidden layer.
    hidden_2 : int, default 0
        Units of the second; 0 for none.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        n_outputs: int,
        *,
        hidden: int = HIDDEN,
        hidden_2: int = 0,
    ) -> None:
        super().__init__()
        self.hidden = _dense_layers(height * width * channels, hidden, hidden_2)
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
    height, width, channels : int
        Size of the images.
    n_latent : int
        Dimensions of the code.
    hidden : int, default 512
        Units of the hidden layer next to the image.
    hidden_2 : int, default 0
        Units of that next to the code; 0 for none.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        n_latent: int,
        *,
        hidden: int = HIDDEN,
        hidden_2: int = 0,
    ) -> None:
        super().__init__()
        self.shape = (channels, height, width)
        self.hidden = _dense_layers(n_latent, hidden_2, hidden)
        self.out = nn.Linear(hidden, height * width * channels)

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
