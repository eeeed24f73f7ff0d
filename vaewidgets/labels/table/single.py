"""One label an image, in one column of a DataFrame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import RefusedError
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.table.columns import Columns
from vaewidgets.labels.table.details import Codes, SourceColumn, beside
from vaewidgets.labels.table.filling import empty_text, fill, missing_of
from vaewidgets.labels.table.given_frame import (
    KEPT,
    ConflictError,
    OwnColumn,
    RowGuard,
    Step,
    is_untouched,
)
from vaewidgets.labels.table.naming import given_names, listed, one_class, same_name
from vaewidgets.labels.table.origins import AboutColumn, origin_columns
from vaewidgets.labels.table.said import Reading, Said
from vaewidgets.labels.table.values import codec_of, holds_text, name_of, read_classes
from vaewidgets.labels.telling import warn


class LabelColumn(Columns):
    """One label column of a DataFrame.

    Parameters
    ----------
    frame : DataFrame
    column : hashable
        Name of the label column; :meth:`create` makes it, as text, if there is none. Labels in it
        are kept.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    classes : iterable of str, optional
        Names of the classes, before those found in the column. For a column of numbers or bools
        they may be given as such.
    details : bool
        Write ``<column>_source``, ``_by``, ``_when``, ``_how`` and ``<column>_note`` too, and
        ``<column>_set_aside`` where an image is.

    Raises
    ------
    TypeError, ValueError
        If the column cannot hold the labels, with the reason and what to do.

    Notes
    -----
    The dtype of the column is kept. A category column gets the categories it lacks; the category
    of a class that is gone is left. Text with nothing to be seen is no label, and names that
    differ in nothing to be seen are one class; a cell keeps what it holds until its label changes.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        column: Hashable,
        frame_rows: NDArray[np.int64],
        classes: Iterable[Any] | None = None,
        *,
        details: bool = False,
    ) -> None:
        super().__init__(
            frame, frame_rows, beside(column, "note"), beside(column, "set_aside"), details=details
        )
        self.column = column
        self._column = OwnColumn(frame, column, empty_text)
        self._source = SourceColumn(frame, beside(column, "source"), frame_rows)
        self._origin = origin_columns(frame, column, frame_rows)
        if details:
            for beside_it in (self._source, *self._origin, self._note, self._aside):
                beside_it.check(frame)
        self._behind = np.zeros(len(frame_rows), bool)
        self._values: dict[str, Any] = {}
        self._told: set[str] = set()
        wanted = listed(classes)
        self.classes = [name for name in wanted if isinstance(name, str)]
        current = self._column.current(frame)
        try:
            codes, names = self._learn(current)
        except (TypeError, ValueError) as error:
            raise type(error)(f"column {column!r} {error}") from error
        given = given_names(wanted, self._check_given)
        found = [same_name(name, given) or name for name in names]
        for name, known in zip(names, found, strict=True):
            if name != known:
                self._tell_one([known, name])
        self.classes = list(dict.fromkeys([*given, *found]))
        is_category = isinstance(current.dtype, pd.CategoricalDtype)
        self.asked = list(self.classes) if is_category else given
        self._written = self.classes
        numbers = np.array([0] + [1 + self.classes.index(name) for name in found], np.uint16)
        self.layers = [numbers[codes][frame_rows]]
        self.held = [self.layers[0].copy()]
        self._seen: pd.Series[Any] | None = current if self._column.exists else None
        self._guard = RowGuard(frame)

    def are_same(self, other: Columns) -> bool:
        """Whether this is the column of another."""
        return isinstance(other, LabelColumn) and other.column == self.column

    def read(self) -> list[Reading]:  # noqa: D102  (see Columns)
        self._guard.check(self.frame, self._own())
        current = self._column.current(self.frame)
        if not self._column.exists or is_untouched(current, self._seen):
            return []
        try:
            codes, names = self._learn(current)
        except (TypeError, ValueError) as error:
            raise ConflictError(
                f"Column {self.column!r} {error}. Until it holds labels again, {KEPT}."
            ) from error
        self._seen = current
        here = codes[self.frame_rows]
        used, places = np.unique(np.append(0, here), return_inverse=True)
        known = {
            name_key(name): number for number, name in reversed(list(enumerate(self._written)))
        }
        said = [names[code - 1] for code in used[1:]]
        return [
            Reading(0, places[1:].astype(np.uint16), [known.get(name_key(n), n) for n in said])
        ]

    def check_clear(self) -> None:
        """Raise RefusedError if the column has no missing value, so nothing can be cleared."""
        if not self._codec.can_clear:
            raise RefusedError(
                f"column {self.column!r} is {self._dtype}, which has no missing value, so a label "
                "can be changed but not cleared; a nullable column ('Int64', 'boolean') has one"
            )

    def _learn(self, column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[str]]:
        """Learn which values stand for which classes; codes and names of those in the column."""
        codes, values = read_classes(column)
        codes, values, names = self._joined(codes, values, [name_of(value) for value in values])
        codec = codec_of(column.dtype, missing_of(column))
        # Text that has another name, such as that with NUL, has no other value in a text column.
        known = {n: v for n, v in self._values.items() if isinstance(v, str)}
        self._values = (known if holds_text(column.dtype) else {}) | dict(
            zip(names, values, strict=True)
        )
        self._codec, self._dtype = codec, column.dtype
        return codes, names

    def _joined(
        self, codes: NDArray[np.int64], values: list[Any], names: list[str]
    ) -> tuple[NDArray[np.int64], list[Any], list[str]]:
        """Take names as one that differ in nothing to be seen: the one known, or the commonest."""
        groups: dict[str, list[int]] = {}
        for k, name in enumerate(names):
            groups.setdefault(name_key(name), []).append(k)
        counts = np.bincount(codes, minlength=len(values) + 1)[1:]
        kept: list[int] = []
        place = np.zeros(len(values) + 1, np.int64)
        for members in groups.values():
            name, count = Counter(names[k] for k in members).most_common(1)[0]
            if count > 1:
                raise ValueError(
                    f"holds different values that all read {name[:60]!r}; make them one first"
                )
            best = max(
                members,
                key=lambda k: (names[k] in self.classes, names[k] in self._values, counts[k]),
            )
            kept.append(best)
            place[[1 + k for k in members]] = len(kept)
            if len(members) > 1:
                self._tell_one([names[best], *(names[k] for k in members if k != best)])
        return place[codes], [values[k] for k in kept], [names[k] for k in kept]

    def _tell_one(self, names: list[str]) -> None:
        text = one_class(names)
        if text not in self._told:
            self._told.add(text)
            warn(f"column {self.column!r}: {text}")

    def _known_as(self, name: str) -> str | None:
        return same_name(name, self._values)

    def _check_new(self, name: str) -> str:
        return name_of(self._codec.parse(name))

    def _check_given(self, name: str) -> str:
        """Name of a class that the person listed: theirs, where any text can stand."""
        known = None if holds_text(self._dtype) else self._known_as(name)
        return known or self._check_new(name)

    def _open_in(self, frame: pd.DataFrame, frame_rows: NDArray[np.int64]) -> Columns:
        other = LabelColumn(frame, self.column, frame_rows)
        other.gone = self.gone
        try:
            for number, name in enumerate(self.classes):
                other._value(number, name)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"frame cannot hold the labels in column {self.column!r}: {error}"
            ) from error
        return other

    def _about(self, said: Said) -> Iterator[tuple[AboutColumn, NDArray[Any]]]:
        layer, found, origins = said.layers[0], self.layers[0], said.about.origins(0)
        yield self._source, self._source.wanted(layer, found, said.suggested(0))
        for column in self._origin:
            yield column, column.wanted(layer, found, origins)

    def _own(self) -> list[OwnColumn]:
        if not self.details:
            return [self._column]
        aside = [self._aside] if self._aside.exists else []
        return [self._column, self._source, *self._origin, self._note, *aside]

    def _renumber(self, classes: list[str]) -> None:
        places = {name_key(name): k for k, name in reversed(list(enumerate(classes)))}
        numbers = [1 + places[name_key(name)] for name in self.classes]
        self.layers = [np.array([0, *numbers], np.uint16)[self.layers[0]]]
        self.held = [self.layers[0].copy()]
        self.classes = self._written = classes

    def _mark(self, rows: Mapping[int, NDArray[np.int64]]) -> None:
        for positions in rows.values():
            self._behind[positions] = True

    def _plan(
        self, frame: pd.DataFrame, said: Said, details: bool, *, whole: bool = False
    ) -> tuple[list[Step], Callable[[], None]]:
        self._guard.check(frame, self._own())
        codes = said.layers[0].copy()  # before the names: no code is newer than they are
        names = self.classes
        current = self._column.current(frame)
        values = self._values_of(names, current)
        pairs = enumerate(zip(self._written, names, strict=False))
        renamed = [number for number, (old, new) in pairs if old != new]
        due = self._behind | np.isin(codes, [1 + number for number in renamed])
        if whole:  # what says the same stays as it is written
            due |= codes != self.held[0]
        rows = np.flatnonzero(due)
        filled = fill(
            current,
            self.frame_rows[rows],
            codes[rows],
            values,
            missing=self._codec.missing,
            renamed={
                self._values.get(self._written[n], self._written[n]): values[n] for n in renamed
            },
        )
        steps = self._column.put(frame, filled)
        if not details:
            for column in (self._source, *self._origin):
                steps += column.drop()
            steps += self._drop_notes()
            return steps, partial(self._settle, filled, rows, codes, names)
        about = list(self._about(replace(said, layers=[codes])))
        for column, wanted in about:
            steps += column.steps(frame, wanted)
        notes, settle_notes = self._plan_notes(frame, said)

        def settle() -> None:
            self._settle(filled, rows, codes, names)
            for column, wanted in about:
                column.settle(wanted)
            settle_notes()

        return steps + notes, settle

    def _settle(
        self, filled: pd.Series[Any], rows: NDArray[np.int64], codes: Codes, names: list[str]
    ) -> None:
        """Remember what was written."""
        self._dtype, self._seen = filled.dtype, filled
        self._behind[rows] = False
        self.held[0][rows] = codes[rows]
        self._written = names

    def _values_of(self, names: list[str], column: pd.Series[Any]) -> list[Any]:
        """Value of each class, in a column that may have another dtype than before."""
        try:
            if column.dtype != self._dtype:
                self._learn(column)
            return [self._value(number, name) for number, name in enumerate(names)]
        except (TypeError, ValueError) as error:
            raise ConflictError(
                f"Column {self.column!r} is {column.dtype} now and cannot hold the labels: "
                f"{error}; {KEPT}."
            ) from error

    def _value(self, number: int, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return None if number in self.gone else self._codec.parse(name)
