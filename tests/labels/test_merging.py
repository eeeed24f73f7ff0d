"""Logs of several places and people brought together."""

import numpy as np
import pytest

from tests.labels._logs import open_log, roster_of, state_of
from vaewidgets import labels as vw_labels
from vaewidgets.labels.journal import Edit, RowSet, roster_file
from vaewidgets.labels.journal.log_lines import to_line

merge = vw_labels.merge


def rows(n, *positions):
    return RowSet.from_positions(np.array(positions), n)


def make(folder, shown, said, by="anna", *, classes=("cat", "dog"), names=(), **options):
    """Make a log in which images that show these words have these classes."""
    journal = open_log(folder, roster=roster_of(*shown, names=names), classes=classes, **options)
    for seq, (word, code) in enumerate(said.items(), 1):
        at = rows(len(shown), shown.index(word))
        journal.append(Edit(f"page of {by}", seq, "label", at, code), by)
    journal.close()
    return folder


def labels_in(folder, *shown, classes=(), **options):
    journal = open_log(folder, roster=roster_of(*shown), classes=classes, **options)
    found = [None if code == 0 else journal.classes[code - 1] for code in journal.codes]
    journal.close()
    return found


def test_labels_of_other_places_and_people_come_together_by_image(tmp_path):
    anna = make(tmp_path / "a", ["1", "2", "3"], {"1": 1, "2": 2})
    ben = make(tmp_path / "b", ["4", "3"], {"4": 1, "3": 2}, "ben", classes=("owl", "cat"))
    before = {path: path.read_bytes() for path in ben.iterdir()}
    merged = merge(anna, ben)
    assert merged.folder == anna
    assert merged.n_images == 4
    assert len(merged.conflicts) == 0
    assert labels_in(anna, "4", "3", "2", "1") == ["owl", "cat", "dog", "cat"]
    assert before == {path: path.read_bytes() for path in ben.iterdir()}


def test_what_two_say_differently_is_listed_and_undo_of_one_gives_the_other(tmp_path):
    names = [f"/photos/{k}.png" for k in "123"]
    anna = make(tmp_path / "a", ["1", "2", "3"], {"1": 1, "2": 2}, names=names)
    ben = make(tmp_path / "b", ["2", "1"], {"2": 1, "1": 1}, "ben")
    merged = merge(tmp_path / "both", anna, ben)
    assert merged.conflicts.drop(columns="label").to_dict("records") == [
        {"file": "/photos/2.png", str(anna): "dog", str(ben): "cat"}
    ]
    (stands,) = merged.conflicts["label"]
    assert labels_in(tmp_path / "both", "1", "2") == ["cat", stands]
    journal = open_log(tmp_path / "both", roster=roster_of("1", "2"))
    journal.append(Edit("page", 1, "undo"), "anna" if stands == "dog" else "ben")
    other = {"dog": "cat", "cat": "dog"}[stands]
    assert journal.classes[journal.codes[1] - 1] == other
    journal.close()


def test_merging_again_brings_what_is_new_and_nothing_twice(tmp_path):
    anna = make(tmp_path / "a", ["1", "2"], {"1": 1})
    ben = open_log(tmp_path / "b", roster=roster_of("2"), annotator="ben")
    ben.append(Edit("b", 1, "label", rows(1, 0), 2), "ben")
    merge(anna, tmp_path / "b")
    open_here = open_log(anna, roster=roster_of("1", "2"))
    ben.append(Edit("b", 2, "label", rows(1, 0), 3), "ben")
    for _ in range(3):
        merge(anna, tmp_path / "b")
    open_here.refresh()
    assert open_here.codes.tolist() == [1, 3]
    assert len(open_here.records) == 3
    open_here.close()
    ben.close()
    for _ in range(12):  # until files are joined
        journal = open_log(anna, roster=roster_of("1", "2"))
        journal.append(Edit(journal._log.writer, 1, "note", rows(2, 0), name="x"), "anna")
        journal.close()
    merge(anna, tmp_path / "b")
    assert labels_in(anna, "1", "2") == ["cat", "bird"]


def test_who_has_the_log_open_sees_what_comes_and_how_it_was_begun(tmp_path):
    anna = tmp_path / "a"
    journal = open_log(anna, roster=roster_of("1", "2", "3"), classes=("cat",))
    journal.append(Edit("page", 1, "label", rows(3, 0), 1), "anna")
    start = [np.array([2, 0], np.uint16)]
    ben = make(tmp_path / "b", ["3", "9"], {}, classes=("owl", "dog"), layers=start)
    identity = journal.identity
    merge(anna, ben)
    change = journal.refresh()
    assert change.layers[0][0].tolist() == [2]
    assert [journal.classes[code - 1] for code in journal.codes[[0, 2]]] == ["cat", "dog"]
    assert state_of(journal) == state_of(journal.fold())
    journal.close()
    again = open_log(anna, roster=roster_of("1", "2", "3"))
    assert again.identity == identity
    assert again.classes == journal.classes  # pages name classes by their numbers
    again.close()


