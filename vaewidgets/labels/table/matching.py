"""Which row of a DataFrame belongs to which image."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.table.values import is_nothing

if TYPE_CHECKING:
    from vaewidgets.images.loading import Rejected

_NEARLY_ALL = 0.9
"""A column that holds this share of the file names of all images is about them."""


def match_rows(positions: NDArray[np.int64], n_input: int, n_rows: int) -> NDArray[np.int64]:
    """Row of the frame of each image.

    Parameters
    ----------
    positions : ndarray of int, shape (n_images,)
        Place of each image in what was loaded.
    n_input : int
        How many images were asked for, those rejected included.
    n_rows : int
        Length of the frame.

    Returns
    -------
    ndarray, shape (n_images,), int64
        Either `positions`, where the frame belongs to what was loaded, or 0 to n - 1, where it
        belongs to the images that were kept.

    Raises
    ------
    ValueError
        If neither fits, or both would.
    """
    n_images = len(positions)
    in_order = np.arange(n_images)
    ascending = bool((np.diff(positions) > 0).all())
    inside = n_images == 0 or int(positions.max()) < n_rows
    if ascending and n_rows in (n_input, n_images):
        return positions if inside else in_order
    subset = n_input == n_images and not np.array_equal(positions, in_order)
    if subset and n_rows > n_images and inside and len(np.unique(positions)) == n_images:
        return positions
    if not ascending and n_rows == n_images:
        raise ValueError(
            "the images were put in another order after they were loaded, so it cannot be told "
            "whether the rows of frame were too; give images in the order they were loaded in, "
            "or load_images(images.pixels) if row i of frame belongs to image i"
        )
    rejected = f" ({n_input - n_images:,} more could not be read)" if n_input > n_images else ""
    raise ValueError(
        f"frame has {n_rows:,} rows for {n_images:,} images{rejected}; each image needs its row, "
        "in the same order. Images that were loaded from a column of the frame, "
        "load_images(df[...]), know their rows, also where some cannot be read"
    )


def match_by(
    on: Hashable, given: pd.Index[Any], other: pd.Index[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Match images to the rows of another frame by what a column says of them.

    Parameters
    ----------
    on : hashable
        Name of the column.
    given : Index, shape (n_images,)
        What it said of each image.
    other : Index
        What it says in the other frame. Missing values and blanks match nothing. Where nothing
        matches, values are matched as text, so that 7 is "7" and a Path its text, and after that
        paths by the names of their files.

    Returns
    -------
    images, rows : ndarray of int64, shape (n_matched,)
        The images that have a row there, ascending, and their rows.

    Raises
    ------
    ValueError
        If a value stands for several images or rows, or nothing matches.
    """
    of_images, of_rows = (_not_nothing(values) for values in (given, other))
    given, other = given[of_images], other[of_rows]
    for values, where in ((given, "the frame that is labelled"), (other, "frame")):
        twice = values[values.duplicated()]
        if len(twice):
            first = twice[:1].tolist()[0]
            raise ValueError(
                f"on is {on!r}, which does not tell the rows apart: {where} has {first!r} in "
                "several rows"
            )
    rows = other.get_indexer(given)
    for as_text in (_text_of, _file_name):
        if not (rows >= 0).any():
            rows = _match_texts(*([as_text(value) for value in side] for side in (given, other)))
    found = rows >= 0
    if not found.any():
        raise ValueError(
            f"on is {on!r}, but no row of frame has a value that an image has there: "
            f"{_example(other)} in frame, {_example(given)} in the frame that is labelled"
        )
    return of_images[found], of_rows[rows[found]]


def _not_nothing(values: pd.Index[Any]) -> NDArray[np.int64]:
    """Positions of the values that say something."""
    return np.flatnonzero([not _says_nothing(value) for value in values])


def _says_nothing(value: Any) -> bool:
    """Whether a value, or one of several that are a key together, is missing or blank."""
    return any(map(is_nothing, value)) if isinstance(value, tuple) else is_nothing(value)


