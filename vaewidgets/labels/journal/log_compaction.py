"""Many small files that old writers left, joined into one."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import zlib
from collections.abc import Sequence
from pathlib import Path

from vaewidgets import disk
from vaewidgets.labels.journal.log_lines import Lines

MANY = 8
"""From so many small files on they are joined."""
SMALL = 8 * 2**20
"""Up to so many bytes a file is small: what is big already is not copied again and again."""


def join_old_files(folder: Path, left: Sequence[Path], head: bytes, *, many: int = MANY) -> None:
    """Join the small files of writers that are gone, if there are many.

    Called with the lock of the folder held. Nobody ever writes to a file that its writer left, so
    it is enough that the joined file is whole and has its name before the first of the others
    goes: a record that is found twice counts once.

    Parameters
    ----------
    folder : path
    left : sequence of path
        Files whose writers are gone.
    head : bytes
        First line of the new file.
    many : int
        How many are too many.
    """
    for part in folder.glob("*.part"):
        disk.remove(part)  # of a program that was killed here
    old = {path: text for path in left if (text := _records(path)) is not None}
    if len(old) < many:
        return
    name = secrets.token_hex(8)
    part = folder / f"{name}.part"
    try:
        descriptor = disk.open_to_append(part, new=True)
        try:
            disk.write_all(descriptor, b"".join([head, head, *old.values()]))
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
        disk.put_in_place(part, folder / f"{name}.jsonl")
    except OSError:  # a full disk, say: then they stay as they are
        with contextlib.suppress(OSError):
            disk.remove(part)
        return
    with contextlib.suppress(OSError):
        for path in old:
            disk.remove(path)
        disk.flush_folder(folder)


def _records(path: Path) -> bytes | None:
    """All lines of a file; None if the file has to stay.

    Heads stay too: they say which images the records of their writers are about.

    It stays if it is big, damaged, so that the damage can be looked into, or of another machine,
    where locks may not tell that its writer is alive.
    """
    try:
        data = disk.read_from(path, 0)
    except OSError:
        return None
    if len(data) > SMALL:
        return None
    lines = Lines(data, is_end=True)
    try:
        entries = [json.loads(text) for text in lines.texts]
        hosts = {entry["host"] for entry in entries if entry["kind"] == "log"}
    except (ValueError, KeyError, TypeError):
        return None
    if lines.damaged or (hosts != {socket.gethostname()} and lines.texts):
        return None
    return b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in lines.texts)
