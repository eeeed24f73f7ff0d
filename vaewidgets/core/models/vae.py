"""The variational autoencoder: a network and the evidence bound, handed to the training loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.core.inference import evidence
from vaewidgets.core.losses import LIKELIHOODS
from vaewidgets.core.models.checks import (
    check_choice,
    check_integer,
    check_real,
)
from vaewidgets.core.models.estimator import ImageModel
from vaewidgets.core.objectives import EvidenceBound, PixelLikelihood
from vaewidgets.gaussians import Gaussians

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from vaewidgets.core.loop.options import Objective
    from vaewidgets.core.loop.progress import Callback


class VariationalModel(ImageModel):
    """Base of the models whose codes are distributions."""

    likelihood: str
    noise_std: float | str
    beta: float
    warm_up: float

    def check_own_params(self) -> None:
        """Check the parameters of the bound."""
        check_choice("likelihood", self.likelihood, LIKELIHOODS)
        if self.noise_std != "learned":
            check_real("noise_std", self.noise_std, 0.0, math.inf, open_end=True)
        check_real("beta", self.beta, 0.0, math.inf, open_end=False)
        check_real("warm_up", self.warm_up, 0.0, 1.0, open_end=False)

    def pixel_likelihood(self) -> PixelLikelihood:
        """Return the likelihood that the parameters name."""
        learned = self.noise_std == "learned"
        return PixelLikelihood(self.likelihood, None if learned else float(self.noise_std))

    def posterior(self, images: Any) -> Gaussians:
        """Return the Gaussian over codes of each image, means and standard deviations.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.

        Returns
        -------
        Gaussians of (n, n_latent), float32
        """
        return Gaussians(*self._encode(images))

    def sample(
        self, n: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> NDArray[np.float32]:
        """Decode codes drawn from the prior N(0, I) to new images.

        Parameters
        ----------
        n : int >= 1, default 1
            How many.
        random_state : int, RandomState or None
            None draws others each time.

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32 in [0, 1]
        """
        check_is_fitted(self)
        rng = np.random.default_rng(as_seed(random_state))
        shape = (check_integer("n", n, 1), self.networks_.architecture.n_latent)
        return self.inverse_transform(rng.standard_normal(shape, dtype=np.float32))

    def score(self, images: Any, y: Any = None) -> float:
        """Return the mean evidence lower bound, nats an image; higher is better.

        One draw an image, the same at each call. With the Gaussian likelihood it is a density
        and may be positive; with "bernoulli" it is a score (gray values are not 0 or 1).

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
        bound = evidence(networks, checked.pixels, self.likelihood, seed=0)
        return float(bound.mean(dtype=np.float64))

    def log_likelihood(self, images: Any, n_samples: int = 100) -> NDArray[np.float32]:
        """Estimate log p(x) of each image by importance sampling, nats.

        A lower bound on average, the tighter the more samples; with one sample it is the
        evidence lower bound.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.
        n_samples : int >= 1, default 100
            Codes drawn for each image; the same at each call.

        Returns
        -------
        ndarray, shape (n,), float32

        References
        ----------
        Burda, Grosse & Salakhutdinov 2016, "Importance Weighted Autoencoders", equation 8.
        """
        from vaewidgets.core.inference import importance_weighted_bound

        check_is_fitted(self)
        networks = self.networks_
        checked = self._matched(images, networks)
        k = check_integer("n_samples", n_samples, 1)
        return importance_weighted_bound(networks, checked.pixels, self.likelihood, k, seed=0)


