import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.table import (
    ConflictError,
    LabelColumn,
    TagColumns,
    open_columns,
    write_frame,
)

N = 6


def column_on(frame, column="label", classes=("cat", "dog"), rows=None):
    rows = np.arange(len(frame)) if rows is None else rows
    made = LabelColumn(frame, column, rows, classes)
    made.create()
    return made


def nobody(layer):
    return np.zeros(N, bool)


def write_codes(column, rows, codes):
    column.write({0: np.array(rows)}, [np.array(codes, np.uint16)], nobody, {})


def write(column, changes):
    """Write {row: code}, the rest of the codes as they were at the start."""
    codes = column.layers[0].copy()
    for row, code in changes.items():
        codes[row] = code
    column.write({0: np.array(sorted(changes))}, [codes], nobody, {})


INDEXES = {
    "duplicated": list("aabbaa"),
    "shuffled": [3, 1, 5, 0, 2, 4],
    "nan": [np.nan, 1.5, np.nan, 2, 3, np.inf],
    "bool": [True, False, True, True, False, False],
    "dates": pd.date_range("2026-01-01", periods=N),
    "multi": pd.MultiIndex.from_tuples(
        [(1, "a"), (1, "a"), (2, "b"), (2, "c"), (1, "a"), (3, "")]
    ),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
@pytest.mark.parametrize("exists", [False, True])
def test_exactly_the_row_of_the_image_changes_whatever_the_index(index, exists):
    frame = pd.DataFrame({"x": range(N)}, index=index)
    if exists:
        frame["label"] = ["cat", None, None, "dog", None, None]
    same = frame
    write(column_on(frame), {1: 2})
    expected = ["cat", "dog", None, "dog", None, None] if exists else [None, "dog"] + [None] * 4
    assert frame is same
    assert [None if pd.isna(v) else v for v in frame["label"]] == expected
    assert frame["x"].tolist() == list(range(N))


def test_labels_in_the_column_are_kept_found_and_corrected():
    frame = pd.DataFrame({"label": ["dog", None, "ant", "dog", None, ""]})
    column = column_on(frame, classes=["dog", "cat"])
    assert column.classes == ["dog", "cat", "ant"]
    assert column.layers[0].tolist() == [1, 0, 3, 1, 0, 0]
    write(column, {0: 2, 2: 0, 4: 3})
    assert frame["label"].isna().tolist() == [False, True, True, False, False, False]
    assert frame["label"].dropna().tolist() == ["cat", "dog", "ant", ""]


DTYPES = {
    "object": (["cat", None, "dog", None, "cat", None], object, "bird"),
    "str": (["cat", None, "dog", None, "cat", None], "str", "bird"),
    "string": (["cat", None, "dog", None, "cat", None], "string", "bird"),
    "string[pyarrow]": (["cat", None, "dog", None, "cat", None], "string[pyarrow]", "bird"),
    "large_string": (
        ["cat", None, "dog", None, "cat", None],
        pd.ArrowDtype(pa.large_string()),
        "bird",
    ),
    "category": (["cat", None, "dog", None, "cat", None], "category", "bird"),
    "whole categories": ([1, None, 2, None, 1, None], pd.CategoricalDtype([2, 1]), "7"),
    "int8": ([1, 2, 2, 1, 1, 2], "int8", "-7"),
    "int64[pyarrow]": ([1, None, 2, None, 1, None], "int64[pyarrow]", "7"),
    "Int64": ([1, None, 2, None, 1, None], "Int64", "7"),
    "float32": ([1, None, 0.5, None, 1, None], "float32", "7.25"),
    "boolean": ([True, None, False, None, True, None], "boolean", None),
    "bool": ([True, True, False, True, True, False], "bool", None),
}


@pytest.mark.parametrize(("values", "dtype", "new"), DTYPES.values(), ids=DTYPES)
def test_the_dtype_is_kept_and_a_label_taken_back_restores_the_column(values, dtype, new):
    frame = pd.DataFrame({"label": pd.Series(values, dtype=dtype)})
    before = frame.copy(deep=True)
    column = column_on(frame, classes=None)
    codes = column.layers[0]
    if new:
        name, _ = column.check_class(new)
        column.add_class(name)
    write(column, {0: len(column.classes), 2: 1, 5: 1})
    kept = frame["label"].dtype
    assert kept == before["label"].dtype or isinstance(kept, pd.CategoricalDtype)
    assert isinstance(kept, type(before["label"].dtype))
    if new:
        assert str(frame["label"].iloc[0]) == new
    write_codes(column, range(N), codes)
    left = frame["label"]
    if dtype == "category" or isinstance(dtype, pd.CategoricalDtype):
        assert left.cat.categories[: len(before["label"].cat.categories)].tolist() == (
            before["label"].cat.categories.tolist()
        )
        left = left.astype(before["label"].dtype)
    pd.testing.assert_series_equal(left, before["label"])


@pytest.mark.parametrize(
    ("values", "classes", "words"),
    [
        (pd.date_range("2026-01-01", periods=N), None, "cannot hold|holds Timestamp"),
        ([1, 2, 3, 1, 2, 3], ["cat"], "whole numbers"),
        ([1.0, None, 3, 1, 2, 3], ["cat"], "text column first"),
        ([True, False] * 3, ["maybe"], "True and False only"),
        ([["a"], None, None, None, None, None], None, "no labels, such as lists"),
        ([1, "1", None, None, None, None], None, "all read '1'"),
        ([{1}, None, None, None, None, None], None, "no labels|set objects"),
        (["a"] * N, "abc", "a list of class names"),
        (["a"] * N, ["b", "b"], "twice"),
        (["a"] * N, ["b\x00"], "NUL"),
    ],
)
def test_a_column_that_cannot_hold_the_labels_is_refused_and_left_alone(values, classes, words):
    frame = pd.DataFrame({"label": values})
    before = frame.copy(deep=True)
    with pytest.raises((TypeError, ValueError), match=words):
        column_on(frame, classes=classes)
    pd.testing.assert_frame_equal(frame, before)


def test_a_column_of_names_is_no_label_column():
    frame = pd.DataFrame({"file": [f"{i}.png" for i in range(1500)]})
    with pytest.raises(ValueError, match=r"'file' holds 1,500 different values"):
        column_on(frame, "file", None)


def test_a_column_that_was_hardly_meant_is_doubted():
    frame = pd.DataFrame({"label": ["a"] * 60, "file": [f"{i}.png" for i in range(60)]})
    rows = np.arange(60)
    with pytest.warns(UserWarning, match="no column 'Label'.*has a column 'label'"):
        open_columns(frame, "Label", rows)
    with pytest.warns(UserWarning, match="'file' holds 60 different values in 60 rows"):
        open_columns(frame, "file", rows)
    for column in ("label", "weather", 7, ["label_is"]):
        open_columns(frame, column, rows)


def test_refused_classes_make_no_column():
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises(ValueError, match="classes does not fit"):
        column_on(frame, classes=["cat", ""])
    assert frame.columns.tolist() == ["x"]


def test_duplicated_column_names_are_refused_only_for_the_label_column():
    twice = pd.DataFrame([[1, 2, "cat"]] * N, columns=["x", "x", "label"])
    write(column_on(twice), {3: 2})
    assert twice["label"].tolist() == ["cat"] * 3 + ["dog"] + ["cat"] * 2
    with pytest.raises(ValueError, match="several columns named 'x'"):
        column_on(twice, "x")


def test_a_column_of_several_levels_is_named_by_a_tuple():
    names = pd.MultiIndex.from_tuples([("a", "x"), ("a", "label")])
    frame = pd.DataFrame([[1, None]] * N, columns=names).astype({("a", "label"): object})
    with pytest.raises(ValueError, match="2 levels"):
        column_on(frame, "a")
    write(column_on(frame, ("a", "label")), {0: 1})
    assert frame["a", "label"].tolist() == ["cat"] + [None] * 5


def test_a_frame_on_a_read_only_array_takes_labels():
    array = np.array(["cat"] * N, object)
    array.flags.writeable = False
    frame = pd.DataFrame(array.reshape(N, 1), columns=["label"], copy=False)
    write(column_on(frame), {2: 2})
    assert frame["label"].tolist() == ["cat", "cat", "dog", "cat", "cat", "cat"]
    assert array.tolist() == ["cat"] * N


def test_a_slice_of_a_frame_is_written_alone():
    whole = pd.DataFrame({"x": range(10), "label": ["cat"] * 10})
    part = whole[whole.x % 2 == 0]
    write(column_on(part), {1: 2})
    assert part["label"].tolist() == ["cat", "dog", "cat", "cat", "cat"]
    assert whole["label"].tolist() == ["cat"] * 10


def test_clearing_a_column_without_missing_value_is_refused():
    column = column_on(pd.DataFrame({"label": [1, 2] * 3}), classes=None)
    with pytest.raises(RefusedError, match="int64, which has no missing value"):
        column.check_clear()


def test_the_classes_of_a_bool_column_are_true_and_false():
    frame = pd.DataFrame({"label": pd.array([None] * N, dtype="boolean")})
    write(column_on(frame, classes=["false", True]), {0: 1, 1: 2})
    assert frame["label"].iloc[:2].tolist() == [False, True]


def test_a_number_class_has_one_name():
    column = column_on(pd.DataFrame({"label": [1, 2] * 3}), classes=None)
    assert column.check_class("007") == ("7", "")
    assert column.check_class("2") == ("2", "")
    with pytest.raises(RefusedError, match="int64"):
        column.check_class(str(2**70))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.loc.__setitem__(99, [9, "cat"]),
        lambda f: f.drop(index=5, inplace=True),
        lambda f: f.__setitem__("label", 1.5),
        lambda f: f.pop("label"),
        lambda f: setattr(f, "index", f.index[::-1]),
        lambda f: f.insert(0, "label", 1, allow_duplicates=True),
    ],
    ids=["longer", "shorter", "other dtype", "no column", "another index", "two columns"],
)
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_frame_changed_under_the_widget_is_not_written_and_no_label_is_lost(spoil):
    frame = pd.DataFrame({"x": range(N)})
    column = column_on(frame)
    write(column, {0: 1})
    spoil(frame)
    before = frame.copy(deep=True)
    codes = np.array([1, 2, 0, 0, 0, 0])
    with pytest.raises(ConflictError, match="kept in the widget"):
        write_codes(column, [1], codes)
    pd.testing.assert_frame_equal(frame, before)
    codes[2] = 1
    with pytest.raises(ConflictError):
        write_codes(column, [2], codes)


