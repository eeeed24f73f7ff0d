"""Rows of a map: bitsets of them, and the person's table beside them, by position only."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.arguments.frames import read_frame
from vaewidgets.arguments.masks import rows_or_mask
from vaewidgets.images import Images
from vaewidgets.images.collection import GIVEN
from vaewidgets.labels.table import check_order
from vaewidgets.widgets.map.coloring import plain_text


def pack_rows(rows: NDArray[np.int64], n: int) -> bytes:
    """Return the bitset of n rows: bit i % 8 of byte i // 8 stands for row i."""
    chosen = np.zeros(n, dtype=bool)
    chosen[rows] = True
    return np.packbits(chosen, bitorder="little").tobytes()


def unpack_rows(bits: bytes, n: int) -> NDArray[np.int64]:
    """Return the rows of a bitset in ascending order; no bytes are no rows."""
    if not bits:
        return np.zeros(0, np.int64)
    chosen = np.unpackbits(np.frombuffer(bits, np.uint8), count=n, bitorder="little")
    return np.flatnonzero(chosen).astype(np.int64)


def check_bits(bits: bytes, n: int) -> None:
    """Refuse bytes that are no bitset of n rows."""
    n_bytes = (n + 7) // 8
    if len(bits) not in (0, n_bytes):
        raise ValueError(
            f"the page sent a selection of {len(bits)} bytes; {n:,} points take {n_bytes}"
        )
    if bits and n % 8 and bits[-1] >> (n % 8):
        raise ValueError(f"the page selected points beyond the last of {n:,}")


def as_rows(value: Any, n: int, name: str = "selection") -> NDArray[np.int64]:
    """Turn what a person selects into row positions, ascending, each once.

    Parameters
    ----------
    value : positions (array, list, slice), boolean mask (array, Series), or None for no row
        The index of a Series plays no part; what is missing in a mask is not selected.
    n : int
        Number of rows.

    Raises
    ------
    TypeError
        If it is neither positions nor a mask.
    ValueError, IndexError
        If a mask has another length, or a position lies outside 0 ... n - 1.
    """
    if value is None:
        return np.zeros(0, np.int64)
    if isinstance(value, slice):
        return np.arange(n, dtype=np.int64)[value]
    if isinstance(value, pd.Index):
        raise TypeError(
            f"{name} takes row positions, and an index holds labels: pass a boolean mask such as "
            "df[column] == value, or np.flatnonzero(mask)"
        )
    array = rows_or_mask(value)
    if array.ndim == 0:
        array = array[None]
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got shape {array.shape}")
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype == bool:
        if len(array) != n:
            raise ValueError(f"{name} is a mask of {len(array)} rows, but there are {n} points")
        return np.flatnonzero(array).astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be row positions (whole numbers) or a boolean mask, got {array.dtype}"
        )
    outside = (array < 0) | (array >= n)
    if outside.any():
        raise IndexError(
            f"{name} has position {array[outside][0]}, but the {n} points are 0 to {n - 1}"
        )
    return np.unique(array).astype(np.int64)


