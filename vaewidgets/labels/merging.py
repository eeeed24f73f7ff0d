"""Bringing logs of several places and people together."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets import disk
from vaewidgets.labels.journal import Journal, open_journal, roster_file
from vaewidgets.labels.journal.log_folder import FORMAT, LOCK, PATIENCE
from vaewidgets.labels.journal.log_lines import Entry, Lines, brought_of, parse, to_line
from vaewidgets.labels.journal.log_rosters import roster_of
from vaewidgets.labels.journal.peek import glance
from vaewidgets.labels.roster import Roster

_SAFE = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_READER = "merge"


@dataclass(frozen=True, eq=False)
class Merged:
    """What :func:`merge` did.

    Attributes
    ----------
    folder : Path
        The log that has all labels now.
    n_images : int
        How many images it knows.
    conflicts : DataFrame
        A row for each image that logs label differently: ``file``, a column for each log with
        what it says, and ``label``, what stands. With tags also ``tag``.
    """

    folder: Path
    n_images: int
    conflicts: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"<Merged: {self.n_images:,} images in {str(self.folder)!r}, "
            f"{len(self.conflicts):,} conflicts>"
        )


def merge(folder: str | os.PathLike[str], *others: str | os.PathLike[str]) -> Merged:
    """Bring the labels of other logs into one.

    Images are known by what they show, then by their names, so the logs may be of different, or
    partly the same, images, in any order. Where two logs label an image differently, the label
    with more steps before it stands; all of them stay in the log, and ``conflicts`` lists them.
    Merging again brings only what is new. An annotator that has `folder` open shows the labels
    within a second.

    Parameters
    ----------
    folder : path
        A log, ``Annotator.saved_to``, or a new folder.
    *others : path
        Folders of logs, or single files of them (.jsonl). They are only read.

    Returns
    -------
    Merged

    Raises
    ------
    FileNotFoundError
        If one of the others is not there.
    ValueError
        If there are no others, one of them is no log, or of labels of another kind (one label an
        image, and tags), or in the format of an earlier version that was not opened since.
    OSError
        If `folder` cannot be written. What was brought before stays, and is no harm.
    """
    target = Path(folder).expanduser().absolute()
    if not others:
        raise ValueError("others is empty; give the folder or file of at least one other log")
    logs = [_read(Path(other).expanduser().absolute()) for other in others]
    kinds = {log.is_multi for log in logs}
    here = glance(target) if target.is_dir() else None
    kinds |= {here.is_multi} if here else set()
    if len(kinds) > 1:
        raise ValueError("others has logs of one label an image and logs of tags; merge like ones")
    before = _labels(target) if here else None
    parts = [
        _labels(Path(other).expanduser().absolute(), log)
        for other, log in zip(others, logs, strict=True)
    ]
    for log in logs:
        _bring(log, target)
    journal = _open(target, logs[0].is_multi)
    try:
        named = [(str(folder), before)] if before else []
        named += [(str(other), part) for other, part in zip(others, parts, strict=True)]
        return Merged(target, len(journal.register or ()), _conflicts(journal, named))
    finally:
        journal.close()


@dataclass(frozen=True, eq=False)
class _Log:
    """The files of a log, as they are read."""

    writers: dict[str, list[bytes]]
    """Lines of each writer, the head first."""
    rosters: dict[str, Roster]
    is_multi: bool


@dataclass(frozen=True, eq=False)
class _Labels:
    """What a log says of its images."""

    roster: Roster
    names: list[str]
    layers: list[NDArray[np.uint16]]
    is_multi: bool


def _read(path: Path) -> _Log:
    """Read a log, a folder or one file, without touching it."""
    if not path.exists():
        raise FileNotFoundError(f"no such folder or file: {str(path)!r}")
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    place = path if path.is_dir() else path.parent
    writers: dict[str, list[bytes]] = {}
    parts: dict[str, roster_file.RosterParts] = {}
    heads: list[Entry] = []
    for file in files:
        texts = Lines(disk.read_from(file, 0), is_end=True).texts
        for entry, text in zip(parse(texts), texts, strict=True):
            if not isinstance(entry, dict) or not isinstance(entry.get("writer"), str):
                continue
            writer = entry["writer"]
            if not _SAFE.fullmatch(writer):
                raise ValueError(f"{str(file)!r} has a writer of an unsafe name")
            if entry.get("kind") == "roster":
                parts.setdefault(writer, roster_file.RosterParts(place)).add(entry)
                continue
            if entry.get("kind") == "log":
                heads.append(entry)
            writers.setdefault(writer, []).append(text)
    if not heads:
        raise ValueError(f"{str(path)!r} holds no labels")
    names = {_roster_name(head, path) for head in heads}
    rosters = {name: part.roster() for name, part in parts.items()}
    for name in names - rosters.keys():
        rosters[name] = roster_file.read_roster(place / f"{name}{roster_file.SUFFIX}")
    lost = [name for name in names if rosters.get(name) is None]
    if lost:
        raise ValueError(
            f"{str(path)!r} holds labels of which it is not known what images they are of. If an "
            "earlier version made it, open it once with its images first"
        )
    found = {name: roster for name, roster in rosters.items() if roster is not None}
    return _Log(writers, found, any(head.get("multi") for head in heads))


def _roster_name(head: Entry, path: Path) -> str:
    name = roster_of(head)
    if head.get("format") not in (1, FORMAT) or not _SAFE.fullmatch(name):
        raise ValueError(f"{str(path)!r} is of a format that this version does not read")
    return name


def _bring(log: _Log, target: Path) -> None:
    """Write the files of a log into a folder: rosters first, each file whole or not at all."""
    disk.make_folder(target)
    with disk.held(target / LOCK, PATIENCE):
        known = _heads(target)
        for name, roster in log.rosters.items():
            names = roster_file.relative_names(roster, target)
            roster_file.write_roster(roster, names, target, name)
        for writer, texts in log.writers.items():
            path = target / f"{writer}.jsonl"
            lines = b"".join(_lines(texts, writer, known))
            if path.exists() and len(disk.read_from(path, 0)) >= len(lines):
                continue
            part = target / f"{secrets.token_hex(8)}.part"
            descriptor = disk.open_to_append(part, new=True)
            try:
                disk.write_all(descriptor, lines)
                disk.sync(descriptor)
            finally:
                disk.close(descriptor)
            disk.put_in_place(part, path)


def _lines(texts: Sequence[bytes], writer: str, known: Mapping[str, Entry]) -> Iterator[bytes]:
    """Lines of a writer, who goes by the name of the log that it is brought into.

    How the log there began stays first, so that its classes keep their numbers.
    """
    after = 1 + max(map(brought_of, known.values()), default=-1)
    for entry in parse(texts):
        if not known or entry.get("kind") not in ("start", "log"):
            yield to_line(entry)
            continue
        identity = next(iter(known.values()))["identity"]
        place = brought_of(known[writer]) if writer in known else after + brought_of(entry)
        yield to_line(entry | {"identity": identity, "brought": place})


def _heads(target: Path) -> dict[str, Entry]:
    """Heads of all writers that a log has already."""
    heads = {}
    for path in sorted(target.glob("*.jsonl")):
        texts = Lines(disk.read_from(path, 0), is_end=False).texts
        for entry in parse([text for text in texts if b'"kind":"log"' in text]):
            if entry.get("kind") == "log":
                heads[entry["writer"]] = entry
    return heads


def _open(folder: Path, is_multi: bool, roster: Roster | None = None) -> Journal:
    nobody = Roster(np.zeros(0, "S16"))
    return open_journal(folder, roster or nobody, (), None, multi=is_multi, annotator=_READER)


def _labels(path: Path, log: _Log | None = None) -> _Labels:
    """Fold a log to its labels; a copy of it, so that nothing of it is touched."""
    import tempfile

    log = _read(path) if log is None else log
    with tempfile.TemporaryDirectory() as copy:
        _bring(log, Path(copy) / "log")
        journal = _open(Path(copy) / "log", log.is_multi)
        try:
            register = journal.register
            assert register is not None
            layers = [journal.codes_of_all(k).copy() for k in range(len(journal.layers))]
            return _Labels(register.as_roster(), list(journal.classes), layers, log.is_multi)
        finally:
            journal.close()


def _conflicts(journal: Journal, parts: Sequence[tuple[str, _Labels]]) -> pd.DataFrame:
    """List the images that logs label differently."""
    register = journal.register
    assert register is not None
    rows_of = [register.place(part.roster) for _, part in parts]
    n_all, names = len(register), register.names()
    titles = [title for title, _ in parts]
    found: list[dict[str, Any]] = []
    tags = list(journal.classes) if journal.multi else [None]
    for number, tag in enumerate(tags):
        said = [
            _said(part, rows, n_all, tag) for (_, part), rows in zip(parts, rows_of, strict=True)
        ]
        differ = _differ(said)
        words = np.array([None, *journal.classes] if tag is None else [None, "yes", "no"], object)
        now = np.zeros(n_all, np.uint16)
        layer = journal.codes_of_all(number)
        now[: len(layer)] = layer
        for row in np.flatnonzero(differ).tolist():
            line: dict[str, Any] = {"file": names.get(row, "")}
            line |= {"tag": tag} if tag is not None else {}
            line |= {title: each[row] for title, each in zip(titles, said, strict=True)}
            found.append(line | {"label": words[now[row]]})
    columns = ["file", *(["tag"] if journal.multi else []), *titles, "label"]
    return pd.DataFrame(found, columns=columns)


def _said(
    part: _Labels, rows: NDArray[np.int64], n_all: int, tag: str | None
) -> NDArray[np.object_]:
    """Return what a log says of each image: the name of the class, or yes or no to a tag."""
    said = np.full(n_all, None, object)
    if tag is None:
        words, layer = np.array([None, *part.names], object), part.layers[0]
    elif tag in part.names and part.names.index(tag) < len(part.layers):
        words, layer = np.array([None, "yes", "no"], object), part.layers[part.names.index(tag)]
    else:
        return said
    said[rows] = words[layer[: len(rows)]]
    return said


def _differ(said: Sequence[NDArray[np.object_]]) -> NDArray[np.bool_]:
    """Where two say something, and not the same."""
    differ = np.zeros(len(said[0]), bool)
    first = np.full(len(said[0]), None, object)
    for each in said:
        has = np.array([value is not None for value in each], bool)
        known = np.array([value is not None for value in first], bool)
        differ |= has & known & (each != first)
        first[has & ~known] = each[has & ~known]
    return differ
