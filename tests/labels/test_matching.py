import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaewidgets import load_images
from vaewidgets.labels.table import check_order, match_rows, rows_without_image


def test_rows_follow_the_images_that_could_be_read():
    kept = np.array([0, 1, 3, 5])
    assert match_rows(kept, 6, 6).tolist() == [0, 1, 3, 5]
    assert match_rows(kept, 6, 4).tolist() == [0, 1, 2, 3]
    assert match_rows(kept, 4, 9).tolist() == [0, 1, 3, 5]


@pytest.mark.parametrize(
    ("positions", "n_input", "n_rows", "words"),
    [
        (range(6), 6, 7, "7 rows for 6 images"),
        ([0, 2, 3], 4, 5, r"3 images \(1 more could not be read\)"),
        ([2, 0, 1], 3, 3, "in another order"),
        ([5, 5, 1], 3, 9, "9 rows for 3 images"),
    ],
)
def test_a_frame_that_cannot_be_matched_is_refused(positions, n_input, n_rows, words):
    with pytest.raises(ValueError, match=words):
        match_rows(np.array(positions), n_input, n_rows)


def test_the_rows_of_a_column_of_paths_without_an_image_are_listed_with_the_reason(tmp_path):
    for name in ("a", "b", "c"):
        Image.new("L", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    names = ["a.png", "b.png", None, "gone.png", "c.png"]
    paths = [None if name is None else str(tmp_path / name) for name in names]
    frame = pd.DataFrame({"path": paths}, index=list("vwxxz"))
    images = load_images(frame["path"], progress=False)
    rows = match_rows(images.positions, images.n_input, len(frame))
    assert rows.tolist() == [0, 4]
    lacking = rows_without_image(frame, rows, images.rejected)
    assert lacking.index.tolist() == ["w", "x", "x"]
    assert lacking["row"].tolist() == [1, 2, 3]
    assert lacking["source"].iloc[0].endswith("b.png")
    assert lacking["reason"].tolist() == [each.reason for each in images.rejected]


def test_rows_of_images_that_were_left_out_are_listed_too():
    frame = pd.DataFrame({"x": range(4)})
    images = load_images(np.zeros((4, 8, 8), np.uint8))[[0, 2]]
    rows = match_rows(images.positions, images.n_input, len(frame))
    lacking = rows_without_image(frame, rows, images.rejected)
    assert lacking["row"].tolist() == [1, 3]
    assert set(lacking["reason"]) == {"not among the images"}


def test_a_frame_of_images_alone_lacks_none():
    frame = pd.DataFrame({"x": range(3)})
    lacking = rows_without_image(frame, np.arange(3), [])
    assert lacking.empty
    assert lacking.columns.tolist() == ["row", "source", "reason"]


FILES = [f"photos/{name}.png" for name in ("ant", "bee", "cow", "dog")]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"file": ["cow.png", "bee.png", "ant.png", "dog.png"]}),
        pd.DataFrame({"x": [1, 2, 3, 4], "path": [*FILES[1:], FILES[0]]}),
        pd.DataFrame({"x": [1, 2, 3, 4]}, index=["dog.png", "cow.png", "bee.png", "ant.png"]),
        pd.DataFrame({"file": [r"C:\\p\\bee.png", r"C:\\p\\ant.png", "cow.png", "dog.png"]}),
    ],
)
def test_a_frame_that_names_the_images_in_another_order_is_refused(frame):
    with pytest.raises(ValueError, match=r"frame is in another order than the images: .*png"):
        check_order(frame, np.arange(4), FILES)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"twin": [*FILES[1:], FILES[0]], "file": FILES}),
        pd.DataFrame({"best of all": [FILES[0]] * 4}),
        pd.DataFrame({"other": ["ant.jpg", "dog.jpg", "cow.jpg", "bee.jpg"]}),
        pd.DataFrame({"file": ["ant.png", None, "cow.png", "dog.png"]}),
        pd.DataFrame({"kind": ["a", "b", "c", "d"], "n": [3, 1, 2, 0]}),
        pd.DataFrame({("a", "b"): [[1], [2], [3], [4]]}),
    ],
)
def test_a_frame_that_does_not_contradict_the_images_is_taken(frame):
    check_order(frame, np.arange(4), FILES)
    check_order(frame.iloc[::-1], np.arange(4), ())


def test_order_is_looked_at_where_the_images_stand():
    frame = pd.DataFrame({"file": ["gone.png", *FILES, "gone too.png"]})
    check_order(frame, np.arange(1, 5), FILES)
    with pytest.raises(ValueError, match="data is in another order"):
        check_order(frame, np.array([1, 3, 2, 4]), FILES, "data")
