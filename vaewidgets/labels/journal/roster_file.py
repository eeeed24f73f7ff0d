"""Rosters on disk: written once, whole, each part twice, and never changed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os.path
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vaewidgets import disk
from vaewidgets.labels.journal.log_lines import Entry, Lines, parse, to_line
from vaewidgets.labels.roster import Roster
from vaewidgets.labels.roster.roster import DIGEST

SUFFIX = ".roster"
_PART = 4096
"""Images a line."""
_BYTES = np.dtype(DIGEST).itemsize


def relative_names(roster: Roster, folder: Path) -> list[str]:
    """Name images as seen from the folder of the log: a project that is moved keeps its names."""
    known: dict[str, str] = {}
    names = []
    for path in roster.names:
        above, _, name = path.replace("\\", "/").rpartition("/")
        if above not in known:
            try:
                known[above] = os.path.relpath(above or "/", folder).replace("\\", "/")
            except ValueError:  # another drive
                known[above] = above
        names.append(f"{known[above]}/{name}" if path else "")
    return names


def name_of(roster: Roster, names: Sequence[str]) -> str:
    """Name of a roster: of the same images, by the same relative names, it is the same."""
    digest = hashlib.sha256(f"{len(roster)} {roster.are_points} ".encode())
    digest.update(roster.contents.tobytes())
    digest.update("\0".join(names).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def old_name(fingerprint: str) -> str:
    """Name under which the images of a log of format 1 are kept."""
    return hashlib.sha256(b"format 1 %s" % fingerprint.encode()).hexdigest()[:32]


def write_roster(roster: Roster, names: Sequence[str], folder: Path, name: str) -> None:
    """Put a roster into the folder of a log, if it is not there, whole.

    Parameters
    ----------
    roster : Roster
    names : sequence of str
        From :func:`relative_names`.
    folder : path
    name : str
        Of the roster.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is there.
    """
    target = folder / f"{name}{SUFFIX}"
    if _is_whole(target, len(roster)) or read_roster(target) is not None:
        return
    lines = b"".join(map(to_line, entries_of(roster, names, name)))
    # Not .part: those are taken away by who joins files, who holds the lock, as we may not.
    part = folder / f"{secrets.token_hex(8)}.new"
    try:
        descriptor = disk.open_to_append(part, new=True)
        try:
            disk.write_all(descriptor, lines + lines)  # so that one damaged spot costs nothing
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
        disk.put_in_place(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(part)
        raise


def entries_of(roster: Roster, names: Sequence[str], name: str) -> Iterator[Entry]:
    """Make the entries of a roster, each of so many images; `names` are relative."""
    for first in range(0, max(1, len(roster)), _PART):
        entry: Entry = {
            "order": 0,
            "writer": name,
            "kind": "roster",
            "n": len(roster),
            "first": first,
            "contents": base64.b64encode(roster.contents[first : first + _PART].tobytes()).decode(
                "ascii"
            ),
        }
        if names:
            text = json.dumps(names[first : first + _PART])
            entry["names"] = base64.b64encode(zlib.compress(text.encode())).decode("ascii")
        if roster.are_points:
            entry["points"] = True
        yield entry


class RosterParts:
    """Puts a roster together from its entries, whichever of the two copies of each is whole."""

    def __init__(self, folder: Path) -> None:
        self._absolute = _absolute_from(folder)
        self._contents: dict[int, bytes] = {}
        self._names: dict[int, list[str]] = {}
        self._n = -1
        self._are_points = False

    def add(self, entry: Entry) -> None:
        """Take an entry; ValueError, KeyError or TypeError if it is none."""
        first, n = entry["first"], entry["n"]
        if first in self._contents:
            return
        if type(n) is not int or type(first) is not int or first % _PART or not 0 <= first <= n:
            raise ValueError("no part of a roster")
        size = min(_PART, n - first)
        contents = base64.b64decode(entry["contents"], validate=True)
        if len(contents) != size * _BYTES:
            raise ValueError("not a digest for each image")
        if "names" in entry:
            text = zlib.decompress(base64.b64decode(entry["names"], validate=True))
            names = [self._absolute(str(name)) for name in json.loads(text)]
            if len(names) != size:
                raise ValueError("not a name for each image")
            self._names[first] = names
        self._contents[first] = contents
        self._n = n
        self._are_points |= bool(entry.get("points"))

    def roster(self) -> Roster | None:
        """Return the roster; None if parts of it are lost."""
        firsts = range(0, max(1, self._n), _PART)
        if self._n < 0 or any(first not in self._contents for first in firsts):
            return None
        contents = b"".join(self._contents[first] for first in firsts)
        names: list[str] = []
        if len(self._names) == len(firsts):
            names = [name for first in firsts for name in self._names[first]]
        return Roster(np.frombuffer(contents, DIGEST), names, self._are_points)


def read_roster(path: Path) -> Roster | None:
    """Read a roster; None if it is not there, or too damaged.

    Raises
    ------
    OSError
        If the disk fails.
    """
    try:
        data = disk.read_from(path, 0)
    except FileNotFoundError:
        return None
    parts = RosterParts(path.parent)
    for entry in parse(Lines(data, is_end=True).texts):
        with contextlib.suppress(ValueError, KeyError, TypeError, zlib.error):
            parts.add(entry)
    return parts.roster()


def _is_whole(path: Path, n: int) -> bool:
    """Whether all lines of a roster of n images are there, by their checksums alone."""
    try:
        lines = Lines(disk.read_from(path, 0), is_end=True)
    except FileNotFoundError:
        return False
    return not lines.damaged and len(lines.texts) == 2 * len(range(0, max(1, n), _PART))


def sweep(folder: Path, used: Iterable[str]) -> None:
    """Take away rosters that no file speaks of; called with the lock of the folder held."""
    wanted = {f"{name}{SUFFIX}" for name in used}
    for path in [*folder.glob(f"*{SUFFIX}"), *folder.glob("*.new")]:
        if path.name not in wanted:
            with contextlib.suppress(OSError):
                disk.remove(path)


def _absolute_from(folder: Path) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def absolute(path: str) -> Any:
        if not path:
            return ""
        above, _, name = path.rpartition("/")
        if above not in known:
            known[above] = os.path.normpath(folder / above)
        return known[above].rstrip(os.sep) + os.sep + name

    return absolute
