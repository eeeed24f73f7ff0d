"""One label an image, in one column of a DataFrame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import RefusedError, clean_name
from vaewidgets.labels.table.columns import Columns, Suggested
from vaewidgets.labels.table.details import Codes, Numbers, SourceColumn, beside
from vaewidgets.labels.table.filling import empty_text, fill, missing_of
from vaewidgets.labels.table.given_frame import KEPT, ConflictError, OwnColumn, RowGuard, Step
from vaewidgets.labels.table.values import codec_of, holds_text, name_of, read_classes


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
        Write ``<column>_source`` and ``<column>_note`` too.

    Raises
    ------
    TypeError, ValueError
        If the column cannot hold the labels, with the reason and what to do.

    Notes
    -----
    The dtype of the column is kept. A category column gets the categories it lacks; the category
    of a class that is gone is left.
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
        super().__init__(frame, frame_rows, beside(column, "note"), details=details)
        self.column = column
        self._column = OwnColumn(frame, column, empty_text)
        self._source = SourceColumn(frame, beside(column, "source"), frame_rows)
        if details:
            self._source.check(frame)
            self._note.check(frame)
        self._behind = np.zeros(len(frame_rows), bool)
        self._values: dict[str, Any] = {}
        self.classes = []
        try:
            codes, names = self._learn(self._column.current(frame))
        except (TypeError, ValueError) as error:
            raise type(error)(f"column {column!r} {error}") from error
        given = self._given(classes)
        self.classes = given + [name for name in names if name not in given]
        self._written = self.classes
        numbers = np.array([0] + [1 + self.classes.index(name) for name in names], np.uint16)
        self.layers = [numbers[codes][frame_rows]]
        self._guard = RowGuard(frame)

    def check_class(self, name: Any) -> tuple[str, str]:  # noqa: D102  (see Columns)
        clean, notice = clean_name(name)
        if clean in self.classes or clean in self._values:
            return clean, notice
        return name_of(self._codec.parse(clean)), notice

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
        names = [name_of(value) for value in values]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise ValueError(
                f"holds different values that all read {twice[:60]!r}; make them one first"
            )
        codec = codec_of(column.dtype, missing_of(column))
        # Text that has another name, such as blanks, has no other value in a column of text.
        known = {n: v for n, v in self._values.items() if isinstance(v, str)}
        self._values = (known if holds_text(column.dtype) else {}) | dict(
            zip(names, values, strict=True)
        )
        self._codec, self._dtype = codec, column.dtype
        return codes, names

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

    def _sources(
        self, layers: Sequence[Codes], suggested: Suggested
    ) -> Iterator[tuple[SourceColumn, Numbers]]:
        yield self._source, self._source.wanted(layers[0], self.layers[0], suggested(0))

    def _own(self) -> list[OwnColumn]:
        return [self._column, *([self._source, self._note] if self.details else [])]

    def _renumber(self, classes: list[str]) -> None:
        numbers = [1 + classes.index(name) for name in self.classes]
        self.layers = [np.array([0, *numbers], np.uint16)[self.layers[0]]]
        self.classes = self._written = classes

    def _mark(self, rows: Mapping[int, NDArray[np.int64]]) -> None:
        for positions in rows.values():
            self._behind[positions] = True

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
        codes = layers[0].copy()  # before the names: no code is newer than they are
        names = self.classes
        current = self._column.current(frame)
        values = self._values_of(names, current)
        pairs = enumerate(zip(self._written, names, strict=False))
        renamed = [number for number, (old, new) in pairs if old != new]
        due = self._behind | np.isin(codes, [1 + number for number in renamed])
        rows = np.arange(len(codes)) if whole else np.flatnonzero(due)
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
        sources = next(self._sources([codes], suggested))[1] if details else None
        if sources is not None:
            steps += self._source.steps(frame, sources) + self._note.steps(frame, notes)
        else:
            steps += self._source.drop() + self._note.drop()

        def settle() -> None:
            self._dtype = filled.dtype
            self._behind[rows] = False
            self._written = names
            if sources is not None:
                self._source.settle(sources)
                self._note.settle(notes)

        return steps, settle

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
