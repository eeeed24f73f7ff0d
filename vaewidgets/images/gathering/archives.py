"""Pictures inside one file: zip and tar archives, arrays of numpy (.npy, .npz), Parquet tables.

Nothing is unpacked to disk, and no file is asked to run code: arrays of objects, which numpy
would unpickle, are refused.
"""

from __future__ import annotations

import json
import tarfile
import zipfile
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.images.classes import of_class_folders
from vaewidgets.images.decoding import UnreadableError
from vaewidgets.images.formats import HEAD, SUFFIXES, is_picture
from vaewidgets.images.gathering.folders import Found
from vaewidgets.images.gathering.rows import LABEL_NAMES, Rows, rows_of
from vaewidgets.images.members import Members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

# A member that says it is larger is not read: unpacked, it would fill the memory.
LARGEST_MEMBER = 2**30

_TAR_MARK = slice(257, 262)  # "ustar"
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_TAR_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


def kind_of(head: bytes, name: str) -> str:
    """Tell what kind of archive a file is by its first bytes: "zip", "tar", "npy" or "parquet".

    Parameters
    ----------
    head : bytes
        The first 4096 bytes.
    name : str
        Of the file; it counts for compressed archives only, which do not tell what is in them.

    Returns
    -------
    str
        "" for what is none.
    """
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if head[_TAR_MARK] == b"ustar":
        return "tar"
    if head.startswith(_PACKED) and name.lower().endswith(_TAR_SUFFIXES):
        return "tar"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    return "parquet" if head.startswith(b"PAR1") else ""


class Archive(Members):
    """The pictures of a zip or tar archive.

    Parameters
    ----------
    title : str
        What the archive is called.
    sizes : dict of str to int
        The names of all files in it, in order, with their sizes unpacked.
    read : callable(str, int) -> bytes
        Return the first so many bytes of a file, all for -1.

    Attributes
    ----------
    found : Found
        What else is in it.

    Raises
    ------
    ValueError
        If there is no picture, naming what is there.
    """

    def __init__(
        self, title: str, sizes: dict[str, int], read: Callable[[str, int], bytes]
    ) -> None:
        self._title, self._sizes, self._read = title, sizes, read
        self.found = Found()
        self._labels = dict[str, str]()
        self._names = [name for name in sizes if self._is_picture(name)]
        self._classes = None if self._labels else of_class_folders(self._names)
        if not self._names:
            raise ValueError(f"no image files in {title} (found: {self.found.summary})")

    def __len__(self) -> int:
        return len(self._names)

    def fetch(self, number: int) -> bytes:
        """Return the content of one file."""
        name = self._names[number]
        if self._sizes[name] > LARGEST_MEMBER:
            raise UnreadableError(f"unpacked, it is larger than {LARGEST_MEMBER:,} bytes")
        try:
            return self._read(name, -1)
        except RuntimeError as error:  # what zipfile raises where a password is asked for
            raise UnreadableError(f"cannot be unpacked: {error}") from error

    def name(self, number: int) -> str:
        """Return the name of one file in the archive."""
        return self._names[number]

    def source(self, number: int) -> str:
        """Return the name with that of the archive before it."""
        return f"{self._title}/{self._names[number]}"

    def label(self, number: int) -> Any:
        """Return what stands beside a picture in a file of its name, else its class folder."""
        if self._classes is not None:
            return self._classes[number]
        return self._labels.get(_key(self._names[number]))

    def _is_picture(self, name: str) -> bool:
        """Tell whether a file is a picture; keep a label, and count the rest by its kind."""
        path = PurePosixPath(name)
        if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
            self.found.hidden += 1
            return False
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            return True
        try:
            head = self._read(name, HEAD)
        except Exception:  # noqa: BLE001 - damaged or locked: counted, as nobody can say what it is
            head = b""
        if is_picture(head, suffix):
            return True
        if suffix in (".cls", ".json"):
            self._keep_label(name, suffix)
        self.found.others[suffix or "without suffix"] += 1
        return False

    def _keep_label(self, name: str, suffix: str) -> None:
        """Note the label in a file that lies beside a picture, as WebDataset has them."""
        if self._sizes[name] > HEAD:
            return
        try:
            text = self._read(name, -1).decode("utf-8").strip()
            value = _label_in(json.loads(text)) if suffix == ".json" else text
        except (ValueError, OSError, RuntimeError):
            return
        if value not in (None, ""):
            self._labels[_key(name)] = str(value)


class Chain(Members):
    """Several archives or tables one after another, as the parts of one that was cut."""

    def __init__(self, parts: Sequence[Members]) -> None:
        self._parts = parts
        self.closes = self._close_all
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _close_all(self) -> None:
        for part in self._parts:
            part.close()

    def _at(self, number: int) -> tuple[Members, int]:
        part = bisect_right(self._ends, number)
        return self._parts[part], number - (self._ends[part - 1] if part else 0)

    def fetch(self, number: int) -> Any:
        """Return one image."""
        part, place = self._at(number)
        return part.fetch(place)

    def name(self, number: int) -> str:
        """Return what one is called, after its part, as parts may have equal names."""
        part, place = self._at(number)
        return part.source(place) if part.name(place) else ""

    def source(self, number: int) -> str:
        """Say where one comes from."""
        part, place = self._at(number)
        return part.source(place)

    def label(self, number: int) -> Any:
        """Return its label."""
        part, place = self._at(number)
        return part.label(place)


