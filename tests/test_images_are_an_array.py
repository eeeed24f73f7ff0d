"""Images are an array to numpy and scikit-learn: one row an image, taken out by any index."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.utils import resample, shuffle

from vaewidgets import VAE, Images, load_images

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 8, 9, 3), dtype=np.uint8)
Y = np.arange(40) % 2


@pytest.fixture
def images():
    return load_images(PIXELS)


def test_the_shape_is_that_of_the_array(images):
    assert images.shape == np.shape(images) == np.asarray(images).shape == (40, 8, 9, 3)
    assert images.ndim == 4
    assert images.image_shape == (8, 9, 3)
    assert images[:0].shape == (0, 8, 9, 3)


@pytest.mark.parametrize(
    "rows",
    [
        slice(3, 9, 2),
        [3, 1, -1],
        np.array([3, 3, 0], np.int8),
        np.arange(40) % 3 == 0,
        (np.arange(40) % 3 == 0).tolist(),
        pd.Series(np.arange(40) % 3 == 0, index=range(100, 140)),
        pd.Index([4, 5]),
        range(2, 5),
        (np.array([4, 2]), Ellipsis),
        (slice(1, 3), Ellipsis),
        Ellipsis,
        [],
    ],
    ids=str,
)
def test_rows_chosen_in_any_way_of_numpy_are_images(images, rows):
    plain = np.asarray(rows) if isinstance(rows, pd.Series | pd.Index | range) else rows
    plain = np.zeros(0, int) if isinstance(rows, list) and not rows else plain
    found = images[rows]
    assert isinstance(found, Images)
    assert (found.pixels == PIXELS[plain]).all()
    assert found.positions.tolist() == np.arange(40)[plain].tolist()


@pytest.mark.parametrize(
    "index",
    [
        (0, 1),
        (Ellipsis, 0),
        (slice(None), slice(2, 5), slice(1, 4)),
        (slice(None), 0, 0, 0),
        (np.array([1, 2]), slice(None), 3),
        (3, Ellipsis),
        -1,
        np.int16(7),
    ],
    ids=str,
)
def test_parts_of_images_and_single_ones_are_arrays(images, index):
    found = images[index]
    assert isinstance(found, np.ndarray)
    assert (found == PIXELS[index]).all()


@pytest.mark.parametrize("index", [40, [40], [True], np.zeros((2, 2), int), 1.5, "a"], ids=str)
def test_what_numpy_refuses_is_refused(images, index):
    with pytest.raises(IndexError):
        images[index]


def kinds():
    pictures = [Image.fromarray(image) for image in PIXELS]
    return {"images": load_images(PIXELS), "list": pictures, "series": pd.Series(pictures)}


def test_splitters_cut_images_lists_and_columns_alike():
    splitters = [
        KFold(5, shuffle=True, random_state=0),
        ShuffleSplit(2, random_state=0),
        StratifiedKFold(4),
    ]
    for splitter in splitters:
        splits = [
            [(a.tolist(), b.tolist()) for a, b in splitter.split(source, Y)]
            for source in (*kinds().values(), PIXELS)
        ]
        assert all(split == splits[0] for split in splits)
        tested = {row for _, test in splits[0] for row in test}
        assert isinstance(splitter, ShuffleSplit) or tested == set(range(40))


def test_parts_are_the_same_from_images_lists_and_columns():
    for cut in (train_test_split, shuffle, resample):
        options = {"random_state": 0} | ({"stratify": Y} if cut is train_test_split else {})
        alone, beside = [], []
        for source in kinds().values():
            found = cut(source, **options)
            parts = found if isinstance(found, list) and cut is train_test_split else [found]
            alone.append([load_images(part).pixels for part in parts])
            parts = cut(source, Y, **options)
            beside.append([*map(load_images, parts[: len(parts) // 2]), *parts[len(parts) // 2 :]])
        for other in alone[1:]:
            assert all((a == b).all() for a, b in zip(alone[0], other, strict=True))
        for other in beside[1:]:
            for a, b in zip(beside[0], other, strict=True):
                assert (np.asarray(a) == np.asarray(b)).all()


def test_train_test_split_keeps_what_is_known_of_each_image(images):
    train, test = train_test_split(images, test_size=0.25, random_state=1)
    assert isinstance(train, Images)
    assert train.shape == (30, 8, 9, 3)
    assert sorted([*train.positions, *test.positions]) == list(range(40))
    assert (train.contents == images.contents[train.positions]).all()


def test_scores_and_searches_are_the_same_for_images_lists_and_columns():
    settings = {"max_epochs": 1, "n_threads": 1, "progress": False, "network": "mlp"}
    model = VAE(2, random_state=0, **settings)
    scores = [cross_val_score(model, source, cv=2) for source in kinds().values()]
    assert np.isfinite(scores[0]).all()
    assert all((score == scores[0]).all() for score in scores)
    found = [
        GridSearchCV(model, {"n_latent": [1, 2]}, cv=2).fit(source).cv_results_["mean_test_score"]
        for source in kinds().values()
    ]
    assert np.isfinite(found[0]).all()
    assert all((score == found[0]).all() for score in found)
