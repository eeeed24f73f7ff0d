"""The kinds of things that hold images, and how each is listed."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vaewidgets.arguments.arrays import as_array, is_array
from vaewidgets.arguments.frames import is_column, is_frame
from vaewidgets.images.classes import of_class_folders
from vaewidgets.images.decoding import ADDRESS, MASKED, is_address
from vaewidgets.images.formats import HEAD
from vaewidgets.images.gathering.archives import (
    Chain,
    kind_of,
    open_npy,
    open_npz,
    open_parquet,
    open_tar,
    open_zip,
)
from vaewidgets.images.gathering.batches import is_loader, read_batches
from vaewidgets.images.gathering.folders import find_files
from vaewidgets.images.gathering.names import (
    archives_of,
    folders_of,
    name_of_file,
    plain,
    plain_items,
)
from vaewidgets.images.gathering.rows import (
    Parts,
    Rows,
    is_hugging_face,
    is_record,
    name_of,
    of_hugging_face,
    rows_of,
)
from vaewidgets.images.gathering.tables import column_items, frame_items
from vaewidgets.images.members import Members

if TYPE_CHECKING:
    from numpy.typing import NDArray


ACCEPTED = (
    "accepted: an array or tensor, a folder, a file, an archive, a list or column of file names, "
    "PIL images, encoded images or arrays, a dict of them by name, a data set, or a frame with "
    "one column of images"
)


@dataclass(frozen=True)
class Gathered:
    """What a source holds.

    Attributes
    ----------
    items : sequence
        The images one by one; empty where ``array`` is given.
    array : ndarray or None
        The source as an array of pixels, if it is one.
    folder : Path or None
        The one folder, or archive, that is the source.
    notice : str
        What is there and left out, "" if nothing is.
    labels : sequence or None
        The label that comes along with each, if they are known beforehand.
    names : sequence of str or None
        What each is called, where the caller gave them names.
    """

    items: Sequence[Any] = ()
    array: NDArray[Any] | None = None
    folder: Path | None = None
    notice: str = ""
    labels: Sequence[Any] | None = None
    names: Sequence[str] | None = None

    def label(self, position: int) -> Any:
        """Return the label of an image that was read, None if there is none."""
        if self.labels is not None:
            return self.labels[position]
        return self.items.label(position) if isinstance(self.items, Members) else None


def gather(source: Any, store: Path | None = None, *, progress: bool = True) -> Gathered:
    """List the images of a source that holds them one by one, or return the array that it is.

    Parameters
    ----------
    source : anything that ``load_images`` takes, but for Images
    store : Path, optional
        A file that is not looked at, as it is written by us.
    progress : bool
        Show a bar where images have to be fetched for it.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        It holds no images, in words that name what is accepted.
    """
    asked = _Asked(store, progress)
    for is_one, gather_one in _KINDS:
        if is_one(source):
            return gather_one(source, asked)
    raise TypeError(f"images is {type(source).__name__}; {ACCEPTED}")


@dataclass(frozen=True)
class _Asked:
    """How to gather; see ``gather``."""

    store: Path | None
    progress: bool


def _gather_path(source: Any, asked: _Asked) -> Gathered:
    """List the images of a folder, or the file, of a name."""
    name = name_of_file(source)
    if not name:
        raise ValueError('images is ""; accepted: the name of a file or folder, "." for this one')
    if is_address(name):
        raise ValueError(f"images is {name[:200]!r}: {ADDRESS}")
    path = Path(name).expanduser()
    if not path.exists():
        hint = "; for files by pattern pass Path(folder).glob(pattern)" * ("*" in path.name)
        raise FileNotFoundError(f"no such file or folder: {path.absolute()}{hint}")
    if not path.is_dir():
        kind = kind_of(_head(path), path.name)
        return _gather_archive(path, str(path), kind) if kind else Gathered([path])
    found = find_files([path], asked.store)
    return Gathered(
        found.files,
        folder=path,
        notice=found.notice,
        labels=of_class_folders(_inside(found.files, path)),
    )


def _gather_encoded(source: Any, _asked: _Asked) -> Gathered:
    """List what the content of a file holds: an image, or an archive of them."""
    content = plain(source)
    kind = kind_of(bytes(content[:HEAD]), "")
    if not kind:
        return Gathered([content])
    return _gather_archive(io.BytesIO(content), f"the {kind} file", kind)


def _gather_archive(file: Path | io.BytesIO, title: str, kind: str) -> Gathered:
    """List the images of a file that holds several."""
    folder = file if isinstance(file, Path) else None
    if kind == "npy":
        return Gathered(array=open_npy(file, title))
    if kind == "parquet":
        return Gathered(open_parquet(file, title))
    if kind == "zip" and _is_npz(file):
        with np.load(file) as arrays:
            array, labels = open_npz(arrays, title)
        return Gathered(array=array, labels=_plain_labels(labels))
    archive = (open_zip if kind == "zip" else open_tar)(file, title)
    return Gathered(archive, folder=folder, notice=archive.found.notice)


def _gather_opened(source: Any, _asked: _Asked) -> Gathered:
    """List the images of an archive that the caller has opened."""
    if isinstance(source, np.lib.npyio.NpzFile):
        array, labels = open_npz(source, "the .npz file")
        return Gathered(array=array, labels=_plain_labels(labels))
    file = getattr(source, "filename", None) or getattr(source, "name", None) or "archive"
    is_zip = isinstance(source, zipfile.ZipFile)
    archive = (open_zip if is_zip else open_tar)(source, Path(str(file)).name)
    return Gathered(archive, notice=archive.found.notice)


def _gather_frame(source: Any, _asked: _Asked) -> Gathered:
    """List the images of a table's only column of images."""
    items, labels, notice = frame_items(source)
    return Gathered(plain_items(items), notice=notice, labels=labels)


