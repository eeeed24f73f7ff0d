"""Labels that somebody changed in the DataFrame while no journal was there to see it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import FROM_FRAME, Edit, Kind
from vaewidgets.labels.journal.journal import Journal
from vaewidgets.labels.journal.rows import RowSet
from vaewidgets.labels.journal.state import NO

Layers = Sequence[NDArray[np.integer]]


def adopt(journal: Journal, classes: Sequence[str], layers: Layers, annotator: str = "") -> int:
    """Take over labels found in a DataFrame, where somebody changed them outside.

    Parameters
    ----------
    journal : Journal
    classes : sequence of str
        Names of the classes in the DataFrame.
    layers : sequence of ndarray
        Labels found there, by the numbers of these `classes`.
    annotator : str
        Who opens the log, and can undo this, class by class.

    Returns
    -------
    int
        How many labels were taken over.

    Notes
    -----
    A label found missing, or as it was when the log was begun, or as it was found the last time,
    says nothing new: a cell that makes the frame again and again finds the same labels each time,
    and must not undo what the person did meanwhile.
    """
    client, taken = f"{FROM_FRAME}{secrets.token_hex(8)}", 0
    for seq, edit in enumerate(_found_outside(journal, classes, layers), 1):
        journal.append(replace(edit, client=client, seq=seq), annotator)
        taken += 0 if edit.rows is None else len(edit.rows)
    return taken


def _found_outside(journal: Journal, classes: Sequence[str], layers: Layers) -> Iterator[Edit]:
    """Edits that bring what was found into the journal, each to be made at once."""
    known = _known(journal)
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


def _known(journal: Journal) -> dict[int, NDArray[np.integer]]:
    """Labels at the start, with what was found in the frame since."""
    known: dict[int, NDArray[np.integer]] = dict(enumerate(map(np.copy, journal.start)))
    for record in journal.records:
        edit = record.edit
        if not edit.client.startswith(FROM_FRAME) or edit.rows is None:
            continue
        at = edit.code - 1 if journal.multi else 0
        if at not in known:
            known[at] = np.zeros(journal.n_rows, np.uint16)
        value = (NO if edit.kind == "clear" else 1) if journal.multi else edit.code
        known[at][edit.rows.positions] = value
    return known
