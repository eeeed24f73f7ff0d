"""A person's DataFrame: whether its rows are still those given, and columns put into it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KEPT = "the labels are kept in the widget, but no longer written into the frame"
_COPIES_ON_WRITE = 3
"""Version of pandas from which on a column that is held elsewhere is copied to be changed."""
_ADVICE = "apply(frame, on=...) returns a copy that has them, if a column tells the rows apart"


class ConflictError(RuntimeError):
    """The frame is not as it was; the labels are kept here, but not written into it."""


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


def written_place(frame: pd.DataFrame, column: Hashable) -> int:
    """Place of a column that is written.

    Raises
    ------
    ConflictError
        If it is gone, or there are several now.
    """
    try:
        place = find_column(frame, column)
    except ValueError as error:
        raise ConflictError(f"The {error}: {KEPT}.") from error
    if place is None:
        raise ConflictError(f"Column {column!r} is gone from the DataFrame: {KEPT}.")
    return place


class RowGuard:
    """Tells whether the rows of a frame are still those it had, in the same order.

    Parameters
    ----------
    frame : DataFrame

    Notes
    -----
    Whatever re-orders a frame in place gives it another index object, so while that is the same
    one, nothing else is looked at. An index that merely counts is equal again after
    ``sort_values(inplace=True, ignore_index=True)``: then a column with the same values in
    another order tells. Columns are kept as views: no copy, as long as the person changes none.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._index = frame.index
        self._length = len(frame)
        twice = frame.columns.duplicated(keep=False)
        self._columns = {
            name: frame.iloc[:, place]
            for place, name in enumerate(frame.columns)
            if not twice[place]
        }

    def check(self, frame: pd.DataFrame, own: Iterable[OwnColumn]) -> None:
        """Raise ConflictError if the rows cannot be told apart safely.

        The columns `own` tell nothing about their order: they are written here.
        """
        if len(frame) != self._length:
            raise ConflictError(
                f"The DataFrame now has {len(frame):,} rows, not {self._length:,}: {KEPT}. "
                f"{_ADVICE}."
            )
        if frame.index is self._index:
            return
        names = {column.name for column in own}
        if not frame.index.equals(self._index) or self._is_shuffled(frame, names):
            raise ConflictError(
                f"The DataFrame was re-ordered or got another index: {KEPT}. {_ADVICE}."
            )
        self._index = frame.index

    def values(self, name: Hashable) -> pd.Index[Any]:
        """Values that a column, or a level of the index, had.

        Raises
        ------
        ValueError
            If there is no such column, or there are several.
        """
        if name in self._columns:
            values: pd.Index[Any] = pd.Index(self._columns[name])
            return values
        if name is not None and name in self._index.names:
            return self._index.get_level_values(self._index.names.index(name))
        known = ", ".join(repr(column) for column in list(self._columns)[:20])
        raise ValueError(f"has no column {name!r}, or several; it has {known or 'none'}")

    def key(self, on: Any) -> pd.Index[Any]:
        """Values of a column or level, or tuples of those of several, given as a list.

        Raises
        ------
        ValueError
            As :meth:`values`.
        """
        if not isinstance(on, list):
            return self.values(on)
        if not on:
            raise ValueError("is asked for no column; accepted: one, or a list of them")
        tuples = list(zip(*(self.values(name) for name in on), strict=True))
        key: pd.Index[Any] = pd.Index(tuples, dtype=object, tupleize_cols=False)
        return key

    def _is_shuffled(self, frame: pd.DataFrame, own: set[Hashable]) -> bool:
        own |= set(frame.columns[frame.columns.duplicated()])
        for name, column in self._columns.items():
            if name in own or name not in frame.columns:
                continue
            before, now = _hashes(column), _hashes(frame[name])
            if not np.array_equal(before, now) and np.array_equal(np.sort(before), np.sort(now)):
                return True
        return False


def _hashes(column: pd.Series[Any]) -> NDArray[np.uint64]:
    """Make a number of each value; none of objects that have no hash, such as arrays."""
    try:
        return np.asarray(pd.util.hash_pandas_object(column, index=False), np.uint64)
    except TypeError:
        return np.empty(0, np.uint64)


