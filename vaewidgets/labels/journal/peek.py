"""A glance at a log, to tell whether it is the one that is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vaewidgets import disk
from vaewidgets.labels.journal import roster_file
from vaewidgets.labels.journal.edits import ASKED
from vaewidgets.labels.journal.log_lines import Entry, Lines, parse
from vaewidgets.labels.roster import Register, Roster


@dataclass
class Glance:
    """What a log says of itself.

    Attributes
    ----------
    folder : Path
    columns : set of str
        Names of the columns that it was opened for; those of format 1 do not say it.
    is_multi : bool
    n_images : int
        How many images it is of, at least.
    old : dict of str to int
        Fingerprints of collections that only format 1 knows, and how many images each has.
    asked : set of str
        Classes or tags that cells asked for.
    """

    folder: Path
    columns: set[str] = field(default_factory=set)
    is_multi: bool = False
    n_images: int = 0
    old: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def n_known(self, roster: Roster) -> int:
        """How many images of a collection the log knows."""
        for fingerprint, n_images in self.old.items():
            if n_images == len(roster) and fingerprint in roster.old_fingerprints():
                return len(roster)
        register = Register(roster)
        for path in sorted(self.folder.glob(f"*{roster_file.SUFFIX}")):
            other = roster_file.read_roster(path)
            if other is not None:
                register.place(other)
        self.n_images = max(self.n_images, len(register))
        return int((register.found_by > 0).sum())


def glance(folder: Path) -> Glance | None:
    """Look into a folder; None if no log is there that can be read."""
    found = Glance(folder)
    n_heads = 0
    for path in sorted(folder.glob("*.jsonl")):
        for entry in _entries(path):
            if entry.get("kind") == "log":
                n_heads += 1
                found.columns |= {entry["column"]} if "column" in entry else set()
                found.is_multi |= bool(entry.get("multi"))
                found.n_images = max(found.n_images, entry.get("n_rows", 0))
                _note_old(found, entry)
            elif entry.get("kind") == "start":
                found.asked |= set(entry["classes"])
            else:
                found.asked.add(entry.get("name", ""))
    return found if n_heads else None


def _note_old(found: Glance, head: Entry) -> None:
    fingerprint = head.get("fingerprint")
    if fingerprint is None:
        return
    path = found.folder / f"{roster_file.old_name(fingerprint)}{roster_file.SUFFIX}"
    if not path.exists():
        found.old[fingerprint] = head.get("n_rows", 0)


def _entries(path: Path) -> Iterator[Entry]:
    """Heads and starts of a file, and the classes that were asked for."""
    try:
        data = disk.read_from(path, 0)
    except OSError:
        return
    wanted = (b'"kind":"log"', b'"kind":"start"', b'"client":"' + ASKED.encode())
    lines = [line for line in data.split(b"\n") if any(word in line[:200] for word in wanted)]
    for entry in parse(Lines(b"\n".join(lines), is_end=True).texts):
        if isinstance(entry, dict):
            yield entry