def test_labels_that_could_not_be_written_are_written_once_the_frame_is_back():
    frame = pd.DataFrame({"x": range(N)})
    column = column_on(frame)
    frame.index = frame.index[::-1]
    with pytest.raises(ConflictError):
        write(column, {1: 2})
    frame.index = frame.index[::-1]
    write_codes(column, [3], [0, 2, 0, 1, 0, 0])
    assert frame["label"].fillna("").tolist() == ["", "dog", "", "cat", "", ""]


def test_the_person_may_change_dtype_other_rows_and_columns_meanwhile():
    frame = pd.DataFrame({"x": range(N)}, index=list("abcdef"))
    column = column_on(frame)
    write(column, {0: 1})
    frame["label"] = frame["label"].astype("category")
    frame["y"] = 1
    frame.insert(0, "z", 2)
    frame.index = frame.index.copy()
    frame.loc["f", "label"] = "cat"
    write(column, {1: 2})
    assert frame["label"].dtype == "category"
    assert frame["label"].astype(object).fillna("").tolist() == ["cat", "dog", "", "", "", "cat"]


def test_rows_without_an_image_are_never_written():
    frame = pd.DataFrame({"x": range(6)})
    write(column_on(frame, rows=np.array([0, 1, 3, 5])), {2: 1})
    assert frame["label"].isna().tolist() == [True, True, True, False, True, True]


