"""Rows that hold an image and perhaps its label: pairs, dicts, data sets of other libraries."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from vaewidgets.arguments.arrays import as_array, is_array
from vaewidgets.images.decoding import is_missing
from vaewidgets.images.formats import SUFFIXES
from vaewidgets.images.members import Members
from vaewidgets.images.progress import with_progress

# What data sets call their parts, the likeliest first.
IMAGE_NAMES = ("image", "img", "images", "picture", "photo", "pixel_values", "pixels", "x")
LABEL_NAMES = (
    "label", "labels", "class", "target", "targets", "category", "fine_label", "coarse_label", "y",
)  # fmt: skip

# Rows looked at to find out what is in them, as the first may be damaged.
_LOOKED_AT = 10


@dataclass(frozen=True)
class Parts:
    """Where in a row the image and the label are; the row itself is the image by default."""

    image: Any = None
    label: Any = None

    def split(self, row: Any) -> tuple[Any, Any]:
        """Return the image and the label of a row, None where there is none.

        A row of another kind than the first is taken for an image.
        """
        if self.image is None:
            return row, None
        if isinstance(row, Mapping):
            return row.get(self.image), row.get(self.label)
        if isinstance(row, (tuple, list)) and row:
            return row[0], row[1] if len(row) > 1 else None
        return row, None


class Rows(Members):
    """The rows of a sequence, whose labels are known once they were fetched.

    Parameters
    ----------
    rows : sequence
        All that has a length and gives a row for a number.
    parts : Parts
    classes : sequence of str
        The names of the numbers that labels are, if they have names.
    """

    def __init__(self, rows: Any, parts: Parts, classes: Sequence[str] = ()) -> None:
        self._rows, self._parts = rows, parts
        self._classes = tuple(str(name) for name in classes)
        self._labels: dict[int, Any] = {}
        self._paths: dict[int, str] = {}
        self._has_bytes = False

    def __len__(self) -> int:
        return len(self._rows)

    def fetch(self, number: int) -> Any:
        """Return the image of a row, and note its label."""
        image, label = self._parts.split(self._rows[number])
        if label is not None:
            self._labels[number] = name_of(label, self._classes)
        path = image.get("path") if is_record(image) else image
        if isinstance(path, (str, os.PathLike)) and path not in ("",):
            self._paths[number] = os.fsdecode(path)
            self._has_bytes = is_record(image) and image.get("bytes") is not None
        return image

    def are_arrays(self) -> bool:
        """Tell whether the rows hold arrays or tensors, by the first that can be fetched."""
        for number in range(min(len(self), _LOOKED_AT)):
            try:
                return is_array(self.fetch(number))
            except Exception:  # noqa: BLE001 - as above
                continue
        return False

    def fetch_all(self, progress: bool) -> list[Any]:
        """Return all images, arrays as those of numpy; for what fails, itself to be read again."""
        items: list[Any] = []
        for number in with_progress(range(len(self)), "Fetching images", progress):
            try:
                image = self.fetch(number)
            except Exception:  # noqa: BLE001 - rejected, with the reason, when it is read
                items.append(self[number])
            else:
                items.append(as_array(image) if is_array(image) else image)
        return items

    def name(self, number: int) -> str:
        """Return what the image of a row that was fetched is called."""
        return self._paths.get(number, "")

    def file(self, number: int) -> str:
        """Return the file of a row that was fetched, if it holds no more than its name."""
        return "" if self._has_bytes else self.name(number)

    def label(self, number: int) -> Any:
        """Return the label of a row that was fetched."""
        return self._labels.get(number)


def rows_of(
    source: Any, classes: Mapping[Any, Sequence[str]] | None = None, what: str = "images"
) -> Rows | None:
    """Return the rows of a sequence if they are more than images; None if they are images.

    Parameters
    ----------
    source : sequence
        All that has a length and gives a row for a number.
    classes : mapping of names to sequence of str, optional
        The names of the classes that are numbers, by what the label is called.
    what : str
        What the source is, for messages.

    Raises
    ------
    TypeError
        The rows have several parts that can be images, or none.
    """
    parts = parts_of(first_row(source), what)
    if parts is None:
        return None
    return Rows(source, parts, (classes or {}).get(parts.label) or classes_of(source))


def first_row(source: Any) -> Any:
    """Return the first row that is there; where rows are dicts, with what the next ones add."""
    merged: dict[Any, Any] = {}
    for number in range(min(len(source), _LOOKED_AT)):
        try:
            row = source[number]
        except Exception:  # noqa: BLE001 - one damaged row; it is rejected when it is read
            continue
        if isinstance(row, Mapping) and not is_record(row):
            merged |= {name: row[name] for name in row if is_missing(merged.get(name))}
        elif not merged and not is_missing(row):
            return row
    return merged or None


def is_hugging_face(source: Any) -> bool:
    """Tell a data set of the package ``datasets``, or a column of one."""
    dataset = getattr(source, "source", None) if hasattr(source, "column_name") else source
    return all(hasattr(dataset, name) for name in ("cast_column", "features", "__len__"))


def of_hugging_face(source: Any) -> Rows | None:
    """Return the rows of a data set or column of the package ``datasets``, else None.

    Pictures are taken encoded, as they lie there, so that only what is needed is decoded.
    """
    if not is_hugging_face(source):
        return None
    column = getattr(source, "column_name", None)
    dataset = source if column is None else source.source
    features = dataset.features or {}
    if column is None:
        names = [name for name, kind in features.items() if type(kind).__name__ == "Image"]
        parts = Parts(names[0], _label_name(features)) if len(names) == 1 else None
        parts = parts or parts_of(first_row(dataset))
        column, label = (None, None) if parts is None else (parts.image, parts.label)
    else:
        label = None
    kind = features.get(column)
    if type(kind).__name__ == "Image" and (dataset.format or {}).get("type") is None:
        encoded: Any = type(kind)
        dataset = dataset.cast_column(column, encoded(decode=False))
    classes = getattr(features.get(label), "names", None) or ()
    return Rows(dataset, Parts(column, label), classes)


def can_be_image(value: Any, *, names: bool = False) -> bool:
    """Tell whether a part of a row can be an image; a text is one only if it names a picture."""
    if isinstance(value, (Image.Image, bytes, bytearray, os.PathLike)) or is_record(value):
        return True
    if isinstance(value, str):
        return names or os.path.splitext(value)[1].lower() in SUFFIXES  # noqa: PTH122
    return is_array(value) and value.ndim > 1


def is_record(value: Any) -> bool:
    """Tell the dict that stands for an encoded image in tables: its bytes, its path or both."""
    return isinstance(value, Mapping) and bool(value) and set(value) <= {"bytes", "path"}


def name_of(label: Any, classes: Sequence[str]) -> Any:
    """Return a label as text or number; a number that has a name is that name."""
    if is_array(label) or is_missing(label):
        return None  # as many numbers as classes, or a mask: none to tell people
    if hasattr(label, "item") and not isinstance(label, np.generic):
        label = as_array(label)[()]
    if isinstance(label, np.generic):
        label = label.item()
    is_number = isinstance(label, int) and not isinstance(label, bool)
    if is_number and classes:
        return classes[label] if 0 <= label < len(classes) else None
    return label if isinstance(label, (str, int, float, bool)) else None


def label_name(names: Any) -> Any:
    """Return what the label of a row is called, by the names of its parts; None without one."""
    by_name = {str(name).lower(): name for name in reversed(list(names))}
    return next((by_name[name] for name in LABEL_NAMES if name in by_name), None)


def _label_name(features: Mapping[str, Any]) -> Any:
    """Return the label's column: the only one of classes, else by its name."""
    classes = [name for name, kind in features.items() if type(kind).__name__ == "ClassLabel"]
    return classes[0] if len(classes) == 1 else label_name(features)


