"""Fully connected encoder and decoder, for small images.

Source: Kingma & Welling 2014, "Auto-Encoding Variational Bayes", appendix C.
"""

from __future__ import annotations

from torch import Tensor, nn

HIDDEN = 512  # one layer: a second made fewer dimensions carry information (8 of 16, digits)
LOG_VAR_LIMIT = 10.0  # e^(10/2) = 148 standard deviations; beyond it exp() only makes trouble


class MLPEncoder(nn.Module):
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
        self.hidden = nn.Sequential(nn.Linear(height * width * channels, HIDDEN), nn.ReLU())
        self.heads = nn.Linear(HIDDEN, 2 * n_latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Encode ``x`` (b, channels, height, width) to mean (b, d), log-variance (b, d)."""
        mean, log_var = self.heads(self.hidden(x.flatten(1))).chunk(2, dim=1)
        return mean, log_var.clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)


class MLPDecoder(nn.Module):
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
        self.shape = (channels, height, width)
        self.hidden = nn.Sequential(nn.Linear(n_latent, HIDDEN), nn.ReLU())
        self.out = nn.Linear(HIDDEN, height * width * channels)

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d) to logits (b, channels, height, width)."""
        logits: Tensor = self.out(self.hidden(z))  # (b, c*h*w)
        return logits.reshape(-1, *self.shape)
