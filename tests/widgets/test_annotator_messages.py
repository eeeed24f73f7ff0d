"""The messages of the annotator's page: refused, resent, out of order, never lost."""

import random
import time

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import N, acked, edit, names, sync
from vaewidgets.labels.news import PAUSE

HOSTILE = [-1, 10**9, 1.5, "3", None, 2**53 + 1]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_class_that_is_none_changes_nothing_and_the_page_is_told(annotate, value):
    widget = annotate()
    edit(widget, 1, rows=[3], **{"class": value})
    (refused,) = widget.comm.of("refused")
    assert (refused["client"], refused["seq"]) == ("page", 1)
    assert "class is" in refused["message"]
    assert not widget._desk.journal.records
    assert names(widget.frame) == [None] * N
    edit(widget, 2, rows=[3], **{"class": 0})
    assert acked(widget) == [2]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_number_that_is_none_changes_nothing_and_the_page_is_told(annotate, value, caplog):
    widget = annotate()
    edit(widget, value, rows=[3], **{"class": 0})
    assert widget.comm.of("error") or widget.comm.of("gap")
    assert not widget._desk.journal.records


@pytest.mark.parametrize("rows", [b"", b"\x01", b"\x00\xff", bytes(1000)])
def test_rows_that_fit_no_image_change_nothing_and_the_page_is_told(annotate, rows):
    widget = annotate()
    message = {"op": "edit", "client": "page", "seq": 1, "kind": "label", "class": 0}
    widget._dispatch(widget, message, [memoryview(rows)])
    assert "bitset" in widget.comm.of("refused")[0]["message"]
    assert not widget._desk.journal.records


@pytest.mark.parametrize("rows", [*HOSTILE, [0, -1], [[1]], [True]])
def test_rows_from_python_that_name_no_image_are_refused(annotate, rows):
    widget = annotate()
    with pytest.raises((TypeError, ValueError, IndexError)):
        widget.label(rows, "cat")
    assert names(widget.frame) == [None] * N


def test_a_refused_edit_is_refused_again_when_it_is_sent_again(annotate):
    widget = annotate()
    for _ in range(3):
        edit(widget, 1, rows=[3], **{"class": 9})
    assert len(widget.comm.of("refused")) == 3
    assert acked(widget) == []


def test_a_gap_is_told_and_filled_in_order(annotate):
    widget = annotate()
    edit(widget, 2, rows=[1], **{"class": 1})
    assert widget.comm.of("gap") == [{"op": "gap", "client": "page", "expected": 1}]
    edit(widget, 1, rows=[1], **{"class": 0})
    edit(widget, 2, rows=[1], **{"class": 1})
    assert widget.labels[1] == "dog"


def test_what_an_older_edit_sent_again_says_is_not_done_again(annotate):
    widget = annotate()
    edit(widget, 1, rows=[1], **{"class": 0})
    edit(widget, 2, rows=[1], **{"class": 1})
    edit(widget, 1, rows=[1], **{"class": 0})
    assert widget.labels[1] == "dog"
    widget.comm.wait_for(lambda: acked(widget) == [1, 2, 1])


@pytest.mark.parametrize("schedule", range(8))
def test_thirty_edits_arrive_in_order_however_the_messages_are_handled(annotate, schedule):
    rng = random.Random(schedule)
    widget = annotate()
    edits = [(s, rng.sample(range(N), 3), rng.randrange(2)) for s in range(1, 31)]
    open_edits = {s: (rows, k) for s, rows, k in edits}
    while open_edits:
        some = rng.choices(sorted(open_edits)[:5], k=3)
        for seq in some:
            rows, k = edits[seq - 1][1:]
            edit(widget, seq, rows=rows, **{"class": k})
        done = {record.edit.seq for record in widget._desk.journal.records}
        open_edits = {s: e for s, e in open_edits.items() if s not in done}
    expected = [None] * N
    for _, rows, k in edits:
        for row in rows:
            expected[row] = ("cat", "dog")[k]
    assert widget.labels.tolist() == names(widget.frame) == expected


def test_a_class_added_in_the_page_can_be_used_before_its_number_is_known(annotate):
    widget = annotate()
    widget.add_class("fox")  # at the same time, from elsewhere
    edit(widget, 1, "add_class", name="owl")
    edit(widget, 2, rows=[4], class_of=1)
    assert widget.classes == ["cat", "dog", "fox", "owl"]
    assert widget.labels[4] == "owl"


def test_a_class_that_was_refused_cannot_be_used(annotate):
    widget = annotate()
    edit(widget, 1, "add_class", name="a\x00b")
    edit(widget, 2, rows=[4], class_of=1)
    assert [m["seq"] for m in widget.comm.of("refused")] == [1, 2]
    assert widget.labels[4] is None


def test_undo_and_redo_work_across_page_and_python_and_tell_who_did_it(annotate):
    widget = annotate(pd.DataFrame({"label": ["dog"] + [None] * (N - 1)}))
    before = widget.frame.copy(deep=True)
    edit(widget, 1, rows=[0, 1], **{"class": 0})
    widget.clear([0])
    assert names(widget.frame)[:2] == [None, "cat"]
    assert widget.undo()
    edit(widget, 2, "undo")
    pd.testing.assert_frame_equal(widget.frame, before)
    assert not widget.undo()
    assert widget.redo()
    assert widget.labels[:2].tolist() == ["cat", "cat"]


def test_a_new_page_gets_everything_and_knows_when_it_missed_something(annotate):
    widget = annotate(pd.DataFrame({"label": ["dog"] + [None] * (N - 1)}))
    widget.label([1, 2], "cat")
    content, codes = sync(widget)
    assert content["classes"] == ["cat", "dog"]
    assert codes == [2, 1, 1] + [0] * (N - 3)
    assert (content["undo"], content["redo"], content["version"]) == (1, 0, 1)


def test_a_program_that_labels_in_a_loop_sends_few_messages(annotate):
    widget = annotate()
    begin = time.monotonic()
    for i in range(500):
        widget.label(i % N, "cat" if i % 3 else "dog")
    widget.comm.wait_for(lambda: widget.comm.of("diff")[-1]["version"] == 500)
    diffs = [message for message in widget.comm.messages if message[0]["op"] == "diff"]
    # As many as fit into the time that it took, however long that was, and never one a label.
    assert len(diffs) <= 2 + (time.monotonic() - begin) / PAUSE
    page = np.zeros(N, np.uint16)
    version = 0
    for content, buffers in diffs:
        assert content["base"] == version
        version = content["version"]
        if buffers:
            rows = np.flatnonzero(
                np.unpackbits(np.frombuffer(buffers[0], np.uint8), count=N, bitorder="little")
            )
            (part,) = content["parts"]
            page[rows] = part["code"] if len(buffers) == 1 else np.frombuffer(buffers[1], "<u2")
    assert page.tolist() == widget._desk.journal.codes.tolist()
