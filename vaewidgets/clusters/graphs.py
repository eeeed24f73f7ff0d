"""Clusters in the graph of nearest neighbours: its connected components and its communities.

The textbook's clique clustering takes the maximal cliques of the graph that joins all pairs
nearer than a threshold. Listing them takes exponential time (Moon and Moser, On cliques in graphs,
1965: up to 3^(n/3)), they overlap, and one threshold does not suit clusters of different density.
What is computed here instead is named exactly in each function; both follow from the k nearest
neighbours of each row. Equal rows are one node: k copies of an image would have no neighbours but
each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.clusters.clustering import NOISE, Clustering, by_size
from vaewidgets.clusters.louvain import louvain, modularity
from vaewidgets.clusters.samples import smallest_cluster
from vaewidgets.neighbors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

MUTUAL_NEIGHBOURS = 10
COMMUNITY_NEIGHBOURS = 15


def mutual_neighbours(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    n_neighbors: int | None = None,
    min_cluster_size: int | None = None,
) -> Clustering:
    """Cluster by the connected components of the mutual neighbour graph.

    Two rows are joined where each is among the ``n_neighbors`` nearest others of the other.
    Clusters are the components of this graph that have at least ``min_cluster_size`` rows; the
    rows of smaller ones are noise. One bridge of close rows is enough to make two groups one.

    Parameters
    ----------
    space : ndarray, shape (n, c)
    n_clusters, random_state : int
        Not used.
    report : callable(fraction or None, text)
    n_neighbors : int, 1 to n - 1, optional
        10 by default.
    min_cluster_size : int, 2 to n, optional
        1 % of the rows, and at least 5, by default.

    References
    ----------
    Gowda and Krishna, Agglomerative clustering using the concept of mutual nearest neighbourhood,
    1978; Brito, Chavez, Quiroz and Yukich, Connectivity of the mutual k-nearest-neighbor graph in
    clustering and outlier detection, 1997.
    """
    from scipy.sparse.csgraph import connected_components

    smallest = min_cluster_size or smallest_cluster(len(space))
    joined, node_of, k = _neighbour_graph(space, n_neighbors or MUTUAL_NEIGHBOURS, report)
    _, found = connected_components(joined.multiply(joined.T), directed=False)
    parts = found[node_of]
    sizes = np.bincount(parts)
    kept = np.flatnonzero(sizes >= smallest)
    numbers = np.full(len(sizes), NOISE)
    numbers[kept] = np.arange(len(kept))
    labels, _ = by_size(numbers[parts], len(kept))
    note = (
        f"{len(kept)} connected components of the mutual graph of {k} neighbours, of at least "
        f"{smallest:,} rows; {int((labels == NOISE).sum()):,} rows are in smaller ones (noise)."
    )
    return Clustering(labels, "mutual_neighbours", space, note)


def communities(
    space: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    n_neighbors: int | None = None,
) -> Clustering:
    """Cluster by communities of the neighbour graph, found by Louvain's method.

    An edge weighs 1 where two rows are each among the ``n_neighbors`` nearest others of the
    other, and 1/2 where only one is. The partition is a local maximum of the modularity.

    Parameters
    ----------
    space : ndarray, shape (n, c)
    n_clusters : int
        Not used.
    random_state : int
        Seed of the order in which rows are visited.
    report : callable(fraction or None, text)
    n_neighbors : int, 1 to n - 1, optional
        15 by default.

    References
    ----------
    Blondel, Guillaume, Lambiotte and Lefebvre, Fast unfolding of communities in large networks,
    2008; Levine et al., Data-driven phenotypic dissection of AML reveals progenitor-like cells,
    2015 (on neighbour graphs).
    """
    joined, node_of, k = _neighbour_graph(space, n_neighbors or COMMUNITY_NEIGHBOURS, report)
    graph = ((joined + joined.T) / 2).tocsr()
    found = louvain(graph, random_state, report)
    n_found = int(found.max()) + 1
    labels, _ = by_size(found[node_of], n_found)
    note = (
        f"Louvain found {n_found} communities in the graph of {k} neighbours, modularity "
        f"{modularity(graph, found):.3f}."
    )
    return Clustering(labels, "communities", space, note)


def _neighbour_graph(
    space: NDArray[np.float64], k: int, report: Report
) -> tuple[Any, NDArray[np.int64], int]:
    """Join each different row with its nearest others.

    Returns
    -------
    graph : scipy sparse array of nodes, 1 where node j is among the k nearest others of node i
    node_of : ndarray, shape (n,)
        The node of each row.
    k : int
        As asked for, or as many others as there are.
    """
    from scipy.sparse import csr_array

    nodes, node_of = np.unique(space, axis=0, return_inverse=True)
    m = len(nodes)
    k = min(k, m - 1)
    if k == 0:
        return csr_array((1, 1)), node_of.ravel(), 0
    rows, _ = nearest(nodes, nodes, k, exclude=np.arange(m), report=report)
    graph = csr_array((np.ones(m * k), rows.ravel(), np.arange(0, m * k + 1, k)), shape=(m, m))
    return graph, node_of.ravel(), k
