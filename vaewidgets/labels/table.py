"""The label column of a person's DataFrame, written by position in that very object."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.edits import MAX_CLASSES, RefusedError, clean_name
from vaewidgets.labels.values import Codec, codec_of, name_of, read_classes

# A text column takes one value for many rows far faster than a value for each.
_FEW = 8


class ConflictError(RuntimeError):
    """The frame is not as it was; the labels are kept here, but not written into it."""


class LabelColumn:
    """One label column of a DataFrame.

    Parameters
    ----------
    frame : DataFrame
        Written in place; its index plays no part and may hold anything.
    column : hashable
        Name of the label column; :meth:`create` makes it, as text, if there is none. Labels in it
        are kept.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    classes : iterable of str, optional
        Names of the classes, before those found in the column. For a column of numbers or bools
        they may be given as such.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    codes : ndarray, shape (n_images,), int64
        Labels found at the start: 0 for none, 1 + number of the class.

    Raises
    ------
    TypeError, ValueError
        If the column cannot hold the labels, with the reason and what to do.

    Notes
    -----
    The dtype of the column is kept. A category column gets the categories it lacks.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        column: Hashable,
        frame_rows: NDArray[np.int64],
        classes: Iterable[Any] | None = None,
    ) -> None:
        self.frame = frame
        self.column = column
        self.frame_rows = frame_rows
        self._index = frame.index
        self._length = len(frame)
        self._behind = np.zeros(len(frame_rows), bool)
        place = find_column(frame, column)
        current = _empty(frame) if place is None else frame.iloc[:, place]
        try:
            codes, values = read_classes(current)
            names = [name_of(value) for value in values]
            self._dtype = current.dtype
            self._codec = codec_of(current.dtype, _missing_of(current))
        except (TypeError, ValueError) as error:
            raise type(error)(f"column {column!r} {error}") from error
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"column {column!r} holds different values that all read {name[:60]!r}; "
                    "make them one first"
                )
        self.classes: list[str] = []
        self._values: list[Any] = []
        known = dict(zip(names, values, strict=True))
        for name in self._given(classes):
            if name in self.classes:
                raise ValueError(f"classes holds {name[:60]!r} twice")
            self._append(name, known.get(name))
        for name in [name for name in names if name not in self.classes]:
            self._append(name, known[name])
        place_of = np.array([0] + [1 + self.classes.index(name) for name in names])
        self.codes: NDArray[np.int64] = place_of[codes][frame_rows]

    def create(self) -> None:
        """Make the column in the frame if it has none."""
        if find_column(self.frame, self.column) is None:
            self.frame.insert(len(self.frame.columns), self.column, _empty(self.frame))

    def check_class(self, name: Any) -> tuple[str, str]:
        """Name under which the column would hold a new class, and a notice if it was changed.

        Raises
        ------
        RefusedError
            If the column cannot hold it.
        """
        clean, notice = clean_name(name)
        if clean in self.classes:
            return clean, notice
        return name_of(self._codec.parse(clean)), notice

    def add_class(self, name: str) -> None:
        """Make room for a class whose name :meth:`check_class` gave."""
        if name not in self.classes:
            self._append(name, None)

    def check_clear(self) -> None:
        """Raise RefusedError if the column has no missing value, so nothing can be cleared."""
        if not self._codec.can_clear:
            raise RefusedError(
                f"column {self.column!r} is {self._dtype}, which has no missing value, so a label "
                "can be changed but not cleared; a nullable column ('Int64', 'boolean') has one"
            )

    def write(self, rows: NDArray[np.int64], codes: NDArray[np.integer]) -> None:
        """Write the labels of some images.

        Parameters
        ----------
        rows : ndarray of int
            Which images.
        codes : ndarray, shape (n_images,)
            The labels of all images now.

        Raises
        ------
        ConflictError
            If the frame changed so that rows cannot be told apart safely. What could not be
            written is written with the next edit after the frame is as it was.
        """
        self._behind[rows] = True
        rows = np.flatnonzero(self._behind)
        place, filled = self._filled(rows, codes)
        self.frame.isetitem(place, filled)  # type: ignore[arg-type]  # a Series keeps its dtype
        self._dtype = filled.dtype
        self._behind[rows] = False

    def labelled(self, codes: NDArray[np.integer]) -> pd.DataFrame:
        """Copy of the frame with the labels `codes` of all images; the frame is not changed.

        Raises
        ------
        ConflictError
            As :meth:`write`.
        """
        place, filled = self._filled(np.arange(len(codes)), codes)
        frame = self.frame.copy(deep=False)
        frame.isetitem(place, filled)  # type: ignore[arg-type]
        return frame

    def _filled(
        self, rows: NDArray[np.int64], codes: NDArray[np.integer]
    ) -> tuple[int, pd.Series[Any]]:
        """Place of the column, and the column with the labels of some images."""
        place = self._check_frame()
        current = self.frame.iloc[:, place]
        if current.dtype != self._dtype:
            self._follow(current)
        return place, _fill(
            current, self.frame_rows[rows], codes[rows], self._values, self._codec.missing
        )

    def _append(self, name: str, value: Any) -> None:
        self._values.append(self._codec.parse(name) if value is None else value)
        self.classes.append(name)

    def _given(self, classes: Iterable[Any] | None) -> list[str]:
        """Names of the classes that the person listed."""
        if classes is None:
            return []
        if isinstance(classes, str) or not isinstance(classes, Iterable):
            raise TypeError(f"classes is {classes!r}; expected a list of class names")
        given = []
        for value in classes:
            try:
                text = value if isinstance(value, str) else name_of(value)
                given.append(self.check_class(text)[0])
            except (RefusedError, TypeError) as error:
                raise ValueError(
                    f"classes does not fit column {self.column!r} of the frame: {error}"
                ) from error
        if len(given) > MAX_CLASSES:
            raise ValueError(f"classes names {len(given):,}; at most {MAX_CLASSES:,} can be")
        return given

    def _check_frame(self) -> int:
        """Place of the column, if the rows of the frame are still those given."""
        kept = "the labels are kept in the widget, but no longer written into the frame"
        if len(self.frame) != self._length:
            raise ConflictError(
                f"The DataFrame now has {len(self.frame):,} rows, not {self._length:,}: {kept}."
            )
        if self.frame.index is not self._index:
            if not self.frame.index.equals(self._index):
                raise ConflictError(f"The DataFrame was re-ordered or got another index: {kept}.")
            self._index = self.frame.index
        try:
            place = find_column(self.frame, self.column)
        except ValueError as error:
            raise ConflictError(f"The {error}: {kept}.") from error
        if place is None:
            raise ConflictError(f"Column {self.column!r} is gone from the DataFrame: {kept}.")
        return place

    def _follow(self, current: pd.Series[Any]) -> None:
        """Learn the dtype that the person gave the column since."""
        try:
            codec: Codec = codec_of(current.dtype, _missing_of(current))
            categories = getattr(current.dtype, "categories", ())
            known = {name_of(value): value for value in categories}
            values = [known[n] if n in known else codec.parse(n) for n in self.classes]
        except (TypeError, ValueError) as error:
            raise ConflictError(
                f"Column {self.column!r} is {current.dtype} now and cannot hold the labels: "
                f"{error}. The labels are kept in the widget, but not written into the frame."
            ) from error
        self._codec, self._values, self._dtype = codec, values, current.dtype


