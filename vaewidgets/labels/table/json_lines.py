"""A frame as JSON lines: one object a row, each value as exact as JSON can hold it."""

from __future__ import annotations

import json
import math
from typing import Any, BinaryIO

import numpy as np
import pandas as pd


def write_lines(frame: pd.DataFrame, file: BinaryIO) -> None:
    """Write one JSON object a row.

    Missing values are null, times ISO 8601, infinite numbers the text "inf" and "-inf". The index
    is written unless it merely counts the rows.

    Raises
    ------
    ValueError
        If two columns have the same name.
    """
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    keys = [_key(name) for name in frame.columns]
    if not counts_rows(frame.index):
        levels = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
        columns = [level.to_series() for level in levels] + columns
        unnamed = "index" if len(levels) == 1 else "index {}"
        names = [
            unnamed.format(number) if level.name is None else _key(level.name)
            for number, level in enumerate(levels)
        ]
        keys = names + keys
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"JSON lines cannot hold two columns named {key!r}; rename one")
    for row in zip(*map(_values, columns), strict=True):
        file.write(_line(dict(zip(keys, row, strict=True))))


def counts_rows(index: pd.Index[Any]) -> bool:
    """Whether an index says nothing but the place of the row."""
    return index.name is None and index.equals(pd.RangeIndex(len(index)))


def _line(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a character: escaped, it is kept
        return json.dumps(row).encode() + b"\n"


def _values(column: pd.Series[Any]) -> list[Any]:
    missing = column.isna().to_numpy()
    plain = column.dtype.kind in "biu" or isinstance(column.dtype, pd.StringDtype)
    values = column.astype(object).to_list()
    if plain:
        return [None if gone else value for gone, value in zip(missing, values, strict=True)]
    return [None if gone else _plain(value) for gone, value in zip(missing, values, strict=True)]


def _plain(value: Any) -> Any:
    """Value as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {_key(key): _plain(each) for key, each in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _key(name: Any) -> str:
    return "/".join(map(str, name)) if isinstance(name, tuple) else str(name)
