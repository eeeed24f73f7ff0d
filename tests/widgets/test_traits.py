"""The public traits keep ipywidgets' conventions: observe, link, jslink, layout, listeners."""

from __future__ import annotations

import asyncio
import gc

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from tests.widgets._every import MAKE, Model, a_frame, read_images, tell
from vaewidgets.widgets.annotator import Annotator
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.scatter import LatentScatter
from vaewidgets.widgets.training import TrainingMonitor
from vaewidgets.widgets.tweaker import LatentTweaker

CODES = np.random.default_rng(0).normal(size=(12, 3))
pytestmark = pytest.mark.usefixtures("recorded")


@pytest.fixture
def images(tmp_path):
    return read_images(tmp_path / "images")


@pytest.fixture
def maps(images):
    """One of every widget with a map."""
    made = [
        LatentScatter(CODES, images),
        Annotator(CODES, images, journal=None),
        Interpolator(Model(), 0, 3, images=images),
        LatentTweaker(Model(), 0, images=images),
    ]
    yield made
    for widget in made:
        widget.close()


@pytest.fixture
def tweakers(images):
    made = [LatentTweaker(Model(), row, images=images) for row in (0, 3)]
    yield made
    for widget in made:
        widget.close()


def told_by(widget, name):
    seen = []
    widget.observe(seen.append, names=name)
    return seen


def test_observers_of_a_selection_are_told_old_and_new(maps):
    for widget in maps:
        seen = told_by(widget, "selection")
        widget.selection = [2, 1]
        widget.selection = np.array([1, 2])
        widget.set_state({"selection": memoryview(b"\x01\x08")})
        assert [(list(c.old), list(c.new)) for c in seen] == [([], [1, 2]), ([1, 2], [0, 11])]
        assert seen[1].new == widget.selection
        assert seen[1].old != widget.selection
        assert (seen[1].new[1:] == np.array([11])).all()
        assert type(seen[1].new * 2) is np.ndarray


def test_what_is_read_of_a_selection_can_be_changed_without_changing_it(maps):
    for widget in maps:
        widget.selection = [1, 2]
        rows = widget.selection
        assert type(rows) is np.ndarray
        rows[:] = 5
        assert widget.selection.tolist() == [1, 2]


def test_selections_are_linked_both_ways_and_one_way(maps):
    first, *others = maps
    first.selection = [4]
    links = [ipywidgets.link((first, "selection"), (other, "selection")) for other in others]
    assert [widget.selection.tolist() for widget in others] == [[4]] * 3
    first.selection = [0, 1, 2]
    others[-1].selection = [3, 5]
    assert [widget.selection.tolist() for widget in maps] == [[3, 5]] * 4
    links[0].unlink()
    label, chosen = ipywidgets.Label(), ipywidgets.SelectMultiple(options=range(12))
    ipywidgets.dlink((first, "selection"), (label, "value"), lambda rows: f"{len(rows)} chosen")
    ipywidgets.link((first, "selection"), (chosen, "index"), (tuple, list))
    first.selection = None
    assert (label.value, chosen.index) == ("0 chosen", ())
    chosen.index = (7, 8)
    assert first.selection.tolist() == [7, 8]


def test_the_ends_of_a_link_in_the_page_are_traits_of_the_page(maps, tweakers):
    ends = [(widget, "selection") for widget in maps]
    ends += [(tweakers[0], "code"), (tweakers[0], "row"), (maps[2], "t")]
    for end in ends:
        ipywidgets.jslink(end, end)
        assert end[1] in end[0].get_state()


def test_a_code_is_observed_and_linked(tweakers):
    one, other = tweakers
    seen = told_by(one, "code")
    link = ipywidgets.link((one, "code"), (other, "code"))
    one.code = [1, 2, 30]
    np.testing.assert_array_equal(other.code, [1, 2, 30])
    other.code = [0, 0.5, 1]
    np.testing.assert_array_equal(one.code, [0, 0.5, 1])
    assert [list(change.new) for change in seen] == [[1, 2, 30], [0, 0.5, 1]]
    link.unlink()
    one.set_state({"code": memoryview(np.array([9, 9, 99], "<f4").tobytes())})
    np.testing.assert_array_equal(one.code, [9, 9, 99])
    assert np.frombuffer(one._high, "<f4")[2] >= 99


def test_a_row_loads_its_image_and_is_observed_and_linked(tweakers, images):
    one, other = tweakers
    seen, states = told_by(one, "row"), []
    one.observe(lambda _: states.append((one.row, one.image, one.code)), names="row")
    slider = ipywidgets.IntSlider(value=5, max=11)
    ipywidgets.link((slider, "value"), (one, "row"))
    ipywidgets.link((one, "row"), (other, "row"))
    slider.value = 7
    assert (one.row, other.row) == (7, 7)
    np.testing.assert_array_equal(other.image, images.as_float([7])[0])
    other.load(2)
    one.row = np.int64(9)
    assert (slider.value, other.row) == (9, 9)
    assert [(change.old, change.new) for change in seen] == [(0, 5), (5, 7), (7, 2), (2, 9)]
    for row, image, code in states:
        np.testing.assert_array_equal(image, images.as_float([row])[0])
        np.testing.assert_array_equal(code, Model().transform(image[None])[0])
    loaded = one._loaded
    one.row = 9
    assert one._loaded == loaded


