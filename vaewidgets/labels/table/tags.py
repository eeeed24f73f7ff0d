"""Several tags an image, each in a boolean column of a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import MAX_CLASSES, RefusedError, clean_name
from vaewidgets.labels.table.columns import Columns, Suggested
from vaewidgets.labels.table.details import Codes, Numbers, SourceColumn, beside
from vaewidgets.labels.table.filling import fill
from vaewidgets.labels.table.given_frame import (
    KEPT,
    ConflictError,
    OwnColumn,
    RowGuard,
    Step,
)
from vaewidgets.labels.table.values import name_of

_VALUES = (True, False)
"""Of code 1 and 2."""


class TagColumns(Columns):
    """The boolean columns of a DataFrame that hold tags.

    Parameters
    ----------
    frame : DataFrame
    columns : list of hashable
        Names of the columns; :meth:`create` makes those that the frame lacks. A bool column says
        yes or nothing, a nullable one also no.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    classes : iterable of str, optional
        More tags; a boolean column of that name is taken, else one is made.
    details : bool
        Write ``<tag>_source`` for each tag, and ``note``, too.

    Raises
    ------
    TypeError, ValueError
        If a column cannot hold a tag, with the reason and what to do.

    Notes
    -----
    The dtype of a column is kept: False stands for no and, in a bool column, for not said, <NA>
    for not said in a nullable one. The column of a tag that is gone is taken out if it was made
    here, else nothing is true in it any more.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Iterable[Hashable],
        frame_rows: NDArray[np.int64],
        classes: Iterable[Any] | None = None,
        *,
        details: bool = False,
    ) -> None:
        if frame.columns.nlevels > 1:
            raise ValueError(
                f"frame has {frame.columns.nlevels} levels of column names; tags need one level"
            )
        super().__init__(frame, frame_rows, "note", details=details)
        self._keys = _keys(columns)
        self.classes = list(self._keys)
        self.classes += [name for name in self._given(classes) if name not in self._keys]
        if len(self.classes) > MAX_CLASSES:
            raise ValueError(
                f"column and classes name {len(self.classes):,} tags; "
                f"at most {MAX_CLASSES:,} can be"
            )
        self._tags = [self._open(name) for name in self.classes]
        self.layers = [tag.found for tag in self._tags]
        for tag in self._tags:
            tag.check(frame, details=details)
        if details:
            self._note.check(frame)
        self._guard = RowGuard(frame)

    def check_class(self, name: Any) -> tuple[str, str]:  # noqa: D102  (see Columns)
        clean, notice = clean_name(name)
        if clean in self.classes:
            return clean, notice
        taken = clean in self.frame.columns
        if self.details and not taken:
            others = {"note", *(beside(known, "source") for known in self.classes)}
            beside_it = beside(clean, "source")
            taken = clean in others or beside_it in self.frame.columns or beside_it in self.classes
        if taken:
            raise RefusedError(
                f"the DataFrame has a column for {clean[:60]!r} that is no tag; use another name"
            )
        return clean, notice

    def check_clear(self) -> None:
        """Tags can always be cleared."""

    def follow(self, classes: Sequence[str], gone: Iterable[int]) -> None:  # noqa: D102
        names = list(classes)
        # Before the names: a write never finds a name without its tag.
        self._tags += [self._open(name) for name in names[len(self._tags) :]]
        super().follow(names, gone)

    def _check_given(self, name: str) -> str:
        return clean_name(name)[0]

    def _open_in(self, frame: pd.DataFrame, frame_rows: NDArray[np.int64]) -> Columns:
        tags = [name for number, name in enumerate(self.classes) if number not in self.gone]
        columns = [self._keys.get(name, name) for name in tags]
        return TagColumns(frame, columns, frame_rows)

    def _sources(
        self, layers: Sequence[Codes], suggested: Suggested
    ) -> Iterator[tuple[SourceColumn, Numbers]]:
        for number, (tag, layer) in enumerate(zip(self._tags, layers, strict=True)):
            if number not in self.gone:
                yield tag.source, tag.source.wanted(layer, tag.found, suggested(number))

    def _own(self) -> list[OwnColumn]:
        details = [*(tag.source for tag in self._tags), self._note] if self.details else []
        return [*(tag.column for tag in self._tags), *details]

    def _open(self, name: str) -> _Tag:
        """Open the column of a tag, whatever is in it; it is made later if there is none."""
        key = self._keys.get(name, name)
        column = OwnColumn(self.frame, key, _no_flags)
        source = SourceColumn(self.frame, beside(key, "source"), self.frame_rows)
        found = np.zeros(len(self.frame_rows), np.uint16)
        if column.exists and _holds_flags(self.frame[key].dtype):
            found = _read_flags(self.frame[key].iloc[self.frame_rows])
        return _Tag(column, source, found, np.zeros(len(found), bool))

    def _renumber(self, classes: list[str]) -> None:
        known = dict(zip(self.classes, self._tags, strict=True))
        self._tags = [known.get(name) or self._open(name) for name in classes]
        self.layers = [tag.found for tag in self._tags]
        self.classes = classes

    def _mark(self, rows: Mapping[int, NDArray[np.int64]]) -> None:
        for number, positions in rows.items():
            self._tags[number].behind[positions] = True

    def _plan(
        self,
        frame: pd.DataFrame,
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: dict[int, str],
        details: bool,
        *,
        whole: bool = False,
    ) -> tuple[list[Step], Callable[[], None]]:
        self._guard.check(frame, self._own())
        steps: list[Step] = []
        settles: list[Callable[[], None]] = []
        for number, name in enumerate(self.classes):
            tag, layer = self._tags[number], layers[number]
            if number in self.gone and (tag.column.made or not tag.column.exists):
                steps += tag.column.drop() + tag.source.drop()
                settles.append(tag.forget)
                continue
            key = self._keys.get(name, name)
            more, settle = tag.plan(frame, key, self.frame_rows, layer, whole=whole)
            steps += more
            settles.append(settle)
            if details:
                more, settle = tag.plan_source(frame, key, layer, suggested(number))
                steps += more
                settles.append(settle)
            else:
                steps += tag.source.drop()
        if details:
            steps += self._note.steps(frame, notes)
            settles.append(partial(self._note.settle, notes))
        else:
            steps += self._note.drop()

        def settle_all() -> None:
            for each in settles:
                each()

        return steps, settle_all


