"""Missing values, empty text and blanks are no label, also in files that were written here."""

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.journal.steps import Origin
from vaewidgets.labels.table import About, open_columns, write_frame

NOTHING = [None, np.nan, pd.NA, pd.NaT, "", " ", " \t\n", "\u3000", "\u00a0", "\u200b", "\ufeff"]
WORDS = ["NA", "nan", "None", "NaN", "NaT", "null", "-", "0", "."]
"""Text that somebody typed: labels."""
TEXT = ["cat", "", None, "  ", "dog", "NA"]
CODES = [2, 0, 0, 0, 3, 1]


def open_on(frame, column="label", classes=None, **options):
    opened = open_columns(frame, column, np.arange(len(frame)), classes, **options)
    opened.create()
    return opened


def nobody(_layer):
    return np.zeros(6, bool)


def is_missing(frame, column="label"):
    return frame[column].isna().tolist()


def round_trip(frame, folder):
    """Write a frame and read it back as the documentation says."""
    write_frame(frame, folder / "labels.csv")
    return pd.read_csv(
        folder / "labels.csv", dtype=str, keep_default_na=False, lineterminator="\n"
    )


DTYPES = {
    "object": (pd.Series(TEXT, dtype=object), ["NA", "cat", "dog"], CODES),
    "str": (pd.Series(TEXT, dtype="str"), ["NA", "cat", "dog"], CODES),
    "python": (pd.Series(TEXT, dtype=pd.StringDtype("python")), ["NA", "cat", "dog"], CODES),
    "pyarrow": (pd.Series(TEXT, dtype="string[pyarrow]"), ["NA", "cat", "dog"], CODES),
    "category": (
        pd.Series(pd.Categorical(TEXT, categories=["dog", "", "NA", "cat", "  "])),
        ["dog", "NA", "cat"],
        [3, 0, 0, 0, 1, 2],
    ),
    "mixed objects": (
        pd.Series(["cat", "", pd.NaT, np.nan, "dog", pd.NA], dtype=object),
        ["cat", "dog"],
        [1, 0, 0, 0, 2, 0],
    ),
    "float": (
        pd.Series([0.5, np.nan, 2.25, None, 0.5, np.nan]),
        ["0.5", "2.25"],
        [1, 0, 2, 0, 1, 0],
    ),
    "float of whole numbers": (
        pd.Series([1.0, np.nan, 2.0, None, 1.0, np.nan]),
        ["1", "2"],
        [1, 0, 2, 0, 1, 0],
    ),
    "Int64": (
        pd.Series([1, None, 20, pd.NA, 1, None], dtype="Int64"),
        ["1", "20"],
        [1, 0, 2, 0, 1, 0],
    ),
    "boolean": (
        pd.Series([True, None, False, pd.NA, True, None], dtype="boolean"),
        ["False", "True"],
        [2, 0, 1, 0, 2, 0],
    ),
}


@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_no_spelling_of_nothing_is_a_label(nothing):
    frame = pd.DataFrame({"label": pd.Series([nothing, "cat"] * 3, dtype=object)})
    column = open_on(frame)
    assert column.classes == ["cat"]
    assert column.layers[0].tolist() == [0, 1] * 3


def test_words_that_stand_for_nothing_elsewhere_are_labels():
    column = open_on(pd.DataFrame({"label": WORDS}))
    assert sorted(column.classes) == sorted(WORDS)
    assert (column.layers[0] > 0).all()


@pytest.mark.parametrize(("values", "classes", "codes"), DTYPES.values(), ids=DTYPES)
def test_nothing_is_no_label_and_is_left_as_it_is_until_the_image_is_labelled(
    values, classes, codes
):
    frame = pd.DataFrame({"label": values})
    before = frame.copy(deep=True)
    column = open_on(frame)
    assert column.classes == classes
    assert column.layers[0].tolist() == codes
    pd.testing.assert_frame_equal(column.labelled(column.layers, nobody, {}), before)
    layer = column.layers[0].copy()
    layer[1] = 1
    column.write({0: np.array([1])}, [layer], nobody, {})
    rest = [0, 2, 3, 4, 5]
    pd.testing.assert_frame_equal(frame.iloc[rest], before.iloc[rest])
    column.write({0: np.array([1])}, column.layers, nobody, {})
    assert is_missing(frame)[1]
    assert open_on(frame).layers[0].tolist() == codes


