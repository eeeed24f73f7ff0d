"""Setting aside, groups, where labels come from, steps, raters, and selections that are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from tests.widgets._annotating import CODES, N, edit, names, sync
from vaewidgets.clusters import cluster
from vaewidgets.labels.agreement import agreement
from vaewidgets.widgets.map.rows import unpack_rows


def ask(widget, op, **content):
    widget._dispatch(widget, {"op": op, "request": op, **content}, [])
    return next(m for m in reversed(widget.comm.messages) if m[0].get("request") == op)


# Set aside


def test_images_set_aside_are_not_proposed_or_asked_about_and_come_back(annotate):
    codes = CODES + 9 * (np.arange(N) % 2)[:, np.newaxis]
    notes = annotate(frame := pd.DataFrame({"x": range(N)}), model=codes, details=True)
    notes.label([0], "cat")
    notes.label([1], "dog")
    proposed = notes.suggest().index.tolist()
    notes.set_aside(proposed[:2], "broken")
    notes.set_aside([0])
    assert notes.aside.to_dict() == {**dict.fromkeys(proposed[:2], "broken"), 0: ""}
    assert not set(proposed[:2]) & set(notes.suggestions.index)
    assert not set(proposed[:2]) & set(notes.suggest_along(0, "cat").index)
    assert not set(proposed[:2]) & set(notes.ask("outlying", 12).tolist())
    assert frame["label_set_aside"][proposed[0]] == "broken"
    assert frame["label_set_aside"][0] == "set aside"
    assert names(frame)[0] == "cat"
    assert notes.undo()
    assert notes.undo()
    assert notes.aside.empty
    assert frame["label_set_aside"].isna().all()
    assert notes.redo()
    notes.put_back(proposed[:1])
    assert notes.aside.index.tolist() == proposed[1:2]


def test_a_page_is_told_what_is_set_aside_and_sets_aside_in_one_step(annotate, tmp_path):
    notes = annotate(journal=tmp_path / "log")
    edit(notes, 1, "set_aside", [3, 5], name="private")
    notes.comm.wait_for(lambda: notes.comm.of("diff"))
    message, buffers = notes.comm.messages[-1]
    assert message["aside"]
    assert unpack_rows(buffers[-1], N).tolist() == [3, 5]
    edit(notes, 2, "put_back", [5])
    notes.close()
    again = annotate(journal=tmp_path / "log")
    again._dispatch(again, {"op": "sync", "request": "s"}, [])
    content, buffers = again.comm.messages[-1]
    assert unpack_rows(buffers[content["layers"]], N).tolist() == [3]
    assert again.aside.to_dict() == {3: "private"}


# Groups


def test_groups_found_by_clustering_are_one_step_and_then_classes(annotate):
    codes = np.repeat([[0, 0], [20, 0], [0, 20]], 4, axis=0) + CODES[:, :2]
    found = cluster(codes, n_clusters=3, method="kmeans")
    frame = pd.DataFrame({"x": range(N)})
    notes = annotate(frame, "group", None, model=codes)
    assert notes.group(found) == ["group 1", "group 2", "group 3"]
    assert [notes.classes[label] for label in found.labels] == notes.labels.tolist()
    notes.rename_class("group 1", "cats")
    notes.merge_classes("group 2", "group 3")
    assert notes.counts.to_dict() == {"cats": 4, "group 3": 8}
    for _ in range(3):
        assert notes.undo()
    assert notes.classes == []
    assert names(frame, "group") == [None] * N
    assert notes.redo()
    assert notes.classes == ["group 1", "group 2", "group 3"]


def test_a_group_is_split_reassigned_and_dissolved_each_in_one_step(annotate, tmp_path):
    notes = annotate(None, "group", None, journal=tmp_path / "log")
    notes.group(["a"] * 6 + ["b"] * 4 + [None] * 2)
    assert notes.split("a", [0, 1, 7, 11], "a, left") == 2
    assert notes.counts.to_dict() == {"a": 4, "b": 4, "a, left": 2}
    notes.label([2], "b")
    notes.delete_class("b")
    assert notes.counts.to_dict() == {"a": 3, "a, left": 2}
    for _ in range(3):
        notes.undo()
    assert notes.counts.to_dict() == {"a": 6, "b": 4}
    assert notes.classes == ["a", "b"]  # the new one is gone with its step
    notes.redo()
    notes.close()
    again = annotate(None, "group", None, journal=tmp_path / "log")
    assert again.counts.to_dict() == {"a": 4, "b": 4, "a, left": 2}


def test_groups_that_do_not_fit_are_refused_and_nothing_changes(annotate):
    notes = annotate(None, "group", None)
    with pytest.raises(ValueError, match=r"groups has shape \(3,\)"):
        notes.group([1, 2, 3])
    with pytest.raises(ValueError, match="names has 1; expected one for each of 2"):
        notes.group([0, 1] * 6, ["a"])
    notes.group([0] * 4 + [-1] * 8)
    with pytest.raises(ValueError, match="has no image of class 'group 1'"):
        notes.split("group 1", [7], "new")
    assert notes.counts.to_dict() == {"group 1": 4}
    with pytest.raises(ValueError, match="not of tags"):
        annotate(None, ["rain"], None).group([0] * N)


def test_a_page_makes_a_group_of_a_selection_in_one_step(annotate):
    notes = annotate()
    edit(notes, 1, "group", [2, 3], name="odd")
    assert notes.counts.to_dict() == {"cat": 0, "dog": 0, "odd": 2}
    edit(notes, 2, "undo")
    assert notes.classes == ["cat", "dog"]


# Where labels come from


def test_who_gave_a_label_when_and_how_stands_beside_it_and_in_exports(annotate, tmp_path):
    frame = pd.DataFrame({"label": ["dog", *[None] * (N - 1)]})
    notes = annotate(frame, details=True, annotator="ada", journal=tmp_path / "log")
    edit(notes, 1, rows=[1], how="key", **{"class": 0})
    notes.label([2], "dog")
    frame.loc[3, "label"] = "cat"
    edit(notes, 2, "accept", [4], **{"class": 0})
    assert names(frame, "label_how")[:5] == [None, "key", "python", "cell", "suggestion"]
    assert names(frame, "label_by")[:5] == [None, *["ada"] * 4]
    whens = pd.to_datetime(frame["label_when"][1:5], utc=True)
    assert (pd.Timestamp.now(tz="UTC") - whens < pd.Timedelta("1h")).all()
    origins = notes.origins
    assert origins.loc[[1, 2, 3, 4], "how"].tolist() == ["key", "python", "cell", "suggestion"]
    assert origins.loc[0, "by"] is None
    notes.export(tmp_path / "labels.csv", details=True)
    read = pd.read_csv(tmp_path / "labels.csv")
    assert read["label_how"][:5].tolist()[1:] == ["key", "python", "cell", "suggestion"]
    plain = annotate(pd.DataFrame({"x": range(N)}), journal=tmp_path / "log")
    assert "label_by" not in plain.frame
    plain.export(tmp_path / "more.csv", details=True)
    assert pd.read_csv(tmp_path / "more.csv")["label_by"][1] == "ada"


def test_tags_have_their_origins_too(annotate):
    notes = annotate(frame := pd.DataFrame({"x": range(N)}), ["rain"], None, details=True)
    notes.label([1], "rain")
    frame.loc[2, "rain"] = True
    assert names(frame, "rain_how")[:3] == [None, "python", None]
    notes.label([3], "rain")
    assert names(frame, "rain_how")[:4] == [None, "python", "cell", "python"]
    assert notes.origins["label"].tolist() == ["rain"] * 3


# Steps


def test_the_last_steps_are_listed_and_undone_back_to_one_of_them(annotate, tmp_path):
    ada = annotate(journal=tmp_path / "log", annotator="ada")
    ben = annotate(journal=tmp_path / "log", annotator="ben")
    ada.label([0, 1], "cat")
    ben.label([5], "dog")
    ada.label([2], "dog")
    ada.rename_class("dog", "hound")
    steps = ada.steps
    assert steps["kind"].tolist() == ["label", "label", "label", "rename_class"]
    assert steps["by"].tolist() == ["ada", "ben", "ada", "ada"]
    assert steps["count"].tolist() == [2, 1, 1, 0]
    assert steps["own"].tolist() == [True, False, True, True]
    (told, _) = ask(ada, "steps")
    assert [step["undos"] for step in told["steps"]] == [1, 2, None, 3]
    newest = told["steps"][1]["step"]
    assert unpack_rows(ask(ada, "step_rows", step=newest)[1][0], N).tolist() == [2]
    with pytest.raises(ValueError, match="is 'ben''s"):
        ada.undo_to(1)
    with pytest.raises(IndexError, match="there are 4 steps"):
        ada.undo_to(4)
    assert ada.undo_to(2) == 2
    assert ada.labels[:6].tolist() == ["cat", "cat", None, None, None, "dog"]
    assert ada.redo()
    assert ada.labels[2] == "dog"
    with pytest.raises(AssertionError):
        ask_fails(ada, "step_rows", step=99)


def ask_fails(widget, op, **content):
    message, _ = ask(widget, op, **content)
    assert message["op"] != "error"


# Raters


def test_two_peoples_labels_stand_side_by_side_with_how_far_they_agree(annotate, tmp_path):
    ada = annotate(journal=tmp_path / "log", annotator="ada")
    ben = annotate(journal=tmp_path / "log", annotator="ben")
    ada.label(range(6), "cat")
    ada.label([6, 7], "dog")
    ben.label([0, 1, 2, 3], "cat")
    ben.label([4, 6, 7, 9], "dog")
    beside = ada.by_rater()
    assert beside["ada"].tolist() == ["cat"] * 6 + ["dog"] * 2 + [None] * 4
    assert beside["ben"][[0, 4, 5, 9]].tolist() == ["cat", "dog", None, "dog"]
    found = ada.agreement("ada", "ben")
    both = beside.dropna()
    assert found.n_both == len(both) == 7
    assert found.kappa == pytest.approx(cohen_kappa_score(both["ada"], both["ben"]))
    assert found.disagreements.tolist() == [4]
    assert found.confusion.loc["cat", "dog"] == 1
    assert ada.ask("raters").tolist() == [4]
    ada.set_aside([4])
    assert ada.ask("raters").tolist() == []
    (told, _) = ask(ada, "raters")
    assert told["pairs"][0]["kappa"] == pytest.approx(found.kappa)
    with pytest.raises(ValueError, match="'eve' is none of the raters, ada, ben"):
        ada.agreement("ada", "eve")
    ben.undo()
    assert ada.by_rater()["ben"][[4, 6]].tolist() == [None, None]


def test_kappa_is_scikit_learns_and_nan_where_it_says_nothing():
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 4, (2, 60))
        both = (one > 0) & (other > 0)
        found = agreement(one, other, ["a", "b", "c"])
        assert found.kappa == pytest.approx(cohen_kappa_score(one[both], other[both]))
    nothing = agreement(np.zeros(3, int), np.ones(3, int), ["a"])
    assert np.isnan(nothing.kappa)
    assert np.isnan(agreement(np.ones(3, int), np.ones(3, int), ["a"]).kappa)
    assert nothing.frame()["both"].tolist() == [0]


def test_with_tags_each_tag_is_compared(annotate, tmp_path):
    ada = annotate(None, ["rain"], None, journal=tmp_path / "log", annotator="ada")
    ben = annotate(None, ["rain"], None, journal=tmp_path / "log", annotator="ben")
    ada.label([0, 1], "rain")
    ben.label([0], "rain")
    ben.clear([1], "rain")
    assert ada.by_rater("rain").iloc[:3].to_numpy().tolist() == [
        [True, True], [True, False], [None, None]
    ]  # fmt: skip
    assert ada.agreement("ada", "ben", "rain").disagreements.tolist() == [1]
    with pytest.raises(ValueError, match="there is none"):
        annotate().by_rater("rain")


# Selections


def test_a_selection_is_kept_under_a_name_for_later_runs(annotate, tmp_path):
    notes = annotate(journal=tmp_path / "log")
    notes.selection = [2, 4]
    notes.keep("odd ones")
    notes.keep("first", [0, 1])
    notes.keep("first", [0])
    assert {name: rows.tolist() for name, rows in notes.kept.items()} == {
        "odd ones": [2, 4], "first": [0]
    }  # fmt: skip
    notes.undo()
    assert notes.kept["first"].tolist() == [0, 1]
    notes.close()
    again = annotate(journal=tmp_path / "log")
    again.selection = again.kept["odd ones"]
    assert again.selection.tolist() == [2, 4]
    assert sync(again)[0]["kept"] == [("odd ones", 2), ("first", 2)]
    assert unpack_rows(ask(again, "kept_rows", name="first")[1][0], N).tolist() == [0, 1]
    again.forget("first")
    assert list(again.kept) == ["odd ones"]
    with pytest.raises(ValueError, match="no selection is kept as 'first'; kept are 'odd ones'"):
        again.forget("first")
    with pytest.raises(ValueError, match="rows is empty"):
        again.keep("nothing", [])
    edit(again, 1, "keep", [7], name="from a page")
    again.comm.wait_for(
        lambda: ("from a page", 1) in (again.comm.of("diff") or [{}])[-1].get("kept", [])
    )
