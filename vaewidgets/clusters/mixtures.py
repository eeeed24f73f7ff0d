"""k-means and Gaussian mixtures: clusters around centres."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.clusters.clustering import Clustering, by_size
from vaewidgets.clusters.starts import choose_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

# Single starts fail often: of eight on one embedding of MNIST seven missed the digits.
N_STARTS = 10
COVARIANCE = "full"

COVARIANCES = ("full", "tied", "diag", "spherical")
_MOST_STEPS = 300


def kmeans(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    n_starts: int = N_STARTS,
) -> Clustering:
    """Cluster by k-means, keeping the start with the smallest sum of squares.

    Parameters
    ----------
    space : ndarray, shape (n, c)
    n_clusters : int
    random_state : int
    report : callable(fraction or None, text)
    n_starts : int, at least 1

    References
    ----------
    Lloyd, Least squares quantization in PCM, 1982; Arthur and Vassilvitskii, k-means++, 2007
    (starts).
    """
    from sklearn.cluster import KMeans

    report(None, f"k-means: {n_starts} starts")
    model = KMeans(n_clusters, n_init=n_starts, random_state=random_state, max_iter=_MOST_STEPS)
    with _one_thread():
        found = model.fit_predict(_unit(space)[0])
    labels, _ = by_size(found, n_clusters)
    note = f"k-means: the best of {n_starts} starts by its sum of squares."
    return Clustering(labels, "kmeans", space, note)


def gaussian_mixture(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    covariance: str = COVARIANCE,
    n_starts: int = N_STARTS,
) -> Clustering:
    """Cluster by a Gaussian mixture, keeping the start of highest likelihood.

    Parameters
    ----------
    space : ndarray, shape (n, c)
    n_clusters : int
        Number of components.
    random_state : int
        Start i begins from k-means with the seed random_state + i.
    report : callable(fraction or None, text)
    covariance : "full", "tied", "diag" or "spherical"
    n_starts : int, at least 1

    Returns
    -------
    Clustering
        With ``probabilities``, ``scores_by_start``, ``labels_by_start``, ``chosen_start`` and
        ``disagreement``. The BIC (lower is better) orders starts as the likelihood does; it is
        there to compare numbers of clusters.

    References
    ----------
    Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm, 1977;
    Schwarz, Estimating the dimension of a model, 1978 (BIC).
    """
    n, d = space.shape
    unit, scale = _unit(space)
    fits = []
    for start in range(n_starts):
        report(start / n_starts, f"Gaussian mixture: start {start + 1} of {n_starts}")
        fits.append(_fit(unit, n_clusters, covariance, random_state + start))
    # A density is per volume: in units of the codes it is smaller by scale^d.
    likelihoods = np.array([fit[0] for fit in fits]) - d * np.log(scale)
    numbered = [by_size(shares.argmax(axis=1), n_clusters) for _, shares, _ in fits]
    all_labels = np.array([labels for labels, _ in numbered], dtype=np.int32)
    report(None, "Gaussian mixture: comparing the starts")
    choice = choose_start(likelihoods, all_labels, unit, random_state)
    parameters = _n_parameters(covariance, n_clusters, d)
    note = (
        f"Gaussian mixture, {covariance} covariance: the best of {n_starts} starts by likelihood."
    )
    stopped = sum(not converged for _, _, converged in fits)
    if stopped:
        note += f" {stopped} starts had not converged after {_MOST_STEPS} steps."
    return Clustering(
        numbered[choice.start][0],
        "gmm",
        space,
        note,
        probabilities=fits[choice.start][1][:, numbered[choice.start][1]],
        scores_by_start=choice.scores | {"bic": parameters * np.log(n) - 2 * n * likelihoods},
        labels_by_start=all_labels,
        chosen_start=choice.start,
        disagreement=choice.disagreement,
    )


def _fit(
    space: NDArray[np.float64], n_clusters: int, covariance: str, seed: int
) -> tuple[float, NDArray[np.float64], bool]:
    """Fit one start: mean log-likelihood, probabilities of shape (n, K), whether it converged."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(
        n_clusters, covariance_type=covariance, random_state=seed, max_iter=_MOST_STEPS
    )
    with warnings.catch_warnings(), _one_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told in the note
        model.fit(space)
        return float(model.score(space)), model.predict_proba(space), bool(model.converged_)


def _n_parameters(covariance: str, n_clusters: int, d: int) -> int:
    """Count the free numbers of a mixture: weights, means and covariances."""
    of_covariance = {
        "full": n_clusters * d * (d + 1) // 2,
        "tied": d * (d + 1) // 2,
        "diag": n_clusters * d,
        "spherical": n_clusters,
    }
    return n_clusters - 1 + n_clusters * d + of_covariance[covariance]


def _unit(space: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Centre rows and divide them by their overall spread, which is returned too.

    Tolerances of the packages, and the 1e-6 added to covariances, then mean the same everywhere.
    """
    centred = space - space.mean(axis=0)
    scale = float(np.sqrt((centred**2).mean()))
    return (centred / scale, scale) if scale > 0 else (centred, 1.0)


def _one_thread() -> Any:
    """Limit k-means and linear algebra to one thread.

    Several add up in an order that changes from run to run, and on small matrices they cost more
    than they gain: on a busy machine seconds, where one thread takes hundredths.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)
