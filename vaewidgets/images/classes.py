"""The labels that come along with images: of class folders, pairs and data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def as_labels(values: Sequence[Any]) -> NDArray[Any] | None:
    """Return labels as an array of one type, None where there is none at all.

    Returns
    -------
    ndarray, shape (n,), or None
        int64 or float64 where all are such numbers, else objects: text, numbers, None where there
        is none.
    """
    kinds = {type(value) for value in values}
    if not kinds - {type(None)}:
        return None
    if kinds in ({int}, {float}):
        try:
            return np.array(values)
        except OverflowError:
            pass
    labels = np.empty(len(values), object)
    labels[:] = values
    return labels


def of_class_folders(names: Sequence[str]) -> list[str] | None:
    """Return the first folder in which the names part, if each is in one and they are classes.

    Parameters
    ----------
    names : sequence of str
        Paths inside what was loaded, with "/": ``cats/1.jpg`` is of ``cats``, and so is
        ``train/cats/1.jpg`` where all are in ``train``.

    Returns
    -------
    list of str, or None
        None where images lie beside folders, in one folder, or each in a folder of its own.
    """
    start = 0
    while names:
        classes = [name[start:].partition("/") for name in names]
        if not all(slash for _, slash, _ in classes):
            return None
        found = {first for first, _, _ in classes}
        if len(found) > 1:
            return None if len(found) == len(names) else [first for first, _, _ in classes]
        start += len(found.pop()) + 1
    return None
