"""What every method of clustering gives back, and the images that stand for each cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.gaussians import Gaussians, barycentre, wasserstein2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.floating[Any]]

NOISE = -1


@dataclass(frozen=True, eq=False)
class Clustering:
    """Groups of images, found without labels.

    Attributes
    ----------
    labels : ndarray, shape (n,), int64
        The cluster of each row, 0 to K - 1, the largest cluster first; -1 for rows that a
        method leaves out as noise.
    method : str
        One of :data:`vaewidgets.clusters.METHODS`.
    codes : ndarray, shape (n, d)
        The codes (means) that were clustered.
    note : str
        What was computed, sampled or left out, in words.
    probabilities : ndarray, shape (n, K), float64, or None
        How probable each cluster is for each row. Rows sum to 1; of "hdbscan" to at most 1, and
        what is missing is the share of noise. None where a method knows no probabilities.
    posterior : Gaussians or None
        The spread of the codes too, where it is known.
    embedding : ndarray, shape (n, c), or None
        Where the rows were compared, if not in latent space: of "umap_..." methods.
    fitted : ndarray, shape (m,), int64, or None
        Rows that a method was fitted on where it cannot take all; the others were added to the
        cluster of their nearest fitted row.
    linkage : ndarray, shape (m - 1, 4), float64, or None
        Of "agglomerative": the tree over the m fitted rows as scipy writes it, for
        ``scipy.cluster.hierarchy.dendrogram``.
    scores_by_start : dict of str to ndarray, shape (n_starts,)
        Of mixtures, for each start and without labels: "log_likelihood" (mean per row, nats),
        "bic", "silhouette" (-1 to 1) and "stability" (mean adjusted Rand index with the other
        starts); of "merged" the "modularity". Empty for other methods.
    labels_by_start : ndarray, shape (n_starts, n), int32, or None
        What each start found.
    chosen_start : int or None
        The start kept: the one of highest likelihood, or of "merged" of highest modularity.
    disagreement : str
        Says which other signals prefer another partition; "" where none does.
    """

    labels: NDArray[np.int64]
    method: str
    codes: FloatArray
    note: str = ""
    probabilities: NDArray[np.float64] | None = None
    posterior: Gaussians | None = None
    embedding: FloatArray | None = None
    fitted: NDArray[np.int64] | None = None
    linkage: NDArray[np.float64] | None = None
    scores_by_start: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    labels_by_start: NDArray[np.int32] | None = None
    chosen_start: int | None = None
    disagreement: str = ""

    @property
    def n_clusters(self) -> int:
        """Number of clusters, noise not among them."""
        if self.probabilities is not None:
            return int(self.probabilities.shape[1])
        return int(self.labels.max(initial=NOISE)) + 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of rows in each cluster, shape (K,)."""
        return np.bincount(self.labels[self.labels != NOISE], minlength=self.n_clusters)

    def __repr__(self) -> str:
        noise = int((self.labels == NOISE).sum())
        text = f"Clustering({self.method!r}, n={len(self.labels)}, n_clusters={self.n_clusters}"
        return text + (f", noise={noise})" if noise else ")")

    def representatives(self, *, weighted: bool = False) -> Representatives:
        """Return what stands for each cluster: its barycentre and the image nearest to that.

        Parameters
        ----------
        weighted : bool
            Let every row count in every cluster by its probability, rather than each member
            alike.

        Returns
        -------
        Representatives
            Without clusters that have nothing to average.

        Raises
        ------
        ValueError
            If ``weighted`` is asked for and the method knows no probabilities.
        """
        if weighted and self.probabilities is None:
            raise ValueError(
                f"`weighted` is True; accepted: False, since {self.method!r} knows no "
                "probabilities"
            )
        posterior = self.posterior or Gaussians(self.codes, np.zeros_like(self.codes))
        clusters, centres, rows, distances = [], [], [], []
        for k in range(self.n_clusters):
            members = np.flatnonzero(self.labels == k)
            if weighted and self.probabilities is not None:
                weights = self.probabilities[:, k]
                taken = np.flatnonzero(weights > 0)
            else:
                weights, taken = np.ones(len(self.labels)), members
            if len(taken) == 0:
                continue
            centre = barycentre(posterior[taken], weights[taken])
            nearby = members if len(members) else taken
            away = wasserstein2(centre, posterior[nearby])
            clusters.append(k)
            centres.append(centre)
            rows.append(nearby[away.argmin()])
            distances.append(away.min())
        d = posterior.n_dims
        return Representatives(
            np.array(clusters, dtype=np.int64),
            Gaussians(
                np.concatenate([c.mean for c in centres] or [np.zeros((0, d))]),
                np.concatenate([c.std for c in centres] or [np.zeros((0, d))]),
            ),
            np.array(rows, dtype=np.int64),
            np.array(distances, dtype=np.float64),
        )


@dataclass(frozen=True, eq=False)
class Representatives:
    """What stands for each of m clusters.

    Attributes
    ----------
    clusters : ndarray, shape (m,), int64
        Their numbers.
    barycentres : Gaussians of m rows
        Wasserstein-2 barycentres (:func:`vaewidgets.gaussians.barycentre`); decode their means
        with ``model.inverse_transform(representatives.barycentres.mean)``. The spread is 0 where
        that of the codes is not known.
    rows : ndarray, shape (m,), int64
        The member nearest to the barycentre in Wasserstein-2 distance: a real image.
    distances : ndarray, shape (m,), float64
        How far it is.
    """

    clusters: NDArray[np.int64]
    barycentres: Gaussians
    rows: NDArray[np.int64]
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.clusters)


def by_size(labels: NDArray[Any], n_clusters: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give clusters new numbers, the largest first, of equal ones that with the first row.

    Returns
    -------
    labels : ndarray, shape (n,), int64; noise stays -1
    order : ndarray, shape (n_clusters,), int64
        The old number of each new one; those without rows come last.
    """
    sizes = np.bincount(labels[labels != NOISE], minlength=n_clusters)
    first = np.full(n_clusters, len(labels))
    seen, rows = np.unique(labels, return_index=True)
    first[seen[seen != NOISE]] = rows[seen != NOISE]
    order = np.lexsort((first, -sizes))
    new = np.empty(n_clusters + 1, dtype=np.int64)
    new[order], new[NOISE] = np.arange(n_clusters), NOISE
    return new[labels], order
