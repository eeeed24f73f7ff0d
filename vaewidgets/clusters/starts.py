"""Which of several starts to keep, and whether label-free signals agree about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.clusters.scores import scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two partitions whose adjusted Rand index is at least this are told apart by nobody.
SAME_PARTITION = 0.99

_SILHOUETTE_ROWS = 2000  # its cost grows with their square


@dataclass(frozen=True, eq=False)
class Choice:
    """The start kept, and what speaks for and against it.

    Attributes
    ----------
    start : int
    scores : dict of str to ndarray, shape (n_starts,)
    disagreement : str
    """

    start: int
    scores: dict[str, NDArray[np.float64]]
    disagreement: str


def choose_start(
    log_likelihood: NDArray[np.float64],
    labels: NDArray[Any],
    space: NDArray[np.float64],
    random_state: int,
) -> Choice:
    """Keep the start of highest likelihood, and say where other signals prefer another.

    None of the signals sees labels, and none is always right: on one embedding of MNIST the
    likelihood picked the one start of eight that found the digits and the silhouette another; on
    Fashion-MNIST the start of highest likelihood was once the worst.

    Parameters
    ----------
    log_likelihood : ndarray, shape (n_starts,)
        Mean per row.
    labels : ndarray of int, shape (n_starts, n)
    space : ndarray, shape (n, c)
        Where the rows were clustered.
    random_state : int
        Chooses the 2,000 rows of the silhouette.

    Returns
    -------
    Choice

    References
    ----------
    Rousseeuw, Silhouettes, 1987; von Luxburg, Clustering stability: an overview, 2010, section 2
    (agreement between starts).
    """
    agreement = _agreement(labels)
    found = {
        "log_likelihood": log_likelihood,
        "silhouette": _silhouettes(labels, space, random_state),
        "stability": _means_with_others(agreement),
    }
    kept = int(np.argmax(log_likelihood))
    words = []
    for name in ("silhouette", "stability"):
        values = found[name]
        if not np.isfinite(values).all():
            continue
        other = int(np.argmax(values))
        if agreement[kept, other] < SAME_PARTITION:
            words.append(
                f"{name} prefers start {other} ({values[other]:.3f} against {values[kept]:.3f}), "
                f"whose partition agrees with the kept one at ARI {agreement[kept, other]:.2f}"
            )
    text = ""
    if words:
        text = (
            f"Signals disagree: likelihood prefers start {kept}, which is kept; "
            f"{'; '.join(words)}. Look at both before you trust one."
        )
    return Choice(kept, found, text)


def _agreement(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the adjusted Rand index between all pairs of starts, shape (n_starts, n_starts)."""
    table = np.eye(len(labels))
    for i, first in enumerate(labels):
        for j in range(i):
            table[i, j] = table[j, i] = scores(first, labels[j])["ari"]
    return table


def _means_with_others(agreement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean agreement of each start with the others; NaN for a single one."""
    n = len(agreement)
    if n == 1:
        return np.array([np.nan])
    return np.asarray((agreement.sum(axis=1) - 1) / (n - 1))


def _silhouettes(
    labels: NDArray[Any], space: NDArray[np.float64], random_state: int
) -> NDArray[np.float64]:
    """Silhouette of each start over the same sample of rows; NaN where it is not defined."""
    from sklearn.metrics import pairwise_distances, silhouette_score

    n = len(space)
    rows = np.arange(n)
    if n > _SILHOUETTE_ROWS:
        rng = np.random.default_rng(random_state)
        rows = np.sort(rng.choice(n, _SILHOUETTE_ROWS, replace=False))
    distances = pairwise_distances(space[rows])
    np.fill_diagonal(distances, 0.0)
    values = np.full(len(labels), np.nan)
    for start, found in enumerate(labels):
        parts = found[rows]
        if 1 < len(np.unique(parts)) < len(rows):
            values[start] = silhouette_score(distances, parts, metric="precomputed")
    return values
