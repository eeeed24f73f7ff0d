"""What cells write into the columns, taken into the log."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels import truth
from vaewidgets.labels.journal import Change, Edit, Journal, RowSet
from vaewidgets.labels.journal.edits import FROM_CELL
from vaewidgets.labels.table import Columns, Reading

log = logging.getLogger("vaewidgets")


class Cells:
    """Finds what cells wrote into the columns since, and takes it into the log.

    Parameters
    ----------
    journal : Journal
    columns : Columns
    annotator : str
        Whose cells they are.
    keep : callable(edit, change)
        Called for each edit that this makes.
    """

    def __init__(
        self,
        journal: Journal,
        columns: Columns,
        annotator: str,
        keep: Callable[[Edit, Change | None], None],
    ) -> None:
        self._journal, self._columns, self._annotator = journal, columns, annotator
        self._keep = keep
        self._client, self._seq = f"{FROM_CELL}{uuid.uuid4().hex[:16]}", 0

    def take_in(self) -> tuple[bool, list[Change]]:
        """Take what cells wrote into the log.

        Returns
        -------
        taken : bool
            Whether there was anything.
        behind : list of Change
            What the columns lack now of what the log has.

        Raises
        ------
        ConflictError
            If the frame cannot be read safely.
        """
        taken, unwritten = False, []
        for reading in self._columns.read():
            number, journal = reading.layer, self._journal
            found = self._numbered(reading)
            held, codes = self._columns.held[number], journal.layers[number]
            rows, kept = truth.settle(held, found, codes, journal.suggested(number))
            labels = [(rows, found[rows], "cell"), (kept, codes[kept].copy(), "again")]
            n_lost = int(np.count_nonzero((found[rows] == 0) & (codes[rows] != 0)))
            held[:] = found
            behind = np.flatnonzero(codes != found)
            for rows_of, values, how in labels:
                if rows_of.size:
                    self._append_found(number, rows_of, values, how)
                    taken = True
            behind = np.union1d(behind, np.union1d(rows, kept))
            if behind.size:
                layer = journal.layers[number]
                unwritten.append(Change(layers={number: (behind, layer[behind])}))
            if n_lost:
                labels_are = "label was" if n_lost == 1 else "labels were"
                log.warning(
                    "%s %s taken off by a cell that wrote the column; undo() gives back",
                    f"{n_lost:,}", labels_are,
                )  # fmt: skip
        return taken, unwritten

    def _append_found(
        self, number: int, rows: NDArray[np.int64], codes: NDArray[Any], how: str
    ) -> None:
        self._seq += 1
        journal = self._journal
        edit = Edit(
            self._client,
            self._seq,
            "found",
            RowSet.from_positions(rows, journal.n_rows),
            number + 1 if journal.multi else 0,
            codes.astype(np.uint16),
            how=how,
        )
        outcome = journal.append(edit, self._annotator)
        self._keep(edit, outcome.change)

    def _numbered(self, reading: Reading) -> NDArray[np.uint16]:
        """Codes that were read, by the numbers of the classes; classes that are new are added."""
        if self._journal.multi:
            return reading.codes
        table = [0]
        for name in reading.names:
            number = name if isinstance(name, int) else self._journal.number_of(name)
            if number is None or number in self._journal.gone:
                wanted = self._journal.classes[name] if isinstance(name, int) else name
                self._seq += 1
                edit = Edit(self._client, self._seq, "add_class", name=wanted)
                outcome = self._journal.append(edit, self._annotator)
                self._keep(edit, outcome.change)
                number = self._journal.number_of(wanted)
            assert number is not None
            table.append(1 + number)
        return np.array(table, np.uint16)[reading.codes]
