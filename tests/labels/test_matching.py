import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaewidgets import load_images
from vaewidgets.labels.table import match_rows, rows_without_image


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
