"""Columns and frames of pandas, polars and Arrow, as images and as data beside them."""

from __future__ import annotations

import datetime
import decimal
import io

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from PIL import Image

import vaewidgets as vw
from vaewidgets.arguments.frames import read_column, read_frame

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)


def encoded(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def files(tmp_path):
    names = [str(tmp_path / f"{k}.png") for k in range(4)]
    for name, pixels in zip(names, PIXELS, strict=True):
        Image.fromarray(pixels).save(name)
    return names


MAKERS = {"pandas": pd.DataFrame, "polars": polars.DataFrame, "arrow": pyarrow.table}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_columns_of_names_bytes_and_records(make, files):
    content = [encoded(pixels) for pixels in PIXELS]
    columns = {
        "file": files,
        "bytes": content,
        "record": [{"bytes": each, "path": None} for each in content],
    }
    for name, values in columns.items():
        images = vw.load_images(make({name: values})[name])
        assert np.array_equal(images.pixels, PIXELS), name
    assert vw.load_images(make({"file": files})["file"]).paths == files
    missing = vw.load_images(make({"file": [*files[:2], None]})["file"])
    assert missing.rejected[0].reason == "missing value"
    assert vw.load_images(pyarrow.array(content)).shape == (4, 12, 10, 3)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_frame_with_one_column_of_images_is_read_and_says_so(make, files, caplog):
    frame = make({"id": [1, 2, 3, 4], "file": files, "Label": ["a", "b", None, "a"]})
    images = vw.load_images(frame)
    assert np.array_equal(images.pixels, PIXELS)
    assert images.labels.tolist() == ["a", "b", None, "a"]
    assert "images read from column 'file'" in images.notice
    assert "images read from column 'file'" in caplog.text
    with pytest.raises(TypeError, match="file, back, of which several can be images"):
        vw.load_images(make({"file": files, "back": files}))
    with pytest.raises(TypeError, match=r"id, of which none is an image.*frame\[name\]"):
        vw.load_images(make({"id": [1, 2]}))


def test_a_frame_with_any_index_and_with_columns_of_one_name(files):
    frame = pd.DataFrame({"file": files, "size": 1.5}, index=[2.5, 0.5, 0.5, 1.0])
    assert vw.load_images(frame).paths == files
    twice = pd.concat([frame[["size"]], frame], axis=1)
    assert vw.load_images(twice).paths == files


def test_a_lazy_frame_is_asked_to_be_computed(files):
    with pytest.raises(TypeError, match=r"images.collect\(\)"):
        vw.load_images(polars.LazyFrame({"file": files}))


# As data


@pytest.fixture
def images():
    return vw.load_images(PIXELS)


@pytest.fixture
def codes():
    return RNG.normal(size=(4, 3)).astype(np.float32)


@pytest.mark.parametrize("make", [polars.DataFrame, pyarrow.table])
def test_frames_of_others_serve_wherever_one_is_read(make, images, codes):
    data = make({"kind": ["a", "b", None, "a"], "size": [1.5, 2.0, 3.0, None]})
    scatter = vw.LatentScatter(codes, images, data=data, color="kind")
    assert scatter._columns == ["kind", "size"]
    assert scatter._color["labels"] == ["a", "b"]
    assert scatter._color["missing"] == 1
    scatter.selection = [0, 2]
    assert scatter.selected_frame["kind"].iloc[0] == "a"
    by_column = vw.LatentScatter(codes, images, color=data["kind"])
    assert by_column._color["labels"] == ["a", "b"]
    scatter.selection = read_column(make({"m": [True, None, True, False]})["m"])
    scatter.selection = make({"m": [True, None, True, False]})["m"]
    assert scatter.selection.tolist() == [0, 2]


def test_codes_come_as_frames_and_tensors(images):
    import torch

    codes = RNG.normal(size=(4, 2))
    expected = codes.astype(np.float32)
    for given in (
        polars.DataFrame(codes, schema=["a", "b"]),
        torch.tensor(codes, requires_grad=True),
        torch.tensor(codes).float(),
        list(torch.tensor(codes, requires_grad=True)),
    ):
        assert np.array_equal(vw.LatentScatter(given, images).codes, expected)
        assert vw.project(given).xy.shape == (4, 2)
        assert vw.cluster(given, n_clusters=2, method="kmeans").n_clusters == 2
        assert vw.nearest(given, given, k=1)[0].shape == (4, 1)


@pytest.mark.parametrize("make", [polars.DataFrame, pyarrow.table, polars.LazyFrame])
def test_where_a_frame_is_written_the_refusal_says_how(make, images, codes):
    frame = make({"x": [1, 2, 3, 4]})
    with pytest.raises(TypeError, match=r"cannot be written into.*df = frame.to_pandas\(\)"):
        vw.Annotator(codes, images, frame, journal=None)
    notes = vw.Annotator(codes, images, pd.DataFrame({"x": [1, 2, 3, 4]}), journal=None)
    with pytest.raises(TypeError, match=r"df = frame.to_pandas\(\)"):
        notes.apply(frame, on="x")


def test_types_of_polars_columns_become_those_of_pandas():
    frame = polars.DataFrame(
        {
            "whole": [1, 2, None],
            "plain": [1, 2, 3],
            "real": [0.5, None, 1.5],
            "truth": [True, None, False],
            "text": ["a", None, "b"],
            "day": [datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 2)],
            "time": [datetime.datetime(2026, 1, 1), None, datetime.datetime(2026, 1, 2)],
            "exact": [decimal.Decimal("0.5"), None, decimal.Decimal("1.25")],
        },
    ).with_columns(kind=polars.Series(["a", "b", "a"], dtype=polars.Categorical))
    found = read_frame(frame, "data")
    assert list(found.columns) == frame.columns
    assert pd.api.types.is_integer_dtype(found["whole"])
    assert found["plain"].dtype == np.int64
    assert pd.api.types.is_float_dtype(found["real"])
    assert pd.api.types.is_bool_dtype(found["truth"])
    assert isinstance(found["kind"].dtype, pd.CategoricalDtype)
    assert found.isna().sum().tolist() == [1, 0, 1, 1, 1, 1, 1, 1, 0]
    codes = np.zeros((3, 2), np.float32) + np.arange(3, dtype=np.float32)[:, None]
    scatter = vw.LatentScatter(codes, data=frame)
    kinds = {}
    for name in scatter._columns:
        scatter.color_by(name)
        kinds[name] = scatter._color["kind"]
    assert kinds["exact"] == kinds["real"] == "numbers"
    assert kinds["day"] == kinds["time"] == "numbers"
    assert kinds["text"] == kinds["kind"] == kinds["truth"] == "categories"


