"""Columns beside the labels: who gave each of them, and the notes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.table.filling import empty_text, fill, missing_of
from vaewidgets.labels.table.given_frame import KEPT, ConflictError, OwnColumn, Step
from vaewidgets.labels.table.values import holds_text, without_nothing

SOURCES = ("person", "suggestion")
Codes = NDArray[np.uint16]
Numbers = NDArray[np.int64]


def beside(column: Hashable, ending: str) -> Hashable:
    """Name of the column that says more about `column`; of several levels the last one differs."""
    if isinstance(column, tuple) and column:
        return (*column[:-1], f"{column[-1]}_{ending}")
    return f"{column}_{ending}"


class TextColumn(OwnColumn):
    """A column of text beside the labels; made with the first step, text in it is kept."""

    def __init__(self, frame: pd.DataFrame, name: Hashable) -> None:
        super().__init__(frame, name, empty_text)

    def check(self, frame: pd.DataFrame) -> None:
        """Raise TypeError if the column cannot hold text."""
        dtype = self.current(frame).dtype
        if not holds_text(dtype):
            raise TypeError(
                f"column {self.name!r} has dtype {dtype}, but details are written there as text; "
                f"rename it, or frame[{self.name!r}] = None if it is empty"
            )

    def found(self, frame: pd.DataFrame, rows: NDArray[np.int64]) -> tuple[Numbers, list[Any]]:
        """Text that stands in some rows: 0 or 1 + place among the distinct ones."""
        column = self.current(frame) if self.exists else None
        if column is None or not holds_text(column.dtype):
            return np.zeros(len(rows), np.int64), []
        try:
            codes, values = pd.factorize(column.iloc[rows].astype(object))
        except TypeError:  # lists and such: no text
            return np.zeros(len(rows), np.int64), []
        return without_nothing(codes.astype(np.int64) + 1, list(values))

    def text_steps(
        self,
        frame: pd.DataFrame,
        rows: NDArray[np.int64],
        codes: Numbers,
        values: Sequence[Any],
        name: Hashable | None = None,
    ) -> list[Step]:
        """Make the steps that write text into some rows, and the column if it is not there.

        Raises
        ------
        ConflictError
            If it is gone, or cannot hold text any more.
        """
        column = self.current(frame)
        if not holds_text(column.dtype):
            raise ConflictError(f"Column {self.name!r} is {column.dtype} now: {KEPT}.")
        if self.exists and not rows.size and name in (None, self.name):
            return []
        return self.put(frame, fill(column, rows, codes, values, missing=missing_of(column)), name)


class SourceColumn(TextColumn):
    """Who gave each label: "person", "suggestion", or missing.

    A label that stands as it was found keeps what was found here.
    """

    def __init__(self, frame: pd.DataFrame, name: Hashable, frame_rows: NDArray[np.int64]) -> None:
        super().__init__(frame, name)
        self._rows = frame_rows
        codes, values = self.found(frame, frame_rows)
        self._values = [*SOURCES, *values]
        self._found = np.where(codes > 0, codes + len(SOURCES), 0)
        self._written = self._found

    def wanted(self, layer: Codes, found: Codes, suggested: NDArray[np.bool_]) -> Numbers:
        """Codes of the sources now; `found` are the labels found at the start."""
        given = np.where(layer == 0, 0, np.where(suggested, 2, 1))
        return np.where((layer == found) & ~suggested, self._found, given)

    def steps(
        self, frame: pd.DataFrame, wanted: Numbers, name: Hashable | None = None
    ) -> list[Step]:
        """Make the steps to `wanted`, and to another name if that is given."""
        rows = np.flatnonzero(wanted != self._written)
        return self.text_steps(frame, self._rows[rows], wanted[rows], self._values, name)

    def steps_in(
        self, frame: pd.DataFrame, rows: NDArray[np.int64], wanted: Numbers
    ) -> list[Step]:
        """Make the steps that write `wanted` into some rows of another frame."""
        column = TextColumn(frame, self.name)
        column.check(frame)
        return column.text_steps(frame, rows, wanted, self._values)

    def settle(self, wanted: Numbers, name: Hashable | None = None) -> None:
        """Remember what was written, and under which name."""
        self.exists, self._written = True, wanted
        self.name = self.name if name is None else name

    def forget(self) -> None:
        """Remember that the column was taken out."""
        self.exists, self._written = False, np.zeros_like(self._found)


class NoteColumn(TextColumn):
    """Notes on the images.

    A note that was found and never was in the journal is kept, and comes back where a note
    written over it is taken away.
    """

    def __init__(self, frame: pd.DataFrame, name: Hashable, frame_rows: NDArray[np.int64]) -> None:
        super().__init__(frame, name)
        self._rows = frame_rows
        codes, values = self.found(frame, frame_rows)
        self.notes = {int(row): str(values[codes[row] - 1]) for row in np.flatnonzero(codes)}
        self._kept = dict(self.notes)
        self._written: dict[int, str] = {}

    def steps(self, frame: pd.DataFrame, notes: Mapping[int, str]) -> list[Step]:
        """Make the steps that bring the column to the notes as they are now."""
        changed = sorted({row for row, _ in notes.items() ^ self._written.items()})
        texts = [notes.get(row, self._kept.get(row)) for row in changed]
        values = list(dict.fromkeys(text for text in texts if text is not None))
        number = {text: 1 + place for place, text in enumerate(values)}
        codes = np.array([0 if text is None else number[text] for text in texts], np.int64)
        rows = self._rows[np.array(changed, np.int64)]
        return self.text_steps(frame, rows, codes, values)

    def settle(self, notes: Mapping[int, str]) -> None:
        """Remember what was written."""
        self.exists, self._written = True, dict(notes)
        self._kept = {row: text for row, text in self._kept.items() if notes.get(row) != text}
