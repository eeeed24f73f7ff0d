"""A checked collection of images of one size: what every model and widget is given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd
from PIL import Image

from vaewidgets.images.decoding import parse_background
from vaewidgets.images.loading import (
    CHANNELS,
    FITS,
    Rejected,
    Rules,
    find_files,
    one_of,
    parse_size,
    read_items,
)
from vaewidgets.images.pixels import PixelArray, check_channels, check_pixels
from vaewidgets.images.sprites import SpriteSheet, shrink, sprite_sheets

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


# Pillow's own limit, reached by a 9459 x 9459 picture.
MAX_PIXELS = 89_478_485


class Images:
    """Images of one size, checked once; made by :func:`load_images`.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels)
        uint8, or float32 in [0, 1]; 1 channel (gray) or 3 (RGB).
    positions : array of int, shape (n,), optional
        Place of each image in what was loaded (row of the DataFrame given); 0 to n - 1 by
        default.
    rejected : sequence of Rejected
        What could not be read, with the reason.
    sources : sequence of str
        Where each image comes from (file names), empty for an array.
    notice : str
        What loading did to the images beyond reading them, "" if nothing.

    Attributes
    ----------
    pixels : ndarray, read-only
    positions : ndarray of int64, shape (n,)
    rejected : tuple of Rejected
    sources : tuple of str
    notice : str
    """

    def __init__(
        self,
        pixels: PixelArray,
        positions: NDArray[Any] | None = None,
        rejected: Sequence[Rejected] = (),
        *,
        sources: Sequence[str] = (),
        notice: str = "",
    ) -> None:
        if pixels.ndim != 4 or pixels.dtype not in (np.uint8, np.float32):
            raise ValueError(
                "pixels must be uint8 or float32 of shape (n, height, width, channels), got "
                f"{pixels.dtype} of shape {pixels.shape}; load_images takes other forms"
            )
        check_channels(pixels.shape[3], "images")
        if positions is None:
            positions = np.arange(len(pixels))
        # A read-only view of our own: the array the caller passed stays as writable as it was.
        self.pixels = pixels.view()
        self.pixels.flags.writeable = False
        self.positions: NDArray[np.int64] = np.asarray(positions, dtype=np.int64)
        self.rejected = tuple(rejected)
        self.sources = tuple(sources)
        self.notice = notice
        if self.positions.shape != (len(pixels),) or len(self.sources) not in (0, len(pixels)):
            raise ValueError("positions and sources must have one entry for each image")

    @property
    def n_input(self) -> int:
        """Number of images asked for: those kept and those rejected."""
        return len(self) + len(self.rejected)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        _, height, width, channels = self.pixels.shape
        return height, width, channels

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        height, width, channels = self.shape
        kind = "gray" if channels == 1 else "RGB"
        text = f"{len(self)} {kind} images, {height} x {width} pixels, {self.pixels.dtype}"
        if self.rejected:
            text += f", {len(self.rejected)} rejected"
        return f"<Images: {text}>"

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> PixelArray: ...
    @overload
    def __getitem__(self, rows: Any) -> Images: ...
    def __getitem__(self, rows: Any) -> PixelArray | Images:
        """Return one image as an array, or the images of a slice, positions or mask.

        The images taken out know their positions in what was loaded, but not what was rejected.
        """
        if isinstance(rows, (int, np.integer)) and not isinstance(rows, bool):
            image: PixelArray = self.pixels[rows]
            return image
        if not isinstance(rows, slice):
            rows = np.asarray(rows)
            if rows.size == 0:
                rows = rows.astype(np.int64)
        kept = np.arange(len(self))[rows]
        if kept.ndim != 1:
            raise IndexError("images are chosen by one number, a slice, positions or a mask")
        return Images(
            self.pixels[rows],
            self.positions[kept],
            sources=[self.sources[row] for row in kept] if self.sources else (),
            notice=self.notice,
        )

    def __iter__(self) -> Iterator[PixelArray]:
        return iter(self.pixels)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
        """Return the pixels as :meth:`as_float` does, for numpy and scikit-learn."""
        if copy is False and self.pixels.dtype != np.float32:
            raise ValueError("8-bit images become floats only by a copy")
        values = self.as_float()
        return values.astype(dtype) if dtype is not None else values

    def as_float(self, rows: Any = None) -> NDArray[np.float32]:
        """Return all images, or those of ``rows``, as a new float32 array in [0, 1]."""
        chosen = self.pixels if rows is None else self.pixels[rows]
        values: NDArray[np.float32] = chosen.astype(np.float32)
        if chosen.dtype == np.uint8:
            values /= np.float32(255)
        return values

    def as_uint8(self, rows: Any = None) -> NDArray[np.uint8]:
        """Return all images, or those of ``rows``, as uint8; 8-bit pixels without a copy."""
        chosen = self.pixels if rows is None else self.pixels[rows]
        if chosen.dtype != np.uint8:
            chosen = np.rint(chosen * np.float32(255)).astype(np.uint8)
        values: NDArray[np.uint8] = chosen
        return values

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of shape, number type and every pixel: changes if one pixel does."""
        digest = hashlib.sha256(f"{self.pixels.shape} {self.pixels.dtype.name} ".encode())
        for image in _in_chunks(self.pixels):
            digest.update(np.ascontiguousarray(image).reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def thumbnails(self, max_side: int = 48) -> NDArray[np.uint8]:
        """Return small uint8 copies, at most ``max_side`` pixels high and wide, never enlarged.

        Returns
        -------
        ndarray, shape (n, height, width, channels), uint8
            Shrunk by averaging over areas, in proportion.
        """
        return shrink(self.pixels, max_side)

    def sprite_sheets(self, max_side: int = 48, max_sheet: int = 4096) -> list[SpriteSheet]:
        """Pack thumbnails into sheets of at most ``max_sheet`` pixels a side."""
        return sprite_sheets(self.pixels, max_side, max_sheet)


def load_images(
    source: Any,
    *,
    axes: str | None = None,
    size: int | tuple[int, int] | None = None,
    fit: str = "pad",
    channels: str | None = None,
    background: str | tuple[int, int, int] = "white",
    max_pixels: int = MAX_PIXELS,
    progress: bool = True,
) -> Images:
    """Load images from files, PIL images, arrays or a DataFrame column, and check them once.

    A file that cannot be read never stops the others: it is left out and listed, with the
    reason, in ``rejected``.

    Parameters
    ----------
    source : array, folder, file, list or Series
        An array of shape (n, h, w), (n, h, w, c) or (n, c, h, w) of uint8, bool, uint16 or floats
        in [0, 1]; a folder (searched to the bottom, in the order of names); or a list or
        DataFrame column of file names, PIL images, encoded files (bytes) or arrays, mixed at
        will. Missing values of a column are rejected rows. The index of a Series plays no part.
    axes : "NHW", "NHWC" or "NCHW", optional
        What the axes of an array are, where its shape can be read in more than one way.
    size : int or (height, width), optional
        Size to bring all images to, in pixels; an int means a square. By default files and PIL
        images of one size keep it; of several sizes, they get the median height and width (the
        size that more than half have, if there is one); and a longer side above 64 pixels is
        brought to 64, which a model learns from in minutes on a CPU: twice the side takes four
        times as long. What was done is said in ``notice``. Arrays always keep theirs.
    fit : "pad", "crop" or "resize"
        How an image of other proportions comes to that size: shrunk to fit with the background
        around it, cut at the edges, or stretched.
    channels : "gray" or "rgb", optional
        By default gray, or RGB if any image has colour.
    background : str or (red, green, blue)
        What transparent images and paddings are laid on: a colour name or numbers 0 to 255.
    max_pixels : int
        A file whose header claims more pixels is rejected before it is decoded.
    progress : bool
        Show a progress bar if reading takes more than a second.

    Returns
    -------
    Images

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        If the source is of no known kind, empty, ambiguous, or nothing in it can be read.
    """
    rules = Rules(
        size=parse_size(size),
        fit=one_of(fit, FITS, "fit"),
        channels=None if channels is None else one_of(channels, CHANNELS, "channels"),
        background=parse_background(background),
        max_pixels=max_pixels,
        progress=progress,
    )
    if isinstance(source, Images):
        return _adapt(source, rules)
    items = _items(source)
    if items is None:
        array = np.asarray(source)
        return _adapt(Images(check_pixels(array, axes)), rules)
    stacked = _stack(items)
    if stacked is not None:
        return _adapt(Images(check_pixels(stacked, axes)), rules)
    reading = read_items(items, rules)
    return Images(
        reading.pixels,
        np.array(reading.positions),
        reading.rejected,
        sources=reading.sources,
        notice=reading.notice,
    )


def as_images(obj: Any) -> Images:
    """Return ``obj`` if it is an Images already, else load it with the default options."""
    return obj if isinstance(obj, Images) else load_images(obj)


def check_image(
    image: Any, shape: tuple[int, int, int], name: str = "image"
) -> NDArray[np.float32]:
    """Bring one image to float32 of the given (height, width, channels), or refuse it in words.

    Parameters
    ----------
    image : ndarray, PIL image, file name or Images of one
        Arrays must have the right size; files and PIL images are brought to it.
    shape : (height, width, channels)
        What the model was trained on.
    name : str
        The argument's name, for messages.

    Returns
    -------
    ndarray, shape (height, width, channels), float32 in [0, 1]
    """
    if isinstance(image, Images) or (isinstance(image, np.ndarray) and image.ndim == 4):
        if len(image) != 1:
            raise ValueError(f"{name} must be one image, got {len(image)}: pass images[i]")
        image = image[0]
    height, width, channels = shape
    rules = Rules(
        size=(height, width),
        fit="pad",
        channels="gray" if channels == 1 else "rgb",
        background=(255, 255, 255),
        max_pixels=MAX_PIXELS,
        progress=False,
    )
    if isinstance(image, np.ndarray):
        found = (*image.shape, 1) if image.ndim == 2 else image.shape
        if found != tuple(shape):
            raise ValueError(
                f"{name} has shape {image.shape}, but the model takes images of shape {shape}"
            )
    try:
        reading = read_items([image], rules)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    result: NDArray[np.float32] = Images(reading.pixels).as_float()[0]
    return result


def _items(source: Any) -> Sequence[Any] | None:
    """List the images of a source that holds them one by one; None for an array of pixels."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source).expanduser()
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
        return find_files(path) if path.is_dir() else [path]
    if isinstance(source, (bytes, bytearray, Image.Image)):
        return [source]
    if isinstance(source, pd.DataFrame):
        columns = ", ".join(str(column) for column in source.columns[:10])
        raise TypeError(f"pass one column of the DataFrame, df[...], out of: {columns}")
    if isinstance(source, (pd.Series, pd.Index)):
        return list(source)
    if isinstance(source, (list, tuple)):
        return source
    if isinstance(source, Iterator):  # Path.glob(...)
        return list(source)
    if hasattr(source, "__array__"):
        array = np.asarray(source)
        return list(array) if array.ndim == 1 and array.dtype.kind in "OUT" else None
    raise TypeError(
        "images must be an array, a folder, or a list or DataFrame column of file names, PIL "
        f"images or arrays, got {type(source).__name__}"
    )


def _stack(items: Sequence[Any]) -> NDArray[Any] | None:
    """Make one array of a list of equal arrays, which then keep their size like an array does."""
    if not items or not all(isinstance(item, np.ndarray) for item in items):
        return None
    first = items[0]
    if first.ndim not in (2, 3) or any(
        item.shape != first.shape or item.dtype != first.dtype for item in items
    ):
        return None
    stacked = np.stack(items)
    return stacked[..., np.newaxis] if first.ndim == 2 else stacked


def _adapt(images: Images, rules: Rules) -> Images:
    """Bring a collection to another size or colour where that is asked for."""
    size = rules.size or images.shape[:2]
    n_channels = {None: images.shape[2], "gray": 1, "rgb": 3}[rules.channels]
    if (*size, n_channels) == images.shape:
        return images
    reading = read_items(list(images), replace(rules, size=size, channels=rules.channels))
    return Images(
        reading.pixels,
        images.positions,
        images.rejected,
        sources=images.sources,
        notice=images.notice,
    )


def _in_chunks(pixels: PixelArray, numbers: int = 16_000_000) -> Iterator[PixelArray]:
    """Cut a long array into pieces, so that a memory-mapped file is not read whole."""
    step = max(1, numbers // max(1, pixels[0].size)) if len(pixels) else 1
    for start in range(0, len(pixels), step):
        yield pixels[start : start + step]
