"""Diagonal Gaussians as arrays of means and standard deviations: distances, means and paths.

Everything here is numpy and works on rows: row ``i`` of a :class:`Gaussians` is the posterior
N(mean[i], diag(std[i]^2)) of image ``i``. The number kept is always the *standard deviation*,
never the variance nor its logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.arrays import as_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Gaussians:
    """A row of independent normal distributions for each image.

    Parameters
    ----------
    mean : array, shape (n, d), float32 or float64
        Means. Other number types become float32.
    std : array, shape (n, d)
        Standard deviations, at least 0 (0 is a point).

    Raises
    ------
    ValueError
        If an array holds no numbers, the shapes differ or are not two-dimensional, a number is
        not finite, or a standard deviation is negative.
    """

    mean: FloatArray
    std: FloatArray

    def __post_init__(self) -> None:
        mean, std = _as_float(self.mean, "mean"), _as_float(self.std, "std")
        if mean.ndim != 2 or mean.shape != std.shape:
            raise ValueError(
                f"mean and std must both have shape (n, d), got {mean.shape} and {std.shape}"
            )
        for name, values in (("mean", mean), ("std", std)):
            if not np.isfinite(values).all():
                row = int(np.argmax(~np.isfinite(values).all(axis=1)))
                raise ValueError(f"{name} has a number that is not finite in row {row}")
        if (std < 0).any():
            row = int(np.argmax((std < 0).any(axis=1)))
            raise ValueError(f"std must be at least 0, but row {row} holds {std[row].min():.3g}")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "std", std)

    @property
    def n_dims(self) -> int:
        """Number of dimensions of each Gaussian."""
        return int(self.mean.shape[1])

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, rows: Any) -> Gaussians:
        """Return the given rows; one integer gives a Gaussians of one row."""
        if isinstance(rows, (int, np.integer)):
            rows = [rows]
        return Gaussians(self.mean[rows], self.std[rows])

    def __iter__(self) -> Iterator[Gaussians]:
        return (self[row] for row in range(len(self)))

    def __array__(self, *_: Any, **__: Any) -> Any:
        """Refuse: which of the two arrays is meant must be said."""
        raise TypeError("Gaussians are no array of codes: use .mean, or .sample() for draws")

    def __repr__(self) -> str:
        return f"Gaussians(n={len(self)}, n_dims={self.n_dims}, {self.mean.dtype})"

    def sample(self, rng: np.random.Generator | int | None = None) -> FloatArray:
        """Draw one code from each row: mean + std * eps with eps ~ N(0, I).

        Parameters
        ----------
        rng : numpy.random.Generator or int, optional
            Source of the noise, or its seed.

        Returns
        -------
        array, shape (n, d), dtype of the means
        """
        noise = np.random.default_rng(rng).standard_normal(self.mean.shape)
        return self.mean + self.std * noise.astype(self.mean.dtype)


def kl_to_standard(gaussians: Gaussians) -> FloatArray:
    """Kullback-Leibler divergence of each row to N(0, I), for each dimension, in nats.

    Notes
    -----
    KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1 - log s^2) / 2. A standard deviation of 0 gives
    infinity.

    References
    ----------
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014, appendix B.

    Returns
    -------
    array, shape (n, d), at least 0
    """
    mean, std = _double(gaussians)
    with np.errstate(divide="ignore"):
        nats = 0.5 * (mean**2 + std**2 - 1.0) - np.log(std)
    return np.asarray(np.maximum(nats, 0.0))  # rounding leaves about -1e-16 where both agree


def kl(q: Gaussians, p: Gaussians) -> FloatArray:
    """Kullback-Leibler divergence KL(q || p) for each row and dimension, in nats.

    The order matters: for a variational autoencoder the encoder's Gaussian comes first.

    Parameters
    ----------
    q, p : Gaussians
        Of equal length, or one of them of one row, which is compared with every row.

    Notes
    -----
    KL(q || p) = log(s_p / s_q) + (s_q^2 + (m_q - m_p)^2) / (2 s_p^2) - 1/2.

    Returns
    -------
    array, shape (n, d), at least 0; infinite where a standard deviation is 0
    """
    _check_pair(q, p)
    (mean_q, std_q), (mean_p, std_p) = _double(q), _double(p)
    mean_q, std_q, mean_p, std_p = np.broadcast_arrays(mean_q, std_q, mean_p, std_p)
    nats = np.full(mean_q.shape, np.inf)
    proper = (std_q > 0) & (std_p > 0)
    m_q, s_q, m_p, s_p = mean_q[proper], std_q[proper], mean_p[proper], std_p[proper]
    nats[proper] = np.log(s_p / s_q) + (s_q**2 + (m_q - m_p) ** 2) / (2 * s_p**2) - 0.5
    return np.asarray(np.maximum(nats, 0.0))


def wasserstein2(a: Gaussians, b: Gaussians) -> FloatArray:
    """Wasserstein-2 distance between row ``i`` of ``a`` and row ``i`` of ``b``.

    Parameters
    ----------
    a, b : Gaussians
        Of equal length, or one of them of one row, which is compared with every row.

    Notes
    -----
    W2^2 = |m_a - m_b|^2 + |s_a - s_b|^2 for diagonal (hence commuting) covariances.

    References
    ----------
    Dowson and Landau, The Frechet distance between multivariate normal distributions, 1982.

    Returns
    -------
    array, shape (n,)
        Distances (not squared), in units of the latent space.
    """
    _check_pair(a, b)
    (mean_a, std_a), (mean_b, std_b) = _double(a), _double(b)
    squared = ((mean_a - mean_b) ** 2 + (std_a - std_b) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(squared))


def precision_distance(a: Gaussians, b: Gaussians) -> FloatArray:
    """Precision-weighted distance between row ``i`` of ``a`` and row ``i`` of ``b``.

    Parameters
    ----------
    a, b : Gaussians
        Of equal length, or one of them of one row, which is compared with every row.

    Notes
    -----
    D^2 = sum_j (m_aj - m_bj)^2 / (s_aj^2 + s_bj^2): the Mahalanobis length of the difference of
    the means under the covariance of z_a - z_b for independent draws. A dimension of which both
    are unsure counts little. It is symmetric and 0 between equal means, but no metric: a wide
    Gaussian is near to everything, and the triangle inequality does not hold. In a dimension
    where both standard deviations are 0, equal means add 0 and others infinity.

    References
    ----------
    Mahalanobis, On the generalized distance in statistics, 1936; Shi and Jain, Probabilistic face
    embeddings, 2019, equation 3, without its term of log variances.

    Returns
    -------
    array, shape (n,)
        Distances (not squared), in standard deviations.
    """
    _check_pair(a, b)
    (mean_a, std_a), (mean_b, std_b) = _double(a), _double(b)
    return np.asarray(np.sqrt(precision_terms(mean_a - mean_b, std_a**2 + std_b**2).sum(axis=1)))


def precision_terms(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """Squares of differences in units of their variance; 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.asarray(difference**2 / variance)
    terms[(difference == 0) & (variance == 0)] = 0.0
    return terms


