"""What the annotator is called with: names that are no text, notes, columns, codes, frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.widgets._annotating import CODES, N, names
from vaewidgets.images import Images, load_images
from vaewidgets.labels.conflict import LabelConflictWarning
from vaewidgets.labels.opening import name_of_annotator
from vaewidgets.labels.rebinding import rebinding
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.scatter import LatentScatter


def test_classes_of_a_column_of_numbers_are_named_by_numbers_of_any_kind(annotate):
    frame = pd.DataFrame({"y": np.arange(N, dtype="int64") % 3})
    widget = annotate(frame, "y", None)
    widget.label(0, 2.0)
    widget.label(1, np.int8(2))
    assert widget.add_class(np.int64(7)) == "7"
    widget.rename_class(1, 8)
    assert widget.classes == ["0", "8", "2", "7"]
    assert frame["y"].tolist()[:5] == [2, 2, 2, 0, 8]


def test_classes_of_a_column_of_bools_are_named_by_them(annotate):
    frame = pd.DataFrame({"y": pd.array([True, False, None, *[True] * (N - 3)], "boolean")})
    widget = annotate(frame, "y", None)
    widget.label(2, False)
    widget.label(1, np.bool_(True))
    assert frame["y"].tolist()[:3] == [True, True, False]


@pytest.mark.parametrize("name", [None, ["cat"], b"cat"])
def test_a_name_that_is_none_is_refused_in_words(annotate, name):
    widget = annotate()
    for call in (lambda: widget.label(0, name), lambda: widget.add_class(name)):
        with pytest.raises(ValueError, match=r"no class|must be text"):
            call()
    with pytest.raises(ValueError, match="must be text"):
        widget.rename_class("cat", name)
    assert widget.classes == ["cat", "dog"]


def test_a_note_from_python_is_checked_as_one_from_a_page(annotate, tmp_path):
    widget = annotate(journal=tmp_path / "log")
    with pytest.raises(ValueError, match="a note must be text"):
        widget.note(0, 7)
    with pytest.warns(UserWarning, match="cut to 2000"):
        widget.note(0, "x" * 3000)
    with pytest.warns(UserWarning, match="half a character"):
        widget.note(1, "half \ud800")
    widget.note(2, "  ")
    assert widget.notes.to_dict() == {0: "x" * 2000, 1: "half \ufffd"}
    again = annotate(journal=tmp_path / "log")
    assert again.notes.to_dict() == widget.notes.to_dict()


def test_an_annotator_is_named_by_the_account_or_called_a_person(monkeypatch):
    assert name_of_annotator("Ada") == "Ada"
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    assert name_of_annotator(None) == "ada"

    def nobody():
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert name_of_annotator(None) == "person"
    assert name_of_annotator("x" * 100) == "x" * 100
    with pytest.raises(TypeError, match="expected a name"):
        name_of_annotator(3)


def test_points_that_are_only_a_map_can_be_labelled(annotate):
    widget = annotate(model=None, coordinates=CODES[:, :2])
    widget.label(3, "cat")
    assert names(widget.frame)[3] == "cat"


@pytest.mark.parametrize("codes", [np.full((N, 2), "a", object), np.zeros((N, 2, 2)), [["a"]] * N])
def test_codes_that_are_no_numbers_are_refused_in_words(codes):
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises((TypeError, ValueError), match=r"model must be|0 images"):
        Annotator(codes, None, frame)
    assert list(frame) == ["x"]


def test_the_same_codes_find_their_log_and_others_do_not(tmp_path):
    def folder(codes, **options):
        widget = Annotator(codes, **options)
        widget.label(0, widget.add_class("cat"))
        widget.close()
        return widget.saved_to

    assert folder(CODES) == folder(np.asfortranarray(CODES).copy())
    assert folder(CODES) != folder(CODES + 1)
    assert folder(CODES) != folder(CODES, column="kind")
    named = tmp_path / "mine"
    again = CODES[:, ::-1]  # codes made anew for the same images
    assert folder(CODES, journal=named) == named
    with pytest.warns(UserWarning, match="12 by position"):
        assert folder(again, journal=named) == named
    with pytest.warns(UserWarning, match="5 of 5 images are known .* 19 of the log are not here"):
        some = Annotator(CODES[:5], journal=named)
    assert some.labels.tolist() == ["cat", None, None, None, None]


def test_some_rows_of_a_frame_are_labelled_and_selected_where_they_stand(annotate):
    images = Images(np.zeros((N, 2, 2, 1), np.uint8))[[2, 5, 7]]
    frame = pd.DataFrame({"x": range(N)})
    widget = annotate(frame, model=CODES[:3], images=images)
    widget.label([0, 2], "cat")
    assert np.flatnonzero(frame["label"].notna()).tolist() == [2, 7]
    widget.selection = [1, 2]
    assert widget.selected_frame["x"].tolist() == [5, 7]
    assert names(widget.selected_frame) == [None, "cat"]
    assert widget.rows_without_image["row"].tolist() == [0, 1, 3, 4, 6, 8, 9, 10, 11]


@pytest.mark.parametrize("height", [159, 2001, "tall"])
def test_a_map_of_no_height_is_refused(height):
    with pytest.raises(ValueError, match="height must be"):
        Annotator(CODES, height=height, journal=None)


@pytest.fixture
def files(tmp_path):
    """Four images in files, and the frame that lists them."""
    names_ = [f"{k}.png" for k in range(4)]
    for k, name in enumerate(names_):
        Image.fromarray(np.full((4, 4), 60 * k, np.uint8)).save(tmp_path / name)
    frame = pd.DataFrame({"file": names_, "label": None}, index=range(100, 104))
    return load_images([tmp_path / name for name in names_]), frame


def test_a_frame_in_another_order_than_the_files_is_refused_and_left_alone(files, tmp_path):
    images, frame = files
    first = Annotator(CODES[:4], images, frame, classes=["cat"], journal=tmp_path / "log")
    first.label(1, "cat")
    turned = frame.iloc[::-1].copy()
    for make in (
        lambda: Annotator(CODES[:4], images, turned, journal=tmp_path / "log"),
        lambda: LatentScatter(CODES[:4], images, data=turned),
    ):
        with pytest.raises(ValueError, match=r"column 'file' says '3.png' where image 0 is"):
            make()
    assert turned["label"].to_list() == [None, None, "cat", None]
    again = Annotator(CODES[:4], images, frame, journal=tmp_path / "log")
    assert again.labels.tolist() == [None, "cat", None, None]


def test_a_card_names_the_index_and_the_file_of_an_image(files):
    images, frame = files
    widget = LatentScatter(CODES[:4], images, data=frame)
    assert widget._index_name == "index"
    assert widget._table.index_label(2) == "102 · 2.png"
    widget = LatentScatter(CODES[:4], images)
    assert widget._index_name == "file"
    assert widget._table.index_label(2) == "2.png"
    widget = LatentScatter(CODES[:2], images[[1, 3]], data=frame.iloc[[1, 3]])
    assert widget._table.index_label(1) == "103 · 3.png"


def test_labels_come_into_a_frame_that_was_sorted_and_filtered_since(annotate):
    frame = pd.DataFrame({"file": [f"{i}.png" for i in range(N)], "x": range(N)})
    widget = annotate(frame)
    widget.label([1, 8], "cat")
    widget.add_class("owl")
    widget.label([9], "owl")
    later = frame.query("x > 4").sort_values("x", ascending=False)
    widget.label([11], "dog")
    found = widget.apply(later, on="file")
    assert names(found) == ["dog", None, "owl", "cat", *[None] * 3]
    assert names(later) == [None, None, "owl", "cat", *[None] * 3]
    with pytest.raises(ValueError, match="on is 'name', but the frame that is labelled has no"):
        widget.apply(later, on="name")


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_frame_sorted_in_place_is_told_and_apply_helps(annotate):
    frame = pd.DataFrame({"file": [f"{i}.png" for i in range(N)]})
    widget = annotate(frame)
    frame.sort_values("file", inplace=True)
    with pytest.warns(LabelConflictWarning, match="re-ordered"):
        widget.label([2], "cat")
    assert "apply(frame, on=...)" in widget.comm.of("conflict")[0]["text"]
    with pytest.raises(RuntimeError, match="re-ordered"):
        widget.export("labels.csv")
    found = widget.apply(frame, on="file")
    assert found.loc[found["label"].notna(), "file"].tolist() == ["2.png"]


def test_a_closed_annotator_is_not_told_of_when_its_frame_is_copied(annotate, shell, caplog):
    frame = pd.DataFrame({"x": range(N)})
    open_one, closed = annotate(frame), annotate(frame)
    for widget in (open_one, closed):
        rebinding.watch(widget._desk, shell)
    closed.close()
    shell.user_ns["df"] = frame
    shell.run_cell("pass")
    shell.run_cell("df = df.copy()")
    assert [r.getMessage()[:30] for r in caplog.records] == ["df is another DataFrame now. L"]
