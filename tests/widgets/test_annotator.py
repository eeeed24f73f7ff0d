"""The annotator as the kernel sees it: messages in, labels in the frame, messages out."""

import logging
import random
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comm.base_comm import BaseComm

from vaewidgets.images import Images, Rejected
from vaewidgets.labels.gate import gate
from vaewidgets.widgets.annotator import Annotator

N = 12
CODES = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)


class Wire(BaseComm):
    """A comm that keeps what is sent over it."""

    def __init__(self, widget: Annotator) -> None:
        super().__init__(comm_id=widget.model_id, primary=False)
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived = threading.Condition()

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = (), **_: Any
    ) -> None:
        if data and data.get("method") == "custom":
            with self.arrived:
                self.messages.append((data["content"], [bytes(b) for b in buffers or ()]))
                self.arrived.notify_all()

    def of(self, op: str) -> list[dict[str, Any]]:
        return [content for content, _ in self.messages if content["op"] == op]

    def wait_for(self, condition: Any) -> None:
        with self.arrived:
            assert self.arrived.wait_for(condition, 5), self.messages


@pytest.fixture
def annotate():
    """Make an annotator whose messages are kept; all are closed at the end."""
    made = []

    def make(frame=None, column="label", classes=("cat", "dog"), model=CODES, images=None):
        widget = Annotator(model, images, frame, column, classes=classes)
        widget.comm = Wire(widget)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()


def bits(*rows, n=N):
    mask = np.zeros(n, bool)
    mask[list(rows)] = True
    return memoryview(np.packbits(mask, bitorder="little").tobytes())


def edit(widget, seq, kind="label", rows=None, client="page", **content):
    message = {"op": "edit", "client": client, "seq": seq, "kind": kind, **content}
    widget._dispatch(widget, message, [] if rows is None else [bits(*rows)])


def acked(widget, client="page"):
    return [seq for ack in widget.comm.of("ack") if ack["client"] == client for seq in ack["seqs"]]


def sync(widget):
    widget._dispatch(widget, {"op": "sync", "request": "s"}, [])
    content, buffers = next(m for m in reversed(widget.comm.messages) if m[0].get("request") == "s")
    return content, np.frombuffer(buffers[0], content["dtype"]).tolist()


def names(frame, column="label"):
    return [None if pd.isna(value) else value for value in frame[column]]


def test_a_lasso_and_a_key_label_the_rows_of_the_frame_given(annotate):
    frame = pd.DataFrame({"x": range(N)}, index=list("aab" * 4))
    widget = annotate(frame)
    edit(widget, 1, rows=[0, 5], **{"class": 1})
    assert widget.frame is frame
    assert names(frame) == ["dog", *[None] * 4, "dog", *[None] * 6]
    assert widget.labels.tolist() == names(frame)
    assert widget.counts.to_dict() == {"cat": 0, "dog": 2}
    assert acked(widget) == [1]


def test_the_diff_reaches_the_pages_before_the_acknowledgement(annotate):
    widget = annotate()
    edit(widget, 1, rows=[3], **{"class": 0})
    ops = [content["op"] for content, _ in widget.comm.messages]
    assert ops == ["diff", "ack"]
    content, buffers = widget.comm.messages[0]
    assert (content["base"], content["version"], content["code"]) == (0, 1, 1)
    assert content["by"] == {"client": "page", "seq": 1, "kind": "label"}
    assert buffers == [bytes(bits(3))]


def test_labels_of_rejected_images_stay_where_they_are(annotate):
    pixels = np.zeros((3, 2, 2, 1), np.uint8)
    images = Images(pixels, np.array([0, 2, 3]), [Rejected(1, "broken.png", "truncated")])
    frame = pd.DataFrame({"label": ["cat", "dog", None, None]})
    widget = annotate(frame, model=CODES[:3], images=images)
    assert widget.labels.tolist() == ["cat", None, None]
    widget.label([1, 2], "dog")
    assert names(frame) == ["cat", "dog", "dog", "dog"]


HOSTILE = [-1, 10**9, 1.5, "3", None, 2**53 + 1]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_class_that_is_none_changes_nothing_and_the_page_is_told(annotate, value):
    widget = annotate()
    edit(widget, 1, rows=[3], **{"class": value})
    (refused,) = widget.comm.of("refused")
    assert (refused["client"], refused["seq"]) == ("page", 1)
    assert "class is" in refused["message"]
    assert not widget._journal.records
    assert names(widget.frame) == [None] * N
    edit(widget, 2, rows=[3], **{"class": 0})
    assert acked(widget) == [2]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_number_that_is_none_changes_nothing_and_the_page_is_told(annotate, value, caplog):
    widget = annotate()
    edit(widget, value, rows=[3], **{"class": 0})
    assert widget.comm.of("error") or widget.comm.of("gap")
    assert not widget._journal.records


