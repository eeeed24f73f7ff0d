"""One image from anywhere to an array: opens files safely, keeps 16 bits, lays alpha on a ground.

The only room that lets Pillow look at bytes from outside.
"""

from __future__ import annotations

import io
import math
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from vaewidgets.images.formats import HEAD, RAW, formats, is_raw, why_unread
from vaewidgets.images.identity import (
    content_of_bytes,
    content_of_file,
    content_of_page,
    content_of_picture,
    content_of_pixels,
)
from vaewidgets.images.pages import Page, page_suffix
from vaewidgets.images.pixels import PixelArray, check_channels, check_values

# Files of at most this many bytes are held while they are decoded. Larger ones are read twice
# instead, once to be known and once by Pillow, which takes a part at a time.
MOST_HELD = 2**28

_ORIENTATION_TAG = 0x0112
# A scheme of at least two letters: C:/ is a drive. Path() makes one slash of two.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|data:", re.IGNORECASE)
ADDRESS = "web addresses are not read: download the file first"
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})


class UnreadableError(Exception):
    """An image that cannot be used; the text is the reason shown to the user."""


@dataclass(frozen=True)
class Opened:
    """An image whose header is known and whose pixels are not decoded yet; closed by ``with``."""

    content: Image.Image | PixelArray
    height: int
    width: int
    is_ours: bool = False  # opened here, so to be closed here; the user's pictures stay open
    digest: bytes = b""  # of the encoded file, where it was read whole
    page: int = 0  # which of the file's pages it is, from 0
    n_pages: int = 1  # of the file, where they were counted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_ours and isinstance(self.content, Image.Image):
            self.content.close()


def parse_background(background: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """Turn a colour name or three numbers 0 to 255 into three numbers."""
    try:
        if isinstance(background, str):
            red, green, blue = ImageColor.getrgb(background)[:3]
        else:
            red, green, blue = (int(value) for value in background)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"background must be a colour name or (red, green, blue), got {background!r}"
        ) from error
    if not all(0 <= value <= 255 for value in (red, green, blue)):
        raise ValueError(f"background must hold numbers from 0 to 255, got {background!r}")
    return red, green, blue


def describe(item: Any) -> str:
    """Name an item in a list of rejected images."""
    if isinstance(item, (str, os.PathLike)):
        return str(item)[:500]
    if isinstance(item, Page):
        return describe(item.item) + page_suffix(item.number)
    if isinstance(item, Image.Image):
        return str(getattr(item, "filename", "") or f"PIL image {item.width} x {item.height}")
    if isinstance(item, np.ndarray):
        return f"array of shape {item.shape}"
    return type(item).__name__


def is_address(name: str) -> bool:
    """Tell whether a name of a file is a web address, which is nowhere on this machine."""
    return bool(_ADDRESS.match(name)) and not os.path.lexists(name)


def can_open(path: Path) -> bool:
    """Tell whether Pillow knows a file for a picture by its header."""
    try:
        _open_stream(path, path.suffix.lower()).close()
    except Exception:  # noqa: BLE001 - as when decoding
        return False
    return True


def is_missing(item: Any) -> bool:
    """Tell whether an item is None, NaN or pandas' NA."""
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(item, (float, np.floating)) and math.isnan(item)


def open_item(item: Any, max_pixels: int, *, whole: bool = False) -> Opened:
    """Read the header of one item of a collection; its size takes EXIF orientation into account.

    Parameters
    ----------
    item
    max_pixels : int
    whole : bool
        Read the whole of a file, once, to decode and to identify it.

    Raises
    ------
    UnreadableError
        With the reason, for anything that cannot be an image.
    """
    if is_missing(item):
        raise UnreadableError("missing value")
    if isinstance(item, Image.Image):
        return check_header(item, max_pixels)
    if isinstance(item, (str, os.PathLike)):
        path = _find_file(item)
        stream, digest = _read_file(path) if whole else (path, b"")
        image = _open_stream(stream, path.suffix.lower())
        return check_header(image, max_pixels, is_ours=True, digest=digest)
    if isinstance(item, (bytes, bytearray, memoryview)):
        digest = content_of_bytes(item) if whole else b""
        return check_header(_open_bytes(bytes(item)), max_pixels, is_ours=True, digest=digest)
    if hasattr(item, "__array__") or isinstance(item, (list, tuple)):
        return _open_array(item)
    raise UnreadableError(
        f"{type(item).__name__} is not a file name, PIL image, encoded image or array"
    )


def identify(opened: Opened) -> bytes:
    """Return the 16 bytes that stand for an image opened whole, as it was given."""
    if opened.digest:
        return content_of_page(opened.digest, opened.page)
    if isinstance(opened.content, Image.Image):
        return content_of_picture(opened.content)
    return content_of_pixels(opened.content)


