"""Colours, rows, projections and messages of a map, without a page."""

import gc
import json
import time
import weakref

import numpy as np
import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from sklearn.decomposition import PCA

from vaewidgets.images import Images, Rejected
from vaewidgets.widgets.map import coloring as _colors
from vaewidgets.widgets.map.rows import Table, as_rows, check_bits, pack_rows, unpack_rows
from vaewidgets.widgets.scatter import LatentScatter

rng = np.random.default_rng(0)


def some_images(n=20, height=6, width=5, channels=1):
    return Images(rng.integers(0, 256, (n, height, width, channels), dtype=np.uint8))


def a_map(n=20, **options):
    """Make a map of random codes and record what it sends."""
    widget = LatentScatter(rng.normal(size=(n, 3)), **options)
    widget.sent = []
    widget.send = lambda content, buffers=None: widget.sent.append((content, buffers or []))
    return widget


def ask(widget, op, **content):
    """Send a message as the page does; return what came back."""
    widget.sent.clear()
    widget._dispatch(widget, {"op": op, "request": "v:1", **content}, [])
    return widget.sent


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


# Colours


@pytest.mark.parametrize(
    ("values", "labels", "codes"),
    [
        (["b", "a", "b"], ["a", "b"], [2, 1, 2]),
        ([True, False, None], ["False", "True"], [2, 1, 0]),
        ([3, 0, 3], ["0", "3"], [2, 1, 2]),
        ([3.0, np.nan, 0.0], ["0", "3"], [2, 0, 1]),
        ([3.0, np.inf, 0.0], ["0", "3"], [2, 0, 1]),
        (["x", None, np.nan], ["x"], [1, 0, 0]),
        ([1, "a", None], ["1", "a"], [1, 2, 0]),
        (
            pd.Categorical(["lo", "hi"], categories=["lo", "mid", "hi"]),
            ["lo", "mid", "hi"],
            [1, 3],
        ),
        (pd.array([1, None], dtype="Int64"), ["1"], [1, 0]),
        (pd.array(["u", pd.NA], dtype="string"), ["u"], [1, 0]),
    ],
)
def test_categories_are_numbered_from_one_and_missing_is_zero(values, labels, codes):
    coloring = _colors.encode(values, len(codes))
    assert coloring.info["kind"] == "categories"
    assert coloring.info["labels"] == labels
    assert coloring.codes.tolist() == codes
    assert coloring.info["missing"] == codes.count(0)
    assert coloring.info["counts"] == [codes.count(k + 1) for k in range(len(labels))]
    assert len(coloring.info["colors"]) == len(labels)


def test_a_thousand_categories_take_two_bytes_each():
    coloring = _colors.encode([f"c{i:04d}" for i in range(1000)], 1000)
    assert coloring.info["dtype"] == "uint16"
    assert np.frombuffer(coloring.buffer, "<u2").tolist() == list(range(1, 1001))


def test_more_categories_than_a_legend_takes_are_refused_with_their_number():
    with pytest.raises(ValueError, match="65,535 different values"):
        _colors.encode([str(i) for i in range(65_535)], 65_535)


def test_numbers_run_along_a_ramp_and_what_is_not_finite_is_missing():
    coloring = _colors.encode([0.5, 1.5, 2.5, np.nan, np.inf, -np.inf], 6, "weight")
    assert coloring.codes.tolist() == [1, 128, 255, 0, 0, 0]
    assert (coloring.info["low"], coloring.info["high"]) == ("0.5", "2.5")
    assert (coloring.info["kind"], coloring.info["missing"]) == ("numbers", 3)


@pytest.mark.parametrize(
    "values", [[1.5, 1.5], [np.nan, np.nan, 0.5], [-1.7e308, 1.7e308, 0.1], [], [np.nan] * 3]
)
def test_no_number_that_json_does_not_know_is_ever_sent(values):
    info = _colors.encode(np.array(values, float), len(values)).info
    json.dumps(info, allow_nan=False)


