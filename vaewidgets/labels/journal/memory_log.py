"""A log in memory that several annotators of one DataFrame share."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.classes import Classes, ClassKey
from vaewidgets.labels.journal.journal import Journal
from vaewidgets.labels.journal.log_lines import decode, encode
from vaewidgets.labels.journal.records import Codes, Record
from vaewidgets.labels.roster import Register, Roster


class Memory:
    """What annotators share that keep no log on disk: records, and how all began.

    Parameters
    ----------
    roster : Roster
        Of who begins.
    classes, layers
        Classes and labels to begin with.
    """

    def __init__(
        self, roster: Roster, classes: Sequence[str], layers: Sequence[NDArray[np.integer]]
    ) -> None:
        self.lock = threading.RLock()
        self.rosters = {"": roster}
        self.start = list(classes), [np.asarray(codes, np.uint16) for codes in layers]
        self.records: list[tuple[Record, list[ClassKey | None]]] = []


def open_memory(memory: Memory, roster: Roster, *, multi: bool) -> Journal:
    """Open a log in memory for one more annotator.

    Parameters
    ----------
    memory : Memory
    roster : Roster
        The images here, which need not be all of the others'.
    multi : bool
        Whether an image can have several tags.
    """
    log = MemoryLog(memory, roster)
    return Journal(len(roster), *log.start(), multi=multi, log=log)


class MemoryLog:
    """One annotator's way to a log in memory; see :class:`vaewidgets.labels.journal.log.Log`."""

    identity = ""
    folder = None
    has_other_start = False

    def __init__(self, memory: Memory, roster: Roster) -> None:
        self.memory = memory
        self.is_unsure = False
        self.damaged: list[str] = []
        self.register = Register(roster)
        self._n_read = 0
        with memory.lock:
            self.writer = f"{len(memory.rosters):08}"
            self._rows = {name: self.register.place(one) for name, one in memory.rosters.items()}
            memory.rosters[self.writer] = roster

    @property
    def n_images(self) -> int:
        """How many images the log knows, those here and others."""
        return len(self.register)

    def start(self) -> tuple[list[str], list[Codes]]:
        """Classes and labels at the start, of all images that the log knows."""
        classes, layers = self.memory.start
        rows = self._rows[""]
        spread = [np.zeros(self.n_images, np.uint16) for _ in layers]
        for layer, codes in zip(spread, layers, strict=True):
            layer[rows] = codes
        return list(classes), spread

    def write(self, record: Record, keys: Sequence[ClassKey | None]) -> None:
        """Keep a record for the others."""
        with self.memory.lock:
            self.memory.records.append((record, list(keys)))

    def read(self, classes: Classes) -> tuple[list[Record], bool]:
        """Return what others did since, in order; after a mishap all there is."""
        with self.memory.lock:
            is_all, self.is_unsure = self.is_unsure, False
            new = self.memory.records[0 if is_all else self._n_read :]
            self._n_read = len(self.memory.records)
            rosters = dict(self.memory.rosters)
        for name, roster in rosters.items():
            if name not in self._rows and name != self.writer:
                self._rows[name] = self.register.place(roster)
        own = np.arange(len(rosters[self.writer]))
        records = []
        for record, keys in new:
            is_own = record.writer == self.writer
            if is_own and not is_all:
                continue
            rows = own if is_own else self._rows[record.writer]
            # Numbers of classes may differ from annotator to annotator, their keys do not.
            entry = encode(record, keys)
            records.append(decode(entry, len(rows), classes).with_rows(rows, self.n_images))
        return sorted(records, key=lambda record: record.place), is_all

    @contextmanager
    def numbering(self) -> Iterator[None]:
        """Keep others from giving numbers to classes meanwhile."""
        with self.memory.lock:
            yield

    def close(self) -> None:
        """Do nothing: the others go on."""