def test_classes_keep_their_numbers_whatever_is_merged_in_which_order(tmp_path):
    classes = ("dog", "owl", "fox", "hen")
    logs = [
        make(tmp_path / name, [name], {name: 1}, classes=(name,), layers=None) for name in classes
    ]
    open_log(tmp_path / "all", roster=roster_of("x"), classes=("cat",)).close()
    merge(tmp_path / "all", logs[0])
    merge(tmp_path / "all", logs[1])
    merge(logs[2], logs[3])  # into a third log, that is brought with both
    merge(tmp_path / "all", logs[2])
    make(logs[1], ["owl"], {"owl": 1}, "ben")
    merge(tmp_path / "all", logs[1])  # again, and there is more of it
    journal = open_log(tmp_path / "all", roster=roster_of("x", *classes))
    assert journal.classes == ["cat", *classes]
    assert [journal.classes[code - 1] for code in journal.codes[[1, 3, 4]]] == [
        "dog",
        "fox",
        "hen",
    ]
    journal.close()


def test_tags_come_together_and_their_conflicts_name_the_tag(tmp_path):
    parts = {"multi": True, "classes": ("rain", "night")}
    anna = open_log(tmp_path / "a", roster=roster_of("1", "2"), **parts)
    anna.append(Edit("a", 1, "label", rows(2, 0, 1), 1), "anna")
    anna.close()
    ben = open_log(tmp_path / "b", roster=roster_of("2"), multi=True, classes=("night", "rain"))
    ben.append(Edit("b", 1, "clear", rows(1, 0), 2), "ben")
    ben.append(Edit("b", 2, "label", rows(1, 0), 1), "ben")
    ben.close()
    merged = merge(tmp_path / "a", tmp_path / "b")
    (conflict,) = merged.conflicts.to_dict("records")
    assert conflict["tag"] == "rain"
    assert [conflict[str(tmp_path / name)] for name in "ab"] == ["yes", "no"]
    with pytest.raises(ValueError, match="merge like ones"):
        merge(tmp_path / "a", make(tmp_path / "c", ["1"], {"1": 1}))


def test_a_single_file_that_says_itself_who_its_images_are_can_be_brought_in(tmp_path):
    anna = make(tmp_path / "a", ["1", "2"], {"1": 1})
    ben = make(tmp_path / "b", ["2"], {"2": 2}, "ben")
    (roster,), (records,) = ben.glob("*.roster"), ben.glob("*.jsonl")
    lines = b"".join(map(to_line, roster_file.entries_of(roster_of("2"), [], roster.stem)))
    single = tmp_path / "from a page.jsonl"
    single.write_bytes(lines + records.read_bytes())
    merge(anna, single)
    assert labels_in(anna, "1", "2") == ["cat", "dog"]


def test_what_cannot_be_merged_is_refused_in_words(tmp_path):
    anna = make(tmp_path / "a", ["1"], {"1": 1})
    with pytest.raises(ValueError, match="others is empty"):
        merge(anna)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        merge(anna, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no labels"):
        merge(anna, tmp_path / "empty")
    ben = make(tmp_path / "b", ["2"], {"2": 2})
    for roster in ben.glob("*.roster"):
        roster.unlink()
    with pytest.raises(ValueError, match="not known what images"):
        merge(anna, ben)
    assert labels_in(anna, "1") == ["cat"]


def test_a_file_that_names_its_writer_to_reach_another_folder_is_refused(tmp_path):
    anna = make(tmp_path / "a", ["1"], {"1": 1})
    evil = {"order": 0, "writer": "../../evil", "kind": "log", "format": 2, "roster": "x"}
    (tmp_path / "evil.jsonl").write_bytes(to_line(evil))
    with pytest.raises(ValueError, match="unsafe name"):
        merge(anna, tmp_path / "evil.jsonl")
    evil |= {"writer": "w", "roster": "../../evil"}
    (tmp_path / "evil.jsonl").write_bytes(to_line(evil))
    with pytest.raises(ValueError, match="format that this version does not read"):
        merge(anna, tmp_path / "evil.jsonl")
