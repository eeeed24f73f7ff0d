"""Labels that are found in the DataFrame when an old log is opened."""

import numpy as np
import pytest

from tests.labels._logs import CLASSES, N_ROWS, label, open_log
from vaewidgets.labels.journal import Edit, Journal, adopt

START = np.array([1, 1, 2] + [0] * (N_ROWS - 3), np.uint16)


def codes(**parts):
    """Labels as at the start, but for some rows (`r3=2`)."""
    array = START.copy()
    for row, code in parts.items():
        array[int(row[1:])] = code
    return array


@pytest.fixture
def journal():
    journal = Journal(N_ROWS, CLASSES, [START])
    journal.append(label(1, 3, 0, 5), "anna")
    return journal


def test_labels_found_as_at_the_start_or_not_at_all_change_nothing(journal):
    before = journal.codes.tolist()
    adopt(journal, CLASSES, [START])
    adopt(journal, CLASSES, [np.zeros(N_ROWS, np.uint16)])
    adopt(journal, (), [np.zeros(N_ROWS, np.uint16)])
    adopt(journal, CLASSES, [journal.codes])
    assert journal.codes.tolist() == before
    assert len(journal.records) == 1


def test_labels_changed_outside_are_taken_over_by_who_opens_the_log_and_can_be_undone(journal):
    before = journal.codes.tolist()
    assert adopt(journal, CLASSES, [codes(r1=2, r7=1, r8=1)], "anna") == 3
    assert journal.codes[:9].tolist() == [3, 2, 2, 0, 0, 3, 0, 1, 1]
    assert journal.depth("anna") == (3, 0)  # a step for each class that was found
    for seq in (2, 3):
        journal.append(Edit("page", seq, "undo"), "anna")
    assert journal.codes.tolist() == before
    assert adopt(journal, CLASSES, [codes(r1=2, r7=1, r8=1)], "anna") == 0, "undone for good"
    journal.append(Edit("page", 4, "redo"), "anna")
    assert journal.codes[7] == 1


def test_the_same_frame_found_again_does_not_undo_what_the_person_did_meanwhile(journal):
    adopt(journal, CLASSES, [codes(r7=1)])
    journal.append(label(2, 2, 7), "anna")
    adopt(journal, CLASSES, [codes(r7=1)])
    assert journal.codes[7] == 2
    adopt(journal, CLASSES, [codes(r7=3)])
    assert journal.codes[7] == 3


def test_classes_are_matched_by_name_and_new_ones_added(journal):
    found = np.zeros(N_ROWS, np.uint16)
    found[7], found[8] = 1, 2
    adopt(journal, ["owl", "cat"], [found])
    assert journal.classes == [*CLASSES, "owl"]
    assert journal.codes[7:9].tolist() == [4, 1]


def test_a_class_that_nobody_uses_is_not_added(journal):
    adopt(journal, [*CLASSES, "owl"], [START])
    assert journal.classes == list(CLASSES)


def test_a_class_is_known_by_its_old_name_and_by_what_it_was_merged_into(journal):
    journal.append(Edit("page", 2, "rename_class", code=1, name="kitten"), "anna")
    adopt(journal, CLASSES, [START])
    adopt(journal, ["kitten", "dog"], [codes()])
    assert len(journal.records) == 2
    journal.append(Edit("page", 3, "merge_class", code=1, into=2), "anna")
    adopt(journal, CLASSES, [START])
    adopt(journal, CLASSES, [codes(r9=1)])
    assert journal.codes[9] == 2
    adopt(journal, CLASSES, [codes(r9=1)])
    assert len(journal.records) == 4
    assert journal.classes == ["kitten", "dog", "bird"]


def test_tags_changed_outside_are_taken_over():
    journal = Journal(N_ROWS, CLASSES[:2], [START % 2, START // 2], multi=True)
    yes, no = np.zeros(N_ROWS, np.uint16), np.zeros(N_ROWS, np.uint16)
    yes[[2, 7]], no[0] = 1, 2
    adopt(journal, ["dog", "owl", "cat"], [yes, yes, no])
    assert journal.classes == ["cat", "dog", "owl"]
    assert journal.layers[0][:3].tolist() == [2, 1, 0]
    assert np.flatnonzero(journal.layers[1] == 1).tolist() == [2, 7]
    assert np.flatnonzero(journal.layers[2] == 1).tolist() == [2, 7]
    n_records = len(journal.records)
    journal.append(Edit("page", 1, "clear", label(1, 1, 7).rows, 2), "anna")
    adopt(journal, ["dog", "owl", "cat"], [yes, yes, no])
    assert journal.layers[1][7] == 2
    assert len(journal.records) == n_records + 1


def test_what_was_taken_over_is_there_after_a_restart(tmp_path):
    journal = open_log(tmp_path, layers=[START])
    adopt(journal, CLASSES, [codes(r7=1)])
    journal.close()
    again = open_log(tmp_path, layers=[np.zeros(N_ROWS, np.uint16)])
    assert again.codes[7] == 1
    again.append(label(1, 2, 7), "anna")
    adopt(again, CLASSES, [codes(r7=1)])
    assert again.codes[7] == 2
    again.close()
