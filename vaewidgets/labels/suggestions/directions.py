"""A tag by a latent direction or a dimension that a person picked, with no label at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.gaussians import Gaussians, as_numbers, code_table
from vaewidgets.labels.suggestions.spreading import Suggestions, of_chances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Row = NDArray[np.float64]

_FEWEST_CUT = 8  # rows, for a mixture of two
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)


@dataclass(frozen=True, eq=False, repr=False)
class DirectionTag(Suggestions):
    """A tag for each image by where it lies along a direction.

    Attributes
    ----------
    values : ndarray, shape (n,), float64
        Where the mean of each image lies along the direction, in units of the latent space.
    threshold : float
        Images beyond have the tag.
    natural : bool
        Whether two groups of values explain them better than one; else the threshold is a
        guess that a person should move.
    """

    values: Row
    threshold: float
    natural: bool


def tag_by_direction(
    codes: Gaussians | ArrayLike,
    direction: int | ArrayLike,
    *,
    threshold: float | None = None,
    least: float = 0.5,
) -> DirectionTag:
    """Tag images by where they lie along a latent direction, without any label.

    Parameters
    ----------
    codes : Gaussians or array, shape (n, d)
    direction : int, or array of shape (d,)
        A dimension, or a direction such as :func:`vaewidgets.latent.attribute_direction` gives.
        Negative numbers are no dimensions: for the other end give the direction -e_j.
    threshold : float, optional
        Images beyond have the tag. By default the natural cut: where the upper of two Gaussian
        groups of values becomes the more probable one.
    least : float, 0.5 to 1
        Nothing is proposed below this probability.

    Returns
    -------
    DirectionTag

    Raises
    ------
    ValueError
        For codes or a direction that are no finite numbers or do not fit.

    Notes
    -----
    An image is not a point but N(v, s^2) along the direction. With a threshold t its probability
    is that of lying beyond, Phi((v - t) / s); with the natural cut it is the mean over
    N(v, s^2) of how probable the upper group is there. A mixture of two is natural where its
    BIC is lower than that of one Gaussian.

    References
    ----------
    Feng et al., Interpretable annotation of power-grid maps by deep unsupervised hierarchical
    models (DUHiV), 2019, arXiv 1905.12164 (annotation by chosen features); McLachlan and Peel,
    Finite mixture models, 2000; Schwarz, Estimating the dimension of a model, 1978.
    """
    means = code_table(codes)
    along = _direction(direction, means.shape[1])
    values = means.astype(np.float64) @ along
    spread = np.zeros(len(values))
    if isinstance(codes, Gaussians):
        spread = np.sqrt(codes.std.astype(np.float64) ** 2 @ along**2)
    natural = False
    if threshold is not None:
        cut = float(threshold)
        chance = _beyond(values - cut, spread)
        how = "by the threshold given"
    else:
        cut, natural, chance = _natural_cut(values, spread)
        how = "by the natural cut" if natural else "by a guess: the values show no two groups"
    chances = np.column_stack([chance, 1 - chance]).astype(np.float32)
    said = np.zeros(len(values), np.uint16)
    found = of_chances(
        chances, said, least, chances.argmax(axis=1), f"From no label, {how}, at {cut:.3g}."
    )
    return DirectionTag(**vars(found), values=values, threshold=cut, natural=natural)


def _direction(direction: int | ArrayLike, d: int) -> Row:
    """Return a direction of length 1."""
    given = np.asarray(direction)
    if given.ndim == 0 and given.dtype.kind in "iu":
        if not 0 <= given < d:
            raise ValueError(f"`direction` is {direction!r}; accepted: dimensions 0 to {d - 1}")
        return np.asarray(np.eye(d)[int(given)])
    along = as_numbers(direction, "direction").astype(np.float64)
    if along.shape != (d,) or not np.isfinite(along).all() or not along.any():
        raise ValueError(
            f"`direction` is an array of shape {along.shape}; accepted: a dimension, or {d} "
            "finite numbers that are not all 0"
        )
    return np.asarray(along / np.linalg.norm(along))


def _beyond(ahead: Row, spread: Row) -> Row:
    """Chance that N(ahead, spread^2) is above 0."""
    from scipy.special import ndtr

    sure = (ahead > 0) + 0.5 * (ahead == 0)
    scaled = np.divide(ahead, spread, out=np.zeros_like(ahead), where=spread > 0)
    return np.asarray(np.where(spread > 0, ndtr(scaled), sure))


def _natural_cut(values: Row, spread: Row) -> tuple[float, bool, Row]:
    """Return the cut between two groups of values, whether there are two, and chances."""
    from sklearn.mixture import GaussianMixture

    width = values.std()
    if len(values) < _FEWEST_CUT or width == 0:
        cut = float(values.mean()) if len(values) else 0.0
        return cut, False, _beyond(values - cut, spread)
    column = ((values - values.mean()) / width)[:, np.newaxis]
    one, two = (GaussianMixture(k, n_init=3, random_state=0).fit(column) for k in (1, 2))
    upper = int(two.means_[:, 0].argmax())
    low, high = np.sort(two.means_[:, 0])
    # Beyond its mean the wider group is the more probable one again; the tag does not turn back.
    grid = np.linspace(low, high, 513)
    chance = np.maximum.accumulate(two.predict_proba(grid[:, np.newaxis])[:, upper])
    cut = float(np.interp(0.5, chance, grid) * width + values.mean())
    nodes = column + (spread / width)[:, np.newaxis] * _NODES
    averaged = np.interp(nodes, grid, chance) @ (_NODE_WEIGHTS / _NODE_WEIGHTS.sum())
    return cut, bool(two.bic(column) < one.bic(column)), averaged