def barycentre(gaussians: Gaussians, weights: ArrayLike | None = None) -> Gaussians:
    """Wasserstein-2 barycentre: the one Gaussian nearest to all of them.

    Parameters
    ----------
    gaussians : Gaussians
        At least one row.
    weights : array, shape (n,), optional
        Non-negative, not all 0; scaled to sum to 1. Equal by default.

    Notes
    -----
    For diagonal covariances it is the mean of the means and the mean of the *standard
    deviations*, not of the variances: it minimises sum_i w_i W2^2(g, g_i), which is a sum of
    squares in (mean, std).

    References
    ----------
    Agueh and Carlier, Barycenters in the Wasserstein space, 2011, section 6.

    Returns
    -------
    Gaussians of one row
    """
    n = len(gaussians)
    if n == 0:
        raise ValueError("a barycentre needs at least one Gaussian, got 0")
    shares = np.ones(n) if weights is None else as_numbers(weights, "weights").astype(np.float64)
    if shares.shape != (n,):
        raise ValueError(f"weights must have shape ({n},), got {shares.shape}")
    if not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() == 0:
        raise ValueError("weights must be finite, at least 0 and not all 0")
    shares = shares / shares.sum()
    mean, std = _double(gaussians)
    dtype = gaussians.mean.dtype
    return Gaussians((shares @ mean)[None].astype(dtype), (shares @ std)[None].astype(dtype))


