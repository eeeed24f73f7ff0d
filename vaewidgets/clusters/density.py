"""HDBSCAN: clusters are where rows are dense, and rows elsewhere are noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.clusters.clustering import NOISE, Clustering, by_size
from vaewidgets.clusters.samples import (
    nearest_fitted,
    sample_rows,
    sampled_note,
    smallest_cluster,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

MOST_FITTED = 10_000  # its time grows with the square of the rows


def hdbscan(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    min_cluster_size: int | None = None,
) -> Clustering:
    """Cluster by density, with as many clusters as there are.

    Parameters
    ----------
    space : ndarray, shape (n, c)
        Beyond 10,000 rows it is fitted on a random 10,000, and each of the others goes with its
        nearest fitted row, into noise too. In many dimensions density means little: reduce them
        first, as "umap_hdbscan" does.
    n_clusters : int
        Not used.
    random_state : int
    report : callable(fraction or None, text)
    min_cluster_size : int, 2 to n, optional
        Of the fitted rows; 1 % of them, and at least 5, by default.

    Returns
    -------
    Clustering
        With noise labelled -1. ``probabilities`` hold the strength of each row's membership in
        its own cluster, 0 to 1, and 0 elsewhere.

    References
    ----------
    Campello, Moulavi and Sander, Density-based clustering based on hierarchical density
    estimates, 2013; McInnes and Healy, Accelerated hierarchical density based clustering, 2017.
    """
    from sklearn.cluster import HDBSCAN

    fitted = sample_rows(len(space), MOST_FITTED, random_state)
    smallest = min_cluster_size or smallest_cluster(len(fitted))
    report(None, f"HDBSCAN of {len(fitted):,} rows")
    model = HDBSCAN(min_cluster_size=smallest, copy=True)
    model.fit(space[fitted])
    places = nearest_fitted(fitted, space, report)
    found, strengths = model.labels_[places], model.probabilities_[places]
    n_found = int(found.max(initial=NOISE)) + 1
    labels, _ = by_size(found, n_found)
    probabilities = np.zeros((len(space), n_found))
    members = np.flatnonzero(labels != NOISE)
    probabilities[members, labels[members]] = strengths[members]
    note = (
        f"HDBSCAN found {n_found} clusters of at least {smallest:,} rows; "
        f"{len(space) - len(members):,} rows are noise."
    )
    return Clustering(
        labels,
        "hdbscan",
        space,
        note + sampled_note(len(space), fitted),
        probabilities=probabilities,
        fitted=fitted,
    )
