"""scikit-learn's transformers of rows of numbers, seen as models of images."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.images import ImageRule, Images
from vaewidgets.latent.asking import check_codes, has_inverse, images_for

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Range = tuple[float, float]


class FlatModel:
    """A fitted transformer of flattened images, seen as a model of images.

    Parameters
    ----------
    transformer : object
        With ``transform(rows) -> codes``: of scikit-learn or made like it (PCA, a Pipeline, a
        search, UMAP); ``inverse_transform`` is offered if it has one.
    image_shape : (height, width, channels), optional
        Taken from the first images transformed where it is not given.
    image_rule : ImageRule, optional
        How those images were loaded; from the first images too.
    value_range : (low, high), default (0, 1)
        What black and white were in the rows that it was fitted on.

    Raises
    ------
    ValueError
        If it is not fitted, or was fitted on other numbers than ``value_range`` says.
    """

    def __init__(
        self,
        transformer: Any,
        image_shape: tuple[int, int, int] | None = None,
        image_rule: ImageRule | None = None,
        value_range: Range = (0.0, 1.0),
    ) -> None:
        check_fitted(transformer)
        self._low, self._high = check_range(value_range)
        _check_brightness(transformer, self._high)
        self.transformer = snapshot(transformer)
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
        name = type(self.transformer).__name__
        return check_codes(self.transformer.transform(self._rows(images)), len(images), name)

    def _rows(self, images: Images) -> NDArray[np.float32]:
        """Return images as the rows that the transformer was fitted on."""
        rows: NDArray[np.float32] = images.as_float().reshape(len(images), -1)
        if (self._low, self._high) != (0.0, 1.0):
            rows *= np.float32(self._high - self._low)
            rows += np.float32(self._low)
        return rows

    def _inverse_transform(self, codes: ArrayLike) -> NDArray[np.float32]:
        """Return images of codes, shape (n, height, width, channels), clipped to [0, 1]."""
        if self.image_shape is None:
            raise ValueError("the shape of the images is not known before transform(images)")
        rows = np.asarray(self.transformer.inverse_transform(np.atleast_2d(codes)))
        if rows.ndim != 2 or rows.shape[1] != int(np.prod(self.image_shape)):
            raise ValueError(
                f"{type(self.transformer).__name__}.inverse_transform gives {rows.shape[1:]} "
                f"numbers an image, but images of shape {self.image_shape} have "
                f"{int(np.prod(self.image_shape))}"
            )
        values = (rows - self._low) / (self._high - self._low)
        images: NDArray[np.float32] = np.clip(values, 0.0, 1.0).astype(np.float32)
        return images.reshape(-1, *self.image_shape)

    def _set_shape(self, shape: tuple[int, int, int]) -> None:
        """Keep the images' shape if their number of pixels is what the transformer takes."""
        n_features = n_features_of(self.transformer)
        if n_features is not None and int(np.prod(shape)) != n_features:
            raise ValueError(
                f"{type(self.transformer).__name__} was fitted on {n_features} numbers an image, "
                f"but images of shape {shape} have {int(np.prod(shape))}: load them at the size "
                "and in the channels of the images that it was fitted on, load_images(..., "
                "size=(height, width), channels=...)"
            )
        self.image_shape = shape


def first_step(model: Any) -> Any:
    """Return what is shown the data first: itself, or the first step of a Pipeline or search."""
    while True:
        best = getattr(model, "best_estimator_", None)
        steps = getattr(model, "steps", None)
        if best is not None:
            model = best
        elif isinstance(steps, list) and (real := _real(steps)):
            model = real[0]
        else:
            return model


def takes_images(model: Any) -> bool:
    """Tell a model of images, alone or at the head of a Pipeline, from one of flat rows."""
    return hasattr(first_step(model), "image_shape_")


def n_features_of(model: Any) -> int | None:
    """Return how many numbers a row had in the fit, where it is known."""
    for known in (model, first_step(model)):
        n_features = getattr(known, "n_features_in_", None)
        if n_features is not None:
            return int(n_features)
    rows = getattr(first_step(model), "_raw_data", None)  # UMAP keeps the rows themselves
    return int(np.shape(rows)[1]) if rows is not None and np.ndim(rows) == 2 else None


def snapshot(model: Any) -> Any:
    """Copy a model so that fitting the original again does not change the copy.

    A fit puts new arrays in place of the old ones, so those need no copy; but the lists of steps
    that Pipelines and unions hold are shared by shallow copies.
    """
    made = copy.copy(model)
    for name in ("steps", "transformer_list"):
        parts = getattr(model, name, None)
        if isinstance(parts, list):
            setattr(made, name, [(key, snapshot(part), *rest) for key, part, *rest in parts])
    best = getattr(model, "best_estimator_", None)
    if best is not None:
        made.best_estimator_ = snapshot(best)
    return made


def check_fitted(model: Any) -> None:
    """Refuse what scikit-learn would say is not fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise ValueError(
            f"{type(model).__name__} is not fitted: call fit(images.as_float().reshape("
            "len(images), -1)) first"
        ) from error
    except TypeError:  # no estimator of scikit-learn's kind: it must know by itself
        return


def check_range(value_range: Any) -> Range:
    """Return (low, high) as floats, or say what is accepted."""
    try:
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"value_range is {value_range!r}; accepted: (low, high), for example (0, 255)"
        ) from error
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            f"value_range is {value_range!r}; accepted: two finite numbers, low < high"
        )
    return low, high


def _check_brightness(model: Any, high: float) -> None:
    """Refuse what was plainly fitted on brighter rows than it is going to be shown."""
    first = first_step(model)
    for name, what in (("mean_", "mean"), ("data_max_", "largest"), ("_raw_data", "largest")):
        seen = getattr(first, name, None)
        if seen is None or np.ndim(seen) == 0 or not np.size(seen):
            continue
        top = float(np.max(seen))
        if top > high + 1e-3 * abs(high):
            raise ValueError(
                f"{type(model).__name__} was fitted on brighter values than [0, {high:g}] (their "
                f"{what} reaches {top:.3g}): fit it on images.as_float().reshape(len(images), "
                "-1), or say what white was, vaewidgets.latent.as_model(model, images, "
                "value_range=(0, 255))"
            )


def _real(steps: list[Any]) -> list[Any]:
    """Return the steps of a Pipeline that do something."""
    return [step for _, step in steps if step is not None and not isinstance(step, str)]
