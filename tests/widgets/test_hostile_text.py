"""Names and notes that are code elsewhere: what was typed, on the wire, on disk, in the frame."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests._hostile import HOSTILE
from tests.widgets._annotating import CODES, N, acked, edit, names, sync
from vaewidgets.labels.journal.edits import MAX_NAME, MAX_NOTE
from vaewidgets.labels.journal.names import name_key
from vaewidgets.widgets.annotator import Annotator


def sent_as_jupyter_would(widget):
    """Everything that went over the wire and every trait, as the bytes that are sent."""
    for content, _ in widget.comm.messages:
        json.dumps(content, allow_nan=False, ensure_ascii=False).encode()
    state = {k: v for k, v in widget.get_state().items() if not isinstance(v, (bytes, memoryview))}
    return json.dumps(state, allow_nan=False, ensure_ascii=False, default=str).encode().decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_class_and_a_note_are_what_was_typed_everywhere_and_after_a_restart(
    annotate, tmp_path, text
):
    log = tmp_path / "log"
    first = annotate(journal=log, details=True)
    edit(first, 1, "add_class", name=text)
    edit(first, 2, rows=[3], class_of=1)
    edit(first, 3, "note", rows=[3], name=text)
    assert first.classes == ["cat", "dog", text]
    assert first.labels[3] == names(first.frame)[3] == text
    assert first.notes.to_dict() == {3: text} == first.frame["label_note"].dropna().to_dict()
    first.comm.wait_for(lambda: acked(first) == [1, 2, 3])
    told, codes = sync(first)
    assert told["classes"] == ["cat", "dog", text]
    assert told["notes"] == {"3": text}
    assert codes[3] == 3
    sent_as_jupyter_would(first)
    first.close()
    again = annotate(journal=log)
    assert again.classes == ["cat", "dog", text]
    assert names(again.frame)[3] == text
    assert again.notes.to_dict() == {3: text}
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {log}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_column_of_any_name_is_written_and_named_in_the_page(annotate, text):
    frame = pd.DataFrame({text: [None] * N})
    widget = annotate(frame, text)
    widget.label(2, "dog")
    assert list(frame) == [text]
    assert names(frame, text)[2] == "dog"
    assert text[:MAX_NAME] in json.loads(sent_as_jupyter_would(widget))["_column"]
    assert "\n" not in repr(widget)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_tag_of_any_name_is_a_column_of_that_name(annotate, text):
    frame = pd.DataFrame({"x": range(N)})
    widget = annotate(frame, [], None)
    edit(widget, 1, "add_class", name=text)
    edit(widget, 2, rows=[1, 4], class_of=1)
    assert widget.classes == [text]
    assert frame[text].to_numpy().nonzero()[0].tolist() == [1, 4]
    assert sync(widget)[0]["classes"] == [text]
    sent_as_jupyter_would(widget)


@pytest.mark.parametrize("text", [*(t for t in HOSTILE if len(t) <= 100), "half \ud800"])
def test_a_person_of_any_name_labels_and_takes_back_after_a_restart(annotate, tmp_path, text):
    log = tmp_path / "log"
    first = annotate(journal=log, annotator=text)
    first.label([0, 1], "cat")
    first.close()
    again = annotate(journal=log, annotator=text)
    assert names(again.frame)[:2] == ["cat", "cat"]
    sent_as_jupyter_would(again)
    assert again.undo()
    assert names(again.frame) == [None] * N
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {log}


def test_what_is_too_long_is_cut_and_half_a_character_replaced_and_that_is_said(annotate):
    widget = annotate()
    long = "<b>" * 300_000
    edit(widget, 1, "add_class", name=long)
    edit(widget, 2, "add_class", name="half \ud800")
    edit(widget, 3, "note", rows=[0], name=long + "\ud800\x00")
    assert widget.classes == ["cat", "dog", long[:MAX_NAME], "half \ufffd"]
    assert widget.notes[0] == long[:MAX_NOTE]
    notices = [message["text"] for message in widget.comm.of("notice")]
    assert any("cut to 200" in text for text in notices)
    assert any("replaced by" in text for text in notices)
    assert all(len(text) < 300 for text in notices)
    sent_as_jupyter_would(widget)


def test_a_note_from_a_program_is_cut_and_mended_too(annotate):
    widget = annotate(details=True)
    with pytest.warns(UserWarning, match="half a character .* cut to 2000"):
        widget.note([0, 1], "\ud800" + "x" * 5000)
    assert widget.notes.to_dict() == dict.fromkeys([0, 1], "\ufffd" + "x" * (MAX_NOTE - 1))
    assert widget.frame["label_note"].to_list()[:2] == widget.notes.to_list()
    for wrong in (None, 5, b"x"):
        with pytest.raises(ValueError, match="a note must be text"):
            widget.note(0, wrong)
    sync(widget)
    sent_as_jupyter_would(widget)


def test_what_refuses_a_long_text_does_not_send_it_back(annotate):
    widget = annotate()
    long = "<img>" * 100_000
    edit(widget, 1, long)
    edit(widget, 2, "add_class", name=long + "\x00")
    edit(widget, 3, rows=[0], **{"class": long})
    widget._dispatch(widget, {"op": long}, [])
    edit(widget, 4, client=long)
    told = widget.comm.of("refused") + widget.comm.of("error")
    assert len(told) == 5
    assert all(len(message["message"]) <= 2000 for message in told)


def test_no_file_lies_outside_the_folder_whatever_the_column_is_called(tmp_path, monkeypatch):
    home = tmp_path / "a" / "b" / "c"
    home.mkdir(parents=True)
    monkeypatch.chdir(home)
    for text in HOSTILE:
        widget = Annotator(CODES, None, None, text, classes=["cat"])
        widget.label(0, "cat")
        widget.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= len(HOSTILE)
    assert {path.parents[1] for path in files} == {home / "vaewidgets-labels"}


def test_no_two_hostile_names_are_one_class():
    assert len({name_key(name) for name in HOSTILE}) == len(HOSTILE)
