"""Checks of what an estimator is given: each names the argument and what is accepted."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.arrays import as_array
from vaewidgets.arguments.numbers import is_whole
from vaewidgets.images.pixels import in_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vaewidgets.images import Images


def check_choice(name: str, value: Any, accepted: Sequence[str]) -> None:
    """Raise ValueError unless ``value`` is one of the accepted names."""
    if not isinstance(value, str) or value not in accepted:
        names = ", ".join(map(repr, accepted))
        raise ValueError(f"{name} is {value!r}; accepted: {names}")


def check_integer(
    name: str, value: Any, lowest: int, highest: int | None = None, *, or_else: str = ""
) -> int:
    """Return ``value`` as an int, or raise TypeError or ValueError.

    ``or_else`` names what the caller accepts besides.
    """
    span = f"an integer from {lowest}" + ("" if highest is None else f" to {highest}")
    span += f", or {or_else}" if or_else else ""
    if not is_whole(value):
        raise TypeError(f"{name} is {value!r}; accepted: {span}")
    number = int(value)
    if number < lowest or (highest is not None and number > highest):
        raise ValueError(f"{name} is {value!r}; accepted: {span}")
    return number


def check_real(name: str, value: Any, lowest: float, below: float, *, open_end: bool) -> float:
    """Return ``value`` as a float in [lowest, below), or (lowest, below) with ``open_end``."""
    span = f"a number {'above' if open_end else 'of at least'} {lowest:g}"
    if math.isfinite(below):
        span += f" and below {below:g}"
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}; accepted: {span}")
    number = float(value)
    in_span = lowest <= number < below and not (open_end and number == lowest)
    if not in_span:  # also for nan
        raise ValueError(f"{name} is {value!r}; accepted: {span}")
    return number


def check_learnable(images: Images) -> Images:
    """Refuse what holds nothing to learn."""
    if len(images) < 2:
        raise ValueError(f"images holds {len(images)}; accepted: at least 2 images that differ")
    pixels = images.pixels
    # Piece by piece: most collections differ in the first, and a file may be larger than memory.
    if all((pixels[rows] == pixels[:1]).all() for rows in in_chunks(pixels)):
        raise ValueError(f"images: all {len(images)} are identical; there is nothing to learn")
    return images


def check_codes_given(z: Any, n_latent: int) -> NDArray[np.float32]:
    """Return codes (n, n_latent) as float32, or refuse them in words."""
    try:
        codes = np.ascontiguousarray(as_array(z), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(f"z must be codes, an array of numbers ({error})") from error
    if codes.ndim != 2 or codes.shape[1] != n_latent:
        raise ValueError(f"z has shape {codes.shape}; accepted: (n, {n_latent})")
    if not np.isfinite(codes).all():
        row = int(np.argmin(np.isfinite(codes).all(axis=1)))
        raise ValueError(f"z has a number that is not finite in row {row}")
    return codes


def warn_of_collapse(active: NDArray[np.bool_]) -> None:
    """Say so if fewer than a quarter of the dimensions carry information."""
    if active.sum() < len(active) / 4:
        warnings.warn(
            f"{active.sum()} of {len(active)} latent dimensions carry information about the "
            "images (posterior collapse). Try a smaller beta, a longer warm_up, or fewer "
            "dimensions (n_latent)",
            RuntimeWarning,
            stacklevel=3,
        )
