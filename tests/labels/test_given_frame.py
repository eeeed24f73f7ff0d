import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.table import ConflictError
from vaewidgets.labels.table.given_frame import OwnColumn, RowGuard, Step, apply_steps

N = 6
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def frame_of(**columns):
    return pd.DataFrame({"x": [3, 1, 2, 6, 5, 4], "label": None, **columns})


def own(frame):
    return [OwnColumn(frame, "label", lambda frame: frame["x"])]


REORDERED = {
    "sorted, index counts again": lambda f: f.sort_values("x", inplace=True, ignore_index=True),
    "sorted, then reset": lambda f: (
        f.sort_values("x", inplace=True),
        f.reset_index(drop=True, inplace=True),
    ),
    "sorted": lambda f: f.sort_values("x", inplace=True),
    "one row less": lambda f: f.drop(index=3, inplace=True),
    "one row replaced": lambda f: (f.drop(index=3, inplace=True), f.loc.__setitem__(9, f.loc[0])),
    "one row more": lambda f: f.loc.__setitem__(N, f.loc[0]),
    "one row less and counted again": lambda f: (
        f.drop(index=3, inplace=True),
        f.reset_index(drop=True, inplace=True),
    ),
}


@pytest.mark.parametrize("change", REORDERED.values(), ids=REORDERED)
@pytest.mark.parametrize("other", [1, "text", [[1]] * N], ids=["constant", "text", "lists"])
def test_rows_that_were_reordered_added_or_dropped_are_seen(change, other):
    frame = frame_of(other=other)
    guard = RowGuard(frame)
    guard.check(frame, own(frame))
    change(frame)
    with pytest.raises(ConflictError, match="kept in the widget"):
        guard.check(frame, own(frame))


ALLOWED = {
    "another column": lambda f: f.insert(0, "y", range(N)),
    "other values": lambda f: f.__setitem__("x", f["x"] * 2),
    "the same index made anew": lambda f: setattr(f, "index", f.index.copy()),
    "its own labels in another order": lambda f: (
        f.__setitem__("label", ["b", "a"] * 3),
        setattr(f, "index", f.index.copy()),
    ),
    "other values and another index object": lambda f: (
        f.__setitem__("x", f["x"] * 2),
        setattr(f, "index", f.index.copy()),
    ),
    "a column less": lambda f: (f.pop("x"), setattr(f, "index", f.index.copy())),
    "a column twice": lambda f: (
        f.insert(0, "x", range(N), allow_duplicates=True),
        setattr(f, "index", f.index.copy()),
    ),
    "another dtype": lambda f: (
        f.__setitem__("x", f["x"].astype("category")),
        setattr(f, "index", f.index.copy()),
    ),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_whatever_leaves_the_rows_in_place_is_allowed(change):
    frame = frame_of(lists=[[1]] * N)
    frame["label"] = ["a", "b"] * 3
    guard = RowGuard(frame)
    change(frame)
    guard.check(frame, own(frame))


def test_rows_more_or_less_are_counted():
    frame = frame_of()
    guard = RowGuard(frame)
    frame.loc[N] = frame.loc[0]
    with pytest.raises(ConflictError, match="now has 7 rows, not 6"):
        guard.check(frame, own(frame))


def test_the_guard_keeps_no_copy_and_changes_nothing():
    frame = pd.DataFrame({"x": np.arange(N, dtype=float)})
    values = frame["x"].to_numpy()
    guard = RowGuard(frame)
    guard.check(frame, [])
    assert np.shares_memory(guard._columns["x"].to_numpy(), values)
    frame.loc[0, "x"] = 9.0
    guard.check(frame, [])
    assert frame["x"].tolist() == [9.0, 1, 2, 3, 4, 5]


def test_steps_are_all_taken_or_none_and_keep_the_place_of_a_column():
    frame = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    before = frame.copy(deep=True)
    one = pd.Series([7])
    good = [Step("b"), Step("d", one, 1, new=True), Step("a", one), Step("c")]
    with pytest.raises(ConflictError, match="another column 'a'"):
        apply_steps(frame, [*good, Step("a", one, new=True)])
    pd.testing.assert_frame_equal(frame, before)
    apply_steps(frame, good)
    assert frame.to_dict("list") == {"a": [7], "d": [7]}
