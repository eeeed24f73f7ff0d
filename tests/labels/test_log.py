"""The log on disk: what it holds after it was closed, or was never closed."""

import shutil
import time

import numpy as np
import pytest

from tests.labels._logs import CLASSES, N_ROWS, edits_of, label, open_log, random_edit, state_of
from vaewidgets.labels.journal import Edit, RowSet
from vaewidgets.labels.journal.log_compaction import join_old_files


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_everything_is_there_again_after_a_restart(tmp_path, multi, seed):
    rng = np.random.default_rng(seed)
    n_layers = 3 if multi else 1
    layers = [rng.integers(0, 3, N_ROWS).astype(np.uint16) for _ in range(n_layers)]
    journal = open_log(tmp_path / "labels", layers=layers, multi=multi)
    for seq in range(1, 80):
        journal.append(random_edit(rng, seq), "anna" if seq % 2 else "ben")
    journal.append(Edit("page", 80, "add_class", name="fox"))
    journal.append(Edit("page", 81, "merge_class", code=2, into=4))
    journal.append(Edit("page", 82, "delete_class", code=1))
    journal.append(label(83, 2, 0, 1))
    journal.close()
    again = open_log(tmp_path / "labels", classes=(), layers=None, multi=multi)
    assert state_of(again) == state_of(journal)
    assert again.depth("anna") == journal.depth("anna")
    assert again.depth("ben") == journal.depth("ben")
    assert again.added("page", 80) == 4
    assert again.identity == journal.identity
    assert not again.damaged
    again.append(Edit("page", 84, "undo"), "ben")
    journal = journal.fold([*journal.records, again.records[-1]])
    assert state_of(again) == state_of(journal)
    again.close()


def test_an_edit_counts_once_also_after_a_restart(tmp_path):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))
    journal.append(label(2, 2, 3))
    journal.close()
    journal = open_log(tmp_path)
    assert journal.append(label(1, 1, 3)).status == "duplicate"
    assert journal.append(label(2, 2, 3)).status == "duplicate"
    assert journal.append(label(4, 1, 3)).status == "gap"
    assert journal.append(label(3, 3, 3)).status == "applied"
    assert journal.codes[3] == 3
    journal.close()


def test_the_identity_names_the_folder_and_nothing_in_memory(tmp_path):
    one, other = open_log(tmp_path / "a"), open_log(tmp_path / "b")
    same = open_log(tmp_path / "a")
    assert len(one.identity) == 32
    assert int(one.identity, 16)
    assert one.identity == same.identity != other.identity
    assert one.fold().identity == ""
    for journal in (one, other, same):
        journal.close()


def test_what_is_empty_when_it_is_closed_leaves_nothing_behind(tmp_path):
    open_log(tmp_path).close()
    for _ in range(3):
        open_log(tmp_path).close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


def test_a_log_of_labels_of_another_kind_is_refused(tmp_path):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))
    journal.close()
    with pytest.raises(ValueError, match="one label an image, and here it is several tags"):
        open_log(tmp_path, multi=True)
    assert edits_of(open_log(tmp_path)) == [1]


def test_two_writers_see_each_other(tmp_path):
    anna, ben = open_log(tmp_path), open_log(tmp_path, annotator="ben")
    anna.append(label(1, 1, 3, client="a"), "anna")
    change = ben.refresh()
    assert [part.tolist() for part in change.layers[0]] == [[3], [1]]
    assert ben.refresh() is None
    ben.append(label(1, 2, 3, 4, client="b"), "ben")
    ben.append(Edit("b", 2, "add_class", name="fox"), "ben")
    ben.append(Edit("b", 3, "note", RowSet.from_positions(np.array([7]), N_ROWS), name="?"), "ben")
    change = anna.refresh()
    assert [part.tolist() for part in change.layers[0]] == [[3, 4], [2, 2]]
    assert change.classes == (3,)
    assert change.notes.tolist() == [7]
    anna.append(Edit("a", 2, "undo"), "anna")
    ben.refresh()
    assert state_of(anna) == state_of(ben)
    assert anna.codes[3] == 2
    anna.close()
    ben.close()


