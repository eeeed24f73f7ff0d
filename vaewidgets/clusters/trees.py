"""Agglomerative clustering: the two nearest clusters become one, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaewidgets.clusters.clustering import Clustering, by_size
from vaewidgets.clusters.samples import nearest_fitted, sample_rows, sampled_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

LINKAGES = ("ward", "complete", "average", "single")
MOST_LINKED = 5000  # the distances between them take 100 MB


def agglomerative(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    linkage: str = "ward",
) -> Clustering:
    """Cluster from the bottom up, and keep the whole tree.

    Parameters
    ----------
    space : ndarray, shape (n, c)
        Beyond 5,000 rows a random 5,000 are linked, and each of the others goes with its nearest
        linked row.
    n_clusters : int
        At which the tree is cut.
    random_state : int
    report : callable(fraction or None, text)
    linkage : "ward", "complete", "average" or "single"
        Distance of two clusters: by the growth of the sum of squares, by their farthest rows,
        by the mean of all distances, or by their nearest rows.

    Returns
    -------
    Clustering
        With ``linkage`` and ``fitted``.

    References
    ----------
    Ward, Hierarchical grouping to optimize an objective function, 1963; Muellner, Modern
    hierarchical, agglomerative clustering algorithms, 2011.
    """
    from scipy.cluster.hierarchy import linkage as link

    fitted = sample_rows(len(space), MOST_LINKED, random_state)
    if len(fitted) < n_clusters:
        raise ValueError(f"`n_clusters` is {n_clusters}; accepted: at most {len(fitted):,}")
    report(None, f"linking {len(fitted):,} rows")
    tree = link(space[fitted], linkage) if len(fitted) > 1 else np.empty((0, 4))
    labels = cut_tree(tree, n_clusters)[nearest_fitted(fitted, space, report)]
    numbered, _ = by_size(labels, n_clusters)
    note = f"Agglomerative clustering, {linkage} linkage."
    return Clustering(
        numbered,
        "agglomerative",
        space,
        note + sampled_note(len(space), fitted),
        fitted=fitted,
        linkage=tree,
    )


def cut_tree(tree: NDArray[np.float64], n_clusters: int) -> NDArray[np.int64]:
    """Return the clusters that are there when ``n_clusters`` are left, numbered from 0.

    Unlike a cut at a height this gives the number asked for where merges are equally high.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
        As scipy writes it, with heights that never fall.
    n_clusters : int, 1 to m

    Returns
    -------
    ndarray, shape (m,)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    m = len(tree) + 1
    merges = m - n_clusters
    parents = np.repeat(np.arange(m, m + merges), 2)
    children = tree[:merges, :2].astype(np.int64).ravel()
    n_nodes = m + merges
    graph = coo_array((np.ones(len(parents)), (parents, children)), shape=(n_nodes, n_nodes))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels[:m], dtype=np.int64)
