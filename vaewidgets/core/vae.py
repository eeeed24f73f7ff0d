"""The variational autoencoder: a network and the evidence bound, handed to the training loop."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from vaewidgets.core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vaewidgets.core.checks import (
    check_choice,
    check_integer,
    check_learnable,
    check_real,
    check_seed,
    check_size,
    warn_of_collapse,
)
from vaewidgets.core.inference import active_dimensions, decode, encode, evidence, reconstruct
from vaewidgets.core.networks.registry import (
    MAX_LATENT,
    NETWORKS,
    Architecture,
    EncoderDecoder,
    choose_network,
)
from vaewidgets.core.objectives import LIKELIHOODS, EvidenceBound
from vaewidgets.core.progress import choose_callbacks
from vaewidgets.core.threads import default_threads
from vaewidgets.core.training import Options, choose_device, train
from vaewidgets.core.vae_content import check_content, content_of, provenance
from vaewidgets.gaussians import Gaussians
from vaewidgets.images import as_images

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from vaewidgets.core.progress import Callback

AUTO_STEPS = 1500
AUTO_EPOCHS = (2, 300)
N_PREVIEW = 8
COLLAPSE_STEPS = 500  # before so many, dimensions are not used yet rather than given up


class VAE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Variational autoencoder for images, with scikit-learn's conventions.

    Learns to describe each image by a Gaussian over ``n_latent`` numbers, from which the image
    can be decoded. :meth:`transform` gives the means of these Gaussians, always the same for
    the same image; sampling is asked for by name.

    Parameters
    ----------
    n_latent : int, default 16
        Dimensions of the code, 1 to 4096.
    network : {"auto", "mlp", "conv"}, default "auto"
        Fully connected or convolutional; "auto" takes convolutions from 8 pixels a side.
    likelihood : {"gaussian", "bernoulli"}, default "gaussian"
        "gaussian": pixels with normal noise, whose variance is learned (sigma-VAE).
        "bernoulli": cross-entropy, for nearly black and white images.
    beta : float >= 0, default 1.0
        Weight of the KL term. 1 is the evidence bound; below, sharper images and more detail in
        the codes; above, fewer dimensions in use and smoother codes.
    warm_up : float in [0, 1), default 0.1
        Share of the steps over which the weight of the KL rises from 0 to ``beta``.
    max_epochs : "auto" or int >= 1, default "auto"
        Passes over the images; "auto" is as many as make about 1500 steps.
    batch_size : int >= 2, default 128
        Images a step.
    learning_rate : float > 0, default 0.004
        Highest rate of Adam; it rises at first and falls to almost 0.
    random_state : int, RandomState or None, default 0
        Fixes weights, order and noise: on a CPU, with the same number of threads, the same
        integer gives the same bits. None is another model each time.
    device : str, default "auto"
        "auto" (cuda, else mps, else cpu) or a torch device.
    n_threads : int >= 1 or None, default None
        CPU threads of the training; None is 1 for images below 16 x 16 pixels, where more gain
        nothing, else torch's setting.
    progress : "auto", bool or Callback, default "auto"
        A live view in a notebook, a bar in a terminal, nothing, or an object that is told.

    Attributes
    ----------
    networks_ : EncoderDecoder
        The trained networks in eval mode. Never changed after they are published here: a later
        ``fit`` puts new ones in their place, so ``copy.copy(vae)`` is a snapshot.
    image_shape_ : tuple of int
        (height, width, channels) of the images.
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
        likelihood: str = "gaussian",
        beta: float = 1.0,
        warm_up: float = 0.1,
        max_epochs: int | str = "auto",
        batch_size: int = 128,
        learning_rate: float = 4e-3,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
        n_threads: int | None = None,
        progress: bool | str | Callback = "auto",
    ) -> None:
        self.n_latent = n_latent
        self.network = network
        self.likelihood = likelihood
        self.beta = beta
        self.warm_up = warm_up
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.progress = progress

    def fit(self, images: Any, y: Any = None) -> Self:
        """Learn from images.

        An interrupt (the stop button of the kernel, or that of the live view) ends the training
        early and keeps what was learned. A fit that fails leaves the model as it was.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            At least two images that differ.
        y : ignored

        Raises
        ------
        ValueError, TypeError
            Images or a parameter that is not accepted.
        FloatingPointError
            The loss was not finite in the first epoch.

        Warns
        -----
        RuntimeWarning
            The training ended early because of a loss that is not finite, or most dimensions
            carry no information.
        """
        seed, device = self._check_params()
        checked = check_learnable(as_images(images))
        callbacks = choose_callbacks(self.progress)
        height, width, channels = checked.shape
        network = choose_network(height, width) if self.network == "auto" else self.network
        weight_seed, loop_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
        architecture = Architecture(network, height, width, channels, self.n_latent)
        module = architecture.build(torch.Generator().manual_seed(weight_seed))
        options = Options(
            max_epochs=self._n_epochs(len(checked)),
            batch_size=int(self.batch_size),
            learning_rate=float(self.learning_rate),
            seed=loop_seed,
            device=device,
            n_threads=self.n_threads
            or default_threads(int(self.batch_size) * architecture.n_values),
        )
        shown = checked.pixels[np.linspace(0, len(checked) - 1, N_PREVIEW).round().astype(int)]
        state = train(
            module,
            EvidenceBound(self.likelihood, float(self.beta), float(self.warm_up)),
            checked.pixels,
            options,
            callbacks=callbacks,
            reconstruct=lambda: reconstruct(module, shown),
        )
        module.eval()
        if state.outcome == "interrupted":
            note = f"Interrupted after step {state.step}: what was learned is kept."
            print(note, file=sys.stderr)  # noqa: T201  (said once, where the interrupt is shown)
        active = active_dimensions(module, checked.pixels)
        if state.step >= COLLAPSE_STEPS:
            warn_of_collapse(active)
        self._publish(
            module,
            history_=state.history,
            outcome_=str(state.outcome),
            active_dimensions_=active,
            trained_with_=provenance(checked, seed, options),
        )
        return self

    def transform(self, images: Any) -> NDArray[np.float32]:
        """Return the mean code of each image: the same each time, no sampling.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            Of the size the model was fitted on.

        Returns
        -------
        ndarray, shape (n, n_latent), float32
        """
        return self._encode(images)[0]

    def posterior(self, images: Any) -> Gaussians:
        """Return the Gaussian over codes of each image, means and standard deviations.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            Of the size the model was fitted on.

        Returns
        -------
        Gaussians of (n, n_latent), float32
        """
        return Gaussians(*self._encode(images))

    def inverse_transform(self, z: ArrayLike) -> NDArray[np.float32]:
        """Decode codes to images; any thread may ask, also while a fit is running.

        Parameters
        ----------
        z : array, shape (n, n_latent)
            Codes, finite.

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32 in [0, 1]
        """
        check_is_fitted(self)
        networks = self.networks_
        codes = np.ascontiguousarray(z, dtype=np.float32)
        n_latent = networks.architecture.n_latent
        if codes.ndim != 2 or codes.shape[1] != n_latent:
            raise ValueError(f"z has shape {codes.shape}; accepted: (n, {n_latent})")
        if not np.isfinite(codes).all():
            row = int(np.argmin(np.isfinite(codes).all(axis=1)))
            raise ValueError(f"z has a number that is not finite in row {row}")
        return decode(networks, codes)

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
        rng = np.random.default_rng(check_seed(random_state))
        shape = (check_integer("n", n, 1), self.networks_.architecture.n_latent)
        return self.inverse_transform(rng.standard_normal(shape, dtype=np.float32))

    def score(self, images: Any, y: Any = None) -> float:
        """Return the mean evidence lower bound, nats an image; higher is better.

        One draw an image, the same at each call. With the Gaussian likelihood it is a density
        and may be positive; with "bernoulli" it is a score (gray values are not 0 or 1).

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            Of the size the model was fitted on.
        y : ignored
            Only there for scikit-learn's pipelines.
        """
        check_is_fitted(self)
        networks = self.networks_
        checked = check_size(as_images(images), networks.architecture)
        bound = evidence(networks, checked.pixels, self.likelihood, seed=0)
        return float(bound.mean(dtype=np.float64))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a directory, replacing an older model there all at once.

        Parameters
        ----------
        path : path
            Directory to write; its parent must exist.

        Raises
        ------
        FileExistsError
            There is something else than a model at ``path``.
        """
        check_is_fitted(self)
        save_checkpoint(path, Checkpoint("VAE", self.networks_, content_of(self)))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> Self:
        """Read a model that :meth:`save` wrote: whole, or not at all.

        Parameters
        ----------
        path : path
            Directory of the model.
        device : str, default "auto"
            Where to compute from now on.

        Raises
        ------
        CheckpointError
            Anything missing, damaged, or not what it should be; the message gives the reason.
        ValueError
            A device that is not there.
        """
        target = choose_device(device)
        checkpoint = load_checkpoint(path, "VAE", check_content)
        content = checkpoint.content
        vae = cls(**content["parameters"], device=device)
        vae._publish(
            checkpoint.networks.to(target),
            history_=content["history"],
            outcome_=content["outcome"],
            active_dimensions_=np.array(content["active_dimensions"], dtype=bool),
            trained_with_=content["trained_with"],
        )
        return vae

    def _encode(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        check_is_fitted(self)
        networks = self.networks_  # once: another thread may publish new ones meanwhile
        return encode(networks, check_size(as_images(images), networks.architecture).pixels)

    def _check_params(self) -> tuple[int, torch.device]:
        """Check all parameters before anything is done; return the seed and the device."""
        check_integer("n_latent", self.n_latent, 1, MAX_LATENT)
        check_choice("network", self.network, ("auto", *NETWORKS))
        check_choice("likelihood", self.likelihood, LIKELIHOODS)
        check_real("beta", self.beta, 0.0, math.inf, open_end=False)
        check_real("warm_up", self.warm_up, 0.0, 1.0, open_end=False)
        if self.max_epochs != "auto":
            check_integer("max_epochs", self.max_epochs, 1)
        check_integer("batch_size", self.batch_size, 2)
        check_real("learning_rate", self.learning_rate, 0.0, math.inf, open_end=True)
        check_integer("n_threads", 1 if self.n_threads is None else self.n_threads, 1)
        return check_seed(self.random_state), choose_device(self.device)

    def _n_epochs(self, n_images: int) -> int:
        """Epochs planned for so many images."""
        if self.max_epochs != "auto":
            return int(self.max_epochs)
        steps = max(1, n_images // int(self.batch_size))
        lowest, highest = AUTO_EPOCHS
        return min(max(math.ceil(AUTO_STEPS / steps), lowest), highest)

    def _publish(self, networks: EncoderDecoder, **attributes: Any) -> None:
        """Freeze the networks and put them in place, with what belongs to them.

        All attributes in one step, so that a copy made by another thread has all or none.
        """
        networks.eval().requires_grad_(False)
        shape = networks.architecture
        size = (shape.height, shape.width, shape.channels)
        self.__dict__.update(networks_=networks, image_shape_=size, **attributes)

    @property
    def _n_features_out(self) -> int:
        """Number of codes, for ``get_feature_names_out``."""
        return int(self.networks_.architecture.n_latent)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "networks_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags
