"""Frames and columns of polars and Arrow, read as those of pandas; never written."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd


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
    if nw.dependencies.is_polars_lazyframe(frame):
        raise TypeError(f"{name} is a LazyFrame, not computed yet: pass {name}.collect()")
    if not nw.dependencies.is_into_dataframe(frame):
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
    if nw.dependencies.is_polars_lazyframe(frame) or nw.dependencies.is_into_dataframe(frame):
        of = type(frame).__module__.partition(".")[0]
        raise TypeError(
            f"{name} is a {kind} of {of}, which labels cannot be written into: pass one of "
            f"pandas, df = {name}.to_pandas(), and keep df"
        )
    raise TypeError(f"{name} is {kind}; accepted: a pandas DataFrame")


def read_column(values: Any) -> Any:
    """Return a column of polars or Arrow as one of pandas; anything else as it is."""
    if nw.dependencies.is_polars_series(values):
        if str(values.dtype) in ("Categorical", "Enum") or str(values.dtype).startswith("Enum"):
            return pd.Series(pd.Categorical(values.to_list()), name=values.name)
        if values.dtype.is_numeric() and not values.null_count() and not values.dtype.is_decimal():
            return pd.Series(values.to_numpy(), name=values.name)
        return _inferred(values.to_list(), values.name)
    if hasattr(values, "to_pylist") and hasattr(values, "null_count"):
        return _inferred(values.to_pylist(), None)
    return values


def _inferred(values: list[Any], name: str | None) -> pd.Series[Any]:
    """Return a column whose type is that of its values, missing ones as pandas has them."""
    if {type(value) for value in values} - {type(None)} == {date}:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), name=name)
    column: pd.Series[Any] = pd.Series(values, name=name, dtype=object)
    return column.infer_objects() if None not in values else column.convert_dtypes()
