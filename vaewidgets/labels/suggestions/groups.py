"""How probable each class is in each group of the tree, from the labels there and around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.labels.suggestions.graphs import CodeGraph

    Table = NDArray[np.float64]

# How many labels the larger node counts for in the smaller one; which of them is chosen by how
# well each label is foreseen from the others.
_WEIGHTS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_USUAL = 1.0
_NEAR = 0.2  # of the height of the tree: what is joined below is of one kind
_BELIEF = 0.5  # nats for each step away from the usual one


def group_shares(graph: CodeGraph, rows: NDArray[Any], columns: NDArray[Any], k: int) -> Table:
    """Estimate the share of each of k classes in each group.

    Parameters
    ----------
    graph : CodeGraph
    rows, columns : ndarray, shape (l,)
        Row and class, 0 to k - 1, of each label.
    k : int

    Returns
    -------
    ndarray, shape (m, k), float64, positive; rows sum to 1

    Notes
    -----
    From the top of the tree down, p_v = (c_v + w p_parent(v)) / (n_v + w) with the c_v labels of
    each class, n_v in all, in node v; all images begin with one label of each class. A group
    without a label has the shares of the smallest node around it that has some. The weight w is
    the one under which each label is most probable given the others.

    Whoever is asked about doubtful images names odd ones, and many in the same few groups. Two
    things keep these from speaking for branches in which nobody looked. A label counts for the
    groups that its image's neighbours are in, by their share, as far as those groups have labels
    of their own. And in the nodes around it a group has at most one vote.

    References
    ----------
    MacKay and Peto, A hierarchical Dirichlet language model, 1995 (the same back-off).
    """
    groups = graph.groups[rows]
    counts = np.zeros((graph.n_groups, k))
    np.add.at(counts, (groups, columns), 1.0)
    weight = _weight(graph, counts)
    around = _counts_around(graph, rows, columns, counts.sum(axis=1) > 0, k)
    labels = _votes(graph, around)
    labels[: graph.n_groups] = around
    return _shares(graph, labels, weight)[: graph.n_groups]


def remoteness(graph: CodeGraph, groups: NDArray[Any]) -> Table:
    """Tell how far each group is from the nearest label in the tree, 0 to 1, shape (m,).

    It is the height of the smallest node that holds the group and a label, as a share of the
    height of the whole tree. ``groups`` are those of the labels.
    """
    has_label = graph.sums(np.bincount(groups, minlength=graph.n_groups)) > 0
    nearest = np.arange(graph.n_groups)
    while not has_label[nearest].all():
        nearest = np.where(has_label[nearest], nearest, graph.parents[nearest])
    return np.asarray(graph.heights[nearest] / (graph.heights[-1] or 1.0))


def familiarity(away: Table) -> Table:
    """Tell how much what is known has to do with a group so far from the nearest label, 0 to 1.

    With r the distance: min(1, 1.25 (1 - r)). The images of a class that nobody named yet lie in
    a branch of their own, if the class is apart from the others, and what is known of its
    neighbour branch does not tell their class.
    """
    return np.asarray(np.minimum(1.0, (1.0 - away) / (1.0 - _NEAR)))


def _shares(graph: CodeGraph, counts: Table, weight: float) -> Table:
    """Smooth counts, shape (nodes, k), down the tree."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.empty_like(counts)
    shares[-1] = (counts[-1] + 1) / (totals[-1] + counts.shape[1])
    for node in range(len(counts) - 2, -1, -1):
        above = shares[graph.parents[node]]
        shares[node] = (counts[node] + weight * above) / (totals[node] + weight)
    return shares


def _counts_around(
    graph: CodeGraph, rows: NDArray[Any], columns: NDArray[Any], asked: NDArray[np.bool_], k: int
) -> Table:
    """Count labels for those of the groups around them that were asked about."""
    near = graph.walk[rows].tocoo()
    groups = graph.groups[near.col]
    counted = asked[groups]
    counts = np.zeros((graph.n_groups, k))
    np.add.at(counts, (groups[counted], columns[near.row[counted]]), near.data[counted])
    alone = np.bincount(near.row, minlength=len(rows)) == 0  # the only image has no neighbour
    np.add.at(counts, (graph.groups[rows[alone]], columns[alone]), 1.0)
    return counts


def _votes(graph: CodeGraph, counts: Table) -> Table:
    """Add up the tree what the groups say, each with one vote if it has a label or more."""
    return graph.sums(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))


def _weight(graph: CodeGraph, counts: Table) -> float:
    """Choose the weight by the likelihood of each label given the others."""
    groups, columns = np.nonzero(counts)
    # A class of one label cannot be foreseen, whatever the weight.
    several = counts.sum(axis=0)[columns] > 1
    groups, columns = groups[several], columns[several]
    weights = np.array(_WEIGHTS)
    value = -_BELIEF * np.abs(np.arange(len(weights)) - _WEIGHTS.index(_USUAL))
    if len(groups):
        value += counts[groups, columns] @ np.log(_left_out(graph, groups, columns, counts))
    return float(weights[value.argmax()])


def _left_out(
    graph: CodeGraph, groups: NDArray[Any], columns: NDArray[Any], counts: Table
) -> Table:
    """Shares of classes in groups without one label of theirs: shape (labels, weights)."""
    top, m = len(graph.parents) - 1, graph.n_groups
    votes = _votes(graph, counts)
    own, number = counts[groups, columns] - 1, counts[groups].sum(axis=1) - 1
    # The vote of the group for the class after, less that before; none without its only label.
    change = own / np.maximum(number, 1) - (own + 1) / (number + 1)

    def left_in(nodes: NDArray[Any]) -> tuple[Table, Table]:
        """Return the labels of the class, and of all, that are left in nodes of the tree."""
        of_class = np.where(nodes < m, own, votes[nodes, columns] + change)
        of_all = np.where(nodes < m, number, votes[nodes].sum(axis=1) - (number == 0))
        return of_class[:, np.newaxis], of_all[:, np.newaxis]

    paths = [groups]
    while (paths[-1] != top).any():
        paths.append(np.where(paths[-1] == top, top, graph.parents[paths[-1]]))
    of_class, of_all = left_in(np.full_like(groups, top))
    weights = np.array(_WEIGHTS)
    shares = np.repeat((of_class + 1) / (of_all + counts.shape[1]), len(weights), axis=1)
    for nodes in reversed(paths):
        of_class, of_all = left_in(nodes)
        smoothed = (of_class + weights * shares) / (of_all + weights)
        shares = np.where((nodes != top)[:, np.newaxis], smoothed, shares)
    return shares
