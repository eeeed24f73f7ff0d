"""Columns that say where each label comes from: who gave it, when, and how."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.steps import Origin
from vaewidgets.labels.table.details import Codes, SourceColumn, TextColumn, beside
from vaewidgets.labels.table.given_frame import Step


class OriginColumn(TextColumn):
    """One thing about where each label comes from: who gave it, when, or how.

    A label that stands as it was found keeps what was found here.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        name: Hashable,
        frame_rows: NDArray[np.int64],
        say: Callable[[Origin], str],
    ) -> None:
        super().__init__(frame, name)
        self._rows, self._say = frame_rows, say
        codes, values = self.found(frame, frame_rows)
        self._found = np.array([None, *values], object)[codes]
        self._written = self._found

    def wanted(self, layer: Codes, found: Codes, origins: Origins) -> NDArray[np.object_]:
        """Return the texts now; `found` are the labels found at the start."""
        places, known = origins
        texts = np.array([*(self._say(one) or None for one in known), None], object)
        given = texts[np.where(layer == 0, -1, places)]
        return np.where((layer == found) & (places < 0), self._found, given)

    def steps(
        self, frame: pd.DataFrame, wanted: NDArray[np.object_], name: Hashable | None = None
    ) -> list[Step]:
        """Make the steps to `wanted`, and to another name if that is given."""
        rows = np.flatnonzero(wanted != self._written)
        return self._steps_in(self, frame, self._rows[rows], wanted[rows], name)

    def steps_in(
        self, frame: pd.DataFrame, rows: NDArray[np.int64], wanted: NDArray[np.object_]
    ) -> list[Step]:
        """Make the steps that write `wanted` into some rows of another frame."""
        column = TextColumn(frame, self.name)
        column.check(frame)
        return self._steps_in(column, frame, rows, wanted, None)

    def settle(self, wanted: NDArray[np.object_], name: Hashable | None = None) -> None:
        """Remember what was written, and under which name."""
        self.exists, self._written = True, wanted
        self.name = self.name if name is None else name

    def forget(self) -> None:
        """Remember that the column was taken out."""
        self.exists, self._written = False, np.full(len(self._found), None)

    @staticmethod
    def _steps_in(
        column: TextColumn,
        frame: pd.DataFrame,
        rows: NDArray[np.int64],
        wanted: NDArray[np.object_],
        name: Hashable | None,
    ) -> list[Step]:
        codes, values = pd.factorize(wanted)
        return column.text_steps(frame, rows, codes.astype(np.int64) + 1, list(values), name)


def origin_columns(
    frame: pd.DataFrame, column: Hashable, frame_rows: NDArray[np.int64]
) -> list[OriginColumn]:
    """Make the columns that say who gave each label, when, and how."""
    return [
        OriginColumn(frame, beside(column, ending), frame_rows, say)
        for ending, say in ORIGINS.items()
    ]


def _when(origin: Origin) -> str:
    if not origin.time:
        return ""
    return datetime.fromtimestamp(origin.time, UTC).isoformat(timespec="seconds")


ORIGINS: dict[str, Callable[[Origin], str]] = {
    "by": lambda origin: origin.annotator,
    "when": _when,
    "how": lambda origin: origin.how,
}
"""Ending of the name of each column on origins, and what it says: who, when (UTC), and how."""
ENDINGS = ("source", *ORIGINS)
"""Ending of the name of each column that says something about each label."""
Origins = tuple[NDArray[np.int64], list[Origin]]
"""For each image -1 or a place in the list."""
AboutColumn = SourceColumn | OriginColumn
"""A column that says something about each label."""
