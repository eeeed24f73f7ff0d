"""Checks that turn an array of pixels into the one form the library knows, or refuse it in words.

The form: shape (n, height, width, channels) with 1 or 3 channels, either uint8 or float32 in
[0, 1]. Brightness is never guessed, clipped or rescaled behind the user's back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.images.ranges import Brightness

if TYPE_CHECKING:
    from collections.abc import Iterator

# uint8 or float32: numpy's types have no word for "one of two".
PixelArray = NDArray[Any]

AXES = ("NHW", "NHWC", "NCHW")

# Numbers looked at together: at most 64 MB as float32, whatever the number of images.
_CHUNK_NUMBERS = 16_000_000


def check_pixels(
    array: NDArray[Any], axes: str | None = None, brightness: Brightness | None = None
) -> PixelArray:
    """Bring an array of images to shape (n, height, width, channels), uint8 or float32 in [0, 1].

    Parameters
    ----------
    array : ndarray, shape (n, h, w), (n, h, w, c) or (n, c, h, w)
        uint8 (0 to 255), bool, uint16 (0 to 65535), floats in [0, 1], or what ``brightness``
        knows the range of.
    axes : "NHW", "NHWC" or "NCHW", optional
        What the axes are; found from the shape where only one reading is possible.
    brightness : Brightness, optional
        What numbers of more than 8 bits mean.

    Returns
    -------
    ndarray
        uint8 arrays come back without a copy; bool becomes 0 and 255; other integers are
        divided by their range.

    Raises
    ------
    TypeError
        For numbers that are not pixels (text, objects, complex), or of unknown range.
    ValueError
        For other shapes and channel counts, ambiguous axes, no images, values outside [0, 1],
        NaN and infinity. The message names the first image at fault and a remedy.
    """
    if axes is not None and axes not in AXES:
        raise ValueError(f"axes must be one of {', '.join(AXES)} or None, got {axes!r}")
    _check_dtype(array.dtype)
    return check_values(_to_nhwc(array, axes), brightness)


def check_values(array: NDArray[Any], brightness: Brightness | None = None) -> PixelArray:
    """Bring the numbers of an (n, height, width, channels) array to uint8 or float32 in [0, 1]."""
    _check_dtype(array.dtype)
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return np.where(array, np.uint8(255), np.uint8(0))
    brightness = brightness or Brightness()
    if brightness.is_open:
        for rows in in_chunks(array):
            brightness.learn(array[rows])
    in_place = array.dtype == np.float32  # includes that the byte order is the machine's
    result = array if in_place else np.empty(array.shape, dtype=np.float32)
    for rows in in_chunks(array):
        chunk = array[rows]
        scaled = brightness.scale(chunk, rows.start)
        if scaled is chunk and in_place:
            continue
        if result is array:
            result = np.array(array)  # the caller's own is not changed
        result[rows] = scaled
    return result


def in_chunks(array: NDArray[Any]) -> Iterator[slice]:
    """Cut the images of an array into slices, so that a memory-mapped file is not read whole."""
    step = max(1, _CHUNK_NUMBERS // max(1, array[:1].size))
    for start in range(0, len(array), step):
        yield slice(start, start + step)


def one_image(array: NDArray[Any], axes: str | None = None) -> NDArray[Any]:
    """Bring one image (h, w), (h, w, c) or (c, h, w) to (1, height, width, channels); no copy.

    Parameters
    ----------
    array : ndarray of 2 or 3 axes
    axes : "NHW", "NHWC" or "NCHW", optional
        As in :func:`check_pixels`, of an array of such images; it says nothing of gray ones.

    Raises
    ------
    ValueError
        For other channel counts, and where the shape can be read in two ways.
    """
    if array.ndim == 2:
        return array[np.newaxis, ..., np.newaxis]
    return _to_nhwc(array[np.newaxis], axes)


def _check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse what cannot be pixels, naming the way out."""
    if dtype.kind in "biuf":
        return
    if dtype.kind == "O":
        raise TypeError(
            "an array of objects is not an array of pixels: pass a list of images (they may "
            "differ in size) or one array of numbers"
        )
    raise TypeError(
        f"images must be uint8 (0 to 255), bool, uint16 or floats in [0, 1], got {dtype}"
    )


def _to_nhwc(array: NDArray[Any], axes: str | None) -> NDArray[Any]:
    """Move the axes to (n, height, width, channels); never copies."""
    shape = array.shape
    if axes is None:
        axes = _guess_axes(shape)
    if array.ndim != len(axes):
        raise ValueError(f'axes="{axes}" needs an array of {len(axes)} axes, got shape {shape}')
    if 0 in shape:
        what = "0 images" if shape[0] == 0 else "images without pixels"
        raise ValueError(f"got {what}: an array of shape {shape}")
    if axes == "NHW":
        array = array[..., np.newaxis]
    elif axes == "NCHW":
        array = np.moveaxis(array, 1, 3)
    check_channels(array.shape[3], f"images of shape {shape} read as {axes}")
    return array


def _guess_axes(shape: tuple[int, ...]) -> str:
    """Name the axes where the shape allows one reading only."""
    if len(shape) == 2:
        raise ValueError(
            f"got a table of shape {shape}: for one image pass image[None]; for images laid "
            "out as rows of pixels pass array.reshape(n, height, width)"
        )
    if len(shape) == 3:
        if shape[2] in (1, 3, 4):
            raise ValueError(
                f"shape {shape} can be {shape[0]} narrow images or one image with {shape[2]} "
                'channels: pass axes="NHW" for the first, image[None] for the second'
            )
        return "NHW"
    if len(shape) == 4:
        if shape[1:] == (1, 1, 1):
            return "NHWC"
        first, last = shape[1] in (1, 3), shape[3] in (1, 3)
        # RGBA counts as a possible last axis, so that (n, 3, h, 4) is asked about, not guessed.
        if first and shape[3] in (1, 3, 4):
            raise ValueError(
                f'shape {shape} can be read two ways: pass axes="NHWC" or axes="NCHW"'
            )
        return "NCHW" if first and not last else "NHWC"
    raise ValueError(
        f"images must be an array of shape (n, height, width), (n, height, width, channels) "
        f"or (n, channels, height, width), got shape {shape}"
    )


def check_channels(channels: int, what: str) -> None:
    """Refuse any number of channels but 1 (gray) and 3 (red, green, blue)."""
    if channels in (1, 3):
        return
    remedy = {
        2: "keep the gray channel, images[..., :1]",
        4: "drop the transparency, images[..., :3], or pass PIL images or files, which are "
        "laid on a background",
    }.get(channels, "choose three, for example images[..., [0, 1, 2]], or their mean")
    raise ValueError(f"{what} have {channels} channels; 1 (gray) or 3 (RGB) can be used: {remedy}")