class Table:
    """The rows of a Parquet file, a group of rows in memory at a time."""

    def __init__(self, file: Any) -> None:
        groups = (file.metadata.row_group(group) for group in range(file.num_row_groups))
        self._ends = list(accumulate(group.num_rows for group in groups))
        self._file, self._held, self._rows = file, -1, list[dict[str, Any]]()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int) -> dict[str, Any]:
        group = bisect_right(self._ends, number)
        if group != self._held:
            self._rows = self._file.read_row_group(group).to_pylist()
            self._held = group
        return self._rows[number - (self._ends[group - 1] if group else 0)]


def open_zip(file: Any, title: str) -> Archive:
    """List the pictures of a zip archive, given by name, as an open file or opened."""
    is_opened = isinstance(file, zipfile.ZipFile)
    try:
        archive = file if is_opened else zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{title} is a damaged zip archive: {error}") from error

    def read(name: str, size: int) -> bytes:
        with archive.open(name) as member:
            return member.read(size)

    sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
    return _listed(title, dict(sorted(sizes.items())), read, None if is_opened else archive.close)


def open_tar(file: Any, title: str) -> Archive:
    """List the pictures of a tar archive, compressed or not, in the order they lie there.

    Of a compressed one, to go back means to unpack it again from the beginning.
    """
    is_opened = isinstance(file, tarfile.TarFile)
    by = {"name": file} if isinstance(file, (str, Path)) else {"fileobj": file}
    archive: Any = file
    try:
        archive = file if is_opened else tarfile.open(**by)  # noqa: SIM115 - while it is read
        members = {member.name: member for member in archive.getmembers() if member.isfile()}
    except (tarfile.TarError, EOFError, OSError) as error:
        if archive is not file:
            archive.close()
        raise ValueError(f"{title} is a damaged tar archive: {error}") from error

    def read(name: str, size: int) -> bytes:
        member = archive.extractfile(members[name])
        return b"" if member is None else bytes(member.read(size))

    sizes = {name: member.size for name, member in members.items()}
    return _listed(title, sizes, read, None if is_opened else archive.close)


def _listed(
    title: str,
    sizes: dict[str, int],
    read: Callable[[str, int], bytes],
    close: Callable[[], None] | None,
) -> Archive:
    """List the pictures of an archive, to be closed if that fails, else when they are read."""
    try:
        archive = Archive(title, sizes, read)
    except BaseException:
        if close is not None:
            close()
        raise
    archive.closes = close
    return archive


def open_npz(arrays: Any, title: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return the one array of images of an opened .npz file, and the labels beside it, if any.

    Raises
    ------
    ValueError
        There is none, or there are several: they are named.
    """
    shapes = {name: _read_shape(arrays, name) for name in arrays.files}
    found = [name for name, shape in shapes.items() if len(shape) in (3, 4)]
    if len(found) != 1:
        what = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
        raise ValueError(
            f"{title} holds {what}; accepted: one array of images. Pass "
            f"numpy.load({title!r})[name]"
        )
    n = shapes[found[0]][0]
    beside = [name for name in LABEL_NAMES if shapes.get(name, ()) in ((n,), (n, 1))]
    labels = np.ravel(arrays[beside[0]]) if beside else None
    return arrays[found[0]], labels


def open_npy(file: Any, title: str) -> NDArray[Any]:
    """Return the array of a .npy file, mapped into memory where it is a file on disk."""
    is_on_disk = isinstance(file, (str, Path))
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r" if is_on_disk else None)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{title} cannot be read as an array: {error}") from error
    return array


def open_parquet(file: Any, title: str) -> Rows:
    """Return the rows of a Parquet table, a group of rows in memory at a time.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    TypeError, ValueError
        No column holds images, or several do, or the file is damaged.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            f"{title} is a Parquet table, which needs pyarrow: pip install vaewidgets[parquet]"
        ) from error
    try:
        table = parquet.ParquetFile(file)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{title} is a damaged Parquet table: {error}") from error
    rows = Table(table)
    found = rows_of(rows, _classes(table.schema_arrow.metadata or {}), title)
    if found is None:
        raise ValueError(f"{title} holds no rows")
    found.closes = table.close
    return found


def _key(name: str) -> str:
    """Return what the files of one example have in common: the name up to its first dot."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0]))


def _label_in(value: Any) -> Any:
    """Return the label in what a JSON file holds, None if there is none."""
    if isinstance(value, dict):
        value = next((value[name] for name in LABEL_NAMES if name in value), None)
    return value if isinstance(value, (str, int)) else None


def _read_shape(arrays: Any, name: str) -> tuple[int, ...]:
    """Return the shape of an array in an .npz file by its header; () for what is no array."""
    try:
        with arrays.zip.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape: tuple[int, ...] = read(file)[0]
    except (KeyError, ValueError):
        return ()
    return shape


def _classes(metadata: dict[bytes, bytes]) -> dict[str, Sequence[str]]:
    """Return the names of the classes that Hugging Face writes into a table, by column."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {name: tuple(kind["names"]) for name, kind in features.items() if "names" in kind}
    except (KeyError, ValueError, TypeError):
        return {}
