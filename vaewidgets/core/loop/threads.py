"""How many CPU threads a computation takes, without touching torch's settings."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator


SMALL_BATCH = 2**15  # values: 128 images of 16 x 16 pixels


def default_threads(values_per_batch: int) -> int | None:
    """Return the threads for training when the person named none: 1, or None for torch's number.

    A second thread gains nothing on small batches, and where other programs want the cores each
    step waits for it: 8x8 digits took 5 s on one thread or two, but 58 s on two of two busy cores.
    """
    return 1 if values_per_batch <= SMALL_BATCH else None


@contextmanager
def limited_threads(n_threads: int | None) -> Iterator[None]:
    """Compute on ``n_threads`` CPU threads inside the block; None changes nothing.

    OpenMP keeps this number for each thread of the program, so that only the calling thread sees
    the limit: another may train meanwhile on all cores. torch writes its own number there at the
    first use in each new thread; it is made to do so first (by asking for it), or it would undo
    the limit.
    """
    if n_threads is None:
        yield
        return
    torch.get_num_threads()
    with _thread_pools().limit(limits=n_threads, user_api="openmp"):
        yield


@cache
def _thread_pools() -> Any:
    """Find the OpenMP libraries, once: it takes milliseconds."""
    return ThreadpoolController()
