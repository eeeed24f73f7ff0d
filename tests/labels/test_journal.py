import random

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vaewidgets.labels.journal import Edit, Journal, RefusedError, RowSet

N_ROWS = 21
CLASSES = ("cat", "dog", "bird")


def rows(*positions, n_rows=N_ROWS):
    return RowSet.from_positions(np.array(positions, np.int64), n_rows)


def label(seq, code, *positions, client="page"):
    return Edit(client, seq, "label", rows(*positions), code)


def test_a_label_changes_its_rows_and_says_which():
    journal = Journal(N_ROWS, CLASSES)
    change = journal.append(label(1, 2, 0, 7)).change
    assert list(change.layers) == [0]
    assert [part.tolist() for part in change.layers[0]] == [[0, 7], [2, 2]]
    assert change.classes == ()
    assert not change.notes.size
    assert not change.rejected
    assert np.flatnonzero(journal.codes).tolist() == [0, 7]


def test_a_duplicate_is_acknowledged_again_and_changes_nothing():
    journal = Journal(N_ROWS, CLASSES)
    journal.append(label(1, 1, 3))
    journal.append(label(2, 2, 3))
    assert journal.append(label(1, 1, 3)).status == "duplicate"
    assert journal.codes[3] == 2
    assert len(journal.records) == 2


def test_a_gap_is_reported_with_the_edit_to_resend_from():
    journal = Journal(N_ROWS, CLASSES)
    outcome = journal.append(label(2, 1, 3))
    assert (outcome.status, outcome.expected) == ("gap", 1)
    assert not journal.records
    assert not journal.codes.any()


def test_clients_count_their_edits_apart():
    journal = Journal(N_ROWS, CLASSES)
    assert journal.append(label(1, 1, 3, client="one")).status == "applied"
    assert journal.append(label(1, 2, 3, client="two")).status == "applied"
    assert journal.codes[3] == 2


def test_a_refused_edit_stays_refused_and_the_next_one_is_no_gap():
    journal = Journal(N_ROWS, CLASSES)
    journal.refuse("page", 1, "no such class")
    again = journal.append(label(1, 1, 3))
    assert (again.status, again.reason) == ("refused", "no such class")
    assert journal.append(label(2, 1, 3)).status == "applied"


def test_a_client_that_knows_the_fate_of_all_before_is_never_held_up_by_a_gap():
    journal = Journal(N_ROWS, CLASSES)  # as after a restart that forgot a refusal
    edit = Edit("page", 9, "label", rows(4), 1, settled=8)
    assert journal.append(edit).status == "applied"


def test_a_class_is_added_once_and_keeps_its_number():
    journal = Journal(N_ROWS, CLASSES)
    journal.append(Edit("page", 1, "add_class", name="fox"))
    journal.append(Edit("other", 1, "add_class", name="fox"))
    journal.append(Edit("other", 2, "add_class", name="cat"))
    assert journal.classes == ["cat", "dog", "bird", "fox"]
    assert journal.added("page", 1) == journal.added("other", 1) == 4
    assert journal.added("other", 2) == 1
    assert journal.added("page", 2) is None


def test_more_classes_than_a_column_can_have_are_refused_and_nothing_changes():
    journal = Journal(N_ROWS, [str(i) for i in range(1000)])
    with pytest.raises(RefusedError, match="1000 classes"):
        journal.append(Edit("page", 1, "add_class", name="one more"))
    assert not journal.records
    assert journal.place("page", 1) is None


def test_undo_gives_back_what_another_annotator_wrote_before_and_spares_what_came_after():
    journal = Journal(N_ROWS, CLASSES, [np.full(N_ROWS, 3)])
    journal.append(label(1, 1, 0, 1, 2, client="a"), "anna")
    journal.append(label(1, 2, 1, 2, 3, client="b"), "ben")
    journal.append(label(2, 2, 2, client="a"), "anna")
    journal.append(Edit("b", 2, "undo"), "ben")
    assert journal.codes[:4].tolist() == [1, 1, 2, 3]
    journal.append(Edit("a", 3, "undo"), "anna")  # row 2: ben's is undone, anna's first stands
    assert journal.codes[:4].tolist() == [1, 1, 1, 3]
    journal.append(Edit("a", 4, "undo"), "anna")
    assert journal.codes[:4].tolist() == [3, 3, 3, 3]
    journal.append(Edit("b", 3, "redo"), "ben")
    assert journal.codes[:4].tolist() == [3, 2, 2, 2]