def test_hostile_text_in_the_column_is_shown_safely_and_kept_as_it_is():
    values = ["a\x00b", "x" * 300, "\ud800", " ", "<script>", None]
    frame = pd.DataFrame({"label": pd.Series(values, dtype=object)})
    column = column_on(frame, classes=None)
    for name in column.classes:
        name.encode("utf-8")
        assert "\x00" not in name
        assert len(name) <= 200
    write(column, {5: column.classes.index("<script>") + 1})
    assert frame["label"].tolist() == [*values[:5], "<script>"]


def test_one_name_opens_a_column_and_a_list_opens_tags():
    frame = pd.DataFrame({"x": range(N)})
    assert isinstance(open_columns(frame, "a", np.arange(N)), LabelColumn)
    assert isinstance(open_columns(frame, [], np.arange(N)), TagColumns)
    with pytest.raises(TypeError, match="or a list of names for tags"):
        open_columns(frame, {"a"}, np.arange(N))


NASTY = [
    "NA",
    "nan",
    "None",
    "",
    "007",
    "1e5",
    " x ",
    "a\r\nb",
    "a\x00b",
    "=1+1",
    "😀",
    "שלום",
    "é",
]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
def test_nasty_labels_found_in_a_column_survive_labelling_and_export(suffix, tmp_path):
    frame = pd.DataFrame({"label": pd.Series([*NASTY, None], dtype=object)})
    n = len(frame)
    column = open_columns(frame, "label", np.arange(n))
    codes = np.roll(column.layers[0], 1)
    copy = column.labelled([codes], lambda layer: np.zeros(n, bool), {})
    write_frame(copy, tmp_path / f"labels{suffix}")
    again = {
        ".parquet": pd.read_parquet,
        ".csv": lambda path: pd.read_csv(
            path, dtype=str, keep_default_na=False, lineterminator="\n"
        ),
        ".jsonl": lambda path: pd.DataFrame(
            map(json.loads, path.read_text("utf-8").split("\n")[:-1])
        ),
    }[suffix](tmp_path / f"labels{suffix}")
    nothing = [0, 1 + NASTY.index("")]  # where no label came to, and where none came from
    for row in nothing:
        assert pd.isna(again["label"].iloc[row]) or again["label"].iloc[row] == ""
    said = [name for name in NASTY if name]
    assert again["label"].drop(index=nothing).tolist() == said
    assert open_columns(again, "label", np.arange(n)).classes == column.classes
    assert frame["label"].tolist() == [*NASTY, None]
