"""Rows of codes made ready for t-SNE and UMAP: checked, scaled, sampled, placed beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.arguments.arrays import as_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_PLACED_BESIDE = 5


def check_finite(codes: ArrayLike) -> NDArray[np.float64]:
    """Return codes as a table of finite numbers, or say what is wrong with them."""
    table = as_array(codes)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"codes must have shape (n, d), got {table.shape}")
    if table.dtype.kind not in "fiub":
        raise ValueError(f"codes must be numbers, got {table.dtype}")
    if len(table) == 0:
        raise ValueError("got 0 codes: there is nothing to project")
    table = table.astype(np.float64)
    with np.errstate(over="ignore"):  # what float32 cannot hold cannot be drawn
        bad = ~np.isfinite(table.astype(np.float32)).all(axis=1)
    if bad.any():
        raise ValueError(
            f"codes must be finite, but {int(bad.sum())} rows are not, the first is row "
            f"{int(np.argmax(bad))}"
        )
    return table


def choose_rows(n: int, most: int, random_state: int) -> NDArray[np.int64]:
    """Choose the rows to fit: all, or a seeded sample in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))


def place_beside(
    codes: NDArray[np.float64], fitted: NDArray[np.int64], fitted_xy: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Put each row that was not fitted at the mean of its nearest fitted rows.

    Neighbours weigh by the inverse of their distance, so a row equal to a fitted one stands on it.
    """
    from sklearn.neighbors import NearestNeighbors

    others = np.setdiff1d(np.arange(len(codes)), fitted)
    search = NearestNeighbors(n_neighbors=min(_PLACED_BESIDE, len(fitted)), algorithm="brute")
    search.fit(codes[fitted])
    distances, neighbours = search.kneighbors(codes[others])  # exact, in chunks
    nearest = distances[:, :1]
    weights = np.where(
        nearest > 0, nearest / np.where(distances > 0, distances, 1), distances == 0
    )
    weights = weights / weights.sum(axis=1, keepdims=True)
    xy = np.empty((len(codes), fitted_xy.shape[1]), dtype=np.float32)
    xy[fitted] = fitted_xy
    xy[others] = (weights[:, :, np.newaxis] * fitted_xy[neighbours]).sum(axis=1)
    return xy


def to_unit(codes: NDArray[np.float64]) -> NDArray[np.float32]:
    """Centre codes and scale them to [-1, 1] for float32: t-SNE and UMAP ignore both."""
    centred = codes - codes.mean(axis=0)
    largest = np.abs(centred).max()
    scaled: NDArray[np.float32] = (centred / max(largest, 1e-300)).astype(np.float32)
    return scaled
