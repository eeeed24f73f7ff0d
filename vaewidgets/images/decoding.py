"""One image from anywhere to an array: opens files safely, keeps 16 bits, lays alpha on a ground.

The only room that lets Pillow look at bytes from outside.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from vaewidgets.arguments.arrays import as_array, is_array
from vaewidgets.images.formats import HEAD, RAW, formats, is_raw, why_unread
from vaewidgets.images.identity import (
    content_of_bytes,
    content_of_file,
    content_of_page,
    content_of_picture,
    content_of_pixels,
)
from vaewidgets.images.members import Member
from vaewidgets.images.pages import Page, page_suffix
from vaewidgets.images.pixels import PixelArray, check_values, one_image
from vaewidgets.images.quiet import quiet
from vaewidgets.images.ranges import Brightness

# Files of at most this many bytes are held while they are decoded. Larger ones are read twice
# instead, once to be known and once by Pillow, which takes a part at a time.
MOST_HELD = 2**28

_ORIENTATION_TAG, _BITS_TAG, _SIGN_TAG = 274, 258, 339
# A scheme of at least two letters: C:/ is a drive. Path() makes one slash of two.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|data:", re.IGNORECASE)
MASKED = "a masked array, whose mask would be lost: pass array.filled(value)"
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
    is_cut: bool = False  # Pillow keeps 8 of its 16 bits

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
    if isinstance(item, Member):
        return item.source[:500]
    if isinstance(item, Mapping):
        return str(item.get("path") or "encoded image")[:500]
    text = type(item).__name__
    if isinstance(item, Image.Image):
        text = str(getattr(item, "filename", "") or f"PIL image {item.width} x {item.height}")
    elif isinstance(item, np.ndarray):
        text = f"array of shape {item.shape}"
    return text


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


def open_item(
    item: Any,
    max_pixels: int,
    *,
    whole: bool = False,
    brightness: Brightness | None = None,
    axes: str | None = None,
) -> Opened:
    """Read the header of one item of a collection; its size takes EXIF orientation into account.

    Parameters
    ----------
    item
    max_pixels : int
    whole : bool
        Read the whole of a file, once, to decode and to identify it.
    brightness : Brightness, optional
        What the numbers of arrays mean.
    axes : "NHW", "NHWC" or "NCHW", optional
        What the axes of an array are; found from its shape where only one reading is possible.

    Raises
    ------
    UnreadableError
        With the reason, for anything that cannot be an image.
    """
    if isinstance(item, Member):
        item = item.fetch()
    if isinstance(item, Mapping):
        item = _of_record(item)
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
    if is_array(item) or hasattr(item, "__array__") or isinstance(item, (list, tuple)):
        return _open_array(item, brightness, axes)
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


def decode(
    opened: Opened,
    background: tuple[int, int, int],
    near: int = 0,
    brightness: Brightness | None = None,
) -> PixelArray:
    """Decode an opened image to (height, width, channels), 1 or 3 channels.

    Parameters
    ----------
    opened : Opened
    background : (red, green, blue), 0 to 255
        What shows through transparent parts.
    near : int
        JPEG files may be decoded at a fraction of their size, yet with both sides at least this
        many pixels; 0 for full size.
    brightness : Brightness, optional
        What numbers of more than 8 bits mean.

    Returns
    -------
    ndarray
        uint8, or float32 in [0, 1] where the image has more than 8 bits.
    """
    if isinstance(opened.content, np.ndarray):
        return opened.content
    image = opened.content
    brightness = brightness or Brightness()
    stated = _stated_range(image)
    with quiet():  # damaged metadata does not matter where pixels are fine
        if near and opened.is_ours:  # draft() shrinks the very picture
            image.draft(image.mode, (near, near))
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode not in _DEEP_MODES:
            if opened.is_cut:
                brightness.note_cut()
            return _decode_8_bit(image, background)
    # Pillow's own convert("L") would clip at 255.
    values = np.asarray(image)[np.newaxis, ..., np.newaxis]
    if brightness.is_open:
        brightness.learn(values)
    try:
        pixels: PixelArray = brightness.scale(values, stated=stated)[0]
    except (TypeError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    return pixels.astype(np.float32, copy=False)


def _stated_range(image: Image.Image) -> tuple[float, float] | None:
    """Return what a file says that black and white are, None where it says nothing."""
    if image.format == "PPM":  # Pillow brings what its maxval says to 16 bits
        return 0.0, 65535.0
    tags: Any = getattr(image, "tag_v2", {})
    bits: Any = tags.get(_BITS_TAG, ()) if image.format == "TIFF" else ()
    is_signed = tags.get(_SIGN_TAG, (1,)) not in ((1,), 1) if bits else False
    if len(bits) == 1 and 8 < bits[0] < 16 and not is_signed:
        return 0.0, 2.0 ** bits[0] - 1
    return None  # 16 bits are what fewer are kept in too


def _is_cut(image: Image.Image) -> bool:
    """Tell whether Pillow is to keep the upper 8 of 16 bits, as it does of colours."""
    parts: Any = getattr(image, "tile", ())
    return image.format in ("PNG", "TIFF") and any(";16" in str(part[3]) for part in parts)


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
    with quiet():  # the decompression-bomb warning: we have our own limit
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
    is_cut = _is_cut(image)  # before it is decoded, which looking for EXIF may do
    with quiet():
        try:
            turned = _exif(image).get(_ORIENTATION_TAG, 1) in (5, 6, 7, 8)
        except Exception:  # noqa: BLE001 - damaged EXIF raises anything; the pixels may be fine
            turned = False
    height, width = (image.width, image.height) if turned else (image.height, image.width)
    return Opened(image, height, width, is_ours, digest, is_cut=is_cut)


def _exif(image: Image.Image) -> Image.Exif:
    """Return what the header says of the camera; Pillow would decode all of a PNG for it."""
    if image.format != "PNG" or "exif" in image.info or "Raw profile type exif" in image.info:
        return image.getexif()
    return Image.Exif()


def _of_record(record: Mapping[Any, Any]) -> Any:
    """Return the content, or else the path, of an encoded image as tables hold it."""
    content = record.get("bytes")
    if content is None and not {"bytes", "path"} & set(record):
        names = ", ".join(map(str, list(record)[:10]))
        raise UnreadableError(f"a dict of {names}; accepted: one of bytes, path or both")
    return record.get("path") if content is None else content


def _open_array(item: Any, brightness: Brightness | None, axes: str | None) -> Opened:
    """Check one image given as an array of shape (h, w), (h, w, c) or (c, h, w)."""
    if np.ma.is_masked(item):
        raise UnreadableError(MASKED)
    try:
        array = as_array(item)
    except (TypeError, ValueError) as error:
        raise UnreadableError(
            "its rows differ in length" if isinstance(error, ValueError) else str(error)
        ) from error
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise UnreadableError(
            f"an image is an array (h, w), (h, w, c) or (c, h, w), got shape {array.shape}"
        )
    try:
        pixels: PixelArray = check_values(one_image(array, axes), brightness)[0]
    except (TypeError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    return Opened(pixels, pixels.shape[0], pixels.shape[1])
