"""Several tags an image, each in a boolean column of a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal.edits import MAX_CLASSES, RefusedError
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.table.columns import Columns
from vaewidgets.labels.table.details import Codes, SourceColumn, beside
from vaewidgets.labels.table.flags import holds_flags, no_flags, read_flags
from vaewidgets.labels.table.given_frame import (
    KEPT,
    ConflictError,
    OwnColumn,
    RowGuard,
    Step,
    is_untouched,
)
from vaewidgets.labels.table.naming import given_names, listed, one_class, same_name
from vaewidgets.labels.table.origins import ENDINGS, AboutColumn, origin_columns
from vaewidgets.labels.table.said import Reading, Said
from vaewidgets.labels.table.tag import Tag
from vaewidgets.labels.table.values import name_of


class TagColumns(Columns):
    """The boolean columns of a DataFrame that hold tags.

    Parameters
    ----------
    frame : DataFrame
    columns : list of hashable
        Names of the columns; :meth:`create` makes those that the frame lacks. A bool column says
        yes or nothing, a nullable one also no. Text of True and False is taken as well.
    frame_rows : ndarray of int, shape (n_images,)
        Row of the frame of each image, see :func:`match_rows`.
    classes : iterable of str, optional
        More tags; a boolean column of that name is taken, else one is made.
    details : bool
        Write ``<tag>_source``, ``_by``, ``_when`` and ``_how`` for each tag, and ``note``, too,
        and ``set_aside`` where an image is.

    Raises
    ------
    TypeError, ValueError
        If a column cannot hold a tag, with the reason and what to do.

    Notes
    -----
    The dtype of a column is kept: False stands for no and, in a bool column, for not said, <NA>
    for not said in a nullable one. Text says not said by empty cells, or by False where it has
    none. The column of a tag that is gone is taken out if it was made here, else nothing is true
    in it any more.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Iterable[Hashable],
        frame_rows: NDArray[np.int64],
        classes: Iterable[Any] | None = None,
        *,
        details: bool = False,
    ) -> None:
        if frame.columns.nlevels > 1:
            raise ValueError(
                f"frame has {frame.columns.nlevels} levels of column names; tags need one level"
            )
        super().__init__(frame, frame_rows, "note", "set_aside", details=details)
        self._keys = _keys(columns)
        self.classes = list(self._keys)
        given = given_names(listed(classes), self._check_given)
        self.classes += [name for name in given if name not in self._keys]
        self.asked = list(self.classes)
        if len(self.classes) > MAX_CLASSES:
            raise ValueError(
                f"column and classes name {len(self.classes):,} tags; "
                f"at most {MAX_CLASSES:,} can be"
            )
        self._tags = [self._open(name) for name in self.classes]
        self.layers = [tag.found for tag in self._tags]
        for tag in self._tags:
            tag.check(frame, details=details)
        if details:
            self._note.check(frame)
            self._aside.check(frame)
        self._guard = RowGuard(frame)

    @property
    def held(self) -> list[Codes]:  # type: ignore[override]
        """What the columns were last known to hold, by tag."""
        return [tag.held for tag in self._tags]

    def are_same(self, other: Columns) -> bool:
        """Whether some of these are columns of another."""
        if not isinstance(other, TagColumns):
            return False
        mine, theirs = (
            {tag.column.name for number, tag in enumerate(each._tags) if number not in each.hidden}
            for each in (self, other)
        )
        return bool(mine & theirs) or not (mine or theirs)

    def read(self) -> list[Reading]:  # noqa: D102  (see Columns)
        self._guard.check(self.frame, self._own())
        readings = []
        for number, tag in enumerate(self._tags):
            if number in self.hidden or number in self.gone or not tag.column.exists:
                continue
            current = tag.column.current(self.frame)
            if is_untouched(current, tag.seen):
                continue
            if not holds_flags(current):
                raise ConflictError(
                    f"Column {tag.column.name!r} is {current.dtype} now and holds more than True "
                    f"and False: {KEPT}."
                )
            tag.see(current)
            codes = read_flags(current.iloc[self.frame_rows], has_no=tag.has_no)
            readings.append(Reading(number, codes, []))
        return readings

    def check_clear(self) -> None:
        """Tags can always be cleared."""

    def follow(self, classes: Sequence[str], gone: Iterable[int]) -> None:  # noqa: D102
        names = list(classes)
        # Before the names: a write never finds a name without its tag.
        self._tags += [self._open(name) for name in names[len(self._tags) :]]
        super().follow(names, gone)

    def _known_as(self, _name: str) -> str | None:
        return None

    def _check_new(self, name: str) -> str:
        taken = name in self.frame.columns
        if self.details and not taken:
            others = {beside(known, ending) for known in self.classes for ending in ENDINGS}
            taken = name in {"note", "set_aside", *others} or any(
                beside(name, ending) in self.frame.columns or beside(name, ending) in self.classes
                for ending in ENDINGS
            )
        if taken:
            raise RefusedError(
                f"the DataFrame has a column for {name[:60]!r} that is no tag; use another name"
            )
        return name

    def _check_given(self, name: str) -> str:
        return same_name(name, self.classes) or name

    def _open_in(self, frame: pd.DataFrame, frame_rows: NDArray[np.int64]) -> Columns:
        not_ours = self.gone | self.hidden
        tags = [name for number, name in enumerate(self.classes) if number not in not_ours]
        columns = [self._keys.get(name, name) for name in tags]
        other = TagColumns(frame, columns, frame_rows)
        other.hidden = self.hidden
        return other

    def _about(self, said: Said) -> Iterator[tuple[AboutColumn, NDArray[Any]]]:
        for number, (tag, layer) in enumerate(zip(self._tags, said.layers, strict=True)):
            if number not in self.gone | self.hidden:
                yield from tag.about(layer, said.suggested(number), said.about.origins(number))

    def _own(self) -> list[OwnColumn]:
        tags = [tag for number, tag in enumerate(self._tags) if number not in self.hidden]
        columns: list[OwnColumn] = [tag.column for tag in tags]
        if self.details:
            columns += [column for tag in tags for column in (tag.source, *tag.origins)]
            columns += [self._note, *([self._aside] if self._aside.exists else [])]
        return columns

    def _open(self, name: str) -> Tag:
        """Open the column of a tag, whatever is in it; it is made later if there is none."""
        key = self._keys.get(name, name)
        column = OwnColumn(self.frame, key, no_flags)
        source = SourceColumn(self.frame, beside(key, "source"), self.frame_rows)
        origins = origin_columns(self.frame, key, self.frame_rows)
        nothing = np.zeros(len(self.frame_rows), np.uint16)
        tag = Tag(column, source, origins, nothing, nothing.astype(bool), nothing.copy())
        if column.exists and holds_flags(self.frame[key]):
            tag.see(self.frame[key])
            tag.found = read_flags(self.frame[key].iloc[self.frame_rows], has_no=tag.has_no)
            tag.held = tag.found.copy()
        return tag

    def _renumber(self, classes: list[str]) -> None:
        known = {name_key(name): tag for name, tag in zip(self.classes, self._tags, strict=True)}
        for name in classes:  # a column keeps its name where the journal spells it otherwise
            if name_key(name) in known and name not in self.classes:
                self._keys[name] = known[name_key(name)].column.name
        self._tags = [known.get(name_key(name)) or self._open(name) for name in classes]
        self.layers = [tag.found for tag in self._tags]
        self.classes = classes

    def _mark(self, rows: Mapping[int, NDArray[np.int64]]) -> None:
        for number, positions in rows.items():
            self._tags[number].behind[positions] = True

    def _plan(
        self, frame: pd.DataFrame, said: Said, details: bool, *, whole: bool = False
    ) -> tuple[list[Step], Callable[[], None]]:
        self._guard.check(frame, self._own())
        steps: list[Step] = []
        settles: list[Callable[[], None]] = []
        for number, name in enumerate(self.classes):
            if number in self.hidden:
                continue
            tag, layer = self._tags[number], said.layers[number]
            if number in self.gone and (tag.column.made or not tag.column.exists):
                steps += tag.drop()
                settles.append(tag.forget)
                continue
            key = self._keys.get(name, name)
            more, settle = tag.plan(frame, key, self.frame_rows, layer, whole=whole)
            steps += more
            settles.append(settle)
            if details:
                origins = said.about.origins(number)
                about = tag.about(layer, said.suggested(number), origins)
                more, settle = tag.plan_about(frame, key, about)
                steps += more
                settles.append(settle)
            else:
                steps += tag.drop_about()
        if details:
            more, settle = self._plan_notes(frame, said)
            steps += more
            settles.append(settle)
        else:
            steps += self._drop_notes()

        def settle_all() -> None:
            for each in settles:
                each()

        return steps, settle_all


def _keys(columns: Iterable[Hashable]) -> dict[str, Hashable]:
    """Name of the column of each tag that the person listed."""
    keys: dict[str, Hashable] = {}
    for column in columns:
        try:
            name = name_of(column)
        except TypeError:
            raise TypeError(
                f"column holds {column!r}; the columns of tags are named by text or numbers"
            ) from None
        except RefusedError as error:
            raise ValueError(f"column holds {column!r}, but {error}") from error
        same = same_name(name, keys)
        if same == name:
            raise ValueError(f"column names {name[:60]!r} twice")
        if same is not None:
            raise ValueError(
                f"column names two columns, but {one_class([same, name])}; rename one"
            )
        keys[name] = column
    return keys
