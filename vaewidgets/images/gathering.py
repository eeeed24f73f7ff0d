"""What a source holds, one by one and not opened yet: from folders, files, lists and columns."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from vaewidgets.images.decoding import ADDRESS, MASKED, is_address
from vaewidgets.images.folders import find_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The longest path of Linux, in bytes: longer bytes are no name.
_LONGEST_PATH = 4096


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
        The one folder that is the source.
    notice : str
        What is there and left out, "" if nothing is.
    """

    items: Sequence[Any] = ()
    array: NDArray[Any] | None = None
    folder: Path | None = None
    notice: str = ""


def gather(source: Any, store: Path | None = None) -> Gathered:
    """List the images of a source that holds them one by one, or return the array that it is.

    Parameters
    ----------
    source : anything that ``load_images`` takes, but for Images
    store : Path, optional
        A file that is not looked at, as it is written by us.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        It holds no images, in words that name what is accepted.
    """
    name = _name_of(source)
    if name is not None:
        return _gather_path(name, store)
    if isinstance(
        source,
        (bytes, bytearray, memoryview, Image.Image, io.RawIOBase, io.BufferedIOBase),
    ):  # the lines of an open file are no pictures
        return Gathered([_plain(source)])
    if isinstance(source, pd.DataFrame):
        raise _whole_frame("DataFrame", source.columns)
    if isinstance(source, (pd.Series, pd.Index, Iterator)):  # Path.glob(...) among them
        return _gather_list(list(source), store)
    if isinstance(source, (list, tuple)):
        return _gather_list(source, store)
    if np.ma.is_masked(source):
        raise TypeError(f"images is {MASKED}")
    if hasattr(source, "__array__"):
        array = np.asarray(source)
        if array.ndim == 1 and array.dtype.kind in "OUT":
            return _gather_list(list(array), store)
        return Gathered(array=array)
    raise TypeError(
        "images must be an array, a folder, or a list or DataFrame column of file names, PIL "
        f"images or arrays, got {type(source).__name__}"
    )


def _gather_path(name: str, store: Path | None) -> Gathered:
    """List the images of a folder, or the file, of a name."""
    if not name:
        raise ValueError('images is ""; accepted: the name of a file or folder, "." for this one')
    if is_address(name):
        raise ValueError(f"images is {name[:200]!r}: {ADDRESS}")
    path = Path(name).expanduser()
    if not path.exists():
        hint = "; for files by pattern pass Path(folder).glob(pattern)" * ("*" in path.name)
        raise FileNotFoundError(f"no such file or folder: {path.absolute()}{hint}")
    if not path.is_dir():
        return Gathered([path])
    found = find_files([path], store)
    return Gathered(found.files, folder=path, notice=found.notice)


def _gather_list(items: Sequence[Any], store: Path | None) -> Gathered:
    """List the items of a list, or what is in them where all are folders."""
    if any(isinstance(item, (bytes, os.PathLike, io.IOBase)) for item in items):
        items = [
            _name_of(item, item) if isinstance(item, bytes) else _plain(item) for item in items
        ]
    folders = _folders(items)
    if not folders:
        return Gathered(items)
    found = find_files(folders, store)
    return Gathered(found.files, notice=found.notice)


def _folders(items: Sequence[Any]) -> list[Path]:
    """Return the items as paths if there are any and all are folders, else an empty list."""
    folders = []
    for item in items:
        is_name = isinstance(item, (str, os.PathLike)) and os.fspath(item) not in ("",)
        if not is_name or not _is_dir(path := Path(item).expanduser()):
            return []  # at the first that is none: a long list of files is not looked through
        folders.append(path)
    return folders


def _is_dir(path: Path) -> bool:
    """Tell whether a path is a folder; no name of a file at all is none either."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long, or NUL in it
        return False


def _name_of(item: Any, default: Any = None) -> Any:
    """Return a name of a file or folder as text; ``default`` for what is none.

    Bytes are an encoded image, unless there is a file or folder of that name.
    """
    if isinstance(item, (str, os.PathLike)):
        return os.fsdecode(item)
    if isinstance(item, bytes) and 0 < len(item) <= _LONGEST_PATH and b"\0" not in item:
        name = os.fsdecode(item)
        if os.path.exists(name):  # noqa: PTH110 - Path.exists raises for names that are too long
            return name
    return default


def _plain(item: Any) -> Any:
    """Return a name that is bytes as text, an open file as its bytes, anything else as it is."""
    if isinstance(item, (io.RawIOBase, io.BufferedIOBase)):
        return _read_stream(item)
    if isinstance(item, bytes):
        return _name_of(item, item)
    if isinstance(item, os.PathLike) and isinstance(os.fspath(item), bytes):
        return os.fsdecode(item)
    return item


def _read_stream(stream: io.RawIOBase | io.BufferedIOBase) -> bytes:
    """Return all of an open binary file, which is left where it stands."""
    if not stream.seekable():
        return stream.read() or b""
    place = stream.tell()
    stream.seek(0)
    content = stream.read() or b""
    stream.seek(place)
    return content


def _whole_frame(kind: str, names: Any) -> TypeError:
    """Refuse a table, naming its columns."""
    columns = ", ".join(str(name) for name in list(names)[:10])
    return TypeError(
        f"images is a whole {kind}; accepted: the column with the file names, df[...], out of: "
        f"{columns}"
    )