def test_classes_added_at_the_same_time_get_numbers_of_their_own(tmp_path):
    anna, ben = open_log(tmp_path), open_log(tmp_path)
    anna.append(Edit("a", 1, "add_class", name="fox"))
    outcome = ben.append(Edit("b", 1, "add_class", name="owl"))
    assert outcome.change.classes == (3, 4)  # hers, found on the way, and his own
    anna.refresh()
    assert anna.classes == ben.classes == [*CLASSES, "fox", "owl"]
    ben.append(Edit("b", 2, "add_class", name="fox"))
    assert ben.added("b", 2) == 4
    anna.close()
    ben.close()


def test_edits_that_come_late_take_their_place_in_the_order(tmp_path):
    anna, ben = open_log(tmp_path), open_log(tmp_path)
    ben.append(label(1, 1, 0, 1, client="b"), "ben")
    for seq in range(1, 4):
        anna.append(label(seq, 2, 1, 2, client="a"), "anna")
    change = anna.refresh()  # his has the same number as her first, and hers go on to 3
    assert [part.tolist() for part in change.layers[0]] == [[0], [1]]
    ben.refresh()
    assert ben.codes[:4].tolist() == anna.codes[:4].tolist() == [1, 2, 2, 0]
    assert [record.place for record in anna.records] == [record.place for record in ben.records]
    anna.close()
    ben.close()


def test_clocks_decide_nothing(tmp_path, monkeypatch):
    now = iter([5_000_000_000, 10, 9, 4_000_000_000, 1, 0, 0, 0, 0, 0])
    monkeypatch.setattr(time, "time", lambda: next(now))
    anna, ben = open_log(tmp_path), open_log(tmp_path)
    anna.append(label(1, 1, 3, client="a"))
    ben.refresh()
    ben.append(label(1, 2, 3, client="b"))
    anna.refresh()
    anna.append(label(2, 3, 3, client="a"))
    ben.refresh()
    assert anna.codes[3] == ben.codes[3] == 3
    assert [record.time for record in anna.records] != sorted(r.time for r in anna.records)
    anna.close()
    ben.close()


def test_the_files_of_two_machines_put_together_lose_nothing(tmp_path):
    """Both began on their own, with other classes, and added one of the same number."""
    one = open_log(tmp_path / "one", classes=["cat", "dog"])
    two = open_log(tmp_path / "two", classes=["dog", "bird"])
    one.append(Edit("page", 1, "add_class", name="fox"), "anna")
    one.append(label(2, 3, 5), "anna")  # fox
    one.append(label(3, 1, 6), "anna")  # cat
    two.append(Edit("page", 1, "add_class", name="owl"), "ben")
    two.append(label(2, 3, 7), "ben")  # owl
    two.append(label(3, 1, 8), "ben")  # dog
    two.append(Edit("page", 4, "undo"), "ben")
    two.append(Edit("page", 5, "redo"), "ben")
    one.close()
    two.close()
    for path in (tmp_path / "two").glob("*.jsonl"):
        shutil.copy(path, tmp_path / "one")
    both = open_log(tmp_path / "one")
    names = [both.classes[code - 1] if code else None for code in both.codes[5:9]]
    assert names == ["fox", "cat", "owl", "dog"]
    assert sorted(both.classes) == ["bird", "cat", "dog", "fox", "owl"]
    assert (both.depth("anna"), both.depth("ben")) == ((2, 0), (2, 0))
    assert len(both.records) == 8
    numbers = dict(zip(both.classes, range(5), strict=True))
    both.close()
    again = open_log(tmp_path / "one")
    assert dict(zip(again.classes, range(5), strict=True)) == numbers
    again.close()


