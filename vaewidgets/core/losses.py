"""The terms of the objectives: formula, unit, reduction and source of each.

Reductions are the same everywhere: terms are summed over the pixels (or the latent dimensions)
of one image and averaged over the images of a batch, so that likelihood and divergence stand in
the proportion that the evidence bound gives them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

if TYPE_CHECKING:
    from collections.abc import Sequence

# The variance of rounding to one of 256 gray values: 8-bit pixels carry no finer noise, and
# without a floor the likelihood of a perfectly learned image has no upper bound.
MIN_VARIANCE = 1 / (12 * 255**2)
MIN_ACTIVITY = 1e-6  # a code that is 0 for a whole batch must not make log(0)

LIKELIHOODS = ("gaussian", "bernoulli", "continuous_bernoulli")


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


def continuous_bernoulli_log_likelihood(target: Tensor, logits: Tensor) -> Tensor:
    """Log-density of gray pixels under continuous Bernoulli distributions, in nats an image.

    ``sum x log p + (1 - x) log(1 - p) + log C(p)`` with p = sigmoid(l) and
    C(p) = 2 artanh(1 - 2 p) / (1 - 2 p) = l / tanh(l / 2), which is 2 for p = 1/2. The parameter
    p is not the mean of the distribution: see :func:`continuous_bernoulli_mean`.

    Parameters
    ----------
    target : Tensor, shape (b, ...)
        Values in [0, 1].
    logits : Tensor, shape (b, ...)

    Returns
    -------
    Tensor, shape (b,)

    References
    ----------
    Loaiza-Ganem & Cunningham 2019, "The continuous Bernoulli: fixing a pervasive error in
    variational autoencoders", section 3.
    """
    is_near, near, far = _near_and_far_from_zero(logits)
    square = (near / 2).square()
    # log(y coth y) = y^2 / 3 - 7 y^4 / 90 + 62 y^6 / 2835 - ...: for y towards 0 the gradient of
    # the formula itself is a difference of two numbers that grow without bound
    series = square * (1 / 3 - square * (7 / 90 - square * (62 / 2835)))
    distant = torch.log(far.abs() / 2) - torch.log(torch.tanh(far.abs() / 2))
    log_constant = math.log(2) + torch.where(is_near, series, distant)
    return bernoulli_score(target, logits) + log_constant.flatten(1).sum(dim=1)


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """Mean of continuous Bernoulli distributions: the picture that the logits stand for.

    ``1 / (1 - exp(-l)) - 1 / l``, 1/2 for l = 0. It is less black and white than sigmoid(l).

    References
    ----------
    Loaiza-Ganem & Cunningham 2019, section 3.
    """
    is_near, near, far = _near_and_far_from_zero(logits)
    square = near.square()
    series = 0.5 + near * (1 / 12 - square * (1 / 720 - square * (1 / 30240)))
    return torch.where(is_near, series, 1 / -torch.expm1(-far) - 1 / far)


def log_likelihood(kind: str, target: Tensor, logits: Tensor, variance: Tensor) -> Tensor:
    """Log-likelihood of images given the logits of a decoder, in nats an image.

    Parameters
    ----------
    kind : {"gaussian", "bernoulli", "continuous_bernoulli"}
        A name in ``LIKELIHOODS``.
    target, logits : Tensor, shape (b, ...)
        Values in [0, 1], and what the decoder gave.
    variance : Tensor, scalar
        Of the pixels' noise, for "gaussian".

    Returns
    -------
    Tensor, shape (b,)
    """
    if kind == "gaussian":
        return gaussian_log_likelihood(target, logits.sigmoid(), variance)
    if kind == "bernoulli":
        return bernoulli_score(target, logits)
    return continuous_bernoulli_log_likelihood(target, logits)


def mean_image(kind: str, logits: Tensor) -> Tensor:
    """Mean pixels, in [0, 1], under a likelihood by its name: what is shown for the logits."""
    return (
        continuous_bernoulli_mean(logits) if kind == "continuous_bernoulli" else logits.sigmoid()
    )


def normal_log_density(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Log-density of codes (..., d) under N(mean, exp(log_var)), in nats: (...,).

    ``-1/2 sum (z - mean)^2 / var + log var + log 2 pi``; the arguments are broadcast.
    """
    distance = (z - mean).square() * torch.exp(-log_var)
    return -0.5 * (distance + log_var + math.log(2 * math.pi)).sum(dim=-1)


def importance_weighted_bound(
    log_likelihood: Tensor, log_prior: Tensor, log_posterior: Tensor
) -> Tensor:
    """Bound of log p(x) from k draws of each code, in nats an image.

    ``log 1/k sum_i p(x | z_i) p(z_i) / q(z_i | x)`` with z_i drawn from q. In expectation it lies
    below log p(x), rises with k, and is the evidence bound for k = 1.

    Parameters
    ----------
    log_likelihood, log_prior, log_posterior : Tensor, shape (k, b)
        log p(x | z), log p(z) and log q(z | x) of each draw.

    Returns
    -------
    Tensor, shape (b,)

    References
    ----------
    Burda, Grosse & Salakhutdinov 2016, "Importance Weighted Autoencoders", equation 8.
    """
    weights = log_likelihood + log_prior - log_posterior
    return torch.logsumexp(weights, dim=0) - math.log(len(weights))


