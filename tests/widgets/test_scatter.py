"""The map of a collection as a person uses it, without a page."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from vaewidgets.images import Images
from vaewidgets.widgets.scatter import LatentScatter

rng = np.random.default_rng(0)


@pytest.fixture
def images():
    return Images(rng.integers(0, 256, (30, 6, 6, 1), dtype=np.uint8))


@pytest.fixture
def pca(images):
    return PCA(4).fit(images.as_float().reshape(30, -1))


@pytest.fixture
def frame():
    kind = np.array(["cat", "dog"])[np.arange(30) % 2]
    return pd.DataFrame({"kind": kind}, index=rng.permutation(30) // 2)


@pytest.fixture
def scatter(pca, images, frame):
    widget = LatentScatter(pca, images, color="kind", data=frame)
    widget.sent = []
    widget.send = lambda content, buffers=None: widget.sent.append(content)
    yield widget
    widget.close()


def errors_of(widget):
    return [content["message"] for content in widget.sent if content["op"] == "error"]


def test_codes_of_a_scikit_learn_model_are_on_the_map(scatter, pca, images):
    expected = pca.transform(images.as_float().reshape(30, -1))
    np.testing.assert_allclose(scatter.codes, expected, atol=1e-5)
    assert (scatter._n, scatter._n_dims, len(scatter._xy)) == (30, 4, 240)
    assert scatter._projection["method"] == "pca"
    assert [method["key"] for method in scatter._methods] == ["pca", "tsne", "umap", "dims"]


def test_everything_sent_at_the_start_is_json_or_bytes(scatter):
    state = {k: v for k, v in scatter.get_state().items() if not isinstance(v, bytes)}
    json.dumps({k: v for k, v in state.items() if k not in ("layout", "_xy")}, allow_nan=False)


def test_a_selection_of_the_page_arrives_as_positions(scatter, images, frame):
    bits = np.packbits(np.isin(np.arange(30), [0, 7, 29]), bitorder="little")
    scatter.set_state({"selection": memoryview(bits.tobytes())})
    assert scatter.selection.tolist() == [0, 7, 29]
    assert images[scatter.selection].positions.tolist() == [0, 7, 29]
    pd.testing.assert_frame_equal(scatter.selected_frame, frame.iloc[[0, 7, 29]])


@pytest.mark.parametrize("bits", [b"\xff", b"\x00" * 5, b"\xff" * 4, b"\x00\x00\x00\x40"])
def test_a_hostile_selection_is_refused_in_the_widget_and_the_one_before_stays(scatter, bits):
    scatter.selection = [3]
    scatter.sent.clear()
    heard = []
    scatter.on_select(heard.append)
    scatter.set_state({"selection": memoryview(bits)})
    assert scatter.selection.tolist() == [3]
    assert heard == []
    assert any("the page" in message for message in errors_of(scatter))


def test_a_selection_is_set_by_positions_or_a_mask_and_refused_by_anything_else(scatter, frame):
    scatter.selection = [5, 1, 5]
    assert scatter.selection.tolist() == [1, 5]
    scatter.selection = frame["kind"] == "dog"
    assert len(scatter.selection) == 15
    scatter.selection = None
    assert scatter.get_state("selection") == {"selection": b""}
    scatter.selection = [2]
    with pytest.raises(IndexError, match="position 30, but the 30 points are 0 to 29"):
        scatter.selection = [30]
    assert scatter.selection.tolist() == [2]


def test_listeners_hear_each_change_once_and_their_errors_are_shown(scatter):
    heard = []
    scatter.on_select(lambda rows: heard.append(rows.tolist()))
    scatter.on_select(lambda rows: 1 / 0)
    scatter.selection = [0]
    scatter.selection = [0]
    scatter.selection = []
    assert heard == [[0], []]
    assert errors_of(scatter) == ["division by zero"] * 2


def test_a_listener_can_be_removed(scatter):
    heard = []
    listen = heard.append
    scatter.on_select(listen)
    scatter.on_select(listen, remove=True)
    scatter.selection = [0]
    assert heard == []
    with pytest.raises(TypeError, match="callable"):
        scatter.on_select("print")


def test_rows_without_a_frame_are_refused_in_words(pca, images):
    widget = LatentScatter(pca, images)
    with pytest.raises(ValueError, match="without data="):
        _ = widget.selected_frame
    widget.close()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"data": pd.DataFrame({"a": range(29)})}, "data has 29 rows, but there are 30 points"),
        ({"color": range(31)}, "color has 31 rows, but there are 30 points"),
        ({"coordinates": np.zeros((29, 2))}, r"\(30, 2\), got \(29, 2\)"),
        ({"coordinates": np.full((30, 2), np.nan)}, "row 0 is not"),
        ({"projection": "mds"}, "projection must be one of 'pca'"),
        ({"projection": "dims", "dims": (0, 4)}, "0 to 3"),
        ({"height": 10}, "height must be 160"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_naming_both(pca, images, options, reason):
    with pytest.raises(ValueError, match=reason):
        LatentScatter(pca, images, **options)


def test_an_unknown_column_names_those_there_are(pca, images, frame):
    with pytest.raises(KeyError, match="has no column 'colour' to colour by; it has: 'kind'"):
        LatentScatter(pca, images, data=frame, color="colour")


@pytest.mark.parametrize("model", [None, 3, "pca", np.zeros(5), np.zeros((0, 2)), [[1], [1, 2]]])
def test_what_is_neither_a_model_nor_codes_is_refused(model):
    with pytest.raises((TypeError, ValueError), match=r"model must be|inhomogeneous"):
        LatentScatter(model)


def test_a_model_without_transform_is_refused(images):
    with pytest.raises(TypeError, match="transform"):
        LatentScatter(TSNE(), images)


def test_a_model_needs_images(pca):
    with pytest.raises(ValueError, match="images is needed"):
        LatentScatter(pca)


def test_codes_must_be_finite_and_as_many_as_images(images):
    codes = np.zeros((30, 3))
    codes[4, 1] = 1e300
    with pytest.raises(ValueError, match="row 4"):
        LatentScatter(codes)
    with pytest.raises(ValueError, match="29 codes but 30 images"):
        LatentScatter(np.zeros((29, 3)), images)


def test_two_dimensional_codes_are_shown_as_they_are():
    widget = LatentScatter(rng.normal(size=(30, 2)))
    assert widget._projection["method"] == "dims"
    assert widget.model is None
    widget.close()


def test_coordinates_made_elsewhere_are_shown_first_and_kept(pca, images):
    xy = rng.normal(size=(30, 2))
    widget = LatentScatter(pca, images, coordinates=xy)
    assert widget._projection["method"] == "given"
    np.testing.assert_allclose(widget.xy, xy, rtol=1e-6)
    widget.project("pca")
    widget.project("given")
    np.testing.assert_allclose(widget.xy, xy, rtol=1e-6)
    widget.close()
    alone = LatentScatter(None, images, coordinates=xy)
    assert alone._n == 30
    alone.close()


def test_fitting_the_model_again_does_not_move_the_map(scatter, pca):
    before = scatter.codes.copy()
    pca.fit(rng.random((30, 36)))
    np.testing.assert_array_equal(scatter.codes, before)
    expected = scatter.model.inverse_transform(before)
    assert not np.allclose(pca.inverse_transform(before), expected.reshape(30, -1))


def test_a_million_points_take_at_most_ten_bytes_each():
    n = 1_000_000
    points = rng.standard_normal((n, 2), dtype=np.float32)
    widget = LatentScatter(points, color=np.arange(n) % 10)
    widget.selection = np.arange(0, n, 2)
    bits = widget.get_state("selection")["selection"]
    sent = widget._xy, widget._color_values, bits
    assert sum(map(len, sent)) <= 10 * n
    assert len(bits) == 125_000
    widget.close()


def test_codes_may_come_in_a_data_frame():
    codes = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    scatter = LatentScatter(pd.DataFrame(codes))
    assert np.array_equal(scatter.codes, codes)
    scatter.close()


def test_an_index_is_not_taken_for_positions():
    scatter = LatentScatter(np.eye(6, dtype=np.float32))
    with pytest.raises(TypeError, match=r"selection takes row positions.*np\.flatnonzero"):
        scatter.selection = pd.Index([2, 1])
    assert len(scatter.selection) == 0
    scatter.close()
