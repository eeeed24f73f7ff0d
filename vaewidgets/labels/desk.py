"""The way of an edit: checked, into the log, into the frame, and told to the pages."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from vaewidgets.labels.gate import gate
from vaewidgets.labels.journal import (
    Change,
    Edit,
    Journal,
    Outcome,
    RefusedError,
    parse_edit,
    parse_identity,
)
from vaewidgets.labels.journal.edits import clean_note, notice_of
from vaewidgets.labels.news import News, together
from vaewidgets.labels.rebinding import rebinding
from vaewidgets.labels.table import Columns, ConflictError

log = logging.getLogger("vaewidgets")

Written = Callable[[Change], None]


class Desk:
    """Takes the edits of one annotator, from its pages and from Python.

    Parameters
    ----------
    journal : Journal
    columns : LabelColumn or TagColumns
        The column or columns of the frame, with the classes of the journal in their order.
    send : callable(message, buffers)
        Sends to every page.
    annotator : str
        Who labels here: undo and redo reach back over this person's steps.
    on_written : callable(change)
        Called after the frame has a change.
    on_disputed : callable()
        Called after what is proposed may stand no more, or again: suggestions were rejected, or
        classes are gone or back.

    Attributes
    ----------
    conflict : str
        Why the frame does not take the labels at the moment, "" if it does.
    """

    def __init__(
        self,
        journal: Journal,
        columns: Columns,
        send: Callable[..., Any],
        annotator: str,
        *,
        on_written: Written,
        on_disputed: Callable[[], None],
    ) -> None:
        self.journal, self.columns, self.annotator = journal, columns, annotator
        self.conflict = ""
        self.lock = threading.RLock()  # held for each edit, never while waiting for the gate
        self._to_pages, self._on_written, self._on_disputed = send, on_written, on_disputed
        self.news = News(journal, self._send, self.lock, annotator)
        self._unwritten: list[Change] = []
        self._own_client = f"python-{uuid.uuid4().hex}"
        self._own_seq = 0
        self._is_closed = False
        gate.attach()
        rebinding.watch(columns)

    def do(self, kind: Any, **content: Any) -> Outcome:
        """Make an edit of this program's own.

        Parameters
        ----------
        kind : str
            One of ``edits.KINDS``.
        **content
            Further fields of :class:`Edit`.

        Raises
        ------
        RefusedError
            If the edit cannot be; nothing is changed.
        OSError
            If it could not be put on disk; nothing is changed.
        """
        with self.lock:
            self._check_open()
            # A number is never used again: one that was interrupted may be on disk all the same.
            before, self._own_seq = self._own_seq, self._own_seq + 1
            edit = Edit(self._own_client, self._own_seq, kind, settled=before, **content)
            outcome = self._append(edit)
            self.news.tell()
        self._settle(outcome.change)
        return outcome

    def receive(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        """Take an edit of a page, and answer it."""
        client, seq, settled = parse_identity(content)
        with self.lock:
            outcome = self.journal.place(client, seq, settled)
            if outcome is None:
                try:
                    self._check_open()
                    edit = self._parsed(content, buffers)
                    outcome = self._append(edit, notice_of(content))
                except RefusedError as error:
                    self.journal.refuse(client, seq, str(error))
                    outcome = Outcome("refused", reason=str(error))
                except Exception as error:  # not in the log: the page keeps it and asks again
                    log.error("an edit could not be kept", exc_info=error)
                    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    self._send({"op": "failed", "client": client, "seq": seq, "message": text})
                    return
            self._answer(client, seq, outcome)
        self._settle(outcome.change)

    def refresh(self) -> None:
        """Take in what others have written into the same log since."""
        with self.lock:
            if self._is_closed:
                return
            change = self.journal.refresh()
            if change is None:
                return
            self._keep(None, change)
            self.news.tell()
        self._settle(change)

    def write_all(self) -> None:
        """Bring into the frame what only the log has: what was labelled in another kernel."""
        found = self.columns.layers
        layers = {}
        with self.lock:
            for k, layer in enumerate(self.journal.layers):
                rows = np.flatnonzero(layer != found[k] if k < len(found) else layer)
                if rows.size:
                    layers[k] = rows, layer[rows]
            self._unwritten.append(Change(layers=layers))
        gate.submit(self._write)

    def labelled(self, *, details: bool) -> pd.DataFrame:
        """Copy of the frame with all labels, those too that wait for the end of a cell."""
        with self.lock:
            journal = self.journal
            self.columns.follow(journal.classes, journal.gone)
            return self.columns.labelled(
                journal.layers, journal.suggested, journal.notes, details=details
            )

    def labelled_in(self, frame: pd.DataFrame, on: Hashable, *, details: bool) -> pd.DataFrame:
        """Copy of another frame with the labels, its rows matched by a column."""
        with self.lock:
            journal = self.journal
            self.columns.follow(journal.classes, journal.gone)
            return self.columns.labelled_in(
                frame, on, journal.layers, journal.suggested, journal.notes, details=details
            )

    def state(self) -> tuple[dict[str, Any], list[bytes]]:
        """Everything a page must know, as a message. Called with the lock held."""
        journal = self.journal
        n_codes = 3 if journal.multi else len(journal.classes) + 1
        dtype = "<u1" if n_codes <= 256 else "<u2"
        undo, redo = journal.depth(self.annotator)
        return {
            "version": self.news.version,
            "classes": list(journal.classes),
            "gone": sorted(journal.gone),
            "multi": journal.multi,
            "layers": len(journal.layers),
            "dtype": dtype,
            "undo": undo,
            "redo": redo,
            "conflict": self.conflict,
            "notes": {str(row): text for row, text in journal.notes.items()},
        }, [layer.astype(dtype).tobytes() for layer in journal.layers]

    def close(self) -> None:
        """Take no more edits; those on disk stay, and other annotators go on."""
        with self.lock:
            self._is_closed = True
            rebinding.discard(self.columns)
            self.news.stop()
            self.journal.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("this annotator was closed; make a new one to go on labelling")

    def _parsed(self, content: dict[str, Any], buffers: Sequence[Any]) -> Edit:
        journal = self.journal
        return parse_edit(content, buffers, journal.n_rows, len(journal.classes), journal.added)

    def _append(self, edit: Edit, notice: str = "") -> Outcome:
        """Take a checked edit into the journal and tell the pages, also what was changed in it."""
        edit, changed = self._as_the_frame_has_it(edit)
        outcome = self.journal.append(edit, self.annotator)
        if outcome.status == "applied":
            self._keep(edit, outcome.change)
            if changed or notice:
                self._send({"op": "notice", "text": changed or notice})
        return outcome

    def _keep(self, edit: Edit | None, change: Change | None) -> None:
        """Have a change told to the pages, and written by the next write, whoever asks for it."""
        self.news.add(edit, change)
        if change is not None:
            self._unwritten.append(change)

    def _as_the_frame_has_it(self, edit: Edit) -> tuple[Edit, str]:
        """Refuse what the frame cannot hold; return the edit with the text it will have."""
        if edit.kind in ("clear", "delete_class"):
            self.columns.check_clear()
        if edit.kind == "add_class":
            name, notice = self.columns.check_class(edit.name)
        elif edit.kind == "rename_class":
            # Other new names may still wait for the end of a cell.
            self.columns.follow(self.journal.classes, self.journal.gone)
            name, notice = self.columns.check_rename(edit.code - 1, edit.name)
        elif edit.kind == "note":
            name, notice = clean_note(edit.name)
        else:
            return edit, ""
        return replace(edit, name=name), notice

    def _answer(self, client: str, seq: int, outcome: Outcome) -> None:
        """Tell the page what became of its edit. Called with the lock held."""
        if outcome.status in ("applied", "duplicate"):
            self.news.acknowledge(client, seq)
            self.news.tell()
        elif outcome.status == "gap":
            self._send({"op": "gap", "client": client, "expected": outcome.expected})
        else:
            message = {"client": client, "seq": seq, "message": outcome.reason}
            self._send({"op": "refused", **message})

    def _settle(self, change: Change | None) -> None:
        """Bring a change into the frame, now or when the running cell has ended."""
        if change is None:
            return
        gate.submit(self._write)
        if change.rejected or change.classes:
            self._on_disputed()

    def _write(self) -> None:
        """Write all changes that wait at once: each takes the whole column anew."""
        journal = self.journal
        with self.lock:  # nothing may change between the classes and the labels
            if not self._unwritten:
                return
            change = together(self._unwritten, journal.layers)
            self._unwritten = [change]
            rows = {layer: changed for layer, (changed, _) in change.layers.items()}
            try:
                self.columns.follow(journal.classes, journal.gone)
                self.columns.write(rows, journal.layers, journal.suggested, journal.notes)
            except Exception as error:  # the labels are in the journal all the same
                if not isinstance(error, ConflictError):
                    log.error("the labels could not be written", exc_info=error)
                    error = ConflictError(f"The DataFrame could not be written: {error}.")
                conflict = str(error)
            else:
                conflict = ""
                self._unwritten = []
        self._tell_conflict(conflict)
        if not conflict:
            self._on_written(change)

    def _send(self, message: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Tell every page; one that misses it sees so by the next, and a label is kept anyway."""
        try:
            self._to_pages(message, list(buffers))
        except Exception as error:
            log.error("the page could not be told of labels", exc_info=error)

    def _tell_conflict(self, text: str) -> None:
        """Show in every view whether the frame takes the labels."""
        if text != self.conflict:
            self.conflict = text
            self._send({"op": "conflict", "text": text})
