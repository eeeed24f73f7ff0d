"""Codes to fewer dimensions that keep neighbours together, for clustering and not for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.arguments.seeds import as_seed
from vaewidgets.projections.embedding import SMALLEST_N, UmapSettings
from vaewidgets.projections.process import EmbeddingProcess
from vaewidgets.projections.rows import check_finite, choose_rows, place_beside, to_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Report = Callable[[float | None, str], None]

# UMAP is fitted on at most so many rows (70,000 take minutes); the others are placed beside them.
MOST_REDUCED = 100_000


@dataclass(frozen=True, eq=False)
class Reduction:
    """Codes in fewer dimensions.

    Attributes
    ----------
    codes : ndarray, shape (n, n_components), float32, finite
    fitted : ndarray, shape (m,), int64
        The rows that UMAP was fitted on, in order: all n, or a sample.
    note : str
        What was sampled; "" where nothing was.
    """

    codes: NDArray[np.float32]
    fitted: NDArray[np.int64]
    note: str


def reduce_codes(
    codes: ArrayLike,
    n_components: int = 10,
    *,
    n_neighbors: int = 20,
    min_dist: float = 0.0,
    random_state: Any = 0,
    report: Report | None = None,
) -> Reduction:
    """Reduce codes by UMAP to a space in which groups are dense and apart.

    UMAP runs in a process of its own, which ends with this call: also on an interrupt, and when
    ``report`` raises.

    Parameters
    ----------
    codes : array, shape (n, d), finite numbers, n at least 5
    n_components : int, at least 1
        Dimensions of the result.
    n_neighbors : int, at least 2
        Neighbours of each row, itself included; at most n - 1 are used.
    min_dist : float, 0 to 1
        How near rows may come to each other in the result.
    random_state : int from 0, generator of numpy, or None
        Equal seeds give equal results on one machine; None is another each time.
    report : callable(fraction or None, text), optional
        Called at most four times a second, and at least about once a second.

    Returns
    -------
    Reduction
        Beyond 100,000 rows UMAP is fitted on a random 100,000, and the others are placed beside
        their nearest fitted neighbours.

    Raises
    ------
    ValueError
        For codes that are not a table of finite numbers, too few or all equal, and for settings
        out of their range.
    RuntimeError
        If UMAP failed, with the reason.

    References
    ----------
    McInnes, Healy and Melville, UMAP, 2018; McConville, Santos-Rodriguez, Piechocki and
    Craddock, N2D: (not too) deep clustering via clustering the local manifold of an autoencoded
    embedding, 2021, which uses min_dist = 0, 20 neighbours and as many dimensions as clusters.
    """
    table = check_finite(codes)
    n = len(table)
    if n < SMALLEST_N:
        raise ValueError(f"`codes` has {n} rows; accepted: at least {SMALLEST_N}")
    if (table == table[0]).all():
        raise ValueError("`codes` are all equal; accepted: codes that differ")
    _check_whole(n_components, "n_components", 1)
    _check_whole(n_neighbors, "n_neighbors", 2)
    if not 0 <= min_dist <= 1:
        raise ValueError(f"`min_dist` is {min_dist!r}; accepted: 0 to 1")
    seed = as_seed(random_state)
    fitted = choose_rows(n, MOST_REDUCED, seed)
    settings = UmapSettings(int(n_components), int(n_neighbors), float(min_dist))
    tell = report or _say_nothing
    process = EmbeddingProcess(to_unit(table[fitted]), "umap", seed, settings)
    reduced = process.run(tell)
    if len(fitted) == n:
        return Reduction(reduced, fitted, "")
    tell(None, f"UMAP: placing {n - len(fitted):,} more")
    note = (
        f"UMAP was fitted on a random {len(fitted):,} of {n:,} rows; the others stand beside "
        "their nearest fitted neighbours."
    )
    return Reduction(place_beside(table, fitted, reduced), fitted, note)


def _check_whole(value: Any, name: str, least: int) -> None:
    """Refuse what is no whole number or too small."""
    if not is_whole(value) or value < least:
        raise ValueError(f"`{name}` is {value!r}; accepted: a whole number of at least {least}")


def _say_nothing(_fraction: float | None, _text: str) -> None:
    """Do nothing with a report."""
