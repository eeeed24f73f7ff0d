"""What one can do with classes, tags and notes: each a step, in the frame, told and undone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.widgets._annotating import N, acked, bits, edit, names, sync


def labelled(annotate, **options):
    widget = annotate(**options)
    widget.label([0, 1, 2], "cat")
    widget.label([3, 4], "dog")
    return widget


STEPS = {
    "rename": (
        lambda w: w.rename_class("cat", "lynx"),
        ["lynx"] * 3 + ["dog"] * 2,
        ["lynx", "dog"],
    ),
    "merge": (lambda w: w.merge_classes("dog", "cat"), ["cat"] * 5, ["cat"]),
    "delete": (lambda w: w.delete_class("cat"), [None] * 3 + ["dog"] * 2, ["dog"]),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_on_a_class_is_in_the_frame_and_can_be_undone_and_done_again(annotate, step):
    widget = labelled(annotate)
    before = names(widget.frame)
    do, after, classes = STEPS[step]
    do(widget)
    assert names(widget.frame)[:5] == after
    assert widget.labels.tolist() == names(widget.frame)
    assert widget.classes == classes
    assert widget.undo()
    assert names(widget.frame) == before
    assert widget.classes == ["cat", "dog"]
    assert widget.redo()
    assert names(widget.frame)[:5] == after


@pytest.mark.parametrize(
    ("kind", "content", "after"),
    [
        ("rename_class", {"class": 0, "name": "lynx"}, ["lynx"] * 3 + ["dog"] * 2),
        ("merge_class", {"class": 1, "into": 0}, ["cat"] * 5),
        ("delete_class", {"class": 1}, ["cat"] * 3 + [None] * 2),
    ],
)
def test_a_page_makes_these_steps_too_and_every_page_is_told(annotate, kind, content, after):
    widget = labelled(annotate)
    edit(widget, 1, kind, **content)
    assert names(widget.frame)[:5] == after
    widget.comm.wait_for(lambda: acked(widget) == [1])
    told = widget.comm.of("diff")[-1]
    assert told["classes"] == widget._desk.journal.classes
    assert told["gone"] == sorted(widget._desk.journal.gone)
    state, _ = sync(widget)
    assert (state["classes"], state["gone"]) == (told["classes"], told["gone"])


def test_a_class_is_not_given_the_name_of_another_and_nothing_changes(annotate):
    widget = labelled(annotate)
    before = names(widget.frame)
    with pytest.raises(ValueError, match="merge them"):
        widget.rename_class("cat", "dog")
    edit(widget, 1, "rename_class", **{"class": 0, "name": "dog"})
    assert "merge" in widget.comm.of("refused")[0]["message"]
    assert names(widget.frame) == before
    assert widget.classes == ["cat", "dog"]


def test_a_label_on_its_way_to_a_class_that_was_merged_goes_where_the_class_went(annotate):
    widget = labelled(annotate)
    widget.merge_classes("dog", "cat")
    edit(widget, 1, rows=[7], **{"class": 1})
    assert widget.labels[7] == "cat"
    assert names(widget.frame)[7] == "cat"


def test_a_note_is_kept_told_and_undone(annotate):
    widget = annotate()
    widget.note([2, 5], "blurred")
    assert widget.notes.to_dict() == {2: "blurred", 5: "blurred"}
    edit(widget, 1, "note", rows=[5], name="sharp after all")
    assert widget.notes[5] == "sharp after all"
    widget.comm.wait_for(lambda: acked(widget) == [1])
    assert widget.comm.of("diff")[-1]["notes"] == {"5": "sharp after all"}
    assert sync(widget)[0]["notes"] == {"2": "blurred", "5": "sharp after all"}
    widget.undo()
    widget.note(2, "")
    assert widget.notes.to_dict() == {5: "blurred"}


def test_details_are_columns_of_their_own(annotate):
    widget = annotate(details=True)
    widget.label([0], "cat")
    widget.note([0, 1], "odd")
    assert widget.frame["label_source"].iloc[0] == "person"
    assert widget.frame["label_source"].iloc[1:].isna().all()
    assert widget.frame["label_note"].tolist()[:2] == ["odd", "odd"]


def tags(annotate, **options):
    frame = pd.DataFrame({"x": range(N), "wet": [True] + [False] * (N - 1)})
    return annotate(frame, ["wet"], ["cold"], **options)


def test_tags_are_columns_of_bools_and_an_image_can_have_several(annotate):
    widget = tags(annotate)
    assert widget.classes == ["wet", "cold"]
    widget.label([0, 3], "cold")
    widget.label([3], "wet")
    assert widget.frame["cold"].dtype == bool
    assert np.flatnonzero(widget.frame["cold"]).tolist() == [0, 3]
    assert np.flatnonzero(widget.frame["wet"]).tolist() == [0, 3]
    assert widget.counts.to_dict() == {"wet": 2, "cold": 2}
    assert widget.labels["cold"].tolist() == widget.frame["cold"].tolist()
    widget.clear([0], "cold")
    assert not widget.frame["cold"].iloc[0]
    assert widget.frame["wet"].iloc[0]
    widget.clear([3])
    assert not widget.labels.iloc[3].any()
    for _ in range(4):
        widget.undo()
    assert np.flatnonzero(widget.frame["wet"]).tolist() == [0]
    assert not widget.frame["cold"].any()


def test_a_page_tags_and_takes_a_tag_off_and_gets_a_layer_for_each(annotate):
    widget = tags(annotate)
    edit(widget, 1, rows=[2, 4], **{"class": 1})
    edit(widget, 2, "clear", rows=[4], **{"class": 1})
    edit(widget, 3, "add_class", name="dark")
    edit(widget, 4, rows=[5], class_of=3)
    widget.comm.wait_for(lambda: acked(widget) == [1, 2, 3, 4])
    assert np.flatnonzero(widget.frame["cold"]).tolist() == [2]
    assert np.flatnonzero(widget.frame["dark"]).tolist() == [5]
    widget._dispatch(widget, {"op": "sync", "request": "s"}, [])
    content, buffers = widget.comm.messages[-1]
    assert (content["multi"], content["layers"], content["dtype"]) == (True, 3, "<u1")
    layers = [np.frombuffer(buffer, np.uint8).tolist() for buffer in buffers]
    assert layers[1][2] == 1
    assert layers[1][4] == 2
    assert layers[2][5] == 1


def test_a_tag_that_is_renamed_or_deleted_takes_its_column_along(annotate):
    widget = tags(annotate)
    widget.label([1], "cold")
    widget.rename_class("cold", "icy")
    assert "cold" not in widget.frame
    assert np.flatnonzero(widget.frame["icy"]).tolist() == [1]
    widget.delete_class("icy")
    assert "icy" not in widget.frame
    widget.undo()
    assert np.flatnonzero(widget.frame["icy"]).tolist() == [1]


def test_with_one_label_an_image_there_is_no_tag_to_take_off(annotate):
    widget = annotate()
    with pytest.raises(ValueError, match="takes none"):
        widget.clear([1], "cat")


def test_rows_without_an_image_are_listed(annotate):
    from vaewidgets.images import Images, Rejected

    pixels = np.zeros((3, 2, 2, 1), np.uint8)
    images = Images(pixels, np.array([0, 2, 3]), [Rejected(1, "broken.png", "truncated")])
    codes = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    widget = annotate(pd.DataFrame({"x": range(4)}), model=codes, images=images)
    assert widget.rows_without_image["row"].tolist() == [1]
    assert widget.rows_without_image["reason"].tolist() == ["truncated"]


def test_a_closed_annotator_takes_no_edit(annotate):
    widget = annotate()
    widget.close()
    with pytest.raises(RuntimeError, match="closed"):
        widget.label([1], "cat")


def test_an_edit_that_would_be_none_is_refused_and_the_next_is_taken(annotate):
    widget = annotate()
    for seq, content in enumerate([{"class": 9, "into": 0}, {"class": 0, "into": 0}], 1):
        edit(widget, seq, "merge_class", **content)
    edit(widget, 3, "note", rows=[1], name=7)
    edit(widget, 4, "accept", rows=[1])
    assert [message["seq"] for message in widget.comm.of("refused")] == [1, 2, 3, 4]
    edit(widget, 5, rows=[1], **{"class": 0})
    assert widget.labels[1] == "cat"
    assert bytes(bits(1)) == widget.comm.messages[-1][1][0]
