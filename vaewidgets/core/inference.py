"""Running a trained network over many images in bounded memory, or over one at once."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from vaewidgets.core import losses
from vaewidgets.core.loop.feeding import check_length, float_batch, map_below, tensor_of
from vaewidgets.core.loop.threads import limited_threads
from vaewidgets.core.networks.given import GivenCodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.networks.registry import EncoderDecoder

    LogLikelihood = Callable[[Tensor, Tensor], Tensor]

VALUES_PER_CHUNK = 2**20  # pixels times channels at once; the layers hold some ten times as many
N_CHECKED = 2000  # images on which the activity of the dimensions is measured
ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov 2016, section 4.3
FEW = 8  # images for which waking a second thread costs more than it saves


def encode(
    networks: EncoderDecoder, pixels: Pixels
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation (n, d) of the codes of pixels (n, h, w, c)."""
    read = _reader(pixels, _device(networks))

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        mean, log_var = networks.posterior(read(rows))
        return mean, torch.exp(0.5 * log_var)

    mean, std = _in_chunks(chunk, len(pixels), networks)
    return mean.numpy(), std.numpy()


def encode_rows(
    networks: EncoderDecoder, pixels: Pixels, rows: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of the codes of some rows, without a copy of them all."""
    size = max(1, VALUES_PER_CHUNK // networks.architecture.size.n_values)
    parts = [
        encode(networks, np.ascontiguousarray(pixels[rows[start : start + size]]))
        for start in range(0, len(rows), size)
    ]
    means, stds = zip(*parts, strict=True)
    return np.concatenate(means), np.concatenate(stds)


def decode(
    networks: EncoderDecoder, z: NDArray[np.float32], likelihood: str = "gaussian"
) -> NDArray[np.float32]:
    """Return the images (n, h, w, c) in [0, 1] of codes (n, d): the means under a likelihood."""
    data, device = tensor_of(z), _device(networks)

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        logits = networks.decoder(data[rows].to(device))
        return (losses.mean_image(likelihood, logits).permute(0, 2, 3, 1),)

    (images,) = _in_chunks(chunk, len(z), networks)
    return images.contiguous().numpy()


def evidence(
    networks: EncoderDecoder, pixels: Pixels, likelihood: str, seed: int
) -> NDArray[np.float32]:
    """Return the evidence lower bound (n,) of pixels (n, h, w, c), nats; one draw an image."""
    read = _reader(pixels, _device(networks))
    generator = torch.Generator(_device(networks)).manual_seed(seed)

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        batch = read(rows)
        mean, log_var = networks.posterior(batch)
        z = losses.sample_gaussian(mean, log_var, generator)
        logits = networks.decoder(z)
        fit = losses.log_likelihood(likelihood, batch, logits, networks.noise_variance)
        return (fit - _divergence(networks, mean, log_var, z),)

    (bound,) = _in_chunks(chunk, len(pixels), networks)
    return bound.numpy()


def importance_weighted_bound(
    networks: EncoderDecoder, pixels: Pixels, likelihood: str | LogLikelihood, k: int, seed: int
) -> NDArray[np.float32]:
    """Return the bound of log p(x) from k draws of each code, nats an image.

    Each image is encoded once; as many draws are decoded together as fit the memory of one pass,
    of many images if k is small, of one if it is large.

    Parameters
    ----------
    networks : EncoderDecoder
        With Gaussian codes; in eval mode.
    pixels : ndarray, shape (n, height, width, channels)
        uint8, or floats in [0, 1].
    likelihood : str or callable
        A name in ``losses.LIKELIHOODS``, or a function of images (b, c, h, w) and what the
        decoder gives for them that returns log p(x | z), shape (b,).
    k : int, >= 1
        Draws an image. 1 is the evidence bound with a sampled KL.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray, shape (n,), float32

    References
    ----------
    Burda, Grosse & Salakhutdinov 2016, "Importance Weighted Autoencoders", equation 8.
    """
    read = _reader(pixels, _device(networks))
    generator = torch.Generator(_device(networks)).manual_seed(seed)
    fit = (
        partial(losses.log_likelihood, likelihood, variance=networks.noise_variance)
        if isinstance(likelihood, str)
        else likelihood
    )
    at_once = min(k, max(1, VALUES_PER_CHUNK // networks.architecture.size.n_values))

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        batch = read(rows)
        mean, log_var = networks.posterior(batch)
        sums = []  # logarithms of the sums of the weights
        for start in range(0, k, at_once):
            shape = (min(at_once, k - start), *mean.shape)
            z = losses.sample_gaussian(mean.expand(shape), log_var, generator)
            targets = batch.expand(shape[0], *batch.shape).flatten(0, 1)
            log_p = fit(targets, networks.decoder(z.flatten(0, 1))).reshape(shape[:2])
            prior = networks.log_prior(z)
            posterior = losses.normal_log_density(z, mean, log_var)
            bound = losses.importance_weighted_bound(log_p, prior, posterior)
            sums.append(bound + math.log(shape[0]))
        return (torch.stack(sums).logsumexp(dim=0) - math.log(k),)

    (bound,) = _in_chunks(chunk, len(pixels), networks, n_draws=at_once)
    return bound.numpy()


def reconstruct(
    networks: EncoderDecoder, pixels: NDArray[Any], likelihood: str = "gaussian"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return pixels and what the networks make of them, as floats in [0, 1]."""
    originals = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        originals /= 255
    return originals, decode(networks, encode(networks, pixels)[0], likelihood)


def active_dimensions(networks: EncoderDecoder, pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which dimensions (d,) vary with the image, measured on at most 2000 images.

    Codes that come from elsewhere have a scale of their own: any difference counts.
    """
    if isinstance(networks.encoder, GivenCodes):
        differs: NDArray[np.bool_] = (networks.encoder.codes.std(dim=0) > 0).cpu().numpy()
        return differs
    means, _ = encode_rows(
        networks, pixels, np.arange(0, len(pixels), -(-len(pixels) // N_CHECKED))
    )
    active: NDArray[np.bool_] = means.var(axis=0) > ACTIVE_VARIANCE
    return active


def _divergence(networks: EncoderDecoder, mean: Tensor, log_var: Tensor, z: Tensor) -> Tensor:
    """KL (b,) of code, and of class where there are any, from their prior, in nats."""
    if networks.clusters is None:
        return losses.kl_to_standard_normal(mean, log_var).sum(dim=1)
    head = networks.clusters
    logits = head(z)
    kl = losses.class_divergence(mean, log_var, head.means, head.log_vars, logits)
    return kl + losses.class_certainty(logits)


def classify(networks: EncoderDecoder, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability (n, k) of each class of codes (n, d)."""
    data, device = tensor_of(z), _device(networks)
    head = networks.class_head()

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        return (head(data[rows].to(device)).softmax(dim=1),)

    (shares,) = _in_chunks(chunk, len(z), networks)
    return shares.numpy()


def _reader(pixels: Pixels, device: torch.device) -> Callable[[slice], Tensor]:
    """Return what reads a slice of the images as floats (b, c, h, w) on the device."""
    data, mapped = tensor_of(pixels), map_below(pixels)

    def read(rows: slice) -> Tensor:
        check_length(mapped)
        return float_batch(data[rows].to(device))

    return read


def _device(networks: EncoderDecoder) -> torch.device:
    return networks.noise_variance.device


def _in_chunks(
    function: Callable[[slice], tuple[Tensor, ...]],
    n: int,
    networks: EncoderDecoder,
    n_draws: int = 1,
) -> tuple[Tensor, ...]:
    """Call ``function`` on slices that cover 0..n and join what it returns, on the CPU.

    ``n_draws`` pictures are computed at once for each of the n.
    """
    size = max(1, VALUES_PER_CHUNK // (networks.architecture.size.n_values * n_draws))
    joined: tuple[Tensor, ...] = ()
    with torch.inference_mode(), limited_threads(1 if n * n_draws <= FEW else None):
        for start in range(0, max(n, 1), size):  # once for nothing too: empty, of the right shape
            rows = slice(start, min(start + size, n))
            parts = function(rows)
            if not joined:
                joined = tuple(
                    torch.empty((n, *part.shape[1:]), dtype=part.dtype) for part in parts
                )
            # Written where they stay: kept apart, they would lie scattered among the large blocks
            # of each pass, and the memory would grow with every one.
            for whole, part in zip(joined, parts, strict=True):
                whole[rows] = part
    return joined
