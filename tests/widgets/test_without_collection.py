"""The interpolator and the tweaker without a collection: no map, and every map method says so."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from vaewidgets import datasets
from vaewidgets.widgets.interpolator import Interpolator
from vaewidgets.widgets.tweaker import LatentTweaker


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits()[0][:60]


@pytest.fixture(params=["interpolator", "tweaker"])
def widget(request, digits):
    model = PCA(4).fit(digits.as_float().reshape(len(digits), -1))
    images = digits.as_float()
    made = (
        Interpolator(model, images[3], images[8])
        if request.param == "interpolator"
        else LatentTweaker(model, images[3])
    )
    yield made
    made.close()


def test_what_a_map_holds_is_empty(widget):
    assert widget.codes.shape == (0, 4)
    assert widget.images is None
    assert widget.selection.dtype == np.int64
    assert len(widget.selection) == 0
    widget.selection = None
    widget.color_by(None)
    assert (widget._n, widget._n_dims, widget._methods, widget._columns) == (0, 4, [], [])
    assert widget._xy == widget._color_values == b""
    assert widget._thumb["width"] == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda widget: widget.xy,
        lambda widget: widget.projection,
        lambda widget: widget.project("tsne"),
        lambda widget: widget.place_codes(np.zeros((1, 4))),
        lambda widget: widget.color_by([1, 2]),
        lambda widget: setattr(widget, "selection", [0]),
    ],
    ids=["xy", "projection", "project", "place_codes", "color_by", "selection"],
)
def test_what_needs_a_map_says_in_words_that_there_is_none(widget, use):
    with pytest.raises(ValueError, match=r"made without a collection; pass images="):
        use(widget)


def test_there_are_no_rows_of_a_table(widget):
    with pytest.raises(ValueError, match="without data="):
        _ = widget.selected_frame


def test_listeners_may_be_added_and_closing_tells_them_nothing(widget):
    heard = []
    widget.on_select(heard.append)
    widget.close()
    assert heard == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"op": "project", "method": "pca"}, "made without a collection; pass images="),
        ({"op": "color", "column": "kind"}, "no column 'kind'"),
        ({"op": "sheet", "index": 0}, "sheet 0 of 0"),
        ({"op": "images", "rows": [0]}, "row 0 of 0"),
        ({"op": "row", "row": 0}, "row 0 of 0"),
    ],
    ids=["project", "color", "sheet", "images", "row"],
)
def test_a_page_that_asks_for_a_map_gets_an_error_in_words(widget, monkeypatch, message, words):
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget._dispatch(widget, {**message, "request": "v:1"}, [])
    assert [content["op"] for content in sent] == ["error"]
    assert words in sent[0]["message"]


def test_a_page_cannot_select_points_that_are_not_there(widget, monkeypatch):
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget.set_state({"selection": memoryview(b"\x01")})
    assert sent[0]["op"] == "error"
    assert widget.selection.size == 0
