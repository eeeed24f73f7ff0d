import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.table import ConflictError, open_columns

N = 6


def tags_on(frame, columns, classes=None, rows=None, **options):
    rows = np.arange(len(frame)) if rows is None else rows
    made = open_columns(frame, columns, rows, classes, **options)
    made.create()
    return made


def nobody(layer):
    return np.zeros(N, bool)


def write(tags, *layers, rows=None):
    """Write all layers, or the rows {layer: rows} of them."""
    layers = [np.array(layer, np.uint16) for layer in layers]
    rows = {n: range(N) for n in range(len(layers))} if rows is None else rows
    tags.write({n: np.array(r, np.int64) for n, r in rows.items()}, layers, nobody, {})


INDEXES = {
    "duplicated": list("aabbaa"),
    "shuffled": [3, 1, 5, 0, 2, 4],
    "nan": [np.nan, 1.5, np.nan, 2, 3, np.inf],
    "bool": [True, False, True, True, False, False],
    "multi": pd.MultiIndex.from_tuples(
        [(1, "a"), (1, "a"), (2, "b"), (2, "c"), (1, "a"), (3, "")]
    ),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_exactly_the_row_of_the_image_gets_the_tag_whatever_the_index(index):
    frame = pd.DataFrame({"x": range(N)}, index=index)
    tags = tags_on(frame, ["a", "b"])
    assert frame.dtypes.iloc[1:].tolist() == [bool, bool]
    write(tags, [0] * N, [0, 1, 0, 0, 0, 0], rows={1: [1]})
    assert frame["b"].tolist() == [False, True, False, False, False, False]
    assert not frame["a"].any()
    assert frame["x"].tolist() == list(range(N))


FLAGS = {
    "bool": (["yes", "no", "no"], bool, [1, 0, 0]),
    "boolean": (["yes", "no", None], "boolean", [1, 2, 0]),
    "bool[pyarrow]": (["yes", "no", None], "bool[pyarrow]", [1, 2, 0]),
    "objects": (["yes", "no", None], object, [1, 2, 0]),
    "objects that say no more than bool": (["yes", "no", "no"], object, [1, 0, 0]),
}


@pytest.mark.parametrize(("words", "dtype", "codes"), FLAGS.values(), ids=FLAGS)
def test_tags_in_a_column_are_found_and_its_dtype_is_kept(words, dtype, codes):
    values = [None if word is None else word == "yes" for word in words] * 2
    frame = pd.DataFrame({"a": pd.Series(values, dtype=dtype)})
    before = frame.copy(deep=True)
    tags = tags_on(frame, ["a"])
    assert tags.classes == ["a"]
    assert tags.layers[0].dtype == np.uint16
    assert tags.layers[0].tolist() == codes * 2
    write(tags, [2, 1, 1, 0, 0, 0])
    assert frame["a"].dtype == before["a"].dtype
    says = [False, True, True, None, None, None]
    assert [None if pd.isna(v) else v for v in frame["a"]] == (
        [bool(v) for v in says] if 2 not in codes else says
    )
    write(tags, *tags.layers)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0, 1] * 3, r"int64, but tags are True or False.*astype\('boolean'\)"),
        ([True, None, "maybe"] * 2, "object, but tags"),
        ([True, 0, 1] * 2, "object, but tags"),
        ([[True]] * N, "object, but tags"),
        (pd.Categorical([True, False] * 3), "category, but tags"),
        (["yes"] * N, "str, but tags|object, but tags"),
        (pd.date_range("2026", periods=N), "datetime"),
    ],
)
@pytest.mark.parametrize("by_class", [False, True])
def test_a_column_that_cannot_hold_a_tag_is_refused_and_left_alone(values, words, by_class):
    frame = pd.DataFrame({"a": values, "b": True})
    before = frame.copy(deep=True)
    columns, classes = (["b"], ["new", "a"]) if by_class else (["b", "new", "a"], None)
    with pytest.raises(TypeError, match=words):
        tags_on(frame, columns, classes)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("columns", "classes", "words"),
    [
        (["a", "a"], None, "'a' twice"),
        ([1, "1"], None, "'1' twice"),
        ([("a", "b")], None, "named by text or numbers"),
        ([["a"]], None, "named by text or numbers"),
        ([], "abc", "list of class names"),
        ([], ["b", ""], "must not be empty"),
        ([" "], None, "' ', but a class name must not be empty"),
        (["a", "\uff41 "], None, "'a', '\uff41 ' differ only in blanks.*; rename one"),
        ([], [f"t{i}" for i in range(1001)], "1,001"),
    ],
)
def test_names_that_are_no_tags_are_refused(columns, classes, words):
    frame = pd.DataFrame({"x": range(N)})
    with pytest.raises((TypeError, ValueError), match=words):
        tags_on(frame, columns, classes)
    assert frame.columns.tolist() == ["x"]


