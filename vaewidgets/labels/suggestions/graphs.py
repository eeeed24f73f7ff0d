"""What suggestions know of a collection, computed once: neighbours, and a tree of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.gaussians import Gaussians, code_table
from vaewidgets.neighbors import nearest
from vaewidgets.projections import reduce_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.floating[Any]]
    Report = Callable[[float | None, str], None]

NEIGHBOURS = 10
MOST_GROUPS = 400
_GROUPS_PER_ROOT = 1.6  # groups for each square root of the rows, until there are MOST_GROUPS
_FEWEST_REDUCED = 200  # UMAP of fewer rows shows its own shapes rather than theirs


@dataclass(frozen=True, eq=False)
class CodeGraph:
    """Who is near to whom in a collection of n images.

    Attributes
    ----------
    codes : Gaussians of n rows
        The spread is 0 where it is not known.
    walk : scipy sparse array, shape (n, n), float32
        Entry (i, j) is the chance to step from image i to its neighbour j; rows sum to 1, or
        to 0 for an image without neighbours.
    reach : ndarray, shape (n,), float64
        Distance to the farthest of the neighbours: large where images are rare.
    groups : ndarray, shape (n,), int64
        The small group of each image, 0 to m - 1.
    parents : ndarray, shape (2 m - 1,), int64
        The tree over the groups: the larger node that each node is part of, which always has
        a higher number. Nodes 0 to m - 1 are the groups, the last is all images; its parent
        is -1.
    heights : ndarray, shape (2 m - 1,), float64
        How far apart the two parts of each node lie, by Ward's measure; 0 for groups.
    note : str
        What was computed, in words.
    """

    codes: Gaussians
    walk: Any
    reach: NDArray[np.float64]
    groups: NDArray[np.int64]
    parents: NDArray[np.int64]
    heights: NDArray[np.float64]
    note: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"CodeGraph(n={len(self)}, n_groups={self.n_groups})"

    @property
    def n_groups(self) -> int:
        """Number of small groups."""
        return (len(self.parents) + 1) // 2

    def sums(self, of_groups: NDArray[Any]) -> NDArray[Any]:
        """Add what the groups have, shape (m, ...), up the tree: shape (2 m - 1, ...)."""
        summed = np.zeros((len(self.parents), *of_groups.shape[1:]), of_groups.dtype)
        summed[: self.n_groups] = of_groups
        for node, parent in enumerate(self.parents[:-1]):
            summed[parent] += summed[node]
        return summed


def code_graph(
    codes: Gaussians | ArrayLike,
    *,
    space: ArrayLike | None = None,
    n_neighbors: int = NEIGHBOURS,
    random_state: Any = 0,
    report: Report | None = None,
) -> CodeGraph:
    """Find neighbours and groups: about a minute and a half for 60,000 images, then kept.

    Neighbours are those of least Wasserstein-2 distance between the posteriors, so that a mean
    far off and a spread that differs both count. Their edge weighs
    exp(-d_ij^2 / (r_i r_j)), where r is the distance to the last neighbour, and is made
    symmetric. Small groups are found by k-means in ``space`` and joined to a tree by Ward's
    method: a few labels speak for large nodes of it, many for small ones.

    Parameters
    ----------
    codes : Gaussians or array, shape (n, d)
        Posteriors, or means alone.
    space : array, shape (n, c), optional
        Where groups are dense and apart. By default UMAP to 10 dimensions as
        :func:`vaewidgets.cluster` does, whose ``embedding`` can be given here; for fewer than
        200 images the means.
    n_neighbors : int, at least 1; at most n - 1 are used
    random_state : int
        Seed; equal seeds give equal results on one machine.
    report : callable(fraction or None, text), optional
        Called as the work goes on; an exception from it stops the work.

    Returns
    -------
    CodeGraph

    Raises
    ------
    ValueError
        For codes or a space that are no table of finite numbers, with at least 1 row, and of
        equal length.

    References
    ----------
    Zelnik-Manor and Perona, Self-tuning spectral clustering, 2004 (the local scale); Dowson and
    Landau, The Frechet distance between multivariate normal distributions, 1982; Dasgupta and
    Hsu, Hierarchical sampling for active learning, 2008 (labels on a tree of clusters).
    """
    seed = as_seed(random_state)
    means = code_table(codes)
    if len(means) == 0:
        raise ValueError("`codes` is 0 codes; accepted: at least 1")
    known = codes if isinstance(codes, Gaussians) else Gaussians(means, np.zeros_like(means))
    tell = report or _say_nothing
    walk, reach = _walk(known, n_neighbors, tell)
    compared, note = _space(means, space, seed, tell)
    tell(None, "finding small groups")
    groups, parents, heights = _tree(compared, seed)
    tell(1.0, "ready to suggest")
    note = (
        f"{len(parents) // 2 + 1} small groups {note} and {n_neighbors} neighbours of each image"
    )
    return CodeGraph(known, walk, reach, groups, parents, heights, note)


def _walk(codes: Gaussians, n_neighbors: int, report: Report) -> tuple[Any, NDArray[np.float64]]:
    """Return the chances of a step, and how far the neighbours reach."""
    from scipy.sparse import csr_array, diags_array

    n = len(codes)
    k = min(n_neighbors, n - 1)
    if k < 1:
        return csr_array((n, n), dtype=np.float32), np.zeros(n)
    rows, away = nearest(codes, codes, k, "wasserstein", exclude=np.arange(n), report=report)
    reach = away[:, -1]
    # Where all neighbours are copies any scale will do: their distances are 0.
    scale = np.where(reach > 0, reach, reach[reach > 0].min(initial=1.0))
    weights = np.exp(-(away**2) / (scale[:, np.newaxis] * scale[rows])).astype(np.float32)
    ends = np.arange(0, n * k + 1, k)
    one_way = csr_array((weights.ravel(), rows.ravel(), ends), shape=(n, n))
    graph = (one_way + one_way.T).tocsr()
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    inverse = np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    return (diags_array(inverse) @ graph).tocsr().astype(np.float32), reach


def _space(
    means: FloatArray, space: ArrayLike | None, random_state: int, report: Report
) -> tuple[FloatArray, str]:
    """Return where groups are looked for, and say what it is."""
    if space is not None:
        table = code_table(space, "space")
        if len(table) != len(means):
            raise ValueError(f"`space` has {len(table)} rows; accepted: {len(means)}")
        return table, "in the space given"
    if len(means) < _FEWEST_REDUCED or (means == means[0]).all():
        return means, "of the codes"
    reduced = reduce_codes(means, random_state=random_state, report=report)
    return reduced.codes, "of a UMAP of the codes"


def _tree(
    space: FloatArray, random_state: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find small groups, and join them two by two."""
    from scipy.cluster.hierarchy import linkage
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    n = len(space)
    wanted = min(MOST_GROUPS, int(np.ceil(_GROUPS_PER_ROOT * np.sqrt(n))), n)
    wanted = min(wanted, len(np.unique(space, axis=0)))
    # Several threads add up in an order that changes from run to run.
    with threadpool_limits(limits=1):
        found = KMeans(wanted, n_init=1, random_state=random_state).fit_predict(space)
    used, groups = np.unique(found, return_inverse=True)
    m = len(used)
    parents, heights = np.full(2 * m - 1, -1, dtype=np.int64), np.zeros(2 * m - 1)
    if m > 1:
        centres = np.zeros((m, space.shape[1]))
        np.add.at(centres, groups, space)
        joined = linkage(centres / np.bincount(groups)[:, np.newaxis], "ward")
        parents[joined[:, :2].astype(np.int64)] = m + np.arange(m - 1)[:, np.newaxis]
        heights[m:] = joined[:, 2]
    return groups.astype(np.int64), parents, heights


def _say_nothing(_fraction: float | None, _text: str) -> None:
    """Do nothing with a report."""
