"""What models are asked: one small protocol a verb, and the answers checked.

A model need not be of a class. It encodes, and whatever else it can do it shows by a method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from vaewidgets.arguments.arrays import as_array
from vaewidgets.images import ImageRule, Images, as_images, match_images

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.gaussians import Gaussians


@runtime_checkable
class Encodes(Protocol):
    """Turns images into codes: all that a map asks."""

    def transform(self, images: Any) -> NDArray[np.floating[Any]]:
        """Return the codes of images, shape (n, d); the same at every call."""
        ...


LatentModel = Encodes  # its name before there were others


@runtime_checkable
class Decodes(Protocol):
    """Turns codes into images: what paths and sliders ask."""

    def inverse_transform(self, codes: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the images of codes, shape (n, height, width, channels), in [0, 1]."""
        ...


@runtime_checkable
class HasSpread(Protocol):
    """Knows how sure each code is: what samples and distances between distributions ask."""

    def posterior(self, images: Any) -> Gaussians:
        """Return the Gaussian over codes of each image; its mean is what ``transform`` gives."""
        ...


def encodes(model: Any) -> bool:
    """Tell whether the model can turn images into codes."""
    return callable(getattr(model, "transform", None))


def has_inverse(model: Any) -> bool:
    """Tell whether the model can turn codes back into images."""
    return callable(getattr(model, "inverse_transform", None))


def has_posterior(model: Any) -> bool:
    """Tell whether the model knows the spread of its codes."""
    return callable(getattr(model, "posterior", None))


def images_for(model: Any, images: Any) -> Images:
    """Load images in the form that a model takes, where it says which.

    Parameters
    ----------
    model : object
        With ``image_shape_`` or ``image_shape``, (height, width, channels), and perhaps
        ``image_rule_``, what :attr:`Images.rule` was of the images it was fitted on.
    images : Images or anything ``load_images`` takes

    Raises
    ------
    ValueError
        For arrays of another form, with what brings them to the model's.
    """
    shape = shape_of(model)
    if shape is None:
        return as_images(images)
    return match_images(images, shape, rule_of(model))


def shape_of(model: Any) -> tuple[int, int, int] | None:
    """Return (height, width, channels) of a model's images, where it says so."""
    for name in ("image_shape_", "image_shape"):
        shape = getattr(model, name, None)
        if isinstance(shape, (tuple, list)) and len(shape) == 3:
            height, width, channels = (int(size) for size in shape)
            return height, width, channels
    return None


def rule_of(model: Any) -> ImageRule | None:
    """Return how the images that a model was fitted on were loaded, where it says so."""
    rule = getattr(model, "image_rule_", None)
    return rule if isinstance(rule, ImageRule) else None


def encode(model: Any, images: Any) -> tuple[NDArray[np.float32], Gaussians | None]:
    """Return codes and, where the model knows it, their spread; both checked.

    Returns
    -------
    codes : ndarray, shape (n, d), float32
    posterior : Gaussians or None

    Raises
    ------
    ValueError
        If the model gives codes that are not (n, d) finite numbers.
    """
    images = images_for(model, images)
    name = type(model).__name__
    if not has_posterior(model):
        return check_codes(model.transform(images), len(images), name), None
    posterior = model.posterior(images)
    return check_codes(posterior.mean, len(images), name), posterior


def check_codes(codes: Any, n_images: int, name: str = "the model") -> NDArray[np.float32]:
    """Return codes as float32 (n, d), or say what is wrong with them."""
    array = as_array(codes)
    if array.ndim != 2 or len(array) != n_images or array.shape[1] == 0:
        raise ValueError(
            f"{name}.transform must give codes of shape ({n_images}, d), got {array.shape}"
        )
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name}.transform must give numbers, got {array.dtype}")
    array = array.astype(np.float32)
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{name}.transform gives codes that are not finite for {int(bad.sum())} images, the "
            f"first is image {int(np.argmax(bad))}"
        )
    return array
