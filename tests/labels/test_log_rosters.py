"""A log of images: other collections open it, and labels are on their images."""

import shutil
import zlib

import numpy as np
import pytest

from tests.labels._logs import N_ROWS, label, open_log, random_edit, roster_of, state_of
from vaewidgets import disk
from vaewidgets.labels.journal import Edit, RowSet, roster_file
from vaewidgets.labels.journal.peek import glance
from vaewidgets.labels.roster import Roster


def of_digits(*rows):
    """Roster of some of the digits, in this order; "x" is another image."""
    return roster_of(*(f"digit {row}" for row in rows))


def at(n_rows, *positions):
    return RowSet.from_positions(np.array(positions), n_rows)


@pytest.fixture
def folder(tmp_path):
    """A log of 40 digits, of which 3 and 7 are dogs and 8 is a cat with a note."""
    journal = open_log(tmp_path / "log")
    journal.append(label(1, 2, 3, 7))
    journal.append(label(2, 1, 8))
    journal.append(Edit("page", 3, "note", at(N_ROWS, 8), name="odd"))
    journal.append(Edit("page", 4, "set_aside", at(N_ROWS, 9), name="blurred"))
    journal.append(Edit("page", 5, "keep", at(N_ROWS, 3, 9), name="mine"))
    journal.close()
    return tmp_path / "log"


def test_another_order_subset_and_new_images_have_their_labels(folder):
    journal = open_log(folder, roster=of_digits(8, "x", 7, 3, "y"))
    assert journal.codes.tolist() == [1, 0, 2, 2, 0]
    assert journal.notes == {0: "odd"}
    assert journal.kept["mine"].tolist() == [3]
    assert not journal.aside.any()
    assert len(journal.register) == 40 + 2
    journal.close()


def test_what_is_done_to_some_images_is_there_when_all_are_back(folder):
    journal = open_log(folder, roster=of_digits("x", 3, 20))
    journal.append(Edit("page", 6, "label", at(3, 0, 1, 2), 3))
    journal.append(Edit("page", 7, "undo"), "")
    journal.append(Edit("page", 8, "label", at(3, 1, 2), 1))
    journal.close()
    journal = open_log(folder)
    assert journal.codes[[3, 7, 8, 20]].tolist() == [1, 2, 1, 1]
    assert journal.reasons == {9: "blurred"}
    journal.append(Edit("page", 9, "undo"), "")
    assert journal.codes[[3, 7, 8, 20]].tolist() == [2, 2, 1, 0]
    journal.close()
    journal = open_log(folder, roster=of_digits(20, "x"))
    assert journal.codes.tolist() == [0, 0]
    assert journal.append(Edit("page", 10, "redo"), "").change.layers[0][0].tolist() == [0]
    journal.close()


def test_a_step_on_images_that_are_not_here_is_undone_too(folder):
    journal = open_log(folder, roster=of_digits("x", "y"))
    for seq in range(6, 11):
        journal.append(Edit("page", seq, "undo"), "")
    journal.close()
    journal = open_log(folder)
    assert not journal.codes.any()
    assert not journal.notes
    assert not journal.aside.any()
    assert not journal.kept
    journal.close()


def test_a_writer_who_comes_with_other_images_is_followed_while_the_log_is_open(folder):
    here = open_log(folder, roster=of_digits(3, 8))
    other = open_log(folder, roster=of_digits("new", 8, 30, 3), annotator="ben")
    other.append(Edit("b", 1, "label", at(4, 0, 1, 2), 3), "ben")
    other.append(Edit("b", 2, "add_class", name="owl"), "ben")
    change = here.refresh()
    assert [part.tolist() for part in change.layers[0]] == [[1], [3]]
    assert here.codes.tolist() == [2, 3]
    assert here.classes[-1] == "owl"
    here.append(label(6, 4, 0, client="page", n_rows=2))
    assert other.refresh().layers[0][0].tolist() == [3]
    assert other.codes.tolist() == [3, 3, 3, 4]
    here.close()
    other.close()
    journal = open_log(folder)
    assert journal.codes[[3, 8, 30]].tolist() == [4, 3, 3]
    journal.close()


def test_starting_labels_follow_their_images_too(tmp_path):
    start = np.zeros(N_ROWS, np.uint16)
    start[[5, 6]] = 3
    open_log(tmp_path, layers=[start]).close()
    journal = open_log(tmp_path, roster=of_digits(6, "x", 5), layers=[np.zeros(3, np.uint16)])
    assert journal.codes.tolist() == [3, 0, 3]
    assert [layer.tolist() for layer in journal.start] == [[3, 0, 3]]
    journal.close()


@pytest.mark.parametrize("seed", range(4))
def test_files_of_many_openings_with_other_images_are_joined_and_mean_the_same(tmp_path, seed):
    rng = np.random.default_rng(seed)
    expected = {}
    for run in range(12):
        rows = rng.permutation(N_ROWS)[: rng.integers(5, 30)]
        journal = open_log(tmp_path, roster=of_digits(*rows))
        for seq in range(1, 5):
            edit = random_edit(rng, seq, f"run {run}", n_rows=len(rows))
            if edit.kind in ("label", "clear", "note"):
                journal.append(edit)
        expected |= {int(row): int(code) for row, code in zip(rows, journal.codes, strict=True)}
        journal.close()
    assert len(list(tmp_path.glob("*.jsonl"))) < 12
    journal = open_log(tmp_path)
    assert not journal.damaged
    found = {row: code for row, code in enumerate(journal.codes.tolist()) if row in expected}
    assert found == expected
    assert state_of(journal) == state_of(journal.fold())
    journal.close()


