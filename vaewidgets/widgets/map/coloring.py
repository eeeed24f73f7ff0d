"""A column of any kind to colour codes: categories, or numbers along a ramp; missing is code 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_CATEGORIES = 65_534
MOST_INTEGER_CLASSES = 32
MOST_CHARACTERS = 200

# Okabe and Ito's seven colours (jfly.uni-koeln.de/color), without black, which a dark ground
# hides; then colours as far as possible from those before them in OKLab, also as seen without
# red or green cones (Machado et al. 2009), with a contrast of at least 1.9 to light and dark.
# fmt: off
PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#644c10",
    "#5810f4", "#ac1c70", "#8870f4", "#64d088", "#5840a0", "#d01cc4", "#94644c", "#285858",
    "#f45870", "#dcacc4", "#947094", "#7c8840", "#5858e8", "#7c10c4", "#f47cd0", "#6494f4",
)
VIRIDIS = (
    "#440154", "#482878", "#3e4a89", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)
# fmt: on


@dataclass(frozen=True, eq=False)
class Coloring:
    """Colour codes of all rows and what they mean.

    Attributes
    ----------
    info : dict
        As the page needs it: plain text and finite numbers only.
    codes : ndarray, shape (n,), uint8 or uint16
        0 where the value is missing, k + 1 for category k; numbers run from 1 to 255.
    """

    info: dict[str, Any]
    codes: NDArray[np.unsignedinteger[Any]]

    @property
    def buffer(self) -> bytes:
        """The codes as little-endian bytes; none where nothing is coloured."""
        if self.info["kind"] == "none":
            return b""
        return self.codes.astype(self.codes.dtype.newbyteorder("<"), copy=False).tobytes()


def encode(values: Any, n: int, name: str = "") -> Coloring:
    """Turn a column into colour codes.

    Parameters
    ----------
    values : array, Series, list or None, length n
        Text, booleans, categoricals and whole numbers of at most 32 different values become
        categories; other numbers and dates run along a ramp. None, NaN, NaT and infinite numbers
        are missing.
    n : int
        Number of points.
    name : str
        Title of the legend.

    Raises
    ------
    ValueError
        If the length differs, or there are more than 65,534 categories.
    TypeError
        If the values are not of a kind that can be coloured.
    """
    if values is None:
        return Coloring(_info("none", name), np.zeros(0, np.uint8))
    column = _as_series(values)
    if len(column) != n:
        raise ValueError(
            f"color must have one value for each of the {n} points, got {len(column)}"
        )
    if not name and isinstance(column.name, str):
        name = column.name
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _numbers(_times(column), name, _as_date)
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return _numbers(column.dt.total_seconds().to_numpy(), name, lambda x: f"{x:.3g} s")
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(
        column.dtype
    ):
        return _numeric(column, name)
    if column.dtype == object and _are_decimals(column):
        return _numeric(pd.Series(_as_floats(column)), name)
    return _texts(column, name)


def plain_text(value: Any) -> str:
    """Return a value as text that JSON and every browser take, at most 200 characters."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _as_series(values: Any) -> pd.Series[Any]:
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, (pd.Categorical, pd.Index)):
        return pd.Series(values)
    array = np.asarray(values) if not isinstance(values, (list, tuple)) else None
    if array is not None and array.ndim != 1:
        raise ValueError(f"color must have one dimension, got an array of shape {array.shape}")
    column = values if array is None else array
    try:
        return pd.Series(column)
    except UnicodeEncodeError:  # a lone surrogate, which pandas' text type does not take
        return pd.Series(column, dtype=object)


def _numeric(column: pd.Series[Any], name: str) -> Coloring:
    if pd.api.types.is_complex_dtype(column.dtype):
        raise TypeError(
            "color must be text, categories, real numbers or dates, got complex numbers"
        )
    try:
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except ValueError:  # decimals of Arrow, which floats do not hold exactly
        numbers = _as_floats(column)
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers = np.where(finite, numbers, np.nan)
    # Cheap first: a column of measurements differs within its first rows.
    for part in (numbers[:1000], numbers):
        codes, found = pd.factorize(part)  # missing is -1
        if len(found) > MOST_INTEGER_CLASSES or (found != np.rint(found)).any():
            return _numbers(numbers, name, lambda x: f"{x:.3g}")
    return _categories(codes, [int(value) for value in found], name)


