"""Labels brought into another frame, whose rows are told apart by a column."""

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import names
from vaewidgets.labels.journal.steps import Origin
from vaewidgets.labels.table import About, TagColumns, open_columns

FILES = ["a.png", "b.png", "c.png", "d.png"]
LABELS = ["cat", "dog", None, "cat"]


def frame_of(**columns):
    return pd.DataFrame({"file": FILES, "x": [3, 1, 2, 4], **columns})


def labelled_in(other, on="file", *, frame=None, change=None, notes=None, details=False):
    """Label LABELS, change the frame given, and bring the labels into `other`."""
    frame = frame_of() if frame is None else frame
    columns = open_columns(frame, "label", np.arange(4), ["cat", "dog"])
    columns.create()
    codes = np.array([1, 2, 0, 1], np.uint16)

    def suggested(_layer):
        return np.array([False, True, False, False])

    columns.write({0: np.arange(4)}, [codes], suggested, notes or {})
    if change:
        change(frame)
    return columns.labelled_in(other(frame), on, [codes], suggested, notes or {}, details=details)


OTHERS = {
    "sorted": lambda f: f.sort_values("x"),
    "filtered": lambda f: f[f.x > 1],
    "sorted and counted again": lambda f: f.sort_values("x", ignore_index=True),
    "another index": lambda f: f.set_index("x").iloc[::-1],
    "its labels are old": lambda f: f.assign(label="cat")[::-1],
    "without the column": lambda f: f.drop(columns="label")[::-1],
    "on the index": lambda f: f.set_index("file")[::-1],
    "categories": lambda f: f.astype({"label": "category"})[::-1],
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_each_label_comes_to_the_row_of_its_image(other):
    asked = other(frame_of(label=LABELS))
    before = asked.copy(deep=True)
    found = labelled_in(lambda _: asked)
    files = found.index if "file" in found.index.names else found["file"]
    assert names(found) == [LABELS[FILES.index(file)] for file in files]
    pd.testing.assert_frame_equal(asked, before)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.sort_values("x", inplace=True),
        lambda f: f.drop(index=0, inplace=True),
        lambda f: f.__delitem__("label"),
        lambda f: f.__delitem__("file"),
    ],
)
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_frame_that_cannot_be_written_any_more_still_tells_where_labels_belong(change):
    found = labelled_in(lambda _: frame_of()[::-1], change=change)
    assert names(found) == LABELS[::-1]


def test_rows_of_no_image_stay_as_they_are_and_missing_keys_match_nothing():
    given = frame_of()
    given.loc[3, "file"] = None
    other = pd.DataFrame({"file": ["z", "b.png", None, None], "label": ["own", "own", "own", "a"]})
    found = labelled_in(lambda _: other, frame=given)
    assert names(found) == ["own", "dog", "own", "a"]


def test_blanks_match_nothing_as_missing_keys_do():
    given = frame_of()
    given.loc[2:, "file"] = ["", " "]
    other = pd.DataFrame({"file": ["", "b.png", "", "a.png"], "label": "own"})
    assert names(labelled_in(lambda _: other, frame=given)) == ["own", "dog", "own", "cat"]


NAMELESS = {
    "None": ([None, None], [None, None]),
    "blank": (["", ""], ["", " "]),
    "NaN": ([np.nan, None], [None, np.nan]),
    "folders": (["p/", "q/"], ["r/", "s/"]),
    "numbers": ([1, 2], [3, 4]),
}


@pytest.mark.parametrize(("here", "there"), NAMELESS.values(), ids=NAMELESS)
def test_paths_are_matched_by_the_names_of_the_files_where_nothing_else_matches(here, there):
    given = frame_of()
    given["file"] = [r"C:\old\a.png", "old/b.png", *here]
    other = pd.DataFrame({"file": ["new/b.png", *there, "z.png", "a.png"]})
    found = labelled_in(lambda _: other, frame=given)
    assert names(found) == ["dog", None, None, None, "cat"]


def test_names_of_files_that_tell_nothing_apart_match_nothing():
    other = pd.DataFrame({"file": ["x/a.png", "y/a.png", "z/b.png"]})
    with pytest.raises(ValueError, match="no row of frame"):
        labelled_in(lambda _: other)


def test_sources_and_notes_come_too():
    found = labelled_in(lambda f: f[1:][::-1], notes={0: "left out", 2: "blurred"}, details=True)
    assert names(found, "label_note") == [None, "blurred", None]
    assert names(found, "label_source") == ["person", None, "suggestion"]
    assert list(found.columns[3:]) == [
        "label_source", "label_by", "label_when", "label_how", "label_note",
    ]  # fmt: skip


