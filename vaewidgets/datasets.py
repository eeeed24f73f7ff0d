"""Image collections to begin with: embedded ones and .npz files of the MNIST family."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vaewidgets.images import Images, load_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Class names of Zalando's Fashion-MNIST, in the order of its numbers.
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def load_digits() -> tuple[Images, pd.DataFrame]:
    """Load 1,797 handwritten digits of 8 x 8 pixels; nothing is downloaded.

    Returns
    -------
    images : Images
        Gray uint8, 0 to 255 (the 17 levels of the original spread evenly).
    table : DataFrame
        One row for each image, with the column ``digit`` (0 to 9, an unordered category, so
        that it is coloured as classes and not as a quantity).

    References
    ----------
    Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI repository, 1998; the test
    part, embedded in scikit-learn.
    """
    from sklearn.datasets import load_digits as embedded

    digits = embedded()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return Images(images[..., np.newaxis]), _digit_table(digits.target)


def load_mnist(path: str | os.PathLike[str], split: str = "all") -> tuple[Images, pd.DataFrame]:
    """Load the 70,000 handwritten digits of MNIST, 28 x 28 pixels, from an .npz file.

    Parameters
    ----------
    path : str or Path
        File with the arrays x_train, y_train, x_test and y_test, as Keras distributes it.
    split : "all", "train" or "test"
        "all" is the 60,000 for training followed by the 10,000 for testing.

    Returns
    -------
    images : Images
    table : DataFrame
        With the columns ``digit`` (category 0 to 9) and ``split`` ("train" or "test").

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition,
    1998.
    """
    images, classes, splits = _load_npz(path, split)
    return images, _digit_table(classes).assign(split=splits)


def load_fashion_mnist(
    path: str | os.PathLike[str], split: str = "all"
) -> tuple[Images, pd.DataFrame]:
    """Load the 70,000 pictures of clothes of Fashion-MNIST, 28 x 28 pixels, from an .npz file.

    Parameters
    ----------
    path, split
        As in :func:`load_mnist`.

    Returns
    -------
    images : Images
    table : DataFrame
        With the columns ``kind`` (category: "T-shirt/top", "Trouser", ...) and ``split``.

    References
    ----------
    Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017.
    """
    images, classes, splits = _load_npz(path, split)
    kinds = pd.Categorical([FASHION_CLASSES[k] for k in classes], categories=FASHION_CLASSES)
    return images, pd.DataFrame({"kind": kinds, "split": splits})


def _digit_table(digits: NDArray[np.integer[Any]]) -> pd.DataFrame:
    """Make the table with the column ``digit``."""
    return pd.DataFrame({"digit": pd.Categorical(digits.astype(int), categories=range(10))})


def _load_npz(
    path: str | os.PathLike[str], split: str
) -> tuple[Images, NDArray[np.integer[Any]], pd.Categorical[str]]:
    """Read images, class numbers and the name of the split of each row."""
    parts = {"all": ("train", "test"), "train": ("train",), "test": ("test",)}
    if split not in parts:
        raise ValueError(f"split must be one of {', '.join(parts)}, got {split!r}")
    with np.load(Path(path), allow_pickle=False) as file:
        missing = {f"{axis}_{part}" for axis in "xy" for part in parts[split]} - set(file.files)
        if missing:
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}")
        images = np.concatenate([file[f"x_{part}"] for part in parts[split]])
        classes = np.concatenate([file[f"y_{part}"] for part in parts[split]]).reshape(-1)
        lengths = [len(file[f"y_{part}"]) for part in parts[split]]
    if len(classes) != len(images) or classes.min() < 0 or classes.max() > 9:
        raise ValueError(f"{path} must hold one class number from 0 to 9 for each image")
    names = pd.Categorical(np.repeat(parts[split], lengths), categories=["train", "test"])
    return load_images(images), classes, names
