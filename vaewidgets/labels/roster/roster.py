"""The images of one collection, in their order, each by what it shows and what it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Contents = NDArray[np.bytes_]
DIGEST = "S16"
"""Number type of contents: 16 bytes each."""


def _no_fingerprints() -> Sequence[str]:
    return ()


@dataclass(frozen=True, eq=False)
class Roster:
    """Who the images of a collection are.

    Parameters
    ----------
    contents : ndarray, shape (n,), S16
        A digest of what each image was when it was read: the bytes of its file, else its pixels.
    names : sequence of str
        The absolute path of each image's file, "" for what was none; empty if none was.
    are_points : bool
        Whether there are no images but codes made elsewhere, which may be made anew.
    old_fingerprints : callable() -> sequence of str
        What logs of format 1 call just this collection; asked only where there is such a log.
    """

    contents: Contents
    names: Sequence[str] = ()
    are_points: bool = False
    old_fingerprints: Callable[[], Sequence[str]] = _no_fingerprints

    def __post_init__(self) -> None:
        if self.contents.dtype != DIGEST or self.contents.ndim != 1:
            raise ValueError(
                f"contents is {self.contents.dtype} of shape {self.contents.shape}; expected "
                f"{DIGEST} of one dimension"
            )
        if len(self.names) not in (0, len(self.contents)):
            raise ValueError(f"{len(self.names)} names came for {len(self.contents)} images")

    def __len__(self) -> int:
        return len(self.contents)

    def name(self, row: int) -> str:
        """Path of an image; "" if it has none."""
        return self.names[row] if self.names else ""


def digests_of(rows: NDArray[np.generic]) -> Contents:
    """Digest of each row of an array, for codes that stand for images."""
    table = np.ascontiguousarray(rows)
    head = f"{table.dtype.str} {table.shape[1:]} ".encode()
    found = b"".join(
        hashlib.blake2b(head + row.tobytes(), digest_size=16).digest() for row in table
    )
    return np.frombuffer(found, DIGEST)
