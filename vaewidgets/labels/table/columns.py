"""What label columns and tag columns share: classes, the way into the frame, the details."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import MAX_CLASSES, RefusedError
from vaewidgets.labels.table.details import Codes, NoteColumn, Numbers, SourceColumn
from vaewidgets.labels.table.given_frame import OwnColumn, RowGuard, Step, apply_steps
from vaewidgets.labels.table.matching import match_by
from vaewidgets.labels.table.values import name_of

Suggested = Callable[[int], NDArray[np.bool_]]
"""For the number of a layer, which of its labels came from an accepted suggestion."""


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
    """

    classes: list[str]
    layers: list[Codes]
    _guard: RowGuard

    def __init__(
        self,
        frame: pd.DataFrame,
        frame_rows: NDArray[np.int64],
        note: Hashable,
        *,
        details: bool,
    ) -> None:
        self.frame = frame
        self.frame_rows = frame_rows
        self.details = details
        self.gone: set[int] = set()
        self._note = NoteColumn(frame, note, frame_rows)

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
    def check_class(self, name: Any) -> tuple[str, str]:
        """Name under which the frame would hold a new class, and a notice if it was changed.

        Raises
        ------
        RefusedError
            If the frame cannot hold it.
        """

    def check_rename(self, number: int, name: Any) -> tuple[str, str]:
        """Name under which the frame would hold a class, and a notice if it was changed.

        Raises
        ------
        RefusedError
            If the frame cannot hold it, or another class has it.
        """
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
        own = [name for name in self.classes if name not in classes]
        self._renumber([*classes, *own])

    def write(
        self,
        rows: Mapping[int, NDArray[np.int64]],
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: Mapping[int, str],
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

        Raises
        ------
        ConflictError
            If the frame changed so that rows cannot be told apart safely, or it cannot hold the
            labels any more. What could not be written is written with the next edit after the
            frame is as it was.
        """
        self._mark(rows)
        steps, settle = self._plan(self.frame, layers, suggested, dict(notes), self.details)
        apply_steps(self.frame, steps)
        settle()

    def labelled(
        self,
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: Mapping[int, str],
        *,
        details: bool | None = None,
    ) -> pd.DataFrame:
        """Copy of the frame with the labels of all images; the frame is not changed.

        Parameters
        ----------
        layers, suggested, notes
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
        steps, _ = self._plan(frame, layers, suggested, dict(notes), details, whole=True)
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
        details: bool = False,
    ) -> pd.DataFrame:
        """Copy of another frame, whose rows are matched by a column, with the labels.

        Parameters
        ----------
        frame : DataFrame
            Rows that match no image stay as they are.
        on : hashable
            Name of a column, or level of the index, that both frames have.
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
            sources = [
                (column, codes[images]) for column, codes in self._sources(layers, suggested)
            ]
            places = {image: place for place, image in enumerate(images.tolist())}
            there = {places[image]: text for image, text in notes.items() if image in places}
            apply_steps(labelled, self._details_in(labelled, rows, sources, there))
        return labelled

    def _details_in(
        self,
        frame: pd.DataFrame,
        rows: NDArray[np.int64],
        sources: Iterable[tuple[SourceColumn, Numbers]],
        notes: Mapping[int, str],
    ) -> list[Step]:
        """Make the steps that write sources and notes into some rows of another frame."""
        steps: list[Step] = []
        for source, codes in sources:
            steps += source.steps_in(frame, rows, codes)
        note = NoteColumn(frame, self._note.name, rows)
        note.check(frame)
        return steps + note.steps(frame, notes)

    def _values_of_both(
        self, frame: pd.DataFrame, on: Hashable
    ) -> tuple[pd.Index[Any], pd.Index[Any]]:
        """Return what a column says of the images, and what it says in another frame."""
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"frame must be a pandas DataFrame, got {type(frame).__name__}")
        guards = {"the frame that is labelled": self._guard, "frame": RowGuard(frame)}
        found = []
        for where, guard in guards.items():
            try:
                found.append(guard.values(on))
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
    def _sources(
        self, layers: Sequence[Codes], suggested: Suggested
    ) -> Iterator[tuple[SourceColumn, Numbers]]:
        """Yield the columns that say who gave each label, with what each is to say."""

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
        layers: Sequence[Codes],
        suggested: Suggested,
        notes: dict[int, str],
        details: bool,
        *,
        whole: bool = False,
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps to what is asked for, and what to do once they are taken."""

    def _given(self, classes: Iterable[Any] | None) -> list[str]:
        """Names of the classes that the person listed."""
        if classes is None:
            return []
        if isinstance(classes, str) or not isinstance(classes, Iterable):
            raise TypeError(f"classes is {classes!r}; expected a list of class names")
        given: list[str] = []
        for value in classes:
            try:
                text = value if isinstance(value, str) else name_of(value)
                name = self._check_given(text)
            except (RefusedError, TypeError) as error:
                raise ValueError(f"classes does not fit the frame: {error}") from error
            if name in given:
                raise ValueError(f"classes holds {name[:60]!r} twice")
            given.append(name)
        if len(given) > MAX_CLASSES:
            raise ValueError(f"classes names {len(given):,}; at most {MAX_CLASSES:,} can be")
        return given

    def _check_given(self, name: str) -> str:
        return self.check_class(name)[0]
