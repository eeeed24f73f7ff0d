"""Whole numbers of Python and numpy alike."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np


def is_whole(value: Any) -> bool:
    """Tell a whole number of whatever kind; True and 2.0 are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def as_dims(dims: Any, n_dims: int) -> tuple[int, int]:
    """Return two latent dimensions, given as a tuple, list or array; of one there is only one.

    Raises
    ------
    ValueError
        If there are not two, one does not exist, or both are the same.
    """
    try:
        pair = list(dims)
    except TypeError:
        pair = []
    if len(pair) == 2 and all(map(is_whole, pair)):
        first, second = int(pair[0]), int(pair[1])
        if n_dims == 1:
            return 0, 0
        if first != second and min(first, second) >= 0 and max(first, second) < n_dims:
            return first, second
    raise ValueError(
        f"dims must be two different latent dimensions from 0 to {n_dims - 1}, got {dims!r}"
    )
