"""Looking, twice a second, for what others have labelled in the same log."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import Any

log = logging.getLogger("vaewidgets")

PERIOD = 0.5
"""Seconds between two looks; a look at a log where nothing is new asks for a file size."""


class Watch:
    """One thread that calls ``refresh()`` of all it watches, and holds none of it alive."""

    def __init__(self) -> None:
        self._watched: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failures: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def add(self, watched: Any) -> None:
        """Watch something that has a method ``refresh``."""
        with self._lock:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="vaewidgets-watch", daemon=True
                )
                self._thread.start()

    def discard(self, watched: Any) -> None:
        """Watch it no more."""
        with self._lock:
            self._watched.discard(watched)

    def _run(self) -> None:
        while True:
            time.sleep(PERIOD)
            self._look()

    def _look(self) -> None:
        with self._lock:
            watched = list(self._watched)
        for one in watched:
            try:
                one.refresh()
                self._failures.pop(one, None)
            except Exception as error:
                if self._failures.get(one) != repr(error):  # not the same twice a second
                    log.exception("the labels of others could not be read")
                self._failures[one] = repr(error)


watch = Watch()
