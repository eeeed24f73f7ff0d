"""What a journal says: labels, classes, notes, who gave what, and which images it knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.log import Log
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.journal.records import Codes, StepName
from vaewidgets.labels.journal.state import State
from vaewidgets.labels.journal.steps import Origin, Step
from vaewidgets.labels.roster import Register


class JournalReading:
    """What can be asked of a :class:`Journal`; nothing here changes it."""

    n_rows: int
    classes: list[str]
    gone: set[int]
    _state: State
    _log: Log | None
    _start: tuple[Sequence[str], Sequence[Codes]]

    @property
    def layers(self) -> list[Codes]:
        """The labels now, by layer."""
        return [layer.codes[: self.n_rows] for layer in self._state.layers]

    @property
    def codes(self) -> Codes:
        """The labels now, where an image has one."""
        return self.layers[0]

    @property
    def start(self) -> Sequence[Codes]:
        """Labels when the log was begun, by layer."""
        return [codes[: self.n_rows] for codes in self._start[1]]

    @property
    def identity(self) -> str:
        """Name of the log on disk."""
        return self._log.identity if self._log else ""

    @property
    def folder(self) -> Path | None:
        """Folder of the log on disk; None in memory."""
        return self._log.folder if self._log else None

    def is_shared_with(self, other: JournalReading) -> bool:
        """Whether both take part in one log."""
        if self._log is None or other._log is None:
            return False
        if self.memory is not None:
            return self.memory is other.memory
        return self.folder == other.folder

    @property
    def memory(self) -> Any:
        """What several annotators share that keep no log on disk; None for a log on disk."""
        return getattr(self._log, "memory", None)

    @property
    def start_classes(self) -> Sequence[str]:
        """Names of the classes with which the log was begun."""
        return self._start[0]

    @property
    def damaged(self) -> list[str]:
        """Records on disk that cannot be read."""
        return self._log.damaged if self._log else []

    def suggested(self, layer: int = 0) -> NDArray[np.bool_]:
        """Where the label that stands in a layer came from a suggestion that was accepted."""
        marks: NDArray[np.bool_] = self._state.layers[layer].suggested[: self.n_rows]
        return marks

    def steps(self, layer: int = 0) -> NDArray[np.int64]:
        """Tell which edit gave each row what stands in a layer, by a number.

        -1 where that was there at the start or found in the DataFrame: nobody knows its edit.
        """
        return self._state.steps(layer, self.n_rows)

    def origins(self, layer: int = 0) -> tuple[NDArray[np.int64], list[Origin]]:
        """Tell where what stands in a layer comes from, by row: -1, or the place in the list.

        -1 where nothing was ever said, or what is there was there at the start.
        """
        return self._state.origins(layer, self.n_rows)

    @property
    def aside(self) -> NDArray[np.bool_]:
        """Which images are set aside, shape (n_rows,)."""
        return self._state.aside.codes[: self.n_rows] > 0

    @property
    def reasons(self) -> dict[int, str]:
        """Why images are set aside, by row; "" where nobody said."""
        codes = self._state.aside.codes[: self.n_rows]
        return {int(row): self._state.texts[codes[row]] for row in np.flatnonzero(codes)}

    @property
    def kept(self) -> dict[str, NDArray[np.int64]]:
        """Rows that are kept under a name, by name."""
        return {name: rows[rows < self.n_rows] for name, rows in self._state.kept().items()}

    @property
    def annotators(self) -> list[str]:
        """Names of all who did something here."""
        return self._state.annotators()

    def labels_by(self, annotator: str, layer: int = 0) -> Codes:
        """Codes that one annotator gave last, whatever others say; 0 where none."""
        return self._state.labels_by(annotator, layer)[: self.n_rows]

    def history(self, annotator: str | None = None) -> list[tuple[StepName, Step]]:
        """List the steps that stand, of one annotator or of all, in the order they were made."""
        return self._state.history(annotator)

    @property
    def register(self) -> Register | None:
        """All images that the log knows; None for labels in memory that nobody shares."""
        return self._log.register if self._log else None

    def codes_of_all(self, layer: int = 0) -> Codes:
        """Labels now of all images that the log knows, those here first."""
        return self._state.layers[layer].codes

    def rejected(self, layer: int = 0) -> tuple[NDArray[np.int64], Codes]:
        """Rows, and 1 + numbers of the classes, that were rejected there.

        With tags, those of the tag `layer`.
        """
        rows, codes = self._state.rejected(layer)
        here = rows < self.n_rows
        return rows[here], codes[here]

    def depth(self, annotator: str = "") -> tuple[int, int]:
        """How many edits `annotator` can undo, and how many redo."""
        return self._state.depth(annotator)

    def numbers_of(self, name: str) -> list[int]:
        """Find the classes that are called `name`, were at first, or took in one that was.

        The one that is called so now is the first.
        """
        keys, wanted = self._state.classes.keys, name_key(name)
        called = {
            i
            for i, key in enumerate(keys)
            if wanted in (name_key(self.classes[i]), key and name_key(key[0]))
        }
        called |= {self._state.classes.follow(number) for number in called}
        return sorted(called, key=lambda i: (name_key(self.classes[i]) != wanted, i))

    def number_of(self, name: str) -> int | None:
        """Return the number of the class that is called so now, be it gone; None if none is."""
        wanted = name_key(name)
        for number, known in enumerate(self.classes):
            if known == name or name_key(known) == wanted:
                return number
        return None
