"""The hierarchical VAE: codes of two depths, one for the whole and one for what remains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.core.models.checks import check_choice, check_integer, check_real
from vaewidgets.core.models.vae import VariationalModel
from vaewidgets.core.networks.registry import MAX_LATENT, Architecture
from vaewidgets.core.objectives import EvidenceBound
from vaewidgets.gaussians import Gaussians

if TYPE_CHECKING:
    import os

    from vaewidgets.core.loop.options import Objective
    from vaewidgets.core.loop.progress import Callback

SIZES: dict[str, dict[str, int]] = {
    "small": {
        "block1": 2,
        "block2": 4,
        "block3": 6,
        "block4": 4,
        "growth": 16,
        "features": 32,
        "bn_size": 2,
        "last_features": 16,
    },
    "paper": {"block1": 6, "block2": 12, "block3": 24, "block4": 16},
}


class HierarchicalVAE(VariationalModel):
    """DUHiV: a dense encoder with two latent layers, and a decoder that joins them.

    Latent layer 2, the deeper one, describes the image as a whole; layer 1 enters the decoder
    one stage later. Codes are the dimensions of layer 1 followed by those of layer 2. Both have
    the prior N(0, I), so that their divergences add up.

    The published model leaves layer 1 nearly unused (0.7 nats over 8 dimensions). Here
    ``free_bits`` and the ``warm_up`` keep it in use.

    Parameters
    ----------
    n_latent : (int, int), default (8, 8)
        Dimensions of layer 1 and of layer 2.
    size : {"small", "paper"}, default "small"
        Dense layers in the four blocks: 2, 4, 6, 4, for a laptop; or the paper's 6, 12, 24, 16,
        some 2.3 million parameters.
    likelihood, noise_std, beta, warm_up
        As in :class:`VAE`. The authors' later code has ``noise_std=1``.
    free_bits : float >= 0, default 0.5
        Nats of KL a dimension that cost nothing, on average over a layer.
    max_epochs, batch_size, learning_rate, schedule, random_state, device, n_threads, checkpoint,
    progress
        As in :class:`VAE`.

    Attributes
    ----------
    networks_, image_shape_, image_rule_, history_, outcome_, active_dimensions_, trained_with_
        As in :class:`VAE`; ``history_`` has besides ``kl_1`` and ``kl_2``, of each layer.

    References
    ----------
    Feng et al. 2019, "DUHiV", arXiv 1905.12164.
    """

    NETWORKS = ("dense_unet",)
    network = "dense_unet"
    network_settings = None

    def __init__(
        self,
        n_latent: tuple[int, int] = (8, 8),
        *,
        size: str = "small",
        likelihood: str = "gaussian",
        noise_std: float | str = "learned",
        beta: float = 1.0,
        warm_up: float = 0.1,
        free_bits: float = 0.5,
        max_epochs: int | str = "auto",
        batch_size: int = 32,
        learning_rate: float = 2e-3,
        schedule: str = "one_cycle",
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
        n_threads: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool | str | Callback = "auto",
    ) -> None:
        self.n_latent = n_latent
        self.size = size
        self.likelihood = likelihood
        self.noise_std = noise_std
        self.beta = beta
        self.warm_up = warm_up
        self.free_bits = free_bits
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.checkpoint = checkpoint
        self.progress = progress

    def check_own_params(self) -> None:
        """Check the size and the parameters of the bound."""
        super().check_own_params()
        check_choice("size", self.size, tuple(SIZES))
        check_real("free_bits", self.free_bits, 0.0, math.inf, open_end=False)

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size."""
        first, second = map(int, self.n_latent)
        settings = {"n_first": first, **SIZES[self.size]}
        return Architecture("dense_unet", height, width, channels, first + second, settings)

    def objective(self, n_epochs: int) -> Objective:
        """Return the evidence bound over both layers."""
        first, second = map(int, self.n_latent)
        return EvidenceBound(
            self.pixel_likelihood(),
            float(self.beta),
            float(self.warm_up),
            float(self.free_bits),
            layers=(first, second),
        )

    def posterior_layers(self, images: Any) -> tuple[Gaussians, Gaussians]:
        """Return the Gaussians of layer 1 and of layer 2 for each image.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.

        Returns
        -------
        tuple of two Gaussians, (n, n_latent[0]) and (n, n_latent[1]), float32
        """
        both = self.posterior(images)
        first = int(self.n_latent[0])
        return (
            Gaussians(both.mean[:, :first], both.std[:, :first]),
            Gaussians(both.mean[:, first:], both.std[:, first:]),
        )

    def _check_latent(self) -> None:
        if not isinstance(self.n_latent, tuple | list) or len(self.n_latent) != 2:
            raise TypeError(
                f"n_latent is {self.n_latent!r}; accepted: two integers, the dimensions of "
                "latent layers 1 and 2"
            )
        for i, value in enumerate(self.n_latent):
            check_integer(f"n_latent[{i}]", value, 1, MAX_LATENT // 2)
