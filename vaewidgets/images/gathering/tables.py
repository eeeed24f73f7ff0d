"""Columns and frames of pandas, polars and Arrow as lists of images, and labels beside them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from vaewidgets.images.gathering.rows import first_row, label_name, name_of, parts_of

_FIRST = 10


def is_column(source: Any) -> bool:
    """Tell a column of pandas, polars or Arrow."""
    if isinstance(source, (pd.Series, pd.Index)):
        return True
    return nw.dependencies.is_polars_series(source) or _is_arrow(source)


def is_frame(source: Any) -> bool:
    """Tell a table of pandas, polars or Arrow, or one that is not computed yet."""
    return isinstance(source, pd.DataFrame) or (
        nw.dependencies.is_into_dataframe(source) or nw.dependencies.is_polars_lazyframe(source)
    )


def column_items(column: Any) -> list[Any]:
    """Return what a column holds, its missing values as None or NaN."""
    if isinstance(column, (pd.Series, pd.Index)):
        return list(column)
    items: list[Any] = column.to_pylist() if _is_arrow(column) else column.to_list()
    return items


def frame_items(frame: Any) -> tuple[list[Any], list[Any] | None, str]:
    """Return the images of a table's only column of images, the labels beside it, and a notice.

    Raises
    ------
    TypeError
        No column holds images, or several do; or the table is not computed yet.
    """
    what = f"images, a {type(frame).__name__},"
    if nw.dependencies.is_polars_lazyframe(frame):
        raise TypeError(f"{what} is not computed yet: pass frame.collect()")
    columns = {name: frame[name] for name in _names(frame)}
    start = {name: column_items(column[:_FIRST]) for name, column in columns.items()}
    n_rows = max(map(len, start.values()), default=0)
    parts = parts_of(
        first_row([{name: items[row] for name, items in start.items()} for row in range(n_rows)])
        or dict.fromkeys(columns),
        what,
    )
    assert parts is not None  # a dict is more than an image
    label = label_name(columns)
    labels = None
    if label is not None and label != parts.image:
        labels = [name_of(value, ()) for value in column_items(columns[label])]
    return column_items(columns[parts.image]), labels, f"images read from column {parts.image!r}"


def _names(frame: Any) -> list[Any]:
    """Return the names of a table's columns."""
    return list(getattr(frame, "column_names", frame.columns))


def _is_arrow(column: Any) -> bool:
    """Tell an array of Arrow, in one piece or several."""
    return hasattr(column, "to_pylist") and hasattr(column, "null_count")
