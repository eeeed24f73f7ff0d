"""Files that must last: what the rooms that write them share.

A log of labels makes every call to the system here, so that tests can stand in for the disk.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _FAR = 2**40  # Windows forbids others to read what is locked: lock where nothing stands
else:
    import fcntl


def flush_folder(folder: Path) -> None:
    """Make a renaming or a new name in a folder last through a power cut.

    Where the system can: Windows opens no folders, and nothing is done there.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder that lasts, and those above it that are missing."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):  # another program made it meanwhile
            os.mkdir(folder)  # noqa: PTH102  (every call to the system goes by os)
        flush_folder(folder.parent)


def open_to_append(path: Path, *, new: bool = False) -> int:
    """Open a file to read and to append to; make it if need be, or always if `new`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    return os.open(path, flags | (os.O_EXCL if new else 0), 0o666)


def read_from(path: Path, start: int) -> bytes:
    """Return what a file holds from byte `start` on."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return file.read()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`: a disk that is nearly full takes a part of it without an error."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync(descriptor: int) -> None:
    """Wait until the data of a file would survive a power cut."""
    if sys.platform == "darwin":
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync leaves it in the drive's memory
        except OSError:  # not on network drives
            os.fsync(descriptor)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def cut(descriptor: int, size: int) -> None:
    """Cut off what stands behind the first `size` bytes of a file."""
    os.ftruncate(descriptor, size)


def close(descriptor: int) -> None:
    """Close a file, and let go of its lock."""
    os.close(descriptor)


def put_in_place(part: Path, target: Path) -> None:
    """Give a file, whole and on disk, its name; that lasts too."""
    os.replace(part, target)  # noqa: PTH105
    flush_folder(target.parent)


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


def lock(descriptor: int, *, wait: bool) -> None:
    """Lock an open file until it is closed or its program ends.

    Raises
    ------
    BlockingIOError
        Another one holds the lock, and `wait` is False.
    OSError
        There are no locks, as on some network drives.
    """
    if sys.platform == "win32":
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def is_left(path: Path) -> bool:
    """Whether nobody holds the lock of a file; False if that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        lock(descriptor, wait=False)
    except OSError:
        return False
    finally:
        close(descriptor)
    return True


@contextlib.contextmanager
def held(path: Path, patience: float) -> Iterator[bool]:
    """Hold the lock of a file, made if need be; False where it could not be had in time.

    Parameters
    ----------
    path : path
    patience : float
        How long to wait for it at most, in seconds.
    """
    descriptor = open_to_append(path)
    try:
        yield _lock_within(descriptor, patience)
    finally:
        close(descriptor)


def _lock_within(descriptor: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        try:
            lock(descriptor, wait=False)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        except OSError:
            return False
        else:
            return True
