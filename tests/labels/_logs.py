"""What the tests of the log on disk share."""

import numpy as np

from vaewidgets.labels.journal import Edit, RowSet, open_journal
from vaewidgets.labels.roster import Roster

N_ROWS = 40
CLASSES = ("cat", "dog", "bird")


def roster_of(*shown, names=(), **parts):
    """Roster of images that show what these words say."""
    rows = np.array([word.encode().ljust(16, b"\0") for word in shown], "S16")
    return Roster(rows, names, **parts)


def digits(n_rows=N_ROWS):
    return roster_of(*(f"digit {row}" for row in range(n_rows)))


def open_log(folder, n_rows=N_ROWS, classes=CLASSES, layers=None, roster=None, **parts):
    settings = {"multi": False, "annotator": "anna", **parts}
    return open_journal(folder, roster or digits(n_rows), classes, layers, **settings)


def label(seq, code, *positions, client="page", n_rows=N_ROWS):
    rows = RowSet.from_positions(np.array(positions, np.int64), n_rows)
    return Edit(client, seq, "label", rows, code)


def edits_of(journal, client="page"):
    """Numbers of the edits of a client in the log, in order."""
    return [record.edit.seq for record in journal.records if record.edit.client == client]


def state_of(journal):
    """All that a journal says, fit to be compared."""
    layers = range(len(journal.layers))
    return (
        [layer.tolist() for layer in journal.layers],
        [journal.suggested(layer).tolist() for layer in layers],
        [[part.tolist() for part in journal.rejected(layer)] for layer in layers],
        journal.notes,
        journal.classes,
        journal.gone,
    )


def random_edit(rng, seq, client="page", n_rows=N_ROWS):
    """Make one of all kinds of edits but undo, with the kinds of people's days."""
    kind = str(
        rng.choice(
            ["label", "clear", "accept", "reject", "note", "undo", "redo", "rename_class"],
            p=[0.5, 0.05, 0.1, 0.05, 0.05, 0.15, 0.08, 0.02],
        )
    )
    code, name, rows, codes = int(rng.integers(1, 4)), "", None, None
    if kind in ("label", "clear", "accept", "reject", "note"):
        positions = np.flatnonzero(rng.random(n_rows) < rng.choice([0.05, 0.9]))
        rows = RowSet.from_positions(positions, n_rows)
        if kind in ("accept", "reject") and rng.random() < 0.5:
            codes, code = rng.integers(1, 4, len(positions)).astype(np.uint16), 0
    if kind in ("clear", "note", "undo", "redo"):
        code = 0
    if kind in ("note", "rename_class"):
        name = f"{kind} {client} {seq}"
    return Edit(client, seq, kind, rows, code, codes, name=name)
