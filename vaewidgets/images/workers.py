"""Work on many images, on as many cores as there are, with the results in order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

# More would wait for the one that puts the images where they belong.
MOST_WORKERS = 8
# Results that wait for their turn, for each worker: they are images of the final size.
_WAITING = 8


def n_cores() -> int:
    """Return the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def in_order(
    function: Callable[[T], R], things: Iterable[T], *, beside: bool
) -> Iterator[tuple[T, R | Exception]]:
    """Yield each thing with what the function gives for it, or the error that it raises.

    Parameters
    ----------
    function : callable(thing)
        Pillow and hashes let go of Python's lock: threads are enough.
    things : iterable
        Asked for a bounded number ahead.
    beside : bool
        Whether several may be worked on at a time.

    Notes
    -----
    Threads end with the iterator. An interrupt of the caller is not caught: it ends the work
    after the images under way.
    """
    workers = min(n_cores(), MOST_WORKERS) if beside else 1
    if workers == 1:
        for thing in things:
            yield thing, _tried(function, thing)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="vaewidgets-images")
    coming: deque[tuple[T, Future[R | Exception]]] = deque()
    try:
        for thing in things:
            coming.append((thing, pool.submit(_tried, function, thing)))
            if len(coming) > _WAITING * workers:
                done, future = coming.popleft()
                yield done, future.result()
        while coming:
            done, future = coming.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _tried(function: Callable[[T], R], thing: T) -> R | Exception:
    """Return what the function gives, or the error."""
    try:
        return function(thing)
    except Exception as error:  # noqa: BLE001 - decoders raise anything; one file must not stop the others
        return error