def parts_of(row: Any, what: str = "images") -> Parts | None:
    """Find the image and the label in a row; None where the row is the image itself."""
    if isinstance(row, tuple) and row and can_be_image(row[0], names=True):
        return Parts(0, 1)
    is_pair = isinstance(row, list) and len(row) == 2 and can_be_image(row[0], names=True)
    if is_pair and not can_be_image(row[1]):
        return Parts(0, 1)
    if not isinstance(row, Mapping) or is_record(row):
        return None
    found = [name for name, value in row.items() if can_be_image(value)]
    if len(found) > 1:
        found = [name for name in found if str(name).lower() in IMAGE_NAMES] or found
    if len(found) != 1:
        several = f"several can be images: {', '.join(map(str, found))}"
        raise TypeError(
            f"{what} has {', '.join(map(str, list(row)[:10]))}, of which "
            f"{several if found else 'none is an image'}; accepted: the images alone, such as "
            "[row[name] for row in rows] or frame[name]"
        )
    return Parts(found[0], label_name(row))


def classes_of(source: Any) -> Sequence[str]:
    """Return the names of the classes that a data set of torchvision, or a part of it, knows."""
    for _ in range(_LOOKED_AT):
        classes = getattr(source, "classes", None)
        if isinstance(classes, (list, tuple)) and all(isinstance(name, str) for name in classes):
            return classes
        if not hasattr(source, "dataset"):
            break
        source = source.dataset
    return ()
