"""One layer of labels: which write gave each row its code, and what shows when it is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.rows import RowSet

Codes = NDArray[Any]
_MANY = 2**20
"""Rows written that are settled together at most: a bound on the memory it takes."""


@dataclass(eq=False, slots=True)
class _Write:
    """It owns its rows until something is written over it."""

    rows: RowSet | None
    """None for what was there at the start, which nobody undoes."""
    code: int
    suggested: bool = False
    active: bool = True
    by: Any = None
    """The step that wrote it."""
    before: NDArray[Any] | None = None
    """For each row the number of the write that owned it before; of length 1 where all agree."""


@dataclass(eq=False, slots=True)
class Swap:
    """One code stands for another in all that was written before it, as long as it is active."""

    upto: int
    code: int
    target: int
    active: bool = True


class Layer:
    """A code for each row, each given by the last write on the row that is not undone.

    Parameters
    ----------
    n_rows : int
    codes : ndarray, shape (n_rows,), optional
        Codes at the start; 0 if not given.
    n_codes : int
        Every code at the start is below it.
    dtype : numpy dtype

    Attributes
    ----------
    codes : ndarray, shape (n_rows,)
        As of the last :meth:`settle`.
    suggested : ndarray, shape (n_rows,), bool
        Where the code was given by a write that was marked as suggested.

    Notes
    -----
    Every row knows its owner, the write that gave it its code, and every write knows whom it took
    its rows from. Taking a write back hands the rows that it still owns back along that chain,
    past writes that are undone themselves, so it never touches what was written over it since.

    Writes wait until :meth:`settle` puts all of them in place together: reading a long log is then
    a sort and not a million small steps.
    """

    def __init__(
        self,
        n_rows: int,
        codes: Codes | None = None,
        n_codes: int = 1,
        dtype: type[np.integer[Any]] = np.uint16,
    ) -> None:
        self.codes: Codes = np.zeros(n_rows, dtype)
        self._owner = np.zeros(n_rows, np.int32)
        if codes is not None:
            self.codes[:] = codes
            self._owner[:] = codes  # the first writes are the codes themselves
        self.suggested = np.zeros(n_rows, bool)
        self._writes = [_Write(None, code) for code in range(n_codes)]
        self._values: Codes = np.arange(max(64, n_codes)).astype(dtype)  # code of each write now
        self._marks = np.zeros(len(self._values), bool)
        self._settled = n_codes
        self._waiting_rows = 0
        self._undone: list[int] = []
        self._swaps: list[Swap] = []
        self._stale = False
        self._changed: list[NDArray[np.int64]] = []

    def put(self, rows: RowSet, code: int, by: Any = None, *, suggested: bool = False) -> int:
        """Write a code over rows in the step `by`; returns the number of the write."""
        self._writes.append(_Write(rows, code, suggested, by=by))
        self._waiting_rows += len(rows)
        if self._waiting_rows > _MANY:
            self.settle()
        return len(self._writes) - 1

    def take_back(self, number: int) -> None:
        """Undo a write: the rows it still owns go back to the last write before that stands."""
        self._writes[number].active = False
        if number < self._settled:
            self._undone.append(number)

    def swap(self, code: int, target: int) -> Swap:
        """Let `target` stand for `code` in all that was written so far."""
        swap = Swap(len(self._writes), code, target)
        self._swaps.append(swap)
        self._stale = True
        return swap

    def unswap(self, swap: Swap) -> None:
        """Undo a swap."""
        swap.active = False
        self._swaps.remove(swap)
        self._stale = True

    @property
    def is_used(self) -> bool:
        """Whether anything was ever said in this layer."""
        return bool(len(self._writes) > self._settled or self._owner.any())

    def grow(self, n_rows: int) -> None:
        """Make room for more rows, of which nothing is said."""
        more = n_rows - len(self.codes)
        if more > 0:
            self.codes = np.concatenate([self.codes, np.zeros(more, self.codes.dtype)])
            self.suggested = np.concatenate([self.suggested, np.zeros(more, bool)])
            self._owner = np.concatenate([self._owner, np.zeros(more, np.int32)])

    def settle(self) -> None:
        """Bring `codes` and `suggested` up to date."""
        moved = [self._place(self._settled)] if self._settled < len(self._writes) else []
        moved += [self._hand_back(number) for number in self._undone]
        self._undone.clear()
        if self._stale:
            self._values[: len(self._writes)] = [write.code for write in self._writes]
            for swap in self._swaps:
                older = self._values[: swap.upto]
                older[older == swap.code] = swap.target
            self._stale = False
            moved = [np.arange(len(self.codes))]
        for rows in moved:
            self._show(rows)

    def writes(self, n_rows: int) -> tuple[NDArray[np.int64], dict[int, Any]]:
        """Tell which write gave each of the first rows its code, and the step of each write.

        -1 where it was there at the start.
        """
        owners = self._owner[:n_rows].astype(np.int64)
        distinct = np.unique(owners)
        at_start = [number for number in distinct if self._writes[number].rows is None]
        owners[np.isin(owners, at_start)] = -1
        steps = {int(k): self._writes[k].by for k in distinct if k not in at_start}
        return owners, steps

    def written(self, number: int) -> tuple[NDArray[np.int64], int, bool]:
        """Tell what a write says now: its rows, their code, and whether it was a suggestion."""
        write = self._writes[number]
        return self._positions(number), int(self._values[number]), write.suggested

    def take_changed(self) -> NDArray[np.int64]:
        """Rows whose code or mark changed since this was asked last, in ascending order."""
        changed, self._changed = self._changed, []
        if len(changed) == 1:
            return changed[0]
        return np.unique(np.concatenate(changed)) if changed else np.empty(0, np.int64)

    def difference(self, other: Layer) -> NDArray[np.int64]:
        """Rows whose code or mark is not that of another layer."""
        differs: NDArray[np.bool_] = (self.codes != other.codes) | (
            self.suggested != other.suggested
        )
        return np.flatnonzero(differs)

    def _show(self, rows: NDArray[np.int64]) -> None:
        """Give rows the codes of their owners."""
        owners = self._owner[rows]
        codes = self._values[owners]
        marks = self._marks[owners] & (codes != 0)
        changed = (codes != self.codes[rows]) | (marks != self.suggested[rows])
        rows = rows[changed]
        self.codes[rows] = codes[changed]
        self.suggested[rows] = marks[changed]
        if rows.size:
            self._changed.append(rows)

    def _place(self, first: int) -> NDArray[np.int64]:
        """Put the writes that wait in place; returns their rows."""
        waiting = self._writes[first:]
        self._settled, self._waiting_rows = len(self._writes), 0
        self._grow(self._settled)
        self._values[first : self._settled] = [write.code for write in waiting]
        self._marks[first : self._settled] = [write.suggested for write in waiting]
        standing = [number for number, write in enumerate(waiting, first) if write.active]
        if not standing:
            return np.empty(0, np.int64)
        parts = [self._positions(number) for number in standing]
        if len(parts) == 1:
            before, rows = self._owner[parts[0]], parts[0]
            self._owner[rows] = standing[0]
        else:
            before, rows = self._place_many(standing, parts)
        start = 0
        for number, part in zip(standing, parts, strict=True):
            end = start + len(part)
            self._writes[number].before = _narrow(before[start:end])
            start = end
        return rows

    def _place_many(
        self, numbers: list[int], parts: list[NDArray[np.int64]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Place many writes at once: for each row of each who owned it before, and all rows."""
        rows = np.concatenate(parts)
        writes = np.repeat(np.array(numbers, np.int32), [len(part) for part in parts])
        order = np.argsort(rows, kind="stable")  # by row, and on a row from first to last write
        rows, writes = rows[order], writes[order]
        is_first = np.ones(len(rows), bool)
        is_first[1:] = rows[1:] != rows[:-1]
        previous = np.empty(len(rows), np.int32)
        previous[1:] = writes[:-1]
        previous[is_first] = self._owner[rows[is_first]]
        before = np.empty(len(rows), np.int32)
        before[order] = previous
        is_last = np.ones(len(rows), bool)
        is_last[:-1] = is_first[1:]
        rows = rows[is_last]
        self._owner[rows] = writes[is_last]
        return before, rows

    def _hand_back(self, number: int) -> NDArray[np.int64]:
        """Give the rows of an undone write to the last write before that stands."""
        positions, before = self._positions(number), self._before(number)
        still = self._owner[positions] == number
        rows: NDArray[np.int64] = positions[still]
        owners = np.broadcast_to(before if len(before) == 1 else before[still], rows.shape)
        owners = owners.astype(np.int32)
        while True:
            distinct = np.unique(owners)
            undone = [int(owner) for owner in distinct if not self._writes[owner].active]
            if not undone:
                break
            for owner in undone:
                here = owners == owner
                before = self._before(owner)
                if len(before) > 1:
                    before = before[np.searchsorted(self._positions(owner), rows[here])]
                owners[here] = before
        self._owner[rows] = owners
        return rows

    def _positions(self, number: int) -> NDArray[np.int64]:
        rows = self._writes[number].rows
        return rows.positions if rows is not None else np.empty(0, np.int64)

    def _before(self, number: int) -> NDArray[Any]:
        before = self._writes[number].before
        return np.zeros(1, np.int32) if before is None else before

    def _grow(self, size: int) -> None:
        """Make room in the tables of the writes."""
        if size > len(self._values):
            room = max(size, 2 * len(self._values)) - len(self._values)
            self._values = np.concatenate([self._values, np.zeros(room, self._values.dtype)])
            self._marks = np.concatenate([self._marks, np.zeros(room, bool)])


def _narrow(before: NDArray[np.int32]) -> NDArray[Any]:
    """Hold previous owners as small as they can be: a lasso over a million rows is one write."""
    if len(before) < 64:
        return before
    if (before == before[0]).all():
        return before[:1].copy()
    highest = before.max()
    return before.astype(np.uint8 if highest < 256 else np.uint16 if highest < 65536 else np.int32)