def _match_texts(given: list[str], other: list[str]) -> NDArray[np.int64]:
    """Match texts, where they tell the rows apart on both sides; "" matches nothing.

    Returns the place in `other` for each of `given`, or -1.
    """
    if any(len({*side} - {""}) < sum(map(bool, side)) for side in (given, other)):
        return np.full(len(given), -1)
    row_of = {text: row for row, text in enumerate(other) if text}
    return np.array([row_of.get(text, -1) for text in given], np.int64)


def _text_of(value: Any) -> str:
    """Return what a value is called, however it is kept: 7, 7.0 and "7" alike."""
    if isinstance(value, tuple):
        return "\x1f".join(map(_text_of, value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return os.fsdecode(value) if isinstance(value, os.PathLike) else str(value)


def _example(values: pd.Index[Any]) -> str:
    """Name a value, with its type, for a message."""
    if not len(values):
        return "no value"
    value = values[:1].tolist()[0]
    return f"{value!r} ({type(value).__name__})"


def check_order(
    frame: pd.DataFrame,
    frame_rows: NDArray[np.int64],
    sources: Sequence[str],
    name: str = "frame",
) -> None:
    """Refuse a frame that names the files of the images, but beside other images.

    Parameters
    ----------
    frame : DataFrame
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    sources : sequence of str
        The file of each image; empty where there are none.
    name : str
        What the frame is called where it was given.

    Raises
    ------
    ValueError
        If a column or the index holds the file names of nearly all these images, some of them in
        the row of another image, and no column has them where they belong.
    """
    files = [_file_name(source) for source in sources]
    misplaced = None
    for title, values in _texts(frame):
        cells = [_file_name(cell) for cell in values[frame_rows]]
        found = set(files).intersection(cells)
        if len(found) < max(_NEARLY_ALL * len(files), 2):
            continue
        wrong = [i for i, cell in enumerate(cells) if cell in found and cell != files[i]]
        if not wrong:
            return
        misplaced = misplaced or (title, wrong[0], cells[wrong[0]])
    if misplaced:
        title, image, cell = misplaced
        raise ValueError(
            f"{name} is in another order than the images: {title} says {cell!r} where image "
            f"{image} is {files[image]!r}. Give the rows in the order in which the images were "
            f"loaded, or load the images in the order of {name}"
        )


def _texts(frame: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.object_]]]:
    """Columns of text, and the index if it is text, each with what to call it."""
    if pd.api.types.is_string_dtype(frame.index):
        yield "its index", frame.index.to_numpy(object)
    for place, title in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if pd.api.types.is_string_dtype(column.dtype) or column.dtype == object:
            yield f"column {title!r}", column.to_numpy(object)


def _file_name(value: object) -> str:
    """Last part of a path; "" for what is no text."""
    return re.split(r"[\\/]", str(value))[-1] if isinstance(value, (str, os.PathLike)) else ""


def rows_without_image(
    frame: pd.DataFrame, frame_rows: NDArray[np.int64], rejected: Iterable[Rejected] = ()
) -> pd.DataFrame:
    """List the rows of a frame that have no image, with the reason.

    Parameters
    ----------
    frame : DataFrame
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    rejected : iterable of Rejected
        What could not be read, ``images.rejected``.

    Returns
    -------
    DataFrame
        A row for each, under its index in `frame`: `row`, its position there, `source`, the file
        name or what kind of thing it was, and `reason`, in words.
    """
    has_image = np.zeros(len(frame), bool)
    has_image[frame_rows] = True
    rows = np.flatnonzero(~has_image)
    places = rows.tolist()
    known = {each.position: each for each in rejected}
    reasons = [known[row].reason if row in known else "not among the images" for row in places]
    sources = [known[row].source if row in known else "" for row in places]
    return pd.DataFrame(
        {"row": rows, "source": sources, "reason": reasons}, index=frame.index[rows]
    )
