"""The log of edits: every label, clear, undo, redo and new class, in order, exactly once.

The log is the truth; the labels here and the columns of the DataFrame are what it folds to. An
edit is never changed or removed: undo and redo are edits too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.classes import Classes, ClassKey
from vaewidgets.labels.journal.edits import CLASS_KINDS, MAX_CLASSES, ROW_KINDS, Edit, RefusedError
from vaewidgets.labels.journal.log import Log
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.journal.reading import JournalReading
from vaewidgets.labels.journal.records import Change, Record
from vaewidgets.labels.journal.state import State

__all__ = ["Change", "Journal", "Outcome", "Record", "Status"]

_LABEL_KINDS = ("label", "accept", "reject")
Status = Literal["applied", "duplicate", "refused", "gap"]


@dataclass(frozen=True)
class Outcome:
    """What became of an edit.

    ``applied``: it is in the log. ``duplicate``: it was already. ``refused``: it was refused
    before, for `reason`. ``gap``: an earlier edit of the client is missing; resend from
    `expected`. `change` is None if there was nothing to undo or redo.
    """

    status: Status
    expected: int = 0
    reason: str = ""
    change: Change | None = None


class Journal(JournalReading):
    """Append-only log of edits and the state it folds to.

    Parameters
    ----------
    n_rows : int
        How many images there are.
    classes : sequence of str
        Names of the classes at the start.
    layers : sequence of ndarray of shape (n_rows,), optional
        Labels at the start, as in the attribute. None are labelled if not given.
    multi : bool
        Whether an image can have several tags, instead of one label.
    log : Log, optional
        Keeps the records on disk; :func:`open_journal` gives one.

    Attributes
    ----------
    n_rows, multi : int, bool
    classes : list of str
        Names of all classes by number, those that are gone too; a number is never used again.
    gone : set of int
        Numbers of the classes that were deleted or merged.
    layers : list of ndarray, shape (n_rows,), uint16
        The labels now; read only for everybody else. One label an image: one layer, with 0 for
        none, else 1 + number of the class. Tags: a layer for each class, 0 where nothing was
        said, 1 yes, 2 no.
    notes : dict of int to str
        The notes by row.
    records : list of Record
        The log.
    identity : str
        32 hex digits that name the log on disk, the same for all its writers; "" in memory.
    damaged : list of str
        Records on disk that cannot be read, by file and line.

    Notes
    -----
    The label of a row is that of the last write on it that is not undone (see
    :class:`vaewidgets.labels.journal.layer.Layer`). Undo never touches what another annotator
    wrote over it since. Redo writes again, on top.
    """

    def __init__(
        self,
        n_rows: int,
        classes: Sequence[str] = (),
        layers: Sequence[NDArray[np.integer]] | None = None,
        *,
        multi: bool = False,
        log: Log | None = None,
    ) -> None:
        n_layers = len(classes) if multi else 1
        if layers is None:
            layers = [np.zeros(n_rows, np.uint16) for _ in range(n_layers)]
        if len(layers) != n_layers or any(len(codes) < n_rows for codes in layers):
            raise ValueError(
                f"layers has shapes {[np.shape(codes) for codes in layers]}; expected "
                f"{n_layers} of {n_rows} codes"
            )
        self.n_rows = n_rows
        self.multi = multi
        self.records: list[Record] = []
        self.notes: dict[int, str] = {}
        self._start = tuple(classes), [codes.astype(np.uint16) for codes in layers]
        self._log = log
        self._state = self._begin([(name, 1) for name in classes])
        self._last: dict[str, int] = {}
        self._refusals: dict[tuple[str, int], str] = {}
        self._added: dict[tuple[str, int], int] = {}
        self._clock = 0
        self._untold = Change()  # by others, read on the way to an edit that failed
        self.classes, self.gone = list(classes), set[int]()
        self.refresh()

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
        if seq <= last and self._state.has(client, seq):
            return Outcome("duplicate")
        if seq <= last:  # later ones are kept, so it came, and was refused before a restart
            return Outcome("refused", reason="it was refused before the kernel was restarted")
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
            If it cannot be; nothing changed.
        OSError
            If it could not be put on disk; nothing changed.
        """
        if self._log and self._log.is_unsure:
            self._untold = self._told_with(self._read_news())
        known = self.place(edit.client, edit.seq, edit.settled)
        if known is not None:
            return known
        self._check(edit)
        try:
            record = self._keep(edit, annotator, seen)
            change = self._take([record])
        except OSError:
            raise
        except BaseException:
            if self._log:
                self._log.is_unsure = True
            raise
        if edit.kind in ("undo", "redo") and record.target is None:
            return Outcome("applied")
        return Outcome("applied", change=self._told_with(change))

    def refuse(self, client: str, seq: int, reason: str) -> None:
        """Remember that an edit was refused, so that a copy of it is not taken for a new one."""
        self._refusals[client, seq] = reason
        self._last[client] = max(seq, self._last.get(client, 0))

    def added(self, client: str, seq: int) -> int | None:
        """Code of the class that the edit `seq` of `client` added, or None."""
        return self._added.get((client, seq))

    def refresh(self) -> Change | None:
        """Fold in what other writers put on disk since; None if there is nothing new."""
        return self._told_with(self._read_news()) or None

    def close(self) -> None:
        """Let go of the log on disk; nothing can be appended any more."""
        if self._log is not None:
            self._log.close()

    def fold(self, records: Iterable[Record] | None = None) -> Journal:
        """Build the state again, in memory, from the start and the log or other `records`."""
        classes, layers = self._start
        journal = Journal(self.n_rows, classes, layers, multi=self.multi)
        journal._state = journal._begin(self._state.classes.keys)
        journal._state.grow(self._state.n_rows)
        journal._take(list(self.records if records is None else records), again=True)
        return journal

    def _check(self, edit: Edit) -> None:
        """Refuse what cannot be, before anything changes."""
        n_classes = len(self.classes)
        if edit.kind in ROW_KINDS and edit.rows is None:
            raise RefusedError(f"{edit.kind} needs rows")
        if edit.rows is not None and edit.rows.n_rows != self.n_rows:
            raise RefusedError(f"the rows are of {edit.rows.n_rows} images, not {self.n_rows}")
        codes = [] if edit.codes is None else [int(code) for code in np.unique(edit.codes)]
        if edit.kind in ("found", "group"):
            self._check_values(edit, codes)
            codes = []
        if edit.codes is not None and edit.rows and len(edit.codes) != len(edit.rows):
            raise RefusedError(f"{len(edit.codes)} classes came for {len(edit.rows)} rows")
        if edit.kind in CLASS_KINDS or (edit.kind in _LABEL_KINDS and edit.codes is None):
            codes = [edit.code, edit.into] if edit.kind == "merge_class" else [edit.code]
        if edit.kind == "reject" and edit.codes is None and not edit.code:
            codes = []  # none of those there are
        if any(not 0 < code <= n_classes for code in codes) or edit.code > n_classes:
            raise RefusedError(f"{edit.kind} names a class that there is not")
        if edit.kind == "merge_class" and edit.code == edit.into:
            raise RefusedError("a class cannot be merged into itself")
        if edit.kind == "rename_class":
            self._check_name(edit)
        if (
            edit.kind == "add_class"
            and n_classes >= MAX_CLASSES
            and (self.number_of(edit.name) is None)
        ):
            raise RefusedError(f"there are {MAX_CLASSES} classes already, the most there can be")

    def _check_values(self, edit: Edit, codes: list[int]) -> None:
        """Refuse labels of several classes at once that name one there cannot be."""
        if edit.codes is None or edit.rows is None or len(edit.codes) != len(edit.rows):
            raise RefusedError(f"{edit.kind} needs a class for each row")
        if edit.kind == "group" and self.multi:
            raise RefusedError("groups are of one label an image, not of tags")
        most = 2 if self.multi else len(self.classes)
        low, most = (1, len(edit.names)) if edit.kind == "group" else (0, most)
        if any(not low <= code <= most for code in codes) or (self.multi and not edit.code):
            raise RefusedError(f"{edit.kind} names a class that there is not")
        new = [name for name in edit.names if self.number_of(name) is None]
        if len(self.classes) + len(new) > MAX_CLASSES:
            raise RefusedError(f"there would be more than {MAX_CLASSES} classes")

    def _check_name(self, edit: Edit) -> None:
        """Refuse to give a class the name of another."""
        for number, name in enumerate(self.classes):
            is_same = name_key(name) == name_key(edit.name)
            if is_same and number not in self.gone and number != edit.code - 1:
                raise RefusedError(
                    f"there is a class {name[:40]!r} already; merge them instead of renaming"
                )

    def _read_news(self) -> Change:
        """Fold in what other writers put on disk since."""
        if self._log is None:
            return Change()
        records, is_all = self._log.read(self._state.classes)
        if is_all:
            self.records.clear()
        if self._log.has_other_start:
            is_all = True
            classes, layers = self._log.start()
            self._start = tuple(classes), layers
        self._state.grow(self._log.n_images)
        return self._take(records, again=is_all) if records or is_all else Change()

    def _keep(self, edit: Edit, annotator: str, seen: int) -> Record:
        """Put an edit on disk, if there is a log there; returns its record."""
        names = (edit.name,) if edit.kind == "add_class" else edit.names
        adds = any(self.number_of(name) is None for name in names)
        with self._log.numbering() if self._log and adds else nullcontext():
            if adds:  # only now it is known which number is the next
                self._untold = self._told_with(self._read_news())
            record, keys = self._in_its_place(edit, annotator, seen)
            if self._log:
                self._log.write(record, keys)
        self._state.classes.extend(keys)
        return record

    def _in_its_place(
        self, edit: Edit, annotator: str, seen: int
    ) -> tuple[Record, list[ClassKey | None]]:
        """Make the record of an edit, and the classes there are with it."""
        keys = self._state.classes.keys
        if edit.kind == "add_class":
            number = self.number_of(edit.name)
            if number is None:
                number, keys = len(keys), [*keys, self._state.classes.new_key(edit.name)]
            edit = replace(edit, code=1 + number)
        elif edit.kind == "group":
            edit, keys = self._with_classes(edit)
        elif edit.kind == "reject" and edit.codes is None and not edit.code:
            alive = [1 + k for k in range(len(self.classes)) if k not in self.gone]
            edit = replace(edit, several=tuple(alive))
        undoes = edit.kind in ("undo", "redo")
        target = self._state.last_step(edit.kind, annotator) if undoes else None
        self._clock = max(self._clock, seen) + 1  # spent even if the record cannot be written
        writer = self._log.writer if self._log else ""
        now = int(time.time())
        return Record(self._clock, annotator, edit, writer, target, now), keys

    def _with_classes(self, edit: Edit) -> tuple[Edit, list[ClassKey | None]]:
        """Give the classes of a group their numbers; those that there are not are made."""
        keys, numbers, made = list(self._state.classes.keys), [0], []
        for name in edit.names:
            number = self.number_of(name)
            if number is not None:
                numbers.append(1 + number)
            else:
                keys.append(self._state.classes.new_key(name))
                numbers.append(len(keys))
                made.append(len(keys))
        assert edit.codes is not None
        codes = np.array(numbers, np.uint16)[edit.codes]
        return replace(edit, codes=codes, several=tuple(made), names=()), keys

    def _take(self, records: list[Record], *, again: bool = False) -> Change:
        """Fold records in; from the start if they belong before others, or if asked."""
        for record in records:
            edit = record.edit
            self._clock = max(self._clock, record.order)
            self._last[edit.client] = max(self._last.get(edit.client, 0), edit.seq)
            if edit.kind == "add_class":
                self._added[edit.client, edit.seq] = edit.code
        last = self.records[-1] if self.records else None
        self.records += records
        if last is not None and records and records[0].place < last.place:
            self.records.sort(key=attrgetter("place"))
            again = True
        old = self._state
        if again:
            self._state = self._begin(old.classes.keys)
            self._state.grow(old.n_rows)
        for record in self.records if again else records:
            self._state.apply(record)
        change = self._state.settle()
        change = self._state.difference(old) if again else change
        return self._look(change.of_first(self.n_rows))

    def _begin(self, keys: Iterable[ClassKey | None]) -> State:
        """Make the state before any record; `keys` are the classes by number, as far as known."""
        names, layers = self._start
        classes = Classes(keys)
        for name in names:
            classes.register((name, 1))
        n_rows = max([self.n_rows, *map(len, layers)])
        numbers = np.array([0, *(1 + classes.register((name, 1)) for name in names)], np.uint16)
        if not self.multi:
            layers = [numbers[layers[0]]]
        elif layers and (numbers[1:] != np.arange(1, len(numbers))).any():
            ordered = [np.zeros(n_rows, np.uint16) for _ in classes.keys]
            for number, layer in zip(numbers[1:], layers, strict=True):
                ordered[number - 1][: len(layer)] = layer
            layers = ordered
        return State(n_rows, classes, layers, multi=self.multi)

    def _look(self, change: Change) -> Change:
        """Bring names and notes up to date; returns the change with the classes it is about."""
        notes = self._state.notes.codes
        for row in change.notes.tolist():
            if notes[row]:
                self.notes[row] = self._state.texts[notes[row]]
            else:
                self.notes.pop(row, None)
        classes = self._state.classes
        if not classes.is_stale:
            return change
        before = dict(enumerate(zip(self.classes, self._fates(), strict=True)))
        self.classes, self.gone = classes.names(), classes.gone()
        classes.is_stale = False
        after = enumerate(zip(self.classes, self._fates(), strict=True))
        return replace(change, classes=tuple(i for i, now in after if before.get(i) != now))

    def _fates(self) -> list[bool]:
        return [number in self.gone for number in range(len(self.classes))]

    def _told_with(self, then: Change) -> Change:
        """Put a change and what was not told before into one."""
        first, self._untold = self._untold, Change()
        if not first:
            return then
        return first.followed_by(then, self.layers)
