"""A network that loses, doubles, shuffles and delays, between the page's outbox and a widget."""

from __future__ import annotations

import base64
import heapq
import json
import random
import subprocess
from collections.abc import Callable
from types import TracebackType
from typing import Any

from comm.base_comm import BaseComm

from tools.node import JS, node
from vaewidgets.labels import news
from vaewidgets.widgets.annotator import Annotator


class Page:
    """The outbox of the page, in a process of its own: ``js/tests/outbox_process.js``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), "--no-warnings", str(JS / "tests" / "outbox_process.js")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def do(self, *commands: list[Any]) -> dict[str, Any]:
        """Carry out commands; returns what was sent meanwhile, and what is on its way."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(commands) + "\n")
        line = stdout.readline()
        assert line, "the page's process has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> Page:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.communicate()


class Clock:
    """Time as the kernel's side sees it; stands in for `time` and `threading` there."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def monotonic(self) -> float:
        return self.now

    def at(self, when: float, work: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, work))

    def pass_(self, seconds: float) -> None:
        """Let time pass, and happen in its order what was to happen."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, work = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            work()
        self.now = until

    @property
    def is_idle(self) -> bool:
        return not self._timers

    def Timer(self, wait: float, work: Callable[[], None]) -> Timer:  # noqa: N802
        return Timer(self, wait, work)


class Timer:
    """A timer of `Clock`."""

    daemon = False

    def __init__(self, clock: Clock, wait: float, work: Callable[[], None]) -> None:
        self._clock, self._wait, self._work = clock, wait, work
        self._is_cancelled = False

    def start(self) -> None:
        self._clock.at(self._clock.now + self._wait, self._run)

    def cancel(self) -> None:
        self._is_cancelled = True

    def _run(self) -> None:
        if not self._is_cancelled:
            self._work()


class Network:
    """Both directions between a page and a widget, as bad as `rng` makes them."""

    def __init__(self, rng: random.Random, clock: Clock) -> None:
        self._rng, self._clock = rng, clock
        self._drop = rng.choice([0, 0.1, 0.3, 0.6])
        self._double = rng.choice([0, 0.2, 0.5])
        self._delay = rng.choice([0.0, 0.2, 3.0, 40.0])
        self.widget: Annotator | None = None
        self.told: list[dict[str, Any]] = []  # what has reached the page and it has not read
        self.lost = self.doubled = 0

    def connect(self, widget: Annotator | None) -> None:
        """Be the wire of a widget from now on; of none while the kernel is gone."""
        self.widget = widget
        if widget is not None:
            widget.comm = _Wire(widget, self)

    def up(self, message: dict[str, Any], buffers: list[str]) -> None:
        """Carry what the page sends."""
        self._carry(lambda: self._deliver(message, [base64.b64decode(b) for b in buffers]))

    def down(self, text: str) -> None:
        """Carry what the widget sends."""
        self._carry(lambda: self.told.append(json.loads(text)))

    def _carry(self, work: Callable[[], None]) -> None:
        if self._rng.random() < self._drop:
            self.lost += 1
            return
        copies = 2 if self._rng.random() < self._double else 1
        self.doubled += copies - 1
        for _ in range(copies):
            self._clock.at(self._clock.now + self._rng.random() * self._delay, work)

    def _deliver(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        if self.widget is not None:
            data = {"method": "custom", "content": message}
            wire = self.widget.comm
            wire.handle_msg({"content": {"data": data}, "buffers": [*map(memoryview, buffers)]})


class _Wire(BaseComm):
    """The comm of a widget, over the network."""

    def __init__(self, widget: Annotator, network: Network) -> None:
        self._network = network
        super().__init__(comm_id=widget.model_id, primary=False)

    def publish_msg(self, msg_type: str, data: Any = None, **_: Any) -> None:
        if msg_type == "comm_msg" and data["method"] == "custom":
            self._network.down(json.dumps(data["content"], allow_nan=False))


def use_clock(monkeypatch: Any) -> Clock:
    """Let the kernel's side go by a clock of its own."""
    clock = Clock()
    monkeypatch.setattr(news, "time", clock)
    monkeypatch.setattr(news, "threading", clock)
    return clock