def _are_decimals(column: pd.Series[Any]) -> bool:
    """Tell whether objects are exact numbers (Decimal, Fraction), apart from missing ones."""
    there = column[column.notna()]
    return len(there) > 0 and all(isinstance(value, (Decimal, Fraction)) for value in there)


def _as_floats(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return exact numbers as floats, missing ones as NaN."""
    values = column.astype(object)
    return np.array([np.nan if pd.isna(value) else float(value) for value in values])


def _texts(column: pd.Series[Any], name: str) -> Coloring:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _coded(column.cat.codes.to_numpy(), list(column.cat.categories), name)
    try:
        codes, found = pd.factorize(column)
    except TypeError as error:
        raise TypeError(
            "color must be text, categories, numbers or dates, got values that cannot be "
            f"compared ({error})"
        ) from error
    return _categories(codes, list(found), name)


def _categories(codes: NDArray[np.intp], found: list[Any], name: str) -> Coloring:
    """Bring categories into the order people expect."""
    try:
        order = sorted(range(len(found)), key=found.__getitem__)
    except TypeError:  # of different kinds
        order = sorted(range(len(found)), key=lambda k: str(found[k]))
    place = np.empty(len(found) + 1, dtype=np.int32)
    place[order] = np.arange(len(found))
    place[-1] = -1  # missing stays missing
    return _coded(place[codes], [found[k] for k in order], name)


def _coded(codes: NDArray[np.integer[Any]], categories: list[Any], name: str) -> Coloring:
    """Return the colouring of codes that count from 0 in the order of the categories."""
    k = len(categories)
    if k > MOST_CATEGORIES:
        raise ValueError(
            f"color has {k:,} different values; a legend takes at most {MOST_CATEGORIES:,}. "
            "Is it a column of names? Group them first"
        )
    dtype = "uint8" if k < 256 else "uint16"
    # Missing is -1, which wraps to the highest number and by one more to 0: no wider copy.
    shifted: NDArray[np.unsignedinteger[Any]] = codes.astype(dtype)
    shifted += 1
    counts = np.zeros(k + 1, dtype=np.int64)
    for start in range(0, len(shifted), 2**16):  # numpy widens what it counts to 8 bytes each
        counts += np.bincount(shifted[start : start + 2**16], minlength=k + 1)
    info = _info("categories", name)
    info.update(
        labels=[plain_text(category) for category in categories],
        colors=[PALETTE[i % len(PALETTE)] for i in range(k)],
        counts=counts[1:].tolist(),
        missing=int(counts[0]),
        dtype=dtype,
    )
    return Coloring(info, shifted)


def _numbers(numbers: NDArray[np.float64], name: str, say: Any) -> Coloring:
    finite = np.isfinite(numbers)
    codes = np.zeros(len(numbers), np.uint8)
    info = _info("numbers", name)
    info.update(colors=list(VIRIDIS), missing=int(len(numbers) - finite.sum()))
    if finite.any():
        low, high = float(numbers[finite].min()), float(numbers[finite].max())
        # In halves: high - low may be more than the largest float.
        span = high / 2 - low / 2
        share = (numbers[finite] / 2 - low / 2) / span if span > 0 else np.full(finite.sum(), 0.5)
        codes[finite] = 1 + np.rint(254 * share).astype(np.uint8)
        info.update(low=say(low), high=say(high))
    return Coloring(info, codes)


def _times(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return seconds since 1970, NaN where missing."""
    times = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz else column
    seconds = times.to_numpy(dtype="datetime64[s]")
    return np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64).astype(np.float64))


def _as_date(seconds: float) -> str:
    text = str(np.datetime64(int(seconds), "s")).replace("T", " ")
    return text.removesuffix(" 00:00:00")


def _info(kind: str, name: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": plain_text(name),
        "labels": [],
        "colors": [],
        "counts": [],
        "low": "",
        "high": "",
        "missing": 0,
        "dtype": "uint8",
    }
