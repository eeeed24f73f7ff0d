"""The images of a torch DataLoader, which gives them in batches, in an order of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vaewidgets.arguments.arrays import as_array, is_array
from vaewidgets.images.gathering.rows import Parts, classes_of, name_of, parts_of
from vaewidgets.images.progress import with_progress


def is_loader(source: Any) -> bool:
    """Tell a DataLoader of torch, or what has its form."""
    return (
        hasattr(source, "batch_size")
        and hasattr(source, "dataset")
        and hasattr(source, "__iter__")
    )


def read_batches(loader: Any, progress: bool) -> tuple[list[Any], list[Any], str]:
    """Return the images of all batches one by one, their labels, and a notice."""
    classes = classes_of(loader)
    images: list[Any] = []
    labels: list[Any] = []
    for batch in with_progress(loader, "Fetching batches", progress, "batch"):
        some, given = _parts(batch).split(batch)
        images += list(as_array(some) if is_array(some) else some)
        if is_array(given):
            given = as_array(given).tolist()
        if isinstance(given, (list, tuple)):
            labels += [name_of(label, classes) for label in given]
        labels += [None] * (len(images) - len(labels))
    notice = ""
    if type(getattr(loader, "sampler", None)).__name__ == "RandomSampler":
        notice = (
            "the DataLoader shuffles: positions count the order in which the images came; pass "
            "loader.dataset for that of the data"
        )
    return images, labels, notice


def _parts(batch: Any) -> Parts:
    """Find the images and the labels in a batch."""
    if isinstance(batch, Mapping):
        return parts_of(batch) or Parts()
    if not isinstance(batch, (list, tuple)) or not batch:
        return Parts()
    first = batch[0]  # of a loader of its own collation, which may give single images
    is_many = isinstance(first, (list, tuple)) or (is_array(first) and first.ndim > 2)
    return Parts(0, 1) if is_many else Parts()
