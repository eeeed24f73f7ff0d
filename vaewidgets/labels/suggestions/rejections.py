"""What a person ruled out: "not that", which says nothing of what an image is instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Rejected = tuple[ArrayLike, ArrayLike]
    Shares = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Barred:
    """Cells that were ruled out of a table of images and classes."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def take_from(self, shares: Shares) -> Shares:
        """Set the cells to 0, in place; return the largest of each row, which no other gets."""
        largest = np.zeros(len(shares), np.float32)
        cells = self.rows, self.columns
        np.maximum.at(largest, self.rows, shares[cells])
        shares[cells] = 0
        return largest

    def best_of(self, shares: Shares) -> NDArray[np.int64]:
        """Return the column of the largest share of each row, among those not ruled out."""
        left = shares.copy()
        left[self.rows, self.columns] = -1  # below what is left, be that 0
        return np.asarray(left.argmax(axis=1))

    def codes(self, columns: NDArray[Any], classes: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Return the class in a column of each row, 0 where that was ruled out."""
        found = np.asarray(classes[columns])
        found[self.rows[columns[self.rows] == self.columns]] = 0
        return found


def barred_cells(
    rejected: Rejected | None, labels: NDArray[np.uint16], classes: NDArray[np.uint16]
) -> Barred:
    """Return what was ruled out of the classes that have labels.

    The label that an image has is not: whatever was rejected, a person said it of the image.
    """
    rows, codes = (np.asarray(part, dtype=np.int64) for part in rejected or ((), ()))
    if rows.shape != codes.shape or rows.ndim != 1:
        raise ValueError("`rejected` is not two rows of numbers of equal length")
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(labels):
        raise ValueError(f"`rejected` has rows that are not among the {len(labels)} of the graph")
    counts = np.isin(codes, classes) & (labels[rows] != codes)
    return Barred(rows[counts], np.searchsorted(classes, codes[counts]))