def transport_path(start: Gaussians, end: Gaussians, t: ArrayLike) -> Gaussians:
    """Points of the optimal-transport geodesic from ``start`` to ``end``.

    Parameters
    ----------
    start, end : Gaussians of one row each
    t : array, shape (n_steps,), numbers in [0, 1]
        0 is ``start``, 1 is ``end``.

    Notes
    -----
    m_t = (1 - t) m_0 + t m_1 and s_t = (1 - t) s_0 + t s_1, exact for diagonal covariances.

    References
    ----------
    McCann, A convexity principle for interacting gases, 1997; Takatsu, Wasserstein geometry of
    Gaussian measures, 2011.

    Returns
    -------
    Gaussians of n_steps rows, equal to the ends, bit for bit, at t = 0 and t = 1
    """
    _check_one(start, "start")
    _check_one(end, "end")
    _check_pair(start, end)
    steps = as_numbers(t, "t").astype(np.float64)
    if steps.ndim != 1 or not ((steps >= 0) & (steps <= 1)).all():
        raise ValueError("t must be a row of numbers between 0 and 1")
    steps = steps[:, None]
    dtype = start.mean.dtype
    mean = (1 - steps) * start.mean + steps * end.mean
    std = (1 - steps) * start.std + steps * end.std
    return Gaussians(mean.astype(dtype), std.astype(dtype))


def code_table(codes: Gaussians | ArrayLike, name: str = "codes") -> FloatArray:
    """Return codes, or the means of Gaussians, as a table of finite numbers.

    Parameters
    ----------
    codes : Gaussians or array, shape (n, d) with d at least 1
    name : str
        What the caller's argument is called, for errors.

    Returns
    -------
    array, shape (n, d), float64, or float32 where the codes are

    Raises
    ------
    ValueError
        If the codes have another shape, are no numbers, or hold one that is not finite.
    """
    table = codes.mean if isinstance(codes, Gaussians) else as_numbers(codes, name)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(
            f"`{name}` is an array of shape {table.shape}; accepted: codes of shape (n, d)"
        )
    bad = ~np.isfinite(table).all(axis=1)
    if bad.any():
        raise ValueError(
            f"`{name}` is not finite in {int(bad.sum())} rows, the first is row "
            f"{int(np.argmax(bad))}; accepted: finite numbers"
        )
    return table if table.dtype == np.float32 else table.astype(np.float64, copy=False)


def as_numbers(values: ArrayLike, name: str) -> FloatArray:
    """Return an array of real numbers of any shape; ValueError, with the name, for others."""
    try:
        array = as_array(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"`{name}` is no array ({error}); accepted: numbers") from error
    if array.dtype.kind not in "fiub":
        shown = f"an array of {array.dtype}" if array.ndim else f"{values!r}"
        raise ValueError(f"`{name}` is {shown}; accepted: numbers")
    return array


def _as_float(values: ArrayLike, name: str) -> FloatArray:
    """Keep float32 and float64, turn any other number type into float32."""
    array = as_numbers(values, name)
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32)


def _double(gaussians: Gaussians) -> tuple[FloatArray, FloatArray]:
    """Mean and std in float64: sums over many dimensions lose digits in float32."""
    return gaussians.mean.astype(np.float64), gaussians.std.astype(np.float64)


def _check_one(gaussians: Gaussians, name: str) -> None:
    """Refuse anything but one row."""
    if not isinstance(gaussians, Gaussians):
        raise TypeError(
            f"{name} must be Gaussians, got {type(gaussians).__name__}; a point is one with a "
            "spread of 0: Gaussians(mean[None], np.zeros((1, d)))"
        )
    if len(gaussians) != 1:
        raise ValueError(f"{name} must be one Gaussian, got {len(gaussians)}")


def _check_pair(a: Gaussians, b: Gaussians) -> None:
    """Refuse two collections that cannot be compared row by row."""
    if a.n_dims != b.n_dims:
        raise ValueError(f"the Gaussians have {a.n_dims} and {b.n_dims} dimensions")
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise ValueError(f"cannot compare {len(a)} Gaussians with {len(b)} row by row")