def test_many_whole_numbers_are_a_ramp_and_few_are_classes():
    assert _colors.encode(np.arange(32), 32).info["kind"] == "categories"
    assert _colors.encode(np.arange(33), 33).info["kind"] == "numbers"


def test_dates_run_along_a_ramp_with_readable_ends():
    days = pd.Series(pd.to_datetime(["2024-01-01", None, "2024-03-01"]))
    coloring = _colors.encode(days, 3)
    assert coloring.codes.tolist() == [1, 0, 255]
    assert (coloring.info["low"], coloring.info["high"]) == ("2024-01-01", "2024-03-01")
    assert _colors.encode(days.dt.tz_localize("UTC"), 3).codes.tolist() == [1, 0, 255]
    assert _colors.encode(days[[1, 1]], 2).info["missing"] == 2


def test_labels_are_text_of_at_most_200_characters_without_lone_surrogates():
    info = _colors.encode(["x" * 1000, "\ud800", "<b>"], 3).info
    assert max(map(len, info["labels"])) == 200
    json.dumps(info["labels"]).encode()
    assert "<b>" in info["labels"]
    assert "?" in info["labels"]


@pytest.mark.parametrize("values", [[[1], [2]], np.array([1j, 2j])])
def test_values_that_have_no_colour_are_refused(values):
    with pytest.raises((TypeError, ValueError), match="color"):
        _colors.encode(values, 2)


# Rows


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1000])
def test_a_bitset_keeps_every_row(n):
    rows = np.flatnonzero(rng.random(n) < 0.5)
    for chosen in (rows, np.arange(n), rows[:0], np.array([n - 1]), np.array([0])):
        bits = pack_rows(chosen, n)
        assert len(bits) == (n + 7) // 8
        check_bits(bits, n)
        assert unpack_rows(bits, n).tolist() == chosen.tolist()


@pytest.mark.parametrize(
    ("bits", "reason"),
    [(b"\x00", "1 bytes"), (b"\x00" * 4, "4 bytes"), (b"\x00\x00\x10", "beyond the last")],
)
def test_bits_that_are_no_selection_of_twenty_points_are_refused(bits, reason):
    with pytest.raises(ValueError, match=reason):
        check_bits(bits, 20)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([3, 0, 3], [0, 3]),
        (np.array([2], np.uint8), [2]),
        (3, [3]),
        (slice(1, 3), [1, 2]),
        ([True, False, False, True], [0, 3]),
        (pd.Series([True, False, False, True], index=[9, 9, 1, 0]), [0, 3]),
        (pd.Series([True, False, False, True], dtype=object), [0, 3]),
        (None, []),
        ([], []),
        (np.zeros(4, bool), []),
    ],
)
def test_positions_and_masks_select_rows_whatever_the_index(value, rows):
    assert as_rows(value, 4).tolist() == rows


@pytest.mark.parametrize(
    "value", [[-1], [4], [10**9], [1.0], ["1"], [None], [True, False], [[0, 1]], [2**53 + 1], "ab"]
)
def test_what_is_no_row_is_refused(value):
    with pytest.raises((TypeError, ValueError, IndexError), match="selection"):
        as_rows(value, 4)


def test_a_frame_with_a_row_for_each_image_asked_for_skips_the_rejected_ones():
    pixels = np.zeros((3, 2, 2, 1), np.uint8)
    images = Images(pixels, np.array([0, 2, 3]), [Rejected(1, "b.png", "truncated")])
    frame = pd.DataFrame({"kind": list("abcd")}, index=[7, 7, 7, 7])
    table = Table(frame, 3, images)
    assert table.column("kind").tolist() == ["a", "c", "d"]
    assert table.rows(np.array([1])).iloc[0, 0] == "c"
    assert table.align(list("wxyz"), "color") == ["w", "y", "z"]
    with pytest.raises(ValueError, match=r"data has 5 rows.*3 points.*4 images, 1 were rejected"):
        Table(pd.DataFrame({"kind": range(5)}), 3, images)


