"""Collections to begin with."""

import numpy as np
import pytest

from vaewidgets import datasets


def test_the_embedded_digits_use_the_whole_range_and_come_with_a_table():
    images, table = datasets.load_digits()
    assert images.shape == (8, 8, 1)
    assert len(images) == len(table) == 1797
    assert images.pixels.dtype == np.uint8
    assert images.pixels.min() == 0
    assert images.pixels.max() == 255
    assert len(np.unique(images.pixels)) == 17
    assert table["digit"].cat.categories.tolist() == list(range(10))
    assert not table["digit"].cat.ordered
    assert table["digit"].iloc[:3].tolist() == [0, 1, 2]


@pytest.fixture
def npz(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "small.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        y_train=np.arange(6, dtype=np.uint8),
        x_test=rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        y_test=np.arange(6, 10, dtype=np.uint8),
    )
    return path


def test_mnist_is_read_whole_or_by_split(npz):
    images, table = datasets.load_mnist(npz)
    assert len(images) == len(table) == 10
    assert images.shape == (28, 28, 1)
    assert table["digit"].tolist() == list(range(10))
    assert table["split"].tolist() == ["train"] * 6 + ["test"] * 4
    images, table = datasets.load_mnist(npz, "test")
    assert len(images) == 4
    assert table["digit"].tolist() == [6, 7, 8, 9]
    assert set(table["split"]) == {"test"}


def test_fashion_has_names_in_place_of_numbers(npz):
    _, table = datasets.load_fashion_mnist(npz)
    assert table["kind"].iloc[[0, 9]].tolist() == ["T-shirt/top", "Ankle boot"]
    assert len(table["kind"].cat.categories) == 10


def test_a_file_that_lacks_something_is_refused(tmp_path, npz):
    path = tmp_path / "other.npz"
    np.savez(path, x_train=np.zeros((2, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="lacks x_test, y_test, y_train"):
        datasets.load_mnist(path)
    np.savez(path, x_train=np.zeros((2, 28, 28), np.uint8), y_train=np.array([0, 12]))
    with pytest.raises(ValueError, match="0 to 9"):
        datasets.load_mnist(path, "train")
    with pytest.raises(ValueError, match="split must be one of"):
        datasets.load_mnist(npz, "valid")
