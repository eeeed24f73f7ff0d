"""How the learning rate changes in the course of a training: a share of its highest value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RISE = 0.15  # share of the steps over which the learning rate rises


def one_cycle(fraction: float) -> float:
    """Share of the highest learning rate when ``fraction`` of the steps is done.

    Rises linearly from 1/20, then falls along a half cosine to 1/100.

    References
    ----------
    Smith & Topin 2018, "Super-Convergence" (one cycle).
    """
    if fraction < RISE:
        return 0.05 + 0.95 * fraction / RISE
    down = (fraction - RISE) / (1 - RISE)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(down, 1.0)))


def constant(fraction: float) -> float:
    """Share of the highest learning rate: all of it, always."""
    del fraction
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {"one_cycle": one_cycle, "constant": constant}
