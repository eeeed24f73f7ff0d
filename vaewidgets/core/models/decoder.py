"""A decoder alone: images of codes that come from elsewhere."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from vaewidgets.arguments.arrays import as_array
from vaewidgets.core.losses import LIKELIHOODS
from vaewidgets.core.models.checks import (
    check_choice,
    check_integer,
    check_learnable,
    check_real,
)
from vaewidgets.core.models.estimator import ImageModel
from vaewidgets.core.models.scores import squared_error
from vaewidgets.core.networks.given import GivenCodes, Standardised
from vaewidgets.core.networks.registry import MAX_LATENT
from vaewidgets.core.objectives import DecodeGiven, PixelLikelihood
from vaewidgets.gaussians import code_table
from vaewidgets.images import Images, as_images
from vaewidgets.images.identity import contents_of

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from vaewidgets.core.loop.options import Objective
    from vaewidgets.core.loop.progress import Callback
    from vaewidgets.core.networks.registry import Architecture, EncoderDecoder

    Encoder = Callable[[Images], ArrayLike]


class Decoder(ImageModel):
    """Learns to draw images of codes that come from elsewhere: CLIP, DINO, UMAP, a table.

    ``Decoder().fit(images, codes)`` is a model for every widget: it knows the codes of the images
    it was fitted on, and decodes any code between them. Codes of other images it cannot make by
    itself; ``encoder`` can.

    Parameters
    ----------
    encoder : callable(Images) -> array (n, d), optional
        Makes codes of images that the model was not fitted on, as those were made. It is no part
        of the file that :meth:`save` writes.
    network, network_settings
        Of the decoder, as in :class:`VAE`, but "spatial".
    likelihood : {"gaussian", "bernoulli", "continuous_bernoulli"}, default "gaussian"
        As in :class:`Autoencoder`.
    noise : float >= 0, default 0.1
        Standard deviation of the noise added to codes in training, in units of that of each
        dimension: it makes pictures change gradually from one code to the next.
    max_epochs, batch_size, learning_rate, schedule, random_state, device, n_threads, checkpoint,
    progress
        As in :class:`VAE`.

    Attributes
    ----------
    networks_, image_shape_, image_rule_, history_, outcome_, active_dimensions_, trained_with_
        As in :class:`VAE`; ``history_`` has ``reconstruction``. A dimension is active if it
        differs between images.

    Examples
    --------
    >>> import vaewidgets as vw
    >>> from sklearn.decomposition import PCA
    >>> images, _ = vw.datasets.load_digits()
    >>> codes = PCA(8).fit_transform(images.as_float().reshape(len(images), -1))
    >>> decoder = vw.Decoder(max_epochs=2, progress=False).fit(images, codes)
    >>> decoder.inverse_transform(codes[:3]).shape
    (3, 8, 8, 1)
    """

    NETWORKS = ("auto", "mlp", "conv", "dual_conv")

    def __init__(
        self,
        encoder: Encoder | None = None,
        *,
        network: str = "auto",
        network_settings: dict[str, int] | None = None,
        likelihood: str = "gaussian",
        noise: float = 0.1,
        max_epochs: int | str = "auto",
        batch_size: int = 128,
        learning_rate: float = 4e-3,
        schedule: str = "one_cycle",
        random_state: Any = 0,
        device: str = "auto",
        n_threads: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool | str | Callback = "auto",
    ) -> None:
        self.encoder = encoder
        self.network = network
        self.network_settings = network_settings
        self.likelihood = likelihood
        self.noise = noise
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.checkpoint = checkpoint
        self.progress = progress

    def fit(self, images: Any, y: Any = None) -> Self:
        """Learn to decode given codes.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            At least two that differ.
        y : array, shape (n, d)
            The code of each image; d is 1 to 4096. Of images of which some could not be read, a
            row for each that was asked for is taken too.

        Raises
        ------
        ValueError, TypeError
            As :meth:`VAE.fit`; codes that are no table of finite numbers, or not one for each
            image.
        """
        if y is None:
            raise TypeError("codes are missing: fit(images, codes) learns to decode them")
        self.check_params()
        checked = check_learnable(as_images(images))
        codes = _codes_of(y, checked)
        contents = contents_of(checked.pixels)

        def prepare(networks: EncoderDecoder) -> None:
            given, decoder = networks.encoder, networks.decoder
            assert isinstance(given, GivenCodes)
            assert isinstance(decoder, Standardised)
            given.set(codes, contents)
            decoder.measure(codes)

        sizes = {"n_latent": codes.shape[1], "n_known": len(codes)}
        return self._fit(checked, sizes=sizes, prepare=prepare, about=_about(codes))

    def partial_fit(self, images: Any, y: Any = None, *, epochs: int | None = None) -> Self:
        """Go on learning, from the same codes or from those of other images.

        Images that were known before are still known. See :meth:`VAE.partial_fit`.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
        y : array, shape (n, d)
            The code of each image, as long as those before.
        epochs : int, optional
        """
        if not hasattr(self, "networks_"):
            return self.fit(images, y)
        self.check_params()
        more = None if epochs is None else check_integer("epochs", epochs, 1)
        if y is None:
            raise TypeError("codes are missing: partial_fit(images, codes) learns to decode them")
        checked = check_learnable(self._matched(images, self.networks_))
        codes = _codes_of(y, checked)
        if codes.shape[1] != self.n_latent:
            raise ValueError(
                f"codes have {codes.shape[1]} numbers each; accepted: {self.n_latent}"
            )
        contents = contents_of(checked.pixels)

        def prepare(networks: EncoderDecoder) -> None:
            given = networks.encoder
            assert isinstance(given, GivenCodes)
            networks.encoder = given.joined(codes, contents)
            n_known = len(networks.encoder.codes)
            networks.architecture = replace(networks.architecture, n_known=n_known)

        return self._go_on(checked, more, prepare=prepare, about=_about(codes))

    def check_own_params(self) -> None:
        """Check encoder, likelihood and noise."""
        if self.encoder is not None and not callable(self.encoder):
            raise TypeError(
                f"encoder is {self.encoder!r}; accepted: a function of images, or None"
            )
        check_choice("likelihood", self.likelihood, LIKELIHOODS)
        check_real("noise", self.noise, 0.0, math.inf, open_end=False)

    def _check_latent(self) -> None:
        """Do nothing: codes are given."""

    @property
    def n_latent(self) -> int:
        """Numbers in a code, known once the model is fitted; 1 before."""
        return self.networks_.architecture.n_latent if hasattr(self, "networks_") else 1

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size, with place for one code."""
        plain = super().architecture(height, width, channels)
        return replace(plain, code="given", n_known=1)

    def objective(self, n_epochs: int) -> Objective:
        """Return the cost of a decoded code."""
        return DecodeGiven(PixelLikelihood(self.likelihood), float(self.noise))

    def score(self, images: Any, y: Any = None) -> float:
        """Return minus the mean squared error of a pixel; higher is better, 0 is perfect.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.
        y : array, shape (n, d), optional
            Their codes, for images that the model was not fitted on.
        """
        check_is_fitted(self)
        networks = self.networks_
        checked = self._matched(images, networks)
        codes = self.transform(checked) if y is None else _codes_of(y, checked)
        return -squared_error(networks, checked.pixels, codes, self.likelihood)

    def _encode(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Look up the codes of known images; the encoder makes those of others."""
        check_is_fitted(self)
        networks = self.networks_
        checked = self._matched(images, networks)
        given = networks.encoder
        assert isinstance(given, GivenCodes)
        rows = given.find(contents_of(checked.pixels))
        codes = given.codes.cpu().numpy()[rows]
        new = np.flatnonzero(rows < 0)
        if new.size:
            if self.encoder is None:
                raise ValueError(
                    f"the codes of {len(new)} of the {len(checked)} images are not known, the "
                    f"first is image {new[0]}; accepted: images that the model was fitted on, or, "
                    "with encoder=, any"
                )
            made = as_array(self.encoder(checked[new]))
            if made.shape != (len(new), codes.shape[1]) or not np.isfinite(made).all():
                raise ValueError(
                    f"encoder gives {made.dtype} of shape {made.shape} for {len(new)} images; "
                    f"accepted: finite numbers of shape ({len(new)}, {codes.shape[1]})"
                )
            codes[new] = made
        return codes, np.zeros_like(codes)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _about(codes: NDArray[np.float32]) -> dict[str, str]:
    """Say which codes a training learned from."""
    return {"codes_sha256": hashlib.sha256(codes.tobytes()).hexdigest()}


def _codes_of(y: Any, images: Images) -> NDArray[np.float32]:
    """Return one code for each image, or say what is wrong."""
    codes = code_table(as_array(y), "codes")
    if len(codes) == images.n_input != len(images):
        codes = codes[images.positions]
    if len(codes) != len(images):
        raise ValueError(f"codes are {len(codes)} rows; accepted: {len(images)}, one an image")
    if codes.shape[1] > MAX_LATENT:
        raise ValueError(f"codes have {codes.shape[1]} numbers each; accepted: up to {MAX_LATENT}")
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(codes, dtype=np.float32)
    if not np.isfinite(narrow).all():
        raise ValueError("codes hold numbers too large for float32")
    return narrow
