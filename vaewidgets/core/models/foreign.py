"""Encoders and decoders of anybody, made with torch, as models that widgets take."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from vaewidgets.core.loop.devices import choose_device
from vaewidgets.core.loop.feeding import float_batch
from vaewidgets.core.models.checks import check_choice, check_codes_given, check_integer
from vaewidgets.core.models.foreign_parts import (
    both,
    check_encoded,
    copied,
    mean_and_std,
    module_of,
    tensor_of,
)
from vaewidgets.gaussians import Gaussians
from vaewidgets.images import ImageRule, match_images
from vaewidgets.images.rule import CHANNELS, FITS, parse_size
from vaewidgets.latent.flat import check_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Shape = tuple[int, int, int]
    Spread = Tensor | None

SPREADS = ("log_var", "std")
FAR = 1.0  # beyond black and white, in units of their distance: more is no overshoot


def from_torch(
    encoder: Any,
    decoder: Any = None,
    *,
    size: int | tuple[int, int],
    channels: str = "rgb",
    value_range: tuple[float, float] = (0.0, 1.0),
    flatten: bool = False,
    spread: str = "log_var",
    fit: str = "pad",
    background: str | tuple[int, int, int] = "white",
    batch_size: int = 64,
    device: str | None = None,
) -> TorchModel:
    """Make a model of networks that were trained elsewhere, for every widget and function.

    Modules are copied here and set to eval mode: training the originals again changes nothing,
    and their own mode is left as it is. Nothing is learned, and no gradients are kept. Functions
    are called as they are: the modules that they use should be in eval mode.

    Parameters
    ----------
    encoder : nn.Module or callable
        Batches of images (b, channels, height, width), float32, to codes: a tensor (b, ...), a
        mean and a second tensor (see ``spread``), a distribution with ``mean`` and ``stddev`` or
        ``std``, or an object that holds one as ``latent_dist``. A module with ``encode``, and
        perhaps ``decode``, is taken for both; so is one with the modules ``encoder`` and
        ``decoder``. A module with neither, whose ``forward`` returns (images, mean, log_var),
        is taken for its mean and log_var. Codes of several axes are laid out flat.
    decoder : nn.Module or callable, optional
        Codes, of the shape that the encoder gives, to images in ``value_range``:
        (b, channels, height, width), or flat; alone, the first of several, ``sample`` of an
        object or the mean of a distribution. Without one nothing is decoded.
    size : int or (height, width)
        Of the images that the networks take; an int means a square.
    channels : {"rgb", "gray"}, default "rgb"
    value_range : (low, high), default (0, 1)
        Black and white as the networks know them: (-1, 1) and (0, 255) are usual too.
    flatten : bool, default False
        Show the encoder rows (b, channels * height * width) rather than images.
    spread : {"log_var", "std"}, default "log_var"
        What the second of two tensors is: the logarithm of the variance, or the standard
        deviation.
    fit, background
        How new files and PIL images come to that size, as in :func:`load_images`.
    batch_size : int >= 1, default 64
        Images at once: bounds the memory.
    device : str, optional
        "cpu", "cuda", ...; by default where the weights of the encoder are.

    Returns
    -------
    TorchModel
        With ``transform``, and as far as the networks allow it, ``inverse_transform`` and
        ``posterior``.

    Raises
    ------
    TypeError, ValueError
        For arguments that are not accepted, and for networks that do not fit the size, do not
        fit each other, or give other codes for the same image each time. All is tried once here.

    Examples
    --------
    >>> model = vaewidgets.from_torch(mine, size=28, channels="gray")  # doctest: +SKIP
    >>> vaewidgets.Interpolator(model, images=images)  # doctest: +SKIP
    """
    check_choice("channels", channels, tuple(CHANNELS))
    check_choice("spread", spread, SPREADS)
    check_choice("fit", fit, FITS)
    sides = parse_size(size)
    if sides is None:
        raise TypeError("size is None; accepted: a number of pixels or (height, width)")
    encoder, decoder = both(encoder, decoder)
    memo: dict[int, Any] = {}  # what encoder and decoder share is copied once
    networks = _Networks(
        copied(encoder, "encoder", memo),
        None if decoder is None else copied(decoder, "decoder", memo),
        (*sides, CHANNELS[channels]),
        value_range=check_range(value_range),
        flatten=bool(flatten),
        spread=spread,
        batch_size=check_integer("batch_size", batch_size, 1),
        device=None if device is None else choose_device(device),
    )
    kind = KINDS[networks.has_spread, decoder is not None]
    return kind(networks, ImageRule.of(fit, background))


class TorchModel:
    """Networks of somebody else's, asked as the models of this library; see :func:`from_torch`.

    Attributes
    ----------
    image_shape_ : (height, width, channels)
    image_rule_ : ImageRule
    n_latent : int
        Numbers in a code.
    """

    def __init__(self, networks: _Networks, rule: ImageRule) -> None:
        self._networks = networks
        self.image_shape_, self.image_rule_ = networks.shape, rule
        self.n_latent = math.prod(networks.code_shape)

    def __repr__(self) -> str:
        height, width, channels = self.image_shape_
        codes = f"{self.n_latent} numbers"
        return f"<TorchModel: images of {height} x {width} x {channels}, codes of {codes}>"

    def transform(self, images: Any) -> NDArray[np.float32]:
        """Return the code of each image, the mean where it is a distribution.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            Files and PIL images are brought to the size and channels of the networks.

        Returns
        -------
        ndarray, shape (n, n_latent), float32
        """
        return self._encode(images)[0]

    def _encode(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        matched = match_images(images, self.image_shape_, self.image_rule_)
        return self._networks.encode(matched.pixels)


# A class for each set of verbs: what a model cannot do must not be there to be found.


class _Spreading(TorchModel):
    """One that knows how sure each code is."""

    def posterior(self, images: Any) -> Gaussians:
        """Return the Gaussian over codes of each image; see :meth:`transform`."""
        return Gaussians(*self._encode(images))


class _Decoding(TorchModel):
    """One that decodes."""

    def inverse_transform(self, z: ArrayLike) -> NDArray[np.float32]:
        """Decode codes to images.

        Parameters
        ----------
        z : array, shape (n, n_latent)
            Codes, finite.

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32 in [0, 1]
        """
        return self._networks.decode(check_codes_given(z, self.n_latent))


class _Whole(_Spreading, _Decoding):
    """One that does both."""


KINDS = {  # by whether there is a spread, and whether it decodes
    (False, False): TorchModel,
    (True, False): _Spreading,
    (False, True): _Decoding,
    (True, True): _Whole,
}


class _Networks:
    """An encoder and perhaps a decoder, run in batches, and tried once at the beginning."""

    def __init__(
        self,
        encoder: Callable[..., Any],
        decoder: Callable[..., Any] | None,
        shape: Shape,
        *,
        value_range: tuple[float, float],
        flatten: bool,
        spread: str,
        batch_size: int,
        device: torch.device | None,
    ) -> None:
        self.shape = shape
        self._low, self._high = value_range
        self._flatten, self._spread, self._batch_size = flatten, spread, batch_size
        self._encoder, self._decoder = encoder, decoder
        parts = [part for part in map(module_of, (encoder, decoder)) if part is not None]
        if device is not None:
            for part in parts:
                part.to(device)
        weight = next((w for part in parts for w in part.parameters()), torch.zeros(0))
        self._device = weight.device if device is None else device
        self._dtype = weight.dtype if weight.is_floating_point() else torch.float32
        self.has_spread = False
        self.code_shape: tuple[int, ...] = ()
        with torch.no_grad():
            self._try()

    def encode(self, pixels: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean and standard deviation (n, d) of pixels (n, h, w, c); 0 where unknown."""
        mean = np.zeros((len(pixels), math.prod(self.code_shape)), np.float32)
        std = np.zeros_like(mean)
        with torch.no_grad():
            for start in range(0, len(pixels), self._batch_size):
                rows = slice(start, start + self._batch_size)
                # a copy: collections are read-only, of which torch warns
                batch = torch.from_numpy(np.array(pixels[rows]))
                means, stds = self._encoded(float_batch(batch))
                mean[rows] = means.reshape(len(means), -1).numpy()
                if stds is not None:
                    std[rows] = stds.reshape(len(stds), -1).numpy()
        return mean, std

    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the images (n, h, w, c) in [0, 1] of codes (n, d)."""
        images = np.empty((len(codes), *self.shape), np.float32)
        with torch.no_grad():
            for start in range(0, len(codes), self._batch_size):
                rows = slice(start, start + self._batch_size)
                decoded = self._decoded(torch.from_numpy(codes[rows]))
                images[rows] = decoded.clamp(0.0, 1.0).numpy()
        return images

    def _encoded(self, batch: Tensor) -> tuple[Tensor, Spread]:
        """Return mean and standard deviation of a batch (b, c, h, w) in [0, 1], on the CPU."""
        batch = batch.to(self._device) * (self._high - self._low) + self._low
        batch = (batch.flatten(1) if self._flatten else batch).contiguous().to(self._dtype)
        mean, std = mean_and_std(self._encoder(batch), self._spread)
        return mean.float().cpu(), None if std is None else std.float().cpu()

    def _decoded(self, codes: Tensor) -> Tensor:
        """Return images (b, h, w, c) of codes (b, n_latent), on the CPU; about 0 to 1."""
        if self._decoder is None:
            raise TypeError("there is no decoder")
        batch = codes.reshape(len(codes), *self.code_shape).to(self._device, self._dtype)
        height, width, channels = self.shape
        images = tensor_of(self._decoder(batch), "decoder").float().cpu()
        if images.numel() != len(codes) * height * width * channels or (
            images.dim() == 4 and images.shape[1:] != (channels, height, width)
        ):
            raise ValueError(
                f"decoder gives images of shape {tuple(images.shape[1:])}, expected "
                f"{(channels, height, width)} (channels, height, width) or as many numbers flat"
            )
        images = (images.reshape(-1, channels, height, width) - self._low) / (
            self._high - self._low
        )
        return images.permute(0, 2, 3, 1)

    def _try(self) -> None:
        """Encode and decode once, to refuse now what could not work later."""
        height, width, channels = self.shape
        generator = torch.Generator().manual_seed(0)
        batch = torch.rand((2, channels, height, width), generator=generator)
        try:
            mean, std = self._encoded(batch)
            again, _ = self._encoded(batch)
        except RuntimeError as error:
            raise ValueError(
                f"encoder fails on images of {tuple(batch.shape)} (n, channels, height, width): "
                f"{error}. Accepted: the size and channels that it was trained on, and "
                "flatten=True where it takes rows"
            ) from error
        check_encoded(mean, std, again)
        self.code_shape = tuple(mean.shape[1:])
        self.has_spread = std is not None
        if self._decoder is None:
            return
        try:
            decoded = self._decoded(mean.reshape(2, -1))
        except RuntimeError as error:
            raise ValueError(
                f"decoder fails on the encoder's codes of shape {tuple(mean.shape)}: {error}"
            ) from error
        self._check_decoded(decoded)

    def _check_decoded(self, images: Tensor) -> None:
        """Say so if what is decoded lies far outside of black and white."""
        low, high = float(images.min()), float(images.max())
        if low >= -FAR and high <= 1 + FAR:
            return
        span = self._high - self._low
        warnings.warn(
            f"decoder gives values from {low * span + self._low:.3g} to "
            f"{high * span + self._low:.3g}, and value_range is ({self._low:g}, {self._high:g}); "
            "what is outside is cut off. Pass the value_range that it was trained on, or, where "
            "it gives logits, decoder=lambda z: net.decode(z).sigmoid()",
            RuntimeWarning,
            stacklevel=5,
        )
