"""The way in: anything that holds images to a checked collection."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.images.classes import as_labels
from vaewidgets.images.collection import Images
from vaewidgets.images.decoding import describe, parse_background
from vaewidgets.images.gathering import Gathered, gather
from vaewidgets.images.loading import Rejected, announce, read_items, turn_pages
from vaewidgets.images.members import Members
from vaewidgets.images.origin import Origin, file_of
from vaewidgets.images.pages import FRAMES, Page, page_suffix
from vaewidgets.images.pixels import AXES, check_pixels
from vaewidgets.images.ranges import Brightness, parse_value_range
from vaewidgets.images.rule import CHANNELS, FITS, ImageRule, Rules, one_of, parse_size
from vaewidgets.images.store import parse_store, read_stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


logger = logging.getLogger(__name__)

# Pillow's own limit, reached by a 9459 x 9459 picture.
MAX_PIXELS = 89_478_485


def load_images(
    source: Any,
    *,
    axes: str | None = None,
    size: int | tuple[int, int] | None = None,
    fit: str = "pad",
    channels: str | None = None,
    background: str | tuple[int, int, int] = "white",
    frames: str = "first",
    value_range: str | tuple[float, float] | None = None,
    max_pixels: int = MAX_PIXELS,
    store: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Images:
    """Load images from wherever they are (files, archives, arrays, tables), and check them once.

    A file that cannot be read never stops the others: it is left out and listed, with the
    reason, in ``rejected``.

    Parameters
    ----------
    source : array, folder, file, archive, list, column, frame, dict or data set
        An array or tensor of shape (n, h, w), (n, h, w, c) or (n, c, h, w) of uint8, bool, floats
        in [0, 1] or deeper integers (a memory-mapped one of uint8 or float32 is not read into
        memory); a folder or a list of folders (searched to the bottom, in the order of names,
        links followed, each folder once); a file or archive (``.zip``, ``.tar``, ``.npy``,
        ``.npz``, ``.parquet``); a list or column of file names, PIL images, encoded files (bytes,
        open files) or arrays, mixed at will, or of pairs (image, label); a frame of pandas,
        polars or Arrow with one column of such; a dict of names to such; a data set or column of
        Hugging Face, a torch Dataset or DataLoader, or any other sequence, whose items are
        fetched when they are read. Missing values of a column are rejected rows. The index of a
        Series plays no part. What files are is told by what is in them, not by their names; those
        that are no pictures are counted in ``notice``.
    axes : "NHW", "NHWC" or "NCHW", optional
        What the axes of arrays are, where their shape can be read in more than one way; of a
        single image in a list, its axes are those after the N.
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
    frames : "first", "all" or "middle"
        What is read of files of several pages (TIFF) or frames (GIF, WebP, APNG, AVIF): the
        first, each as an image of its own, or the middle one. If there are more than were read,
        ``notice`` says so. With "all", positions count the pages, and names tell them:
        "stack.tif, page 3".
    value_range : "type", "data" or (low, high), optional
        What numbers mean black and white in images of more than 8 bits, files and arrays: those
        of the number type, the smallest and largest in all the images (files are then read
        twice), or these. By default what the file states (TIFF, PNM); else 0 to 65535 for
        uint16, which ``notice`` says where the largest number leaves it in doubt; floats go from
        0 to 1; other integers are refused. Images of 8 bits always go from 0 to 255.
    max_pixels : int
        A file whose header claims more pixels is rejected before it is decoded.
    store : path ending in ".npy", optional
        For collections larger than memory, and to decode only once: the images are decoded into
        this file, 8 bits a number, and mapped from there into memory as they are needed. Loading
        again with the same store takes it up at once if the files (names, sizes, times of
        change) and the arguments are the same, else decodes anew and replaces it. Another file
        is never overwritten. ``numpy.load(store, mmap_mode="r")`` reads it too.
    progress : bool
        Show a progress bar if reading takes more than a second.

    Returns
    -------
    Images

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        If the source is of no known kind, empty, ambiguous, or nothing in it can be read; if
        ``store`` is no name for a file, or the source an array, which has no need of one.
    FileExistsError
        ``store`` is a file that was not written by this function, or is damaged.
    OSError
        The disk of ``store`` is full; nothing is left behind.
    """
    rules = Rules(
        size=parse_size(size),
        fit=one_of(fit, FITS, "fit"),
        channels=None if channels is None else one_of(channels, tuple(CHANNELS), "channels"),
        background=parse_background(background),
        max_pixels=max_pixels,
        progress=progress,
        frames=one_of(frames, FRAMES, "frames"),
        value_range=parse_value_range(value_range),
        axes=None if axes is None else one_of(axes, AXES, "axes"),
    )
    rule = ImageRule(rules.fit, rules.background)
    path = None if store is None else parse_store(store)
    gathered = _gathered(source, path, progress)
    if gathered is not None and not holds_pixels(gathered):
        try:
            return _read(gathered, rules, path, rule)
        finally:
            if isinstance(gathered.items, Members):
                gathered.items.close()
    if path is not None:
        raise ValueError(
            f"store is {str(store)!r}, but the images are arrays, which are decoded already: save "
            "one array with numpy.save and pass numpy.load(file, mmap_mode='r') without a store"
        )
    if gathered is None:
        return _adapt(source, rules)
    return _adapt(_check_arrays(gathered, axes, rules), rules)


def as_images(obj: Any) -> Images:
    """Return ``obj`` if it is an Images already, else load it with the default options."""
    return obj if isinstance(obj, Images) else load_images(obj)


def holds_pixels(gathered: Gathered) -> bool:
    """Tell whether it is an array, or a list of equal ones, which keeps its own size."""
    return gathered.array is not None or _are_arrays(gathered.items)


def _gathered(source: Any, store: Path | None, progress: bool) -> Gathered | None:
    """List what a source holds, if that was not done yet; None for a collection."""
    if isinstance(source, Images):
        return None
    if isinstance(source, Gathered):
        return source
    return gather(source, store, progress=progress)


def _are_arrays(items: Sequence[Any]) -> bool:
    """Tell whether a list holds equal arrays, which then keep their size like an array does."""
    if (
        len(items) == 0
        or isinstance(items, Members)
        or not all(isinstance(item, np.ndarray) for item in items)
    ):
        return False
    first = items[0]
    return first.ndim in (2, 3) and all(
        item.shape == first.shape and item.dtype == first.dtype and not np.ma.is_masked(item)
        for item in items
    )


def _check_arrays(gathered: Gathered, axes: str | None, rules: Rules) -> Images:
    """Check an array, or the equal arrays of a list, and make a collection of them."""
    brightness = Brightness(rules.value_range)
    positions: NDArray[np.int64] | None = None
    rejected: list[Rejected] = []
    if gathered.array is not None:
        array = gathered.array
    else:
        array = np.stack(gathered.items)
        array = array[..., np.newaxis] if array.ndim == 3 else array
        positions, rejected = _leave_out_nonfinite(array)
        array = array[positions] if rejected else array
    pixels = check_pixels(array, axes, brightness)
    notice = "; ".join(filter(None, (brightness.notice, gathered.notice)))
    announce(rejected, len(pixels) + len(rejected), notice)
    kept = range(len(pixels)) if positions is None else positions.tolist()
    names = gathered.names and [gathered.names[position] for position in kept]
    return Images(
        pixels,
        positions,
        rejected,
        sources=names or (),
        notice=notice,
        origin=Origin.of([gathered.items[at] for at in kept], None, names) if names else None,
        labels=as_labels([gathered.label(position) for position in kept]),
    )


def _leave_out_nonfinite(array: NDArray[Any]) -> tuple[NDArray[np.int64], list[Rejected]]:
    """Return which images of a list hold numbers only, and the rest as rejected.

    Where none does, all are kept, to be refused. A range that does not fit, on the other hand,
    is no fault of one image.
    """
    positions = np.arange(len(array))
    if array.dtype.kind != "f":
        return positions, []
    is_finite = np.array([np.isfinite(image).all() for image in array])
    if is_finite.all() or not is_finite.any():
        return positions, []
    rejected = [
        Rejected(int(position), describe(array[position]), "holds NaN or infinity")
        for position in positions[~is_finite]
    ]
    return positions[is_finite], rejected


def _read(gathered: Gathered, rules: Rules, store: Path | None, rule: ImageRule) -> Images:
    """Read what was gathered, and make a collection of it."""
    (items, of), folder = turn_pages(gathered.items, rules), gathered.folder
    if gathered.notice:
        logger.warning(gathered.notice)
    if store is None:
        reading = read_items(items, rules)
    else:
        reading = read_stored(store, items, rules, folder)
    account = reading.account
    kept = [items[position] for position in account.positions]
    origins = [int(of[position]) for position in account.positions]
    names = gathered.names and [
        gathered.names[at] + (page_suffix(item.number) if isinstance(item, Page) else "")
        for at, item in zip(origins, kept, strict=True)
    ]
    return Images(
        reading.pixels,
        np.array(account.positions),
        account.rejected,
        sources=[file_of(item) or describe(item) for item in kept],
        notice="; ".join(filter(None, (account.notice, gathered.notice))),
        contents=account.contents,
        origin=Origin.of(kept, folder, names),
        rule=rule,
        labels=as_labels([gathered.label(at) for at in origins]),
    )


def _adapt(images: Images, rules: Rules) -> Images:
    """Bring a collection to another size or colour where that is asked for."""
    size = rules.size or images.image_shape[:2]
    # Named, as colour images that all happen to be gray would become gray ones.
    channels = rules.channels or ("rgb" if images.image_shape[2] == 3 else "gray")
    if (*size, CHANNELS[channels]) == images.image_shape:
        return images
    reading = read_items(list(images), replace(rules, size=size, channels=channels))
    return Images(
        reading.pixels,
        images.positions,
        images.rejected,
        sources=images.sources,
        notice=images.notice,
        contents=images.contents,
        origin=images.origin,
        rule=ImageRule(rules.fit, rules.background),
        labels=images.labels,
    )
