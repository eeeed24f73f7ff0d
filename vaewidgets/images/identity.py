"""Which image an image is: 16 bytes of what was given, whatever its place, name and size now.

An encoded file is its bytes. An array is its shape and its pixels, in one form for all number
types that can hold the same picture. A PIL image is its decoded pixels. Equal pictures given as
different things, a file and the array of its pixels, are two.
"""

from __future__ import annotations

import struct
from hashlib import blake2b, file_digest
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from vaewidgets.images.pixels import PixelArray, check_values, in_chunks

if TYPE_CHECKING:
    from io import BufferedReader

    from PIL import Image

N_BYTES: Final = 16
DTYPE: Final = f"S{N_BYTES}"

# Arrays and PIL images are hashed under a word of their own, so that none is taken for a file.
_SHAPE = struct.Struct("<3I4s")  # height, width, channels, number type: 16 bytes, BLAKE2's most
_PICTURE: Final = b"PIL image"
_PAGE: Final = b"page of a file"
# How far from a whole number a pixel times 255 may be, to be one of 8 bits: well above what
# float32 loses in X / 255, well below a step of 16 bits (1 / 257).
_ROUNDING: Final = 1e-3

Contents = NDArray[np.bytes_]  # shape (n,), dtype S16


def content_of_bytes(data: bytes | bytearray | memoryview) -> bytes:
    """Return the 16 bytes that stand for an encoded image, the content of a file."""
    return blake2b(data, digest_size=N_BYTES).digest()


def content_of_file(file: BufferedReader) -> bytes:
    """Return what :func:`content_of_bytes` gives for all of an open file, without holding it."""
    return file_digest(file, lambda: blake2b(digest_size=N_BYTES)).digest()


def content_of_page(file: bytes, number: int) -> bytes:
    """Return the 16 bytes that stand for a page of an encoded file; the first is the file.

    Parameters
    ----------
    file : bytes
        What stands for the file.
    number : int
        Of the page, from 0.
    """
    if number == 0:  # so that labels stay when the other pages are read as well
        return file
    return blake2b(file + number.to_bytes(8, "little"), digest_size=N_BYTES, person=_PAGE).digest()


def content_of_pixels(image: NDArray[Any]) -> bytes:
    """Return the 16 bytes that stand for one image given as an array.

    Parameters
    ----------
    image : ndarray, shape (h, w) or (h, w, c)
        Of any number type that ``check_values`` takes.
    """
    pixels = image[..., np.newaxis] if image.ndim == 2 else image
    return contents_of(check_values(pixels[np.newaxis])).tobytes()


def content_of_picture(picture: Image.Image) -> bytes:
    """Return the 16 bytes that stand for a PIL image: its pixels, not turned by EXIF.

    One of gray or RGB is the array of its pixels; others are what they hold before they are laid
    on a background.
    """
    picture.load()  # before its mode is looked at, which this may change
    if picture.mode in ("1", "L", "RGB") and not picture.has_transparency_data:
        return content_of_pixels(np.asarray(picture))
    colours = (picture.getpalette(None), picture.info.get("transparency"))
    digest = blake2b(digest_size=N_BYTES, person=_PICTURE)
    digest.update(f"{picture.mode} {picture.size} {colours}\n".encode())
    digest.update(picture.tobytes())
    return digest.digest()


def contents_of(pixels: PixelArray) -> Contents:
    """Return what stands for each image of a checked array; a memory map is not read whole.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels), uint8 or float32 in [0, 1]

    Returns
    -------
    ndarray, shape (n,), dtype S16
        The same for 8-bit images and the same divided by 255.
    """
    contents = np.zeros(len(pixels), DTYPE)
    for rows in in_chunks(pixels):
        chunk = pixels[rows]
        if chunk.dtype == np.uint8:
            contents[rows] = _digests(chunk)
            continue
        scaled = chunk * np.float32(255)
        rounded = np.rint(scaled)
        scaled -= rounded
        is_8_bit = (np.abs(scaled, out=scaled) <= _ROUNDING).all(axis=(1, 2, 3))
        found = contents[rows]
        found[is_8_bit] = _digests(rounded[is_8_bit].astype(np.uint8))
        # Adding 0 makes 0 of -0, which is the same brightness.
        found[~is_8_bit] = _digests((chunk[~is_8_bit] + np.float32(0)).astype("<f4", copy=False))
    return contents


def _digests(pixels: PixelArray) -> Contents:
    """Hash each image of a chunk that is in its final form."""
    n, *shape = pixels.shape
    person = _SHAPE.pack(*shape, pixels.dtype.str[1:].encode())
    data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8).data
    step = len(data) // max(1, n)
    # The one loop a million images go through: slices of a memoryview are the fastest way.
    digests = [
        blake2b(data[start : start + step], digest_size=N_BYTES, person=person).digest()
        for start in range(0, n * step, step or 1)
    ]
    return np.array(digests, DTYPE)