def test_labels_at_the_start_of_two_logs_put_together_are_all_there(tmp_path):
    start = np.zeros(N_ROWS, np.uint16)
    for folder, classes, row in (("one", ["cat", "dog"], 3), ("two", ["owl", "cat"], 4)):
        codes = start.copy()
        codes[row] = 1
        open_log(tmp_path / folder, classes=classes, layers=[codes]).close()
    for path in (tmp_path / "two").glob("*.jsonl"):
        shutil.copy(path, tmp_path / "one")
    both = open_log(tmp_path / "one")
    assert [both.classes[code - 1] for code in both.codes[3:5]] == ["cat", "owl"]
    assert np.count_nonzero(both.codes) == 2
    both.close()


def test_an_edit_that_two_kernels_recorded_counts_once(tmp_path):
    one, two = open_log(tmp_path), open_log(tmp_path)
    one.append(label(1, 1, 3))
    two.append(label(1, 1, 3))  # the page heard from neither, and sent it to both
    one.refresh()
    assert one.depth() == (1, 0)
    one.close()
    two.close()


def test_files_of_old_writers_are_joined_and_say_the_same(tmp_path):
    rng = np.random.default_rng(0)
    seq = 0
    for _ in range(7):
        journal = open_log(tmp_path)
        for _ in range(5):
            seq += 1
            journal.append(random_edit(rng, seq))
        journal.close()
    living = open_log(tmp_path, annotator="ben")
    living.append(label(1, 1, 1, client="ben"), "ben")
    assert len(list(tmp_path.glob("*.jsonl"))) == 8
    journal = open_log(tmp_path)
    journal.append(random_edit(rng, seq + 1))
    journal.close()
    expected = state_of(journal)
    journal = open_log(tmp_path)  # eight are left now
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    assert state_of(journal) == expected
    assert len(journal.records) == seq + 2
    assert living.refresh().layers
    assert state_of(living) == expected
    assert len(living.records) == seq + 2
    assert living.append(label(2, 2, 1, client="ben"), "ben").status == "applied"
    journal.refresh()
    journal.close()
    living.close()
    again = open_log(tmp_path)
    assert state_of(again) == state_of(living)
    assert again.identity == living.identity
    again.close()


def test_a_damaged_file_is_not_joined(tmp_path):
    for seq in range(1, 9):
        journal = open_log(tmp_path)
        journal.append(label(seq, 1, seq))
        journal.close()
    path = next(path for path in tmp_path.glob("*.jsonl") if b'"seq":4,' in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b'"rows":[4]', b'"rows":[5]'))
    head = path.read_bytes().split(b"\n")[0] + b"\n"
    join_old_files(tmp_path, sorted(tmp_path.glob("*.jsonl")), head, many=2)
    assert path in tmp_path.glob("*.jsonl")
    journal = open_log(tmp_path)
    assert np.flatnonzero(journal.codes).tolist() == [1, 2, 3, 5, 6, 7, 8]
    assert len(journal.damaged) == 1
    journal.close()


def test_an_interruption_between_the_disk_and_the_labels_is_made_good(tmp_path, monkeypatch):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))

    def interrupt(_record):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journal._state, "apply", interrupt)
        with pytest.raises(KeyboardInterrupt):
            journal.append(label(2, 2, 3))
    assert journal.append(label(2, 2, 3)).status == "duplicate"
    assert journal.codes[3] == 2
    assert journal.append(label(3, 3, 4)).status == "applied"
    again = open_log(tmp_path)
    assert state_of(again) == state_of(journal)
    journal.close()
    again.close()


def test_a_file_that_was_cut_by_its_writer_after_it_was_read_is_read_again(tmp_path):
    """A write fails after others saw it: it never was, and what comes in its place counts."""
    one, two = open_log(tmp_path), open_log(tmp_path)
    one.append(label(1, 1, 3))
    path = tmp_path / f"{one.records[0].writer}.jsonl"
    before = path.read_bytes()
    one.append(label(2, 1, 4))
    two.refresh()
    assert two.codes[4] == 1
    path.write_bytes(before)
    one = open_log(tmp_path)
    two.refresh()
    assert two.codes[3:5].tolist() == [1, 0]
    one.close()
    two.close()
