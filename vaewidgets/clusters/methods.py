"""The way in: codes, or a model and images, to clusters by any method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.arguments.seeds import as_seed
from vaewidgets.clusters.density import hdbscan
from vaewidgets.clusters.graphs import communities, mutual_neighbours
from vaewidgets.clusters.merged import merged_mixture
from vaewidgets.clusters.mixtures import gaussian_mixture, kmeans
from vaewidgets.clusters.settings import check_settings
from vaewidgets.clusters.trees import agglomerative
from vaewidgets.gaussians import Gaussians, code_table
from vaewidgets.latent import as_model, encode
from vaewidgets.projections import reduce_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.clusters.clustering import Clustering

    Report = Callable[[float | None, str], None]

# What "umap_..." methods reduce codes to before they cluster: see reduce_codes.
UMAP_COMPONENTS = 10
UMAP_NEIGHBORS = 20
UMAP_MIN_DIST = 0.0

_IN_SPACE: dict[str, Callable[..., Clustering]] = {
    "kmeans": kmeans,
    "gmm": gaussian_mixture,
    "agglomerative": agglomerative,
    "hdbscan": hdbscan,
    "mutual_neighbours": mutual_neighbours,
    "communities": communities,
    "merged": merged_mixture,
}
_FIND_THE_NUMBER = ("hdbscan", "mutual_neighbours", "communities")
_KNOW_THE_CODES = ("merged",)  # besides the space they cluster in
_UMAP = "umap_"

METHODS = (*_IN_SPACE, *(_UMAP + name for name in _IN_SPACE))


def cluster(
    codes_or_model: Any,
    images: Any = None,
    n_clusters: int = 10,
    method: str = "umap_gmm",
    *,
    random_state: Any = 0,
    report: Report | None = None,
    space: ArrayLike | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Clustering:
    """Find groups of similar images without labels.

    Parameters
    ----------
    codes_or_model : array, Gaussians or model
        Codes of shape (n, d), or a fitted model that makes them of ``images`` (see
        :func:`vaewidgets.latent.as_model`). Means are clustered; the spread, where it is known,
        counts in ``Clustering.representatives``.
    images : Images or what load_images takes, optional
        For a model. With codes, which are compared by themselves, there must be as many.
    n_clusters : int, 1 to the number of different codes
        Not used by "hdbscan", "mutual_neighbours" and "communities", which find the number.
    method : str, one of ``vaewidgets.clusters.METHODS``
        "kmeans", "gmm" (Gaussian mixture), "agglomerative", "hdbscan", "mutual_neighbours"
        (connected components), "communities" (Louvain), "merged" (many small Gaussian groups,
        merged by the modularity of the graph of nearest codes); or one of them after "umap_",
        which first reduces the codes by UMAP. The default, "umap_gmm", is UMAP to 10 dimensions
        (20 neighbours, min_dist 0) and a mixture of full covariances, the best of 10 starts by
        likelihood.
    random_state : int from 0, generator of numpy, or None
        Equal seeds give equal clusters on one machine; None is another each time.
    report : callable(fraction or None, text), optional
        Called as the work goes on; an exception from it stops the work.
    space : array, shape (n, c), optional
        Where the rows are compared, if not by their codes: an embedding made elsewhere, or by
        :func:`vaewidgets.projections.reduce_codes` with other settings.
    settings : dict, optional
        What the method itself takes: "kmeans": n_starts; "gmm": covariance, n_starts;
        "agglomerative": linkage; "hdbscan": min_cluster_size; "mutual_neighbours": n_neighbors,
        min_cluster_size; "communities": n_neighbors; "merged": n_neighbors, n_starts.

    Returns
    -------
    Clustering

    Raises
    ------
    TypeError
        For what is neither codes nor a fitted model, and for a model without images.
    ValueError
        For codes that are no table of finite numbers, and for methods, settings and numbers of
        clusters that cannot be; before anything is computed.
    RuntimeError
        If UMAP failed, with the reason.

    References
    ----------
    McConville et al., N2D: (not too) deep clustering via clustering the local manifold of an
    autoencoded embedding, 2021 (codes, UMAP, Gaussian mixture).
    """
    if method not in METHODS:
        raise ValueError(f"`method` is {method!r}; accepted: {', '.join(METHODS)}")
    base = method.removeprefix(_UMAP)
    check_settings(base, settings, None)  # names and words, before the images are encoded
    seed = as_seed(random_state, "`random_state`")
    tell = report or _say_nothing
    codes, posterior = _codes_of(codes_or_model, images, tell)
    embedding = None if space is None else _check_space(space, len(codes), method)
    compared = codes if embedding is None else embedding
    chosen = check_settings(base, settings, len(codes))
    asked = 0
    if base not in _FIND_THE_NUMBER:
        asked = _check_n_clusters(n_clusters, compared)
    elif len(codes) == 1:
        raise ValueError(f"`codes_or_model` is 1 code; accepted for {base!r}: at least 2")
    if base in _KNOW_THE_CODES:
        chosen["codes"] = codes
    note = ""
    if method.startswith(_UMAP):
        reduction = reduce_codes(
            codes,
            UMAP_COMPONENTS,
            n_neighbors=UMAP_NEIGHBORS,
            min_dist=UMAP_MIN_DIST,
            random_state=seed,
            report=tell,
        )
        embedding = compared = reduction.codes
        note = f"UMAP to {UMAP_COMPONENTS} dimensions. {reduction.note}".strip() + " "
    found = _IN_SPACE[base](compared.astype(np.float64), asked, seed, tell, **chosen)
    tell(1.0, "clusters found")
    return replace(
        found,
        method=method,
        codes=codes,
        posterior=posterior,
        embedding=embedding,
        note=note + found.note,
    )


def _codes_of(
    codes_or_model: Any, images: Any, report: Report
) -> tuple[NDArray[np.floating[Any]], Gaussians | None]:
    """Return checked codes and their spread, if it is known."""
    if callable(getattr(codes_or_model, "transform", None)) or isinstance(codes_or_model, type):
        model = as_model(codes_or_model)
        if images is None:
            raise TypeError("`images` is None; accepted: the images that the model encodes")
        report(None, "encoding the images")
        return encode(model, images)
    codes = code_table(codes_or_model, "codes_or_model")
    if images is not None and len(images) != len(codes):
        raise ValueError(
            f"`images` holds {len(images)}, but `codes_or_model` is {len(codes)} codes; accepted: "
            "as many, or no images, as codes are compared by themselves"
        )
    if len(codes) == 0:
        raise ValueError("`codes_or_model` is 0 codes; accepted: at least 1")
    return codes, codes_or_model if isinstance(codes_or_model, Gaussians) else None


def _check_space(space: ArrayLike, n: int, method: str) -> NDArray[np.floating[Any]]:
    """Return an embedding made elsewhere, if the method leaves room for it."""
    if method.startswith(_UMAP):
        raise ValueError(
            f"`space` is given, but {method!r} makes its own; accepted with it: "
            f"{method.removeprefix(_UMAP)!r}"
        )
    table = code_table(space, "space")
    if len(table) != n:
        raise ValueError(f"`space` has {len(table)} rows; accepted: {n}, one for each code")
    return table


def _check_n_clusters(n_clusters: Any, space: NDArray[np.floating[Any]]) -> int:
    """Return a number of clusters that the codes can fill."""
    if is_whole(n_clusters) and n_clusters >= 1:
        first = space[: 10 * n_clusters]  # enough as a rule, and quick
        if len(np.unique(first, axis=0)) >= n_clusters:
            return int(n_clusters)
    different = len(np.unique(space, axis=0))
    if not is_whole(n_clusters) or not 1 <= n_clusters <= different:
        raise ValueError(
            f"`n_clusters` is {n_clusters!r}; accepted: a whole number from 1 to {different}, the "
            "different codes there are"
        )
    return int(n_clusters)


def _say_nothing(_fraction: float | None, _text: str) -> None:
    """Do nothing with a report."""
