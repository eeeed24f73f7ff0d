import pytest

from vaewidgets.labels.edits import RefusedError, clean_name, parse_edit, parse_identity

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
