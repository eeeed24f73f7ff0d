"""The annotator as the kernel sees it: labels in the frame, whatever happens around it."""

import logging
import threading

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import CODES, N, acked, bits, edit, names, sync
from vaewidgets.images import Images, Rejected
from vaewidgets.labels.gate import gate
from vaewidgets.widgets.annotator import Annotator

HOSTILE = [-1, 10**9, 1.5, "3", None, 2**53 + 1]


def test_a_lasso_and_a_key_label_the_rows_of_the_frame_given(annotate):
    frame = pd.DataFrame({"x": range(N)}, index=list("aab" * 4))
    widget = annotate(frame)
    edit(widget, 1, rows=[0, 5], **{"class": 1})
    assert widget.frame is frame
    assert names(frame) == ["dog", *[None] * 4, "dog", *[None] * 6]
    assert widget.labels.tolist() == names(frame)
    assert widget.counts.to_dict() == {"cat": 0, "dog": 2}
    assert acked(widget) == [1]


def test_the_diff_reaches_the_pages_with_the_acknowledgement(annotate):
    widget = annotate()
    edit(widget, 1, rows=[3], **{"class": 0})
    ops = [content["op"] for content, _ in widget.comm.messages]
    assert ops == ["diff"]
    content, buffers = widget.comm.messages[0]
    assert (content["base"], content["version"]) == (0, 1)
    assert content["acks"] == {"page": [1]}
    assert content["parts"] == [{"layer": 0, "code": 1}]
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
    append = widget._desk.journal.append

    def full(*_args):
        raise OSError(28, "No space left on device")

    widget._desk.journal.append = full
    edit(widget, 1, rows=[0], **{"class": 0})
    assert widget.comm.of("failed")[0]["message"] == "No space left on device"
    assert acked(widget) == []
    widget._desk.journal.append = append
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
    with pytest.warns(UserWarning, match="cut to 200"):
        assert widget.add_class("a\ud800" + "x" * 300) == "a\ufffd" + "x" * 198
    assert "cut to 200" in widget.comm.of("notice")[0]["text"]


def test_without_a_frame_one_is_made(annotate):
    widget = annotate()
    assert list(widget.frame) == ["position", "label"]
    assert repr(widget) == "<Annotator: 0 of 12 images labelled in 'label'>"


@pytest.mark.parametrize(
    ("frame", "column", "classes", "error", "words"),
    [
        ([1], "label", None, TypeError, "frame is list; accepted: a pandas DataFrame"),
        (pd.DataFrame({"x": [1]}), "label", None, ValueError, "1 rows for 12 images"),
        (pd.DataFrame({"x": range(N)}), {"x": 1}, None, TypeError, "must be hashable"),
        (pd.DataFrame({"x": range(N)}), ["x"], None, TypeError, "tags are True or False"),
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
            edit(widget, seq, rows=[row], client=widget._key, **{"class": seq % 2})

    threads = [
        threading.Thread(target=label, args=(one, range(0, N, 2))),
        threading.Thread(target=label, args=(two, range(1, N, 2))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert frame["label"].notna().all()
    assert one.labels.tolist() == two.labels.tolist() == names(frame)


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
