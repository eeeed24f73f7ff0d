"""Work off the main thread: one worker thread, and of each kind of request only the latest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("vaewidgets")


@dataclass(frozen=True)
class Job:
    """One piece of work and what to do with its result; the callbacks run on the worker thread."""

    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    superseded: Callable[[], None]


class LatestWins:
    """A worker thread that keeps, for each key, only the newest job not yet started.

    A slider sends requests faster than images can be decoded; a queue of them would show the
    person where the slider was, not where it is.
    """

    def __init__(self) -> None:
        self._pending: dict[Hashable, Job] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, key: Hashable, job: Job) -> None:
        """Run `job` soon; a job of the same key that has not started yet is dropped."""
        with self._wake:
            replaced = self._pending.pop(key, None)
            self._pending[key] = job
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="vaewidgets-jobs", daemon=True
                )
                self._thread.start()
            self._wake.notify()
        if replaced is not None:
            replaced.superseded()

    def drop(self, owner: Hashable) -> None:
        """Forget the waiting jobs whose key is a tuple that begins with `owner`."""
        with self._wake:
            for key in [k for k in self._pending if isinstance(k, tuple) and k[0] == owner]:
                del self._pending[key]

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._pending:
                    self._wake.wait()
                job = self._pending.pop(next(iter(self._pending)))
            try:
                _finish(job)
            except Exception:
                log.exception("the answer of a background job could not be delivered")
            del job


def _finish(job: Job) -> None:
    try:
        result = job.work()
    except Exception as error:  # noqa: BLE001  (handed to the widget, which shows it)
        job.failed(error)
    else:
        job.done(result)


jobs = LatestWins()