def test_several_levels_of_column_names_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    with pytest.raises(ValueError, match="tags need one level"):
        tags_on(frame, [])


def test_two_columns_of_the_name_of_a_tag_are_refused():
    frame = pd.DataFrame([[True, False]] * N, columns=["a", "a"])
    with pytest.raises(ValueError, match="several columns named 'a'"):
        tags_on(frame, ["a"])


def test_columns_named_by_numbers_keep_their_name():
    frame = pd.DataFrame({7: [True] * N})
    tags = tags_on(frame, [7])
    assert tags.classes == ["7"]
    tags.rename_class(0, "seven")
    write(tags, [0] * N)
    tags.rename_class(0, "7")
    write(tags, [1] * N)
    assert frame.columns.tolist() == [7]
    assert frame[7].all()


def test_a_new_tag_becomes_a_new_column_but_never_takes_another_one():
    frame = pd.DataFrame({"x": range(N), "flag": True})
    tags = tags_on(frame, [])
    for name in ("x", "flag"):
        with pytest.raises(RefusedError, match="no tag; use another name"):
            tags.check_class(name)
    name, notice = tags.check_class("half\ud800")
    assert name == "half\ufffd"
    assert "replaced" in notice
    tags.add_class(name)
    assert frame.columns.tolist() == ["x", "flag"]
    write(tags, [1, 0, 0, 2, 0, 0], rows={})
    assert frame[name].tolist() == [True] + [False] * 5
    assert frame["flag"].all()


def test_a_column_that_the_person_made_meanwhile_is_not_written():
    frame = pd.DataFrame({"x": range(N)})
    tags = tags_on(frame, ["a"])
    tags.add_class("b")
    frame["b"] = "mine"
    before = frame.copy(deep=True)
    with pytest.raises(ConflictError, match="another column 'b'"):
        write(tags, [1] * N, [1] * N)
    pd.testing.assert_frame_equal(frame, before)
    frame.pop("b")
    write(tags, [1] * N, [0] * N, rows={})
    assert frame["a"].all()
    assert not frame["b"].any()


def test_renamed_tags_rename_their_columns_where_they_stand():
    frame = pd.DataFrame({"a": [True] * N, "x": range(N), "b": [False] * N})
    tags = tags_on(frame, ["a", "b"])
    with pytest.raises(RefusedError, match="merge them instead"):
        tags.check_rename(0, "b")
    with pytest.raises(RefusedError, match="no tag"):
        tags.check_rename(0, "x")
    assert tags.check_rename(0, "a") == ("a", "")
    tags.rename_class(0, "c")
    write(tags, [1] * N, [0] * N, rows={})
    assert frame.columns.tolist() == ["c", "x", "b"]
    tags.follow(["b", "c"], set())  # each takes the name of the other
    write(tags, [1] * N, [0] * N, rows={})
    assert frame.columns.tolist() == ["b", "x", "c"]
    assert frame["b"].all()
    assert not frame["c"].any()


def test_the_column_of_a_removed_tag_goes_if_it_was_made_here_and_comes_back():
    frame = pd.DataFrame({"theirs": [True] * N})
    tags = tags_on(frame, ["theirs", "ours"])
    write(tags, [1] * N, [1] * N)
    tags.set_gone(0, True)
    tags.set_gone(1, True)
    write(tags, [0] * N, [0] * N)
    assert frame.columns.tolist() == ["theirs"]
    assert not frame["theirs"].any()
    tags.set_gone(0, False)
    tags.add_class("ours")
    assert tags.gone == set()
    write(tags, [0] * N, [0, 1, 0, 0, 0, 0], rows={})
    assert frame["ours"].tolist() == [False, True, False, False, False, False]


def test_tags_that_come_and_go_unseen_leave_nothing():
    frame = pd.DataFrame({"x": range(N)})
    tags = tags_on(frame, [])
    tags.add_class("a")
    tags.set_gone(0, True)
    write(tags, [0] * N)
    assert frame.columns.tolist() == ["x"]


