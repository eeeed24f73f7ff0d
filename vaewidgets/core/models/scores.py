"""How far images are from what is decoded of their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.core.inference import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.core.networks.registry import EncoderDecoder

_AT_ONCE = 1000


def squared_error(
    networks: EncoderDecoder, pixels: NDArray[Any], codes: NDArray[np.float32], likelihood: str
) -> float:
    """Return the mean squared error of a pixel, in [0, 1], of images decoded from their codes.

    Parameters
    ----------
    networks : EncoderDecoder
    pixels : ndarray, shape (n, height, width, channels), uint8 or float32 in [0, 1]
    codes : ndarray, shape (n, d), float32
    likelihood : str
        Whose mean is taken for the image.
    """
    total = 0.0
    for start in range(0, len(pixels), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        restored = decode(networks, codes[rows], likelihood)
        some = pixels[rows]
        values = some / np.float32(255) if some.dtype == np.uint8 else some
        total += float(((restored - values) ** 2).sum(dtype=np.float64))
    return total / max(1, pixels.size)
