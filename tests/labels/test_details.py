import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.journal.steps import Origin
from vaewidgets.labels.table import NOTHING, About, ConflictError, open_columns

N = 4
ENDINGS = ("source", "by", "when", "how", "note")


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


def beside(tag):
    return [f"{tag}_{ending}" for ending in ("source", "by", "when", "how")]


def texts(frame, name):
    return [None if pd.isna(value) else value for value in frame[name]]


def test_who_gave_a_label_stands_beside_it():
    frame = pd.DataFrame({"label": ["cat", None, None, "dog"]})
    column = open_on(frame)
    assert frame.columns.tolist() == ["label", *(f"label_{ending}" for ending in ENDINGS)]
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


def test_who_gave_a_label_when_and_how_stands_beside_it():
    frame = pd.DataFrame({"label": ["cat", None, None, "dog"]})
    frame["label_by"] = ["old", None, "", "b"]
    column = open_on(frame)
    origins = [
        Origin("ada", 1_700_000_000, "lasso", is_suggestion=False),
        Origin("ben", 0, "", is_suggestion=True),
    ]
    about = About(lambda _: (np.array([-1, 0, 1, -1]), origins), {})
    column.write({}, [np.array([1, 2, 2, 2], np.uint16)], by([]), {}, about)
    assert texts(frame, "label_by") == ["old", "ada", "ben", "b"]
    assert texts(frame, "label_when") == [None, "2023-11-14T22:13:20+00:00", None, None]
    assert texts(frame, "label_how") == [None, "lasso", None, None]
    about = About(lambda _: (np.array([0, 0, -1, 1]), origins), {})
    column.write({}, [np.array([1, 0, 0, 1], np.uint16)], by([]), {}, about)
    assert texts(frame, "label_by") == ["ada", None, None, "ben"]  # two were cleared
    assert texts(frame, "label_how") == ["lasso", None, None, None]


@pytest.mark.parametrize(
    ("column", "beside"), [("label", "label_set_aside"), (["a"], "set_aside")]
)
def test_what_is_set_aside_has_a_column_once_something_is(column, beside):
    frame = pd.DataFrame({"x": range(N)})
    opened = open_on(frame, column, ["a"] if column == "label" else None)
    nothing = [np.zeros(N, np.uint16)]
    opened.write({}, nothing, by([]), {}, About(NOTHING.origins, {}))
    assert beside not in frame
    opened.write({}, nothing, by([]), {}, About(NOTHING.origins, {0: "blurred", 2: ""}))
    assert texts(frame, beside) == ["blurred", None, "set aside", None]
    opened.write({}, nothing, by([]), {}, About(NOTHING.origins, {2: "dark"}))
    assert texts(frame, beside) == [None, None, "dark", None]
    assert beside not in opened.labelled(nothing, by([]), {}, details=False)


def test_notes_that_were_found_are_given_and_stay_until_they_are_the_journals():
    frame = pd.DataFrame({"label": ["a"] * N, "label_note": ["one", "two", None, " "]})
    column = open_on(frame)
    assert column.notes == {0: "one", 1: "two"}
    write(column, [1] * N, notes={1: "mine"})
    assert texts(frame, "label_note") == ["one", "mine", None, " "]
    write(column, [1] * N, notes={0: "one"})
    assert texts(frame, "label_note") == ["one", "two", None, " "]
    write(column, [1] * N)  # the note was in the journal, and was taken away there
    assert texts(frame, "label_note") == [None, "two", None, " "]


@pytest.mark.parametrize("dtype", [object, "str", "string", "category", "string[pyarrow]"])
def test_the_dtype_of_a_column_of_details_is_kept(dtype):
    frame = pd.DataFrame({"label": ["a"] * N})
    for ending in (*ENDINGS, "set_aside"):
        frame[f"label_{ending}"] = pd.Series(["seen", None, None, None], dtype=dtype)
    kept = frame.dtypes.iloc[1]
    column = open_on(frame, classes=["b"])
    origins = [Origin("ada", 1_700_000_000, "key", is_suggestion=False)]
    about = About(lambda _: (np.array([-1, 0, 0, -1]), origins), {1: "dark"})
    layers = [np.array([1, 1, 2, 2], np.uint16)]
    column.write({0: np.arange(N)}, layers, by([2]), {3: "new"}, about)
    assert texts(frame, "label_source") == ["person", "person", "suggestion", None]
    assert texts(frame, "label_note") == ["seen", None, None, "new"]
    assert texts(frame, "label_by") == [None, "ada", "ada", None]
    assert texts(frame, "label_how") == [None, "key", "key", None]
    assert texts(frame, "label_set_aside") == ["seen", "dark", None, None]
    for dtype_now in frame.dtypes.iloc[1:]:
        assert dtype_now == kept or isinstance(dtype_now, pd.CategoricalDtype)
        assert isinstance(dtype_now, type(kept))


@pytest.mark.parametrize("name", ["a_by", "note", "set_aside"])
def test_tags_are_refused_where_details_cannot_be_written(name):
    frame = pd.DataFrame({"a": [True] * N, name: 1.5})
    with pytest.raises(TypeError, match=f"column '{name}' has dtype float64"):
        open_on(frame, ["a"])
    assert open_on(frame, ["a"], details=False).classes == ["a"]


@pytest.mark.parametrize("name", ["label_source", "label_when", "label_note", "label_set_aside"])
def test_a_column_that_cannot_hold_details_is_refused_only_if_they_are_asked_for(name):
    frame = pd.DataFrame({"label": ["a"] * N, name: 1.5})
    before = frame.copy(deep=True)
    with pytest.raises(TypeError, match=f"column '{name}' has dtype float64"):
        open_on(frame)
    column = open_on(frame, details=False)
    write(column, [1] * N, notes={1: "x"})
    pd.testing.assert_frame_equal(frame, before)
    about = About(NOTHING.origins, {1: "x"})
    with pytest.raises(ConflictError, match=f"'{name}' is float64"):
        column.labelled([np.array([0] * N)], by([]), {1: "x"}, about, details=True)


def test_columns_of_details_that_hold_no_text_are_let_be_without_details():
    frame = pd.DataFrame({"label": ["a"] * N, "label_note": [[1]] * N, "label_by": [{}] * N})
    before = frame.copy(deep=True)
    column = open_on(frame, details=False)
    write(column, [1] * N)
    pd.testing.assert_frame_equal(frame, before)


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
    assert frame.columns.tolist() == ["a", "b", *beside("a"), *beside("b"), "note"]
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], suggested=[1], notes={2: "n"})
    assert texts(frame, "a_source") == [None, "suggestion", None, None]
    assert texts(frame, "b_source") == [None, "person", None, "person"]
    assert texts(frame, "note") == [None, None, "n", None]
    tags.rename_class(1, "c")
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], suggested=[1], notes={2: "n"}, rows={})
    assert frame.columns.tolist() == ["a", "c", *beside("a"), *beside("c"), "note"]
    tags.set_gone(1, True)
    write(tags, [1, 1, 0, 0], [0] * N, notes={2: "n"})
    assert frame.columns.tolist() == ["a", *beside("a"), "note"]
    tags.set_gone(1, False)
    write(tags, [1, 1, 0, 0], [0, 2, 0, 1], notes={2: "n"})
    assert texts(frame, "c_source") == [None, "person", None, "person"]


@pytest.mark.parametrize(
    "name", ["note", "set_aside", "a_source", "b_source", "a_by", "b_when", "b_how", "taken"]
)
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
