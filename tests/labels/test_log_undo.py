"""Undo and redo of any depth, through restarts and crashes, against a few dicts."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.labels._logs import open_log
from vaewidgets.labels.journal import Edit, RowSet

N_ROWS = 13
ROWS = st.sets(st.integers(0, N_ROWS - 1))
CODES = st.integers(1, 3)


class UndoMachine(RuleBasedStateMachine):
    """One person labels, accepts, rejects and notes; another one is always in between."""

    @initialize(start=st.lists(st.integers(0, 3), min_size=N_ROWS, max_size=N_ROWS))
    def begin(self, start):
        self.root = Path(tempfile.mkdtemp())
        self.n_folders = self.seq = 0
        self.journal = self.open("labels-0", [np.array(start)])
        labels = {row: (code, False) for row, code in enumerate(start) if code}
        self.past, self.now, self.future = [], (labels, {}, frozenset()), []

    def open(self, name, layers=None):
        return open_log(self.root / name, N_ROWS, layers=layers)

    def append(self, kind, where=None, code=0, name="", by="anna"):
        self.seq += 1
        rows = None
        if where is not None:
            rows = RowSet.from_positions(np.array(sorted(where), np.int64), N_ROWS)
        self.journal.append(Edit("page", self.seq, kind, rows, code, name=name), by)

    def write(self, labels=None, notes=None, rejected=None):
        self.past.append(self.now)
        self.future.clear()
        now = self.now
        self.now = (
            now[0] if labels is None else labels,
            now[1] if notes is None else notes,
            now[2] if rejected is None else rejected,
        )

    @rule(code=CODES, where=ROWS)
    def label(self, code, where):
        self.append("label", where, code)
        self.write({**self.now[0], **dict.fromkeys(where, (code, False))})

    @rule(where=ROWS)
    def clear(self, where):
        self.append("clear", where)
        self.write({row: said for row, said in self.now[0].items() if row not in where})

    @rule(code=CODES, where=ROWS)
    def accept(self, code, where):
        self.append("accept", where, code)
        free = [row for row in where if self.now[0].get(row, (0, True))[1]]
        self.write({**self.now[0], **dict.fromkeys(free, (code, True))})

    @rule(code=CODES, where=ROWS)
    def reject(self, code, where):
        self.append("reject", where, code)
        self.write(rejected=self.now[2] | {(row, code) for row in where})

    @rule(where=ROWS, text=st.sampled_from(["", "blurred", "twice"]))
    def note(self, where, text):
        self.append("note", where, name=text)
        notes = {**self.now[1], **dict.fromkeys(where, text)}
        self.write(notes={row: text for row, text in notes.items() if text})

    @rule()
    def undo(self):
        self.append("undo")
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    @rule()
    def redo(self):
        self.append("redo")
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    @rule()
    def somebody_else_does_and_undoes(self):
        self.append("label", range(N_ROWS), 1, by="ben")
        self.append("undo", by="ben")

    @rule()
    def restart(self):
        self.journal.close()
        self.journal = self.open(f"labels-{self.n_folders}")

    @rule(torn=st.binary(max_size=30))
    def crash(self, torn):
        """Go on from what a program that was killed in the middle of a write leaves behind."""
        old, self.n_folders = self.root / f"labels-{self.n_folders}", self.n_folders + 1
        new = self.root / f"labels-{self.n_folders}"
        shutil.copytree(old, new)
        with max(new.glob("*.jsonl"), key=lambda path: path.stat().st_mtime).open("ab") as file:
            file.write(torn.replace(b"\n", b""))
        self.journal.close()
        self.journal = self.open(new.name)

    @invariant()
    def state_is_that_of_the_model(self):
        labels, notes, rejected = self.now
        codes, suggested = self.journal.codes.tolist(), self.journal.suggested().tolist()
        assert {row: (codes[row], suggested[row]) for row in range(N_ROWS) if codes[row]} == labels
        assert self.journal.notes == notes
        assert set(zip(*(part.tolist() for part in self.journal.rejected()), strict=True)) == (
            rejected
        )
        assert self.journal.depth("anna") == (len(self.past), len(self.future))
        assert not self.journal.damaged

    def teardown(self):
        if hasattr(self, "journal"):
            self.journal.close()
            shutil.rmtree(self.root)


TestUndoThroughCrashes = UndoMachine.TestCase
TestUndoThroughCrashes.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
