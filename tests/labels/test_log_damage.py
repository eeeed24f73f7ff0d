"""Torn ends and flipped bits: what is whole is read, and nothing is read as something else."""

import zlib

import numpy as np
import pytest

from tests.labels._logs import edits_of, label, open_log, random_edit, state_of
from vaewidgets import disk
from vaewidgets.labels.journal import Edit


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """No power fails here, so nothing need be waited for."""
    monkeypatch.setattr(disk, "sync", lambda _descriptor: None)
    monkeypatch.setattr(disk, "flush_folder", lambda _folder: None)


def write_log(folder, n_edits=30):
    """Make a log; returns its file and the edits by number."""
    rng = np.random.default_rng(0)
    journal = open_log(folder, layers=[rng.integers(0, 4, 40).astype(np.uint16)])
    edits = {}
    for seq in range(1, n_edits + 1):
        is_new = seq % 10 == 0
        edit = Edit("page", seq, "add_class", name=str(seq)) if is_new else random_edit(rng, seq)
        journal.append(edit)
        edits[seq] = edit
    journal.close()
    (path,) = folder.glob("*.jsonl")
    return path, edits


def check_edits(journal, edits):
    for record in journal.records:
        if record.edit.kind != "add_class":
            assert record.edit.is_same(edits[record.edit.seq])


def forget_others(path):
    for other in path.parent.glob("*.jsonl"):
        if other != path:
            other.unlink()


def test_classes_of_a_start_are_there_though_nothing_says_which_images_it_was_of(tmp_path):
    open_log(tmp_path, layers=[np.ones(40, np.uint16)]).close()
    (path,) = tmp_path.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(b'"kind":"log"', b'"kind":"fog"') for line in lines))
    journal = open_log(tmp_path, classes=())
    assert journal.damaged
    assert journal.classes == ["cat", "dog", "bird"]
    journal.append(label(1, 3, 0))
    assert journal.layers[0].tolist() == [3] + [0] * 39


def test_a_log_cut_at_any_byte_of_its_last_records_goes_on(tmp_path):
    path, edits = write_log(tmp_path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for size in range(len(whole) - sum(map(len, lines[-3:])), len(whole) + 1):
        path.write_bytes(whole[:size])
        n_whole = sum(
            size >= len(b"".join(lines[: i + 1])) - 1  # the line break itself may be missing
            for i in range(4, len(lines))
        )
        journal = open_log(tmp_path)
        assert edits_of(journal) == list(range(1, n_whole + 1))
        assert not journal.damaged
        check_edits(journal, edits)
        journal.append(label(n_whole + 1, 2, 3))
        journal.close()
        again = open_log(tmp_path)
        assert state_of(again) == state_of(journal)
        assert edits_of(again) == list(range(1, n_whole + 2))
        again.close()
        forget_others(path)


def flip(tmp_path, n_flips, seed):
    path, edits = write_log(tmp_path)
    whole = path.read_bytes()
    expected = open_log(tmp_path)
    start = expected.fold([]).codes.tolist()
    identity = expected.identity
    expected.close()
    rng = np.random.default_rng(seed)
    for at, bit in zip(
        rng.integers(0, len(whole), n_flips), rng.integers(0, 8, n_flips), strict=True
    ):
        data = bytearray(whole)
        data[at] ^= 1 << bit
        path.write_bytes(data)
        number = whole[:at].count(b"\n") + 1
        hit = number - 4  # after the head and the start, twice each
        journal = open_log(tmp_path)
        found = edits_of(journal)
        lost = set(edits) - set(found)
        assert lost <= {hit}
        assert f"{path}, line {number}: the checksum does not fit" in journal.damaged
        assert len(journal.damaged) <= 2  # a record with a line break in it is two lines
        assert journal.identity == identity
        assert journal.fold([]).codes.tolist() == start
        check_edits(journal, edits)
        assert state_of(journal) == state_of(journal.fold())
        journal.close()
        forget_others(path)


def test_a_flipped_bit_costs_no_record_but_the_one_it_hit(tmp_path):
    flip(tmp_path, 150, seed=0)


@pytest.mark.slow
def test_none_of_2000_flipped_bits_costs_more_than_the_record_it_hit(tmp_path):
    flip(tmp_path, 2000, seed=1)


def test_a_line_break_that_was_hit_costs_nothing(tmp_path):
    path, edits = write_log(tmp_path)
    whole = path.read_bytes()
    for at in [i for i, byte in enumerate(whole) if byte == ord("\n")]:
        data = bytearray(whole)
        data[at] ^= 4
        path.write_bytes(data)
        journal = open_log(tmp_path)
        assert edits_of(journal) == list(edits)
        journal.close()
        forget_others(path)


def test_a_class_whose_adding_was_lost_keeps_its_labels_name_and_number(tmp_path):
    journal = open_log(tmp_path)
    for seq, name in enumerate(["fox", "owl"], 1):
        journal.append(Edit("page", seq, "add_class", name=name))
    journal.append(label(3, 5, 7))
    journal.append(label(4, 4, 8))
    journal.close()
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"name":"fox"', b'"name":"fix"'))
    journal = open_log(tmp_path)
    assert journal.classes == ["cat", "dog", "bird", "fox", "owl"]
    assert journal.codes[7:9].tolist() == [5, 4]
    assert len(journal.damaged) == 1
    journal.close()


def test_a_class_of_which_nothing_is_left_leaves_its_number_free(tmp_path):
    journal = open_log(tmp_path)
    for seq, name in enumerate(["fox", "owl"], 1):
        journal.append(Edit("page", seq, "add_class", name=name))
    journal.append(label(3, 5, 7))
    journal.close()
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"name":"fox"', b'"name":"fix"'))
    journal = open_log(tmp_path)
    assert journal.classes == ["cat", "dog", "bird", "(lost class 4)", "owl"]
    assert journal.gone == {3}
    assert journal.codes[7] == 5
    journal.close()


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"{}",
        b"not json",
        b'{"order":1,"writer":"x","client":"c","seq":1,"kind":"label","rows":[99],"time":0}',
        b'{"order":1,"writer":"x","client":"c","seq":1,"kind":"__class__","time":0}',
        b'{"order":1,"writer":"x","client":"c","seq":1,"kind":"label","rows":{"bits":"eA=="}}',
        b'{"order":1,"writer":"x","client":"c","seq":1,"kind":"label","rows":[1],'
        b'"class":[1000000000,"cat"],"time":0}',
    ],
)
def test_a_line_that_is_whole_but_says_nothing_is_told_and_left_out(tmp_path, text):
    path, edits = write_log(tmp_path)
    with path.open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(text), text))
    journal = open_log(tmp_path)
    assert edits_of(journal) == list(edits)
    assert len(journal.records) == len(edits)
    assert len(journal.damaged) == 1
    journal.close()
