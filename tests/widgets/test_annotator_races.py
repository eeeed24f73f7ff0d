"""The annotator where several threads, cells and failures meet: nothing is lost, nothing hangs."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import N, acked, edit, names, sync
from vaewidgets.labels.conflict import LabelConflictWarning
from vaewidgets.labels.gate import gate
from vaewidgets.labels.watch import Watch


@contextmanager
def cell_running():
    cell = object()
    gate._close(cell)
    try:
        yield
    finally:
        gate._open(type("Result", (), {"info": cell}))


def from_page(*args, **content):
    """Do an edit as a page does while a cell runs: on another thread."""
    in_thread(lambda: edit(*args, **content))


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("column", ["label", ["wet"]])
def test_an_export_in_a_cell_has_a_class_that_a_page_added_meanwhile(annotate, tmp_path, column):
    frame = pd.DataFrame({"x": range(N)})
    widget = annotate(frame, column, ["cat"])
    with cell_running():
        from_page(widget, 1, "add_class", name="owl")
        from_page(widget, 2, rows=[3], class_of=1)
        widget.export(tmp_path / "labels.csv")
        assert "owl" not in {*frame.columns, *frame.get("label", [])}
    read = pd.read_csv(tmp_path / "labels.csv")
    assert read["label"][3] == "owl" if column == "label" else read["owl"][3]


def test_a_name_that_was_given_up_while_a_cell_runs_is_free_for_another_class(annotate):
    widget = annotate()
    widget.label(0, "cat")
    widget.label(1, "dog")
    with cell_running():
        from_page(widget, 1, "rename_class", name="lynx", **{"class": 0})
        from_page(widget, 2, "rename_class", name="cat", **{"class": 1})
        assert widget.comm.of("refused") == []
    assert names(widget.frame)[:2] == ["lynx", "cat"]


def test_what_waited_for_the_end_of_a_cell_is_written_and_told_at_once(annotate, monkeypatch):
    widget = annotate(details=True)
    heard, writes = [], []
    widget.on_label(lambda rows, name: heard.append((rows.tolist(), name)))
    write = widget._desk.columns.write
    monkeypatch.setattr(
        widget._desk.columns, "write", lambda *args: [writes.append(1), write(*args)]
    )
    with cell_running():
        for seq in range(1, 9):
            from_page(widget, seq, rows=[seq, seq + 1], **{"class": seq % 2})
        from_page(widget, 9, "note", rows=[5], name="odd")
        assert heard == writes == []
    assert len(writes) == 1
    assert heard == [([2, 4, 6, 8, 9], "cat"), ([1, 3, 5, 7], "dog")]
    assert names(widget.frame) == widget.labels.tolist()
    assert widget.frame["label_note"][5] == "odd"


def test_a_label_that_the_frame_could_not_take_is_heard_of_when_it_does(annotate):
    frame = pd.DataFrame({"x": range(N)})
    widget, heard = annotate(frame), []
    widget.on_label(lambda rows, name: heard.append((rows.tolist(), name)))
    kept = frame.pop("label")
    with pytest.warns(LabelConflictWarning, match="is gone"):
        widget.label(3, "cat")
    assert heard == []
    frame["label"] = kept
    widget.label(4, "dog")
    assert heard == [([3], "cat"), ([4], "dog")]
    assert names(frame)[3:5] == ["cat", "dog"]
    assert [message["text"] == "" for message in widget.comm.of("conflict")] == [False, True]


def test_a_page_that_cannot_be_reached_costs_no_label(annotate, monkeypatch, caplog):
    widget = annotate()
    with monkeypatch.context() as patch:

        def gone(*_args, **_options):
            raise OSError("the socket is closed")

        patch.setattr(widget.comm, "publish_msg", gone)
        edit(widget, 1, rows=[0], **{"class": 0})
        widget.label(1, "dog")
        with pytest.warns(UserWarning, match="cut to 200"):
            widget.add_class("x" * 300)
    assert names(widget.frame)[:2] == ["cat", "dog"]
    assert "could not be told" in caplog.text
    edit(widget, 1, rows=[0], **{"class": 0})
    widget.comm.wait_for(lambda: acked(widget) == [1])
    assert sync(widget)[1][:2] == [1, 2]


def test_an_edit_interrupted_after_it_was_on_disk_does_not_swallow_the_next(
    annotate, tmp_path, monkeypatch
):
    widget = annotate(journal=tmp_path / "log")
    log = widget._desk.journal._log
    write = log.write

    def interrupted(*args):
        write(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(log, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            widget.label(0, "cat")
    widget.label(1, "dog")
    assert widget.labels[:2].tolist() == names(widget.frame)[:2] == ["cat", "dog"]


def test_what_was_kept_before_an_interrupt_is_written_with_the_next(annotate, monkeypatch):
    widget = annotate()

    def interrupted():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(widget._desk.news, "tell", interrupted)
        with pytest.raises(KeyboardInterrupt):
            widget.label(0, "cat")
    widget.label(1, "dog")
    assert names(widget.frame)[:2] == ["cat", "dog"]


def test_a_listener_may_label_and_export(annotate, tmp_path):
    widget = annotate()

    def follow(rows, name):
        if name == "cat":
            widget.label(rows + 1, "dog")
            widget.export(tmp_path / "labels.csv")

    widget.on_label(follow)
    in_thread(lambda: edit(widget, 1, rows=[0], **{"class": 0}))
    assert names(widget.frame)[:2] == ["cat", "dog"]


@pytest.mark.parametrize("column", ["label", ["wet"]])
def test_labels_can_be_read_while_others_make_classes(annotate, column):
    widget = annotate(None, column, ["cat"])
    stop, errors = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                assert len(widget.counts) > 0
                assert len(widget.labels) == N
                assert widget.notes is not None
            except Exception as error:  # noqa: BLE001
                errors.append(error)
                return

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(60):
        widget.add_class(f"class {number}")
        widget.label(number % N, f"class {number}")
        widget.note(number % N, str(number))
        widget.rename_class(f"class {number}", f"renamed {number}")
    stop.set()
    thread.join(5)
    assert not errors


def test_a_log_that_cannot_be_read_is_said_once_and_again_when_it_is_another(caplog):
    class Failing:
        reason = "no folder"

        def refresh(self):
            if self.reason:
                raise OSError(self.reason)

    watch, one = Watch(), Failing()
    watch._watched.add(one)

    def look(reason):
        one.reason = reason
        watch._look()
        return caplog.text.count("could not be read")

    assert [look(r) for r in ("a", "a", "b", "", "b", "b")] == [1, 1, 2, 2, 3, 3]


def test_a_closed_desk_is_neither_refreshed_nor_told(annotate, tmp_path):
    one = annotate(journal=tmp_path / "log")
    other = annotate(journal=tmp_path / "log")
    one.close()
    other.label(0, "cat")
    one._desk.refresh()
    assert one.labels[0] is None
    assert np.count_nonzero(one.frame["label"].notna()) == 0
