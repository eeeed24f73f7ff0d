"""Classes that come and go, notes, suggestions and tags in the journal."""

import numpy as np
import pytest

from vaewidgets.labels.journal import Edit, Journal, RefusedError, RowSet, adopt

N_ROWS = 12
CLASSES = ("cat", "dog", "bird")
CAT, DOG, BIRD = 1, 2, 3


class Hand:
    """A person who edits; what comes out is what changed."""

    def __init__(self, journal, name=""):
        self.journal, self.name, self.seq = journal, name, 0

    def __call__(self, kind, rows=None, code=0, **parts):
        self.seq += 1
        if rows is not None:
            rows = RowSet.from_positions(np.array(rows, np.int64), self.journal.n_rows)
        edit = Edit(f"page-{self.name}", self.seq, kind, rows, code, **parts)
        try:
            return self.journal.append(edit, self.name).change
        except RefusedError:
            self.seq -= 1
            raise


@pytest.fixture
def single():
    return Journal(N_ROWS, CLASSES)


@pytest.fixture
def multi():
    return Journal(N_ROWS, CLASSES, multi=True)


def labels(journal):
    return "".join("-cdb"[code] if code < 4 else "?" for code in journal.codes)


def tags(journal):
    return ["".join("-yn"[code] for code in layer) for layer in journal.layers]


def snapshot(journal):
    return (
        [layer.tobytes() for layer in journal.layers],
        [journal.suggested(number).tobytes() for number in range(len(journal.layers))],
        dict(journal.notes),
        list(journal.classes),
        set(journal.gone),
        [part.tolist() for part in journal.rejected()],
    )


def test_a_deleted_class_takes_its_labels_along_and_undo_brings_them_back(single):
    hand = Hand(single)
    hand("label", [0, 1], CAT)
    hand("label", [2], DOG)
    change = hand("delete_class", code=CAT)
    assert labels(single)[:3] == "--d"
    assert single.gone == {0}
    assert single.classes == list(CLASSES)
    assert change.classes == (0,)
    assert change.layers[0][0].tolist() == [0, 1]
    change = hand("undo")
    assert labels(single)[:3] == "ccd"
    assert single.gone == set()
    assert change.classes == (0,)


def test_a_label_of_a_deleted_class_brings_the_class_back_but_not_its_old_labels(single):
    anna, ben = Hand(single, "anna"), Hand(single, "ben")
    anna("label", [0, 1], CAT)
    ben("delete_class", code=CAT)
    change = anna("label", [5], CAT)
    assert single.gone == set()
    assert change.classes == (0,)
    assert labels(single)[:6] == "-----c"
    anna("undo")
    assert single.gone == {0}
    ben("undo")
    assert labels(single)[:6] == "cc----"


def test_a_merged_class_gives_its_labels_and_those_that_still_come_to_the_other(single):
    anna, ben = Hand(single, "anna"), Hand(single, "ben")
    anna("label", [0, 1], CAT)
    anna("label", [1], BIRD)
    ben("merge_class", code=CAT, into=DOG)
    assert labels(single)[:2] == "db"
    anna("label", [2], CAT)
    assert labels(single)[:3] == "dbd"
    anna("undo")
    anna("undo")  # what shows again was a cat, and cats are dogs now
    assert labels(single)[:3] == "dd-"
    ben("undo")
    assert labels(single)[:3] == "cc-"


def test_classes_merged_one_into_the_other_in_a_chain(single):
    hand = Hand(single)
    hand("label", [0], CAT)
    hand("merge_class", code=CAT, into=DOG)
    hand("merge_class", code=DOG, into=BIRD)
    assert labels(single)[0] == "b"
    hand("label", [1], CAT)
    assert labels(single)[:2] == "bb"
    hand("undo")
    hand("undo")
    assert labels(single)[:2] == "d-"
    hand("merge_class", code=DOG, into=CAT)  # cat is dog already: nothing to do
    assert single.gone == {0}
    assert labels(single)[0] == "d"


def test_a_class_can_be_renamed_but_not_to_the_name_of_another(single):
    hand = Hand(single)
    assert hand("rename_class", code=CAT, name="kitten").classes == (0,)
    assert single.classes == ["kitten", "dog", "bird"]
    with pytest.raises(RefusedError, match="merge them instead"):
        hand("rename_class", code=CAT, name="dog")
    hand("undo")
    assert single.classes == ["cat", "dog", "bird"]
    hand("redo")
    assert single.classes == ["kitten", "dog", "bird"]


def test_the_name_of_a_deleted_class_brings_it_back_under_its_number(single):
    hand = Hand(single)
    hand("label", [0], CAT)
    hand("delete_class", code=CAT)
    hand("add_class", name="cat")
    assert single.added("page-", 3) == CAT
    assert single.gone == set()
    assert single.classes == list(CLASSES)
    assert labels(single)[0] == "-"


