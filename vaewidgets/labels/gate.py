"""The gate in front of a person's DataFrames: nothing is written while their cell runs.

JupyterLab 4.4 and newer handle widget messages on another thread while a cell runs, and pandas
is not safe for threads: without this, writes of the widget and of the cell are lost, with no
exception (jupyterlab/jupyterlab#17363, pandas-dev/pandas#2728).
"""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger("vaewidgets")

Write = Callable[[], None]


def running_shell() -> Any:
    """Return IPython's shell, None without; it is looked for among what is loaded only."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


class Gate:
    """Runs writes at once while no cell runs, else when the cell has ended.

    A write asked for by the thread that runs the cell is part of the cell's own work, and runs
    at once: whoever labels from Python reads the label on the next line, and a callback that the
    cell itself handles (older hosts, nbclient) never waits for its own end. No caller ever waits
    for a cell, so nothing can dead-lock.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._waiting: deque[Write] = deque()
        self._cells: list[object] = []
        self._cell_thread = 0
        self._shells: list[Any] = []
        self._followers: list[weakref.WeakMethod[Write]] = []

    def attach(self, shell: Any = None) -> None:
        """Follow the cells of an IPython shell; by default the running one, if there is one.

        A widget is made inside a cell, so the gate counts as closed until that cell ends or
        another begins.
        """
        shell = running_shell() if shell is None else shell
        with self._lock:
            if shell is None or any(known is shell for known in self._shells):
                return
            self._shells.append(shell)
            shell.events.register("pre_run_cell", self._close)
            shell.events.register("post_run_cell", self._open)
            self._cells.append(self)  # the cell that runs now, whose beginning was not seen
            self._cell_thread = threading.get_ident()

    def detach(self, shell: Any) -> None:
        """Stop following a shell."""
        with self._lock:
            self._shells = [known for known in self._shells if known is not shell]
            shell.events.unregister("pre_run_cell", self._close)
            shell.events.unregister("post_run_cell", self._open)
            self._cells.clear()
            self._drain()

    def submit(self, write: Write) -> None:
        """Run `write` now or when the running cell has ended; writes never run side by side.

        An exception of a write that runs now reaches the caller; that of one which had to wait
        is logged, and the others still run.
        """
        with self._lock:
            if self._cells and threading.get_ident() != self._cell_thread:
                self._waiting.append(write)
                return
            write()

    def try_now(self, write: Write) -> bool:
        """Run `write` if that can be done now, and tell whether it was."""
        with self._lock:
            if self._cells and threading.get_ident() != self._cell_thread:
                return False
            write()
            return True

    @property
    def is_open(self) -> bool:
        """Whether no cell runs: asked inside a write, nothing begins before it has ended."""
        return not self._cells

    def follow(self, method: Write) -> None:
        """Call a method, as long as its object lives, whenever the last running cell has ended."""
        with self._lock:
            self._followers.append(weakref.WeakMethod(method))

    def _close(self, info: object) -> None:
        """Finish what waits, then let the cell begin: it sees every label made before it."""
        with self._lock:
            if not self._cells or self._cells == [self]:
                self._cells.clear()
                self._drain()
            self._cells.append(info)
            self._cell_thread = threading.get_ident()

    def _open(self, result: Any) -> None:
        """Let go of a cell, and of the writes if no other cell is around it."""
        with self._lock:
            ended = self._ended(getattr(result, "info", None))
            self._cells = [cell for cell in self._cells if cell is not ended and cell is not self]
            if not self._cells:
                self._drain()
                self._tell_followers()

    def _tell_followers(self) -> None:
        methods = [(reference, reference()) for reference in self._followers]
        self._followers = [reference for reference, method in methods if method is not None]
        for _, method in methods:
            try:
                if method is not None:
                    method()
            except Exception as error:
                log.error("labels could not be read: %s", error, exc_info=error)

    def _ended(self, info: Any) -> object:
        """Tell which cell has ended: an interrupted one does so under another name, or none."""
        is_known = any(cell is info for cell in self._cells)
        # A cell of nothing but blanks ends without having begun.
        is_blank = info is not None and not str(getattr(info, "raw_cell", "x") or "").strip()
        return info if is_known or is_blank or not self._cells else self._cells[-1]

    def _drain(self) -> None:
        while self._waiting:
            write = self._waiting.popleft()
            try:
                write()
            except Exception as error:  # one failure must not hold up the rest
                log.error("a label could not be written: %s", error, exc_info=error)


gate = Gate()
"""The one gate of this process: two widgets on one DataFrame never write side by side."""
