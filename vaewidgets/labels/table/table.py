"""The way in: one column of labels, or a column for each tag."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.table.single import LabelColumn
from vaewidgets.labels.table.tags import TagColumns


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
    return LabelColumn(frame, column, frame_rows, classes, details=details)
