"""A log on disk: a folder with one file a writer, put together by whoever reads it."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import socket
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaewidgets import disk
from vaewidgets.labels.journal import roster_file
from vaewidgets.labels.journal.classes import Classes, ClassKey
from vaewidgets.labels.journal.journal import Journal
from vaewidgets.labels.journal.log_compaction import join_old_files
from vaewidgets.labels.journal.log_file import FollowedFile, OwnFile
from vaewidgets.labels.journal.log_lines import (
    Entry,
    brought_of,
    decode,
    decode_layers,
    encode,
    encode_layers,
    parse,
    place_of,
    to_line,
)
from vaewidgets.labels.journal.log_rosters import LogRosters, roster_of
from vaewidgets.labels.journal.records import Codes, Record
from vaewidgets.labels.roster import Register, Roster

FORMAT = 2
LOCK = ".lock"
PATIENCE = 10.0
"""How long to wait for another program that holds the folder, in seconds; it does not for long."""


def open_journal(
    folder: str | os.PathLike[str],
    roster: Roster,
    classes: Sequence[str],
    layers: Sequence[NDArray[np.integer]] | None,
    *,
    multi: bool,
    annotator: str,
    column: str = "",
    by_position: bool = False,
) -> Journal:
    """Open the log in a folder, or begin one.

    Parameters
    ----------
    folder : str or path
        Made if it is not there.
    roster : Roster
        Who the images are: those that the log knows have their labels.
    classes, layers
        Classes and labels to begin with; an existing log has its own, and these are not used.
    multi : bool
        Whether an image can have several tags.
    annotator : str
        Who works here; written down for people who look into the files.
    column : str
        Name of the column of labels, by which the log is found again.
    by_position : bool
        Whether as many points with other codes are taken for the same points.

    Returns
    -------
    Journal
        An edit appended to it is on disk when ``append`` returns.

    Raises
    ------
    ValueError
        If the log is of labels of the other kind, or of an earlier format and other images.
    OSError
        If nothing can be written there.
    """
    path = Path(folder).expanduser().absolute()
    layers = Journal(len(roster), classes, layers, multi=multi).layers
    about = {"n_rows": len(roster), "multi": multi, "column": column}
    try:
        with _collector_paused():
            log = LogFolder(path, roster, about, annotator, by_position=by_position)
            log.begin(annotator, classes, layers)
    except OSError as error:
        words = f"no labels can be kept in {str(path)!r}: {error.strerror or error}"
        advice = "choose another folder, or journal=None to keep them in memory only"
        raise OSError(error.errno, f"{words}; {advice}") from error
    try:
        with _collector_paused():
            return Journal(len(roster), *log.start(), multi=multi, log=log)
    except BaseException:
        log.close()
        raise


class LogFolder:
    """The files of all writers of a log, and one of our own to append to.

    Parameters
    ----------
    folder : path
    roster : Roster
        The images here.
    about : dict
        What the log is of: `n_rows`, `multi` and `column`.
    annotator : str
    by_position : bool
        See :meth:`Register.place`.

    Attributes
    ----------
    writer : str
        Name of our own file.
    folder : Path
    identity : str
    damaged : list of str
    register : Register
        All images that the log saw.
    """

    def __init__(
        self, folder: Path, roster: Roster, about: Entry, annotator: str, *, by_position: bool
    ) -> None:
        self.writer = secrets.token_hex(8)
        self.is_unsure = False
        self.folder = folder
        self.rosters = LogRosters(folder, roster, by_position=by_position)
        self._about = about
        self._files: dict[str, FollowedFile] = {}
        self._seen: dict[bytes, int] = {}
        self._found: list[tuple[int, bytes, bytes]] = []
        self._unreadable: list[str] = []
        self._has_written = False
        self._own: OwnFile | None = None
        self._heads: dict[str, Entry] = {}
        self._starts: dict[str, Entry] = {}
        self._n_starts = 0

    def begin(self, annotator: str, classes: Sequence[str], layers: Sequence[Codes]) -> None:
        """Read what there is, and make our own file; an empty log begins with these labels."""
        folder = self.folder
        disk.make_folder(folder)
        with disk.held(folder / LOCK, PATIENCE) as is_ours:
            left = [path for path in sorted(folder.glob("*.jsonl")) if disk.is_left(path)]
            self._scan({path.name for path in left})
            self._check_heads()
            self._about["roster"] = name = self.rosters.write()  # before anything speaks of it
            self._place_rosters()
            begins = not self._starts
            if begins:
                self._begin(classes, layers)
            _, first = self._starts_in_order()[0]
            self.identity: str = first["identity"]
            head = self._head(annotator)
            lines = [to_line(head)] + [to_line(first)] * begins
            # Twice, so that one damaged spot costs neither.
            self._own = OwnFile(folder / f"{self.writer}.jsonl", b"".join(lines * 2))
            if is_ours:
                join_old_files(folder, left, lines[0])
            if is_ours and not self.damaged:  # else a head that cannot be read may speak of one
                roster_file.sweep(folder, {name, *map(roster_of, self._heads.values())})

    @property
    def damaged(self) -> list[str]:
        """Lines that cannot be read, by file and line."""
        lines = [
            f"{file.path}, line {number}: the checksum does not fit"
            for file in self._files.values()
            for number in file.damaged
        ]
        return lines + self._unreadable + self.rosters.lost

    @property
    def register(self) -> Register:
        """All images that the log saw."""
        return self.rosters.register

    @property
    def n_images(self) -> int:
        """How many images the log knows, those here and others."""
        return len(self.register)

    @property
    def has_other_start(self) -> bool:
        """Whether another log was put into the folder since :meth:`start` was asked."""
        return len(self._starts) != self._n_starts

    def start(self) -> tuple[list[str], list[Codes]]:
        """Classes and labels at the start, of all images that the log knows.

        Where the files of two logs were put together, what only one of them knew is taken from
        it, and the first holds where they differ.
        """
        self._n_starts = len(self._starts)
        multi, n_all = self._about["multi"], self.n_images
        classes: list[str] = []
        layers: list[Codes] = [] if multi else [np.zeros(n_all, np.uint16)]
        for writer, start in self._starts_in_order():
            names = start["classes"]
            classes += [name for name in names if name not in classes]
            numbers = np.array([0, *(1 + classes.index(name) for name in names)], np.uint16)
            while multi and len(layers) < len(classes):
                layers.append(np.zeros(n_all, np.uint16))
            rows = self._rows_of(writer)
            if rows is None:  # the head is lost, and with it whose labels these were
                continue
            found = decode_layers(start["layers"], len(rows))
            for at, codes in enumerate(found):
                layer = layers[numbers[at + 1] - 1 if multi else 0]
                before = layer[rows]
                layer[rows] += np.where(before == 0, codes if multi else numbers[codes], 0)
        return classes, layers

    def write(self, record: Record, keys: Sequence[ClassKey | None]) -> None:
        """Put a record on disk; OSError, and no trace of it, if that fails."""
        assert self._own is not None
        self._own.append(to_line(encode(record, keys)))
        self._has_written = True

    def read(self, classes: Classes) -> tuple[list[Record], bool]:
        """Return what others wrote since, in order; all there is, with True, after a mishap."""
        is_all = self.is_unsure or not self._scan()
        if is_all:
            self._files.clear()
            self._seen.clear()
            self._found.clear()
            self._scan(own=True)
            self.is_unsure = False
        self._place_rosters()
        texts = self._next_texts()
        records = []
        n_images, places = self.n_images, cache(self._places_of)
        for entry, text in zip(parse(texts), texts, strict=True):
            try:
                rows, are_here = places(entry["writer"])
                if rows is None:
                    raise ValueError("it is not known which images it is about")
                record = decode(entry, len(rows), classes)
                records.append(record if are_here else record.with_rows(rows, n_images))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                start = text[:60].decode("ascii", "replace")
                self._unreadable.append(f"{self.folder}, record {start}...: {error!r}")
        return records, is_all

    def _next_texts(self) -> list[bytes]:
        """Give out what was read, in its order, and each record once."""
        found, self._found = self._found, []
        found.sort()
        texts = []
        for order, writer, text in found:
            if order > self._seen.get(writer, 0):  # else it stood in a file that was joined
                self._seen[writer] = order
                texts.append(text)
        return texts

    @contextlib.contextmanager
    def numbering(self) -> Iterator[None]:
        """Keep others from giving numbers to classes meanwhile, where the folder has locks."""
        with disk.held(self.folder / LOCK, PATIENCE):
            yield

    def close(self) -> None:
        """Let go of our own file; if it holds nothing that lasts, it goes."""
        if self._own is not None:
            self._own.close(remove=not self._has_written and self.writer not in self._starts)

    def _begin(self, classes: Sequence[str], layers: Sequence[Codes]) -> None:
        """Note what the log begins with."""
        self._starts[self.writer] = {
            "order": 0,
            "writer": self.writer,
            "kind": "start",
            "identity": uuid.uuid4().hex,
            "classes": list(classes),
            "layers": encode_layers(layers),
        }

    def _starts_in_order(self) -> list[tuple[str, Entry]]:
        """How the log began, by writer: those that were brought into it later stand behind."""
        return sorted(self._starts.items(), key=lambda item: (brought_of(item[1]), item[0]))

    def _head(self, annotator: str) -> Entry:
        """Make the head of our own file."""
        return {
            "order": 0,
            "writer": self.writer,
            "kind": "log",
            "format": FORMAT,
            "identity": self.identity,
            **self._about,
            "by": annotator,
            "host": socket.gethostname(),
            "time": int(time.time()),
        }

    def _scan(self, left: Collection[str] = (), *, own: bool = False) -> bool:
        """Read what is new in the files; False if something that was read before has changed.

        Parameters
        ----------
        left : collection of str
            Files whose writers are gone.
        own : bool
            Whether to read our own file too; what we write to it need not be read.
        """
        with os.scandir(self.folder) as found:
            sizes = {e.name: e.stat().st_size for e in found if e.name.endswith(".jsonl")}
        if not own:
            sizes.pop(f"{self.writer}.jsonl", None)
        for name in sorted(sizes):
            file = self._files.setdefault(name, FollowedFile(self.folder / name))
            if not file.has_other_size(sizes[name]):
                continue
            try:
                lines = file.read(is_end=name in left)
            except FileNotFoundError:  # it was joined to others just now
                continue
            if lines is None:
                return False
            self._sort_out(lines.texts, name)
        return True

    def _sort_out(self, texts: list[bytes], name: str) -> None:
        """Tell heads and starts from records, which are parsed once all of them are in order."""
        for text in texts:
            place = place_of(text)
            if place is None:
                self._unreadable.append(f"{self.folder / name}: a record without its place")
            elif place[0]:
                self._found.append((*place, text))
            else:
                (entry,) = parse([text])
                if entry["kind"] == "start":
                    self._starts[entry["writer"]] = entry
                elif entry["kind"] == "log":
                    self._heads[entry["writer"]] = entry

    def _check_heads(self) -> None:
        """Refuse a log that cannot be read, or of labels of another kind."""
        for head in self._heads.values():
            if head.get("format") not in (1, FORMAT):
                raise ValueError(
                    f"{str(self.folder)!r} holds labels in format {head.get('format')!r}; this "
                    f"version reads format {FORMAT}: update vaewidgets"
                )
            if head.get("multi") != self._about["multi"]:
                one, tags = "one label an image", "several tags an image"
                there, here = (tags, one) if head.get("multi") else (one, tags)
                raise ValueError(
                    f"{str(self.folder)!r} holds labels of another kind: {there}, and here it is "
                    f"{here}; choose another folder"
                )
            if head["format"] == 1:
                self.rosters.carry_over(head)

    def _place_rosters(self) -> None:
        if all(roster_of(head) in self.rosters.are_placed for head in self._heads.values()):
            return
        last: dict[str, int] = {}
        for order, writer, _ in self._found:
            last[writer.decode()] = max(order, last.get(writer.decode(), 0))
        self.rosters.place(self._heads.values(), last)

    def _places_of(self, writer: str) -> tuple[NDArray[np.int64] | None, bool]:
        """Rows of the images of a writer, and whether they are simply 0, 1, 2, ..."""
        rows = self._rows_of(writer)
        return rows, rows is not None and np.array_equal(rows, np.arange(len(rows)))

    def _rows_of(self, writer: str) -> NDArray[np.int64] | None:
        """Rows of the images of a writer; None if it is not known which they are."""
        if writer == self.writer:
            return self.rosters.own_rows
        head = self._heads.get(writer)
        return None if head is None else self.rosters.rows(head)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for garbage again and again among a million new records."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                gc.freeze()  # what is new counts as old now: no first look at all of it
                gc.unfreeze()
            gc.enable()