@pytest.mark.parametrize("rows", [b"", b"\x01", b"\x00\xff", bytes(1000)])
def test_rows_that_fit_no_image_change_nothing_and_the_page_is_told(annotate, rows):
    widget = annotate()
    message = {"op": "edit", "client": "page", "seq": 1, "kind": "label", "class": 0}
    widget._dispatch(widget, message, [memoryview(rows)])
    assert "bitset" in widget.comm.of("refused")[0]["message"]
    assert not widget._journal.records


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
        done = {record.edit.seq for record in widget._journal.records}
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
    for i in range(500):
        widget.label(i % N, "cat" if i % 3 else "dog")
    widget.comm.wait_for(lambda: widget.comm.of("diff")[-1]["version"] == 500)
    diffs = [message for message in widget.comm.messages if message[0]["op"] == "diff"]
    assert len(diffs) < 60
    page = np.zeros(N, np.uint16)
    version = 0
    for content, buffers in diffs:
        assert content["base"] == version
        version = content["version"]
        if buffers:
            rows = np.flatnonzero(
                np.unpackbits(np.frombuffer(buffers[0], np.uint8), count=N, bitorder="little")
            )
            page[rows] = content["code"] if len(buffers) == 1 else np.frombuffer(buffers[1], "<u2")
    assert page.tolist() == widget._journal.codes.tolist()


def test_a_column_of_numbers_takes_numbers_and_refuses_what_it_cannot_hold(annotate):
    frame = pd.DataFrame({"y": np.arange(N, dtype="int8") % 3})
    widget = annotate(frame, "y", None)
    assert widget.classes == ["0", "1", "2"]
    edit(widget, 1, rows=[0], **{"class": 2})
    edit(widget, 2, "clear", rows=[0])
    edit(widget, 3, "add_class", name="cat")
    edit(widget, 4, "add_class", name="007")
    edit(widget, 5, rows=[1], class_of=4)
    reasons = [message["message"] for message in widget.comm.of("refused")]
    assert len(reasons) == 2
    assert "no missing value" in reasons[0]
    assert "whole numbers" in reasons[1]
    assert widget.classes == ["0", "1", "2", "7"]
    assert frame["y"].dtype == "int8"
    assert frame["y"].tolist()[:3] == [2, 7, 2]


def test_a_frame_changed_under_the_widget_is_said_and_no_label_is_lost(annotate):
    frame = pd.DataFrame({"x": range(N)})
    widget = annotate(frame)
    frame.loc[N] = [99, "dog"]
    edit(widget, 1, rows=[3], **{"class": 0})
    assert acked(widget) == [1]
    assert "13 rows, not 12" in widget.comm.of("conflict")[0]["text"]
    assert widget.labels[3] == "cat"
    assert names(frame) == [*[None] * N, "dog"]
    assert "13 rows" in sync(widget)[0]["conflict"]


def test_labels_made_while_a_cell_runs_are_in_the_frame_when_it_has_ended(annotate):
    widget = annotate()
    cell = object()
    gate._close(cell)
    try:
        page = threading.Thread(target=edit, args=(widget, 1), kwargs={"rows": [3], "class": 0})
        page.start()
        page.join(5)
        assert acked(widget) == [1]
        assert widget.labels[3] == "cat"
        assert names(widget.frame)[3] is None
        widget.label(4, "dog")  # the cell itself sees its own labels at once
        assert names(widget.frame)[4] == "dog"
    finally:
        gate._open(type("Result", (), {"info": cell}))
    assert names(widget.frame)[3:5] == ["cat", "dog"]


def test_callbacks_hear_of_every_class_after_the_frame_has_it(annotate):
    widget = annotate()
    heard = []
    widget.on_label(lambda rows, name: heard.append((rows.tolist(), name, names(widget.frame)[0])))
    widget.label([0, 1], "cat")
    widget.label([1], "dog")
    widget.undo()
    widget.undo()
    assert heard == [
        ([0, 1], "cat", "cat"),
        ([1], "dog", "cat"),
        ([1], "cat", "cat"),
        ([0, 1], None, None),
    ]


def test_a_callback_that_raises_is_shown_and_costs_no_label(annotate, caplog):
    widget = annotate()

    def fail(_rows, _name):
        raise KeyError("no such plot")

    widget.on_label(fail)
    edit(widget, 1, rows=[0], **{"class": 0})
    assert names(widget.frame)[0] == "cat"
    assert acked(widget) == [1]
    assert "no such plot" in widget.comm.of("error")[0]["message"]
    widget.on_label(fail, remove=True)
    widget.label(1, "dog")
    assert len(widget.comm.of("error")) == 1