# CSV has a float that is whole as "1.0", and text is never taken for a number.
FILED = {name: case for name, case in DTYPES.items() if name != "float of whole numbers"}


@pytest.mark.parametrize(("values", "classes", "codes"), FILED.values(), ids=FILED)
def test_labels_come_back_from_a_file_as_they_were(values, classes, codes, tmp_path):
    column = open_on(pd.DataFrame({"label": values}))
    opened = open_on(round_trip(column.labelled(column.layers, nobody, {}), tmp_path))
    assert opened.classes == sorted(classes)
    back = np.array([None, *opened.classes], object)[opened.layers[0]]
    assert back.tolist() == np.array([None, *classes], object)[codes].tolist()


def test_a_cell_that_writes_nothing_takes_the_label_off():
    frame = pd.DataFrame({"label": ["cat"] * 6})
    column = open_on(frame)
    frame["label"] = pd.Series(["cat", "", " ", None, "\u200b", "NA"], dtype=object)
    (reading,) = column.read()
    assert reading.names == ["NA", 0]
    assert reading.codes.tolist() == [2, 0, 0, 0, 0, 1]


def test_no_class_and_no_tag_can_be_named_nothing():
    frame = pd.DataFrame({"x": range(6), "\u200b": True})
    for name in ("", "  ", "\u200b"):
        with pytest.raises(ValueError, match="must not be empty"):
            open_on(frame, classes=["cat", name])
        with pytest.raises(ValueError, match="must not be empty"):
            open_on(frame, [name])
    assert frame.columns.tolist() == ["x", "\u200b"]


FLAGS = {
    "objects": pd.Series([True, None, False, np.nan, pd.NA, True], dtype=object),
    "objects and words": pd.Series([True, "", "False", " ", pd.NaT, "TRUE"], dtype=object),
    "str": pd.Series(["True", "", "False", None, " ", "true"], dtype="str"),
    "string": pd.Series(["True", "", "False", None, " ", "true "], dtype="string"),
    "boolean": pd.Series([True, None, False, pd.NA, None, True], dtype="boolean"),
    "bool[pyarrow]": pd.Series([True, None, False, None, None, True], dtype="bool[pyarrow]"),
}


@pytest.mark.parametrize("values", FLAGS.values(), ids=FLAGS)
def test_nothing_is_neither_yes_nor_no(values, tmp_path):
    frame = pd.DataFrame({"a": values})
    before = frame.copy(deep=True)
    tags = open_on(frame, ["a"])
    assert tags.layers[0].tolist() == [1, 0, 2, 0, 0, 1]
    exported = tags.labelled(tags.layers, nobody, {})
    pd.testing.assert_frame_equal(exported, before)
    again = round_trip(exported, tmp_path)
    assert open_on(again, ["a"]).layers[0].tolist() == [1, 0, 2, 0, 0, 1]
    tags.write({0: np.arange(6)}, [np.array([0, 1, 1, 2, 0, 0], np.uint16)], nobody, {})
    assert frame["a"].dtype == before["a"].dtype
    assert open_on(frame, ["a"]).layers[0].tolist() == [0, 1, 1, 2, 0, 0]


def test_tags_that_say_yes_or_nothing_come_back_from_a_file_and_say_no_more(tmp_path):
    frame = pd.DataFrame({"a": [True, False, False, True, False, False]})
    tags = open_on(frame, ["a"], ["b"])
    layers = [tags.layers[0], np.array([0, 1, 0, 2, 0, 0], np.uint16)]
    again = round_trip(tags.labelled(layers, nobody, {}), tmp_path)
    assert again["a"].tolist()[:2] == ["True", "False"]
    opened = open_on(again, ["a", "b"])
    assert [layer.tolist() for layer in opened.layers] == [[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 0, 0]]
    opened.write({0: np.array([0, 3])}, [np.zeros(6, np.uint16), layers[1]], nobody, {})
    assert again["a"].tolist() == ["False"] * 6


