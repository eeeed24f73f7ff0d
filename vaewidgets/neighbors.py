"""The most similar images: exact nearest neighbours of codes, by three distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.gaussians import Gaussians, as_numbers, code_table, precision_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.floating[Any]]
    Report = Callable[[float | None, str], None]
    # Query numbers, gallery rows and distances of all pairs that may belong to the result.
    Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]

DISTANCES = ("euclidean", "wasserstein", "precision")

_BLOCK = 2**22  # distances held at once: 16 MB in float32
_ROUNDING = 2.0**-24  # largest relative error of one operation in float32


def nearest(
    query: Gaussians | ArrayLike,
    gallery: Gaussians | ArrayLike,
    k: int,
    distance: str = "euclidean",
    *,
    exclude: ArrayLike | None = None,
    report: Report | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the ``k`` images of a gallery that are nearest to each query.

    Parameters
    ----------
    query, gallery : Gaussians or array, shapes (m, d) and (n, d)
        Codes: posteriors, or means alone.
    k : int, 1 to n
    distance : "euclidean", "wasserstein" or "precision"
        See Notes. The last two need the spread of both sides. Codes without one are refused
        rather than taken for points; ``Gaussians(codes, np.zeros_like(codes))`` says that they
        are points.
    exclude : array of int, shape (m,), optional
        One row of the gallery for each query that must not be found: the query itself, which
        is ``np.arange(n)`` where the gallery is asked for its own neighbours. It is left out by
        its number; a row at distance 0 may as well be another image.
    report : callable(fraction or None, text), optional
        Called after each block of queries.

    Returns
    -------
    rows : ndarray, shape (m, k), int64
        Nearest first; of equal distances the lower row comes first.
    distances : ndarray, shape (m, k), float64
        Not squared.

    Raises
    ------
    ValueError
        For codes that are no table of finite numbers or differ in their dimensions, for a
        missing spread, an unknown distance, and a ``k`` or ``exclude`` that cannot be met.

    Notes
    -----
    With means m and standard deviations s of both sides:

    - "euclidean": sqrt(sum_j (m_aj - m_bj)^2), which ignores the spread;
    - "wasserstein": sqrt(sum_j (m_aj - m_bj)^2 + (s_aj - s_bj)^2), the Wasserstein-2 distance
      of diagonal Gaussians (:func:`vaewidgets.gaussians.wasserstein2`);
    - "precision": sqrt(sum_j (m_aj - m_bj)^2 / (s_aj^2 + s_bj^2)), in which dimensions count
      little where both images are unsure (:func:`vaewidgets.gaussians.precision_distance`,
      with its warnings: it is no metric, and images of wide spread are near to everything).

    The search is exact. The first two are searched in float32 with a bound on its rounding, and
    all rows within the bound are measured again in float64; the third is float64 throughout.

    References
    ----------
    Dowson and Landau, The Frechet distance between multivariate normal distributions, 1982; Shi
    and Jain, Probabilistic face embeddings, 2019, equation 3; Higham, Accuracy and stability of
    numerical algorithms, 2002, section 3.1 (rounding of inner products).
    """
    if distance not in DISTANCES:
        raise ValueError(f"`distance` is {distance!r}; accepted: {', '.join(DISTANCES)}")
    asked, stored = code_table(query, "query"), code_table(gallery, "gallery")
    if asked.shape[1] != stored.shape[1]:
        raise ValueError(
            f"`query` has {asked.shape[1]} dimensions; accepted: {stored.shape[1]}, as many as "
            "`gallery` has"
        )
    left_out = _check_exclude(exclude, len(asked), len(stored))
    _check_k(k, len(stored) - (left_out is not None))
    if distance == "euclidean":
        pairs = _euclidean_pairs(asked, stored, int(k), left_out)
    else:
        spreads = [_spread(query, "query", distance), _spread(gallery, "gallery", distance)]
        if distance == "wasserstein":
            # A plain Euclidean distance between rows (mean, std).
            asked, stored = np.hstack([asked, spreads[0]]), np.hstack([stored, spreads[1]])
            pairs = _euclidean_pairs(asked, stored, int(k), left_out)
        else:
            pairs = _precision_pairs((asked, spreads[0]), (stored, spreads[1]), int(k), left_out)
    return _collect(pairs, len(asked), int(k), report)


