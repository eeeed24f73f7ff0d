import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.table import ConflictError, open_columns

N = 4


def open_on(frame, column="label", classes=None, **options):
    made = open_columns(frame, column, np.arange(N), classes, **{"details": True} | options)
    made.create()
    return made


def write(columns, *layers, suggested=(), notes=None, rows=None):
    """Write all rows; `suggested` are the suggested ones of layer 0."""
    layers = [np.array(layer, np.uint16) for layer in layers]
    rows = {n: np.arange(N) for n in range(len(layers))} if rows is None else rows
    columns.write(rows, layers, by(suggested), notes or {})


def by(suggested):
    return lambda layer: np.isin(np.arange(N), suggested) & (layer == 0)


def texts(frame, name):
    return [None if pd.isna(value) else value for value in frame[name]]


def test_who_gave_a_label_stands_beside_it():
    frame = pd.DataFrame({"label": ["cat", None, None, "dog"]})
    column = open_on(frame)
    assert frame.columns.tolist() == ["label", "label_source", "label_note"]
    write(column, [1, 2, 1, 1], suggested=[1])
    assert texts(frame, "label_source") == [None, "suggestion", "person", "person"]
    write(column, [1, 2, 0, 2], rows={})  # the suggestion was confirmed, one undone, one cleared
    assert texts(frame, "label_source") == [None, "person", None, None]


def test_a_label_that_was_found_keeps_the_source_that_was_found():
    frame = pd.DataFrame(
        {"label": ["a", "a", "a", None], "label_source": ["person", "x", None, "y"]}
    )
    column = open_on(frame, classes=["b"])
    write(column, [1, 2, 1, 1])
    assert texts(frame, "label_source") == ["person", "x", "person", "person"]
    write(column, [2, 2, 2, 0])
    assert texts(frame, "label_source") == ["person", "x", None, "y"]


def test_notes_are_written_changed_and_taken_away():
    frame = pd.DataFrame({"label": ["a"] * N})
    column = open_on(frame)
    write(column, [1] * N, notes={1: "blurred\n=1+1", 2: "twice"}, rows={})
    assert texts(frame, "label_note") == [None, "blurred\n=1+1", "twice", None]
    write(column, [1] * N, notes={1: "sharp", 3: "twice"}, rows={})
    assert texts(frame, "label_note") == [None, "sharp", None, "twice"]


def test_notes_that_were_found_are_given_and_stay_until_they_are_the_journals():
    frame = pd.DataFrame({"label": ["a"] * N, "label_note": ["one", "two", None, " "]})
    column = open_on(frame)
    assert column.notes == {0: "one", 1: "two", 3: " "}
    write(column, [1] * N, notes={1: "mine"})
    assert texts(frame, "label_note") == ["one", "mine", None, " "]
    write(column, [1] * N, notes={0: "one"})
    assert texts(frame, "label_note") == ["one", "two", None, " "]
    write(column, [1] * N)  # the note was in the journal, and was taken away there
    assert texts(frame, "label_note") == [None, "two", None, " "]


@pytest.mark.parametrize("dtype", [object, "str", "string", "category", "string[pyarrow]"])
def test_the_dtype_of_a_column_of_details_is_kept(dtype):
    frame = pd.DataFrame({"label": ["a"] * N})
    for name in ("label_source", "label_note"):
        frame[name] = pd.Series(["seen", None, None, None], dtype=dtype)
    kept = frame.dtypes.iloc[1]
    column = open_on(frame, classes=["b"])
    write(column, [1, 1, 2, 2], notes={3: "new"}, suggested=[2])
    assert texts(frame, "label_source") == ["person", "person", "suggestion", None]
    assert texts(frame, "label_note") == ["seen", None, None, "new"]
    for dtype_now in frame.dtypes.iloc[1:]:
        assert dtype_now == kept or isinstance(dtype_now, pd.CategoricalDtype)
        assert isinstance(dtype_now, type(kept))


