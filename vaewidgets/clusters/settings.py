"""What each method can be asked for beside the number of clusters, checked before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.clusters.density import MOST_FITTED
from vaewidgets.clusters.mixtures import COVARIANCES
from vaewidgets.clusters.trees import LINKAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS: dict[str, tuple[str, ...]] = {
    "kmeans": ("n_starts",),
    "gmm": ("covariance", "n_starts"),
    "agglomerative": ("linkage",),
    "hdbscan": ("min_cluster_size",),
    "mutual_neighbours": ("n_neighbors", "min_cluster_size"),
    "communities": ("n_neighbors",),
    "merged": ("n_neighbors", "n_starts"),
}

_CHOICES = {"covariance": COVARIANCES, "linkage": LINKAGES}


def check_settings(base: str, settings: Mapping[str, Any] | None, n: int | None) -> dict[str, Any]:
    """Return settings that a method knows and can meet for ``n`` rows; None is any number.

    Raises
    ------
    ValueError
        By the name of the setting.
    """
    chosen = dict(settings or {})
    known = SETTINGS[base]
    for name, value in chosen.items():
        if name not in known:
            raise ValueError(f"`settings` has {name!r}; accepted for {base!r}: {', '.join(known)}")
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                raise ValueError(f"`{name}` is {value!r}; accepted: {', '.join(_CHOICES[name])}")
        else:
            least, most = _range(name, base, n or 2**31)
            if n is not None and not (is_whole(value) and least <= value <= most):
                raise ValueError(
                    f"`{name}` is {value!r}; accepted: a whole number from {least} to {most}"
                )
    return chosen


def _range(name: str, base: str, n: int) -> tuple[int, int]:
    """Smallest and largest value of a setting that is a whole number."""
    if name == "n_neighbors":
        return 1, n - 1
    if name == "min_cluster_size":
        return 2, min(n, MOST_FITTED) if base == "hdbscan" else n
    return 1, 1000  # n_starts