def test_the_old_name_of_a_renamed_class_makes_another_class(single):
    hand = Hand(single)
    hand("rename_class", code=CAT, name="kitten")
    hand("add_class", name="cat")
    assert single.classes == ["kitten", "dog", "bird", "cat"]
    hand("undo")  # both want the name now
    assert single.classes == ["cat", "dog", "bird", "cat (2)"]


def test_two_classes_of_one_name_are_told_apart_and_one_that_is_gone_gives_way(single):
    hand = Hand(single)
    hand("delete_class", code=CAT)
    hand("rename_class", code=DOG, name="cat")
    assert single.classes == ["cat (2)", "cat", "bird"]


@pytest.mark.parametrize(
    ("kind", "parts", "reason"),
    [
        ("label", {"rows": [0], "code": 4}, "not"),
        ("label", {"rows": [0], "code": 0}, "not"),
        ("label", {"code": 1}, "needs rows"),
        ("delete_class", {"code": 0}, "not"),
        ("merge_class", {"code": 1, "into": 4}, "not"),
        ("merge_class", {"code": 1, "into": 1}, "itself"),
        ("accept", {"rows": [0, 1], "codes": np.array([1], np.uint16)}, "1 classes came for 2"),
        ("accept", {"rows": [0, 1], "codes": np.array([1, 9], np.uint16)}, "not"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(single, kind, parts, reason):
    before = snapshot(single)
    with pytest.raises(RefusedError, match=reason):
        Hand(single)(kind, **parts)
    assert snapshot(single) == before
    assert not single.records
    assert single.place("page-", 1) is None


def test_an_accepted_suggestion_is_marked_and_spares_what_a_person_said(single):
    hand = Hand(single)
    hand("label", [1], CAT)
    change = hand("accept", [0, 1, 2], codes=np.array([DOG, DOG, BIRD], np.uint16))
    assert labels(single)[:3] == "dcb"
    assert single.suggested().tolist()[:3] == [True, False, True]
    assert change.layers[0][0].tolist() == [0, 2]
    change = hand("label", [0], DOG)
    assert not single.suggested()[0]
    assert change.layers[0][0].tolist() == [0]
    hand("undo")
    assert single.suggested()[0]
    hand("undo")
    assert labels(single)[:3] == "-c-"
    assert not single.suggested().any()


def test_a_suggestion_can_be_replaced_by_another_one(single):
    hand = Hand(single)
    hand("accept", [0], CAT)
    hand("accept", [0], DOG)
    assert labels(single)[0] == "d"
    assert single.suggested()[0]


def test_the_mark_of_a_suggestion_goes_with_its_class(single):
    hand = Hand(single)
    hand("accept", [0], CAT)
    hand("merge_class", code=CAT, into=DOG)
    assert single.suggested()[0]
    hand("delete_class", code=DOG)
    assert not single.suggested()[0]


def test_a_rejection_is_remembered_until_it_is_undone(single):
    hand = Hand(single)
    change = hand("reject", [3, 5], codes=np.array([CAT, DOG], np.uint16))
    assert change.rejected
    hand("reject", [3], CAT)
    rows, codes = single.rejected()
    assert (rows.tolist(), codes.tolist()) == ([3, 5], [CAT, DOG])
    hand("undo")
    assert single.rejected()[0].tolist() == [3, 5]
    assert hand("undo").rejected
    assert single.rejected()[0].tolist() == []
    hand("redo")
    assert single.rejected()[0].tolist() == [3, 5]


def test_a_note_is_written_replaced_removed_and_undone(single):
    hand = Hand(single)
    assert hand("note", [2, 3], name="blurred").notes.tolist() == [2, 3]
    assert single.notes == {2: "blurred", 3: "blurred"}
    hand("note", [3], name="")
    assert single.notes == {2: "blurred"}
    hand("undo")
    hand("note", [2], name="sharp")
    assert single.notes == {2: "sharp", 3: "blurred"}
    hand("undo")
    assert hand("undo").notes.tolist() == [2, 3]
    assert single.notes == {}


def test_tags_are_said_unsaid_and_cleared_apart(multi):
    hand = Hand(multi)
    hand("label", [0, 1], CAT)
    hand("label", [1], DOG)
    hand("clear", [0], CAT)
    assert [tag[:2] for tag in tags(multi)] == ["ny", "-y", "--"]
    change = hand("clear", [0, 1])
    assert [tag[:2] for tag in tags(multi)] == ["--", "--", "--"]
    assert {number: part[0].tolist() for number, part in change.layers.items()} == {
        0: [0, 1],
        1: [1],
    }
    hand("undo")
    assert [tag[:2] for tag in tags(multi)] == ["ny", "-y", "--"]


def test_a_new_tag_is_a_layer_more(multi):
    hand = Hand(multi)
    assert hand("add_class", name="fox").classes == (3,)
    assert len(multi.layers) == 4
    hand("label", [1], 4)
    assert tags(multi)[3][:2] == "-y"


def test_accepting_tags_marks_them_and_spares_what_a_person_said(multi):
    hand = Hand(multi)
    hand("clear", [0], CAT)
    hand("accept", [0, 1], CAT)
    hand("accept", [0, 1], codes=np.array([DOG, BIRD], np.uint16))
    assert [tag[:2] for tag in tags(multi)] == ["ny", "y-", "-y"]
    assert multi.suggested(0).tolist()[:2] == [False, True]
    hand("reject", [4], codes=np.array([BIRD], np.uint16))
    assert [part.tolist() for part in multi.rejected(2)] == [[4], [BIRD]]
    assert [part.tolist() for part in multi.rejected(1)] == [[], []]


def test_merging_and_deleting_tags_can_be_undone(multi):
    hand = Hand(multi)
    hand("label", [0, 1], CAT)
    hand("clear", [1, 2], DOG)
    hand("accept", [3, 4], CAT)
    hand("clear", [4], DOG)
    before = snapshot(multi)
    hand("merge_class", code=CAT, into=DOG)
    assert [tag[:5] for tag in tags(multi)] == ["-----", "yynyn", "-----"]
    assert multi.suggested(1).tolist()[:5] == [False, False, False, True, False]
    hand("label", [5], CAT)
    assert tags(multi)[1][5] == "y"
    hand("undo")
    hand("undo")
    assert snapshot(multi) == before
    hand("delete_class", code=CAT)
    assert tags(multi)[0] == "-" * N_ROWS
    hand("clear", [0], CAT)  # nothing is said of a tag that is gone
    assert multi.gone == {0}
    hand("label", [6], CAT)
    assert tags(multi)[0] == "------y-----"
    assert multi.gone == set()


def test_undo_names_its_step_so_other_records_between_do_not_move_it(single):
    anna, ben = Hand(single, "anna"), Hand(single, "ben")
    anna("label", [0], CAT)
    ben("label", [1], DOG)
    anna("undo")
    assert single.records[-1].target == ("", "page-anna", 1)


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_any_number_of_edits_undone_leave_the_state_as_it_was_byte_for_byte(multi, seed):
    rng = np.random.default_rng(seed)
    journal = Journal(N_ROWS, CLASSES, multi=multi)
    hand, states = Hand(journal), []
    for _ in range(60):
        states.append(snapshot(journal))
        kind = rng.choice(
            ["label", "clear", "accept", "note", "reject", "rename_class"] * 4
            + ["merge_class", "delete_class"]
        )
        code, into = (int(c) for c in rng.choice(3, 2, replace=False) + 1)
        rows = np.flatnonzero(rng.random(N_ROWS) < 0.4)
        if kind == "clear":
            hand(kind, rows, code * int(rng.integers(2)))
        elif kind in ("label", "accept", "reject"):
            hand(kind, rows, code)
        elif kind == "note":
            hand(kind, rows, name=f"note {rng.integers(3)}")
        elif kind == "rename_class":
            hand(kind, code=code, name=f"name {len(states)}")
        else:
            hand(kind, code=code, into=into if kind == "merge_class" else 0)
    after = [snapshot(journal)]
    while states:
        before = states.pop()
        hand("undo")
        assert snapshot(journal) == before
        after.append(before)
    while len(after) > 1:
        after.pop()
        hand("redo")
        assert snapshot(journal) == after[-1]
    assert snapshot(journal.fold()) == snapshot(journal)


def test_the_journal_knows_which_edit_labelled_a_row():
    journal = Journal(6, CLASSES, [np.array([CAT, 0, 0, 0, 0, 0], np.uint16)])
    hand = Hand(journal)
    hand("label", [1, 2, 3], DOG)
    hand("label", [3, 4], BIRD)
    first, second = journal.steps()[[1, 4]]
    assert journal.steps().tolist() == [-1, first, first, second, second, -1]
    assert -1 < first < second
    hand("undo")
    assert journal.steps().tolist() == [-1, first, first, first, -1, -1]
    hand("redo")
    hand("merge_class", None, DOG, into=BIRD)
    steps = journal.steps()
    assert steps[1] == steps[2] == first != steps[3] == steps[4]
    adopt(journal, CLASSES, [np.array([CAT, 0, CAT, 0, 0, CAT], np.uint16)])
    assert journal.steps()[[2, 5]].tolist() == [-1, -1]
    assert journal.fold().steps().tolist() == journal.steps().tolist()
