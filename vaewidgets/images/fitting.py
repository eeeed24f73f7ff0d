"""One image brought to the size and colours of a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vaewidgets.images.decoding import Opened, decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.images.pixels import PixelArray
    from vaewidgets.images.ranges import Brightness
    from vaewidgets.images.rule import Rules

# Every so many pixels are looked at first, for colour.
_SPARSE = 8


def prepare(
    opened: Opened, size: tuple[int, int], rules: Rules, brightness: Brightness
) -> PixelArray:
    """Decode one image and bring it to size, and to gray where it has no colour."""
    # JPEG decoding at reduced size still leaves twice the pixels asked for, to average over.
    image = decode(opened, rules.background, 2 * max(size), brightness)
    if rules.channels == "gray" or (image.shape[2] == 3 and _is_gray(image)):
        image = _to_gray(image)
    return fit_image(image, size, rules)


def fit_image(image: PixelArray, size: tuple[int, int], rules: Rules) -> PixelArray:
    """Bring one (h, w, c) image to ``size`` by padding, cropping or stretching."""
    height, width = size
    old_height, old_width = image.shape[:2]
    if (old_height, old_width) == size:
        return image
    if rules.fit == "resize":
        return _resample(image, height, width)
    choose = min if rules.fit == "pad" else max
    scale = choose(height / old_height, width / old_width)
    new_height, new_width = max(1, round(old_height * scale)), max(1, round(old_width * scale))
    image = _resample(image, new_height, new_width)
    if rules.fit == "crop":
        top, left = (new_height - height) // 2, (new_width - width) // 2
        return image[top : top + height, left : left + width]
    ground = _ground(rules.background, image.shape[2], image.dtype)
    padded = np.empty((height, width, image.shape[2]), dtype=image.dtype)
    padded[:] = ground
    top, left = (height - new_height) // 2, (width - new_width) // 2
    padded[top : top + new_height, left : left + new_width] = image
    return padded


def _is_gray(image: PixelArray) -> bool:
    """Tell whether the three channels are equal (a gray picture saved in colour)."""
    some = image[::_SPARSE, ::_SPARSE]  # tells nearly every picture that has colour
    if (some != some[..., :1]).any():
        return False
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return bool((red == green).all() and (green == blue).all())


def _to_gray(image: PixelArray) -> PixelArray:
    """Brightness by ITU-R 601 luma, as Pillow's convert("L")."""
    if image.shape[2] == 1:
        return image
    luma: PixelArray = image @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if image.dtype == np.uint8:
        return np.rint(luma).astype(np.uint8)[..., np.newaxis]
    return np.clip(luma, 0, 1).astype(np.float32)[..., np.newaxis]


def _ground(background: tuple[int, int, int], channels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the background colour in the channels and number type of an image."""
    colour: PixelArray = np.array([[background]], dtype=np.uint8)
    if channels == 1:
        colour = _to_gray(colour)
    return colour if dtype == np.uint8 else colour.astype(np.float32) / np.float32(255)


def _resample(image: PixelArray, height: int, width: int) -> PixelArray:
    """Resize with Pillow's bicubic filter, which averages when it shrinks."""
    if image.shape[:2] == (height, width):
        return image
    kind = Image.Resampling.BICUBIC
    if image.dtype == np.uint8:
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        small = np.asarray(picture.resize((width, height), kind, reducing_gap=3.0))
        return small.reshape(height, width, image.shape[2])
    planes = [
        np.asarray(Image.fromarray(image[..., channel]).resize((width, height), kind))
        for channel in range(image.shape[2])
    ]
    # Bicubic overshoots at edges.
    clipped: PixelArray = np.clip(np.stack(planes, axis=2), 0.0, 1.0)
    return clipped
