"""The way in: one column of labels, or a column for each tag."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.table.single import LabelColumn
from vaewidgets.labels.table.tags import TagColumns

_MANY_CLASSES = 20
"""From here on a class for every second row is taken for a mistake."""


def open_columns(
    frame: pd.DataFrame,
    column: Hashable | list[Hashable],
    frame_rows: NDArray[np.int64],
    classes: Iterable[Any] | None = None,
    *,
    details: bool = False,
) -> LabelColumn | TagColumns:
    """Open the columns that hold the labels; nothing is changed before ``create()``.

    Parameters
    ----------
    frame : DataFrame
    column : hashable, or list of hashable
        Name of the label column; a list names boolean columns, one a tag, and may be empty.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    classes : iterable of str, optional
        Classes or tags to begin with.
    details : bool
        Write who gave each label, and the notes, into columns of their own too.

    Raises
    ------
    TypeError, ValueError
        If the frame cannot hold the labels, with the reason and what to do.
    """
    if isinstance(column, list):
        return TagColumns(frame, column, frame_rows, classes, details=details)
    try:
        hash(column)
    except TypeError:
        raise TypeError(
            f"column is {column!r}; expected the name of a column, or a list of names for tags"
        ) from None
    opened = LabelColumn(frame, column, frame_rows, classes, details=details)
    doubt = _doubt(frame, column, len(opened.classes))
    if doubt:
        warnings.warn(doubt, stacklevel=2)
    return opened


def _doubt(frame: pd.DataFrame, column: Hashable, n_classes: int) -> str:
    """Say why another column may have been meant; "" if there is no reason to think so."""
    if column not in frame.columns:
        others = {str(name).casefold(): name for name in frame.columns if isinstance(name, str)}
        near = difflib.get_close_matches(str(column).casefold(), others, n=1, cutoff=0.75)
        if near:
            return (
                f"the DataFrame has no column {column!r}, so a new one is made; it has a column "
                f"{others[near[0]]!r}: was that meant?"
            )
    elif n_classes > max(_MANY_CLASSES, len(frame) // 2):
        return (
            f"column {column!r} holds {n_classes:,} different values in {len(frame):,} rows, and "
            "each is a class here: is it the column of the labels?"
        )
    return ""