def test_tags_are_numbered_as_the_journal_has_them():
    frame = pd.DataFrame({"b": [True] * N, "earlier": [False, True] * 3, "text": "x"})
    tags = tags_on(frame, ["b"])
    tags.renumber(["earlier", "gone", "a"])
    assert tags.classes == ["earlier", "gone", "a", "b"]
    assert [layer[:2].tolist() for layer in tags.layers] == [[0, 1], [0, 0], [0, 0], [1, 1]]
    tags.follow(tags.classes, {1})
    write(tags, [1] * N, [0] * N, [1] + [0] * 5, [0] * N)
    assert frame.columns.tolist() == ["b", "earlier", "text", "a"]
    assert frame["earlier"].all()
    assert not frame["b"].any()
    tags.renumber(tags.classes)
    tags.set_gone(2, True)  # still known to be made here
    write(tags, [1] * N, [0] * N, [0] * N, [0] * N)
    assert frame.columns.tolist() == ["b", "earlier", "text"]


def test_what_the_person_changes_after_a_write_is_left():
    frame = pd.DataFrame({"x": range(N)})
    tags = tags_on(frame, ["a"])
    write(tags, [1] * N)
    frame.loc[0, "a"] = False
    write(tags, [1, 1, 1, 1, 1, 2], rows={0: [5]})
    assert frame["a"].tolist() == [False, True, True, True, True, False]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.loc.__setitem__(99, [9, True, True]),
        lambda f: f.drop(index=2, inplace=True),
        lambda f: f.__setitem__("b", 1.5),
        lambda f: f.pop("b"),
        lambda f: setattr(f, "index", f.index[::-1]),
        lambda f: f.insert(0, "b", True, allow_duplicates=True),
    ],
    ids=["longer", "shorter", "other dtype", "no column", "another index", "two columns"],
)
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_frame_changed_under_the_widget_is_not_written_and_no_tag_is_lost(spoil):
    frame = pd.DataFrame({"x": range(N)})
    tags = tags_on(frame, ["a", "b"])
    good = frame.copy(deep=True)
    spoil(frame)
    before = frame.copy(deep=True)
    with pytest.raises(ConflictError, match="kept in the widget"):
        write(tags, [1] * N, [1] * N)
    pd.testing.assert_frame_equal(frame, before)
    tags.frame = good
    write(tags, [1] * N, [1] * N, rows={})
    assert good["a"].all()
    assert good["b"].all()


def test_a_failure_half_way_leaves_every_column_as_it_was(monkeypatch):
    frame = pd.DataFrame({"a": [True] * N, "x": range(N)})
    tags = tags_on(frame, ["a", "old"])
    tags.rename_class(1, "renamed")
    tags.add_class("new")
    before = frame.copy(deep=True)
    layers = [[0] * N, [1] * N, [1] * N]
    insert = pd.DataFrame.insert

    def fail(self, place, name, values, *more):
        if name == "new":
            raise MemoryError("no room")
        insert(self, place, name, values, *more)

    monkeypatch.setattr(pd.DataFrame, "insert", fail)
    with pytest.raises(MemoryError):
        write(tags, *layers)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(frame, before)
    write(tags, *layers, rows={})
    assert frame.columns.tolist() == ["a", "x", "renamed", "new"]
    assert frame["renamed"].all()
    assert not frame["a"].any()
    assert frame["new"].all()


def test_rows_without_an_image_are_never_written():
    frame = pd.DataFrame({"a": pd.array([True, None, False] * 3, dtype="boolean")})
    rows = np.array([0, 2, 4, 5, 6, 8])
    tags = tags_on(frame, ["a"], ["b"], rows=rows)
    write(tags, [2] * N, [1] * N)
    left = [1, 3, 7]
    assert frame["a"].iloc[left].fillna(True).tolist() == [True, True, True]
    assert not frame["b"].iloc[left].any()
    assert frame["b"].iloc[rows].all()


def test_more_than_a_hundred_tags_are_made_without_a_warning():
    frame = pd.DataFrame({"x": range(N)})
    tags = tags_on(frame, [f"t{i}" for i in range(150)])
    assert len(frame.columns) == 151
    write(tags, *[[1] * N] * 150)
    assert frame.iloc[:, 1:].all(axis=None)


def test_a_copy_has_all_tags_and_the_frame_stays_as_it_was():
    frame = pd.DataFrame({"a": [False] * N})
    tags = tags_on(frame, ["a"])
    tags.add_class("b")
    before = frame.copy(deep=True)
    layers = [np.array([1] * N, np.uint16)] * 2
    copy = tags.labelled(layers, nobody, {})
    assert copy.columns.tolist() == ["a", "b"]
    assert copy.all(axis=None)
    pd.testing.assert_frame_equal(frame, before)
