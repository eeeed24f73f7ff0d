"""Labels that somebody changed in the DataFrame while no journal was there to see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import Edit, Kind
from vaewidgets.labels.journal.rows import RowSet
from vaewidgets.labels.journal.state import NO

if TYPE_CHECKING:
    from vaewidgets.labels.journal.journal import Journal

FRAME = "frame"
"""The annotator of what was changed outside: no person undoes it."""

Layers = Sequence[NDArray[np.integer]]


def found_outside(
    journal: Journal, start: Layers, classes: Sequence[str], layers: Layers
) -> Iterator[Edit]:
    """Edits that bring labels found in a DataFrame into a journal, each to be made at once.

    Parameters
    ----------
    journal : Journal
    start : sequence of ndarray
        Labels when the log was begun.
    classes, layers
        What was found, numbered by the `classes` found.

    Notes
    -----
    A label found missing, or as it was when the log was begun, or as it was found the last time,
    says nothing new: a cell that makes the frame again and again finds the same labels each time,
    and must not undo what the person did meanwhile.
    """
    known = _known(journal, start)
    for number, name in enumerate(classes):
        for value in (1, NO) if journal.multi else (number + 1,):
            rows = np.flatnonzero(layers[number if journal.multi else 0] == value)
            if not rows.size:
                continue
            for same in journal.numbers_of(name):
                at, code = (same, value) if journal.multi else (0, same + 1)
                rows = rows[journal.layers[at][rows] != code]
                if at in known:
                    rows = rows[known[at][rows] != code]
            if not rows.size:
                continue
            if not journal.numbers_of(name):
                yield Edit("", 0, "add_class", name=name)
            kind: Kind = "clear" if journal.multi and value == NO else "label"
            found = RowSet.from_positions(rows, journal.n_rows)
            yield Edit("", 0, kind, found, 1 + journal.numbers_of(name)[0])


def _known(journal: Journal, start: Layers) -> dict[int, NDArray[np.integer]]:
    """Labels at the start, with what was found in the frame since."""
    known = {number: codes.copy() for number, codes in enumerate(start)}
    for record in journal.records:
        edit = record.edit
        if record.annotator != FRAME or edit.rows is None:
            continue
        at = edit.code - 1 if journal.multi else 0
        if at not in known:
            known[at] = np.zeros(journal.n_rows, np.uint16)
        value = (NO if edit.kind == "clear" else 1) if journal.multi else edit.code
        known[at][edit.rows.positions] = value
    return known
