"""How many CPU threads a computation takes, without touching torch's settings."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


SMALL_BATCH = 2**15  # values: 128 images of 16 x 16 pixels

WARM_STEPS = 2  # of a training: memory is fetched, code is chosen
TRIED_STEPS = 3  # with each number of threads
CLEARLY = 0.8  # fewer threads must take at most this share of the time, or chance would decide
TWICE_AS_SLOW = 2.0  # than when the choice was made: something else wants the cores
FAR_OFF = 4.0  # times as slow as usual: not tried a second time
RECENT = 10  # steps that this is seen by
FIRST_LOOK, LONGEST_LOOK = 20.0, 320.0  # seconds until all threads are tried once more


def default_threads(values_per_batch: int) -> int | None:
    """Return the threads for training when the person named none: 1, or None for their pace.

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


def use_threads(n_threads: int) -> None:
    """Compute on so many from now on; only inside :func:`limited_threads`, which undoes it."""
    _thread_pools().limit(limits=n_threads, user_api="openmp")


class Pace:
    """Chooses the number of threads by how long the steps of a computation take.

    On idle cores all threads are the fastest. Where other programs want them, each step waits
    until the last thread had its turn: 600 photographs on two cores take .057 s a step with two
    threads and .09 s with one when idle, but 1.07 and .1 beside three busy programs. Nobody can
    know this beforehand, so the first steps are tried with all, half and one; again when steps
    take twice as long; and with all of them now and then while fewer are used.

    Parameters
    ----------
    most : int
        All threads that there are.
    use : callable(int)
        Sets the number of threads.
    clock : callable() -> float
        Seconds.

    Attributes
    ----------
    steps : dict of int to int
        How many steps were computed on how many threads.

    Notes
    -----
    Steps are tried at fixed places, so that on an idle machine a computation that depends on the
    number of threads ends the same each time.
    """

    def __init__(
        self,
        most: int,
        use: Callable[[int], None] = use_threads,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._choices = sorted({most, max(1, most // 2), 1}, reverse=True)
        self._use, self._clock = use, clock
        self._plan = [most] * WARM_STEPS
        self._warm = WARM_STEPS
        self._tries: dict[int, list[float]] = {}
        self._used = 0
        self._recent: list[float] = []
        self._usual = float("inf")
        self._looked, self._look = clock(), FIRST_LOOK
        self.steps: dict[int, int] = {}
        self._chosen = most
        if len(self._choices) > 1:
            self._plan += self._trial(self._choices)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Compute one step inside the block, which is timed."""
        wanted = self._plan.pop(0) if self._plan else self._chosen
        is_new = wanted != self._used
        if is_new:
            self._use(wanted)
            self._used = wanted
        begin = self._clock()
        yield
        took = self._clock() - begin
        self.steps[wanted] = self.steps.get(wanted, 0) + 1
        self._take_in(wanted, took, is_new)

    def _take_in(self, threads: int, took: float, is_new: bool) -> None:
        """Note how long a step took; decide, or look again, where it is time."""
        if self._warm > 0:
            self._warm -= 1
            return
        if self._tries or self._plan:
            far_off = took > FAR_OFF * self._usual
            if threads in self._tries and (far_off or not is_new):  # the first wakes the threads
                self._tries[threads].append(took)
            if far_off and threads in self._tries:  # seconds a step: once is enough
                self._plan = [planned for planned in self._plan if planned != threads]
            if not self._plan and self._tries:
                self._decide()
            return
        if len(self._choices) == 1:
            return
        self._recent = [*self._recent[-RECENT + 1 :], took]
        is_slow = len(self._recent) == RECENT and _mean(self._recent) > TWICE_AS_SLOW * self._usual
        is_time = self._chosen < self._choices[0] and self._clock() - self._looked > self._look
        if is_slow or is_time:
            self._plan = self._trial([self._chosen, *self._choices])

    def _trial(self, choices: list[int]) -> list[int]:
        """Plan some steps with each choice, and one before to change over."""
        self._tries = {choice: [] for choice in choices}
        return [choice for choice in self._tries for _ in range(TRIED_STEPS + 1)]

    def _decide(self) -> None:
        """Take the fastest, or more threads that are about as fast."""
        paces = {threads: _mean(tries) for threads, tries in self._tries.items() if tries}
        before, self._chosen = self._chosen, max(paces)
        for threads in sorted(paces, reverse=True):
            if paces[threads] < CLEARLY * paces[self._chosen]:
                self._chosen = threads
        self._usual = paces[self._chosen]
        self._tries, self._recent = {}, []
        self._looked = self._clock()
        changed = self._chosen != before
        self._look = FIRST_LOOK if changed else min(2 * self._look, LONGEST_LOOK)


def _mean(times: list[float]) -> float:
    return sum(times) / len(times)


@cache
def _thread_pools() -> Any:
    """Find the OpenMP libraries, once: it takes milliseconds."""
    return ThreadpoolController()
