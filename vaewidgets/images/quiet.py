"""Warnings of decoders held back, also where several threads decode at a time."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_held: list[warnings.catch_warnings[None]] = []  # what the first one inside began
_inside = 0


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore all warnings inside the block, and after the last of several blocks no more.

    What is to be warned of belongs to the whole program: two threads that each kept it and put
    it back on their own would leave it as the other had it, silent for good.
    """
    global _inside  # noqa: PLW0603 - as the filters are, one for the program
    with _lock:
        if _inside == 0:
            _held.append(warnings.catch_warnings())
            _held[-1].__enter__()
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _held.pop().__exit__(None, None, None)
