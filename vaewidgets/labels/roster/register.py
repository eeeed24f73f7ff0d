"""All images that a log ever saw, each with one row, whatever collections it came in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.roster.contents import NONE, pair_contents
from vaewidgets.labels.roster.names import moved_folders, names_before
from vaewidgets.labels.roster.roster import DIGEST, Roster

NEW, POSITION, NAME, CONTENT = range(4)
"""How an image was found again: not at all, or by what."""

Rows = NDArray[np.int64]


class Register:
    """The images of this collection, and behind them all others that the log saw.

    Parameters
    ----------
    roster : Roster
        The collection that is labelled here: its images are rows 0 to n - 1, in order.

    Attributes
    ----------
    found_by : ndarray of uint8, shape (n,)
        NEW, POSITION, NAME or CONTENT: how each image here was found among those placed since.

    Notes
    -----
    An image is the same one if it shows the same, else if it has the same path, or the path it
    had before its folder was moved. Content is looked at first, for a file that has taken the
    name of another must not take its labels. What an image showed earlier and was called earlier
    is remembered too: rosters are placed from the newest to the oldest, so an image that was
    changed, and later renamed, is still followed.
    """

    def __init__(self, roster: Roster) -> None:
        self.found_by = np.zeros(len(roster), np.uint8)
        self._n_here = len(roster)
        rows = np.arange(len(roster))
        self._placed: list[tuple[Roster, Rows]] = [(roster, rows)]
        self._n = len(roster)
        self._by_path: dict[str, int] = {}
        self._n_named = 0  # rosters whose names are in it
        # What images show or showed: the places in a roster, and their rows.
        self._shown: list[tuple[Roster, Rows, Rows]] = [(roster, rows, rows)]

    def __len__(self) -> int:
        return self._n

    @property
    def n_others(self) -> int:
        """How many collections were placed beside the one that is here."""
        return len(self._placed) - 1

    def place(self, roster: Roster, *, by_position: bool = False) -> Rows:
        """Give each image of another collection its row, a new one if it was never seen.

        Parameters
        ----------
        roster : Roster
        by_position : bool
            Whether codes that were made anew for as many points are those of the same points, in
            their order, where none is as it was.
        """
        here = self._placed[0][0]
        if roster is here or _is_same(roster, here):
            rows = np.arange(len(roster))
            self.found_by[:] = CONTENT
            self._placed.append((roster, rows))
            return rows
        rows = self._same_content(roster)
        how = np.where(rows == NONE, NEW, CONTENT).astype(np.uint8)
        if roster.names:
            self._same_name(roster, rows)
            how[(rows != NONE) & (how == NEW)] = NAME
        are_anew = roster.are_points and here.are_points and len(roster) == len(here)
        if by_position and are_anew and not how.any():
            rows, how = np.arange(len(roster)), np.full(len(roster), POSITION, np.uint8)
        is_here = (rows >= 0) & (rows < self._n_here)
        np.maximum.at(self.found_by, rows[is_here], how[is_here])
        unseen = np.flatnonzero(rows == NONE)
        rows[unseen] = self._n + np.arange(len(unseen))
        self._n += len(unseen)
        other = np.flatnonzero(how != CONTENT)  # what these show was not known
        self._shown.append((roster, other, rows[other]))
        self._placed.append((roster, rows))
        return rows

    def as_roster(self) -> Roster:
        """All images as one collection, by row: what each shows, and is called, at last."""
        contents = np.zeros(self._n, DIGEST)
        for roster, rows in reversed(self._placed):
            contents[rows] = roster.contents
        names = self.names()
        are_points = all(roster.are_points for roster, _ in self._placed if len(roster))
        return Roster(contents, [names.get(row, "") for row in range(self._n)], are_points)

    def names(self) -> dict[int, str]:
        """Path of each image that has one, by row: the one it has here, or had last."""
        last: dict[int, str] = {}
        for roster, rows in self._placed:
            for name, row in zip(roster.names, rows.tolist(), strict=False):
                if name:
                    last.setdefault(row, name)
        return last

    def _same_content(self, roster: Roster) -> Rows:
        """Rows of images that showed the same before."""
        contents = np.concatenate([shown.contents[places] for shown, places, _ in self._shown])
        rows = np.concatenate([found for _, _, found in self._shown])
        ends = np.cumsum([len(found) for _, _, found in self._shown])

        def name_there(at: int) -> str:
            part = int(np.searchsorted(ends, at, side="right"))
            shown, places, _ = self._shown[part]
            return shown.name(int(places[at - ends[part]]))  # counted from the end

        are_named = bool(roster.names) and any(shown.names for shown, _, _ in self._shown)
        places = pair_contents(
            contents,
            roster.contents,
            name_there if are_named else None,
            roster.name if are_named else None,
        )
        found = np.append(rows, NONE)[places]
        # Of two images that show what one showed at different times, it is what it showed last.
        order = np.lexsort((places, found))
        ranked = found[order]
        again = np.zeros(len(order), bool)
        again[1:] = (ranked[1:] == ranked[:-1]) & (ranked[1:] != NONE)
        found[order[again]] = NONE
        return found

    def _same_name(self, roster: Roster, rows: Rows) -> None:
        """Fill in the rows of images whose name is known, though they show something else."""
        open_ones = [k for k in np.flatnonzero(rows == NONE).tolist() if roster.name(k)]
        if not open_ones:
            return
        self._learn_names()
        taken = set(rows[rows != NONE].tolist())
        moved: list[tuple[str, str]] | None = None
        for exactly in (True, False):
            left = []
            for k in open_ones:
                name = roster.name(k)
                if exactly:
                    before = iter([name])
                else:
                    moved = self._moved(roster, rows) if moved is None else moved
                    before = names_before(name, moved)
                row = next((self._by_path[n] for n in before if n in self._by_path), NONE)
                if row == NONE or row in taken:
                    left.append(k)
                    continue
                rows[k] = row
                taken.add(row)
            open_ones = left

    def _learn_names(self) -> None:
        for roster, rows in self._placed[self._n_named :]:
            for name, row in zip(roster.names, rows.tolist(), strict=False):
                if name:
                    self._by_path.setdefault(name, row)
        self._n_named = len(self._placed)

    def _moved(self, roster: Roster, rows: Rows) -> list[tuple[str, str]]:
        last = self.names()
        both = ((new, last.get(row)) for new, row in zip(roster.names, rows.tolist(), strict=True))
        return moved_folders(
            ((new, old) for new, old in both if new and old and new != old), roster.names
        )


def _is_same(one: Roster, other: Roster) -> bool:
    return (
        len(one) == len(other)
        and np.array_equal(one.contents, other.contents)
        and list(one.names) == list(other.names)
    )
