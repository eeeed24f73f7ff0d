"""Values written into some rows of a column, whose dtype stays what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# A text column takes one value for many rows far faster than a value for each.
_FEW = 8


def empty_text(frame: pd.DataFrame) -> pd.Series[Any]:
    """Make a column of no text, of the dtype that this version of pandas gives to text."""
    return pd.Series(None, frame.index, dtype=pd.Series(["text"]).dtype)


def missing_of(column: pd.Series[Any]) -> Any:
    """Tell what stands for "nothing" in a column: of objects what is there already, or None."""
    if not pd.api.types.is_object_dtype(column.dtype):
        return np.nan if column.dtype == "str" else pd.NA
    missing = np.flatnonzero(column.isna())
    return column.iloc[missing[0]] if missing.size else None


def fill(
    column: pd.Series[Any],
    rows: NDArray[np.int64],
    codes: NDArray[np.integer],
    values: Sequence[Any],
    *,
    missing: Any,
    renamed: Mapping[Any, Any] | None = None,
) -> pd.Series[Any]:
    """Copy of a column with other values in some rows.

    Parameters
    ----------
    column : Series
    rows : ndarray of int, shape (k,)
        Positions, each at most once.
    codes : ndarray of int, shape (k,)
        What they get: 0 for `missing`, 1 + place in `values`.
    values : sequence
        A category column gets the categories it lacks. None where no code says so.
    missing : object
        Ignored by a category column, which has its own.
    renamed : mapping, optional
        Old and new values: the new category takes the place of the old one, if no row is left
        that has it.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _fill_categories(column, rows, codes, values, renamed or {})
    array = column.array.copy()
    table = np.empty(len(values) + 1, object)
    table[:] = [missing, *values]
    distinct = np.unique(codes)
    if len(distinct) <= _FEW:
        for code in distinct:
            array[rows[codes == code]] = table[code]
    else:
        array[rows] = pd.Series(table[codes], dtype=column.dtype).array
    return pd.Series(array, column.index, dtype=column.dtype, copy=False)


def _fill_categories(
    column: pd.Series[Any],
    rows: NDArray[np.int64],
    codes: NDArray[np.integer],
    values: Sequence[Any],
    renamed: Mapping[Any, Any],
) -> pd.Series[Any]:
    numbers = column.cat.codes.to_numpy().copy()
    numbers[rows] = -1
    for old, new in renamed.items():
        categories = column.cat.categories
        if new is None or old not in categories or new in categories:
            continue
        if not (numbers == categories.get_loc(old)).any():
            column = column.cat.rename_categories({old: new})
    known = column.cat.categories
    lacking = dict.fromkeys(v for v in values if v is not None and v not in known)
    column = column.cat.add_categories(list(lacking)) if lacking else column
    places = np.append(-1, column.cat.categories.get_indexer(pd.Index(values, dtype=object)))
    # The codes may need more bits than before now.
    numbers = numbers.astype(column.cat.codes.to_numpy().dtype)
    numbers[rows] = places[codes]
    filled: Any = pd.Categorical.from_codes(numbers, dtype=column.dtype)  # type: ignore[call-overload]
    return pd.Series(filled, column.index, copy=False)
