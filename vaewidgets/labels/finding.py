"""Finding the log of some images again: beside the notebook, and up to where the images are."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vaewidgets.labels.journal.peek import Glance, glance
from vaewidgets.labels.roster import Roster

FOLDER = "vaewidgets-labels"
"""Logs of labels lie in this folder beside the notebook if nobody says where."""
_OLD_NAME = re.compile(r"(?P<words>.*)-[0-9a-f]{12}")


@dataclass(frozen=True)
class Finding:
    """Which log to go on with.

    Attributes
    ----------
    folder : Path
        Of a log that knows some of the images, else a new one.
    others : list of (Path, int)
        Further logs of the same column, and how many of the images each knows.
    strange : list of (Path, int)
        Logs of the same column that do not tell which images they know, and of how many they are.
    """

    folder: Path
    others: list[tuple[Path, int]]
    strange: list[tuple[Path, int]]

    @property
    def words(self) -> str:
        """What a person should know of it; "" if there was nothing to choose."""
        lines = [
            f"labels of {n:,} of these images also lie in {str(folder)!r}: "
            f"journal={str(folder)!r} goes on there instead, and vaewidgets.labels.merge("
            f"{str(self.folder)!r}, {str(folder)!r}) brings both together"
            for folder, n in self.others
        ]
        lines += [
            f"{str(folder)!r} holds labels of {n:,} images, of which it cannot be told whether "
            f"they are these: journal={str(folder)!r} opens it, with just those images, loaded as "
            "then"
            for folder, n in self.strange
        ]
        if not lines:
            return ""
        return f"labels are kept in {str(self.folder)!r}. But " + "; ".join(lines)


def find_log(
    roster: Roster, column: Hashable, *, is_multi: bool, asked: Collection[str] = ()
) -> Finding:
    """Find the log of a column that knows most of some images, or name a new one.

    Parameters
    ----------
    roster : Roster
    column : hashable
        Name of the column; with tags their title.
    is_multi : bool
        Whether an image can have several tags.
    asked : collection of str
        With tags: those that are asked for. A log of none of them is another task's.

    Notes
    -----
    Of logs that know equally many the one nearest to the notebook is taken.
    """
    title, words = column_title(column), _words(column)
    known: list[tuple[int, int, Path]] = []
    strange = []
    for place in _places(roster):
        for log in _logs(place / FOLDER):
            if not _is_of(log, title, words, is_multi, asked):
                continue
            n = log.n_known(roster)
            shared = len(log.asked & set(asked)) if is_multi else 0
            if n:
                known.append((n, shared, log.folder))
            elif any(n_rows == len(roster) for n_rows in log.old.values()) or (
                roster.are_points and log.n_images == len(roster)
            ):
                strange.append((log.folder, log.n_images))
    ranked = sorted(known, key=lambda each: (-each[1], -each[0]))  # stable: the nearest first
    if ranked:
        others = [(folder, n) for n, _, folder in ranked[1:]]
        return Finding(ranked[0][2], others, [])
    return Finding(_new_folder(words, asked if is_multi else ()), [], strange)


def column_title(column: Hashable) -> str:
    """Name of a column as text, another one for another column."""
    return column if isinstance(column, str) else repr(column)


def _is_of(log: Glance, title: str, words: str, is_multi: bool, asked: Collection[str]) -> bool:
    """Whether a log is of this column, or of these tags."""
    if log.is_multi != is_multi:
        return False
    old = _OLD_NAME.fullmatch(log.folder.name)
    is_of = title in log.columns or (old is not None and old["words"] == words)
    if is_multi and is_of:  # those that are begun with no tag are one task
        return bool(log.asked & set(asked)) or not (log.asked or asked)
    return is_of


def _logs(folder: Path) -> Iterator[Glance]:
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return
    for path in inside:
        log = glance(path)
        if log is not None:
            yield log


def _places(roster: Roster) -> list[Path]:
    """Where logs are looked for: here and above, then where the images are and above."""
    here = Path.cwd()
    folders = {os.path.dirname(name) for name in roster.names if name}  # noqa: PTH120  (of many)
    starts = [here]
    if folders:
        try:
            starts.append(Path(os.path.commonpath(folders)))
        except ValueError:  # on several drives
            starts += [Path(folder) for folder in sorted(folders)[:10]]
    places = [place for start in starts for place in (start, *start.parents)]
    return [place for place in dict.fromkeys(places) if place != place.parent]


def _new_folder(words: str, tags: Collection[str]) -> Path:
    """Name a folder beside the notebook that is not there yet."""
    title = "-".join([words, *(_words(tag) for tag in list(tags)[:3])])[:80]
    folder, copy = Path(FOLDER).absolute() / title, 1
    while folder.exists():
        copy += 1
        folder = folder.with_name(f"{title}-{copy}")
    return folder


def _words(column: Hashable) -> str:
    """Name of a folder for a column."""
    words = re.sub(r"[^\w-]+", "-", str(column))[:40].strip("-") or "labels"
    if words != str(column):  # another column may come to the same words
        words += "-" + hashlib.sha256(repr(column).encode("utf-8", "replace")).hexdigest()[:8]
    return words
