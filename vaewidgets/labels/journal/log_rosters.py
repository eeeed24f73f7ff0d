"""Which images the records of each writer are about."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal import roster_file
from vaewidgets.labels.journal.log_lines import Entry
from vaewidgets.labels.roster import Register, Roster


class LogRosters:
    """The rosters of a log: that of the images here, and those of all writers.

    Parameters
    ----------
    folder : path
        Of the log.
    roster : Roster
        The images here.
    by_position : bool
        See :meth:`Register.place`.

    Attributes
    ----------
    register : Register
        All images that the log saw.
    own_rows : ndarray of int64
        Rows of the images here.
    lost : list of str
        Rosters that cannot be read.
    """

    def __init__(self, folder: Path, roster: Roster, *, by_position: bool) -> None:
        self.register = Register(roster)
        self.own_rows = np.arange(len(roster))
        self.lost: list[str] = []
        self._folder, self._roster, self._by_position = folder, roster, by_position
        self._rows: dict[str, NDArray[np.int64] | None] = {}

    def write(self) -> str:
        """Put the roster of the images here on disk; returns its name.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        names = roster_file.relative_names(self._roster, self._folder)
        name = roster_file.name_of(self._roster, names)
        roster_file.write_roster(self._roster, names, self._folder, name)
        self._rows[name] = self.own_rows
        return name

    def carry_over(self, head: Entry) -> None:
        """Note who the images of a log of format 1 are, which names them only all together.

        Raises
        ------
        ValueError
            If they are not those here, and it was never noted who they are.
        """
        name = roster_file.old_name(head["fingerprint"])
        if roster_file.read_roster(self._folder / f"{name}{roster_file.SUFFIX}") is not None:
            return
        is_these = head["n_rows"] == len(self._roster)
        if not is_these or head["fingerprint"] not in self._roster.old_fingerprints():
            raise ValueError(
                f"{str(self._folder)!r} holds labels of {head['n_rows']:,} images in the format "
                "of an earlier version, which knows images only all together. Load just those "
                "images once, as you did then, to carry the labels over; then load any others"
            )
        names = roster_file.relative_names(self._roster, self._folder)
        roster_file.write_roster(self._roster, names, self._folder, name)

    def place(self, heads: Iterable[Entry], last: Mapping[str, int]) -> None:
        """Find the images of writers among those known, the newest first.

        Parameters
        ----------
        heads : iterable of Entry
            Heads of the files of all writers.
        last : dict of str to int
            Order of the last record of each writer, as far as it was read.
        """
        newest: dict[str, int] = {}
        for head in heads:
            name = roster_of(head)
            if name not in self._rows:
                newest[name] = max(newest.get(name, 0), last.get(head["writer"], 0))
        for name in sorted(newest, key=lambda name: (-newest[name], name)):
            path = self._folder / f"{name}{roster_file.SUFFIX}"
            roster = roster_file.read_roster(path)
            if roster is not None:
                self._rows[name] = self.register.place(roster, by_position=self._by_position)
            else:
                self._rows[name] = None
                self.lost.append(
                    f"{path}: it is damaged, or not there, so it is not known which images some "
                    "labels are of"
                )

    def rows(self, head: Entry) -> NDArray[np.int64] | None:
        """Rows of the images of a writer; None if it is not known which they are."""
        return self._rows.get(roster_of(head))

    @property
    def are_placed(self) -> Container[str]:
        """Names of the rosters that were looked for."""
        return self._rows.keys()


def roster_of(head: Entry) -> str:
    """Name of the roster that the head of a file speaks of."""
    if "roster" in head:
        return str(head["roster"])
    return roster_file.old_name(str(head.get("fingerprint")))