def is_untouched(column: pd.Series[Any], before: pd.Series[Any] | None) -> bool:
    """Whether a column is the very one it was, told without looking at its values.

    pandas 3 and newer copy a column when it is changed while somebody holds it, as we do; False
    where that cannot be told.
    """
    if before is None or int(pd.__version__.split(".")[0]) < _COPIES_ON_WRITE:
        return False
    if column.array is before.array:
        return True
    now, then = column._values, before._values
    return (
        isinstance(now, np.ndarray)
        and isinstance(then, np.ndarray)
        and now.__array_interface__ == then.__array_interface__
    )


@dataclass(frozen=True, eq=False)
class Step:
    """One column put into a frame, replaced in it, or taken out."""

    name: Hashable
    values: pd.Series[Any] | None = None
    """The column; None takes it out."""
    place: int | None = None
    """Where a new column comes; by default at the end."""
    new: bool = False
    """Whether there must not be such a column yet."""

    def apply(self, frame: pd.DataFrame) -> Step:
        """Change the frame; returns the step back."""
        if self.new and self.values is not None:
            if find_column(frame, self.name) is not None:
                raise ConflictError(f"The DataFrame has another column {self.name!r} now: {KEPT}.")
            _insert(frame, self.name, self.values, self.place)
            return Step(self.name)
        there = written_place(frame, self.name)
        before = frame.iloc[:, there]
        if self.values is None:
            frame.pop(self.name)  # type: ignore[arg-type]
            return Step(self.name, before, there, new=True)
        frame.isetitem(there, self.values)  # type: ignore[arg-type]  # a Series keeps its dtype
        return Step(self.name, before)


class OwnColumn:
    """A column of the frame that is written here.

    Parameters
    ----------
    frame : DataFrame
    name : hashable
    blank : callable(frame) -> Series
        Makes the column with nothing in it, for a frame that lacks it.

    Attributes
    ----------
    name : hashable
        Its name in the frame, or the one it is to get.
    exists : bool
        Whether it is there, as far as is known.
    made : bool
        Whether it was not there before.
    """

    def __init__(
        self, frame: pd.DataFrame, name: Hashable, blank: Callable[[pd.DataFrame], pd.Series[Any]]
    ) -> None:
        self.name = name
        self.blank = blank
        self.exists = find_column(frame, name) is not None
        self.made = not self.exists

    def current(self, frame: pd.DataFrame) -> pd.Series[Any]:
        """Return the column as it is, a blank one if it is not there yet.

        Raises
        ------
        ConflictError
            If it was there and is gone.
        """
        return frame.iloc[:, written_place(frame, self.name)] if self.exists else self.blank(frame)

    def put(
        self, frame: pd.DataFrame, values: pd.Series[Any], name: Hashable | None = None
    ) -> list[Step]:
        """Make the steps that write the column, under another name if that is given."""
        name = self.name if name is None else name
        if not self.exists:
            return [Step(name, values, new=True)]
        if name == self.name:
            return [Step(name, values)]
        return [Step(self.name), Step(name, values, written_place(frame, self.name), new=True)]

    def drop(self) -> list[Step]:
        """Make the steps that take the column out if it was made here."""
        return [Step(self.name)] if self.exists and self.made else []


def apply_steps(frame: pd.DataFrame, steps: Iterable[Step]) -> None:
    """Change the columns of a frame: all of them, or none if one cannot be changed.

    What goes, goes first: two columns can take each other's name.
    """
    back: list[Step] = []
    try:
        for step in sorted(steps, key=lambda step: step.values is not None):
            back.append(step.apply(frame))
    except BaseException:
        for step in reversed(back):
            step.apply(frame)
        raise


def _insert(
    frame: pd.DataFrame, name: Hashable, values: pd.Series[Any], place: int | None
) -> None:
    end = len(frame.columns)
    with warnings.catch_warnings():
        # Beyond a hundred columns pandas advises to copy the frame: it would be another one then.
        warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
        frame.insert(end if place is None else min(place, end), name, values)
