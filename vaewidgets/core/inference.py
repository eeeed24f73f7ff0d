"""Running a trained network over many images in bounded memory, or over one at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from vaewidgets.core.losses import (
    bernoulli_score,
    gaussian_log_likelihood,
    kl_to_standard_normal,
    sample_gaussian,
)
from vaewidgets.core.threads import limited_threads
from vaewidgets.core.training import float_batch, tensor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vaewidgets.core.networks.registry import EncoderDecoder
    from vaewidgets.core.training import Pixels

VALUES_PER_CHUNK = 2**20  # pixels times channels at once; the layers hold some ten times as many
N_CHECKED = 2000  # images on which the activity of the dimensions is measured
ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov 2016, section 4.3
FEW = 8  # images for which waking a second thread costs more than it saves


def encode(
    networks: EncoderDecoder, pixels: Pixels
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation (n, d) of the codes of pixels (n, h, w, c)."""
    data, device = tensor_of(pixels), _device(networks)

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        mean, log_var = networks.encoder(float_batch(data[rows].to(device)))
        return mean, torch.exp(0.5 * log_var)

    mean, std = _in_chunks(chunk, len(pixels), networks)
    return mean.numpy(), std.numpy()


def decode(networks: EncoderDecoder, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the images (n, h, w, c) in [0, 1] of codes (n, d)."""
    data, device = tensor_of(z), _device(networks)

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        return (networks.decoder(data[rows].to(device)).sigmoid().permute(0, 2, 3, 1),)

    (images,) = _in_chunks(chunk, len(z), networks)
    return images.contiguous().numpy()


def evidence(
    networks: EncoderDecoder, pixels: Pixels, likelihood: str, seed: int
) -> NDArray[np.float32]:
    """Return the evidence lower bound (n,) of pixels (n, h, w, c), nats; one draw an image."""
    data, device = tensor_of(pixels), _device(networks)
    generator = torch.Generator(device).manual_seed(seed)

    def chunk(rows: slice) -> tuple[Tensor, ...]:
        batch = float_batch(data[rows].to(device))
        mean, log_var = networks.encoder(batch)
        logits = networks.decoder(sample_gaussian(mean, log_var, generator))
        if likelihood == "gaussian":
            fit = gaussian_log_likelihood(batch, logits.sigmoid(), networks.noise_variance)
        else:
            fit = bernoulli_score(batch, logits)
        return (fit - kl_to_standard_normal(mean, log_var).sum(dim=1),)

    (bound,) = _in_chunks(chunk, len(pixels), networks)
    return bound.numpy()


def reconstruct(
    networks: EncoderDecoder, pixels: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return pixels and what the networks make of them, as floats in [0, 1]."""
    originals = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        originals /= 255
    return originals, decode(networks, encode(networks, pixels)[0])


def active_dimensions(networks: EncoderDecoder, pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which dimensions (d,) vary with the image, measured on at most 2000 images."""
    step = -(-len(pixels) // N_CHECKED)
    means, _ = encode(networks, np.ascontiguousarray(pixels[::step]))
    active: NDArray[np.bool_] = means.var(axis=0) > ACTIVE_VARIANCE
    return active


def _device(networks: EncoderDecoder) -> torch.device:
    return networks.noise_variance.device


def _in_chunks(
    function: Callable[[slice], tuple[Tensor, ...]], n: int, networks: EncoderDecoder
) -> tuple[Tensor, ...]:
    """Call ``function`` on slices that cover 0..n and join what it returns, on the CPU."""
    size = max(1, VALUES_PER_CHUNK // networks.architecture.n_values)
    outputs: list[tuple[Tensor, ...]] = []
    with torch.inference_mode(), limited_threads(1 if n <= FEW else None):
        for start in range(0, max(n, 1), size):  # once for nothing too: empty, of the right shape
            parts = function(slice(start, min(start + size, n)))
            outputs.append(tuple(part.cpu() for part in parts))
    return tuple(torch.cat(parts) for parts in zip(*outputs, strict=True))
