"""What label columns and tag columns share: classes, the way into the frame, the details."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.arguments.frames import check_written
from vaewidgets.labels.journal.edits import RefusedError, clean_name
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.table.details import Codes, NoteColumn
from vaewidgets.labels.table.given_frame import OwnColumn, RowGuard, Step, apply_steps
from vaewidgets.labels.table.matching import match_by
from vaewidgets.labels.table.naming import one_class, same_name
from vaewidgets.labels.table.origins import AboutColumn
from vaewidgets.labels.table.said import NOTHING, About, Reading, Said, Settle, Suggested
from vaewidgets.labels.telling import warn


class Columns(ABC):
    """The columns of a DataFrame that hold labels, written by position in that very object.

    What is asked for (classes, which of them are gone, the labels) is kept apart from what was
    written: :meth:`write` brings the frame from the one to the other, so nothing is lost where
    the frame could not be written for a while.

    Attributes
    ----------
    frame : DataFrame
        Its index plays no part and may hold anything.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image.
    classes : list of str
        Names of the classes by number, those that are gone included.
    gone : set of int
        Numbers of the classes that were deleted or merged.
    layers : list of ndarray, shape (n_images,), uint16
        Labels found at the start. One layer for a label column: 0 for none, 1 + number of the
        class. One a tag for tag columns: 0 for not said, 1 for yes, 2 for no.
    notes : dict of int to str
        Notes found at the start, by image; empty without details.
    details : bool
        Whether sources and notes are written too.
    asked : list of str
        Classes that whoever opened the columns asked for, in that order.
    hidden : set of int
        Tags that are another task's: nothing of them is written.
    held : list of ndarray, shape (n_images,), uint16
        What the columns were last known to hold, by layer.
    """

    classes: list[str]
    layers: list[Codes]
    asked: list[str]
    held: list[Codes]
    _guard: RowGuard

    def __init__(
        self,
        frame: pd.DataFrame,
        frame_rows: NDArray[np.int64],
        note: Hashable,
        aside: Hashable,
        *,
        details: bool,
    ) -> None:
        self.frame = frame
        self.frame_rows = frame_rows
        self.details = details
        self.gone: set[int] = set()
        self.hidden: set[int] = set()
        self._note = NoteColumn(frame, note, frame_rows)
        self._aside = NoteColumn(frame, aside, frame_rows)

    @property
    def notes(self) -> dict[int, str]:
        """Notes found at the start, by image."""
        return self._note.notes if self.details else {}

    def create(self) -> None:
        """Make the columns that the frame lacks."""
        lacking = [column for column in self._own() if not column.exists]
        steps = [Step(each.name, each.blank(self.frame), new=True) for each in lacking]
        apply_steps(self.frame, steps)
        for column in lacking:
            column.exists = True

    @abstractmethod
    def read(self) -> list[Reading]:
        """Read the columns that may have changed since they were last written or read.

        Raises
        ------
        ConflictError
            If the frame changed so that rows cannot be told apart safely, or a column holds what
            is no label.
        """

    @abstractmethod
    def are_same(self, other: Columns) -> bool:
        """Whether these are the columns of another of its kind, if the frame is the same."""

    def check_class(self, name: Any) -> tuple[str, str]:
        """Name under which the frame would hold a new class, and a notice if it was changed.

        A class that differs from it in nothing to be seen is taken instead.

        Raises
        ------
        RefusedError
            If the frame cannot hold it.
        """
        clean, notice = clean_name(name)
        known = same_name(clean, self.classes) or self._known_as(clean)
        if known is None:
            return self._check_new(clean), notice
        return known, notice if known == clean else one_class([known, clean])

    def check_rename(self, number: int, name: Any) -> tuple[str, str]:
        """Name under which the frame would hold a class, and a notice if it was changed.

        That can be its own name in another spelling.

        Raises
        ------
        RefusedError
            If the frame cannot hold it, or another class has it.
        """
        clean, notice = clean_name(name)
        own = self.classes[number]
        if clean != own and name_key(clean) == name_key(own):
            return self._check_new(clean), notice
        clean, notice = self.check_class(name)
        if clean in self.classes and self.classes.index(clean) != number:
            if self.classes.index(clean) in self.gone:
                advice = "it was removed; add it again, then merge them"
            else:
                advice = "merge them instead"
            raise RefusedError(f"there is a class {clean[:60]!r} already; {advice}")
        return clean, notice

    @abstractmethod
    def check_clear(self) -> None:
        """Raise RefusedError if nothing can be cleared."""

    def add_class(self, name: str) -> None:
        """Make room for a class whose name :meth:`check_class` gave; one that is gone is back."""
        if name in self.classes:
            self.gone.discard(self.classes.index(name))
        else:
            self.follow([*self.classes, name], self.gone)

    def rename_class(self, number: int, name: str) -> None:
        """Give a class the name that :meth:`check_rename` gave; the next write brings it."""
        classes = list(self.classes)
        classes[number] = name
        self.follow(classes, self.gone)

    def set_gone(self, number: int, gone: bool) -> None:
        """Say whether a class was deleted or merged; the next write brings it."""
        (self.gone.add if gone else self.gone.discard)(number)

    def follow(self, classes: Sequence[str], gone: Iterable[int]) -> None:
        """Take over classes as they are now, those that others added, renamed or removed too."""
        self.gone = set(gone)
        self.classes = list(classes)

    def renumber(self, classes: Sequence[str]) -> None:
        """Give the classes their numbers, and the labels found, as a journal does.

        Before anything is written. Classes that were found here and are none of `classes` follow
        them.
        """
        own = []
        for name in self.classes:
            known = same_name(name, classes)
            if known is None:
                own.append(name)
            elif known != name:
                warn(one_class([known, name]))
        self._renumber([*classes, *own])

    def write(
        self,
        rows: Mapping[int, NDArray[np.int64]],
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: Mapping[int, str],
        about: About = NOTHING,
    ) -> None:
        """Write what changed: all of it, or nothing.

        Parameters
        ----------
        rows : dict of int to ndarray of int
            Which images changed, by layer. Classes, sources and notes that changed are found
            without being told.
        layers : list of ndarray
            The labels of all images now.
        suggested : callable(layer) -> ndarray of bool
            Which of them came from an accepted suggestion.
        notes : dict of int to str
            All notes now, by image.
        about : About
            Written where there are details.

        Raises
        ------
        ConflictError
            If the frame changed so that rows cannot be told apart safely, or it cannot hold the
            labels any more. What could not be written is written with the next edit after the
            frame is as it was.
        """
        self._mark(rows)
        said = Said(layers, suggested, dict(notes), about)
        steps, settle = self._plan(self.frame, said, self.details)
        apply_steps(self.frame, steps)
        settle()

    def labelled(
        self,
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: Mapping[int, str],
        about: About = NOTHING,
        *,
        details: bool | None = None,
    ) -> pd.DataFrame:
        """Copy of the frame with the labels of all images; the frame is not changed.

        Parameters
        ----------
        layers, suggested, notes, about
            As in :meth:`write`.
        details : bool, optional
            Whether the copy has sources and notes; as the frame by default.

        Raises
        ------
        ConflictError
            As :meth:`write`.
        """
        details = self.details if details is None else details
        frame = self.frame.copy(deep=False)
        said = Said(layers, suggested, dict(notes), about)
        steps, _ = self._plan(frame, said, details, whole=True)
        apply_steps(frame, steps)
        return frame

    def labelled_in(
        self,
        frame: pd.DataFrame,
        on: Hashable,
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: Mapping[int, str],
        *,
        about: About = NOTHING,
        details: bool = False,
    ) -> pd.DataFrame:
        """Copy of another frame, whose rows are matched by a column, with the labels.

        Parameters
        ----------
        frame : DataFrame
            Rows that match no image stay as they are.
        on : hashable, or list
            Name of a column, or level of the index, that both frames have; or of several.
        layers, suggested, notes, details
            As in :meth:`labelled`.

        Raises
        ------
        TypeError, ValueError
            If `on` does not tell the rows apart, or the frame cannot hold the labels.
        """
        images, rows = match_by(on, *self._values_of_both(frame, on))
        other = self._open_in(frame, rows)
        other.renumber(self.classes)
        other.follow(self.classes, self.gone)
        if any((layer[images] == 0).any() for layer in layers):
            other.check_clear()
        labelled = other.labelled(
            [layer[images] for layer in layers], lambda k: suggested(k)[images], {}
        )
        if details:
            said = Said(layers, suggested, dict(notes), about)
            apply_steps(labelled, self._details_in(labelled, images, rows, said))
        return labelled

    def _details_in(
        self, frame: pd.DataFrame, images: NDArray[np.int64], rows: NDArray[np.int64], said: Said
    ) -> list[Step]:
        """Make the steps that write sources and notes of some images into another frame."""
        steps: list[Step] = []
        for column, wanted in self._about(said):
            steps += column.steps_in(frame, rows, wanted[images])
        places = {image: place for place, image in enumerate(images.tolist())}
        for note, texts_of in ((self._note, said.notes), (self._aside, said.aside)):
            there = {places[image]: t for image, t in texts_of.items() if image in places}
            other = NoteColumn(frame, note.name, rows)
            if note is self._note or there:
                other.check(frame)
                steps += other.steps(frame, there)
        return steps

    def _values_of_both(
        self, frame: pd.DataFrame, on: Hashable
    ) -> tuple[pd.Index[Any], pd.Index[Any]]:
        """Return what a column says of the images, and what it says in another frame."""
        check_written(frame, "frame")
        guards = {"the frame that is labelled": self._guard, "frame": RowGuard(frame)}
        found = []
        for where, guard in guards.items():
            try:
                found.append(guard.key(on))
            except ValueError as error:
                raise ValueError(f"on is {on!r}, but {where} {error}") from None
        return found[0][self.frame_rows], found[1]

    def are_in(self, frame: pd.DataFrame) -> bool:
        """Whether a frame has a column of the name of one that is written."""
        return any(column.name in frame.columns for column in self._own())

    @abstractmethod
    def _open_in(self, frame: pd.DataFrame, frame_rows: NDArray[np.int64]) -> Columns:
        """Open the same columns in another frame, without sources and notes."""

    @abstractmethod
    def _known_as(self, name: str) -> str | None:
        """Return the class that a name stands for, beyond `classes`; None if there is none."""

    @abstractmethod
    def _check_new(self, name: str) -> str:
        """Name under which the frame would hold a class that it does not have.

        Raises
        ------
        RefusedError
            If the frame cannot hold it.
        """

    @abstractmethod
    def _about(self, said: Said) -> Iterator[tuple[AboutColumn, NDArray[Any]]]:
        """Yield the columns about the labels, with what each is to say of all images."""

    @abstractmethod
    def _own(self) -> list[OwnColumn]:
        """List the columns that are written."""

    @abstractmethod
    def _renumber(self, classes: list[str]) -> None:
        """Take over the names `classes`, which hold all that were found."""

    @abstractmethod
    def _mark(self, rows: Mapping[int, NDArray[np.int64]]) -> None:
        """Remember which images are to be written."""

    @abstractmethod
    def _plan(
        self,
        frame: pd.DataFrame,
        said: Said,
        details: bool,
        *,
        whole: bool = False,
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps to what is asked for, and what to do once they are taken."""

    def _plan_notes(self, frame: pd.DataFrame, said: Said) -> tuple[list[Step], Settle]:
        """Plan the steps to the notes and to what is set aside; that column only if need be."""
        steps = self._note.steps(frame, said.notes)
        has_aside = bool(said.aside) or self._aside.exists
        if has_aside:
            steps += self._aside.steps(frame, said.aside)

        def settle() -> None:
            self._note.settle(said.notes)
            if has_aside:
                self._aside.settle(said.aside)

        return steps, settle

    def _drop_notes(self) -> list[Step]:
        return self._note.drop() + self._aside.drop()
