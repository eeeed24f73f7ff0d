"""How many rows a method is fitted on, and the fewest in a cluster; the rest beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.neighbors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

SMALLEST_SHARE = 0.01  # of the rows, in one cluster


def sample_rows(n: int, most: int, random_state: int) -> NDArray[np.int64]:
    """Choose at most ``most`` of n rows, in order; the same for equal seeds."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))


def nearest_fitted(
    fitted: NDArray[np.int64], space: NDArray[np.float64], report: Report
) -> NDArray[np.int64]:
    """Return for each row the position, among the m fitted ones, of itself or of the nearest.

    Parameters
    ----------
    fitted : ndarray, shape (m,)
    space : ndarray, shape (n, c)
    report : callable(fraction or None, text)

    Returns
    -------
    ndarray, shape (n,), int64, 0 to m - 1
        ``values[nearest_fitted(...)]`` gives every row the value of a fitted one.
    """
    places = np.zeros(len(space), dtype=np.int64)
    places[fitted] = np.arange(len(fitted))
    rest = np.setdiff1d(np.arange(len(space)), fitted)
    if len(rest):
        beside, _ = nearest(space[rest], space[fitted], 1, report=report)
        places[rest] = beside[:, 0]
    return places


def sampled_note(n: int, fitted: NDArray[np.int64]) -> str:
    """Say what was sampled, or nothing."""
    if len(fitted) == n:
        return ""
    return (
        f" Fitted on a random {len(fitted):,} of {n:,} rows; each of the others goes with its "
        "nearest fitted row."
    )


def smallest_cluster(n: int) -> int:
    """Return the fewest of n rows that make a cluster where nobody says: 1 %, and at least 5."""
    return min(n, max(5, round(SMALLEST_SHARE * n)))
