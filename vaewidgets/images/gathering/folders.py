"""What is below folders: every file is a picture, or counted among those that are none."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vaewidgets.images.decoding import can_open
from vaewidgets.images.formats import HEAD, SUFFIXES, is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Found:
    """What was found below folders.

    Attributes
    ----------
    files : list of Path
        The pictures, read or not, in the order of names.
    others : Counter
        How many files there are of each other kind, by suffix.
    hidden, doubles : int
        Files and folders whose names begin with a dot; links to folders read already.
    closed : list of str
        Folders that could not be looked into, with the reason.
    """

    files: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    doubles: int = 0
    closed: list[str] = field(default_factory=list)

    @property
    def notice(self) -> str:
        """Say in a line what was left out, "" if nothing was."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.others.most_common())
        verb = "are no pictures" if self.others.total() > 1 else "is no picture"
        return "; ".join([f"{kinds} {verb}"] * bool(kinds) + self._rest())

    @property
    def summary(self) -> str:
        """Say in a line what is there where no picture is."""
        kinds = [f"{count} x {kind}" for kind, count in self.others.most_common()]
        return "; ".join([", ".join(kinds)] * bool(kinds) + self._rest()) or "nothing"

    def _rest(self) -> list[str]:
        """Say what of it was not looked into."""
        rest = []
        if self.hidden:
            rest.append(f"{_count(self.hidden, 'hidden file or folder')} left out")
        if self.doubles:
            rest.append(f"{_count(self.doubles, 'way')} to folders read already not followed")
        if self.closed:
            first = "; ".join(self.closed[:3])
            rest.append(f"{_count(len(self.closed), 'folder')} could not be opened: {first}")
        return rest


def find_files(folders: Iterable[Path], leave_out: Path | None = None) -> Found:
    """Find the pictures of folders and of those in them, linked ones too, each folder once.

    Parameters
    ----------
    folders : iterable of Path
    leave_out : Path, optional
        A file that is not looked at.

    Raises
    ------
    ValueError
        If there is none, naming what is there.
    """
    folders = list(folders)
    found, seen = Found(), set[tuple[int, int]]()
    for folder in folders:
        files: list[Path] = []
        # Links wait until all that is reached without them was: a folder keeps its own name.
        waiting = _walk(folder, seen, files, found)
        above = folder.resolve().parents
        while waiting:
            link = waiting.pop(0)
            if link.resolve() in above:  # it leads round in a circle, to what was not asked for
                found.doubles += 1
            else:
                waiting += _walk(link, seen, files, found)
        found.files += [path for path in sorted(files) if path != leave_out and _sort(path, found)]
    if not found.files:
        where = str(folders[0]) if len(folders) == 1 else f"the {len(folders)} folders"
        raise ValueError(
            f"no image files in {where} (found: {found.summary}); known are "
            + " ".join(sorted(SUFFIXES - {".svg"}))
            + ", under any name"
        )
    return found


def _walk(folder: Path, seen: set[tuple[int, int]], files: list[Path], found: Found) -> list[Path]:
    """Put all files below a folder into ``files``; return the linked folders, not entered yet."""
    links: list[Path] = []
    inside = [folder]
    while inside:
        place = inside.pop()
        try:
            status = place.stat()
            if (status.st_dev, status.st_ino) in seen:
                found.doubles += 1
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            found.closed.append(f"{place} ({error.strerror})")
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                found.hidden += 1
            elif not _is_folder(entry):
                files.append(place / entry.name)
            else:
                (links if entry.is_symlink() else inside).append(place / entry.name)
    return sorted(links)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _sort(path: Path, found: Found) -> bool:
    """Tell whether a file is a picture; count it by its kind if it is none."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or not path.exists():  # a broken link is rejected with that reason
        return True
    kind = suffix or "without suffix"
    if not path.is_file():  # a pipe would be waited for
        kind = "special files"
    else:
        try:
            with path.open("rb") as file:
                head = file.read(HEAD)
        except OSError:
            return True  # rejected with the reason
        is_one = is_picture(head, suffix)
        if is_one or (is_one is None and can_open(path)):
            return True
    found.others[kind] += 1
    return False


def _count(number: int, thing: str) -> str:
    """Put a number of things in words."""
    if number == 1:
        return f"1 {thing}"
    first, *others = thing.split(" or ")
    return f"{number} " + " or ".join(f"{word}s" for word in (first, *others))
