"""What the log is made of, and what an edit changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import Edit

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
    """

    layers: Mapping[int, tuple[NDArray[np.int64], Codes]] = field(default_factory=dict)
    classes: tuple[int, ...] = ()
    notes: NDArray[np.int64] = field(default_factory=_no_rows)
    rejected: bool = False

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
        )

    def __bool__(self) -> bool:
        return bool(self.layers or self.classes or self.notes.size or self.rejected)
