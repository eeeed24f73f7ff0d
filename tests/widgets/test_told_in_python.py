"""Whatever keeps a label from the frame is told in Python as on the page; the label is safe."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from tests.widgets._annotating import N, edit, names
from vaewidgets.labels import desk as desk_module
from vaewidgets.labels.conflict import LabelConflictWarning
from vaewidgets.labels.rebinding import Rebinding


def a_frame():
    return pd.DataFrame({"file": [f"{k}.png" for k in range(N)], "x": range(N, 0, -1)})


def sort(frame):
    frame.sort_values("x", inplace=True)


def set_index(frame):
    frame.index = frame["file"]


def rename(frame):
    frame.rename(columns={"label": "kind"}, inplace=True)


def delete(frame):
    del frame["label"]


def overwrite(frame):
    frame["label"] = [[1]] * N


def drop(frame):
    frame.drop(index=[0, 1], inplace=True)


def measure(frame):
    frame["label"] = pd.Timestamp(0)


HAPPENS = {f.__name__: f for f in (sort, set_index, rename, delete, overwrite, drop, measure)}


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("happens", HAPPENS.values(), ids=HAPPENS)
def test_it_is_warned_of_where_python_called_and_stands_in_an_attribute(annotate, happens):
    notes = annotate(frame := a_frame())
    notes.label([0], "cat")
    assert notes.conflict is None
    happens(frame)
    with pytest.warns(LabelConflictWarning) as told:
        notes.label([3], "dog")
    assert told[0].filename == __file__
    conflict = notes.conflict
    assert conflict.what in str(told[0].message)
    assert conflict.since.tzinfo is not None
    assert "apply(frame, on=...)" in conflict.advice
    assert notes.comm.of("conflict")[-1]["text"] == conflict.what
    assert notes.labels[[0, 3]].tolist() == ["cat", "dog"]
    home = notes.apply(a_frame(), on="file")
    assert names(home)[0] == "cat"
    assert names(home)[3] == "dog"


def test_a_gesture_that_the_frame_does_not_take_is_heard_of_in_python(annotate, caplog):
    notes = annotate(frame := a_frame())
    del frame["label"]
    edit(notes, 1, rows=[3], **{"class": 0})
    assert "Column 'label' is gone" in caplog.text
    assert "Column 'label' is gone" in notes.conflict.what
    since = notes.conflict.since
    edit(notes, 2, rows=[4], **{"class": 0})
    assert notes.conflict.since == since
    frame["label"] = None
    assert notes.conflict is None
    assert names(frame)[3:5] == ["cat", "cat"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notes.label([5], "dog")


def test_a_variable_that_holds_another_frame_is_warned_of_until_it_does_not(
    annotate, shell, monkeypatch
):
    before = list(shell.events.callbacks["post_run_cell"])
    rebinding = Rebinding()
    monkeypatch.setattr(desk_module, "rebinding", rebinding)
    notes = annotate(frame := a_frame())
    shell.user_ns["df"] = frame
    rebinding.watch(notes._desk, shell)
    shell.run_cell("kept, df = df, df[df.x > 3]")
    assert notes.conflict.what.startswith("df is another DataFrame now")
    with pytest.warns(LabelConflictWarning, match=r"apply\(df, on=...\)"):
        notes.label([0], "cat")
    assert names(frame)[0] == "cat"
    shell.run_cell("df = kept")
    assert notes.conflict is None
    shell.events.callbacks["post_run_cell"][:] = before


def test_a_name_that_a_page_gave_and_had_to_be_changed_is_told_in_python_too(annotate, caplog):
    notes = annotate()
    edit(notes, 1, "add_class", name="x" * 300)
    assert "cut to 200" in notes.comm.of("notice")[0]["text"]
    assert "cut to 200" in caplog.text
