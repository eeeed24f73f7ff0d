import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.table import ConflictError, LabelColumn

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


def test_a_renamed_class_is_renamed_in_its_rows_and_in_no_other():
    frame = pd.DataFrame({"label": ["cat", "dog", "cat", "cat", None, "a\x00b"]})
    column = column_on(frame, rows=np.array([0, 1, 2, 4, 5]))  # row 3 has no image
    for name in ("dog", "a\N{SYMBOL FOR NULL}b", "\uff44\uff4f\uff47 "):
        with pytest.raises(RefusedError, match="merge them instead"):
            column.check_rename(0, name)
    assert column.check_rename(0, "cat") == ("cat", "")
    name, notice = column.check_rename(0, "\ud800")
    assert (name, "replaced" in notice) == ("\ufffd", True)
    codes = column.layers[0]
    column.rename_class(0, "kitten")
    column.rename_class(2, "none given")
    column.write({}, [codes], nobody, {})
    assert frame["label"].fillna("-").tolist() == [
        "kitten", "dog", "kitten", "cat", "-", "none given",
    ]  # fmt: skip
    column.rename_class(2, "a\N{SYMBOL FOR NULL}b")
    column.write({}, [codes], nobody, {})
    assert frame["label"].iloc[5] == "a\x00b"


def test_a_renamed_class_keeps_its_category_where_no_other_row_has_it():
    values = pd.Categorical([*"abcab", None], categories=list("abc"), ordered=True)
    frame = pd.DataFrame({"label": values})
    column = column_on(frame, classes=None)
    column.rename_class(0, "z")
    column.write({}, column.layers, nobody, {})
    assert frame["label"].cat.categories.tolist() == ["z", "b", "c"]
    frame = pd.DataFrame({"label": values})
    column = column_on(frame, classes=None, rows=np.array([1, 2, 3]))
    column.rename_class(0, "z")
    column.write({}, column.layers, lambda layer: np.zeros(3, bool), {})
    assert frame["label"].cat.categories.tolist() == ["a", "b", "c", "z"]
    assert frame["label"].tolist()[:5] == ["a", "b", "c", "z", "b"]


def test_a_name_of_a_class_that_is_gone_is_refused_with_what_to_do():
    column = column_on(pd.DataFrame({"x": range(N)}))
    column.set_gone(1, True)
    with pytest.raises(RefusedError, match="it was removed; add it again"):
        column.check_rename(0, "dog")
    column.add_class("dog")
    assert column.gone == set()
    assert column.classes == ["cat", "dog"]


def test_a_rename_that_could_not_be_written_is_written_once_the_frame_is_back():
    frame = pd.DataFrame({"label": ["cat"] * N})
    column = column_on(frame)
    index, frame.index = frame.index, frame.index[::-1]
    column.rename_class(0, "kitten")
    with pytest.raises(ConflictError):
        column.write({}, column.layers, nobody, {})
    frame.index = index
    column.write({}, column.layers, nobody, {})
    assert frame["label"].tolist() == ["kitten"] * N


def test_classes_are_numbered_as_the_journal_has_them():
    frame = pd.DataFrame({"label": ["cat", "ant", None, "dog", "", None]})
    column = column_on(frame, classes=None)
    column.renumber(["dog", "new", "cat"])
    assert column.classes == ["dog", "new", "cat", "ant"]
    assert column.layers[0].tolist() == [3, 4, 0, 1, 0, 0]
    column.follow(["dog", "new", "cat"], {1})
    write_codes(column, range(N), [1, 1, 3, 1, 0, 0])
    assert frame["label"].fillna("-").tolist() == ["dog", "dog", "cat", "dog", "-", "-"]


def test_a_class_that_came_and_went_unseen_needs_no_category():
    frame = pd.DataFrame({"label": pd.Categorical(["a", None] * 3)})
    column = column_on(frame, classes=["b"])
    column.add_class("c")
    column.set_gone(2, True)
    write_codes(column, [1], [2, 1, 2, 0, 2, 0])
    assert frame["label"].tolist()[:3] == ["a", "b", "a"]
    column.rename_class(0, "d")
    column.set_gone(0, True)
    write_codes(column, [1], [2, 0, 2, 0, 2, 0])
    assert frame["label"].cat.categories.tolist() == ["a", "b"]


def test_a_class_of_another_person_that_the_column_cannot_hold_is_a_conflict():
    frame = pd.DataFrame({"label": [1, 2] * 3})
    column = column_on(frame, classes=None)
    column.follow([*column.classes, "cat"], ())
    with pytest.raises(ConflictError, match="is int64 now and cannot hold the labels"):
        write_codes(column, [0], [3, 2] * 3)
    column.set_gone(2, True)
    write_codes(column, [0], [2] * N)
    assert frame["label"].tolist() == [2, 2, 1, 2, 1, 2]


def test_more_classes_than_a_byte_can_count_fit_into_a_category_column():
    frame = pd.DataFrame({"label": pd.Categorical(["a"] * N)})
    column = column_on(frame, classes=[f"c{i}" for i in range(300)])
    write_codes(column, range(N), [0, 1, 128, 129, 300, 301])
    assert frame["label"].iloc[1:].tolist() == ["c0", "c127", "c128", "c299", "a"]


def test_text_that_cannot_be_shown_keeps_its_own_value_when_the_person_changes_the_dtype():
    frame = pd.DataFrame({"label": ["a\x00b", "cat", None, "", None, None]})
    column = column_on(frame, classes=None)
    shown = "a\N{SYMBOL FOR NULL}b"
    assert column.classes == [shown, "cat"]
    frame["label"] = frame["label"].astype("category")
    write_codes(column, [2, 4], [1, 2, 1, 0, 2, 0])
    assert frame["label"].tolist()[:5] == ["a\x00b", "cat", "a\x00b", "", "cat"]
    assert frame["label"].cat.categories.tolist() == ["", "a\x00b", "cat"]


def test_text_that_cannot_be_shown_and_stands_nowhere_now_keeps_its_own_value():
    frame = pd.DataFrame({"label": ["a\x00b", "cat"] * 3})
    column = column_on(frame, classes=None)
    write_codes(column, range(N), [2] * N)
    frame["label"] = frame["label"].astype("category")
    write_codes(column, [0], [1, 2, 2, 2, 2, 2])
    assert frame["label"].tolist() == ["a\x00b", *["cat"] * 5]


def test_what_the_person_changes_after_a_write_is_left():
    frame = pd.DataFrame({"label": ["cat"] * N})
    column = column_on(frame)
    write_codes(column, range(N), [2] * N)
    frame.loc[0, "label"] = "cat"
    write_codes(column, [5], [2, 2, 2, 2, 2, 0])
    assert frame["label"].tolist()[:5] == ["cat", "dog", "dog", "dog", "dog"]
