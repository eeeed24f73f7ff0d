"""Whole numbers of Python and numpy alike."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np


def is_whole(value: Any) -> bool:
    """Tell a whole number of whatever kind; True and 2.0 are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def as_dims(dims: Any, n_dims: int) -> tuple[int, int]:
    """Return two latent dimensions, given as a tuple, list or array.

    Raises
    ------
    ValueError
        If there are not two, or one does not exist.
    """
    given = dims.tolist() if isinstance(dims, np.ndarray) else dims
    pair = list(given) if isinstance(given, (tuple, list)) else []
    if len(pair) != 2 or not all(is_whole(dim) and 0 <= dim < n_dims for dim in pair):
        raise ValueError(
            f"dims must be two latent dimensions from 0 to {n_dims - 1}, got {dims!r}"
        )
    return int(pair[0]), int(pair[1])
