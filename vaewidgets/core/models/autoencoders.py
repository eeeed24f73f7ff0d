"""Autoencoders: compression, denoising, sparse. A code is a point, not a distribution."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from vaewidgets.core.inference import encode
from vaewidgets.core.losses import LIKELIHOODS
from vaewidgets.core.models.checks import check_choice, check_real
from vaewidgets.core.models.estimator import ImageModel
from vaewidgets.core.models.scores import squared_error
from vaewidgets.core.objectives import PixelLikelihood, Reconstruction

if TYPE_CHECKING:
    import os

    from vaewidgets.core.loop.options import Objective
    from vaewidgets.core.loop.progress import Callback
    from vaewidgets.core.networks.registry import Architecture


class Autoencoder(ImageModel):
    """Compresses images to ``n_latent`` numbers and learns to restore them.

    With ``noise`` it sees noisy images and restores clean ones (denoising); with ``sparsity``
    few of its codes are on for each image (sparse). Codes have no spread and no prior: there is
    no ``posterior`` and no ``sample``, and between the codes of images there may be holes where
    nothing sensible is decoded. For that there is :class:`VAE`.

    Parameters
    ----------
    n_latent : int, default 16
        Numbers in a code, 1 to 4096.
    network, network_settings
        As in :class:`VAE`; ``network="mlp", network_settings={"hidden": 128}`` with
        ``n_latent=32`` is the 784-128-32-128-784 of many lectures.
    likelihood : {"gaussian", "bernoulli", "continuous_bernoulli"}, default "gaussian"
        What an error costs: its square, in units of the mean squared error so far; or
        cross-entropy.
    noise : float >= 0, default 0.0
        Standard deviation of the noise added to the images that the encoder sees in training,
        in a pixel's range of 0 to 1; the noisy image is clipped to that range.
    sparsity : float >= 0, default 0.0
        Weight of the pull of each code's mean activity towards ``activity``, nats of an image.
        Above 0, codes lie between 0 and 1.
    activity : float in (0, 1), default 0.1
        Wanted mean of each code over the images.
    max_epochs, batch_size, learning_rate, schedule, random_state, device, n_threads, checkpoint,
    progress
        As in :class:`VAE`.

    Attributes
    ----------
    networks_, image_shape_, image_rule_, history_, outcome_, active_dimensions_, trained_with_
        As in :class:`VAE`; ``history_`` has ``reconstruction`` and, where asked, ``sparsity``.

    References
    ----------
    Hinton & Salakhutdinov 2006; Vincent et al. 2008 (denoising); Ng 2011 (sparse).

    Examples
    --------
    >>> images, table = vaewidgets.datasets.load_digits()
    >>> vaewidgets.Autoencoder(8, progress=False).fit_transform(images).shape
    (1797, 8)
    """

    def __init__(
        self,
        n_latent: int = 16,
        *,
        network: str = "auto",
        network_settings: dict[str, int] | None = None,
        likelihood: str = "gaussian",
        noise: float = 0.0,
        sparsity: float = 0.0,
        activity: float = 0.1,
        max_epochs: int | str = "auto",
        batch_size: int = 128,
        learning_rate: float = 4e-3,
        schedule: str = "one_cycle",
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
        n_threads: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool | str | Callback = "auto",
    ) -> None:
        self.n_latent = n_latent
        self.network = network
        self.network_settings = network_settings
        self.likelihood = likelihood
        self.noise = noise
        self.sparsity = sparsity
        self.activity = activity
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
        """Check likelihood, noise and sparsity."""
        check_choice("likelihood", self.likelihood, LIKELIHOODS)
        check_real("noise", self.noise, 0.0, math.inf, open_end=False)
        check_real("sparsity", self.sparsity, 0.0, math.inf, open_end=False)
        check_real("activity", self.activity, 0.0, 1.0, open_end=True)

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size; its codes are points."""
        gaussian = super().architecture(height, width, channels)
        return replace(gaussian, code="sigmoid" if self.sparsity > 0 else "plain")

    def objective(self, n_epochs: int) -> Objective:
        """Return the cost of a reconstruction."""
        return Reconstruction(
            PixelLikelihood(self.likelihood),
            float(self.noise),
            float(self.sparsity),
            float(self.activity),
        )

    def score(self, images: Any, y: Any = None) -> float:
        """Return minus the mean squared error of a pixel; higher is better, 0 is perfect.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.
        y : ignored
            Only there for scikit-learn's pipelines.
        """
        check_is_fitted(self)
        networks = self.networks_
        checked = self._matched(images, networks)
        codes = encode(networks, checked.pixels)[0]
        return -squared_error(networks, checked.pixels, codes, self.likelihood)
