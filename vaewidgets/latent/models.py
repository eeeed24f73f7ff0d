"""What is taken for a model."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from vaewidgets.latent.asking import encodes, has_inverse, has_posterior
from vaewidgets.latent.flat import FlatModel, Range, check_fitted, snapshot, takes_images

if TYPE_CHECKING:
    from vaewidgets.images import Images

UNIT = (0.0, 1.0)


def as_model(model: Any, images: Images | None = None, *, value_range: Range = UNIT) -> Any:
    """Take a snapshot of a model that widgets can rely on.

    Parameters
    ----------
    model : object
        A fitted VAE of this library; any object with ``transform(images) -> (n, d)`` and
        ``inverse_transform(codes) -> (n, height, width, channels)``, as far as it has them; or a
        fitted transformer of flattened images, of scikit-learn or made like it: PCA, a Pipeline,
        a search, UMAP. A Pipeline whose first step is a model of images is one itself.
    images : Images, optional
        For transformers of flattened images: what the images look like. Without it they learn
        this from the first images they are shown.
    value_range : (low, high), default (0, 1)
        For transformers of flattened images: what black and white were in the rows that it was
        fitted on, (0, 255) for instance.

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
        If it is a transformer that is not fitted, or that does not fit the images.
    """
    if isinstance(model, type):
        raise TypeError(f"model must be a fitted model, got the class {model.__name__}: fit one")
    if not encodes(model):
        raise TypeError(
            "model must have transform(images) -> codes, like a fitted VAE or scikit-learn's PCA, "
            f"got {type(model).__name__}" + _why_not(model)
        )
    if isinstance(model, FlatModel):
        return model
    if not has_posterior(model) and _is_transformer_of_rows(model):
        if images is None:
            return FlatModel(model, value_range=value_range)
        return FlatModel(model, images.image_shape, images.rule, value_range)
    if value_range != UNIT:
        raise ValueError(
            f"value_range is about transformers of flattened images; {type(model).__name__} is a "
            "model of images and knows its own"
        )
    return snapshot(model) if takes_images(model) else copy.copy(model)


def _why_not(model: Any) -> str:
    """Say why something that is fitted has no transform, where that is known."""
    if hasattr(model, "fit_transform"):
        return ": it has no transform because it places only the rows it was fitted on"
    if has_inverse(model):
        return ": it only decodes"
    return ""


def _is_transformer_of_rows(model: Any) -> bool:
    """Tell a transformer of flat rows from a model of images, without importing scikit-learn."""
    if takes_images(model):
        check_fitted(model)
        return False
    names = {base.__module__.split(".")[0] for base in type(model).__mro__}
    return hasattr(model, "n_features_in_") or bool(names & {"sklearn", "umap"})