def test_who_when_how_and_what_is_set_aside_come_too():
    frame = frame_of()
    columns = open_columns(frame, "label", np.arange(4), ["cat"])
    codes = np.array([1, 1, 0, 1], np.uint16)
    origins = [Origin("ada", 1_700_000_000, "key", is_suggestion=False)]
    about = About(lambda _: (np.array([0, -1, 0, 0]), origins), {1: "blurred", 3: ""})
    found = columns.labelled_in(
        frame_of()[1:][::-1], "file", [codes], lambda _: np.zeros(4, bool), {},
        about=about, details=True,
    )  # fmt: skip
    assert names(found, "label_by") == ["ada", None, None]
    assert names(found, "label_when") == ["2023-11-14T22:13:20+00:00", None, None]
    assert names(found, "label_how") == ["key", None, None]
    assert names(found, "label_set_aside") == ["set aside", None, "blurred"]


def test_tags_come_too_and_those_that_are_gone_do_not():
    frame = frame_of(cat=False)
    columns = TagColumns(frame, ["cat"], np.arange(4), ["old", "dog"])
    columns.create()
    columns.set_gone(1, True)
    layers = [np.array(layer, np.uint16) for layer in ([1, 2, 0, 1], [1, 1, 1, 1], [0, 0, 1, 0])]
    other = frame_of().sort_values("x")
    found = columns.labelled_in(other, "file", layers, lambda _: np.zeros(4, bool), {})
    assert list(found.columns) == ["file", "x", "cat", "dog"]
    assert found["cat"].tolist() == [False, False, True, True]
    assert found["dog"].tolist() == [False, True, False, False]
    found = columns.labelled_in(other, "file", layers, lambda k: layers[k] == 1, {}, details=True)
    endings = ("source", "by", "when", "how")
    expected = [f"{tag}_{ending}" for tag in ("cat", "dog") for ending in endings]
    assert list(found.columns[4:]) == [*expected, "note"]
    assert names(found, "dog_source") == [None, "suggestion", None, None]


def test_tags_of_another_task_do_not_come():
    frame = frame_of(cat=False)
    columns = TagColumns(frame, ["cat"], np.arange(4), ["theirs"])
    columns.hidden = {1}
    layers = [np.ones(4, np.uint16)] * 2
    for details in (False, True):
        found = columns.labelled_in(
            frame_of(), "file", layers, lambda _: np.zeros(4, bool), {}, details=details
        )
        assert found["cat"].all()
        assert not [name for name in found if "theirs" in name]


REFUSED = {
    "no column there": ("file", lambda f: f.drop(columns="file"), "frame has no column 'file'"),
    "no column here": ("y", lambda f: f.assign(y=f.x), "is labelled has no column 'y'"),
    "twice there": ("file", lambda f: pd.concat([f, f]), "frame has 'a.png' in several rows"),
    "two columns": (
        "file",
        lambda f: pd.concat([f, f["file"]], axis=1),
        "frame has no column 'file', or several",
    ),
    "nothing matches": ("file", lambda f: f.assign(file=f.x), "no row of frame"),
    "no number matches": ("x", lambda f: f.assign(x=f.x + 9), "no row of frame"),
    "numbers": ("file", lambda f: f.assign(label=7), "cannot hold the labels"),
    "no missing value": ("file", lambda f: f.assign(label=True), "cannot hold|no missing value"),
    "None": (None, lambda f: f, "has no column None"),
}


@pytest.mark.parametrize(("on", "other", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_tell_the_rows_apart_or_cannot_hold_labels_is_refused(on, other, words):
    with pytest.raises(ValueError, match=words):
        labelled_in(other, on)


def test_a_column_that_does_not_tell_images_apart_is_refused():
    with pytest.raises(ValueError, match="frame that is labelled has 1 in several rows"):
        labelled_in(lambda f: f, "g", frame=frame_of(g=[1, 1, 2, 3]))


def test_what_is_no_frame_is_refused():
    with pytest.raises(TypeError, match="frame is list; accepted: a pandas DataFrame"):
        labelled_in(lambda _: [1])


def test_a_column_that_cannot_be_cleared_takes_no_missing_label():
    frame = pd.DataFrame({"file": FILES, "label": ["1", "2", "1", None]})
    columns = open_columns(frame, "label", np.arange(4))
    codes, nobody = columns.layers[0], lambda _: np.zeros(4, bool)
    with pytest.raises(ValueError, match="no missing value"):
        columns.labelled_in(frame.assign(label=1), "file", [codes], nobody, {})
    found = columns.labelled_in(frame.assign(label=1)[:3], "file", [codes], nobody, {})
    assert found["label"].tolist() == [1, 2, 1]
    assert found["label"].dtype == "int64"
