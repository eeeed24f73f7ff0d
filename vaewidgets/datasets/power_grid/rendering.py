"""From voltages to gray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Real = NDArray[np.float64]

RENDERINGS = ("deviation", "absolute", "stretched")
BAND = 0.3  # per unit from black to white, around the voltage before the event
ABSOLUTE = (0.7, 1.15)  # per unit, black and white
STRETCH = (2, 98)  # percentiles, black and white
NARROWEST = 0.02  # per unit: a map on which nothing moves stays gray


def render(
    voltages: Real, base: Real, stop: NDArray[np.int64], rendering: str
) -> NDArray[np.uint8]:
    """Draw voltages as gray values.

    Parameters
    ----------
    voltages : array, shape (n, rows, columns)
        Per unit; 0 from the stop on.
    base : array, shape (rows,)
        Voltages before the event.
    stop : array of int, shape (n,)
        First column that is black.
    rendering : one of ``RENDERINGS``

    Returns
    -------
    array of uint8, shape (n, rows, columns, 1)
    """
    moved = voltages - base[:, None]
    if rendering == "deviation":
        gray = 0.5 + moved / BAND
    elif rendering == "absolute":
        gray = (voltages - ABSOLUTE[0]) / (ABSOLUTE[1] - ABSOLUTE[0])
    else:
        gray = np.stack([_stretch(m, int(s)) for m, s in zip(moved, stop, strict=True)])
    return np.rint(255 * np.clip(gray, 0, 1)).astype(np.uint8)[..., np.newaxis]


def _stretch(moved: Real, stop: int) -> Real:
    """Stretch one map between two percentiles of what comes before the stop."""
    low, high = np.percentile(moved[:, :stop], STRETCH)
    wide = max(high - low, NARROWEST)
    gray: Real = (moved - (low + high) / 2) / wide + 0.5
    gray[:, stop:] = 0
    return gray
