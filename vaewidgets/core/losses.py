"""The terms of the objectives: formula, unit, reduction and source of each.

Reductions are the same everywhere: terms are summed over the pixels (or the latent dimensions)
of one image and averaged over the images of a batch, so that likelihood and divergence stand in
the proportion that the evidence bound gives them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

# The variance of rounding to one of 256 gray values: 8-bit pixels carry no finer noise, and
# without a floor the likelihood of a perfectly learned image has no upper bound.
MIN_VARIANCE = 1 / (12 * 255**2)


@dataclass(frozen=True)
class Terms:
    """What one batch cost.

    Attributes
    ----------
    loss : Tensor, scalar
        What is minimised; carries the gradient.
    parts : dict of str to Tensor, scalars
        The named terms behind it, detached, means over the batch; shown and kept in the history.
    """

    loss: Tensor
    parts: dict[str, Tensor]


def sample_gaussian(mean: Tensor, log_var: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw z = mean + exp(log_var / 2) * eps with eps ~ N(0, I); all shapes (b, d).

    References
    ----------
    Kingma & Welling 2014, section 2.4 (the reparametrisation trick).
    """
    noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * noise


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of each image and dimension.

    ``1/2 (mean^2 + var - 1 - log var)``, in nats, never negative.

    Parameters
    ----------
    mean, log_var : Tensor, shape (b, d)
        The posterior; the variance as its natural logarithm.

    Returns
    -------
    Tensor, shape (b, d)

    References
    ----------
    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var)


def squared_error(target: Tensor, prediction: Tensor) -> Tensor:
    """Sum of squared differences over the pixels of each image: (b, ...) -> (b,)."""
    return (target - prediction).square().flatten(1).sum(dim=1)


def optimal_variance(target: Tensor, prediction: Tensor) -> Tensor:
    """Variance of pixel noise with the highest likelihood: the mean squared error of the batch.

    Never below 1 / (12 * 255^2), the variance of rounding to 8 bits. Scalar, without gradient
    (at the optimum the derivative with respect to the variance is zero).

    References
    ----------
    Rybkin, Daniilidis & Levine 2021, "Simple and Effective VAE Training with Calibrated
    Decoders" (sigma-VAE), equation 7.
    """
    return (target - prediction).detach().square().mean().clamp_min(MIN_VARIANCE)


def gaussian_log_likelihood(target: Tensor, prediction: Tensor, variance: Tensor) -> Tensor:
    """Log-density of images under N(prediction, variance I), in nats an image.

    ``-SSE / (2 variance) - D/2 log(2 pi variance)`` with D pixels times channels. A density:
    positive for well predicted images.

    Parameters
    ----------
    target, prediction : Tensor, shape (b, ...)
        Values in [0, 1].
    variance : Tensor, scalar
        One variance for all pixels.

    Returns
    -------
    Tensor, shape (b,)
    """
    n_values = target[0].numel()
    constant = 0.5 * n_values * torch.log(2 * math.pi * variance)
    return -squared_error(target, prediction) / (2 * variance) - constant


def bernoulli_score(target: Tensor, logits: Tensor) -> Tensor:
    """Negative cross-entropy between pixels in [0, 1] and predicted probabilities, in nats.

    ``sum x log p + (1 - x) log(1 - p)``, p = sigmoid(logits). A log-likelihood only for pixels
    that are exactly 0 or 1; for gray values a score (Loaiza-Ganem & Cunningham 2019, "The
    continuous Bernoulli"), and named so.

    Returns
    -------
    Tensor, shape (b,)
    """
    entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
    return -entropy.flatten(1).sum(dim=1)
