import pytest

from vaewidgets.labels.journal import RefusedError, parse_edit, parse_identity
from vaewidgets.labels.journal.edits import clean_name, clean_note

N_ROWS, N_CLASSES = 10, 3
BITS = [b"\x81\x02"]
GOOD = {"client": "page", "seq": 7, "kind": "label", "class": 0}
HOSTILE = [-1, 10**9, 1.5, "3", None, 2**53 + 1, True, [0], float("nan")]


def parse(content, buffers=BITS, added=lambda _client, _seq: None):
    return parse_edit(content, buffers, N_ROWS, N_CLASSES, added)


def test_a_good_label_is_read():
    edit = parse(GOOD)
    assert edit.rows.positions.tolist() == [0, 7, 9]
    assert (edit.client, edit.seq, edit.kind, edit.code) == ("page", 7, "label", 1)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_class_that_is_none_is_refused(value):
    with pytest.raises(RefusedError, match=r"class is .*; expected a whole number from 0 to 2"):
        parse({**GOOD, "class": value})


@pytest.mark.parametrize("value", [v for v in HOSTILE if v != 10**9] + [0])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(RefusedError, match="seq is"):
        parse_identity({**GOOD, "seq": value})


@pytest.mark.parametrize("value", ["", "x" * 65, "é", 3, None])
def test_a_client_without_a_name_is_refused(value):
    with pytest.raises(RefusedError, match="client is"):
        parse_identity({**GOOD, "client": value})


@pytest.mark.parametrize("buffers", [[], [b"\x01"], [b"\x01\x00\x00"], [b"\x00\xff"], BITS * 2])
def test_rows_that_fit_no_image_are_refused(buffers):
    with pytest.raises(RefusedError, match="bitset"):
        parse(GOOD, buffers)


def test_an_unknown_kind_is_refused():
    with pytest.raises(RefusedError, match="expected one of label, clear"):
        parse({**GOOD, "kind": "__class__"})


def test_a_label_can_name_its_class_by_the_edit_that_added_it():
    content = {"client": "page", "seq": 7, "kind": "label", "class_of": 4}
    known = {("page", 4): 3}
    assert parse(content, added=lambda c, s: known.get((c, s))).code == 3
    with pytest.raises(RefusedError, match="could not be added"):
        parse({**content, "class_of": 5}, added=lambda c, s: known.get((c, s)))


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", None, 3, b"x", ["a"]])
def test_a_class_without_a_readable_name_is_refused(name):
    with pytest.raises(RefusedError, match="class name"):
        clean_name(name)


@pytest.mark.parametrize(
    "name", ["NA", "007", " x ", "a\r\nb", "=1+1", "<img src=x onerror=alert(1)>", "😀", "e\u0301"]
)
def test_an_odd_name_is_kept_as_it_is(name):
    assert clean_name(name) == (name, "")


def test_half_a_character_is_replaced_and_said():
    clean, notice = clean_name("a\ud800b")
    assert clean == "a\ufffdb"
    assert "replaced" in notice
    clean.encode("utf-8")


def test_a_long_name_is_cut_and_said():
    clean, notice = clean_name("x" * 1_000_000)
    assert clean == "x" * 200
    assert "cut to 200" in notice


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"kind": "clear"}, {"code": 0}),
        ({"kind": "clear", "class": 2}, {"code": 3}),
        ({"kind": "accept", "class": 1}, {"code": 2, "codes": None}),
        ({"kind": "reject", "class": 0}, {"code": 1, "codes": None}),
        ({"kind": "note", "name": "blurred\n"}, {"name": "blurred\n"}),
        ({"kind": "note", "name": " "}, {"name": ""}),
    ],
)
def test_edits_of_rows_are_read(content, expected):
    edit = parse({"client": "page", "seq": 7, **content})
    assert edit.rows.positions.tolist() == [0, 7, 9]
    assert {name: getattr(edit, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"kind": "rename_class", "class": 2, "name": "fox"}, (3, 0, "fox")),
        ({"kind": "merge_class", "class": 2, "into": 0}, (3, 1, "")),
        ({"kind": "delete_class", "class": 0}, (1, 0, "")),
    ],
)
def test_edits_of_a_class_are_read(content, expected):
    edit = parse({"client": "page", "seq": 7, **content}, [])
    assert (edit.code, edit.into, edit.name) == expected


@pytest.mark.parametrize("kind", ["accept", "reject"])
def test_a_class_for_each_row_is_read(kind):
    edit = parse({"client": "page", "seq": 7, "kind": kind}, [*BITS, b"\x01\x00\x03\x00\x02\x00"])
    assert edit.codes.tolist() == [1, 3, 2]
    assert edit.codes.dtype == "uint16"
    assert edit.code == 0


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (b"\x01\x00", "2 bytes of classes came for 3 rows"),
        (b"\x01\x00\x04\x00\x02\x00", "numbered 1 to 4; expected 1 to 3"),
        (b"\x01\x00\x00\x00\x02\x00", "numbered 0 to 2; expected 1 to 3"),
    ],
)
def test_classes_that_do_not_fit_the_rows_are_refused(codes, reason):
    with pytest.raises(RefusedError, match=reason):
        parse({"client": "page", "seq": 7, "kind": "accept"}, [*BITS, codes])


@pytest.mark.parametrize("buffers", [[], BITS, BITS * 3])
def test_suggestions_without_their_classes_are_refused(buffers):
    with pytest.raises(RefusedError, match="expected a bitset of rows and their classes"):
        parse({"client": "page", "seq": 7, "kind": "accept"}, buffers)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_class_to_merge_into_that_is_none_is_refused(value):
    with pytest.raises(RefusedError, match=r"into is .*; expected a whole number from 0 to 2"):
        parse({"client": "page", "seq": 7, "kind": "merge_class", "class": 1, "into": value}, [])


def test_a_class_is_not_merged_into_itself():
    with pytest.raises(RefusedError, match="itself"):
        parse({"client": "page", "seq": 7, "kind": "merge_class", "class": 1, "into": 1}, [])


@pytest.mark.parametrize("value", [None, 3, b"x", ["a"]])
def test_a_note_that_is_no_text_is_refused(value):
    with pytest.raises(RefusedError, match="a note must be text"):
        clean_note(value)


def test_a_note_is_cut_and_mended_and_that_is_said():
    assert clean_note("x" * 3000) == ("x" * 2000, "Note: it was cut to 2000 characters.")
    assert clean_note("a\ud800")[0] == "a\ufffd"
    assert clean_note("a\x00b")[0] == "a\ufffdb"


def test_a_copy_of_an_edit_is_told_from_another_edit():
    edit = parse(GOOD)
    assert edit.is_same(parse(GOOD))
    for other in (parse({**GOOD, "class": 1}), parse(GOOD, [b"\x80\x02"])):
        assert not edit.is_same(other)
