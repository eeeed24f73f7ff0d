"""The log of edits: every label, clear, undo, redo and new class, in order, exactly once.

The log is the truth; the codes here and the DataFrame column are what it folds to. An edit is
never changed or removed: undo and redo are edits too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.edits import MAX_CLASSES, Edit, RefusedError
from vaewidgets.labels.rows import RowSet

Codes = NDArray[np.uint16]
Status = Literal["applied", "duplicate", "refused", "gap"]


@dataclass(frozen=True, eq=False)
class Record:
    """An edit in its place in the log."""

    order: int
    """Lamport counter: an edit made after another was seen has the higher number."""
    annotator: str
    """Who: undo and redo reach back only to the edits of the same annotator."""
    edit: Edit


@dataclass(frozen=True, eq=False)
class Change:
    """Rows whose label an edit changed, int64 in ascending order, and their codes now."""

    rows: NDArray[np.int64]
    codes: Codes


@dataclass(frozen=True)
class Outcome:
    """What became of an edit.

    ``applied``: it is in the log. ``duplicate``: it was already. ``refused``: it was refused
    before, for `reason`. ``gap``: an earlier edit of the client is missing; resend from
    `expected`.
    """

    status: Status
    expected: int = 0
    reason: str = ""
    change: Change | None = None


@dataclass(eq=False)
class _Write:
    """A label, clear or redo: it owns its rows until something is written over it."""

    rows: RowSet
    code: int
    before: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int32]
    """For each row 1 + the number of the write that owned it before, 0 for none; of length 1
    where all agree."""
    active: bool = True


@dataclass(eq=False)
class _History:
    """What one annotator can undo and redo, as numbers of writes."""

    done: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)


class Journal:
    """Append-only log of edits and the state it folds to.

    Parameters
    ----------
    n_rows : int
        How many images there are.
    classes : sequence of str
        Names of the classes at the start.
    codes : ndarray, shape (n_rows,), optional
        Labels at the start: 0 for none, 1 + number of the class. None are labelled if not given.

    Attributes
    ----------
    codes : ndarray, shape (n_rows,), uint16
        The labels now. Read only for everybody else.
    classes : list of str
        The classes now; classes are only ever added.
    records : list of Record
        The log.

    Notes
    -----
    The label of a row is that of the last write on it that is not undone. Every row knows its
    owner, the write that gave it its label, and every write knows whom it took its rows from.
    Undo hands the rows that a write still owns back along that chain, past writes that are
    undone themselves, so it never touches what another annotator wrote over it since. Redo
    writes again, on top.
    """

    def __init__(
        self, n_rows: int, classes: Sequence[str] = (), codes: NDArray[np.integer] | None = None
    ) -> None:
        self.n_rows = n_rows
        self.classes = list(classes)
        self.codes: Codes = np.zeros(n_rows, np.uint16)
        if codes is not None:
            self.codes[:] = codes
        self.records: list[Record] = []
        self._start = (tuple(classes), self.codes.copy())
        self._owner = np.zeros(n_rows, np.int32)
        self._writes: list[_Write] = []
        self._histories: dict[str, _History] = {}
        self._last: dict[str, int] = {}
        self._refusals: dict[tuple[str, int], str] = {}
        self._added: dict[tuple[str, int], int] = {}
        self._clock = 0

    def place(self, client: str, seq: int, settled: int = 0) -> Outcome | None:
        """Say what has already become of the edit `seq` of `client`; None if it is the next.

        Parameters
        ----------
        client, seq : str, int
            The edit.
        settled : int
            The client knows the fate of all its edits up to this number, so none is missing.
        """
        last = max(self._last.get(client, 0), settled)
        if (client, seq) in self._refusals:
            return Outcome("refused", reason=self._refusals[client, seq])
        if seq <= last:
            return Outcome("duplicate")
        if seq > last + 1:
            return Outcome("gap", expected=last + 1)
        return None

    def append(self, edit: Edit, annotator: str = "", seen: int = 0) -> Outcome:
        """Take an edit into the log, exactly once.

        Parameters
        ----------
        edit : Edit
        annotator : str
            Who made it.
        seen : int
            Highest order number that the annotator had seen; the order of this edit is higher.

        Returns
        -------
        Outcome

        Raises
        ------
        RefusedError
            If it would add a class beyond the most that a column can have; nothing changed.
        """
        known = self.place(edit.client, edit.seq, edit.settled)
        if known is not None:
            return known
        if edit.kind == "add_class":
            self._add_class(edit)
            change = None
        else:
            change = self._write(edit, self._histories.setdefault(annotator, _History()))
        self._clock = max(self._clock, seen) + 1
        self.records.append(Record(self._clock, annotator, edit))
        self._last[edit.client] = edit.seq
        return Outcome("applied", change=change)

    def refuse(self, client: str, seq: int, reason: str) -> None:
        """Remember that an edit was refused, so that a copy of it is not taken for a new one."""
        self._refusals[client, seq] = reason
        self._last[client] = max(seq, self._last.get(client, 0))

    def added(self, client: str, seq: int) -> int | None:
        """Code of the class that the edit `seq` of `client` added, or None."""
        return self._added.get((client, seq))

    def depth(self, annotator: str = "") -> tuple[int, int]:
        """How many edits `annotator` can undo, and how many redo."""
        history = self._histories.get(annotator, _History())
        return len(history.done), len(history.undone)

    def fold(self, records: Iterable[Record] | None = None) -> Journal:
        """Build the state again from the start and the log, or from other `records`."""
        classes, codes = self._start
        journal = Journal(self.n_rows, classes, codes)
        for record in self.records if records is None else records:
            journal.append(record.edit, record.annotator, record.order - 1)
        return journal

    def _add_class(self, edit: Edit) -> None:
        """Add a class; one that exists already keeps its number."""
        if edit.name not in self.classes:
            if len(self.classes) >= MAX_CLASSES:
                raise RefusedError(
                    f"there are {MAX_CLASSES} classes already, the most there can be"
                )
            self.classes.append(edit.name)
        self._added[edit.client, edit.seq] = 1 + self.classes.index(edit.name)

    def _write(self, edit: Edit, history: _History) -> Change | None:
        """Apply a label, clear, undo or redo; None if there was nothing to undo or redo."""
        if edit.kind == "undo":
            if not history.done:
                return None
            number = history.done.pop()
            history.undone.append(number)
            return self._take_back(number)
        if edit.kind == "redo":
            if not history.undone:
                return None
            again = self._writes[history.undone.pop()]
            rows, code = again.rows, again.code
        else:
            if edit.rows is None:
                raise RefusedError(f"{edit.kind} needs rows")
            rows, code = edit.rows, edit.code
            history.undone.clear()
        history.done.append(len(self._writes))
        return self._put(rows, code)

    def _put(self, rows: RowSet, code: int) -> Change:
        """Write `code` over the rows."""
        positions = rows.positions
        before = self._owner[positions]
        self._writes.append(_Write(rows, code, _narrow(before, len(self._writes))))
        self._owner[positions] = len(self._writes)  # 1 + its number
        changed = positions[self.codes[positions] != code]
        self.codes[positions] = code
        return Change(changed, np.full(len(changed), code, np.uint16))

    def _take_back(self, number: int) -> Change:
        """Undo a write: the rows it still owns go back to the last write before that stands."""
        write = self._writes[number]
        write.active = False
        positions = write.rows.positions
        still = self._owner[positions] == number + 1
        rows = positions[still]
        before = write.before if len(write.before) == 1 else write.before[still]
        owners = np.broadcast_to(before, rows.shape).astype(np.int32)
        distinct, which = self._standing(rows, owners)
        codes = self._start[1][rows]
        written = owners > 0
        of_owner = np.array([self._writes[o - 1].code if o else 0 for o in distinct], np.uint16)
        codes[written] = of_owner[which[written]]
        self._owner[rows] = owners
        changed = codes != self.codes[rows]
        self.codes[rows] = codes
        return Change(rows[changed], codes[changed])

    def _standing(
        self, rows: NDArray[np.int64], owners: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Follow `owners`, in place, past the writes that are undone.

        Returns the distinct owners and for each row which of them is its own.
        """
        while True:
            distinct, which = np.unique(owners, return_inverse=True)
            undone = [o for o in distinct if o > 0 and not self._writes[o - 1].active]
            if not undone:
                return distinct, which
            for owner in undone:
                write = self._writes[owner - 1]
                here = owners == owner
                if len(write.before) == 1:
                    owners[here] = write.before[0]
                else:
                    at = np.searchsorted(write.rows.positions, rows[here])
                    owners[here] = write.before[at]


def _narrow(
    before: NDArray[np.int32], highest: int
) -> NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int32]:
    """Hold previous owners as small as they can be: a lasso over a million rows is one record."""
    if before.size == 0 or (before == before[0]).all():
        return np.array([before[0] if before.size else 0], np.int32)
    if highest < 256:
        return before.astype(np.uint8)
    return before.astype(np.uint16) if highest < 65536 else before
