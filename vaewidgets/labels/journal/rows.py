"""Sets of image rows, as small as they can be: a bitset or a list of positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True)
class RowSet:
    """Which of `n_rows` rows.

    Many rows are held as a bitset (one million rows: 125 kB), few as positions.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    data : ndarray
        uint8: a bitset, bit ``i % 8`` of byte ``i // 8`` stands for row i; int32: the positions
        in ascending order.
    """

    n_rows: int
    data: NDArray[np.uint8] | NDArray[np.int32]

    @classmethod
    def from_positions(cls, positions: NDArray[np.int64], n_rows: int) -> RowSet:
        """Pack unique positions in ascending order."""
        if positions.size * 4 <= n_rows / 8:
            return cls(n_rows, positions.astype(np.int32))
        mask = np.zeros(n_rows, bool)
        mask[positions] = True
        return cls(n_rows, np.packbits(mask, bitorder="little"))

    @classmethod
    def from_bits(cls, bits: Any, n_rows: int) -> RowSet:
        """Check and pack a bitset from the page.

        Raises
        ------
        ValueError
            If it has another length than the rows need, or bits set beyond the last row.
        """
        data = np.frombuffer(bits, np.uint8)
        if data.size != (n_rows + 7) // 8:
            raise ValueError(
                f"the rows came as a bitset of {data.size} bytes; "
                f"{n_rows} images need {(n_rows + 7) // 8}"
            )
        mask = np.unpackbits(data, bitorder="little")
        if mask[n_rows:].any():
            raise ValueError(f"the bitset names rows beyond the last of {n_rows} images")
        return cls.from_positions(np.flatnonzero(mask[:n_rows]), n_rows)

    @property
    def positions(self) -> NDArray[np.int64]:
        """The rows, int64, in ascending order."""
        if self.data.dtype == np.int32:
            return self.data.astype(np.int64)
        bits = self.data.view(np.uint8)
        return np.flatnonzero(np.unpackbits(bits, count=self.n_rows, bitorder="little"))

    @property
    def bits(self) -> bytes:
        """The rows as a bitset."""
        if self.data.dtype == np.uint8:
            return self.data.tobytes()
        mask = np.zeros(self.n_rows, bool)
        mask[self.data] = True
        return np.packbits(mask, bitorder="little").tobytes()

    def __len__(self) -> int:
        if self.data.dtype == np.int32:
            return int(self.data.size)
        return int(np.bitwise_count(self.data).sum())