@dataclass(eq=False)
class _Tag:
    """The columns of one tag."""

    column: OwnColumn
    source: SourceColumn
    found: Codes
    """The layer found at the start."""
    behind: NDArray[np.bool_]
    """Images whose tag is to be written."""

    def check(self, frame: pd.DataFrame, *, details: bool) -> None:
        """Raise TypeError if the columns cannot hold the tag."""
        if self.column.exists and not _holds_flags(frame[self.column.name].dtype):
            name = self.column.name
            raise TypeError(
                f"column {name!r} has dtype {frame[name].dtype}, but tags are True or False; "
                f"frame[{name!r}] = frame[{name!r}].astype('boolean') makes it so"
            )
        if details:
            self.source.check(frame)

    def plan(
        self,
        frame: pd.DataFrame,
        name: Hashable,
        frame_rows: NDArray[np.int64],
        layer: Codes,
        *,
        whole: bool,
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps that bring the column to `layer`, and what to do once they are taken."""
        whole = whole or not self.column.exists
        rows = np.arange(len(layer)) if whole else np.flatnonzero(self.behind)
        if not rows.size and self.column.exists and name == self.column.name:
            return [], lambda: None
        current = self.column.current(frame)
        if not _holds_flags(current.dtype):
            raise ConflictError(f"Column {self.column.name!r} is {current.dtype} now: {KEPT}.")
        missing = pd.NA if _has_missing(current.dtype) else False
        filled = fill(current, frame_rows[rows], layer[rows], _VALUES, missing=missing)

        def settle() -> None:
            self.column.name, self.column.exists = name, True
            self.behind[rows] = False

        return self.column.put(frame, filled, name), settle

    def plan_source(
        self, frame: pd.DataFrame, name: Hashable, layer: Codes, suggested: NDArray[np.bool_]
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps that say who gave the tag, and what to do once they are taken."""
        wanted = self.source.wanted(layer, self.found, suggested)
        steps = self.source.steps(frame, wanted, beside(name, "source"))
        return steps, partial(self.source.settle, wanted, beside(name, "source"))

    def forget(self) -> None:
        """Remember that the columns that were made are gone."""
        self.column.exists = False
        if self.source.made:
            self.source.forget()


def _keys(columns: Iterable[Hashable]) -> dict[str, Hashable]:
    """Name of the column of each tag that the person listed."""
    keys: dict[str, Hashable] = {}
    for column in columns:
        try:
            name = name_of(column)
        except TypeError:
            raise TypeError(
                f"column holds {column!r}; the columns of tags are named by text or numbers"
            ) from None
        if name in keys:
            raise ValueError(f"column names {name[:60]!r} twice")
        keys[name] = column
    return keys


def _no_flags(frame: pd.DataFrame) -> pd.Series[Any]:
    return pd.Series(np.zeros(len(frame), bool), frame.index)


def _holds_flags(dtype: Any) -> bool:
    return pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype)


def _has_missing(dtype: Any) -> bool:
    return pd.api.types.is_extension_array_dtype(dtype)


def _read_flags(values: pd.Series[Any]) -> Codes:
    """Layer of a boolean column."""
    yes = values.to_numpy(bool, na_value=False)
    codes = yes.astype(np.uint16)
    if _has_missing(values.dtype):
        codes[~yes & values.notna().to_numpy()] = 2
    return codes