class VAE(VariationalModel):
    """Variational autoencoder for images, with scikit-learn's conventions.

    Learns to describe each image by a Gaussian over ``n_latent`` numbers, from which the image
    can be decoded. :meth:`transform` gives the means of these Gaussians, always the same for
    the same image; sampling is asked for by name.

    Parameters
    ----------
    n_latent : int, default 16
        Dimensions of the code, 1 to 4096.
    network : {"auto", "mlp", "conv", "dual_conv", "spatial"}, default "auto"
        Fully connected, convolutional, convolutional in two branches, or with codes that keep
        their place in the image (256 x 256 pixels become 16 x 16 numbers: then ``n_latent``
        is a multiple of 256). "auto" takes convolutions from 8 pixels a side.
    network_settings : dict of str to int, optional
        Sizes that differ from the defaults of the network: ``hidden`` and ``hidden_2`` of "mlp",
        ``first_channels`` and ``max_channels`` of "conv", ``n_layers`` and ``hidden`` of
        "dual_conv".
    likelihood : {"gaussian", "bernoulli", "continuous_bernoulli"}, default "gaussian"
        "gaussian": pixels with normal noise. "bernoulli": cross-entropy, for nearly black and
        white images. "continuous_bernoulli": the same made a density of gray values.
    noise_std : "learned" or float > 0, default "learned"
        Standard deviation of the noise of "gaussian", in a pixel's range of 0 to 1; "learned" is
        the one that fits best (sigma-VAE).
    beta : float >= 0, default 1.0
        Weight of the KL term. 1 is the evidence bound; below, sharper images and more detail in
        the codes; above, fewer dimensions in use and smoother codes.
    warm_up : float in [0, 1), default 0.1
        Share of the steps over which the weight of the KL rises from 0 to ``beta``.
    free_bits : float >= 0, default 0.0
        Nats of KL that cost nothing, for each dimension on average: against posterior collapse.
    max_epochs : "auto" or int >= 1, default "auto"
        Passes over the images; "auto" is as many as make about 1500 steps.
    batch_size : int >= 2, default 128
        Images a step.
    learning_rate : float > 0, default 0.004
        Highest rate of Adam.
    schedule : {"one_cycle", "constant"}, default "one_cycle"
        The rate rises at first and falls to almost 0, or stays.
    random_state : int, RandomState or None, default 0
        Fixes weights, order and noise: on a CPU, with the same ``n_threads``, the same integer
        gives the same bits; where these are chosen by pace, the same on an idle machine. None is
        another model each time.
    device : str, default "auto"
        "auto" (cuda, else mps, else cpu) or a torch device.
    n_threads : int >= 1 or None, default None
        CPU threads of the training; None is 1 for images below 16 x 16 pixels, where more gain
        nothing, else chosen by the pace of the steps and again when that falls, as beside other
        programs fewer may be many times as fast. ``trained_with_["steps_by_threads"]`` tells.
    checkpoint : path or None, default None
        Folder in which the training is kept once a minute, and when it is stopped: ``fit`` with
        the same parameters and images goes on there after an interrupt or a crash, with the same
        bits as a training without one where ``n_threads`` is set.
    progress : "auto", bool or Callback, default "auto"
        A live view in a notebook, a bar in a terminal, nothing, or an object that is told.

    Attributes
    ----------
    networks_ : EncoderDecoder
        The trained networks in eval mode. Never changed after they are published here: a later
        ``fit`` puts new ones in their place, so ``copy.copy(vae)`` is a snapshot.
    image_shape_ : tuple of int
        (height, width, channels) of the images.
    image_rule_ : ImageRule
        How they were loaded (``fit``, ``background``); new files and PIL images are brought to
        ``image_shape_`` by it.
    history_ : list of dict
        One record an epoch: ``epoch``, ``step``, ``loss``, ``reconstruction``, ``kl`` (means,
        nats an image), ``learning_rate`` and ``seconds`` since the start.
    outcome_ : str
        "finished", "stopped", "interrupted" or "diverged".
    active_dimensions_ : ndarray of bool, shape (n_latent,)
        Which dimensions carry information (variance of the means over images above 0.01).
    trained_with_ : dict
        What must be equal for another fit to give the same bits.

    Examples
    --------
    >>> images, table = vaewidgets.datasets.load_digits()
    >>> vaewidgets.VAE(n_latent=8, progress=False).fit_transform(images).shape
    (1797, 8)
    """

    def __init__(
        self,
        n_latent: int = 16,
        *,
        network: str = "auto",
        network_settings: dict[str, int] | None = None,
        likelihood: str = "gaussian",
        noise_std: float | str = "learned",
        beta: float = 1.0,
        warm_up: float = 0.1,
        free_bits: float = 0.0,
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
        """Check the parameters of the bound."""
        super().check_own_params()
        check_real("free_bits", self.free_bits, 0.0, math.inf, open_end=False)

    def objective(self, n_epochs: int) -> Objective:
        """Return the evidence bound."""
        return EvidenceBound(
            self.pixel_likelihood(),
            float(self.beta),
            float(self.warm_up),
            float(self.free_bits),
        )