def test_an_edit_that_cannot_be_kept_is_not_acknowledged_and_taken_when_it_can(annotate, caplog):
    widget = annotate()
    append = widget._journal.append

    def full(*_args):
        raise OSError(28, "No space left on device")

    widget._journal.append = full
    edit(widget, 1, rows=[0], **{"class": 0})
    assert widget.comm.of("failed")[0]["message"] == "No space left on device"
    assert acked(widget) == []
    widget._journal.append = append
    edit(widget, 1, rows=[0], **{"class": 0})
    assert acked(widget) == [1]
    assert names(widget.frame)[0] == "cat"


def test_an_unknown_kind_is_said_in_words(annotate, caplog):
    widget = annotate()
    edit(widget, 1, "destroy")
    assert "expected one of label" in widget.comm.of("refused")[0]["message"]


def test_an_unknown_class_from_python_names_those_there_are(annotate):
    with pytest.raises(ValueError, match=r"classes are 'cat', 'dog'\. add_class"):
        annotate().label(0, "cow")


def test_a_name_that_had_to_be_changed_is_told(annotate):
    widget = annotate()
    assert widget.add_class("a\ud800" + "x" * 300) == "a\ufffd" + "x" * 198
    assert "cut to 200" in widget.comm.of("notice")[0]["text"]


def test_without_a_frame_one_is_made(annotate):
    widget = annotate()
    assert widget.frame.shape == (N, 1)
    assert repr(widget) == "<Annotator: 0 of 12 images labelled in 'label'>"


@pytest.mark.parametrize(
    ("frame", "column", "classes", "error", "words"),
    [
        ([1], "label", None, TypeError, "frame must be a pandas DataFrame, got list"),
        (pd.DataFrame({"x": [1]}), "label", None, ValueError, "1 rows for 12 images"),
        (pd.DataFrame({"x": range(N)}), ["x"], None, TypeError, "must be hashable"),
        (pd.DataFrame({"x": range(N)}), "x", ["cat"], ValueError, "whole numbers"),
    ],
)
def test_what_cannot_be_labelled_is_refused_before_anything_is_made(
    frame, column, classes, error, words
):
    before = frame.copy() if isinstance(frame, pd.DataFrame) else None
    with pytest.raises(error, match=words):
        Annotator(CODES, None, frame, column, classes=classes)
    if before is not None:
        pd.testing.assert_frame_equal(frame, before)


def test_a_model_that_fails_leaves_no_column_behind():
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises(ValueError, match="finite"):
        Annotator(np.full((N, 3), np.nan), None, frame)
    assert frame.columns.tolist() == ["x"]


def test_an_export_holds_every_label_and_survives_being_read_as_text(annotate, tmp_path):
    frame = pd.DataFrame({"file": [f"{i:03d}" for i in range(N)]})
    widget = annotate(frame, classes=["NA", "007", " x "])
    widget.label([0], "NA")
    widget.label([1, 2], "007")
    widget.label([3], " x ")
    widget.export(tmp_path / "labels.csv")
    read = {"dtype": str, "keep_default_na": False, "lineterminator": "\n"}
    again = pd.read_csv(tmp_path / "labels.csv", **read)
    assert again["label"].tolist() == ["NA", "007", "007", " x ", *[""] * 8]
    assert again["file"].tolist() == frame["file"].tolist()
    with pytest.raises(ValueError, match=r"written are \.csv"):
        widget.export(tmp_path / "labels.xlsx")


def test_two_widgets_on_one_frame_keep_each_others_labels(annotate):
    frame = pd.DataFrame({"x": range(N)})
    one, two = annotate(frame), annotate(frame)

    def label(widget, rows):
        for seq, row in enumerate(rows, 1):
            edit(widget, seq, rows=[row], **{"class": seq % 2})

    threads = [
        threading.Thread(target=label, args=(one, range(0, N, 2))),
        threading.Thread(target=label, args=(two, range(1, N, 2))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert frame["label"].notna().all()


def test_closing_keeps_the_labels_and_stops_the_messages(annotate):
    widget = annotate()
    widget.label(0, "cat")
    widget.label(1, "dog")
    widget.close()
    assert names(widget.frame)[:2] == ["cat", "dog"]
    assert widget.labels[0] == "cat"


def test_handlers_log_what_they_show(annotate, caplog):
    widget = annotate()
    with caplog.at_level(logging.ERROR, "vaewidgets"):
        edit(widget, 1, client="", rows=[0], **{"class": 0})
    assert "client is" in caplog.text