def find_column(frame: pd.DataFrame, column: Hashable) -> int | None:
    """Place of the column in the frame; None if there is none.

    Raises
    ------
    ValueError
        If several columns have that name, or the frame has several rows of column names.
    """
    if frame.columns.nlevels > 1 and not (
        isinstance(column, tuple) and len(column) == frame.columns.nlevels
    ):
        raise ValueError(
            f"frame has {frame.columns.nlevels} levels of column names; "
            f"give column as a tuple of {frame.columns.nlevels} names"
        )
    try:
        place = frame.columns.get_loc(column)
    except KeyError:
        return None
    if not isinstance(place, int):
        raise ValueError(f"frame has several columns named {column!r}; rename all but one")
    return place


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
        f"frame has {n_rows:,} rows for {n_images:,} images{rejected}; "
        "each image needs its row, in the same order"
    )


def _empty(frame: pd.DataFrame) -> pd.Series[Any]:
    """Make a column of no text, of the dtype that this version of pandas gives to text."""
    return pd.Series([None] * len(frame), frame.index, dtype=pd.Series(["text"]).dtype)


def _missing_of(column: pd.Series[Any]) -> Any:
    """Tell what stands for "no label" in a column: of objects what is there already, or None."""
    if not pd.api.types.is_object_dtype(column.dtype):
        return np.nan if column.dtype == "str" else pd.NA
    missing = np.flatnonzero(column.isna())
    return column.iloc[missing[0]] if missing.size else None


def _fill(
    column: pd.Series[Any],
    rows: NDArray[np.int64],
    codes: NDArray[np.integer],
    values: list[Any],
    missing: Any,
) -> pd.Series[Any]:
    """Copy of `column` with the labels `codes` in `rows`."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        new = [value for value in values if value not in column.cat.categories]
        column = column.cat.add_categories(new) if new else column
        places = np.append(column.cat.categories.get_indexer(pd.Index(values)), -1)
        numbers = column.cat.codes.to_numpy().copy()
        numbers[rows] = places[codes.astype(np.int64) - 1]
        filled: Any = pd.Categorical.from_codes(numbers, dtype=column.dtype)  # type: ignore[call-overload]
        return pd.Series(filled, column.index, copy=False)
    array = column.array.copy()
    table = np.empty(len(values) + 1, object)
    table[:] = [missing, *values]
    distinct = np.unique(codes)
    if len(distinct) <= _FEW:
        for code in distinct:
            array[rows[codes == code]] = table[code]
    else:
        array[rows] = pd.Series(table[codes], dtype=column.dtype).array
    return pd.Series(array, column.index, dtype=column.dtype, copy=False)
