"""Writing the images of a path to a file: a strip, or an animation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

STRIP = 11
GAP = 2
SIDE = 128
ENDINGS = (".png", ".gif", ".webp")
SHORTEST_MS = 20  # browsers slow down animations that ask for less


def save_reel(
    path: Path,
    make: Callable[[], NDArray[np.float32]],
    *,
    scale: int | None,
    seconds: float,
) -> Path:
    """Write images by the file's ending; ``make`` gives them, (n, height, width, channels)."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"path must end in {', '.join(ENDINGS)}, got {path.name!r}")
    if scale is not None and (isinstance(scale, bool) or scale != int(scale) or scale < 1):
        raise ValueError(f"scale must be a whole number of at least 1, got {scale!r}")
    if not 0 < seconds < float("inf"):
        raise ValueError(f"seconds must be above 0, got {seconds!r}")
    frames = make()
    if scale is None:
        scale = max(1, SIDE // max(frames.shape[1:3]))
    pixels = np.rint(frames * 255).astype(np.uint8)
    pixels = pixels.repeat(int(scale), axis=1).repeat(int(scale), axis=2)
    if ending == ".png":
        _to_image(strip(pixels)).save(path)
        return path
    there = [_to_image(image) for image in pixels]
    loop = there + there[-2:0:-1]  # back again, each end shown once
    pause = max(SHORTEST_MS, round(1000 * seconds / max(1, len(there) - 1)))
    # WebP would blur the small squares; GIF has no such option and ignores it.
    loop[0].save(
        path, save_all=True, append_images=loop[1:], duration=pause, loop=0, lossless=True
    )
    return path


def strip(pixels: NDArray[np.uint8], most: int = STRIP) -> NDArray[np.uint8]:
    """Lay images side by side on white, evenly chosen, both ends among them."""
    n, height, width, channels = pixels.shape
    chosen = np.linspace(0, n - 1, min(n, most)).round().astype(int)
    step = width + GAP
    canvas = np.full((height, len(chosen) * step - GAP, channels), 255, dtype=np.uint8)
    for place, index in enumerate(chosen):
        canvas[:, place * step : place * step + width] = pixels[index]
    return canvas


def _to_image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
