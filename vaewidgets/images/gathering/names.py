"""Which things are names of files and folders, and which are their content."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vaewidgets.arguments.arrays import as_array, is_array

# The longest path of Linux, in bytes: longer bytes are no name.
_LONGEST_PATH = 4096

_SHARDS = (".zip", ".tar", ".tgz", ".tar.gz", ".parquet")


def folders_of(items: Sequence[Any]) -> list[Path]:
    """Return the items as paths if there are any and all are folders, else an empty list."""
    folders = []
    for item in items:
        is_name = isinstance(item, (str, os.PathLike)) and os.fspath(item) not in ("",)
        if not is_name or not _is_dir(path := Path(item).expanduser()):
            return []  # at the first that is none: a long list of files is not looked through
        folders.append(path)
    return folders


def archives_of(items: Sequence[Any]) -> list[Any]:
    """Return the items if all are names of archives of pictures or tables, else an empty list."""
    for item in items:
        is_name = isinstance(item, (str, os.PathLike)) and os.fspath(item) not in ("",)
        if not is_name or not str(item).lower().endswith(_SHARDS):
            return []
        if not os.path.isfile(os.path.expanduser(item)):  # noqa: PTH111, PTH113 - as above
            return []
    return list(items)


def _is_dir(path: Path) -> bool:
    """Tell whether a path is a folder; no name of a file at all is none either."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long, or NUL in it
        return False


def name_of_file(item: Any, default: Any = None) -> Any:
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


def plain(item: Any) -> Any:
    """Return a name that is bytes as text, an open file as its bytes, anything else as it is."""
    if isinstance(item, (io.RawIOBase, io.BufferedIOBase)):
        return _read_stream(item)
    if isinstance(item, bytes):
        return name_of_file(item, item)
    if isinstance(item, os.PathLike) and isinstance(os.fspath(item), bytes):
        return os.fsdecode(item)
    if is_array(item) and not isinstance(item, np.ndarray):
        return as_array(item)
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


def plain_items(items: Sequence[Any]) -> Sequence[Any]:
    """Return items with names as text, open files as bytes and tensors as arrays."""
    if any(not isinstance(item, (str, Image.Image, np.ndarray)) for item in items):
        return [plain(item) for item in items]
    return items
