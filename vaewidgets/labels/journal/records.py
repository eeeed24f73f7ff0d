"""What the log is made of, and what an edit changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import Edit
from vaewidgets.labels.journal.rows import RowSet

Codes = NDArray[np.uint16]
StepName = tuple[str, str, int]
"""Writer, client and number of the edit that made a step."""


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """An edit in its place in the log."""

    order: int
    """Lamport counter: an edit made after another was seen has the higher number."""
    annotator: str
    """Who: undo and redo reach back only to the edits of the same annotator."""
    edit: Edit
    writer: str = ""
    """Name of the log file's writer; it decides between edits of the same order."""
    target: StepName | None = None
    """What an undo or redo is about; None if there was nothing to undo or redo."""
    time: int = 0
    """When, in seconds since 1970: to be read by people, it decides nothing."""

    @property
    def place(self) -> tuple[int, str]:
        """What the log is ordered by."""
        return self.order, self.writer

    def with_rows(self, rows: NDArray[np.int64], n_rows: int) -> Record:
        """Return the record with row `rows[i]` in place of i."""
        edit = self.edit
        if edit.rows is None:
            return self
        places = rows[edit.rows.positions]
        order = np.argsort(places)
        moved = replace(
            edit,
            rows=RowSet.from_positions(places[order], n_rows),
            codes=None if edit.codes is None else edit.codes[order],
        )
        return replace(self, edit=moved)


def _no_rows() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Change:
    """What an edit changed, as it is now.

    Parameters
    ----------
    layers : dict
        For each layer that changed the rows, int64 in ascending order, and their codes, uint16.
        A row counts as changed too if only its mark as suggested did.
    classes : tuple of int
        Numbers of the classes that were added, renamed, are gone or came back.
    notes : ndarray of int64
        Rows whose note changed.
    rejected : bool
        Whether what was rejected changed.
    aside : ndarray of int64
        Rows that were set aside or put back.
    kept : bool
        Whether the selections that are kept under a name changed.
    """

    layers: Mapping[int, tuple[NDArray[np.int64], Codes]] = field(default_factory=dict)
    classes: tuple[int, ...] = ()
    notes: NDArray[np.int64] = field(default_factory=_no_rows)
    rejected: bool = False
    aside: NDArray[np.int64] = field(default_factory=_no_rows)
    kept: bool = False

    def of_first(self, n_rows: int) -> Change:
        """Return what changed in the first rows: the others are of images that are not here."""
        changed = [self.notes, self.aside, *(rows for rows, _ in self.layers.values())]
        if all(rows[-1] < n_rows for rows in changed if rows.size):
            return self
        layers = {}
        for number, (rows, codes) in self.layers.items():
            here = int(np.searchsorted(rows, n_rows))
            if here:
                layers[number] = rows[:here], codes[:here]
        notes, aside = (rows[rows < n_rows] for rows in (self.notes, self.aside))
        return replace(self, layers=layers, notes=notes, aside=aside)

    def followed_by(self, then: Change, layers: Sequence[Codes]) -> Change:
        """Put this change and the next into one; `layers` are the labels after both."""
        parts = {}
        for number in sorted(self.layers.keys() | then.layers.keys()):
            both = [change.layers[number][0] for change in (self, then) if number in change.layers]
            rows = np.unique(np.concatenate(both))
            parts[number] = rows, layers[number][rows]
        return Change(
            parts,
            tuple(sorted({*self.classes, *then.classes})),
            np.union1d(self.notes, then.notes),
            self.rejected or then.rejected,
            np.union1d(self.aside, then.aside),
            self.kept or then.kept,
        )

    def __bool__(self) -> bool:
        some = self.layers or self.classes or self.notes.size or self.aside.size
        return bool(some or self.rejected or self.kept)