def free_bits(kl: Tensor, sizes: Sequence[int], least: Sequence[float]) -> Tensor:
    """KL of a batch in which each group of dimensions costs at least so many nats.

    ``sum_g max(least_g, mean_b sum_{j in g} KL_j)``: a group is not pushed below ``least_g``,
    for then it has no gradient. The mean over the batch is inside the maximum: single images may
    take less. Shown KL is the sum without this.

    Parameters
    ----------
    kl : Tensor, shape (b, d)
        Of each image and dimension, in nats.
    sizes : sequence of int
        Dimensions of each group, one after the other; d in all.
    least : sequence of float, >= 0
        Nats of each group; 0 for one that is left as it is.

    Returns
    -------
    Tensor, scalar

    References
    ----------
    Kingma et al. 2016, "Improved Variational Inference with Inverse Autoregressive Flow",
    equation 15.
    """
    groups = torch.stack([group.sum() for group in torch.split(kl.mean(dim=0), list(sizes))])
    return torch.maximum(groups, groups.new_tensor(list(least))).sum()


def sparse_penalty(codes: Tensor, activity: float) -> Tensor:
    """How far the mean activity of each code is from the wanted one, in nats, summed over codes.

    ``sum_j rho log(rho / r_j) + (1 - rho) log((1 - rho) / (1 - r_j))``, r_j the mean of code j
    over the batch, kept off 0 and 1 by 1e-6.

    Parameters
    ----------
    codes : Tensor, shape (b, d)
        In [0, 1]: behind a sigmoid. Codes that may be negative have no such divergence.
    activity : float, in (0, 1)
        rho.

    Returns
    -------
    Tensor, scalar

    References
    ----------
    Ng 2011, "Sparse autoencoder" (CS294A lecture notes), section 3.
    """
    mean = codes.mean(dim=0).clamp(MIN_ACTIVITY, 1 - MIN_ACTIVITY)
    on = activity * (math.log(activity) - mean.log())
    off = (1 - activity) * (math.log(1 - activity) - torch.log1p(-mean))
    return (on + off).sum()


def class_divergence(
    mean: Tensor, log_var: Tensor, class_means: Tensor, class_log_vars: Tensor, logits: Tensor
) -> Tensor:
    """KL of a posterior from the priors of the classes, weighted with their probabilities.

    ``sum_y p(y | z) KL(N(m, s^2) || N(mu_y, t_y^2))`` with the divergence in closed form,
    ``1/2 sum_j ((m_j - mu_yj)^2 + s_j^2) / t_yj^2 - 1 + log t_yj^2 - log s_j^2``, in nats.

    Parameters
    ----------
    mean, log_var : Tensor, shape (b, d)
        m and log s^2 of each image.
    class_means, class_log_vars : Tensor, shape (k, d)
        mu_y and log t_y^2; 0 for the unit variance of the source.
    logits : Tensor, shape (b, k)
        p(y | z) is their softmax.

    Returns
    -------
    Tensor, shape (b,)

    References
    ----------
    Su 2018, "A one-step clustering model based on the VAE" (kexue.fm 5887), equation 5, second
    term; its code takes one draw of z instead, with the same expectation up to a constant.
    """
    squares = (mean[:, None] - class_means).square() + log_var.exp()[:, None]  # (b, k, d)
    of_class = (squares * torch.exp(-class_log_vars) + class_log_vars).sum(dim=2)
    of_image = (1 + log_var).sum(dim=1)
    return 0.5 * ((logits.softmax(dim=1) * of_class).sum(dim=1) - of_image)


def class_certainty(logits: Tensor) -> Tensor:
    """KL of the classes of each image from the uniform distribution: (b, k) -> (b,), in nats.

    ``sum_y p log p + log k``: 0 where all classes are as likely, log k where one is certain.
    Each image alone; it does not make the classes equally large (that is :func:`imbalance`).

    References
    ----------
    Su 2018 (kexue.fm 5887), equation 5, third term.
    """
    log_p = logits.log_softmax(dim=1)
    return (log_p.exp() * log_p).sum(dim=1) + math.log(logits.shape[1])


def imbalance(logits: Tensor) -> Tensor:
    """KL of the sizes of the classes in a batch from equal ones: (b, k) -> scalar, in nats.

    ``sum_y r_y log r_y + log k`` with r_y the mean of p(y | z) over the images.

    References
    ----------
    Hu et al. 2017, "Learning Discrete Representations via Information Maximizing Self-Augmented
    Training" (IMSAT): the entropy of the marginal.
    """
    log_r = logits.log_softmax(dim=1).logsumexp(dim=0) - math.log(len(logits))
    return (log_r.exp() * log_r).sum() + math.log(logits.shape[1])


def _near_and_far_from_zero(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Which logits lie in [-1/4, 1/4]; those, 1 in place of others; the others, likewise.

    Both sides of a ``where`` are computed and have gradients; neither may become infinite.
    """
    is_near = logits.abs() <= 0.25
    one = torch.ones_like(logits)
    return is_near, torch.where(is_near, logits, one), torch.where(is_near, one, logits)
