"""One image at a time: chosen, encoded, decoded, checked, and packed for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vaewidgets import latent
from vaewidgets.arguments.numbers import is_whole
from vaewidgets.gaussians import Gaussians
from vaewidgets.images import Images, as_images, check_image, load_images

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Shown:
    """An image a person chose and what the model makes of it."""

    image: NDArray[np.float32]  # (height, width, channels), [0, 1]
    code: Gaussians  # one row; std 0 where the model does not know it
    row: int | None  # place in the collection, None for an image from elsewhere


class Pictures:
    """A model, the collection it is shown with, and the images it makes.

    Parameters
    ----------
    widget : str
        Name of the widget, for messages.
    model : object
        See :func:`vaewidgets.latent.as_model`; must have ``inverse_transform``.
    images : Images or None
        The collection.
    example : array, PIL image or None
        Where there is no collection: an image that tells a model without ``image_shape_`` what
        its images look like.

    Raises
    ------
    TypeError
        If the model cannot make images of codes.
    """

    def __init__(
        self, widget: str, model: Any, images: Images | None, example: Any = None
    ) -> None:
        _check_inverse(widget, model)
        self.images = images
        known = images
        if known is None and latent.shape_of(model) is None:
            known = _alone(example)
        self.model = latent.as_model(model, known)
        shape = known.image_shape if known else latent.shape_of(self.model)
        if shape is None:
            raise ValueError(f"{widget} needs an image, or images= to take one from")
        self.shape: Shape = shape
        self.name = type(model).__name__
        self.has_posterior = latent.has_posterior(self.model)

    def find(self, source: Any, name: str) -> Shown:
        """Take an image, or the row of one, and encode it."""
        row = None
        if is_whole(source):
            if self.images is None:
                raise TypeError(f"{name} is the row {source}, but there are no images= to look in")
            row = check_row(int(source), len(self.images), name)
            image = self.images.as_float([row])[0]
        elif source is None or isinstance(source, (bool, float, complex)):
            raise TypeError(f"{name} must be an image or a row of images=, got {source!r}")
        else:
            image = check_image(source, self.shape, name, latent.rule_of(self.model))
        mean, posterior = latent.encode(self.model, Images(image[np.newaxis]))
        code = posterior if posterior is not None else Gaussians(mean, np.zeros_like(mean))
        return Shown(image, code, row)

    def decode(self, codes: ArrayLike) -> NDArray[np.float32]:
        """Return images of codes, (n, height, width, channels) in [0, 1], or say what is wrong."""
        codes = np.asarray(codes, dtype=np.float32)
        images = np.asarray(self.model.inverse_transform(codes))
        if images.shape != (len(codes), *self.shape):
            raise ValueError(
                f"{self.name}.inverse_transform gives images of shape {images.shape[1:]}, "
                f"{self.shape} is needed"
            )
        if not np.isfinite(images).all():
            raise ValueError(
                f"{self.name}.inverse_transform gives pixels that are not finite numbers for this "
                "code: nothing can be shown"
            )
        clipped: NDArray[np.float32] = np.clip(images, 0.0, 1.0).astype(np.float32)
        return clipped

    @property
    def size(self) -> dict[str, int]:
        """Height, width and channels, as messages name them."""
        height, width, channels = self.shape
        return {"height": height, "width": width, "channels": channels}


def _check_inverse(widget: str, model: Any) -> None:
    """Refuse a model that cannot make images of codes."""
    if isinstance(model, type) or latent.has_inverse(model):
        return  # of a class as_model says that it is not fitted
    raise TypeError(
        f"{widget} needs a model with inverse_transform(codes) -> images, and "
        f"{type(model).__name__} has none"
    )


def check_collection(images: Images | None, **about: Any) -> None:
    """Refuse what is said about a collection where there is none."""
    if images is not None:
        return
    for name, value in about.items():
        if value is not None:
            raise ValueError(f"{name} is about a collection: pass images= too")


def check_row(row: Any, n: int, name: str = "row") -> int:
    """Return a row that exists, or say which do."""
    if not is_whole(row) or not 0 <= row < n:
        raise ValueError(f"{name} {row!r} does not exist: rows are 0 to {n - 1}")
    return int(row)


def to_bytes(images: NDArray[np.float32]) -> bytes:
    """Pack images in [0, 1] as 8-bit pixels, row by row."""
    pixels: NDArray[np.uint8] = np.rint(images * np.float32(255)).astype(np.uint8)
    return bytes(pixels.tobytes())


def _alone(example: Any) -> Images | None:
    """Make a collection of one image, of the image's own size."""
    if example is None or isinstance(example, (int, float, np.integer)):
        return None
    if isinstance(example, Images) or (isinstance(example, np.ndarray) and example.ndim == 4):
        return as_images(example)
    if isinstance(example, np.ndarray):
        return load_images([example])
    if isinstance(example, Image.Image):
        return load_images([example], size=(example.height, example.width))
    return load_images([example])
