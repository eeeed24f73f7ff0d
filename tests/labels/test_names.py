"""Names that differ in nothing to be seen are one class; each cell keeps its spelling."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaewidgets.labels.journal import RefusedError
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.table import open_columns

NFC, NFD = "caf\u00e9", "cafe\u0301"
WIDE_CAT, WIDE_7, WIDE_8 = "\uff43\uff41\uff54", "\uff17", "\uff18"
SPELLED = ["cat", "cat ", WIDE_CAT, "cat", "dog", ""]
"""Five cells of two classes, and one of none."""
N = len(SPELLED)

ONE = {
    "NFC and NFD": (NFC, NFD),
    "full width": ("ABC 12", "\uff21\uff22\uff23 \uff11\uff12"),
    "half width": ("ガス", "\uff76\uff9e\uff7d"),
    "voiced, in two characters": ("ガス", "カ\u3099ス"),
    "no-break space": ("a b", "a\u00a0b"),
    "ideographic space": ("a b", "\u3000a\u3000b"),
    "zero width": ("ab", "\u200ba\u200bb\ufeff\u2060"),
    "unseen between a letter and its accent": (NFC, "cafe\u200b\u0301"),
    "several blanks": ("a b", " a \t\n b\r"),
    "composed Hangul": ("각", "\u1100\u1161\u11a8"),
}
SEVERAL = {
    "case": ("cat", "Cat"),
    "ligature": ("fish", "\ufb01sh"),
    "superscript": ("m2", "m\u00b2"),
    "circled": ("1", "\u2460"),
    "a blank more inside": ("ab", "a b"),
    "accent": ("cafe", NFC),
    "sharp s": ("strasse", "straße"),
    "voicing": ("カス", "\uff76\uff9e\uff7d"),
    "other script": ("A", "\u0410"),
}


def open_on(frame, column="label", classes=None, **options):
    opened = open_columns(frame, column, np.arange(len(frame)), classes, **options)
    opened.create()
    return opened


def nobody(_layer):
    return np.zeros(N, bool)


def spelled(dtype=object):
    return pd.DataFrame({"label": pd.Series(SPELLED, dtype=dtype)})


@pytest.mark.parametrize(("name", "other"), ONE.values(), ids=ONE)
def test_what_looks_the_same_is_one_name(name, other):
    assert name != other
    assert name_key(other) == name_key(name) == name


@pytest.mark.parametrize(("name", "other"), SEVERAL.values(), ids=SEVERAL)
def test_what_looks_different_is_another_name(name, other):
    assert name_key(name) != name_key(other)


@pytest.mark.parametrize("name", ["", " ", "\t\r\n", "\u3000\u00a0", "\u200b", "\ufeff \u2060"])
def test_a_name_in_which_nothing_is_to_be_seen_is_none(name):
    assert name_key(name) == ""


def test_every_character_of_unusual_width_is_taken_as_the_usual_one():
    for code in range(0x110000):
        kind, _, usual = unicodedata.decomposition(chr(code)).partition(" ")
        if kind in ("<wide>", "<narrow>"):
            assert name_key(f"x{chr(code)}x") == name_key(f"x{chr(int(usual, 16))}x")


ODD = st.sampled_from(
    "aA \u00a0\u3000\u200b\ufeff\u0301\u3099\u00e9\uff21\uff76\uff9e\uffe3カ각\x1f"
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.text(ODD)))
def test_what_a_name_is_known_by_is_known_by_itself(name):
    key = name_key(name)
    assert name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", key)) == key
    assert name_key(f" {name}\u3000") == key


@pytest.mark.parametrize("column", ["label", ["other"]], ids=["labels", "tags"])
def test_classes_that_look_the_same_are_one_with_a_warning(column):
    frame = pd.DataFrame({"x": range(3)})
    with pytest.warns(UserWarning, match=f"'{NFC}', '{NFD}' differ only in") as told:
        opened = open_on(frame, column, [NFC, "b", NFD])
    assert opened.classes == [*([] if column == "label" else column), NFC, "b"]
    assert len(told) == 1
    assert told[0].filename == __file__
    with pytest.raises(ValueError, match="twice"):
        open_on(frame, column, [NFC, NFC])


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_spellings_in_a_column_are_one_class_and_each_row_keeps_its_own(dtype):
    frame = spelled(dtype)
    with pytest.warns(UserWarning, match="column 'label': 'cat', .* are one class, 'cat'") as told:
        column = open_on(frame)
    assert len(told) == 1
    assert column.classes == ["cat", "dog"]
    assert column.layers[0].tolist() == [1, 1, 1, 1, 2, 0]
    exported = column.labelled(column.layers, nobody, {})
    assert exported["label"].tolist() == SPELLED
    column.write({0: np.array([1])}, [np.array([1, 2, 1, 1, 2, 0], np.uint16)], nobody, {})
    assert frame["label"].tolist() == ["cat", "dog", *SPELLED[2:]]
    column.write({0: np.array([1])}, [np.array([1, 1, 1, 1, 2, 0], np.uint16)], nobody, {})
    assert frame["label"].tolist() == ["cat", "cat", *SPELLED[2:]]


def test_the_commonest_spelling_is_the_name_and_the_first_of_equally_many():
    frame = pd.DataFrame({"label": ["a ", "a", "a ", "b", "b  ", None]})
    with pytest.warns(UserWarning, match="are one class"):
        assert open_on(frame).classes == ["a ", "b"]


@pytest.mark.filterwarnings("ignore:.*are one class")
def test_a_rename_reaches_every_spelling():
    frame = spelled()
    column = open_on(frame)
    column.rename_class(0, "lion")
    column.write({}, column.layers, nobody, {})
    assert frame["label"].tolist() == [*["lion"] * 4, "dog", ""]


def test_the_spelling_of_a_class_that_was_asked_for_is_its_name():
    frame = pd.DataFrame({"label": ["cat ", "cat ", "cat", None, None, None]})
    with pytest.warns(UserWarning, match="'cat', 'cat ' differ .* one class, 'cat'") as told:
        column = open_on(frame, classes=["cat"])
    assert len(told) == 1
    assert column.classes == column.asked == ["cat"]
    frame = pd.DataFrame({"label": ["cat ", None] * 3})
    with pytest.warns(UserWarning, match="'cat', 'cat ' differ .* one class, 'cat'"):
        column = open_on(frame, classes=["cat"])
    column.write({0: np.array([1])}, [np.array([1, 1, 1, 0, 1, 0], np.uint16)], nobody, {})
    assert frame["label"].tolist()[:3] == ["cat ", "cat", "cat "]


def test_a_number_in_full_width_is_the_number():
    frame = pd.DataFrame({"label": [7, 8] * 3})
    with pytest.warns(UserWarning, match=f"'7', '{WIDE_7}' differ"):
        column = open_on(frame, classes=[WIDE_7, "9"])
    assert column.classes == ["7", "9", "8"]
    assert column.check_class(WIDE_8)[0] == "8"
    with pytest.raises(ValueError, match="twice"):
        open_on(frame, classes=["7", "007"])


@pytest.mark.parametrize("column", ["label", ["cat"]], ids=["labels", "tags"])
def test_a_new_class_that_looks_like_one_there_is_is_that_one(column):
    opened = open_on(pd.DataFrame({"x": range(3)}), column, ["dog"])
    opened.add_class(opened.check_class("cat")[0])
    name, notice = opened.check_class(f" {WIDE_CAT}")
    assert name == "cat"
    assert notice.endswith("are one class, 'cat'")
    assert opened.check_class("cat") == ("cat", "")
    assert opened.check_class("Cat") == ("Cat", "")
    with pytest.raises(RefusedError, match="merge them instead"):
        opened.check_rename(opened.classes.index("dog"), WIDE_CAT)


def test_a_spelling_that_a_cell_wrote_later_is_no_other_class():
    frame = pd.DataFrame({"label": ["cat", "dog"] * 3})
    column = open_on(frame)
    frame["label"] = ["cat ", "dog", None, "dog", "cat ", "owl"]
    (reading,) = column.read()
    assert reading.names == [0, 1, "owl"]
    assert reading.codes.tolist() == [1, 2, 0, 2, 1, 3]
    assert column.check_class("cat") == ("cat", "")


@pytest.mark.parametrize("column", ["label", ["cat "]], ids=["labels", "tags"])
def test_the_spelling_of_a_class_can_be_changed(column):
    frame = pd.DataFrame({"label": ["cat ", None] * 3, "cat ": [True, False] * 3})
    opened = open_on(frame, column)
    assert opened.check_rename(0, "cat") == ("cat", "")
    opened.rename_class(0, "cat")
    opened.write({}, opened.layers, nobody, {})
    if column == "label":
        assert frame["label"].tolist()[::2] == ["cat"] * 3
    else:
        assert frame.columns.tolist() == ["label", "cat"]
        frame["dog"] = "no tag"
        opened.rename_class(0, "dog ")
        with pytest.raises(RefusedError, match="no tag"):
            opened.check_rename(0, "dog")


def test_columns_are_found_whatever_form_the_journal_writes_their_names_in():
    frame = pd.DataFrame({NFD: [True, False] * 3, "label": [NFD, None] * 3})
    tags = open_on(frame, [NFD])
    with pytest.warns(UserWarning, match="are one class"):
        tags.renumber(["dog", NFC])
    assert tags.classes == ["dog", NFC]
    assert tags.layers[1].tolist() == [1, 0] * 3
    tags.write({1: np.arange(N)}, [np.zeros(N, np.uint16), np.ones(N, np.uint16)], nobody, {})
    assert frame[NFD].all()
    assert NFC not in frame
    column = open_on(frame)
    with pytest.warns(UserWarning, match="are one class"):
        column.renumber(["dog", NFC])
    assert column.classes == ["dog", NFC]
    assert column.layers[0].tolist() == [2, 0] * 3


def test_a_tag_that_looks_like_a_column_that_was_named_is_that_one():
    frame = pd.DataFrame({"rain": [True] * N})
    with pytest.warns(UserWarning, match="'rain', 'rain ' differ"):
        tags = open_on(frame, ["rain"], ["rain ", "snow"])
    assert tags.classes == ["rain", "snow"]
