"""Many small Gaussian groups, merged to few clusters by the graph of nearest neighbours."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.clusters.clustering import Clustering, by_size
from vaewidgets.clusters.louvain import modularity
from vaewidgets.clusters.samples import sample_rows
from vaewidgets.neighbors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.floating[Any]]
    Table = NDArray[np.float64]
    Labels = NDArray[np.int64]
    Report = Callable[[float | None, str], None]

NEIGHBOURS = 29
GROUPS_PER_CLUSTER = (3, 6)
N_STARTS = 3  # of each

_MOST_FITTED = 20_000  # rows of a mixture; the others only get its probabilities
_ROWS_PER_GROUP = 5  # at least, on average
_MOST_STEPS = 50
_ROUNDNESS = 1e-5  # of the mean variance, added to that of each group
_BLOCK = 5000  # rows of the graph made at once
_RESTARTS, _KICKS = 8, 60
_SMALLEST_GAIN = 1e-12  # of modularity; less is rounding


def merged_mixture(
    space: Table,
    n_clusters: int,
    random_state: int,
    report: Report,
    *,
    codes: FloatArray | None = None,
    n_neighbors: int | None = None,
    n_starts: int = N_STARTS,
) -> Clustering:
    """Cluster by small Gaussian groups, merged by modularity of the graph of neighbours.

    Mixtures of 3 and of 6 components for each cluster are fitted in ``space``. Components are
    then merged to ``n_clusters`` so that the modularity of the Jaccard graph of the ``codes``
    is as high as can be found; the partition of highest modularity is kept.

    Modularity prefers clusters of similar size: to halve one with the share p of all weight and
    merge two with q and r gains p^2 / 2 - 2 q r less the weight cut, however far apart these are.
    Two round groups were found in 2 dimensions at 1.5 : 1 rows but not at 2 : 1, in 10 dimensions
    (where a cut costs more) at 5 : 1 but not at 10 : 1. Of ten draws of MNIST with 1,200 to 150
    images of a digit it was after UMAP better than "gmm" on seven, by up to 8 % of the images, and
    worse on three, by up to 11 %.

    Parameters
    ----------
    space : ndarray, shape (n, c), where the groups are Gaussian
    n_clusters, random_state : int
        Mixture i begins from k-means with the seed random_state + i.
    report : callable(fraction or None, text)
    codes : ndarray, shape (n, d), where neighbours are found; optional: ``space`` by default
    n_neighbors : int, 1 to n - 1, optional: 29 by default
    n_starts : int, at least 1: mixtures of each number of components

    Returns
    -------
    Clustering
        With ``probabilities``, ``labels_by_start``, "modularity" by start and ``chosen_start``.

    References
    ----------
    Hennig, Methods for merging Gaussian mixture components, 2010; Baudry, Raftery, Celeux, Lo and
    Gottardo, Combining mixture components for clustering, 2010; Levine et al., Data-driven
    phenotypic dissection of AML reveals progenitor-like cells, 2015 (PhenoGraph: the graph).
    """
    compared = space if codes is None else codes
    # Equal rows are one node: many copies would have no neighbours but each other.
    _, nodes = np.unique(compared, axis=0, return_index=True)
    graph = jaccard_graph(compared[nodes], n_neighbors or NEIGHBOURS, report)
    sizes = np.repeat(GROUPS_PER_CLUSTER, n_starts) * n_clusters
    kept, best, modularities, all_labels = 0, (0, 0.0), np.zeros(len(sizes)), []
    for start, size in enumerate(sizes.tolist()):
        report(None, f"merged mixtures: start {start + 1} of {len(sizes)}")
        shares = _small_groups(space, size, n_clusters, random_state + start)
        weights = _between(graph, shares[nodes].argmax(axis=1), shares.shape[1])
        clusters = merge(weights, n_clusters, random_state + start, report)
        summed = shares @ np.eye(n_clusters)[clusters]
        labels, order = by_size(summed.argmax(axis=1), n_clusters)
        all_labels.append(labels)
        modularities[start] = modularity(graph, labels[nodes])
        # A cluster that no row prefers is worse than any modularity is good.
        value = (len(np.unique(labels)), modularities[start])
        if value > best:
            kept, best, probabilities = start, value, summed[:, order]
    return Clustering(
        all_labels[kept],
        "merged",
        space,
        f"The best of {len(sizes)} merged mixtures by modularity, {modularities[kept]:.3f}.",
        probabilities=probabilities,
        scores_by_start={"modularity": modularities},
        labels_by_start=np.array(all_labels, dtype=np.int32),
        chosen_start=kept,
    )


def jaccard_graph(codes: FloatArray, n_neighbors: int, report: Report) -> Any:
    """Join rows that are neighbours, by the share of neighbours that they have in common.

    Parameters
    ----------
    codes : ndarray, shape (n, d)
    n_neighbors : int, at least 1; at most n - 1 are used
    report : callable(fraction or None, text)

    Returns
    -------
    scipy sparse array, shape (n, n)
        With N_i the ``n_neighbors`` nearest others of row i and row i itself, the entry
        |N_i and N_j| / |N_i or N_j| where i is in N_j or j in N_i; 0 elsewhere and for i = j.

    References
    ----------
    Levine et al., 2015 (PhenoGraph).
    """
    from scipy.sparse import csr_array, identity, vstack

    n, k = len(codes), min(n_neighbors, len(codes) - 1)
    if k == 0:
        return csr_array((n, n))
    rows, _ = nearest(codes, codes, k, exclude=np.arange(n), report=report)
    near = csr_array((np.ones(n * k), rows.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    joined, closed = (near + near.T).tocsr().sign(), (near + identity(n)).tocsr()
    members = closed.T.tocsr()
    blocks = []
    for first in range(0, n, _BLOCK):
        report(first / n, "comparing neighbours")
        block = slice(first, first + _BLOCK)
        blocks.append((closed[block] @ members).multiply(joined[block]))
    graph = vstack(blocks, format="csr")
    graph.data /= 2 * (k + 1) - graph.data
    return graph


def merge(weights: Table, n_clusters: int, random_state: int, report: Report) -> Labels:
    """Merge groups to clusters of high modularity.

    From random partitions, groups move one at a time where modularity gains most; then some are
    moved at random and the climb begins again, from the better of the two ends.

    Parameters
    ----------
    weights : ndarray, shape (m, m), symmetric, at least 0
        Between groups; on the diagonal twice the weight within each.
    n_clusters, random_state : int
    report : callable(fraction or None, text)

    Returns
    -------
    ndarray, shape (m,), int64, from 0; no cluster is empty, if there are as many groups

    References
    ----------
    Newman, Modularity and community structure in networks, 2006; Lourenco et al., Iterated local
    search, 2003.
    """
    m, rng = len(weights), np.random.default_rng(random_state)
    n_clusters = min(n_clusters, m)
    shares = weights / (weights.sum() or 1.0)
    best, highest = np.zeros(m, dtype=np.int64), -np.inf
    for restart in range(_RESTARTS if 1 < n_clusters < m else 1):
        report(None, f"merging {m} groups: search {restart + 1}")
        labels = _fill(rng.integers(0, n_clusters, m), n_clusters, rng)
        value = _climb(shares, labels, n_clusters)
        for _ in range(_KICKS):
            kicked = rng.permutation(m) < max(2, m // 8)
            other = np.where(kicked, rng.integers(0, n_clusters, m), labels)
            reached = _climb(shares, _fill(other, n_clusters, rng), n_clusters)
            if reached > value:
                labels, value = other, reached
        if value > highest:
            best, highest = labels, value
    return best


def _fill(labels: Labels, n_clusters: int, rng: np.random.Generator) -> Labels:
    """Give each empty cluster a group of one that has several, in place."""
    for empty in np.setdiff1d(np.arange(n_clusters), labels):
        several = np.flatnonzero(np.bincount(labels)[labels] > 1)
        labels[rng.choice(several)] = empty
    return labels


def _climb(shares: Table, labels: Labels, n_clusters: int) -> float:
    """Move groups, in place, until no single move gains; return the modularity.

    A move of group i from cluster a to c changes Q = sum_c [ W_c - D_c^2 ] by
    2 (links_ic - links_ia + w_ii) - 2 d_i (D_c - D_a + d_i), weights as shares of their sum.
    """
    groups, degrees = np.arange(len(shares)), shares.sum(axis=1)
    member = np.eye(n_clusters)[labels]
    links, volumes, counts = shares @ member, degrees @ member, member.sum(axis=0)
    within = np.diag(shares)[:, np.newaxis]
    while True:
        gains = links - links[groups, labels, np.newaxis] + within
        gains -= (volumes - (volumes[labels] - degrees)[:, np.newaxis]) * degrees[:, np.newaxis]
        gains[groups, labels] = 0.0
        gains[counts[labels] == 1] = 0.0  # the last of a cluster stays
        group, to = np.unravel_index(gains.argmax(), gains.shape)
        if gains[group, to] <= _SMALLEST_GAIN:
            return float(links[groups, labels].sum() - (volumes**2).sum())
        step = np.zeros(n_clusters)
        step[labels[group]], step[to] = -1.0, 1.0
        links += np.outer(shares[:, group], step)
        volumes += degrees[group] * step
        counts += step
        labels[group] = to


def _small_groups(space: Table, most: int, least: int, seed: int) -> Table:
    """Fit a mixture to a sample; return probabilities, shape (n, m), of the m groups with rows."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    centred = space - space.mean(axis=0)
    fitted = centred[sample_rows(len(space), _MOST_FITTED, seed)]
    n_groups = min(most, max(least, len(fitted) // _ROWS_PER_GROUP))
    added = _ROUNDNESS * (float(centred.var(axis=0).mean()) or 1.0)
    model = GaussianMixture(n_groups, reg_covar=added, max_iter=_MOST_STEPS, random_state=seed)
    # Sums of several threads change from run to run. The groups need not have converged.
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="openmp"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit(fitted).predict_proba(centred)
    shares = shares[:, np.unique(shares.argmax(axis=1))]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _between(graph: Any, groups: Labels, n_groups: int) -> Table:
    """Sum the weights between groups of rows, shape (n_groups, n_groups)."""
    edges = graph.tocoo()
    pairs = groups[edges.row] * n_groups + groups[edges.col]
    summed = np.bincount(pairs, weights=edges.data, minlength=n_groups**2)
    return np.asarray(summed, dtype=np.float64).reshape(n_groups, n_groups)
