"""MNIST and Fashion-MNIST, from an .npz file or through scikit-learn's client of openml.org."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

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
PARTS = {"all": ("train", "test"), "train": ("train",), "test": ("test",)}
Part = tuple["NDArray[Any]", "NDArray[Any]"]


@dataclass(frozen=True)
class Source:
    """A data set on openml.org, and how many images of each class its training part has.

    openml.org keeps one table without a split. Its rows are the training part in the original
    order, then the test part; the counts prove that the cut falls where it should.
    """

    title: str
    name: str
    version: int
    train_counts: tuple[int, ...]


MNIST = Source(
    "MNIST", "mnist_784", 1, (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
)
FASHION_MNIST = Source("Fashion-MNIST", "Fashion-MNIST", 1, (6000,) * 10)


def load_mnist(
    path: str | os.PathLike[str] | None = None,
    split: str = "all",
    *,
    data_home: str | os.PathLike[str] | None = None,
) -> tuple[Images, pd.DataFrame]:
    """Load the 70,000 handwritten digits of MNIST, 28 x 28 pixels.

    Parameters
    ----------
    path : str or Path, optional
        .npz file with the arrays x_train, y_train, x_test and y_test, as Keras distributes it.
        Without it, scikit-learn fetches version 1 of ``mnist_784`` from openml.org (15 MB) the
        first time and reads its own copy afterwards, which takes some ten seconds.
    split : "all", "train" or "test"
        "all" is the 60,000 for training followed by the 10,000 for testing.
    data_home : str or Path, optional
        Folder of scikit-learn's downloads, ``~/scikit_learn_data`` by default; used only without
        ``path``.

    Returns
    -------
    images : Images
    table : DataFrame
        With the columns ``digit`` (category 0 to 9) and ``split`` ("train" or "test").

    Raises
    ------
    ConnectionError
        If there is no ``path``, no downloaded copy, and openml.org cannot be reached.
    ValueError
        If ``split`` is another word, the file lacks an array, or the download is not the data set.

    Notes
    -----
    openml.org does not tell the two parts apart: the first 60,000 rows of its table are the
    training part in its original order, the last 10,000 the test part. The number of images of
    each class among the first 60,000 is checked.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition,
    1998.
    """
    images, classes, splits = _load(MNIST, path, split, data_home)
    digits = pd.Categorical(classes.astype(int), categories=range(10))
    return images, pd.DataFrame({"digit": digits, "split": splits})


def load_fashion_mnist(
    path: str | os.PathLike[str] | None = None,
    split: str = "all",
    *,
    data_home: str | os.PathLike[str] | None = None,
) -> tuple[Images, pd.DataFrame]:
    """Load the 70,000 pictures of clothes of Fashion-MNIST, 28 x 28 pixels.

    Parameters
    ----------
    path, split, data_home
        As in :func:`load_mnist`; without ``path`` version 1 of ``Fashion-MNIST`` is fetched from
        openml.org, whose first 60,000 rows are the training part.

    Returns
    -------
    images : Images
    table : DataFrame
        With the columns ``kind`` (category: "T-shirt/top", "Trouser", ...) and ``split``.

    Raises
    ------
    ConnectionError, ValueError
        As in :func:`load_mnist`.

    References
    ----------
    Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017.
    """
    images, classes, splits = _load(FASHION_MNIST, path, split, data_home)
    kinds = pd.Categorical([FASHION_CLASSES[k] for k in classes], categories=FASHION_CLASSES)
    return images, pd.DataFrame({"kind": kinds, "split": splits})


def _load(
    source: Source,
    path: str | os.PathLike[str] | None,
    split: str,
    data_home: str | os.PathLike[str] | None,
) -> tuple[Images, NDArray[Any], pd.Categorical[str]]:
    """Give images, class numbers and the name of the split of each row."""
    if split not in PARTS:
        raise ValueError(f"`split` is {split!r}; accepted: {', '.join(PARTS)}")
    wanted = PARTS[split]
    parts = _fetch(source, data_home) if path is None else _read(Path(path), wanted)
    images = np.concatenate([parts[part][0] for part in wanted])
    classes = np.concatenate([parts[part][1] for part in wanted])
    lengths = [len(parts[part][1]) for part in wanted]
    names = pd.Categorical(np.repeat(wanted, lengths), categories=["train", "test"])
    return load_images(images), classes, names


def _read(path: Path, wanted: tuple[str, ...]) -> dict[str, Part]:
    """Read the wanted parts of an .npz file."""
    with np.load(path, allow_pickle=False) as file:
        missing = {f"{axis}_{part}" for axis in "xy" for part in wanted} - set(file.files)
        if missing:
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}")
        parts = {part: (file[f"x_{part}"], file[f"y_{part}"].reshape(-1)) for part in wanted}
    for images, classes in parts.values():
        if len(classes) != len(images) or np.any((classes < 0) | (classes > 9)):
            raise ValueError(f"{path} must hold one class number from 0 to 9 for each image")
    return parts


def _fetch(source: Source, data_home: str | os.PathLike[str] | None) -> dict[str, Part]:
    """Fetch the table from openml.org, or from the copy of an earlier download, and cut it."""
    from sklearn.datasets import fetch_openml, get_data_home

    try:
        with warnings.catch_warnings():
            # What the client says before each of its retries; the error below says it once.
            warnings.filterwarnings("ignore", "A network error occurred")
            # The client's other parser, pandas, fails on this table with pandas 3.
            bunch = fetch_openml(
                source.name,
                version=source.version,
                data_home=data_home,
                as_frame=False,
                parser="liac-arff",
                n_retries=1,
            )
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise ConnectionError(
            f"{source.title} is not among the downloads in {get_data_home(data_home)} and could "
            f"not be fetched from openml.org ({error}); accepted: a network connection, or as "
            "`path` an .npz file with x_train, y_train, x_test and y_test"
        ) from error
    return _cut(source, bunch.data, np.asarray(bunch.target).astype(int))


def _cut(source: Source, pixels: NDArray[Any], classes: NDArray[Any]) -> dict[str, Part]:
    """Cut the table of openml.org into the training and the test part."""
    n_train = sum(source.train_counts)
    counts = tuple(np.bincount(classes[:n_train], minlength=10).tolist())
    if pixels.shape[1:] != (28 * 28,) or counts != source.train_counts:
        raise ValueError(
            f"what openml.org gave is not {source.title} in its order: shape {pixels.shape}, "
            f"images of each class among the first {n_train} {counts}; accepted: 784 columns "
            f"and {source.train_counts}"
        )
    images = pixels.astype(np.uint8).reshape(-1, 28, 28)
    return {
        "train": (images[:n_train], classes[:n_train]),
        "test": (images[n_train:], classes[n_train:]),
    }
