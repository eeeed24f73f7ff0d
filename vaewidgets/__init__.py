"""Explore image collections through variational autoencoders, and label them, in a notebook."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vaewidgets.core.loop import progress as _progress

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vaewidgets import clusters as clusters
    from vaewidgets import datasets as datasets
    from vaewidgets import figures as figures
    from vaewidgets import labels as labels
    from vaewidgets import latent as latent
    from vaewidgets import neighbors as neighbors
    from vaewidgets.clusters import cluster as cluster
    from vaewidgets.core.models.autoencoders import Autoencoder as Autoencoder
    from vaewidgets.core.models.clustering_vae import ClusterVAE as ClusterVAE
    from vaewidgets.core.models.decoder import Decoder as Decoder
    from vaewidgets.core.models.foreign import from_torch as from_torch
    from vaewidgets.core.models.hierarchical import HierarchicalVAE as HierarchicalVAE
    from vaewidgets.core.models.vae import VAE as VAE
    from vaewidgets.gaussians import Gaussians as Gaussians
    from vaewidgets.images import Images as Images
    from vaewidgets.images import load_images as load_images
    from vaewidgets.neighbors import nearest as nearest
    from vaewidgets.projections import project as project
    from vaewidgets.widgets.annotator import Annotator as Annotator
    from vaewidgets.widgets.interpolator import Interpolator as Interpolator
    from vaewidgets.widgets.scatter import LatentScatter as LatentScatter
    from vaewidgets.widgets.tweaker import LatentTweaker as LatentTweaker

# Each public name and the room it lives in. Loaded on first use, so that `import vaewidgets` is
# instant and a process that only projects or only labels never loads torch.
_ROOMS = {
    "VAE": "vaewidgets.core.models.vae",
    "Autoencoder": "vaewidgets.core.models.autoencoders",
    "ClusterVAE": "vaewidgets.core.models.clustering_vae",
    "HierarchicalVAE": "vaewidgets.core.models.hierarchical",
    "Decoder": "vaewidgets.core.models.decoder",
    "from_torch": "vaewidgets.core.models.foreign",
    "Gaussians": "vaewidgets.gaussians",
    "Images": "vaewidgets.images",
    "load_images": "vaewidgets.images",
    "cluster": "vaewidgets.clusters",
    "nearest": "vaewidgets.neighbors",
    "project": "vaewidgets.projections",
    "Annotator": "vaewidgets.widgets.annotator",
    "Interpolator": "vaewidgets.widgets.interpolator",
    "LatentScatter": "vaewidgets.widgets.scatter",
    "LatentTweaker": "vaewidgets.widgets.tweaker",
}
_MODULES = ("clusters", "datasets", "figures", "labels", "latent", "neighbors")

__all__ = [
    "VAE",
    "Annotator",
    "Autoencoder",
    "ClusterVAE",
    "Decoder",
    "Gaussians",
    "HierarchicalVAE",
    "Images",
    "Interpolator",
    "LatentScatter",
    "LatentTweaker",
    "__version__",
    "cluster",
    "clusters",
    "datasets",
    "figures",
    "from_torch",
    "labels",
    "latent",
    "load_images",
    "nearest",
    "neighbors",
    "project",
]


def _live_view() -> Any:
    from vaewidgets.widgets.training import TrainingMonitor

    return TrainingMonitor()


# The core knows no widget: the live view of a training in a notebook is handed to it here.
_progress.notebook_factory = _live_view


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(importlib.import_module(_ROOMS[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"vaewidgets.{name}")
    raise AttributeError(f"module 'vaewidgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