def decode(opened: Opened, background: tuple[int, int, int], near: int = 0) -> PixelArray:
    """Decode an opened image to (height, width, channels), 1 or 3 channels.

    Parameters
    ----------
    opened : Opened
    background : (red, green, blue), 0 to 255
        What shows through transparent parts.
    near : int
        JPEG files may be decoded at a fraction of their size, yet with both sides at least this
        many pixels; 0 for full size.

    Returns
    -------
    ndarray
        uint8, or float32 in [0, 1] where the image has more than 8 bits.
    """
    if isinstance(opened.content, np.ndarray):
        return opened.content
    image = opened.content
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata does not matter where pixels are fine
        if near and opened.is_ours:  # draft() shrinks the very picture
            image.draft(image.mode, (near, near))
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode in _DEEP_MODES:
            return _decode_deep(image)
        return _decode_8_bit(image, background)


def _decode_8_bit(image: Image.Image, background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Turn palette, bilevel, CMYK, transparent and other 8-bit images to gray or RGB."""
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*background, 255))
        image = Image.alpha_composite(ground, with_alpha).convert("RGB")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB")
    pixels = np.asarray(image)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _decode_deep(image: Image.Image) -> NDArray[np.float32]:
    """Scale 16-bit gray to [0, 1]. Pillow's own convert("L") would clip it at 255."""
    values = np.asarray(image)
    if image.mode == "F":
        if not ((values >= 0) & (values <= 1)).all():
            raise UnreadableError("its numbers are floats outside [0, 1]")
        return values.astype(np.float32)[..., np.newaxis]
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise UnreadableError("its numbers are integers outside 0 to 65535")
    return (values.astype(np.float32) / np.float32(65535))[..., np.newaxis]


def _find_file(name: str | os.PathLike[str]) -> Path:
    """Find a file by name, naming the common reasons why it is no image."""
    text = os.fspath(name)
    if not text:
        raise UnreadableError("the file name is empty")
    if "\0" in text:
        raise UnreadableError("the file name holds a NUL character")
    if is_address(text):
        raise UnreadableError(ADDRESS)
    path = Path(text).expanduser()
    if path.is_dir():
        raise UnreadableError(
            "is a folder: pass the folder itself, or a list of nothing but folders, to read the "
            "images in it"
        )
    if not path.is_file():
        if path.is_symlink() and not path.exists():
            raise UnreadableError("is a link to a file that is not there")
        raise UnreadableError("no such file" if not path.exists() else "is not a regular file")
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty (0 bytes)")
    return path


def _read_file(path: Path) -> tuple[Path | io.BytesIO, bytes]:
    """Read a file once; return what Pillow is to read it from, and the hash of its bytes."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MOST_HELD:
            return path, content_of_file(file)
        content = file.read()
    return io.BytesIO(content), content_of_bytes(content)


def _open_bytes(content: bytes) -> Image.Image:
    """Open an encoded image (the content of a file)."""
    if not content:
        raise UnreadableError("the file is empty (0 bytes)")
    return _open_stream(io.BytesIO(content))


def _open_stream(stream: Path | io.BytesIO, suffix: str = "") -> Image.Image:
    """Let Pillow read the header only; the suffix of the file counts where it cannot."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the decompression-bomb warning: we have our own limit
        try:
            image = Image.open(stream, formats=formats())
        except Image.DecompressionBombError as error:
            raise UnreadableError(
                "has more than twice PIL.Image.MAX_IMAGE_PIXELS pixels, which Pillow refuses"
            ) from error
        except UnidentifiedImageError as error:
            advice = why_unread(_head(stream), suffix)
            raise UnreadableError(
                advice or "not an image of a known format, or damaged"
            ) from error
    if image.format == "TIFF" and is_raw(image, suffix):
        image.close()
        raise UnreadableError(RAW)
    return image


def _head(stream: Path | io.BytesIO) -> bytes:
    """Return the first bytes of a file."""
    if isinstance(stream, io.BytesIO):
        return bytes(stream.getbuffer()[:HEAD])
    with stream.open("rb") as file:
        return file.read(HEAD)


def check_header(
    image: Image.Image, max_pixels: int, *, is_ours: bool = False, digest: bytes = b""
) -> Opened:
    """Refuse absurd sizes from the header, and find the size after rotation."""
    if not 0 < image.width * image.height <= max_pixels and is_ours:
        image.close()
    if image.width * image.height > max_pixels:
        raise UnreadableError(
            f"{image.width} x {image.height} pixels are more than max_pixels={max_pixels:,}"
        )
    if image.width * image.height == 0:
        raise UnreadableError("it has no pixels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            turned = image.getexif().get(_ORIENTATION_TAG, 1) in (5, 6, 7, 8)
        except Exception:  # noqa: BLE001 - damaged EXIF raises anything; the pixels may be fine
            turned = False
    height, width = (image.width, image.height) if turned else (image.height, image.width)
    return Opened(image, height, width, is_ours, digest)


def _open_array(item: Any) -> Opened:
    """Check one image given as an array of shape (h, w) or (h, w, c)."""
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise UnreadableError("its rows differ in length") from error
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or 0 in array.shape:
        raise UnreadableError(f"an image is an array (h, w) or (h, w, c), got shape {array.shape}")
    try:
        check_channels(array.shape[2], f"images of shape {array.shape}")
        pixels = check_values(array[np.newaxis])[0]
    except (TypeError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    return Opened(pixels, array.shape[0], array.shape[1])