def _collect(
    blocks: Iterator[Pairs], m: int, k: int, report: Report | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep the first k of each query's pairs, by distance, then by row."""
    rows, distances = np.empty((m, k), np.int64), np.empty((m, k))
    done = 0
    for queries, found, lengths in blocks:
        order = np.lexsort((found, lengths, queries))
        _, starts = np.unique(queries, return_index=True)
        kept = order[starts[:, np.newaxis] + np.arange(k)]
        block = slice(done, done + len(starts))
        rows[block], distances[block] = found[kept], lengths[kept]
        done += len(starts)
        if report is not None:
            report(done / m, "finding neighbours")
    return rows, distances


def _euclidean_pairs(
    query: FloatArray, gallery: FloatArray, k: int, left_out: NDArray[np.int64] | None
) -> Iterator[Pairs]:
    """Find in float32 all rows that may be among the k nearest, and measure them in float64.

    The square of a distance is computed as |a|^2 + |b|^2 - 2 a.b, whose error is below
    ``bound * (|a|^2 + |b|^2)``: d + 2 roundings of the inner product, those of the input, twice
    for (|a| + |b|)^2 <= 2 (|a|^2 + |b|^2), and room to spare.
    """
    (a, a_squared), (b, b_squared) = _to_float32(query, gallery)
    bound = 4 * (query.shape[1] + 16) * _ROUNDING
    for block in _blocks(len(query), len(gallery)):
        sizes = a_squared[block, np.newaxis] + b_squared
        upper = (-2 * a[block]) @ b.T
        upper += np.float32(1 + bound) * sizes
        if left_out is not None:
            upper[np.arange(len(upper)), left_out[block]] = np.inf
        kth = np.partition(upper, k - 1, axis=1)[:, k - 1 : k]
        sizes *= np.float32(2 * bound)
        upper -= sizes
        queries, rows = np.nonzero(upper <= kth)
        queries += block.start
        yield queries, rows, _exact_distances(query, gallery, queries, rows)


def _to_float32(*tables: FloatArray) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Shift and scale tables alike to about [-1, 1]; return them and their rows' squared lengths.

    The scale is a power of two, so that scaling rounds nothing. What is too small for a square in
    float32 is covered by the smallest length.
    """
    largest = max((float(np.abs(table).max(initial=0.0)) for table in tables), default=0.0)
    exponent = -int(np.frexp(largest)[1])
    centre = np.ldexp(tables[-1], exponent).mean(axis=0, dtype=np.float64).astype(np.float32)
    for table in tables:
        moved = np.ldexp(table, exponent)
        moved -= centre.astype(moved.dtype)
        small = moved.astype(np.float32, copy=False)
        squared = np.einsum("ij,ij->i", small, small, dtype=np.float64) + 1e-28
        yield small, squared.astype(np.float32)


def _exact_distances(
    query: FloatArray,
    gallery: FloatArray,
    queries: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Measure pairs in float64, some at a time."""
    lengths = np.empty(len(rows))
    step = max(1, _BLOCK // query.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        difference = query[queries[part]].astype(np.float64) - gallery[rows[part]]
        lengths[part] = np.linalg.norm(difference, axis=1)
    return lengths


def _precision_pairs(
    query: tuple[FloatArray, FloatArray],
    gallery: tuple[FloatArray, FloatArray],
    k: int,
    left_out: NDArray[np.int64] | None,
) -> Iterator[Pairs]:
    """Measure every pair in float64, one dimension after the other."""
    (a, s), (b, t) = query, gallery
    a, b = a.astype(np.float64), b.T.astype(np.float64, order="C")
    s, t = s.astype(np.float64) ** 2, t.T.astype(np.float64, order="C") ** 2
    for block in _blocks(len(a), b.shape[1]):
        squared = np.zeros((len(a[block]), b.shape[1]))
        for j in range(len(b)):
            squared += precision_terms(
                a[block, j, np.newaxis] - b[j], s[block, j, np.newaxis] + t[j]
            )
        lengths = np.sqrt(squared)
        allowed = np.ones(lengths.shape, dtype=np.bool_)
        if left_out is not None:
            allowed[np.arange(len(lengths)), left_out[block]] = False
        kth = np.partition(np.where(allowed, lengths, np.inf), k - 1, axis=1)[:, k - 1 : k]
        queries, rows = np.nonzero(allowed & (lengths <= kth))
        yield queries + block.start, rows, lengths[queries, rows]


def _blocks(m: int, n: int) -> Iterator[slice]:
    """Cut queries into blocks, each compared with the whole gallery of n at once."""
    step = max(1, _BLOCK // max(1, n))
    return (slice(start, min(start + step, m)) for start in range(0, m, step))


def _spread(codes: Gaussians | ArrayLike, name: str, distance: str) -> FloatArray:
    """Return the standard deviations of codes, or say that they are missing."""
    if not isinstance(codes, Gaussians):
        raise ValueError(
            f"`distance` is {distance!r}, but `{name}` has no spread; accepted: Gaussians on both "
            "sides, or 'euclidean'"
        )
    return codes.std


def _check_k(k: Any, most: int) -> None:
    """Refuse a number of neighbours that are not there."""
    if not is_whole(k) or not 1 <= k <= most:
        raise ValueError(
            f"`k` is {k!r}; accepted: a whole number from 1 to {most}, the images there are"
        )


def _check_exclude(exclude: ArrayLike | None, m: int, n: int) -> NDArray[np.int64] | None:
    """Return one row of the gallery for each query, or None."""
    if exclude is None:
        return None
    rows = as_numbers(exclude, "exclude")
    if rows.shape != (m,) or rows.dtype.kind not in "iu":
        raise ValueError(
            f"`exclude` is an array of {rows.dtype} of shape {rows.shape}; accepted: {m} whole "
            "numbers, a row of the gallery for each query"
        )
    if m and (rows.min() < 0 or rows.max() >= n):
        raise ValueError(
            f"`exclude` is from {rows.min()} to {rows.max()}; accepted: rows 0 to {n - 1}"
        )
    return rows.astype(np.int64)
