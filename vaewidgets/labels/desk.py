"""The way of an edit: checked, into the log, into the frame, and told to the pages."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from vaewidgets.labels import sharing
from vaewidgets.labels.cells import Cells
from vaewidgets.labels.conflict import Conflict, LabelConflictWarning
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
from vaewidgets.labels.journal.edits import TEXT_KINDS, clean_name, clean_note, notice_of
from vaewidgets.labels.news import News, together
from vaewidgets.labels.rebinding import rebinding
from vaewidgets.labels.table import NOTHING, About, Columns, ConflictError
from vaewidgets.labels.telling import warn

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
        Called after what is proposed may stand no more, or again: suggestions were rejected,
        images set aside, or classes are gone or back.
    asked : sequence of str
        Classes that this run asks for: they come first, in this order.
    hidden : set of int
        Tags of the log that are another task's.

    Attributes
    ----------
    conflict : Conflict or None
        Why the frame does not take the labels at the moment.
    rebound : Conflict or None
        Which variable of the person's holds another frame at the moment.
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
        asked: Sequence[str] = (),
        hidden: AbstractSet[int] = frozenset(),
    ) -> None:
        self.journal, self.columns, self.annotator = journal, columns, annotator
        self.conflict: Conflict | None = None
        self.rebound: Conflict | None = None
        self.hidden = columns.hidden = set(hidden)
        self._asked = list(asked)
        self.lock = threading.RLock()  # held for each edit, never while waiting for the gate
        self._to_pages, self._on_written, self._on_disputed = send, on_written, on_disputed
        self.news = News(journal, self._send, self.lock, self.about_classes, annotator)
        self._unwritten: list[Change] = []
        self._own_client = f"python-{uuid.uuid4().hex}"
        self._own_seq = 0
        self._is_closed = False
        self._cells = Cells(journal, columns, annotator, self._keep)
        gate.attach()
        gate.follow(self.settle)
        rebinding.watch(self)
        sharing.join(self)

    @property
    def gone(self) -> set[int]:
        """Numbers of the classes that are not shown: removed, or another task's."""
        return self.journal.gone | self.hidden

    def order(self) -> list[int]:
        """Numbers of the classes that are shown, in the person's order."""
        shown = set(range(len(self.journal.classes))) - self.gone
        first = [
            number
            for name in self._asked
            for number in self.journal.numbers_of(name)[:1]
            if number in shown
        ]
        return list(dict.fromkeys([*first, *sorted(shown)]))

    def about_classes(self) -> dict[str, Any]:
        """Say what a page must know of the classes."""
        names = list(self.journal.classes)
        return {"classes": names, "gone": sorted(self.gone), "order": self.order()}

    def settle(self) -> None:
        """Bring frame and log to agree, if the frame can be read now: every reader's first step.

        What a cell wrote into the columns is taken into the log; what the log has and the frame
        lacks is written, unless a cell runs: no frame changes under a cell that only reads. See
        :func:`vaewidgets.labels.truth.settle` for who wins. Never called with the lock held:
        whoever holds the gate waits for the lock.
        """
        self.refresh()
        gate.try_now(self._agree_as_far_as_can_be)

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
        self.settle()
        content.setdefault("how", "python")
        with self.lock:
            self._check_open()
            # A number is never used again: one that was interrupted may be on disk all the same.
            before, self._own_seq = self._own_seq, self._own_seq + 1
            edit = Edit(self._own_client, self._own_seq, kind, settled=before, **content)
            outcome = self._append(edit, from_python=True)
            self.news.tell()
        self._settle(outcome.change)
        for conflict in (self.conflict, self.rebound):
            if conflict is not None:
                warn(str(conflict), LabelConflictWarning)
        return outcome

    def receive(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        """Take an edit of a page, and answer it."""
        client, seq, settled = parse_identity(content)
        self.settle()  # what cells wrote before was there before
        with self.lock:
            outcome = self.journal.place(client, seq, settled)
            if outcome is None:
                try:
                    self._check_open()
                    n_rows, n_classes = self.journal.n_rows, len(self.journal.classes)
                    edit = parse_edit(content, buffers, n_rows, n_classes, self.journal.added)
                    outcome = self._append(edit, notice_of(content))
                except RefusedError as error:
                    self.journal.refuse(client, seq, str(error))
                    log.warning("an edit of the page was refused: %s", error)
                    outcome = Outcome("refused", reason=str(error))
                except Exception as error:  # not in the log: the page keeps it and asks again
                    log.error("an edit could not be kept", exc_info=error)
                    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    self._send({"op": "failed", "client": client, "seq": seq, "message": text})
                    return
            self._answer(client, seq, outcome)
        self._settle(outcome.change)

    def tell_rebound(self, name: str | None) -> None:
        """Note which variable holds another frame than ours now; None for none."""
        if name is None:
            self.rebound = None
        elif self.rebound is None or self.rebound.name != name:
            self.rebound = Conflict.rebound(name)
            log.warning(str(self.rebound))
            self._send({"op": "notice", "text": str(self.rebound)})

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
        self._write_later(change)

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
        self.settle()
        with self.lock:
            journal = self.journal
            self.columns.follow(journal.classes, journal.gone)
            about = self._about() if details or self.columns.details else NOTHING
            return self.columns.labelled(
                journal.layers, journal.suggested, journal.notes, about, details=details
            )

    def labelled_in(self, frame: pd.DataFrame, on: Hashable, *, details: bool) -> pd.DataFrame:
        """Copy of another frame with the labels, its rows matched by a column."""
        self.settle()
        with self.lock:
            journal = self.journal
            self.columns.follow(journal.classes, journal.gone)
            about = self._about() if details else NOTHING
            return self.columns.labelled_in(
                frame,
                on,
                journal.layers,
                journal.suggested,
                journal.notes,
                about=about,
                details=details,
            )

    def state(self) -> tuple[dict[str, Any], list[bytes]]:
        """Everything a page must know, as a message. Called with the lock held."""
        message, buffers = self.news.state()
        return message | {"conflict": self.conflict.what if self.conflict else ""}, buffers

    def close(self) -> None:
        """Take no more edits; those on disk stay, and other annotators go on."""
        with self.lock:
            self._is_closed = True
            rebinding.discard(self)
            sharing.leave(self)
            self.news.stop()
            self.journal.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("this annotator was closed; make a new one to go on labelling")

    def _append(self, edit: Edit, notice: str = "", *, from_python: bool = False) -> Outcome:
        """Take a checked edit into the journal and tell the pages, also what was changed in it."""
        edit, changed = self._as_the_frame_has_it(edit)
        outcome = self.journal.append(edit, self.annotator)
        if outcome.status == "applied":
            for name in (edit.name, *edit.names) if edit.kind in ("add_class", "group") else ():
                self.hidden.discard(self.journal.number_of(name) or 0)
            self._keep(edit, outcome.change)
            if changed or notice:
                self._send({"op": "notice", "text": changed or notice})
                (warn if from_python else log.warning)(changed or notice)
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
        if edit.kind == "clear" and not edit.code and self.hidden:  # another task's stay
            edit = replace(edit, several=tuple(1 + number for number in self.order()))
        if edit.kind == "add_class":
            name, notice = self.columns.check_class(edit.name)
        elif edit.kind == "rename_class":
            # Other new names may still wait for the end of a cell.
            self.columns.follow(self.journal.classes, self.journal.gone)
            name, notice = self.columns.check_rename(edit.code - 1, edit.name)
        elif edit.kind in (*TEXT_KINDS, "keep"):
            name, notice = (clean_name if edit.kind == "keep" else clean_note)(edit.name)
        elif edit.kind == "group":
            checked = [self.columns.check_class(name) for name in edit.names]
            notices = [notice for _, notice in checked if notice]
            return replace(edit, names=tuple(name for name, _ in checked)), " ".join(notices)
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
        """Bring a change into the frame, now or when the cell has ended, and tell of it."""
        if change is None:
            return
        self._write_later(change)
        sharing.tell_others(self)

    def _write_later(self, change: Change) -> None:
        gate.submit(self._agree)
        if change.rejected or change.classes or change.aside.size:
            self._on_disputed()

    def _agree_as_far_as_can_be(self) -> None:
        self._agree(write=gate.is_open)

    def _agree(self, *, write: bool = True) -> None:
        """Take in what cells wrote, then write all changes that wait at once."""
        taken = False
        with self.lock:
            if self._is_closed:
                return
            try:
                taken, behind = self._cells.take_in()
                self._unwritten += behind
                if taken:
                    self.news.tell()
            except ConflictError as error:
                conflict: ConflictError | None = error
            else:
                conflict = None
        if taken:
            sharing.tell_others(self)
        if conflict is not None:
            self._tell_conflict(conflict)
        elif write:
            self._write()

    def _about(self) -> About:
        return About(self.journal.origins, self.journal.reasons)

    def _write(self) -> None:
        """Write all changes that wait at once: each takes the whole column anew."""
        journal = self.journal
        with self.lock:  # nothing may change between the classes and the labels
            if not self._unwritten:
                self._tell_conflict(None)
                return
            change = together(self._unwritten, journal.layers)
            self._unwritten = [change]
            rows = {layer: changed for layer, (changed, _) in change.layers.items()}
            about = self._about() if self.columns.details else NOTHING
            error: Exception | None = None
            try:
                self.columns.follow(journal.classes, journal.gone)
                self.columns.write(rows, journal.layers, journal.suggested, journal.notes, about)
            except ConflictError as conflict:  # the labels are in the journal all the same
                error = conflict
            except Exception as failure:
                log.error("the labels could not be written", exc_info=failure)
                error = ConflictError(f"The DataFrame could not be written: {failure}.")
            else:
                self._unwritten = []
        self._tell_conflict(error)
        if error is None:
            self._on_written(change)

    def _send(self, message: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Tell every page; one that misses it sees so by the next, and a label is kept anyway."""
        try:
            self._to_pages(message, list(buffers))
        except Exception as error:
            log.error("the page could not be told of labels", exc_info=error)

    def _tell_conflict(self, error: Exception | None) -> None:
        """Tell, in every view and in Python, whether the frame takes the labels."""
        text = "" if error is None else str(error)
        if text == (self.conflict.what if self.conflict else ""):
            return
        self.conflict = Conflict.now(text) if text else None
        self._send({"op": "conflict", "text": text})
        if text:
            log.warning(text)
