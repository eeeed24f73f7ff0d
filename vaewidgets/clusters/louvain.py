"""Communities of a weighted graph: groups with more weight inside than chance would give."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

_SMALLEST_GAIN = 1e-12  # of modularity times the total weight; less is rounding


def modularity(graph: Any, labels: NDArray[np.int64]) -> float:
    """Weight inside the parts, less what chance would give for the same degrees.

    Parameters
    ----------
    graph : scipy sparse array, shape (n, n), symmetric, weights at least 0
    labels : ndarray, shape (n,), parts numbered from 0

    Returns
    -------
    float, -0.5 to 1

    Notes
    -----
    Q = sum_c [ W_c / W - (D_c / W)^2 ] with W the sum of all entries of the matrix, W_c of those
    within part c, and D_c the degrees of its rows.

    References
    ----------
    Newman and Girvan, Finding and evaluating community structure in networks, 2004, equation 5.
    """
    entries = graph.tocoo()
    total = entries.data.sum()
    inside = entries.data[labels[entries.row] == labels[entries.col]].sum()
    if total == 0:
        return 0.0
    degrees = np.bincount(labels, weights=np.asarray(graph.sum(axis=1)).ravel())
    return float(inside / total - ((degrees / total) ** 2).sum())


def louvain(graph: Any, random_state: int, report: Report) -> NDArray[np.int64]:
    """Find a partition of high modularity.

    Rows move one at a time to the neighbouring community that gains most, until none gains; then
    communities become the rows of a smaller graph, and so on. The result is a local maximum, and
    depends on the order of visits. A community need not be connected (Traag, Waltman and van Eck,
    From Louvain to Leiden, 2019).

    Parameters
    ----------
    graph : scipy sparse array, shape (n, n), symmetric, weights at least 0
    random_state : int
    report : callable(fraction or None, text)

    Returns
    -------
    ndarray, shape (n,), communities numbered from 0

    References
    ----------
    Blondel, Guillaume, Lambiotte and Lefebvre, Fast unfolding of communities in large networks,
    2008, equation 2.
    """
    from scipy.sparse import csr_array

    rng = np.random.default_rng(random_state)
    members = np.arange(graph.shape[0])
    while True:
        n = graph.shape[0]
        report(None, f"communities: {n:,} to begin with")
        _, found = np.unique(_move_rows(graph.tocsr(), rng), return_inverse=True)
        n_found = int(found.max()) + 1
        members = found[members]
        if n_found == n:
            return np.asarray(members, dtype=np.int64)
        # Entry (c, e) of the smaller graph is the weight between communities c and e.
        belongs = csr_array((np.ones(n), found, np.arange(n + 1)), shape=(n, n_found))
        graph = belongs.T @ graph @ belongs


def _move_rows(graph: Any, rng: np.random.Generator) -> NDArray[np.int64]:
    """Move rows to better communities until no single move gains.

    After a move the neighbours of the row are looked at again, and in the end all rows are, until
    that changes nothing. Plain lists, since single numbers of an array are slow to reach.
    """
    n = graph.shape[0]
    starts, columns, weights = (
        part.tolist() for part in (graph.indptr, graph.indices, graph.data)
    )
    degrees = np.asarray(graph.sum(axis=1)).ravel().tolist()
    total = sum(degrees) or 1.0
    community, community_degree = list(range(n)), list(degrees)
    moved = True
    while moved:
        moved = False
        queue, waiting = deque(rng.permutation(n).tolist()), [True] * n
        while queue:
            row = queue.popleft()
            waiting[row] = False
            old, share = community[row], degrees[row] / total
            community_degree[old] -= degrees[row]
            links = {old: 0.0}
            for position in range(starts[row], starts[row + 1]):
                if columns[position] != row:
                    to = community[columns[position]]
                    links[to] = links.get(to, 0.0) + weights[position]
            best, most = old, links[old] - share * community_degree[old]
            for candidate, link in links.items():
                gain = link - share * community_degree[candidate]
                if gain > most + _SMALLEST_GAIN:
                    best, most = candidate, gain
            if most < -_SMALLEST_GAIN:  # alone is better
                best = len(community_degree)
                community_degree.append(0.0)
            community_degree[best] += degrees[row]
            if best == old:
                continue
            community[row], moved = best, True
            for position in range(starts[row], starts[row + 1]):
                column = columns[position]
                if community[column] != best and not waiting[column]:
                    waiting[column] = True
                    queue.append(column)
    return np.array(community)
