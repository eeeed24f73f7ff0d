"""Columns and frames of pandas, polars and Arrow as lists of images, and labels beside them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from vaewidgets.arguments.frames import check_computed, is_arrow_column
from vaewidgets.images.gathering.rows import first_row, label_name, name_of, parts_of

_FIRST = 10


def column_items(column: Any) -> list[Any]:
    """Return what a column holds, its missing values as None or NaN."""
    if isinstance(column, (pd.Series, pd.Index)):
        return list(column)
    items: list[Any] = column.to_pylist() if is_arrow_column(column) else column.to_list()
    return items


def frame_items(frame: Any) -> tuple[list[Any], list[Any] | None, str]:
    """Return the images of a table's only column of images, the labels beside it, and a notice.

    Raises
    ------
    TypeError
        No column holds images, or several do; or the table is not computed yet.
    """
    check_computed(frame, "images")
    columns = _columns(frame)
    start = {name: column_items(_first_of(column)) for name, column in columns.items()}
    n_rows = max(map(len, start.values()), default=0)
    parts = parts_of(
        first_row([{name: items[row] for name, items in start.items()} for row in range(n_rows)])
        or dict.fromkeys(columns),
        f"images, a {type(frame).__name__},",
    )
    assert parts is not None  # a dict is more than an image
    label = label_name(columns)
    labels = None
    if label is not None and label != parts.image:
        labels = [name_of(value, ()) for value in column_items(columns[label])]
    return column_items(columns[parts.image]), labels, f"images read from column {parts.image!r}"


def _columns(frame: Any) -> dict[Any, Any]:
    """Return a table's columns by name; of several of one name the last."""
    if isinstance(frame, pd.DataFrame):
        return {name: frame.iloc[:, place] for place, name in enumerate(frame.columns)}
    return {name: frame[name] for name in getattr(frame, "column_names", frame.columns)}


def _first_of(column: Any) -> Any:
    """Return the first values of a column, whatever its index."""
    return column.head(_FIRST) if hasattr(column, "head") else column[:_FIRST]
