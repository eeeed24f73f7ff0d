"""The files of a log: the one we append to, and those of others that we follow."""

from __future__ import annotations

import contextlib
from pathlib import Path

from vaewidgets import disk
from vaewidgets.labels.journal.log_lines import Lines

_SUM = 8  # bytes of the checksum at the beginning of a line


class OwnFile:
    """The file of one writer, open to append to, and locked as long as the writer lives.

    Parameters
    ----------
    path : path
        A new file.
    lines : bytes
        What it begins with.

    Raises
    ------
    OSError
        If it cannot be made; then it is not there.
    """

    def __init__(self, path: Path, lines: bytes) -> None:
        self.path = path
        self._descriptor = disk.open_to_append(path, new=True)
        self._size = 0
        self._is_torn = False
        try:
            with contextlib.suppress(OSError):  # some network drives have no locks
                disk.lock(self._descriptor, wait=False)
            self.append(lines)
            disk.flush_folder(path.parent)
        except BaseException:
            self.close(remove=True)
            raise

    def append(self, lines: bytes) -> None:
        """Write lines and wait until they are on disk.

        Raises
        ------
        OSError
            If they are not. What came to stand in the file is cut off, now or, if that fails
            too, before anything else is written.
        """
        if self._is_torn:
            disk.cut(self._descriptor, self._size)
        self._is_torn = True
        try:
            disk.write_all(self._descriptor, lines)
            disk.sync(self._descriptor)
        except BaseException:  # whoever interrupts does not know either whether it is there
            with contextlib.suppress(OSError):
                disk.cut(self._descriptor, self._size)
                self._is_torn = False
            raise
        self._is_torn = False
        self._size += len(lines)

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file; nothing can be appended any more."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            if self._is_torn:
                disk.cut(descriptor, self._size)
            if remove:
                disk.remove(self.path)
        with contextlib.suppress(OSError):
            disk.close(descriptor)


class FollowedFile:
    """A file that somebody appends to, read piece by piece.

    Attributes
    ----------
    damaged : list of int
        Numbers of the lines found damaged, from 1.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: list[int] = []
        self._seen = -1
        self._last, self._end = 0, 0
        self._sum = b""
        self._n_lines = 0

    def has_other_size(self, size: int) -> bool:
        """Whether it has changed since it was read, by its size."""
        return size != self._seen

    def read(self, *, is_end: bool) -> Lines | None:
        """Read the whole lines that were appended; None if what was read before has changed.

        Parameters
        ----------
        is_end : bool
            Whether nobody writes there: see :class:`Lines`.
        """
        data = disk.read_from(self.path, self._last)
        if data[:_SUM] != self._sum and self._sum:
            return None
        self._seen = self._last + len(data)
        new = Lines(data[self._end - self._last :], is_end=is_end)
        for number in new.damaged:
            if self._n_lines + number + 1 not in self.damaged:
                self.damaged.append(self._n_lines + number + 1)
        if new.end:
            start = self._end + new.last
            self._sum = data[start - self._last :][:_SUM]
            self._last, self._end = start, self._end + new.end
            self._n_lines += new.n_lines
        return new
