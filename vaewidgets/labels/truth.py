"""Who wins where a cell and the log say different things of an image: the one rule there is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[Any]
Rows = NDArray[np.int64]


def settle(
    held: Codes, column: Codes, log: Codes, suggested: NDArray[np.bool_]
) -> tuple[Rows, Rows]:
    """Tell what is to be taken from a column into the log, and what of the log stands above it.

    - What nobody touched since column and log agreed stays.
    - What a cell wrote counts, above all that the log had when the cell began.
    - A label that a person gave by hand, or that came from another person, while the cell ran
      stands above what the cell wrote: they saw the image after the cell was begun.
    - A suggestion never stands above anything, and no label never above a label.

    What loses is in the log all the same, one step below: undo gives it back.

    Parameters
    ----------
    held : ndarray, shape (n,)
        What the column held when it and the log agreed last.
    column, log : ndarray, shape (n,)
        What each says now; 0 for no label.
    suggested : ndarray of bool, shape (n,)
        Whether the label in the log is an accepted suggestion.

    Returns
    -------
    taken : ndarray of int64
        Rows in which the column is to be taken into the log.
    kept : ndarray of int64
        Those of them in which the log's label is to be given once more, above it.
    """
    written = (column != held) & (column != log)
    acted = (log != held) & (log != 0) & ~suggested
    return np.flatnonzero(written), np.flatnonzero(written & acted)
