"""Suggestions in the annotator: proposed, accepted or rejected in bulk, one step each."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import acked, sync

N = 120
KIND = np.arange(N) % 3
CODES = (np.random.default_rng(0).normal(0, 0.1, (N, 4)) + 3 * np.eye(4)[KIND]).astype(np.float32)
FIRST = {0: "cat", 1: "dog", 2: "owl"}


@pytest.fixture
def owls(annotate):
    """An annotator of three kinds of points that lie apart, one of each named."""

    def make(**options):
        widget = annotate(classes=["cat", "dog", "owl"], model=CODES, **options)
        for row, name in FIRST.items():
            widget.label(row, name)
        return widget

    return make


def bits(rows):
    mask = np.zeros(N, bool)
    mask[rows] = True
    return memoryview(np.packbits(mask, bitorder="little").tobytes())


def edit(widget, seq, kind, rows, *more, **content):
    message = {"op": "edit", "client": "page", "seq": seq, "kind": kind, **content}
    widget._dispatch(widget, message, [bits(rows), *more])


def told(widget):
    """What the pages were told last: codes and probabilities."""
    content, buffers = [m for m in widget.comm.messages if m[0]["op"] == "suggestions"][-1]
    return content, np.frombuffer(buffers[0], "<u2"), np.frombuffer(buffers[1], "<u1")


def ask_page(widget, op, **content):
    request = len(widget.comm.messages)
    widget._dispatch(widget, {"op": op, "request": request, **content}, [])
    replies = lambda: [m for m in widget.comm.messages if m[0].get("request") == request]  # noqa: E731
    widget.comm.wait_for(replies)
    return replies()[-1]


def test_three_labels_are_spread_to_all_images_but_label_none_before_they_are_accepted(owls):
    widget = owls(details=True)
    found = widget.suggest()
    assert widget.frame["label"].notna().sum() == 3
    assert len(found) == N - 3
    names = np.array(["cat", "dog", "owl"])
    assert (found["class"] == names[KIND[found.index]]).all()
    assert found["probability"].is_monotonic_decreasing
    assert widget.accept(threshold=0) == N - 3
    assert (widget.labels == names[KIND]).all()
    assert widget.frame["label"].tolist() == widget.labels.tolist()
    source = widget.frame["label_source"]
    assert (source.iloc[:3] == "person").all()
    assert (source.iloc[3:] == "suggestion").all()
    assert len(widget.suggestions) == 0
    widget.undo()
    assert widget.frame["label"].notna().sum() == 3
    assert len(widget.suggestions) == N - 3


def test_only_what_is_probable_enough_is_accepted(owls):
    widget = owls()
    found = widget.suggest()
    threshold = float(found["probability"].iloc[20])
    sure = found.index[found["probability"] >= threshold]
    assert 0 < len(sure) < len(found)
    assert widget.accept(threshold=threshold) == len(sure)
    assert sorted(np.flatnonzero(widget.frame["label"].notna())) == sorted([0, 1, 2, *sure])
    with pytest.raises(ValueError, match="threshold is 90"):
        widget.accept(threshold=90)


def test_what_was_rejected_is_not_proposed_again_until_that_is_undone(owls):
    widget = owls()
    widget.suggest()
    assert widget.reject([3, 6]) == 2
    assert not {3, 6} & set(widget.suggestions.index)
    assert not {3, 6} & set(widget.suggest().index)
    widget.undo()
    assert {3, 6} <= set(widget.suggest().index)


def test_what_was_rejected_is_not_accepted_as_what_is_left(owls):
    widget = owls()
    before = widget.suggest()["probability"]
    assert widget.reject([3, 6]) == 2
    after = widget.suggest()["probability"]
    assert (after == before[after.index]).all()
    assert len(after) == len(before) - 2
    widget.accept(threshold=0)
    assert widget.labels[[3, 6]].tolist() == [None, None]


def test_images_of_none_of_the_classes_are_left_out_of_all_but_the_outlying(owls):
    widget = owls()
    widget.suggest()
    assert widget.none_of_these([3, 5, 8]) == 3
    assert widget._desk.journal.depth(widget._desk.annotator) == (4, 0)
    assert not {3, 5, 8} & set(widget.suggestions.index)
    assert not {3, 5, 8} & set(widget.suggest().index)
    assert told(widget)[0]["count"] == len(widget.suggestions) == N - 6
    for by in ("uncertain", "disagreeing", "group"):
        widget._asked.clear()
        assert not {3, 5, 8} & set(widget.ask(by, N))
    widget._asked.clear()
    assert {3, 5, 8} <= set(widget.ask("outlying", N))
    widget.undo()
    assert {3, 5, 8} <= set(widget.suggest().index)


def test_a_class_added_later_may_be_proposed_where_none_was_right(owls):
    widget = owls()
    widget.none_of_these([5, 8])
    widget.add_class("bat")
    for row in np.flatnonzero(KIND == 2)[3:]:
        widget.label(row, "bat")
    assert (widget.suggest()["class"][[5, 8]] == "bat").all()
    widget.none_of_these([5])
    assert set(widget.suggest().index) & {5, 8} == {8}


def test_a_label_stays_where_none_of_the_classes_is_right_and_can_be_cleared(owls):
    widget = owls()
    assert widget.none_of_these(np.arange(N) < 3) == 3
    assert widget.labels[:3].tolist() == ["cat", "dog", "owl"]
    assert len(widget.suggest()) == N - 3
    widget.label(3, "cat")
    widget.clear(0)
    assert 0 not in widget.suggest().index
    assert widget.none_of_these([]) == 0


def test_none_of_these_is_refused_where_it_says_nothing(annotate):
    tags = annotate(pd.DataFrame(index=range(N)), [], ["owl"], model=CODES)
    with pytest.raises(ValueError, match=r"clear\(rows, name\) says no"):
        tags.none_of_these([1])
    with pytest.raises(ValueError, match="there is no class yet"):
        annotate(classes=[], model=CODES).none_of_these([1])
    with pytest.raises(TypeError, match="rows is None"):
        annotate(classes=["cat"], model=CODES).none_of_these(None)


def test_accepted_labels_are_no_evidence(owls):
    widget = owls()
    widget.suggest()
    widget.accept(range(3, 60))
    assert "3 labels" in widget._shown.words or "From 3" in widget._shown.words
    widget.suggest()
    assert "3 labels" in widget._shown.words or "From 3" in widget._shown.words


def test_a_page_asks_is_told_accepts_and_rejects(owls):
    widget = owls()
    reply, _ = ask_page(widget, "suggest")
    assert reply["op"] == "reply"
    content, codes, certain = told(widget)
    assert content["class"] is None
    assert content["count"] == N - 3
    assert (codes[3:] == KIND[3:] + 1).all()
    assert certain[3:].min() > 0
    state, _ = sync(widget)
    assert state["suggestions"] == {"class": None, "count": N - 3, "words": content["words"]}
    rows = [5, 8]
    edit(widget, 1, "accept", rows, memoryview(codes[rows].astype("<u2").tobytes()))
    edit(widget, 2, "reject", [3], **{"class": 0})
    widget.comm.wait_for(lambda: acked(widget) == [1, 2])
    assert widget.labels[rows].tolist() == ["owl", "owl"]
    assert told(widget)[1][3] == 0
    edit_undo = {"op": "edit", "client": "page", "seq": 3, "kind": "undo"}
    widget._dispatch(widget, edit_undo, [])
    assert told(widget)[1][3] == 1


def test_nothing_can_be_proposed_from_nothing_and_the_page_reads_why(annotate):
    widget = annotate(model=CODES)
    with pytest.raises(ValueError, match="no image is labelled yet"):
        widget.suggest()
    reply, _ = ask_page(widget, "suggest")
    assert reply["op"] == "error"
    assert "label one of each kind" in reply["message"]
    with pytest.raises(ValueError, match="nothing is proposed yet"):
        widget.accept()


def test_what_to_ask_next_is_selected_and_not_asked_twice(owls):
    widget = owls()
    first = widget.ask("uncertain", 10)
    assert set(widget.selection) == set(first)
    assert not set(first) & {0, 1, 2}
    second = widget.ask("outlying", 10)
    assert not set(first) & set(second)
    widget.label(first, "cat")
    reply, buffers = ask_page(widget, "ask", by="uncertain", count=5)
    assert reply["op"] == "reply"
    third = np.frombuffer(buffers[0], "<i4")
    assert len(third) == 5
    assert not set(third) & {*first, *second}
    for bad in ({"by": "luck", "count": 5}, {"by": "uncertain", "count": 10**6}, {"count": "5"}):
        assert ask_page(widget, "ask", **bad)[0]["op"] == "error"


def test_a_tag_is_proposed_from_its_examples(annotate):
    widget = annotate(pd.DataFrame(index=range(N)), [], ["owl"], model=CODES)
    widget.label([2, 5, 8], "owl")
    widget.clear([0, 1, 3, 4], "owl")
    found = widget.suggest("owl")
    assert set(found["class"]) == {"owl", "not owl"}
    yes = found.index[found["class"] == "owl"]
    assert (KIND[yes] == 2).all()
    n = widget.accept(threshold=0.5)
    assert n == (found[found["class"] == "owl"]["probability"] >= 0.5).sum()
    assert (KIND[widget.frame["owl"]] == 2).all()
    widget.suggest("owl")
    with pytest.raises(ValueError, match="name is needed"):
        widget.suggest()


def test_a_class_lies_along_a_direction_without_any_label(annotate):
    widget = annotate(classes=["owl"], model=CODES)
    found = widget.suggest_along(2, "owl")
    assert (found["class"] == "owl").all()
    assert sorted(found.index) == np.flatnonzero(KIND == 2).tolist()


def test_one_at_a_time_prepares_suggestions(owls, monkeypatch):
    widget = owls()
    go = threading.Event()
    monkeypatch.setattr(type(widget), "_made_graph", lambda self: go.wait(5))
    widget._dispatch(widget, {"op": "suggest", "request": "one"}, [])
    reply, _ = ask_page(widget, "suggest")
    assert "please wait" in reply["message"]
    go.set()
    widget._worker.join(5)
