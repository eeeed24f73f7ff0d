"""What changed, told to the pages: few messages, each small, none that can be missed unseen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.edits import Edit
from vaewidgets.labels.journal import Change, Journal
from vaewidgets.labels.rows import RowSet

# Jupyter drops messages above 1000 a second; a program may label faster than that.
PAUSE = 0.05
"""Shortest time between two messages of changes, in seconds."""


class News:
    """Tells the pages of changes and of edits that are kept, at most 20 times a second.

    Changes between two messages are put together, so a program that labels in a loop sends one
    message and not thousands.

    Parameters
    ----------
    journal : Journal
    send : callable(message, buffers)
        Sends to every page.
    lock : lock
        Held while the journal changes; may be entered again by its holder.

    Attributes
    ----------
    version : int
        Counts the edits. A page that missed a message sees it by the number and asks for all.

    Notes
    -----
    Messages: ``diff`` with `base` and `version`, for rows that changed a bitset, and `code` if
    all have the same one now, else a buffer of uint16 codes; ``ack`` with the `seqs` of a
    `client` that are kept, always after the diff that they made.
    """

    def __init__(
        self,
        journal: Journal,
        send: Callable[[dict[str, Any], list[bytes]], Any],
        lock: Any,
    ) -> None:
        self.version = 0
        self._journal = journal
        self._sender = send
        self._lock = lock
        self._base = 0
        self._edits: list[Edit] = []
        self._rows: list[NDArray[np.int64]] = []
        self._acks: dict[str, list[int]] = {}
        self._sent_at = -PAUSE
        self._timer: threading.Timer | None = None

    def add(self, edit: Edit, change: Change | None) -> None:
        """Put an edit among what is to be told."""
        self.version += 1
        self._edits.append(edit)
        if change is not None:
            self._rows.append(change.rows)

    def acknowledge(self, client: str, seq: int) -> None:
        """Put among what is to be told that a page's edit is kept."""
        self._acks.setdefault(client, []).append(seq)

    def tell(self) -> None:
        """Send what there is, now or a little later. Called with the lock held, as all above."""
        if self._timer is not None:
            return
        wait = self._sent_at + PAUSE - time.monotonic()
        if wait <= 0:
            self._send()
        else:
            self._timer = threading.Timer(wait, self._send)
            self._timer.daemon = True
            self._timer.start()

    def stop(self) -> None:
        """Tell nothing more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._edits.clear()
            self._acks.clear()

    def _send(self) -> None:
        with self._lock:
            self._timer = None
            self._sent_at = time.monotonic()
            if self._edits:
                self._sender(*self._change())
                self._base = self.version
                self._edits.clear()
                self._rows.clear()
            for client, seqs in self._acks.items():
                ack = {"op": "ack", "client": client, "seqs": seqs, "version": self.version}
                self._sender(ack, [])
            self._acks.clear()

    def _change(self) -> tuple[dict[str, Any], list[bytes]]:
        """Put all edits since the last message into one."""
        undo, redo = self._journal.depth()
        message: dict[str, Any] = {
            "op": "diff",
            "base": self._base,
            "version": self.version,
            "undo": undo,
            "redo": redo,
        }
        if len(self._edits) == 1:
            edit = self._edits[0]
            message["by"] = {"client": edit.client, "seq": edit.seq, "kind": edit.kind}
        if any(edit.kind == "add_class" for edit in self._edits):
            message["classes"] = list(self._journal.classes)
        rows = self._rows[0] if len(self._rows) == 1 else np.empty(0, np.int64)
        if len(self._rows) > 1:
            rows = np.unique(np.concatenate(self._rows))
        if not len(rows):
            return message, []
        codes = self._journal.codes[rows]
        bits = RowSet.from_positions(rows, self._journal.n_rows).bits
        if (codes == codes[0]).all():
            message["code"] = int(codes[0])
            return message, [bits]
        return message, [bits, codes.astype("<u2").tobytes()]