def test_a_row_that_the_page_links_loads_its_image_or_is_refused_in_the_widget(tweakers, images):
    one, _ = tweakers
    one.set_state({"row": 4})
    np.testing.assert_array_equal(one.image, images.as_float([4])[0])
    before = one.comm.sent[:]
    one.set_state({"row": 99})
    told = [data for data, _ in one.comm.sent[len(before) :]]
    assert [data["content"]["op"] for data in told if data["method"] == "custom"] == ["error"]
    assert {"row": 4} in [data.get("state") for data in told]
    with pytest.raises(ValueError, match="row 99 does not exist: rows are 0 to 11"):
        one.row = 99
    assert one.row == 4


def test_an_image_from_elsewhere_has_no_row(images):
    one = LatentTweaker(Model(), images.as_float()[0])
    assert one.row is None
    with pytest.raises(ValueError, match="pass images= too"):
        one.row = 3
    one.close()


def test_the_place_of_the_slider_is_observed_and_linked_and_takes_any_number(maps):
    widget = maps[2]
    seen, slider = told_by(widget, "t"), ipywidgets.FloatSlider(max=1)
    ipywidgets.link((widget, "t"), (slider, "value"))
    widget.t = np.float32(0.25)
    slider.value = 0.75
    assert [(change.old, change.new) for change in seen] == [(0.5, 0.25), (0.25, 0.75)]
    widget.t = 1
    assert slider.value == 1.0


LAID_OUT = {
    "scatter": lambda i, layout: LatentScatter(CODES, i, layout=layout),
    "annotator": lambda i, layout: Annotator(CODES, i, journal=None, layout=layout),
    "interpolator": lambda i, layout: Interpolator(Model(), 0, 3, images=i, layout=layout),
    "interpolator-alone": lambda i, layout: Interpolator(
        Model(), *i.as_float()[:2], layout=layout
    ),
    "tweaker": lambda i, layout: LatentTweaker(Model(), 0, images=i, layout=layout),
    "tweaker-alone": lambda i, layout: LatentTweaker(Model(), i.as_float()[0], layout=layout),
    "monitor": lambda _, layout: TrainingMonitor(layout=layout),
}


@pytest.mark.parametrize("make", LAID_OUT.values(), ids=LAID_OUT)
def test_a_layout_is_applied_and_one_that_was_given_outlives_the_widget(images, make):
    shared = ipywidgets.Layout(width="50%")
    widget = make(images, shared)
    assert widget.layout is shared
    widget.close()
    assert shared.comm is not None
    shared.close()
    before = set(_instances)
    widget = make(images, {"width": "33%"})
    assert widget.layout.width == "33%"
    widget.close()
    del widget
    gc.collect()
    assert set(_instances) <= before


@pytest.mark.parametrize("make", LAID_OUT.values(), ids=LAID_OUT)
def test_a_layout_that_is_none_is_refused_before_anything_is_made(images, make):
    with pytest.raises(TypeError, match=r"layout is '50%'; accepted: ipywidgets\.Layout"):
        make(images, "50%")


def test_every_public_widget_takes_a_layout():
    assert {name.split("-")[0] for name in MAKE} - {"tags"} == {n.split("-")[0] for n in LAID_OUT}
    assert a_frame().shape[0] == len(CODES)


def test_async_listeners_are_run_to_their_end_where_no_loop_runs(images):
    widget, heard = Annotator(CODES, images, classes=["cat"], journal=None), []

    async def selected(rows):
        await asyncio.sleep(0)
        heard.append(rows.tolist())

    async def labelled(rows, name):
        await asyncio.sleep(0)
        heard.append((rows.tolist(), name))

    widget.on_select(selected)
    widget.on_label(labelled)
    widget.selection = [3]
    widget.label([1], "cat")
    assert heard == [[3], ([1], "cat")]
    widget.on_select(selected, remove=True)
    widget.selection = [4]
    assert len(heard) == 2
    widget.close()


def test_async_listeners_are_scheduled_on_the_loop_that_runs(images):
    widget, heard = LatentScatter(CODES, images), []

    async def slow(rows):
        await asyncio.sleep(0.01)
        heard.append(rows.tolist())

    async def cell():
        widget.on_select(slow)
        widget.selection = [3]
        at_once = list(heard)
        await asyncio.sleep(0.2)
        return at_once

    assert asyncio.run(cell()) == []
    assert heard == [[3]]
    widget.close()


@pytest.mark.parametrize("has_loop", [False, True])
def test_what_an_async_listener_raises_is_shown_in_the_widget(images, caplog, has_loop):
    widget = LatentScatter(CODES, images)

    async def broken(rows):
        await asyncio.sleep(0)
        raise ZeroDivisionError("by zero")

    widget.on_select(broken)

    async def cell():
        widget.selection = [3]
        await asyncio.sleep(0.05)

    if has_loop:
        asyncio.run(cell())
    else:
        widget.selection = [3]
    contents = [data.get("content", {}) for data, _ in widget.comm.sent]
    assert [c["message"] for c in contents if c.get("op") == "error"] == ["by zero"]
    tell(widget, "row", "after", {"row": 0})
    assert widget.comm.wait_for("after")["op"] == "reply"
    widget.close()