def _gather_mapping(source: Mapping[Any, Any], _asked: _Asked) -> Gathered:
    """List the images of a dict: one encoded image, or images under their names."""
    if is_record(source):
        return Gathered([source])
    parts = [name for name, value in source.items() if is_hugging_face(value)]
    if parts:
        raise TypeError(
            f"images is a {type(source).__name__} of the data sets {', '.join(map(str, parts))}: "
            f"pass one of them, such as images[{parts[0]!r}]"
        )
    images = plain_items(list(source.values()))
    return Gathered(images, names=[str(name) for name in source])


def _gather_rows(source: Any, asked: _Asked) -> Gathered:
    """Return rows to be fetched when they are read; arrays are fetched now, to be of one form."""
    rows = of_hugging_face(source) or rows_of(source) or Rows(source, Parts())
    if not rows.are_arrays():
        return Gathered(rows)
    items = rows.fetch_all(asked.progress)
    return Gathered(items, labels=[rows.label(number) for number in range(len(rows))])


def _gather_loader(source: Any, asked: _Asked) -> Gathered:
    """Return what a DataLoader gives."""
    images, labels, notice = read_batches(source, asked.progress)
    return Gathered(images, notice=notice, labels=labels)


def _gather_array(source: Any, asked: _Asked) -> Gathered:
    """Return an array of pixels, or list what an array of names or objects holds."""
    if np.ma.is_masked(source):
        raise TypeError(f"images is {MASKED}")
    array = as_array(source)
    if array.ndim == 1 and array.dtype.kind in "OUTS":
        return _gather_list(array.tolist(), asked)
    if array.ndim > 2 and array.dtype == object:
        try:
            return Gathered(array=np.array(array.tolist()))
        except ValueError:
            pass  # refused in words where arrays are looked at
    return Gathered(array=array)


def _gather_set(source: Any, _asked: _Asked) -> Gathered:
    """Refuse what has no order."""
    raise TypeError(
        f"images is a {type(source).__name__}, which has no order to count positions by: pass "
        "sorted(images)"
    )


def _gather_list(source: Iterable[Any], asked: _Asked) -> Gathered:
    """List the items of a list, or what is in them where all are folders or archives."""
    items = plain_items(source if isinstance(source, (list, tuple)) else list(source))
    folders = folders_of(items)
    if folders:
        found = find_files(folders, asked.store)
        return Gathered(found.files, notice=found.notice, labels=_labels_of(found.files, folders))
    shards = archives_of(items)
    if shards:
        return _chained([_gather_path(name, asked) for name in shards])
    rows = rows_of(items)
    if rows is None:
        return Gathered(items)
    images = [rows.fetch(number) for number in range(len(rows))]
    return Gathered(plain_items(images), labels=[rows.label(k) for k in range(len(rows))])


def _chained(parts: Sequence[Gathered]) -> Gathered:
    """Put what several archives hold one after another."""
    members = [part.items for part in parts if isinstance(part.items, Members)]
    if len(members) < len(parts):
        raise TypeError(
            "images is a list of archives that hold arrays: pass numpy.concatenate of the arrays"
        )
    return Gathered(Chain(members), notice="; ".join(part.notice for part in parts if part.notice))


def _labels_of(files: Sequence[Path], folders: Sequence[Path]) -> list[str] | None:
    """Return which of several folders each file is in, by its name, if the names differ."""
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names) or len(names) < 2:
        return None
    starts = [(str(folder / "x")[:-1], name) for folder, name in zip(folders, names, strict=True)]
    return [next(name for start, name in starts if str(file).startswith(start)) for file in files]


def _inside(files: Sequence[Path], folder: Path) -> list[str]:
    """Return the paths of files inside their folder, with "/"."""
    start = len(str(folder / "x")) - 1
    return [str(file)[start:].replace(os.sep, "/") for file in files]


def _is_npz(file: Path | io.BytesIO) -> bool:
    """Tell whether a zip archive holds nothing but arrays of numpy."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _plain_labels(labels: Any) -> list[Any] | None:
    """Return labels of an array as text and numbers of Python."""
    return None if labels is None else [name_of(label, ()) for label in labels.tolist()]


def _head(path: Path) -> bytes:
    """Return the first bytes of a file; none of one that cannot be read, or is no plain file."""
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


_ENCODED = (bytes, bytearray, memoryview, io.RawIOBase, io.BufferedIOBase)
_OPENED = (zipfile.ZipFile, tarfile.TarFile, np.lib.npyio.NpzFile)

# What a source can be, the narrower kinds first. Lines of an open text file are no pictures.
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, _Asked], Gathered]], ...] = (
    (lambda source: name_of_file(source) is not None, _gather_path),
    (lambda source: isinstance(source, _ENCODED), _gather_encoded),
    (lambda source: isinstance(source, Image.Image), lambda source, _: Gathered([source])),
    (lambda source: isinstance(source, _OPENED), _gather_opened),
    (is_frame, _gather_frame),
    (is_column, lambda source, asked: _gather_list(column_items(source), asked)),
    (is_hugging_face, _gather_rows),
    (lambda source: isinstance(source, Mapping), _gather_mapping),
    (is_loader, _gather_loader),
    (lambda source: isinstance(source, (list, tuple)), _gather_list),
    (lambda source: is_array(source) or hasattr(source, "__array__"), _gather_array),
    (lambda source: hasattr(source, "__getitem__") and hasattr(source, "__len__"), _gather_rows),
    (lambda source: isinstance(source, (set, frozenset)), _gather_set),
    (
        lambda source: isinstance(source, Iterable) and not isinstance(source, io.TextIOBase),
        _gather_list,  # Path.glob(...) among them
    ),
)
