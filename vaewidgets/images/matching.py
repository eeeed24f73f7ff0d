"""New images for an old model: brought to its size and channels, or refused in words that help.

The one place that decides: models, widgets, clusters and scikit-learn's transformers ask here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vaewidgets.arguments.arrays import as_array, is_array
from vaewidgets.images.collection import Images
from vaewidgets.images.gathering import Gathered, gather
from vaewidgets.images.pixels import AXES, check_pixels
from vaewidgets.images.rule import CHANNELS, ImageRule
from vaewidgets.images.sources import holds_pixels, load_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, int, int]

NAMES = {n_channels: name for name, n_channels in CHANNELS.items()}
DEFAULT_RULE = ImageRule()


def match_images(
    source: Any, shape: Shape, rule: ImageRule | None = None, name: str = "images"
) -> Images:
    """Return images as a model takes them.

    Files, PIL images, encoded images and mixed lists of them are loaded at the model's size and
    in its channels, by the rule that the model was fitted under. So are collections that came
    from such and were loaded in another form. An array has no more pixels than it has, and what
    its numbers mean only its owner knows: one of another form is refused.

    Parameters
    ----------
    source : Images or anything ``load_images`` takes
    shape : (height, width, channels)
        What the model was fitted on.
    rule : ImageRule, optional
        How images of other proportions come to that size; padded on white by default.
    name : str
        The argument's name, for messages.

    Returns
    -------
    Images
        The very object given where it has the right form.

    Raises
    ------
    ValueError
        Arrays of another size or other channels, with what brings them to the model's; and
        whatever ``load_images`` refuses.
    """
    if isinstance(source, Images):
        images = source
    else:
        gathered = gather(source)  # once: a stream, or an iterator, can be read only once
        if not holds_pixels(gathered):
            return _load(gathered, shape, rule)
        images = _read_array(gathered, shape)
    if images.image_shape == shape:
        return images
    if not images.sources:
        raise ValueError(_advice(images.image_shape, shape, name))
    return _load(images, shape, rule)


def check_image(
    image: Any, shape: Shape, name: str = "image", rule: ImageRule | None = None
) -> NDArray[np.float32]:
    """Bring one image to float32 of the given (height, width, channels), or refuse it in words.

    Parameters
    ----------
    image : ndarray, PIL image, file name, encoded image or Images of one
        What :func:`match_images` says of collections holds for one image.
    shape : (height, width, channels)
        What the model was fitted on.
    name : str
        The argument's name, for messages.
    rule : ImageRule, optional
        As in :func:`match_images`.

    Returns
    -------
    ndarray, shape (height, width, channels), float32 in [0, 1]
    """
    if not isinstance(image, (Images, Image.Image)) and is_array(image):
        image = as_array(image)
    if isinstance(image, Images) or (isinstance(image, np.ndarray) and image.ndim == 4):
        if len(image) != 1:
            raise ValueError(f"{name} must be one image, got {len(image)}: pass images[i]")
        image = image if isinstance(image, Images) else image[0]
    if isinstance(image, np.ndarray):
        if image.shape == (shape[2], *shape[:2]) != tuple(shape):
            image = np.moveaxis(image, 0, 2)  # as torch has them; the model knows which is meant
        _check_array(image, shape, name)
        image = image.reshape(1, *shape)
    elif not isinstance(image, Images):
        image = [image]
    try:
        result: NDArray[np.float32] = match_images(image, shape, rule, name).as_float()[0]
    except (TypeError, ValueError) as error:
        text = str(error)
        if text.startswith(name):
            raise
        # of the only image there is, "the first of 1" says nothing
        raise ValueError(f"{name}: {text.removeprefix(_ONLY)}") from error
    return result


_ONLY = "none of the 1 images could be read; the first, "


def _load(source: Any, shape: Shape, rule: ImageRule | None) -> Images:
    """Load at a size and in channels, by a rule."""
    rule = rule or DEFAULT_RULE
    return load_images(
        source,
        size=shape[:2],
        channels=NAMES[shape[2]],
        fit=rule.fit,
        background=rule.background,
    )


def _read_array(gathered: Gathered, shape: Shape) -> Images:
    """Read an array; where its axes can be read in two ways, the model may know which is meant."""
    array = gathered.array
    if array is None:
        return load_images(gathered)
    height, width, channels = shape
    layouts = {"NHW": (height, width), "NHWC": shape, "NCHW": (channels, height, width)}
    fitting = [axes for axes in AXES if layouts[axes] == array.shape[1:]]
    if channels != 1 and "NHW" in fitting:
        fitting.remove("NHW")
    return Images(check_pixels(array, fitting[0] if len(fitting) == 1 else None))


def _check_array(image: NDArray[Any], shape: Shape, name: str) -> None:
    """Refuse one array of another form, naming what helps."""
    found = (*image.shape, 1) if image.ndim == 2 else image.shape
    if found == tuple(shape):
        return
    text = f"{name} has shape {image.shape}, but the model takes images of shape {shape}"
    if len(found) != 3:
        raise ValueError(f"{text}: pass one image, (height, width, channels)")
    if found[2] == 4:
        raise ValueError(
            f"{text}: drop the transparency, {name}[..., :3], or pass a PIL image, "
            f"Image.fromarray({name}), which is laid on a background"
        )
    if found[2] not in NAMES:
        raise ValueError(f"{text}; images have 1 channel (gray) or 3 (RGB)")
    raise ValueError(f"{text}: pass {_call(f'[{name}]', found, shape)}")


def _advice(found: Shape, shape: Shape, name: str) -> str:
    """Say what is wrong with a collection, and the call that mends it."""
    here, there = (" x ".join(map(str, size)) for size in (found, shape))
    return (
        f"{name} are {here} (height x width x channels), but the model was fitted on {there}; "
        f"bring them to it with {_call(name, found, shape)}"
    )


def _call(what: str, found: tuple[int, ...], shape: Shape) -> str:
    """Return the call of load_images that brings arrays to a shape."""
    arguments = ""
    if found[:2] != shape[:2]:
        arguments += f", size=({shape[0]}, {shape[1]})"
    if found[2] != shape[2]:
        arguments += f', channels="{NAMES[shape[2]]}"'
    return f"load_images({what}{arguments})"