def test_rosters_that_no_file_speaks_of_are_taken_away(folder):
    for extra in range(5):
        open_log(folder, roster=of_digits(*range(extra + 2))).close()
    assert len(list(folder.glob("*.roster"))) == 2  # that of the labels, and the last one


def test_one_damaged_spot_in_a_roster_costs_nothing_and_two_are_told(folder):
    (path,) = folder.glob("*.roster")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for spot in rng.integers(0, len(whole), 60):
        data = bytearray(whole)
        data[spot] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        journal = open_log(folder, roster=of_digits(7, 8))
        assert journal.codes.tolist() == [2, 1]
        journal.close()
    path.write_bytes(bytes(len(whole)))
    journal = open_log(folder, roster=of_digits(7, 8))
    assert journal.codes.tolist() == [0, 0]
    assert any("not known which images" in line for line in journal.damaged)
    journal.close()
    assert path.exists()  # whoever has the images brings it back
    journal = open_log(folder)
    assert journal.codes[[7, 8]].tolist() == [2, 1]
    assert not journal.damaged
    journal.close()
    journal = open_log(folder, roster=of_digits(7, 8))
    assert journal.codes.tolist() == [2, 1]
    journal.close()


def test_classes_given_image_by_image_are_on_their_images_in_another_order(tmp_path):
    journal = open_log(tmp_path)
    codes = np.array([1, 2, 3], np.uint16)
    journal.append(Edit("page", 1, "accept", at(N_ROWS, 3, 7, 8), codes=codes))
    journal.append(Edit("page", 2, "found", at(N_ROWS, 5, 6, 9), codes=codes))
    journal.append(Edit("page", 3, "reject", at(N_ROWS, 20, 21), codes=codes[:2]))
    journal.close()
    journal = open_log(tmp_path, roster=of_digits(8, 9, 7, 6, 5, 3, 21, 20))
    assert journal.codes.tolist() == [3, 3, 2, 2, 1, 1, 0, 0]
    assert [part.tolist() for part in journal.rejected()] == [[6, 7], [2, 1]]
    journal.close()


def test_a_roster_is_whole_or_not_there_whatever_call_to_the_disk_fails(tmp_path, monkeypatch):
    class Failing:
        def __init__(self, number):
            self.number = number

        def __getattr__(self, name):
            real = getattr(disk_os, name)
            if name not in ("open", "write", "fdatasync", "fsync", "replace", "mkdir"):
                return real

            def call(*args):
                self.number -= 1
                if self.number < 0:
                    raise OSError(5, "Input/output error")
                return real(*args)

            return call

    disk_os = disk.os
    for number in range(100):
        target = tmp_path / str(number)
        failing = Failing(number)
        monkeypatch.setattr(disk, "os", failing)
        try:
            open_log(target).close()
        except OSError:
            pass
        else:
            assert failing.number >= 0
            break
        finally:
            monkeypatch.setattr(disk, "os", disk_os)
        assert not list(target.glob("*.new")) or not target.exists()
        for path in target.glob("*.roster"):
            assert len(roster_file.read_roster(path)) == N_ROWS
        journal = open_log(target)  # the next one has no trouble
        journal.append(label(1, 1, 3))
        journal.close()
        assert open_log(target).codes[3] == 1
    assert number > 8


def test_a_roster_knows_many_images_by_path_from_another_folder(tmp_path):
    names = [str(tmp_path / "photos" / f"{k}.png") for k in range(9_000)]
    names[3] = ""
    contents = np.frombuffer(np.random.default_rng(0).bytes(9_000 * 16), "S16")
    roster = Roster(contents, names)
    (tmp_path / "project" / "log").mkdir(parents=True)
    relative = roster_file.relative_names(roster, tmp_path / "project" / "log")
    name = roster_file.name_of(roster, relative)
    roster_file.write_roster(roster, relative, tmp_path / "project" / "log", name)
    shutil.move(tmp_path / "project" / "log", tmp_path / "elsewhere")
    found = roster_file.read_roster(tmp_path / "elsewhere" / f"{name}.roster")
    assert (found.contents == contents).all()
    assert found.names[3] == ""
    assert found.names[8_999].endswith("/photos/8999.png")
    together = Roster(contents[:1], [str(tmp_path / "moved" / "photos" / "0.png")])
    there = tmp_path / "moved" / "project" / "log"
    assert roster_file.relative_names(together, there) == relative[:1] == ["../../photos/0.png"]


def test_labels_of_nobody_known_are_told_and_kept(folder):
    (path,) = folder.glob("*.jsonl")
    head = (
        b'{"order":9,"writer":"stranger","client":"c","seq":1,"kind":"label","rows":[1],'
        b'"class":[0,"cat"],"time":0}'
    )
    with path.open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(head), head))
    journal = open_log(folder)
    assert [text for text in journal.damaged if "not known which images" in text]
    assert journal.codes[1] == 0
    journal.close()


def test_a_glance_tells_what_a_log_is_of(folder):
    log = glance(folder)
    assert (log.is_multi, log.n_images, log.columns) == (False, 40, {""})
    assert log.asked == {"cat", "dog", "bird"}
    assert log.n_known(of_digits(1, "x", 3)) == 2
    assert log.n_known(roster_of("x")) == 0
    assert glance(folder.parent) is None