def test_a_cell_that_empties_one_tag_says_nothing_of_the_others():
    frame = pd.DataFrame({"a": ["True", "False"] * 3, "b": ["True", "False", ""] * 2})
    tags = open_on(frame, ["a", "b"])
    frame.loc[0, "a"] = ""
    frame["b"] = ["True", "False"] * 3
    readings = {reading.layer: reading.codes.tolist() for reading in tags.read()}
    assert readings == {0: [0, 0, 1, 0, 1, 0], 1: [1, 2] * 3}


def test_a_tag_that_is_nowhere_said_comes_back_as_that(tmp_path):
    frame = pd.DataFrame({"a": pd.array([None] * 6, dtype="boolean")})
    again = round_trip(open_on(frame, ["a"]).labelled([np.zeros(6)], nobody, {}), tmp_path)
    assert again["a"].tolist() == [""] * 6
    tags = open_on(again, ["a"])
    assert not tags.layers[0].any()
    tags.write({0: np.array([1])}, [np.array([0, 1, 0, 0, 0, 0], np.uint16)], nobody, {})
    assert again["a"].tolist() == ["", "True", *[""] * 4]
    tags.write({0: np.array([1])}, [np.zeros(6, np.uint16)], nobody, {})
    assert again["a"].tolist() == [""] * 6


ORIGINS = [
    Origin("ada", 1_700_000_000, "key", is_suggestion=False),
    Origin("ben", 0, "", is_suggestion=True),
]
ABOUT = About(lambda _: (np.array([0, 1, -1, -1, -1, 0]), ORIGINS), {0: "blurred", 3: ""})


@pytest.mark.parametrize("column", ["label", ["a", "b"]], ids=["labels", "tags"])
def test_details_come_back_from_a_file_as_they_were(column, tmp_path):
    frame = pd.DataFrame({"label": ["cat", "cat", "", None, "", "cat"], "a": [True] * 6})
    opened = open_on(frame, column, details=True)
    layers = [np.array([1, 1, 0, 0, 0, 1], np.uint16)] * len(opened.layers)
    notes = {1: "NA", 4: "a\nb"}

    def suggested(_layer):
        return np.arange(6) == 1

    rows = {number: np.arange(6) for number in range(len(layers))}
    opened.write(rows, layers, suggested, notes, ABOUT)
    again = round_trip(opened.labelled(layers, suggested, notes, ABOUT), tmp_path)
    before = again.copy(deep=True)
    back = open_on(again, column, details=True)
    assert back.notes == notes
    assert [layer.tolist() for layer in back.layers] == [layer.tolist() for layer in layers]
    back.write({}, back.layers, nobody, {})
    pd.testing.assert_frame_equal(again, before)
    back.write({}, back.layers, suggested, notes, ABOUT)
    pd.testing.assert_frame_equal(again, before)


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_blanks_in_details_are_no_details_and_are_left(dtype):
    frame = pd.DataFrame({"label": ["cat"] * 6})
    for ending in ("source", "by", "when", "how", "note", "set_aside"):
        frame[f"label_{ending}"] = pd.Series(["", " ", None, "\u200b", "x", "NA"], dtype=dtype)
    before = frame.copy(deep=True)
    column = open_on(frame, details=True)
    assert column.notes == {4: "x", 5: "NA"}
    column.write({}, column.layers, nobody, {})
    pd.testing.assert_frame_equal(frame, before)
    column.write({}, column.layers, nobody, {0: "new", 4: "y"})
    column.write({}, column.layers, nobody, {})
    assert is_missing(frame, "label_note") == [True, False, True, False, False, False]
    assert frame["label_note"].tolist()[4:] == ["x", "NA"]
