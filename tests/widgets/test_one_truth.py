"""The column and the log are one: whatever cells and gestures do, all that reads agrees."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets._annotating import CODES, N, Wire, edit, names, sync
from vaewidgets.labels.gate import gate
from vaewidgets.widgets.annotator import Annotator

ROW = st.integers(0, N - 1)
NAME = st.sampled_from(["cat", "dog", "owl"])
WRITE = st.one_of(
    st.tuples(st.just("one"), ROW, st.one_of(NAME, st.sampled_from([None, "", "  "]))),
    st.tuples(st.just("fill"), ROW, NAME),
    st.tuples(st.just("replace"), NAME, NAME),
    st.tuples(st.just("column"), st.lists(st.one_of(NAME, st.none()), min_size=N, max_size=N)),
)
GESTURE = st.one_of(
    st.tuples(st.just("label"), ROW, st.integers(0, 1)),
    st.tuples(st.just("clear"), ROW),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("accept"), ROW, st.integers(0, 1)),
    st.tuples(st.just("merge")),
    st.tuples(st.just("rename"), st.sampled_from(["cat", "lion"])),
)
STEP = st.one_of(
    st.tuples(st.just("cell"), st.lists(WRITE, max_size=3), st.lists(GESTURE, max_size=2)),
    st.tuples(st.just("page"), GESTURE, st.integers(0, 1)),
    st.tuples(st.just("python"), ROW, NAME, st.integers(0, 1)),
)


class Work:
    """Two annotators on one frame, their pages, and the cells of a person."""

    def __init__(self, **options):
        self.frame = pd.DataFrame({"id": range(N)})
        self.widgets = [
            Annotator(CODES, None, self.frame, classes=["cat", "dog"], annotator=name, **options)
            for name in ("ada", "ben")
        ]
        for widget in self.widgets:
            widget.comm = Wire(widget)
        self.seq = [0, 0]

    def do(self, step):
        kind, *rest = step
        if kind == "page":
            self.gesture(*rest)
        elif kind == "python":
            row, name, who = rest
            widget = self.widgets[who]
            widget.label([row], widget.add_class(name))
        else:
            self.cell(*rest)

    def cell(self, writes, gestures):
        """Run a cell that writes, while a page is used; a real host uses another thread too."""
        info = object()
        gate._close(info)
        try:
            half = len(writes) // 2
            for write in writes[:half]:
                self.write(*write)
            for gesture in gestures:
                thread = threading.Thread(target=self.gesture, args=(gesture, 0))
                thread.start()
                thread.join()
            for write in writes[half:]:
                self.write(*write)
        finally:
            gate._open(type("Result", (), {"info": info}))

    def write(self, kind, *rest):
        if kind == "one":
            self.frame.loc[rest[0], "label"] = rest[1]
        elif kind == "fill":
            self.frame.loc[rest[0] :, "label"] = rest[1]
        elif kind == "replace":
            self.frame["label"] = self.frame["label"].replace({rest[0]: rest[1]})
        else:
            self.frame["label"] = rest[0]

    def gesture(self, gesture, who):
        kind, *rest = gesture
        self.seq[who] += 1
        widget, seq = self.widgets[who], self.seq[who]
        if kind in ("label", "accept"):
            edit(widget, seq, kind, [rest[0]], **{"class": rest[1]})
        elif kind == "clear":
            edit(widget, seq, kind, [rest[0]])
        elif kind == "merge":
            edit(widget, seq, "merge_class", **{"class": 1, "into": 0})
        elif kind == "rename":
            edit(widget, seq, "rename_class", name=rest[0], **{"class": 0})
        else:
            edit(widget, seq, kind)

    def check(self, path):
        for widget in self.widgets:
            labels = widget.labels.tolist()
            in_frame = [name if name and name.strip() else None for name in names(self.frame)]
            assert in_frame == labels
            content, codes = sync(widget)
            assert [None if not k else content["classes"][k - 1] for k in codes] == labels
            widget.export(path)
            read = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
            assert [name if name.strip() else None for name in read["label"]] == labels
            assert names(widget.apply(self.frame.copy()[::-1], on="id"))[::-1] == [
                old if new is None and old is not None else new
                for old, new in zip(names(self.frame), labels, strict=True)
            ]
            counts = {name: labels.count(name) for name in widget.classes}
            assert widget.counts.to_dict() == counts
            assert sum(counts.values()) == N - labels.count(None)

    def close(self):
        for widget in self.widgets:
            widget.close()


@pytest.fixture(autouse=True)
def quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, max_size=8))
def test_whatever_cells_and_gestures_do_all_that_reads_agrees(tmp_path_factory, steps):
    work = Work(journal=None)
    path = tmp_path_factory.mktemp("export") / "labels.csv"
    try:
        for step in steps:
            work.do(step)
            work.check(path)
    finally:
        work.close()


@settings(max_examples=10, deadline=None)
@given(steps=st.lists(STEP, max_size=6))
def test_so_does_a_log_on_disk_and_who_opens_it_later(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("work")
    work = Work(journal=folder / "log")
    for step in steps:
        work.do(step)
        work.check(folder / "labels.csv")
    labels = work.widgets[0].labels.tolist()
    work.close()
    again = Annotator(CODES, None, pd.DataFrame({"id": range(N)}), journal=folder / "log")
    assert again.labels.tolist() == labels
    again.close()


def test_a_cell_that_labels_is_one_step_and_undo_gives_back_what_the_person_had(annotate):
    frame = pd.DataFrame({"id": range(N)})
    notes = annotate(frame)
    notes.label([0], "cat")
    frame.loc[0:5, "label"] = "dog"
    frame.loc[6, "label"] = "bear"
    assert notes.counts.to_dict() == {"cat": 0, "dog": 6, "bear": 1}
    notes.label([0], "cat")
    assert notes.undo()
    assert names(frame)[:2] == ["dog", "dog"]
    assert notes.undo()
    assert names(frame) == ["cat", *[None] * (N - 1)]
    assert notes.redo()
    assert names(frame)[5:7] == ["dog", "bear"]


def test_a_suggestion_never_overwrites_what_a_cell_wrote(annotate):
    frame = pd.DataFrame({"id": range(N)})
    notes = annotate(frame, model=CODES + 9 * (np.arange(N) % 2)[:, np.newaxis])
    notes.label([0], "cat")
    notes.label([1], "dog")
    notes.suggest()
    proposed = notes.suggestions.index.tolist()
    frame.loc[proposed[:3], "label"] = "bear"
    assert not set(proposed[:3]) & set(notes.suggestions.index)
    notes.accept(threshold=0.0)
    assert notes.labels[proposed[:3]].tolist() == ["bear"] * 3
    notes.undo()
    assert notes.labels[proposed[:3]].tolist() == ["bear"] * 3


def test_tags_that_a_cell_writes_count_too(annotate):
    frame = pd.DataFrame({"id": range(N), "rain": False})
    notes = annotate(frame, column=["rain", "night"], classes=None)
    notes.label([0], "rain")
    frame["night"] = frame["id"] > 8
    frame.loc[0, "rain"] = False
    assert notes.counts.to_dict() == {"rain": 0, "night": 3}
    notes.label([3], "rain")
    assert np.flatnonzero(frame["rain"]).tolist() == [3]
    assert notes.undo()
    assert notes.undo()
    assert notes.undo()
    assert notes.counts.to_dict() == {"rain": 1, "night": 0}
    assert frame["night"].sum() == 0


def test_two_annotators_of_one_column_are_one_also_without_a_log_on_disk(annotate):
    frame = pd.DataFrame({"id": range(N)})
    one, other = annotate(frame), annotate(frame)
    one.label([0, 1], "cat")
    other.label([5], other.add_class("owl"))
    assert one.labels.tolist() == other.labels.tolist() == names(frame)
    assert one.classes == other.classes == ["cat", "dog", "owl"]
    assert other.undo()
    assert one.undo()
    assert names(frame) == [None] * N
    assert one.undo() is False


def test_annotators_of_two_columns_of_one_frame_have_nothing_to_do_with_each_other(annotate):
    frame = pd.DataFrame({"id": range(N)})
    one, other = annotate(frame), annotate(frame, column="kind")
    one.label([0], "cat")
    assert other.labels.tolist() == [None] * N
    assert names(frame, "kind") == [None] * N


def test_a_cell_that_empties_the_column_is_told_and_can_be_undone(annotate, caplog):
    frame = pd.DataFrame({"id": range(N)})
    notes = annotate(frame)
    notes.label([0, 1], "cat")
    frame["label"] = None
    assert notes.counts["cat"] == 0
    assert "2 labels were taken off by a cell" in caplog.text
    assert notes.undo()
    assert names(frame)[:2] == ["cat", "cat"]


def in_a_cell(*steps):
    """Run the steps of a cell."""
    info = object()
    gate._close(info)
    try:
        for step in steps:
            step()
    finally:
        gate._open(type("Result", (), {"info": info}))


def on_the_page(notes, kind, rows=None, **content):
    """Return a gesture that comes on another thread, as in a real host."""

    def gesture():
        thread = threading.Thread(
            target=edit, args=(notes, 1, kind, rows), kwargs={**content, "client": "page"}
        )
        thread.start()
        thread.join()

    return gesture


def test_what_was_taken_from_a_cell_is_not_taken_again_after_an_undo(annotate):
    frame = pd.DataFrame({"id": range(N)})
    notes = annotate(frame)
    read = []

    def write(row):
        return lambda: frame.__setitem__(
            "label", [("dog" if k == row else name) for k, name in enumerate(names(frame))]
        )

    def look():
        read.append(notes.labels[:2].tolist())

    in_a_cell(write(0), look, on_the_page(notes, "undo"), write(1), look)
    assert read == [["dog", None], [None, "dog"]]
    assert notes.labels[:2].tolist() == [None, "dog"]
    assert names(frame)[:2] == [None, "dog"]


def test_where_cell_and_gesture_meet_the_gesture_stands_above_the_cell(annotate):
    frame = pd.DataFrame({"id": range(N)})
    notes = annotate(frame)

    def write():
        frame.loc[0, "label"] = "dog"

    cat = {"class": 0}
    in_a_cell(write, on_the_page(notes, "label", [0], **cat))
    assert notes.labels[0] == "cat"
    assert names(frame)[0] == "cat"
    assert notes.undo()
    assert names(frame)[0] == "dog"
    assert notes.undo()
    assert names(frame)[0] == "cat"
    assert notes.undo()
    assert names(frame)[0] is None