def test_columns_are_offered_by_text_names_that_do_not_repeat():
    frame = pd.DataFrame([[1, 2.0, "a", [1]]] * 2, columns=["k", "k", 3, "lists"])
    table = Table(frame, 2, None)
    assert table.column_names == ["k", "k (2)", "3"]
    assert table.column("k (2)").tolist() == [2.0, 2.0]
    assert table.column(3).tolist() == ["a", "a"]
    with pytest.raises(KeyError, match="'k', 'k \\(2\\)', '3'"):
        table.column("lists")


# Messages


def test_thumbnail_sheets_hold_every_image_once(monkeypatch):
    monkeypatch.setattr("vaewidgets.widgets.map.thumbnails.SHEET_BYTES", 200)
    images = some_images()
    widget = a_map(images=images)
    info = widget._thumb
    assert (info["width"], info["height"], info["per_sheet"], info["sheets"]) == (5, 6, 6, 4)
    sheets = [ask(widget, "sheet", index=k)[0] for k in range(4)]
    assert b"".join(bytes(buffers[0]) for _, buffers in sheets) == images.pixels.tobytes()
    for index in (-1, 4, 1.0, "0", None):
        [(answer, _)] = ask(widget, "sheet", index=index)
        assert answer["op"] == "error"
    widget.close()


def test_too_many_thumbnails_are_sent_only_when_asked_for(monkeypatch):
    monkeypatch.setattr("vaewidgets.widgets.map.thumbnails.MOST_BYTES", 500)
    images = some_images()
    widget = a_map(images=images)
    assert widget._thumb["sheets"] == 0
    [(answer, buffers)] = ask(widget, "images", rows=[7, 0])
    assert answer["rows"] == [7, 0]
    assert bytes(buffers[0]) == images.pixels[[7, 0]].tobytes()
    widget.close()


@pytest.mark.parametrize(
    "rows", [[-1], [20], [10**9], [1.5], ["3"], [None], [True], [], None, [0] * 513, {"a": 1}]
)
def test_the_page_cannot_ask_for_images_that_are_not_there(rows):
    widget = a_map(images=some_images())
    [(answer, buffers)] = ask(widget, "images", rows=rows)
    assert (answer["op"], buffers) == ("error", [])
    assert "the page" in answer["message"]
    widget.close()


def test_colouring_by_a_column_changes_codes_and_meaning_together():
    frame = pd.DataFrame({"kind": ["a", "b"] * 10, "size": rng.random(20)})
    widget = a_map(data=frame, color="kind")
    assert widget._columns == ["kind", "size"]
    assert ask(widget, "color", column="size")[0][0]["op"] == "reply"
    assert (widget._color["kind"], widget._color["name"]) == ("numbers", "size")
    assert len(widget._color_values) == 20
    ask(widget, "color", column=None)
    assert (widget._color["kind"], widget._color_values) == ("none", b"")
    [(answer, _)] = ask(widget, "color", column="nothing")
    assert answer["op"] == "error"
    widget.close()


def test_values_of_ones_own_stay_in_the_menu_of_colours():
    frame = pd.DataFrame({"kind": ["a", "b"] * 10})
    widget = a_map(data=frame, color=np.arange(20) % 3)
    assert widget._columns == ["colour", "kind"]
    ask(widget, "color", column="kind")
    ask(widget, "color", column="colour")
    assert widget._color["labels"] == ["0", "1", "2"]
    widget.close()


def test_the_index_of_a_row_is_told_when_it_says_more_than_its_number():
    frame = pd.DataFrame({"kind": ["a"] * 20}, index=pd.Index([f"f{i}" for i in range(20)]))
    widget = a_map(data=frame)
    assert widget._index_name == "index"
    assert ask(widget, "row", row=0)[0][0]["index"] == "f0"
    assert ask(widget, "row", row=20)[0][0]["op"] == "error"
    plain = a_map(data=frame.reset_index(drop=True))
    assert plain._index_name == ""
    widget.close()
    plain.close()


# Projections


