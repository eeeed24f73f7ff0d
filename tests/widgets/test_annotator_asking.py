"""Suggestions where classes go, tags are rejected, threads meet, and images are asked about."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

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

    def replies():
        return [m for m in widget.comm.messages if m[0].get("request") == request]

    widget.comm.wait_for(replies)
    return replies()[-1]


def test_of_a_class_that_is_gone_nothing_is_proposed_until_it_is_back(owls):
    widget = owls()
    widget.suggest()
    owl = set(np.flatnonzero(KIND == 2)[1:].tolist())
    for go in (lambda: widget.delete_class("owl"), lambda: widget.merge_classes("owl", "cat")):
        go()
        assert set(widget.suggestions["class"]) == {"cat", "dog"}
        assert not told(widget)[1][sorted(owl)].any()
        assert told(widget)[0]["count"] == N - 1 - len(owl) - 2
        assert widget.accept(sorted(owl)) == 0
        assert widget.classes == ["cat", "dog"]
        widget.undo()
        assert (told(widget)[1][sorted(owl)] == 3).all()
        assert owl <= set(widget.suggestions.index)
    widget.rename_class("owl", "eagle")
    assert (widget.suggestions["class"][sorted(owl)] == "eagle").all()


@pytest.fixture
def tagged(annotate):
    widget = annotate(pd.DataFrame(index=range(N)), [], ["dog", "owl", "bird"], model=CODES)
    widget.label([2, 5, 8], "owl")
    widget.clear([0, 1, 3, 4], "owl")
    return widget


def test_of_a_tag_that_is_gone_nothing_is_proposed(tagged):
    tagged.suggest("owl")
    tagged.delete_class("owl")
    assert len(tagged.suggestions) == 0
    assert tagged.accept(threshold=0) == 0
    assert tagged.classes == ["dog", "bird"]
    for op in ("suggest", "ask"):
        reply, _ = ask_page(tagged, op, by="uncertain", count=3, **{"class": 1})
        assert "tag 1, which there is not" in reply["message"]
    tagged.undo()
    assert (tagged.suggestions["class"] == "owl").any()


def test_a_tag_that_was_rejected_is_not_proposed_again_and_nor_is_its_opposite_barred(tagged):
    before = tagged.suggest("owl")
    yes = before.index[before["class"] == "owl"][:4]
    no = before.index[before["class"] == "not owl"]
    assert tagged.reject([*yes, *no[:2]]) == 4
    after = tagged.suggest("owl")
    assert not set(after.index[after["class"] == "owl"]) & set(yes)
    assert set(no) <= set(after.index[after["class"] == "not owl"])
    assert not (tagged._shown.codes[yes] == 1).any()


def test_what_to_ask_about_a_tag_leaves_out_what_was_said_of_it(tagged):
    tagged.label([10, 11], "dog")
    rows = tagged.ask("outlying", N, "owl")
    assert not {0, 1, 2, 3, 4, 5, 8} & set(rows)
    assert {10, 11} <= set(rows)
    assert len(tagged.ask("outlying", N, "owl")) == 0
    reply, buffers = ask_page(tagged, "ask", by="group", count=4, **{"class": 1})
    assert (reply["op"], buffers) == ("reply", [b""])  # all were shown
    assert len(tagged.ask("uncertain", 4, "bird")) == 4, "another tag is another question"


@pytest.mark.parametrize("by", ["group", "uncertain", "disagreeing", "outlying"])
def test_a_tag_can_be_asked_about_before_anything_or_only_no_was_said(annotate, by):
    widget = annotate(pd.DataFrame(index=range(N)), [], ["owl"], model=CODES)
    assert len(widget.ask(by, 5, "owl")) == (0 if by == "disagreeing" else 5)
    widget.clear([1, 2], "owl")
    assert not {1, 2} & set(widget.ask(by, 5, "owl"))


def test_what_was_accepted_is_neither_evidence_nor_asked_about(owls):
    widget = owls()
    widget.suggest()
    widget.accept(range(3, N - 6))
    assert sorted(widget.ask("outlying", N)) == list(range(N - 6, N))


def test_images_labelled_in_one_step_are_one_observation(annotate, monkeypatch):
    from vaewidgets.widgets.labelling import suggesting as _suggesting

    heard, make = [], _suggesting.suggest

    def listening(graph, codes, *, steps, **options):
        heard.append(steps)
        return make(graph, codes, steps=steps, **options)

    monkeypatch.setattr(_suggesting, "suggest", listening)
    frame = pd.DataFrame({"label": ["cat", "cat", *[None] * (N - 2)]})
    widget = annotate(frame, "label", ["cat", "dog", "owl"], model=CODES)
    widget.label([4, 7, 10], "dog")
    widget.label([5, 8], "owl")
    widget.suggest()
    widget.ask("uncertain", 3)
    for steps in heard:
        assert (steps[[0, 1]] == -1).all()
        assert len({steps[4], steps[5], -1}) == 3
        assert (steps[[4, 7, 10]] == steps[4]).all()
        assert (steps[[5, 8]] == steps[5]).all()
    assert len(heard) == 2


def test_only_images_that_stand_unlabelled_count_as_asked(owls):
    widget = owls()
    rows = widget.ask("uncertain", 6)
    widget.label(rows, "cat")
    widget.ask("uncertain", 6)
    assert not widget._asked[0] & set(rows.tolist())
    widget.undo()
    assert set(rows.tolist()) <= set(widget.ask("outlying", N).tolist())


def test_before_anything_was_proposed_there_is_none_and_no_page_is_told(owls):
    widget = owls()
    assert widget.suggestions is None
    widget.delete_class("owl")
    assert widget.comm.of("suggestions") == []
    for call in (widget.accept, lambda: widget.reject([1])):
        with pytest.raises(ValueError, match="nothing is proposed yet"):
            call()


def test_groups_are_prepared_once_and_every_page_sees_the_end_of_it(owls, monkeypatch):
    from vaewidgets.widgets.labelling import suggesting as _suggesting

    made, make = [], _suggesting.code_graph

    def slow(codes, report):
        report(0.5, "half")
        made.append(threading.Event().wait(0.1))
        return make(codes)

    monkeypatch.setattr(_suggesting, "code_graph", slow)
    widget = owls()
    widget._dispatch(widget, {"op": "suggest", "request": "one"}, [])
    widget.suggest()
    widget._worker.join(5)
    assert len(made) == 1
    fractions = [message["fraction"] for message in widget.comm.of("progress")]
    assert (fractions[0], fractions[-1]) == (0.5, 1.0)


def test_a_preparation_that_is_interrupted_is_no_longer_shown(owls, monkeypatch):
    from vaewidgets.widgets.labelling import suggesting as _suggesting

    def interrupted(_codes, report):
        report(0.5, "half")
        raise KeyboardInterrupt

    widget = owls()
    with monkeypatch.context() as patch:
        patch.setattr(_suggesting, "code_graph", interrupted)
        with pytest.raises(KeyboardInterrupt):
            widget.suggest()
    assert widget.comm.of("progress")[-1]["fraction"] == 1.0
    assert len(widget.suggest()) == N - 3


def test_a_widget_that_is_closed_while_suggestions_are_made_says_no_more(owls, monkeypatch):
    widget = owls()
    go = threading.Event()
    graph = widget._made_graph()
    monkeypatch.setattr(type(widget), "_made_graph", lambda self: go.wait(5) and graph)
    widget._dispatch(widget, {"op": "suggest", "request": "one"}, [])
    widget.close()
    go.set()
    widget._worker.join(5)
    assert not widget._worker.is_alive()
    assert len(widget.suggestions) == N - 3


def test_labels_of_one_class_alone_are_nothing_to_propose_from(annotate):
    widget = annotate(classes=["cat", "dog"], model=CODES)
    widget.label([0, 3], "cat")
    with pytest.raises(ValueError, match="all labels are 'cat' yet"):
        widget.suggest()
    reply, _ = ask_page(widget, "suggest")
    assert "all labels are 'cat' yet" in reply["message"]
    assert len(widget.ask("uncertain", 4)) == 4
    widget.label(1, "dog")
    assert set(widget.suggest()["class"]) == {"cat", "dog"}


def test_preparing_suggestions_is_stopped_from_the_page_and_begun_anew(owls, monkeypatch):
    from vaewidgets.widgets.labelling import suggesting as _suggesting

    made, make, began = [], _suggesting.code_graph, threading.Event()

    def slow(codes, report):
        for _ in range(500):
            began.set()
            report(None, "working")
            made.append(threading.Event().wait(0.01))
        raise AssertionError("nobody stopped it")

    widget = owls()
    with monkeypatch.context() as patch:
        patch.setattr(_suggesting, "code_graph", slow)
        widget._dispatch(widget, {"op": "suggest", "request": "one"}, [])
        assert began.wait(5)
        widget._dispatch(widget, {"op": "suggest", "request": "two"}, [])
        assert "please wait" in widget.comm.of("error")[-1]["message"]
        widget._dispatch(widget, {"op": "stop", "request": "three"}, [])
        widget._worker.join(5)
    assert "stopped" in widget.comm.of("error")[-1]["message"]
    assert widget.comm.of("progress")[-1]["fraction"] == 1.0
    assert widget.suggestions is None
    monkeypatch.setattr(_suggesting, "code_graph", lambda codes, report: make(codes))
    ask_page(widget, "suggest")
    assert len(widget.suggestions) == N - 3
