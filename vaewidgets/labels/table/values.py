"""Class names and the values a column of a given dtype holds for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import MAX_CLASSES, MAX_NAME, RefusedError, clean_name
from vaewidgets.labels.journal.names import name_key

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")


@dataclass(frozen=True)
class Codec:
    """How a column of one dtype holds classes."""

    parse: Callable[[str], Any]
    """The value of a class name; raises RefusedError if the dtype cannot hold it."""
    can_clear: bool
    """Whether the dtype has a missing value."""
    missing: Any = None


def codec_of(dtype: Any, missing: Any = None) -> Codec:
    """How `dtype` holds classes.

    Parameters
    ----------
    dtype : pandas or numpy dtype
    missing : object
        What stands for "no label" in a column of objects.

    Raises
    ------
    TypeError
        If a column of this dtype cannot hold labels.
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical(dtype.categories)
    if holds_text(dtype):
        return Codec(str, can_clear=True, missing=missing)
    nullable = pd.api.types.is_extension_array_dtype(dtype)
    if pd.api.types.is_bool_dtype(dtype):
        return Codec(_parse_bool, can_clear=nullable, missing=pd.NA)
    if pd.api.types.is_integer_dtype(dtype):
        return Codec(_parse_integer(dtype), can_clear=nullable, missing=pd.NA)
    if pd.api.types.is_float_dtype(dtype):
        return Codec(_parse_float(dtype), True, missing=pd.NA if nullable else np.nan)
    raise TypeError(
        f"has dtype {dtype}, which cannot hold class labels; "
        "text, category, whole number, float and bool columns can"
    )


def holds_text(dtype: Any) -> bool:
    """Whether any text can stand in a column of this dtype."""
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    return bool(pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype))


def name_of(value: Any) -> str:
    """Class name of a value as the person sees it: text that is safe to send and show.

    Raises
    ------
    TypeError
        If it is no text, number or bool.
    """
    if isinstance(value, str):
        return clean_name(value.replace("\x00", "\N{SYMBOL FOR NULL}"))[0]
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(value)[:MAX_NAME]
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if value == int_or_nan(value) else repr(float(value))
    raise TypeError(
        f"holds {type(value).__name__} objects; labels are text, numbers or True and False"
    )


def is_nothing(value: Any) -> bool:
    """Whether a value says that there is no label: missing, or text with nothing to be seen."""
    if isinstance(value, str):
        return not name_key(value)
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def without_nothing(
    codes: NDArray[np.int64], values: Sequence[Any]
) -> tuple[NDArray[np.int64], list[Any]]:
    """Codes, 0 for none or 1 + place in `values`, and values, without those that say nothing."""
    said = np.array([not is_nothing(value) for value in values], bool)
    place = np.append(0, np.where(said, np.cumsum(said), 0))
    return place[codes], [values[k] for k in np.flatnonzero(said).tolist()]


def int_or_nan(value: Any) -> float:
    """Nearest whole number of a float small enough to be exact, else nan."""
    return float(round(value)) if abs(value) < 1e15 else float("nan")


def read_classes(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Codes and distinct values of a column.

    Returns
    -------
    codes : ndarray, shape (n,), int64
        0 where missing or blank, else 1 + the number of the value.
    values : list
        Categories in their order; else the values sorted, by name where they do not compare.

    Raises
    ------
    ValueError
        If there are more distinct values than a label column may have.
    TypeError
        If they are no labels.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = list(column.cat.categories)
        codes = column.cat.codes.to_numpy().astype(np.int64) + 1
    else:
        try:
            found, uniques = pd.factorize(column)
        except TypeError as error:
            raise TypeError("holds objects that are no labels, such as lists") from error
        values = list(uniques)
        try:
            order = sorted(range(len(values)), key=lambda i: values[i])
        except TypeError:
            order = sorted(range(len(values)), key=lambda i: str(values[i]))
        place = np.empty(len(values) + 1, np.int64)
        place[order] = np.arange(1, len(values) + 1)
        place[-1] = 0  # factorize says -1 for missing
        codes, values = place[found], [values[i] for i in order]
    codes, values = without_nothing(codes, values)
    if len(values) > MAX_CLASSES:
        raise ValueError(
            f"holds {len(values):,} different values; a label column has at most {MAX_CLASSES:,} "
            "classes"
        )
    return codes, values


def _parse_bool(name: str) -> bool:
    if name.lower() not in ("true", "false"):
        raise RefusedError(f"the column holds True and False only, not {name[:60]!r}")
    return name.lower() == "true"


def _parse_integer(dtype: Any) -> Callable[[str], int]:
    info = np.iinfo(getattr(dtype, "numpy_dtype", dtype))

    def parse(name: str) -> int:
        if not _WHOLE.fullmatch(name) or not info.min <= int(name) <= info.max:
            raise RefusedError(
                f"the column holds whole numbers ({dtype}), so it cannot hold {name[:60]!r}; "
                "use a number, or make it a text column first"
            )
        return int(name)

    return parse


def _parse_float(dtype: Any) -> Callable[[str], float]:
    def parse(name: str) -> float:
        try:
            value = float(name)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise RefusedError(
                f"the column holds numbers ({dtype}), so it cannot hold {name[:60]!r}; for text "
                "labels make it a text column first: frame[column] = frame[column].astype('str')"
                ", or frame[column] = None if it is empty"
            )
        return value

    return parse


def _categorical(categories: pd.Index[Any]) -> Codec:
    """Hold any value that has a name; a new category is of the type of the others."""
    if len(categories) == 0 or holds_text(categories.dtype):
        return Codec(str, can_clear=True, missing=np.nan)
    return Codec(codec_of(categories.dtype).parse, can_clear=True, missing=np.nan)