def test_nobody_undoes_the_edits_of_another_annotator():
    journal = Journal(N_ROWS, CLASSES)
    journal.append(label(1, 1, 5), "anna")
    assert journal.append(Edit("b", 1, "undo"), "ben").change is None
    assert journal.codes[5] == 1


def test_undo_of_a_million_rows_restores_every_byte():
    n_rows = 1_000_000
    rng = np.random.default_rng(0)
    start = rng.integers(0, 4, n_rows)
    journal = Journal(n_rows, CLASSES, [start])
    mask = rng.random(n_rows) < 0.7
    bits = np.packbits(mask, bitorder="little").tobytes()
    journal.append(Edit("page", 1, "label", RowSet.from_bits(bits, n_rows), 2))
    assert (journal.codes[mask] == 2).all()
    change = journal.append(Edit("page", 2, "undo")).change
    assert journal.codes.tobytes() == start.astype(np.uint16).tobytes()
    assert change.layers[0][0].tolist() == np.flatnonzero(mask & (start != 2)).tolist()
    assert len(bits) == 125_000


def test_a_later_edit_has_a_higher_order_whatever_the_clock_of_the_other_machine():
    journal = Journal(N_ROWS, CLASSES)
    journal.append(label(1, 1, 0), seen=41)
    journal.append(label(2, 1, 0), seen=3)
    assert [record.order for record in journal.records] == [42, 43]


@pytest.mark.parametrize("schedule", range(40))
def test_edits_arrive_exactly_once_and_in_order_over_a_channel_that_loses_and_shuffles(schedule):
    """The page's outbox in a few lines of Python against the real journal."""
    rng = random.Random(schedule)
    journal = Journal(N_ROWS, CLASSES)
    edits = [label(s, 1 + s % 3, *rng.sample(range(N_ROWS), 3)) for s in range(1, 25)]
    outbox = {edit.seq: edit for edit in edits}
    up, down = [], []

    def put(channel, message):
        if rng.random() < 0.7:
            channel.insert(rng.randint(0, len(channel)), message)
            if rng.random() < 0.3:
                channel.append(message)

    rounds = 0
    while outbox:
        rounds += 1
        assert rounds < 5000
        for seq in sorted(outbox)[:4]:
            put(up, outbox[seq])
        while up and rng.random() < 0.8:
            edit = up.pop(0)
            outcome = journal.append(edit)
            if outcome.status in ("applied", "duplicate"):
                put(down, edit.seq)
        while down and rng.random() < 0.8:
            outbox.pop(down.pop(0), None)
    assert [record.edit.seq for record in journal.records] == [edit.seq for edit in edits]
    expected = Journal(N_ROWS, CLASSES)
    for edit in edits:
        expected.append(edit)
    assert journal.codes.tolist() == expected.codes.tolist()


class UndoMachine(RuleBasedStateMachine):
    """The journal against lists of whole states, which is what undo means."""

    @initialize(start=st.lists(st.integers(0, 3), min_size=N_ROWS, max_size=N_ROWS))
    def begin(self, start):
        self.journal = Journal(N_ROWS, CLASSES, [np.array(start)])
        self.past, self.now, self.future = [], list(start), []
        self.seq = 0

    def append(self, kind, **parts):
        self.seq += 1
        before = self.journal.codes.copy()
        change = self.journal.append(Edit("page", self.seq, kind, **parts)).change
        changed = np.flatnonzero(before != self.journal.codes)
        assert bool(change) == bool(changed.size)
        if change:
            rows, codes = change.layers[0]
            assert rows.tolist() == changed.tolist()
            assert codes.tolist() == self.journal.codes[changed].tolist()

    @rule(code=st.integers(0, 3), where=st.sets(st.integers(0, N_ROWS - 1)))
    def write(self, code, where):
        positions = sorted(where)
        self.append("label" if code else "clear", rows=rows(*positions), code=code)
        self.past.append(list(self.now))
        self.future.clear()
        for row in positions:
            self.now[row] = code

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

    @invariant()
    def state_is_that_of_the_model(self):
        assert self.journal.codes.tolist() == self.now
        assert self.journal.depth() == (len(self.past), len(self.future))

    def teardown(self):
        again = self.journal.fold()
        assert again.codes.tolist() == self.journal.codes.tolist()
        assert again.depth() == self.journal.depth()


TestUndoOfAnyDepth = UndoMachine.TestCase
TestUndoOfAnyDepth.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