def test_coordinates_keep_their_proportions_and_fill_the_map():
    xy = np.array([[0, 0], [10, 0], [10, 2], [4, 1]], np.float32)
    widget = LatentScatter(xy)
    placed = np.frombuffer(widget._xy, "<f4").reshape(-1, 2)
    np.testing.assert_allclose(placed, [[-1, -0.2], [1, -0.2], [1, 0.2], [-0.2, 0]], atol=1e-6)
    np.testing.assert_allclose(widget.place_codes([[5, 1]]), [[0, 0]], atol=1e-6)
    assert widget.xy.tolist() == xy.tolist()
    widget.close()


@pytest.mark.parametrize("xy", [[[3, 3]], [[1, 1]] * 5, [[0, 0], [0, 1e-42]], [[1e38, -3e38]] * 2])
def test_points_in_one_place_are_finite_on_the_map(xy):
    widget = LatentScatter(np.array(xy, np.float32))
    assert np.isfinite(np.frombuffer(widget._xy, "<f4")).all()
    widget.close()


def test_a_projection_made_once_is_kept():
    widget = a_map()
    first = widget.projection
    second = widget.project("dims", (2, 0))
    assert widget._projection["dims"] == [2, 0]
    before = widget._xy
    assert widget.project("pca") is first
    assert widget._projection["method"] == "pca"
    assert widget.project("dims", (2, 0)) is second
    assert widget._xy == before
    widget.close()


@pytest.mark.parametrize(
    ("method", "dims"),
    [("pcb", [0, 1]), (None, [0, 1]), ("dims", [0, 3]), ("dims", [0]), ("dims", ["0", 1])],
)
def test_a_projection_that_cannot_be_is_refused_and_the_map_stays(method, dims):
    widget = a_map()
    before = widget._xy
    [(answer, _)] = ask(widget, "project", method=method, dims=dims)
    assert answer["op"] == "error"
    assert widget._xy == before
    widget.close()


def test_the_page_can_ask_for_a_slow_projection_and_sees_it_come():
    widget = a_map(n=40)
    before = widget._xy
    ask(widget, "project", method="tsne")
    assert widget.sent[0][0]["state"] == "started"
    wait_until(lambda: widget._projection["method"] == "tsne")
    assert widget._xy != before
    wait_until(lambda: widget.sent[-1][0] == _finished)
    assert all(content["op"] in ("reply", "progress") for content, _ in widget.sent)
    shown = widget.projection
    ask(widget, "project", method="pca")
    [(answer, _)] = ask(widget, "project", method="tsne")
    assert answer["state"] == "done"
    assert widget.projection is shown
    widget.close()


_finished = {"op": "progress", "job": "project", "fraction": 1.0, "text": ""}


def test_a_cancelled_projection_changes_nothing():
    widget = a_map(n=60)
    before = widget._xy
    ask(widget, "project", method="umap")
    job = widget._projector._job
    assert ask(widget, "cancel", job="project")[0][0]["state"] == "cancelled"
    assert job.wait(20)
    assert widget._xy == before
    assert widget._projection["method"] == "pca"
    widget.close()


def test_closing_a_map_ends_its_projection():
    widget = a_map(n=60)
    ask(widget, "project", method="tsne")
    job = widget._projector._job
    widget.close()
    assert job.wait(20)
    assert widget._projector.kept(("tsne",)) is None


# Lives


def test_a_closed_map_is_forgotten():
    before = len(_instances)
    images = some_images()
    alive = []
    for _ in range(3):
        flat = images.as_float().reshape(len(images), -1)
        widget = LatentScatter(PCA(3).fit(flat), images, color=np.arange(20) % 2)
        widget.on_select(lambda rows: None)
        widget.selection = [0]
        alive.append(weakref.ref(widget))
        widget.close()
        del widget
    gc.collect()
    assert [ref() for ref in alive] == [None] * 3
    assert len(_instances) == before


def test_two_maps_of_one_model_keep_their_own_selection():
    codes = rng.normal(size=(20, 3))
    one, other = LatentScatter(codes), LatentScatter(codes)
    one.selection = [1, 2]
    assert other.selection.tolist() == []
    one.close()
    other.close()
