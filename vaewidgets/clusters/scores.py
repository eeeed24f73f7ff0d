"""How well clusters agree with labels that were not used to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.arrays import as_array
from vaewidgets.arguments.frames import read_column
from vaewidgets.clusters.clustering import NOISE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def scores(labels_true: ArrayLike, labels_pred: ArrayLike) -> dict[str, float]:
    """Compare clusters with true classes.

    Parameters
    ----------
    labels_true : array, shape (n,)
        Classes: numbers, texts or a DataFrame column, none missing.
    labels_pred : array, shape (n,)
        Clusters, such as ``Clustering.labels``; there may be more or fewer than classes. The
        whole number -1 is noise: such rows count as wrong in accuracy and purity, and as one
        more cluster in the other two.

    Returns
    -------
    dict of str to float
        "accuracy" : 0 to 1
            Share of rows that are right when each cluster is named after at most one class and
            each class names at most one cluster, in the best way (Hungarian method). This is
            the "ACC" of the papers on clustering.
        "purity" : 0 to 1, at least the accuracy
            Share of rows in the most frequent class of their cluster. It grows with the number
            of clusters and says little without that.
        "nmi" : 0 to 1
            Mutual information over the mean of both entropies.
        "ari" : about 0 for chance, 1 for equal partitions, -0.5 at least
            Rand index adjusted for chance.

    Raises
    ------
    ValueError
        For labels that are missing, of different lengths, none at all, or no row.

    References
    ----------
    Kuhn, The Hungarian method for the assignment problem, 1955, used on clusters by Xie, Girshick
    and Farhadi, Unsupervised deep embedding for clustering analysis, 2016, equation 10; Manning,
    Raghavan and Schuetze, Introduction to information retrieval, 2008, section 16.3 (purity, and
    NMI with the mean in its denominator); Hubert and Arabie, Comparing partitions, 1985.
    """
    classes = _numbered(labels_true, "labels_true")
    clusters = _numbered(labels_pred, "labels_pred")
    n = len(classes)
    if len(clusters) != n:
        raise ValueError(
            f"`labels_pred` is {len(clusters)} labels; accepted: {n}, as many as `labels_true`"
        )
    if n == 0:
        raise ValueError("`labels_true` is 0 labels; accepted: at least 1")
    table = _contingency(classes, clusters)
    named = _contingency(classes, clusters, ~_is_noise(labels_pred))
    return {
        "accuracy": _matched(named) / n,
        "purity": float(named.max(axis=0).sum()) / n,
        "nmi": _normalised_mutual_information(table),
        "ari": _adjusted_rand(table),
    }


def _matched(table: NDArray[np.int64]) -> float:
    """Count the rows on the best one-to-one matching of clusters with classes."""
    from scipy.optimize import linear_sum_assignment

    return float(table[linear_sum_assignment(table, maximize=True)].sum())


def _normalised_mutual_information(table: NDArray[np.int64]) -> float:
    """Mutual information over the mean entropy; 1 for two partitions of a single part."""
    joint = table / table.sum()
    a, b = joint.sum(axis=1), joint.sum(axis=0)
    mean_entropy = -(np.sum(a * np.log(a)) + np.sum(b * np.log(b))) / 2
    if mean_entropy == 0:
        return 1.0
    filled = joint > 0
    information = np.sum(joint[filled] * np.log(joint[filled] / np.outer(a, b)[filled]))
    return float(np.clip(information / mean_entropy, 0.0, 1.0))


def _adjusted_rand(table: NDArray[np.int64]) -> float:
    """Pairs that both partitions join, less what chance gives, over the most there could be."""
    together, a, b = (
        float((counts * (counts - 1) // 2).sum())
        for counts in (table, table.sum(axis=1), table.sum(axis=0))
    )
    n = int(table.sum())
    pairs = n * (n - 1) // 2
    chance = a * b / pairs if pairs else 0.0
    most = (a + b) / 2
    return 1.0 if most == chance else (together - chance) / (most - chance)


def _contingency(
    classes: NDArray[np.int64],
    clusters: NDArray[np.int64],
    counted: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Count the rows of each class (row) in each cluster (column)."""
    shape = (int(classes.max()) + 1, int(clusters.max()) + 1)
    cells = classes * shape[1] + clusters
    if counted is not None:
        cells = cells[counted]
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def _numbered(labels: Any, name: str) -> NDArray[np.int64]:
    """Give different labels numbers from 0; missing ones are refused."""
    import pandas as pd

    values = read_column(labels)
    if not isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        values = as_array(values)
    if values.ndim != 1:
        raise ValueError(f"`{name}` is an array of shape {values.shape}; accepted: shape (n,)")
    numbers, _ = pd.factorize(values)
    missing = numbers < 0
    if missing.any():
        raise ValueError(
            f"`{name}` misses {int(missing.sum())} labels, the first in row "
            f"{int(missing.argmax())}; accepted: one for each row"
        )
    return np.asarray(numbers, dtype=np.int64)


def _is_noise(labels: Any) -> NDArray[np.bool_]:
    """Tell the rows that a method left out."""
    array = as_array(read_column(labels))
    if array.dtype.kind not in "iu":
        return np.zeros(len(array), dtype=np.bool_)
    return np.asarray(array == NOISE)
