"""What changed, told to the pages: few messages, each small, none that can be missed unseen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal import Change, Edit, Journal, RowSet

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
    about_classes : callable() -> dict
        What a page must know of the classes.

    Attributes
    ----------
    version : int
        Counts the edits. A page that missed a message sees it by the number and asks for all.

    Notes
    -----
    Messages: ``diff`` with `base` and `version`, and `parts`: for each layer that changed a bitset
    of the rows, and `code` if all have the same one now, else a buffer of uint16 codes. `acks` in
    it are the numbers of the edits that are kept, by client, so that no page ever counts an edit
    both among what is kept and among what is on its way; ``ack`` has them where nothing changed.
    """

    def __init__(
        self,
        journal: Journal,
        send: Callable[[dict[str, Any], list[bytes]], Any],
        lock: Any,
        about_classes: Callable[[], dict[str, Any]],
        annotator: str = "",
    ) -> None:
        self.version = 0
        self._journal, self._annotator = journal, annotator
        self._sender = send
        self._lock = lock
        self._about_classes = about_classes
        self._base = 0
        self._edits: list[Edit | None] = []
        self._changes: list[Change] = []
        self._acks: dict[str, list[int]] = {}
        self._sent_at = -PAUSE
        self._timer: threading.Timer | None = None

    def add(self, edit: Edit | None, change: Change | None) -> None:
        """Put an edit among what is to be told, or (None) what others did."""
        self.version += 1
        self._edits.append(edit)
        if change is not None:
            self._changes.append(change)

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
                self._changes.clear()
            elif self._acks:
                self._sender({"op": "ack", "version": self.version, "acks": self._acks}, [])
            self._acks = {}

    def _change(self) -> tuple[dict[str, Any], list[bytes]]:
        """Put all edits since the last message into one."""
        journal = self._journal
        undo, redo = journal.depth(self._annotator)
        message: dict[str, Any] = {
            "op": "diff",
            "base": self._base,
            "version": self.version,
            "undo": undo,
            "redo": redo,
            "acks": self._acks,
        }
        edit = self._edits[0]
        if len(self._edits) == 1 and edit is not None:
            message["by"] = {"client": edit.client, "seq": edit.seq, "kind": edit.kind}
        if any(change.classes for change in self._changes):
            message |= self._about_classes()
        noted = {int(row) for change in self._changes for row in change.notes}
        if noted:
            message["notes"] = {str(row): journal.notes.get(row, "") for row in noted}
        if any(change.kept for change in self._changes):
            message["kept"] = self.kept()
        parts = [self._part(layer, rows) for layer, rows in _rows(self._changes).items()]
        message["parts"] = [part for part, _ in parts]
        sent = [buffer for _, buffers in parts for buffer in buffers]
        if any(change.aside.size for change in self._changes):
            message["aside"] = True
            sent.append(self.aside())
        return message, sent

    def state(self) -> tuple[dict[str, Any], list[bytes]]:
        """All that the log says, as a message."""
        journal = self._journal
        n_codes = 3 if journal.multi else len(journal.classes) + 1
        dtype = "<u1" if n_codes <= 256 else "<u2"
        undo, redo = journal.depth(self._annotator)
        return {
            "version": self.version,
            **self._about_classes(),
            "multi": journal.multi,
            "layers": len(journal.layers),
            "dtype": dtype,
            "undo": undo,
            "redo": redo,
            "notes": {str(row): text for row, text in journal.notes.items()},
            "aside": True,
            "kept": self.kept(),
        }, [*(layer.astype(dtype).tobytes() for layer in journal.layers), self.aside()]

    def kept(self) -> list[tuple[str, int]]:
        """List the selections that are kept: the name of each, and how many images it has."""
        return [(name, len(rows)) for name, rows in self._journal.kept.items()]

    def aside(self) -> bytes:
        """Bitset of the images that are set aside."""
        return np.packbits(self._journal.aside, bitorder="little").tobytes()

    def _part(self, layer: int, rows: NDArray[np.int64]) -> tuple[dict[str, int], list[bytes]]:
        """Say what a layer holds in these rows now."""
        codes = self._journal.layers[layer][rows]
        bits = RowSet.from_positions(rows, self._journal.n_rows).bits
        if len(codes) and (codes == codes[0]).all():
            return {"layer": layer, "code": int(codes[0])}, [bits]
        return {"layer": layer}, [bits, codes.astype("<u2").tobytes()]


def together(changes: Sequence[Change], layers: Sequence[NDArray[np.uint16]]) -> Change:
    """Put changes into one; `layers` are the labels after all of them."""
    if len(changes) == 1:
        return changes[0]
    return Change(
        {layer: (rows, layers[layer][rows]) for layer, rows in _rows(changes).items()},
        tuple(sorted({number for change in changes for number in change.classes})),
        np.unique(np.concatenate([change.notes for change in changes])),
        any(change.rejected for change in changes),
        np.unique(np.concatenate([change.aside for change in changes])),
        any(change.kept for change in changes),
    )


def _rows(changes: Iterable[Change]) -> dict[int, NDArray[np.int64]]:
    """Rows that changed, of each layer that did."""
    of_layer: dict[int, list[NDArray[np.int64]]] = {}
    for change in changes:
        for layer, (rows, _) in change.layers.items():
            of_layer.setdefault(layer, []).append(rows)
    return {
        layer: found[0] if len(found) == 1 else np.unique(np.concatenate(found))
        for layer, found in sorted(of_layer.items())
    }