def test_exact_numbers_are_numbers_not_names(codes, images):
    for values in (
        [decimal.Decimal(k) / 3 for k in range(4)],
        pd.Series(
            [decimal.Decimal("0.125"), None, decimal.Decimal(1), decimal.Decimal(2)],
            dtype=pd.ArrowDtype(pyarrow.decimal128(10, 3)),
        ),
    ):
        scatter = vw.LatentScatter(codes, images, color=values)
        assert scatter._color["kind"] == ("numbers" if len(set(values)) > 3 else "categories")


# Labels that came along


def test_labels_that_came_along_are_a_colour_and_a_column(tmp_path, codes):
    for k, pixels in enumerate(PIXELS):
        (tmp_path / "ab"[k % 2]).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "ab"[k % 2] / f"{k}.png")
    images = vw.load_images(tmp_path)
    assert images.labels.tolist() == ["a", "a", "b", "b"]
    assert images[1:3].labels.tolist() == ["a", "b"]
    assert not images.labels.flags.writeable
    frame = images.to_frame()
    assert frame["given_label"].tolist() == ["a", "a", "b", "b"]
    assert frame["file"].tolist() == ["a/0.png", "a/2.png", "b/1.png", "b/3.png"]
    scatter = vw.LatentScatter(codes, images, color="given_label")
    assert scatter._color["labels"] == ["a", "b"]
    assert scatter._columns == ["given_label"]
    notes = vw.Annotator(codes, images, journal=None)
    assert notes.frame["given_label"].tolist() == ["a", "a", "b", "b"]
    own = vw.LatentScatter(codes, images, data=pd.DataFrame({"given_label": [1, 2, 3, 4]}))
    assert own._columns == ["given_label"]
    own.color_by("given_label")
    assert own._color["labels"] == ["1", "2", "3", "4"]
    same_size = vw.load_images(images, size=6)
    assert same_size.labels.tolist() == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a/1", "a/2", "b/1"], ["a", "a", "b"]),
        (["train/a/1", "train/a/2", "train/b/1"], ["a", "a", "b"]),
        (["a/x/1", "a/y/2", "b/1"], ["a", "a", "b"]),
        (["a/1", "a/2"], None),  # one folder only
        (["a/1", "2", "b/3"], None),  # one lies beside the folders
        (["a/1", "b/1", "c/1"], None),  # a folder for each
        ([], None),
    ],
)
def test_class_folders(names, labels):
    from vaewidgets.images.classes import of_class_folders

    assert of_class_folders(names) == labels


def test_folders_in_a_list_are_classes_too_and_pages_keep_the_label(tmp_path):
    for kind in ("ant", "bee"):
        (tmp_path / kind).mkdir()
        pages = [Image.fromarray(pixels) for pixels in PIXELS[:3]]
        pages[0].save(tmp_path / kind / "stack.tif", save_all=True, append_images=pages[1:])
        Image.fromarray(PIXELS[3]).save(tmp_path / kind / "x.png")
    images = vw.load_images([tmp_path / "ant", tmp_path / "bee"], frames="all")
    assert images.labels.tolist() == ["ant"] * 4 + ["bee"] * 4
    images = vw.load_images(tmp_path, frames="all")
    assert images.labels.tolist() == ["ant"] * 4 + ["bee"] * 4
