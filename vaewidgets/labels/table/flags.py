"""Columns that say yes or no: of True and False, or of these words, as CSV has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from vaewidgets.labels.table.details import Codes
from vaewidgets.labels.table.filling import missing_of
from vaewidgets.labels.table.values import holds_text, is_nothing


def no_flags(frame: pd.DataFrame) -> pd.Series[Any]:
    """Make a column that says nothing of any row."""
    return pd.Series(np.zeros(len(frame), bool), frame.index)


def holds_flags(column: pd.Series[Any]) -> bool:
    """Whether a column says yes or no: True and False, or these words, as CSV has them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_bool_dtype(column.dtype):
        return True
    if not holds_text(column.dtype):
        return False
    return all(
        isinstance(value, (bool, np.bool_)) or _word(value) in _WORDS or is_nothing(value)
        for value in _distinct(column)
    )


def _distinct(column: pd.Series[Any]) -> list[Any]:
    try:
        return list(column.unique())
    except TypeError:  # lists and such
        return [object()]


def _word(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


_WORDS = {"true": 1, "false": 2}


def says_no(column: pd.Series[Any]) -> bool:
    """Whether False says no in a column; else it says nothing, for want of another way.

    A bool column has none, nor has text in which no cell is empty, as CSV has of a bool column.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return bool(pd.api.types.is_extension_array_dtype(column.dtype))
    return any(is_nothing(value) for value in _distinct(column))


def flag_values(column: pd.Series[Any], *, has_no: bool) -> tuple[Sequence[Any], Any]:
    """Tell what a column says for yes and no, and for nothing; `has_no` as of `says_no`."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return (True, False), pd.NA if has_no else False
    distinct = _distinct(column)
    is_text = any(isinstance(value, str) for value in distinct)
    is_text |= not pd.api.types.is_object_dtype(column.dtype)
    words = ("True", "False") if is_text else (True, False)
    if not has_no:
        return words, words[1]
    blank = next((v for v in distinct if isinstance(v, str) and is_nothing(v)), None)
    return words, missing_of(column) if blank is None else blank


def read_flags(column: pd.Series[Any], *, has_no: bool) -> Codes:
    """Layer of a column that says yes or no; `has_no` as of `says_no`."""
    if pd.api.types.is_bool_dtype(column.dtype):
        yes = column.to_numpy(bool, na_value=False)
        no = ~yes & column.notna().to_numpy()
        return np.where(yes, 1, np.where(no & has_no, 2, 0)).astype(np.uint16)
    found, distinct = pd.factorize(column.astype(object))
    table = [_WORDS.get(_word(v), 0) if isinstance(v, str) else 2 - bool(v) for v in distinct]
    codes = np.array([*table, 0], np.uint16)[found]
    return codes if has_no else codes % 2