@pytest.mark.parametrize("name", ["label_source", "label_note"])
def test_a_column_that_cannot_hold_details_is_refused_only_if_they_are_asked_for(name):
    frame = pd.DataFrame({"label": ["a"] * N, name: 1.5})
    before = frame.copy(deep=True)
    with pytest.raises(TypeError, match=f"column '{name}' has dtype float64"):
        open_on(frame)
    column = open_on(frame, details=False)
    write(column, [1] * N, notes={1: "x"})
    pd.testing.assert_frame_equal(frame, before)
    with pytest.raises(ConflictError, match=f"'{name}' is float64"):
        column.labelled([np.array([0] * N)], by([]), {1: "x"}, details=True)


def test_details_come_into_an_export_or_stay_out_as_asked():
    frame = pd.DataFrame({"label": ["a", "a", None, None]})
    column = open_on(frame, details=False)
    layers = [np.array([1, 0, 1, 1], np.uint16)]
    copy = column.labelled(layers, by([3]), {0: "n"}, details=True)
    assert texts(copy, "label_source") == [None, None, "person", "suggestion"]
    assert texts(copy, "label_note") == ["n", None, None, None]
    assert frame.columns.tolist() == ["label"]
    column = open_on(frame)
    write(column, layers[0], notes={0: "n"})
    assert column.labelled(layers, by([]), {}, details=False).columns.tolist() == ["label"]
    assert column.labelled(layers, by([]), {}).columns.tolist() == frame.columns.tolist()


def test_tags_have_a_source_each_and_one_note():
    frame = pd.DataFrame({"a": [True, False, False, False]})
    tags = open_on(frame, ["a"], ["b"])
    assert frame.columns.tolist() == ["a", "b", "a_source", "b_source", "note"]
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], suggested=[1], notes={2: "n"})
    assert texts(frame, "a_source") == [None, "suggestion", None, None]
    assert texts(frame, "b_source") == [None, "person", None, "person"]
    assert texts(frame, "note") == [None, None, "n", None]
    tags.rename_class(1, "c")
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], suggested=[1], notes={2: "n"}, rows={})
    assert frame.columns.tolist() == ["a", "c", "a_source", "c_source", "note"]
    tags.set_gone(1, True)
    write(tags, [1, 1, 0, 0], [0] * N, notes={2: "n"})
    assert frame.columns.tolist() == ["a", "a_source", "note"]
    tags.set_gone(1, False)
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], notes={2: "n"})
    assert texts(frame, "c_source") == [None, "person", None, "person"]


@pytest.mark.parametrize("name", ["note", "a_source", "b_source", "taken"])
def test_a_tag_cannot_take_the_name_of_a_column_of_details(name):
    frame = pd.DataFrame({"taken_source": [1.5] * N})
    tags = open_on(frame, ["a"])
    tags.add_class("b")  # its columns are not made yet
    with pytest.raises(RefusedError, match="no tag"):
        tags.check_class(name)


def test_a_column_of_several_levels_has_details_beside_it():
    names = pd.MultiIndex.from_tuples([("a", "x"), ("a", "label")])
    frame = pd.DataFrame([[1, "cat"]] * N, columns=names)
    column = open_on(frame, ("a", "label"))
    write(column, [0] * N, notes={0: "n"})
    assert frame["a", "label_note"].iloc[0] == "n"


def test_a_column_of_details_that_went_is_a_conflict_and_nothing_is_written():
    frame = pd.DataFrame({"label": ["a"] * N})
    column = open_on(frame, classes=["b"])
    gone = frame.pop("label_source")
    before = frame.copy(deep=True)
    with pytest.raises(ConflictError, match="'label_source' is gone"):
        write(column, [1] * N)
    pd.testing.assert_frame_equal(frame, before)
    frame["label_source"] = gone
    write(column, [1] * N, rows={})
    assert texts(frame, "label") == ["b"] * N
    assert texts(frame, "label_source") == ["person"] * N
