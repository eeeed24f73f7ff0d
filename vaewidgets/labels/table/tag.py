"""One tag: the column that holds it, and those beside it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.table.details import Codes, SourceColumn, beside
from vaewidgets.labels.table.filling import fill
from vaewidgets.labels.table.flags import flag_values, holds_flags, says_no
from vaewidgets.labels.table.given_frame import KEPT, ConflictError, OwnColumn, Step
from vaewidgets.labels.table.origins import ENDINGS, AboutColumn, OriginColumn, Origins


@dataclass(eq=False)
class Tag:
    """The columns of one tag."""

    column: OwnColumn
    source: SourceColumn
    origins: list[OriginColumn]
    found: Codes
    """The layer found at the start."""
    behind: NDArray[np.bool_]
    """Images whose tag is to be written."""
    held: Codes
    """What the column was last known to hold."""
    seen: pd.Series[Any] | None = None
    """The column as it was last written or read."""
    has_no: bool = False
    """Whether False said no in it, see `says_no`."""

    def check(self, frame: pd.DataFrame, *, details: bool) -> None:
        """Raise TypeError if the columns cannot hold the tag."""
        if self.column.exists and not holds_flags(frame[self.column.name]):
            name = self.column.name
            raise TypeError(
                f"column {name!r} has dtype {frame[name].dtype}, but tags are True or False; "
                f"frame[{name!r}] = frame[{name!r}].astype('boolean') makes it so"
            )
        if details:
            for column in (self.source, *self.origins):
                column.check(frame)

    def see(self, column: pd.Series[Any]) -> None:
        """Remember the column as it is now."""
        self.seen, self.has_no = column, self.has_no_in(column)

    def has_no_in(self, column: pd.Series[Any]) -> bool:
        """Whether False says no in the column: as at first, as long as it has the same dtype."""
        is_same = self.seen is not None and column.dtype == self.seen.dtype
        return self.has_no if is_same else says_no(column)

    def plan(
        self,
        frame: pd.DataFrame,
        name: Hashable,
        frame_rows: NDArray[np.int64],
        layer: Codes,
        *,
        whole: bool,
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps that bring the column to `layer`, and what to do once they are taken."""
        due = (
            self.behind | (layer != self.held) if whole or not self.column.exists else self.behind
        )
        rows = np.flatnonzero(due)
        if not rows.size and self.column.exists and name == self.column.name:
            return [], lambda: None
        current = self.column.current(frame)
        if not holds_flags(current):
            raise ConflictError(f"Column {self.column.name!r} is {current.dtype} now: {KEPT}.")
        has_no = self.has_no_in(current)
        values, missing = flag_values(current, has_no=has_no)
        filled = fill(current, frame_rows[rows], layer[rows], values, missing=missing)

        def settle() -> None:
            self.column.name, self.column.exists = name, True
            self.seen, self.has_no = filled, has_no
            self.behind[rows] = False
            self.held[rows] = layer[rows] if has_no else layer[rows] % 2

        return self.column.put(frame, filled, name), settle

    def about(
        self, layer: Codes, suggested: NDArray[np.bool_], origins: Origins
    ) -> Iterator[tuple[AboutColumn, NDArray[Any]]]:
        """Yield the columns about the tag, with what each is to say of all images."""
        yield self.source, self.source.wanted(layer, self.found, suggested)
        for column in self.origins:
            yield column, column.wanted(layer, self.found, origins)

    def plan_about(
        self,
        frame: pd.DataFrame,
        name: Hashable,
        about: Iterable[tuple[AboutColumn, NDArray[Any]]],
    ) -> tuple[list[Step], Callable[[], None]]:
        """Plan the steps to columns about a tag of this name, and what to do once taken."""
        steps: list[Step] = []
        settles: list[Callable[[], None]] = []
        for (column, wanted), ending in zip(about, ENDINGS, strict=True):
            steps += column.steps(frame, wanted, beside(name, ending))
            settles.append(partial(column.settle, wanted, beside(name, ending)))

        def settle() -> None:
            for each in settles:
                each()

        return steps, settle

    def drop(self) -> list[Step]:
        """Make the steps that take out the columns that were made here."""
        return self.column.drop() + self.drop_about()

    def drop_about(self) -> list[Step]:
        """Make the steps that take out what says who gave the tag."""
        return [step for column in (self.source, *self.origins) for step in column.drop()]

    def forget(self) -> None:
        """Remember that the columns that were made are gone."""
        self.column.exists, self.seen = False, None
        self.held[:] = 0
        about: list[AboutColumn] = [self.source, *self.origins]
        for column in about:
            if column.made:
                column.forget()
