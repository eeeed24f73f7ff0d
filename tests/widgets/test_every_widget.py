"""What every public widget promises: readable and small in a saved notebook, finite, answering."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import pytest
from ipywidgets.embed import dependency_state

import vaewidgets
from tests.widgets._every import (
    MAKE,
    SIDE,
    USES,
    Model,
    N,
    a_frame,
    begun,
    operations,
    tell,
    use_all,
)
from vaewidgets.widgets.base.widget import BaseWidget
from vaewidgets.widgets.training import TrainingMonitor

CODE = ("_esm", "_css")
MOST_BYTES = 4096
"""Of what a notebook keeps of a widget of 12 points, beside its code: menus and coordinates."""
MOST_PICTURE_BYTES = 500_000
"""Of a training: eight small images and what became of them, as a figure of them would take."""


def kept(widget: BaseWidget) -> dict[str, Any]:
    """Return what a notebook that is saved with its widgets keeps of one, beside its code."""
    model = dependency_state([widget], drop_defaults=False)[widget.model_id]
    state = {name: value for name, value in model["state"].items() if name not in CODE}
    return {**state, "buffers": model["buffers"]}


def all_of(widget: BaseWidget) -> dict[str, Any]:
    """Return all traits and, of an annotator, all labels: what an error must not change."""
    state = {name: value for name, value in widget.get_state().items() if name != "layout"}
    if hasattr(widget, "labels"):
        state |= {"labels": str(widget.labels), "notes": str(widget.notes)}
        state |= {"classes": widget.classes, "frame": widget.frame.to_csv()}
    return state


def test_no_public_widget_is_left_out_here(tmp_path, recorded):
    public = {
        name
        for name in vaewidgets.__all__
        if isinstance(one := getattr(vaewidgets, name), type) and issubclass(one, BaseWidget)
    }
    assert public == {"Annotator", "Interpolator", "LatentScatter", "LatentTweaker"}
    subclasses, found = [BaseWidget], set()
    while subclasses:
        here = subclasses.pop()
        subclasses += here.__subclasses__()
        if here.__module__.startswith("vaewidgets.") and "_esm" in vars(here):
            found.add(here.__name__)
    assert found == public | {"TrainingMonitor"}
    assert len(MAKE) == 8


def test_where_it_cannot_be_shown_one_line_says_what_it_is(one, tmp_path):
    data, metadata = one._repr_mimebundle_()
    text = data.pop("text/plain")
    assert text.startswith(f"<{type(one).__name__}")
    assert text.isprintable()
    assert len(text) < 300
    assert str(tmp_path) not in text
    [(mime, view)] = data.items()
    assert mime == "application/vnd.jupyter.widget-view+json"
    assert set(view) == {"version_major", "version_minor", "model_id"}
    assert metadata == {}


def test_a_saved_notebook_holds_no_path_no_label_and_no_note(one, tmp_path):
    use_all(one)
    state = json.dumps(kept(one))
    for secret in (str(tmp_path), "folder-of-images", ".png", "a remark", '"cat"', '"rain"'):
        assert secret not in state, secret


def test_a_saved_notebook_holds_the_pictures_of_a_training_and_no_others(one):
    use_all(one)
    state = kept(one)
    pictures = [b for b in state["buffers"] if b["path"] == ["_pictures"]]
    assert bool(pictures) == isinstance(one, TrainingMonitor)
    state["buffers"] = [b for b in state["buffers"] if b not in pictures]
    assert len(json.dumps(state, default=str)) < MOST_BYTES


def test_the_pictures_of_a_training_stay_small_however_large_the_images_are(recorded):
    monitor = TrainingMonitor()
    large = np.full((8, 700, 700, 3), 0.5, np.float32)
    begun(monitor, lambda: (large, large))
    assert 0 < len(monitor._pictures) < MOST_PICTURE_BYTES
    monitor.close()


def test_nothing_that_json_does_not_know_is_ever_sent(one, recorded):
    use_all(one)
    one.send_state()
    assert len(recorded) > 1
    for data, _ in recorded:
        json.dumps(data, allow_nan=False)


def test_every_column_can_be_coloured_by_and_nothing_but_json_is_sent(one, recorded):
    for column in getattr(one, "_columns", []):
        tell(one, "color", column, {"column": column})
        assert one.comm.wait_for(column)["op"] == "reply"
    for data, _ in recorded:
        json.dumps(data, allow_nan=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_codes_and_coordinates_that_are_no_numbers_are_refused(value):
    codes = np.zeros((N, 3))
    codes[7, 1] = value
    for model, options in ((codes, {}), (np.zeros((N, 3)), {"coordinates": codes[:, :2]})):
        for widget in (vaewidgets.LatentScatter, vaewidgets.Annotator):
            with pytest.raises(ValueError, match="row 7"):
                widget(model, **options)

    class Broken(Model):
        def transform(self, images: Any) -> Any:
            return np.full((len(images), 3), value, np.float32)

    images = np.zeros((N, SIDE, SIDE), np.uint8)
    for make in MAKE.values():
        if make is not MAKE["monitor"]:
            with pytest.raises(ValueError, match="finite"):
                make(Broken(), vaewidgets.load_images(images), a_frame())


GARBAGE: list[dict[str, Any]] = [
    {},
    {name: None for use in USES.values() for name in use} | {"column": "no column"},
    {name: {} for use in USES.values() for name in use},
    {name: [[]] for use in USES.values() for name in use},
    {name: 10**30 for use in USES.values() for name in use},
    {name: -1 for use in USES.values() for name in use},
    {name: "x" * 10**6 for use in USES.values() for name in use},
]
HARMLESS = {"cancel", "swap", "pictures", "sync", "stop", "steps", "raters"}
"""Messages that say nothing but their name: there is nothing to get wrong in them."""


@pytest.mark.parametrize("content", GARBAGE, ids=lambda content: str(content)[:20])
def test_a_message_that_makes_no_sense_changes_nothing_is_told_and_the_next_one_works(
    one, recorded, caplog, content
):
    before = all_of(one)
    for op in operations(one):
        if op in HARMLESS or (op == "color" and not content):  # coloured by nothing
            continue
        caplog.clear()
        tell(one, op, f"bad-{op}", content)
        answer = one.comm.wait_for(f"bad-{op}")
        if op == "suggest" and not one._desk.journal.multi:  # needs no word beside its name
            assert answer["op"] == "reply"
            continue
        assert answer["op"] == "error", op
        assert answer["message"]
        assert len(answer["message"]) <= 2000
        assert [record.levelno for record in caplog.records] == [logging.ERROR], op
    assert all_of(one) == before
    use_all(one)
    answered = {op: one.comm.answers(f"use-{op}") for op in operations(one)}
    without_map = one._n == 0 if hasattr(one, "_n") else False
    refused = {op for op, found in answered.items() if found and found[0]["op"] == "error"}
    # Neither samples of a model without posterior nor, alone, what a collection has.
    alone = {"sheet", "images", "row", "color", "project", "cancel", "end", "load"}
    assert refused <= {"sample"} | (alone if without_map else set())
