"""Frames and columns of polars and Arrow, read as those of pandas; never written."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd


def is_frame(value: Any) -> bool:
    """Tell a table of pandas, polars or Arrow, or one of polars that is not computed yet."""
    return isinstance(value, pd.DataFrame) or _is_foreign(value)


def is_column(value: Any) -> bool:
    """Tell a column of pandas, polars or Arrow."""
    is_pandas = isinstance(value, (pd.Series, pd.Index))
    return is_pandas or nw.dependencies.is_polars_series(value) or is_arrow_column(value)


def is_arrow_column(value: Any) -> bool:
    """Tell an array of Arrow, in one piece or several."""
    return hasattr(value, "to_pylist") and hasattr(value, "null_count")


def check_computed(frame: Any, name: str) -> None:
    """Refuse a table that is not computed yet, in words that say how to have it."""
    if nw.dependencies.is_polars_lazyframe(frame):
        raise TypeError(f"{name} is a LazyFrame, not computed yet: pass {name}.collect()")


def read_frame(frame: Any, name: str) -> pd.DataFrame:
    """Return a frame to be read as one of pandas: itself, or a copy of one of polars or Arrow.

    Raises
    ------
    TypeError
        It is no frame, or one that is not computed yet.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    accepted = "accepted: a DataFrame of pandas or polars, or a Table of Arrow"
    check_computed(frame, name)
    if not _is_foreign(frame):
        raise TypeError(f"{name} is {type(frame).__name__}; {accepted}")
    table = nw.from_native(frame, eager_only=True)
    return pd.DataFrame(
        {column: read_column(table[column].to_native()) for column in table.columns}
    )


def check_written(frame: Any, name: str) -> pd.DataFrame:
    """Return a frame that is to be written, which only one of pandas can be.

    Raises
    ------
    TypeError
        It is another, in words that say how to make one of pandas.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    kind = type(frame).__name__
    if _is_foreign(frame):
        of = type(frame).__module__.partition(".")[0]
        raise TypeError(
            f"{name} is a {kind} of {of}, which labels cannot be written into: pass one of "
            f"pandas, df = {name}.to_pandas(), and keep df"
        )
    raise TypeError(f"{name} is {kind}; accepted: a pandas DataFrame")


def read_column(values: Any) -> Any:
    """Return a column of polars or Arrow as one of pandas; anything else as it is."""
    if nw.dependencies.is_polars_series(values):
        if str(values.dtype).startswith(("Categorical", "Enum")):
            return pd.Series(pd.Categorical(values.to_list()), name=values.name)
        if values.dtype.is_numeric() and not values.null_count() and not values.dtype.is_decimal():
            return pd.Series(values.to_numpy(), name=values.name)
        return _inferred(values.to_list(), values.name)
    if is_arrow_column(values):
        return _inferred(values.to_pylist(), None)
    return values


def _is_foreign(frame: Any) -> bool:
    """Tell a table of another package than pandas."""
    of = nw.dependencies
    return of.is_into_dataframe(frame) or of.is_polars_lazyframe(frame)


def _inferred(values: list[Any], name: str | None) -> pd.Series[Any]:
    """Return a column whose type is that of its values, missing ones as pandas has them."""
    if {type(value) for value in values} - {type(None)} == {date}:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), name=name)
    column: pd.Series[Any] = pd.Series(values, name=name, dtype=object)
    return column.infer_objects() if None not in values else column.convert_dtypes()
