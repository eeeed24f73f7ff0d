"""What is taken for a model, and the codes it gives."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from vaewidgets.images import ImageRule, Images, as_images, match_images

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.gaussians import Gaussians


@runtime_checkable
class LatentModel(Protocol):
    """What widgets ask of a model. ``inverse_transform`` and ``posterior`` are optional.

    A model may also have ``posterior(images) -> Gaussians``, the spread of each code.
    """

    def transform(self, images: Any) -> NDArray[np.floating[Any]]:
        """Return the codes of images, shape (n, d); the same at every call."""
        ...


def has_posterior(model: Any) -> bool:
    """Tell whether the model knows the spread of its codes."""
    return callable(getattr(model, "posterior", None))


def has_inverse(model: Any) -> bool:
    """Tell whether the model can turn codes back into images."""
    return callable(getattr(model, "inverse_transform", None))


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


def as_model(model: Any, images: Images | None = None) -> Any:
    """Take a snapshot of a model that widgets can rely on.

    Parameters
    ----------
    model : object
        A fitted VAE of this library, any object with ``transform(images) -> (n, d)`` and
        ``inverse_transform(codes) -> (n, height, width, channels)``, or a fitted scikit-learn
        transformer of flattened images (PCA, for instance).
    images : Images, optional
        For scikit-learn transformers: what the images look like. Without it a transformer learns
        this from the first images it is shown.

    Returns
    -------
    object with ``transform`` and, as far as the model has them, ``inverse_transform`` and
    ``posterior``
        A shallow copy: fitting the original again does not change it.

    Raises
    ------
    TypeError
        If the model has no ``transform``.
    ValueError
        If it is a scikit-learn transformer that is not fitted, or that does not fit the images.
    """
    if isinstance(model, type):
        raise TypeError(f"model must be a fitted model, got the class {model.__name__}: fit one")
    if not callable(getattr(model, "transform", None)):
        raise TypeError(
            "model must have transform(images) -> codes, like a fitted VAE or scikit-learn's PCA, "
            f"got {type(model).__name__}"
            + (
                ": it has no transform because it places only the rows it was fitted on"
                if hasattr(model, "fit_transform")
                else ""
            )
        )
    if isinstance(model, FlatModel):
        return model
    if not has_posterior(model) and _is_sklearn_transformer(model):
        known = (None, None) if images is None else (images.image_shape, images.rule)
        return FlatModel(model, *known)
    return copy.copy(model)


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
    array = np.asarray(codes)
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


class FlatModel:
    """A fitted scikit-learn transformer of flattened images, seen as a model of images.

    Parameters
    ----------
    transformer : object
        With ``transform`` and ``n_features_in_``; ``inverse_transform`` is offered if it has it.
    image_shape : (height, width, channels), optional
        Taken from the first images transformed where it is not given.
    image_rule : ImageRule, optional
        How those images were loaded; from the first images too.
    """

    def __init__(
        self,
        transformer: Any,
        image_shape: tuple[int, int, int] | None = None,
        image_rule: ImageRule | None = None,
    ) -> None:
        if not hasattr(transformer, "n_features_in_"):
            raise ValueError(
                f"{type(transformer).__name__} is not fitted: call fit(images.reshape(n, -1)) "
                "first"
            )
        centre = getattr(transformer, "mean_", None)
        if centre is not None and np.max(centre) > 1.0:
            raise ValueError(
                f"{type(transformer).__name__} was fitted on brighter values than [0, 1] (their "
                f"mean reaches {np.max(centre):.3g}): fit it on images.as_float().reshape(n, -1)"
            )
        self.transformer = copy.copy(transformer)
        self.image_shape: tuple[int, int, int] | None = None
        self.image_rule_ = image_rule
        if image_shape is not None:
            self._set_shape(image_shape)
        if has_inverse(transformer):
            # Bound only where it can work, so that has_inverse tells the truth.
            self.inverse_transform = self._inverse_transform

    def __repr__(self) -> str:
        return f"FlatModel({self.transformer!r})"

    def transform(self, images: Any) -> NDArray[np.float32]:
        """Return the codes of images, shape (n, d), float32."""
        images = images_for(self, images)
        if self.image_shape is None:
            self._set_shape(images.image_shape)
            self.image_rule_ = images.rule
        flat = images.as_float().reshape(len(images), -1)
        name = type(self.transformer).__name__
        return check_codes(self.transformer.transform(flat), len(images), name)

    def _inverse_transform(self, codes: ArrayLike) -> NDArray[np.float32]:
        """Return images of codes, shape (n, height, width, channels), clipped to [0, 1]."""
        if self.image_shape is None:
            raise ValueError("the shape of the images is not known before transform(images)")
        flat = np.asarray(self.transformer.inverse_transform(np.atleast_2d(codes)))
        images: NDArray[np.float32] = np.clip(flat, 0.0, 1.0).astype(np.float32)
        return images.reshape(-1, *self.image_shape)

    def _set_shape(self, shape: tuple[int, int, int]) -> None:
        """Keep the images' shape if their number of pixels is what the transformer takes."""
        n_features = int(self.transformer.n_features_in_)
        if int(np.prod(shape)) != n_features:
            raise ValueError(
                f"{type(self.transformer).__name__} was fitted on {n_features} numbers an image, "
                f"but images of shape {shape} have {int(np.prod(shape))}"
            )
        self.image_shape = shape


def _is_sklearn_transformer(model: Any) -> bool:
    """Tell a transformer of flat rows from a model of images, without importing scikit-learn."""
    from_sklearn = any(base.__module__.split(".")[0] == "sklearn" for base in type(model).__mro__)
    return hasattr(model, "n_features_in_") or (
        from_sklearn and not hasattr(model, "image_shape_")
    )
