"""The file of a store: pixels that numpy can map, and a note behind them that says what they are.

The file is an ordinary .npy of uint8. Behind the pixels, where numpy does not look, stands a note
in JSON, then its SHA-256, its length and a mark. All in one file, so that one rename puts all in
place, and a file without its end is never taken for whole.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import math
import os
import secrets
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from vaewidgets.disk import flush_folder, lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

HEADER = 128  # bytes of the .npy header, padded, so that it can be written last
MARK = b"vaewidgets store"
_END = struct.Struct(f"<32sQ{len(MARK)}s")  # SHA-256 and length of the note, mark

Note = dict[str, Any]


def finish(file: BinaryIO, note: Note) -> None:
    """Write the note behind the pixels and the header before them, and see them on the disk.

    Parameters
    ----------
    file : binary file
        At its end; ``HEADER`` bytes and the pixels are written.
    note : dict
        Plain JSON values; "shape" is that of the pixels.
    """
    text = json.dumps(note).encode("ascii")
    file.write(text + _END.pack(hashlib.sha256(text).digest(), len(text), MARK))
    file.seek(0)
    file.write(_header(note["shape"]))
    file.flush()
    os.fsync(file.fileno())


def read_note(file: BinaryIO) -> Note:
    """Read the note of a store.

    Raises
    ------
    FileExistsError
        It is another file, or one that is not whole.
    """
    try:
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(0, n_bytes - _END.size))
        digest, length, mark = _END.unpack(file.read())
        if mark != MARK or length > n_bytes - _END.size:
            raise ValueError("no mark")
        file.seek(n_bytes - _END.size - length)
        text = file.read(length)
        if hashlib.sha256(text).digest() != digest:
            raise ValueError("the note has changed")
        note: Note = json.loads(text)
        file.seek(0)
        is_whole = n_bytes == HEADER + math.prod(note["shape"]) + length + _END.size
        if not is_whole or file.read(HEADER) != _header(note["shape"]):
            raise ValueError("parts are missing")
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise FileExistsError(
            f"store is {file.name!r}, a file that load_images did not write, or that is damaged; "
            "accepted: a new name, or a store of load_images. Delete the file first if you do not "
            "need it"
        ) from error
    return note


def open_map(file: BinaryIO, note: Note) -> NDArray[np.uint8]:
    """Map the pixels of an open store into memory, to be read only."""
    return np.memmap(file, np.uint8, "r", HEADER, tuple(note["shape"]))


@contextlib.contextmanager
def part_of(store: Path) -> Iterator[BinaryIO]:
    """Open a file to write that becomes the store at the end; after an error nothing is left.

    Raises
    ------
    FileExistsError
        Another file has come to stand there meanwhile.
    """
    part, file = _new_part(store)
    try:
        yield file
        file.close()
        if store.exists():
            with store.open("rb") as old:
                read_note(old)
        part.replace(store)
    except BaseException:
        with contextlib.suppress(OSError):  # a full disk would be found full again
            file.close()
        part.unlink(missing_ok=True)
        raise
    flush_folder(store.parent)


def sweep(store: Path) -> None:
    """Remove the parts of runs that were killed; those of living ones are locked."""
    for part in store.parent.glob(f".{glob.escape(store.name)}.*.part"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            lock(file.fileno(), wait=False)
            part.unlink()


def _new_part(store: Path) -> tuple[Path, BinaryIO]:
    """Open a new hidden file beside the store, locked."""
    while True:
        part = store.with_name(f".{store.name}.{secrets.token_hex(4)}.part")
        file = part.open("x+b", buffering=2**20)
        with contextlib.suppress(OSError):  # some network drives have no locks
            lock(file.fileno(), wait=True)
        if os.fstat(file.fileno()).st_nlink:  # not swept away before it was locked
            return part, file
        file.close()


def _header(shape: Sequence[int]) -> bytes:
    """Return the header of a .npy file, version 1.0, of uint8 in this shape."""
    words = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    length = HEADER - 10
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", length) + f"{words:<{length - 1}}\n".encode()
