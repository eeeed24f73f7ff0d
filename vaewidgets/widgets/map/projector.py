"""The projections of one set of codes: each made once, slow ones in the background."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaewidgets import projections
from vaewidgets.arguments.numbers import as_dims
from vaewidgets.projections import Projection, ProjectionJob

LABELS = {
    "given": "Given coordinates",
    "pca": "PCA",
    "tsne": "t-SNE",
    "umap": "UMAP",
    "dims": "Two dimensions",
}

SLOW = ("tsne", "umap")

Key = tuple[Any, ...]


def digest_of(codes: NDArray[Any]) -> str:
    """Name codes by what they hold, hexadecimal."""
    digest = hashlib.sha256(f"{codes.shape} {codes.dtype.name} ".encode())
    digest.update(np.ascontiguousarray(codes).view(np.uint8).data)
    return digest.hexdigest()


class Recent:
    """Slow projections of the last few sets of codes, for all widgets of the kernel.

    A cell that is run again, and another widget on the same codes, need not wait a second time.
    """

    MOST = 6

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Key], Projection] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, codes: str, key: Key) -> Projection | None:
        """Return the projection of the codes of a digest, if it is kept still."""
        with self._lock:
            if (codes, key) in self._kept:
                self._kept.move_to_end((codes, key))
            return self._kept.get((codes, key))

    def add(self, codes: str, key: Key, projection: Projection) -> None:
        """Keep a projection, and forget the one that was not asked for the longest."""
        with self._lock:
            self._kept[codes, key] = projection
            self._kept.move_to_end((codes, key))
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()


recent = Recent()


class Projector:
    """Makes projections of codes and keeps them.

    Parameters
    ----------
    codes : ndarray, shape (n, d), float32, finite
    coordinates : array, shape (n, 2), or None
        A map made elsewhere, kept under the name "given".

    Raises
    ------
    ValueError
        If the coordinates are not (n, 2) finite numbers.
    """

    def __init__(self, codes: NDArray[np.float32], coordinates: ArrayLike | None) -> None:
        self.codes = codes
        self._kept: dict[Key, Projection] = {}
        self._job: ProjectionJob | None = None
        self._lock = threading.Lock()
        if coordinates is not None:
            self._kept["given",] = _given(coordinates, len(codes))

    @property
    def first(self) -> str:
        """What to show where nobody has chosen."""
        if ("given",) in self._kept:
            return "given"
        return "dims" if self.codes.shape[1] == 2 else "pca"

    @property
    def offered(self) -> list[dict[str, str]]:
        """Key and label of each method that can be asked for."""
        keys = [key for key in projections.METHODS if key != "dims" or self.codes.shape[1] > 1]
        if ("given",) in self._kept:
            keys.insert(0, "given")
        return [{"key": key, "label": LABELS[key]} for key in keys]

    def key(self, method: Any, dims: Any) -> Key:
        """Return the key a projection is kept under; refuse what cannot be projected."""
        if method == "given" and ("given",) in self._kept:
            return ("given",)
        method = projections.as_method(method, "projection")
        if method != "dims":
            return (method,)
        return ("dims", *as_dims(dims, self.codes.shape[1]))

    def kept(self, key: Key) -> Projection | None:
        """Return a projection made before, here or by another widget on equal codes."""
        if key not in self._kept and key[0] in SLOW:
            found = recent.get(self._digest, key)
            if found is not None:
                self._kept[key] = found
        return self._kept.get(key)

    def make(self, key: Key) -> Projection:
        """Return a projection, making it if need be."""
        made = self.kept(key)
        if made is None:
            is_plane = key == ("dims", 0, 1) and self.codes.shape[1] == 2
            made = (
                _as_they_are(self.codes)
                if is_plane
                else projections.project(self.codes, key[0], dims=key[1:] or (0, 1))
            )
            self._keep(key, made)
        return made

    def start(
        self,
        key: Key,
        on_progress: Callable[[float | None, str], None],
        on_done: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Make a projection in the background, in place of the one being made, if any."""
        self.cancel()

        def done(projection: Projection) -> None:
            self._keep(key, projection)
            on_done()

        job = projections.project_in_background(
            self.codes,
            key[0],
            dims=key[1:] or (0, 1),
            on_progress=on_progress,
            on_done=done,
            on_error=on_error,
        )
        with self._lock:
            self._job = job

    def _keep(self, key: Key, projection: Projection) -> None:
        self._kept[key] = projection
        if key[0] in SLOW:
            recent.add(self._digest, key, projection)

    @cached_property
    def _digest(self) -> str:
        return digest_of(self.codes)

    def cancel(self) -> None:
        """Stop the projection being made in the background, if any."""
        with self._lock:
            job, self._job = self._job, None
        if job is not None:
            job.cancel()


def to_map(xy: NDArray[np.float32], all_points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale coordinates equally in x and y so that all points lie in [-1, 1]."""
    return _scale(xy, *_extent(all_points))


def map_bytes(xy: NDArray[np.float32]) -> bytes:
    """Return what :func:`to_map` makes of all points, as bytes.

    In pieces: of a million points, the time goes into memory touched for the first time.
    """
    middle, half = _extent(xy)
    pieces = (xy[start : start + 2**16] for start in range(0, len(xy), 2**16))
    return b"".join(_scale(piece, middle, half).tobytes() for piece in pieces)


def _extent(xy: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """Return the middle of all points, and half of their longer side."""
    # By columns: numpy is ten times slower along a last axis of two.
    low = np.array([column.min() for column in xy.T], dtype=np.float64)
    high = np.array([column.max() for column in xy.T], dtype=np.float64)
    half = float((high - low).max()) / 2
    return (low + high) / 2, half if half > np.finfo(np.float32).tiny else 1.0


def _scale(
    xy: NDArray[np.float32], middle: NDArray[np.float64], half: float
) -> NDArray[np.float32]:
    """Move the middle to 0 and divide by half a side."""
    scaled = np.empty(xy.shape, dtype="<f4")
    for axis in (0, 1):
        np.subtract(xy[:, axis], np.float32(middle[axis]), out=scaled[:, axis])
    scaled /= np.float32(half)
    return scaled


def _as_they_are(codes: NDArray[np.float32]) -> Projection:
    """Show two-dimensional codes without a copy; of a million points that is most of the time."""
    return Projection(
        xy=codes,
        method="dims",
        axes=("dimension 0", "dimension 1"),
        note="",
        place=(np.eye(2), np.zeros(2)),
    )


def _given(coordinates: ArrayLike, n: int) -> Projection:
    """Return coordinates made elsewhere as a projection."""
    with np.errstate(over="ignore"):
        xy = np.array(coordinates, dtype=np.float32)
    if xy.shape != (n, 2):
        raise ValueError(f"coordinates must have shape ({n}, 2), got {xy.shape}")
    bad = ~np.isfinite(xy).all(axis=1)
    if bad.any():
        raise ValueError(f"coordinates must be finite numbers; row {int(np.argmax(bad))} is not")
    return Projection(xy=xy, method="given", axes=("", ""), note="")