class Table:
    """The person's DataFrame, row for row beside the points.

    Parameters
    ----------
    data : DataFrame (of pandas, polars or Arrow) or None
    n : int
        Number of points.
    images : Images or None
        If some of the images asked for were rejected, a frame with a row for each image *asked
        for* is taken too, and the rows of the rejected ones play no part.

    Raises
    ------
    TypeError
        If `data` is no DataFrame.
    ValueError
        If its length fits neither, naming both.
    """

    def __init__(self, data: Any, n: int, images: Images | None) -> None:
        data = None if data is None else read_frame(data, "data")
        self.n = n
        self._images = images
        self.is_given = data is not None
        self.frame = pd.DataFrame(index=range(n)) if data is None else data
        self._positions = self._match(self.frame, "data")
        sources = () if images is None else images.sources
        # What was no file has a source in words, such as "array of shape (28, 28)".
        self._files = sources if any(PurePath(source).suffix for source in sources[:1]) else ()
        check_order(self.frame, self._place(np.arange(n)), sources, "data")
        # Column names are anything and may repeat; in a menu they are text and must not.
        self._columns: dict[str, int] = {}
        for place in range(self.frame.shape[1]):
            if _is_plain(self.frame.iloc[:, place]):
                self._columns[self._free_name(plain_text(self.frame.columns[place]))] = place
        self._given = None if images is None or GIVEN in self._columns else images.labels

    @property
    def column_names(self) -> list[str]:
        """The columns that can colour a map, and what came along with the images."""
        return [*self._columns, *([] if self._given is None else [GIVEN])]

    def column(self, name: Any) -> pd.Series[Any]:
        """Return a column's values, one for each point.

        Raises
        ------
        KeyError
            If there is none of that name, naming those there are.
        """
        key = plain_text(name)
        if key == GIVEN and self._given is not None:
            return pd.Series(self._given)
        if key not in self._columns:
            known = ", ".join(repr(column) for column in self.column_names) or "none"
            raise KeyError(f"data has no column {key!r} to colour by; it has: {known}")
        values = self.frame.iloc[:, self._columns[key]]
        return values if self._positions is None else values.iloc[self._positions]

    def rows(self, positions: NDArray[np.int64]) -> pd.DataFrame:
        """Return the frame's rows of some points.

        Raises
        ------
        ValueError
            If the map was made without a frame.
        """
        if not self.is_given:
            raise ValueError("this map was made without data=: there are no rows to give")
        chosen: pd.DataFrame = self.frame.iloc[self._place(positions)]
        return chosen

    def align(self, values: Any, name: str) -> Any:
        """Return values one for each point, leaving out those of rejected images.

        Raises
        ------
        ValueError
            If the length fits neither the points nor the images asked for.
        """
        positions = self._match(values, name)
        if positions is None:
            return values
        if isinstance(values, (pd.Series, pd.DataFrame)):
            return values.iloc[positions]
        if isinstance(values, (list, tuple)):
            return [values[position] for position in positions]
        return values[positions]

    def index_label(self, row: int) -> str:
        """Return the label of a row in the frame's index, and the file of its image, as text."""
        words = [plain_text(self.frame.index[self._place(row)])] if self._has_labels else []
        if self._files:
            words.append(plain_text(self._files[row].replace("\\", "/").rsplit("/", 1)[-1]))
        return " · ".join(words)

    @property
    def index_name(self) -> str:
        """What to call the index on a card; "" if there is no more to say than the row number."""
        if self._has_labels:
            return plain_text(self.frame.index.name or "index")
        return "file" if self._files else ""

    @property
    def _has_labels(self) -> bool:
        """Whether the index says more than the row number."""
        index = self.frame.index
        is_plain = isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1)
        return not is_plain or self._positions is not None

    def _place(self, rows: Any) -> Any:
        """Return where the points of these rows stand in the frame."""
        return rows if self._positions is None else self._positions[rows]

    def _match(self, values: Any, name: str) -> NDArray[np.int64] | None:
        """Return the position in `values` of each point; None where they agree one to one."""
        if len(values) == self.n:
            return None
        if self._images is not None and len(values) == self._images.n_input:
            return self._images.positions
        raise ValueError(
            f"{name} has {len(values)} rows, but there are {self.n} points"
            + (
                f" (of {self._images.n_input} images, {len(self._images.rejected)} were rejected)"
                if self._images is not None and self._images.rejected
                else ""
            )
        )

    def _free_name(self, name: str) -> str:
        free, again = name, 2
        while free in self._columns:
            free, again = f"{name} ({again})", again + 1
        return free


def _is_plain(column: pd.Series[Any]) -> bool:
    """Tell whether a column holds single values, not arrays, lists or pictures."""
    if column.dtype != object:
        return not pd.api.types.is_complex_dtype(column.dtype)
    first = next((value for value in column.array if value is not None and value is not pd.NA), "")
    return np.ndim(first) == 0 and isinstance(
        first, (str, bool, int, float, np.generic, Decimal, Fraction)
    )
