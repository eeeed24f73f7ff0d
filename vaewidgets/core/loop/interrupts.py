"""The first interrupt waits for the end of a step, so that nothing is left half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def deferred_interrupt(stop: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Call ``stop`` at the first SIGINT inside the block; a second one interrupts as usual.

    Parameters
    ----------
    stop : callable
        Asks the work in the block to end soon.

    Yields
    ------
    callable
        Whether there was an interrupt.

    Notes
    -----
    Python delivers signals to the main thread only: in another thread, or where the program
    ignores interrupts, nothing is changed.
    """
    asked = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield asked.is_set
        return

    def handler(number: int, frame: Any) -> None:
        if asked.is_set():
            before(number, frame)
        asked.set()
        stop()

    signal.signal(signal.SIGINT, handler)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
