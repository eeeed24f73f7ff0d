"""Labels on disk: picked up again by the next run of the cell, and by others who label too."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import CODES, N, acked, edit, names, sync
from vaewidgets.images import Images
from vaewidgets.labels.watch import PERIOD, watch
from vaewidgets.widgets.annotator import Annotator


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def wait_for(condition):
    import time

    until = time.monotonic() + 240 * PERIOD  # on a busy machine
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def test_the_next_run_goes_on_where_the_last_one_ended(annotate, log):
    first = annotate(journal=log)
    first.label([0, 1], "cat")
    edit(first, 1, "add_class", name="owl")
    edit(first, 2, rows=[2], class_of=1)
    first.note(2, "odd")
    first.close()
    second = annotate(journal=log)  # with a frame that has no labels, as it was read from a file
    assert names(second.frame)[:3] == ["cat", "cat", "owl"]
    assert second.classes == ["cat", "dog", "owl"]
    assert second.notes.to_dict() == {2: "odd"}
    assert [second.undo() for _ in range(4)] == [True, True, True, False]
    assert names(second.frame) == [None] * N
    assert second.redo()
    assert names(second.frame)[:3] == ["cat", "cat", None]


OTHER = """
import sys, numpy as np, vaewidgets as vw
notes = vw.Annotator(np.load(sys.argv[1]), classes=["cat", "dog"], journal=sys.argv[2])
notes.label([0], "cat")
notes.note(2, "odd")
notes.close()
"""


def test_what_another_kernel_has_labelled_is_there_whenever_somebody_asks(
    annotate, log, tmp_path, monkeypatch
):
    notes = annotate(journal=log)
    assert notes.labels[0] is None
    monkeypatch.setattr(watch, "_look", lambda: None)  # nobody looks by the clock
    np.save(tmp_path / "codes.npy", CODES)
    subprocess.run([sys.executable, "-c", OTHER, tmp_path / "codes.npy", log], check=True)
    assert notes.labels[0] == "cat"
    assert notes.counts.to_dict() == {"cat": 1, "dog": 0}
    assert notes.notes.to_dict() == {2: "odd"}


def test_an_edit_that_a_page_sends_again_after_the_restart_is_done_once(annotate, log):
    first = annotate(journal=log)
    edit(first, 1, rows=[0], **{"class": 0})
    edit(first, 2, rows=[1], **{"class": 1})
    first.close()
    second = annotate(journal=log)
    assert second._journal == first._journal
    second.label([1], "cat")
    edit(second, 2, rows=[1], **{"class": 1})  # its acknowledgement was lost
    edit(second, 3, rows=[2], **{"class": 1})
    second.comm.wait_for(lambda: acked(second) == [2, 3])
    assert second.labels[:3].tolist() == ["cat", "cat", "dog"]


def test_an_edit_refused_before_the_restart_is_not_called_saved_after_it(annotate, log):
    first = annotate(journal=log)
    edit(first, 1, rows=[0], **{"class": 9})  # the refusal is lost
    edit(first, 2, rows=[1], **{"class": 1})
    first.close()
    second = annotate(journal=log)
    edit(second, 1, rows=[0], **{"class": 9})
    assert [message["seq"] for message in second.comm.of("refused")] == [1]
    assert acked(second) == []


def test_labels_that_somebody_wrote_into_the_frame_since_are_kept(annotate, log):
    frame = pd.DataFrame({"label": ["cat", "dog", None, *[None] * (N - 3)]})
    first = annotate(frame.copy(), journal=log)
    first.label([0, 3], "dog")
    changed = first.frame.copy()
    first.close()
    changed.loc[[0, 5], "label"] = "owl"
    with pytest.warns(UserWarning, match="2 labels .* were taken over"):
        second = annotate(changed, journal=log)
    assert second.labels[[0, 1, 3, 5]].tolist() == ["owl", "dog", "dog", "owl"]
    assert names(changed) == second.labels.tolist()
    assert second.undo()  # as the warning says; the step before is the person's own
    assert names(changed) == second.labels.tolist()
    assert second.labels[[0, 3, 5]].tolist() == ["dog", "dog", None]
    assert second.undo()
    assert second.labels[[0, 3, 5]].tolist() == ["cat", None, None]


def test_a_tag_that_only_the_log_knows_keeps_what_was_written_into_its_column_since(annotate, log):
    first = annotate(pd.DataFrame({"x": range(N)}), [], ["cold"], journal=log)
    first.label([0, 1], "cold")
    changed = first.frame.copy()
    first.close()
    changed.loc[5, "cold"] = True
    with pytest.warns(UserWarning, match="1 labels .* were taken over"):
        second = annotate(changed, [], None, journal=log)
    assert second.classes == ["cold"]
    assert np.flatnonzero(second.labels["cold"]).tolist() == [0, 1, 5]
    assert np.flatnonzero(changed["cold"]).tolist() == [0, 1, 5]


def test_two_annotators_of_one_log_see_each_others_labels_and_both_frames_have_them(annotate, log):
    one = annotate(journal=log, annotator="ada")
    other = annotate(journal=log, annotator="ben")
    one.label([0, 1], "cat")
    wait_for(lambda: other.labels[0] == "cat")
    assert names(other.frame)[:2] == ["cat", "cat"]
    assert other.comm.of("diff")[-1]["parts"] == [{"layer": 0, "code": 1}]
    other.label([1, 2], "dog")
    wait_for(lambda: one.labels[2] == "dog")
    assert one.labels.tolist() == other.labels.tolist()
    assert one.undo()  # ada takes back what is hers, and nothing of ben's
    assert one.labels[:3].tolist() == [None, "dog", "dog"]
    assert not one.undo()
    wait_for(lambda: other.labels[0] is None)
    assert names(one.frame) == names(other.frame)


def test_labels_are_beside_the_notebook_by_default_named_after_column_and_images(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (N, 4, 4, 1), dtype=np.uint8)
    made = [Annotator(CODES, Images(pixels), classes=["cat"]) for _ in range(2)]
    other = Annotator(CODES, Images(255 - pixels), classes=["cat"])
    made[0].label(0, "cat")
    folder = made[0].saved_to
    assert folder.parent == tmp_path / "vaewidgets-labels"
    assert folder.name == "label"
    assert made[1].saved_to == folder
    assert other.saved_to != folder
    assert sync_of(made[0]) == str(folder)
    for widget in (*made, other):
        widget.close()


def sync_of(widget):
    from tests.widgets._annotating import Wire

    widget.comm = Wire(widget)
    return sync(widget)[0]["saved_to"]


def test_a_log_of_other_images_is_told_and_one_of_another_kind_refused(annotate, log):
    pixels = np.random.default_rng(0).integers(0, 255, (N, 4, 4, 1), dtype=np.uint8)
    annotate(images=Images(pixels), journal=log).label(0, "cat")
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises(ValueError, match="labels of another kind"):
        annotate(frame, [], images=Images(pixels), journal=log)
    assert list(frame) == ["x"]
    with pytest.warns(UserWarning, match="0 of 12 images are known .*; 12 are new; 12 of the log"):
        other = annotate(frame, images=Images(255 - pixels), journal=log)
    assert other.labels.tolist() == [None] * N


def test_a_folder_that_cannot_be_written_is_told_at_once_with_what_to_do(annotate, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises(OSError, match="journal=None"):
        annotate(frame, journal=file / "log")
    assert list(frame) == ["x"]


@pytest.mark.parametrize("journal", [True, 3, ["a"]])
def test_a_log_that_is_no_path_is_refused(annotate, journal):
    with pytest.raises(TypeError, match=r"journal is .*; expected 'auto'"):
        annotate(journal=journal)


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_an_annotator_without_a_name_is_refused(annotate, name):
    with pytest.raises(ValueError, match="annotator is"):
        annotate(annotator=name)


def test_a_label_that_cannot_be_put_on_disk_is_not_called_saved_and_comes_later(
    annotate, log, monkeypatch
):
    widget = annotate(journal=log)
    widget.label(5, "dog")
    full = OSError(28, "No space left on device")

    def refuse(*_):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(widget._desk.journal._log, "write", refuse)
        edit(widget, 1, rows=[0], **{"class": 0})
        with pytest.raises(OSError, match="No space"):
            widget.label(1, "cat")
        (failed,) = widget.comm.of("failed")
        assert failed["message"] == "No space left on device"
        assert acked(widget) == []
        assert widget.labels.tolist() == names(widget.frame) == [*[None] * 5, "dog", *[None] * 6]
    edit(widget, 1, rows=[0], **{"class": 0})
    widget.comm.wait_for(lambda: acked(widget) == [1])
    assert names(widget.frame)[0] == "cat"
