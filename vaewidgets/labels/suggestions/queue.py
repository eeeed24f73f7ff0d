"""Which images to ask a person about next, so that each answer helps most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.labels.suggestions.spreading import suggest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.labels.suggestions.graphs import CodeGraph
    from vaewidgets.labels.suggestions.spreading import Suggestions

    Rows = NDArray[np.int64]
    Order = Literal["group", "uncertain", "disagreeing", "outlying"]

ORDERS: tuple[Order, ...] = ("group", "uncertain", "disagreeing", "outlying")

_FIRST_GROUPS = 20  # groups of which one each is asked about before any is split


def ask_next(
    graph: CodeGraph,
    codes: ArrayLike,
    by: Order = "uncertain",
    count: int = 24,
    *,
    suggestions: Suggestions | None = None,
    passed: ArrayLike = (),
    random_state: Any = 0,
) -> Rows:
    """Choose images to ask about.

    Parameters
    ----------
    graph : CodeGraph
        From :func:`code_graph`.
    codes : array of int, shape (n,)
        0 for no label, else 1 + the number of the class.
    by : str
        "group": images of one group, to be named together. It is the group with the most
        images likely to be wrong, as large as it can be without having been asked about.
        "uncertain": images between two classes that many others are like.
        "disagreeing": labels that the images around contradict, then images of which the group
        and the neighbours say different classes.
        "outlying": images that are far from every labelled one, and from each other: where a
        class without a label, or an image that belongs to none, is found.
    count : int, at least 1
        At most so many.
    suggestions : Suggestions, optional
        From :func:`suggest` for these codes, if they are there already. An image for which all
        classes that have labels were rejected is asked about by "outlying" alone. What was
        rejected makes no image more doubtful, nor one about which opinions differ.
    passed : array of int, optional
        Rows that were shown and that the person did not label: they are not shown again, and a
        group of which as many were shown as are asked for is split, for it is mixed.
    random_state : int
        Seed; which images stand for a group.

    Returns
    -------
    ndarray of int64, at most ``count`` rows, the most useful first

    Raises
    ------
    ValueError
        For an unknown order, and for codes and rows that do not fit the graph.

    References
    ----------
    Settles, Active learning literature survey, 2010 (margin; density weighting); Dasgupta and
    Hsu, Hierarchical sampling for active learning, 2008 (groups that are split where mixed);
    Sener and Savarese, Active learning for convolutional neural networks: a core-set approach,
    2018 (the farthest first).
    """
    if by not in ORDERS:
        raise ValueError(f"`by` is {by!r}; accepted: {', '.join(ORDERS)}")
    labels = np.asarray(codes)
    known = suggest(graph, codes) if suggestions is None else suggestions
    if count < 1:
        raise ValueError(f"`count` is {count!r}; accepted: at least 1")
    shown = np.zeros(len(graph), dtype=bool)
    shown[np.asarray(passed, dtype=np.int64)] = True
    free = (labels == 0) & ~shown
    if by == "outlying":
        return _farthest(graph, np.flatnonzero(labels), free, count)
    free &= ~known.are_none
    if by == "group":
        doubt = 1 - np.maximum(known.probability, known.barred)
        return _of_group(graph, free, doubt, count, as_seed(random_state))
    doubt = _doubt(graph, labels, known)
    if by == "uncertain":
        return _spread_out(graph, doubt, free, count)
    # Labels that look wrong, the least probable first, then images of two opinions.
    suspect = (labels != 0) & (known.probability < known.second) & ~shown
    differs = free & (known.by_group > 0) & (known.best != known.by_group)
    first = _spread_out(graph, 1.0 - known.probability, suspect, count)
    then = _spread_out(graph, doubt, differs, count - len(first))
    return np.concatenate([first, then])


def _doubt(graph: CodeGraph, labels: NDArray[Any], known: Suggestions) -> NDArray[np.float64]:
    """How narrowly the best class wins, for an image and those it is a neighbour of.

    A class that was rejected is compared too: where it won, what comes after is in no more doubt.
    """
    margin = known.probability - np.maximum(known.second, known.barred)
    own = 1.0 - np.where(labels == 0, np.abs(margin), margin)
    return np.asarray(own * (graph.walk @ own), dtype=np.float64)


def _spread_out(
    graph: CodeGraph, value: NDArray[np.floating[Any]], free: NDArray[np.bool_], count: int
) -> Rows:
    """Choose rows of high value that are no neighbours of each other: not ten copies of one."""
    left = free.copy()
    chosen: list[int] = []
    walk = graph.walk
    for row in np.argsort(-value, kind="stable"):
        if len(chosen) == count:
            break
        if left[row]:
            chosen.append(int(row))
            left[walk.indices[walk.indptr[row] : walk.indptr[row + 1]]] = False
            left[row] = False
    return np.array(chosen, dtype=np.int64)


def _farthest(graph: CodeGraph, labelled: Rows, free: NDArray[np.bool_], count: int) -> Rows:
    """Choose rows one by one, each the farthest from all that are labelled or chosen."""
    table = np.hstack([graph.codes.mean, graph.codes.std]).astype(np.float32)
    if len(labelled):
        away = _to_nearest(table, table[labelled])
    else:
        away = ((table - table.mean(axis=0)) ** 2).sum(axis=1)
    chosen: list[int] = []
    for _ in range(min(count, int(free.sum()))):
        row = int(np.where(free, away, -np.inf).argmax())
        chosen.append(row)
        free[row] = False
        np.minimum(away, ((table - table[row]) ** 2).sum(axis=1), out=away)
    return np.array(chosen, dtype=np.int64)


def _to_nearest(table: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square of the distance of each row to the nearest of the others, some at a time."""
    away = np.empty(len(table), dtype=np.float32)
    sizes = (others**2).sum(axis=1)
    step = max(1, 2**24 // len(others))
    for first in range(0, len(table), step):
        part = table[first : first + step]
        away[first : first + step] = (sizes - 2 * part @ others.T).min(axis=1)
        away[first : first + step] += (part**2).sum(axis=1)
    return away


def _of_group(
    graph: CodeGraph,
    free: NDArray[np.bool_],
    doubt: NDArray[np.float32],
    count: int,
    random_state: int,
) -> Rows:
    """Choose images that stand for the group with most doubt among those not asked about yet.

    A node is open where it is no larger than the first groups, all larger nodes around it have
    been asked about, and it has not: where fewer images of it were shown than are asked for. A
    group of the lowest level, which cannot be split, stays open until all of it was shown.
    """
    m = graph.n_groups

    def of_nodes(values: NDArray[Any]) -> NDArray[np.float64]:
        return graph.sums(np.bincount(graph.groups, weights=values, minlength=m))

    n_free, n_asked = of_nodes(free), of_nodes(~free)
    done = n_asked >= count
    done[:m] = False
    first_nodes = len(graph.parents) + 1 - min(_FIRST_GROUPS, m)
    done[first_nodes:] = True
    is_open = ~done & done[graph.parents] & (n_free > 0)
    if m == 1:
        is_open = n_free > 0
    if not is_open.any():
        return np.zeros(0, dtype=np.int64)
    # However sure the suggestions are: a branch far from all that was shown may be of another
    # class, and after s images without a surprise the next is one with the chance 1 / (s + 1).
    far = graph.heights[_first_around(graph, n_asked > 0)] / (graph.heights[-1] or 1.0)
    wrong = of_nodes(doubt * free) + n_free * far / (n_asked + 1)
    node = int(np.where(is_open, wrong, -np.inf).argmax())
    inside = _groups_within(graph, node)[graph.groups] & free
    members = np.flatnonzero(inside)
    rng = np.random.default_rng([random_state, len(members)])
    return np.asarray(rng.permutation(members)[:count], dtype=np.int64)


def _first_around(graph: CodeGraph, wanted: NDArray[np.bool_]) -> Rows:
    """Return for each node the smallest that holds it and is wanted, or the whole tree."""
    found = np.arange(len(graph.parents))
    for node in range(len(found) - 2, -1, -1):
        if not wanted[node]:
            found[node] = found[graph.parents[node]]
    return found


def _groups_within(graph: CodeGraph, node: int) -> NDArray[np.bool_]:
    """Tell which groups a node of the tree holds."""
    within = np.zeros(len(graph.parents), dtype=bool)
    within[node] = True
    for lower in range(node - 1, -1, -1):
        within[lower] = within[graph.parents[lower]]
    return within[: graph.n_groups]
