"""What else people do with labels: set images aside, group them, keep a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal import RowSet
from vaewidgets.widgets.base.widget import Buffers, Content, Reply
from vaewidgets.widgets.labelling.looking_back import LookingBackWidget
from vaewidgets.widgets.map.rows import as_rows, pack_rows


class CuratingWidget(LookingBackWidget):
    """An annotator in which images are put in order, beside being labelled."""

    def set_aside(self, rows: Any, reason: str = "") -> None:
        """Set images aside: they are not shown, proposed or asked about. No file is touched.

        Their labels stay. With ``details=True`` a column ``<column>_set_aside`` says why.

        Parameters
        ----------
        rows : int, positions, slice or boolean mask
        reason : str
            Such as "broken", "private" or "off topic"; at most 2000 characters.

        Raises
        ------
        TypeError, IndexError
            If `rows` names no images.
        ValueError
            If `reason` is no text.
        """
        self._desk.do("set_aside", rows=self._row_set(rows), name=reason)

    def put_back(self, rows: Any) -> None:
        """Take images back that were set aside.

        Parameters
        ----------
        rows : int, positions, slice or boolean mask
        """
        self._desk.do("put_back", rows=self._row_set(rows))

    @property
    def aside(self) -> pd.Series[Any]:
        """Why images are set aside, by position; "" where nobody said."""
        with self._desk.lock:
            reasons = self._desk.journal.reasons
        return pd.Series(reasons, dtype=object, name="set_aside")

    def group(self, groups: Any, names: Sequence[str] | None = None) -> list[str]:
        """Take groups that were found elsewhere as classes, in one step that can be undone.

        From then on they are classes: :meth:`rename_class` names a group, :meth:`merge_classes`
        joins two, :meth:`split` divides one, :meth:`label` moves images, and
        :meth:`delete_class` dissolves one.

        Parameters
        ----------
        groups : Clustering, or array of int or str, shape (n,)
            What ``vw.cluster`` gives, or a group for each image; -1, None and NaN for none.
        names : sequence of str, optional
            A name for each group, in the order of their numbers; by default "group 1" and so on,
            and the texts themselves where there are texts.

        Returns
        -------
        list of str
            Names of the groups.

        Raises
        ------
        ValueError
            If there is not a group for each image, not a name for each group, or with tags.
        """
        values = np.asarray(getattr(groups, "labels", groups))
        if values.shape != (self._n,):
            raise ValueError(
                f"groups has shape {values.shape}; expected a group for each of {self._n:,} images"
            )
        missing = np.asarray(pd.isna(values))
        missing |= values == -1 if values.dtype.kind in "iuf" else False
        codes, distinct = pd.factorize(pd.Series(values, dtype=object).mask(missing), sort=True)
        if names is None:
            are_texts = all(isinstance(value, str) for value in distinct)
            names = list(distinct) if are_texts else self._free_names(len(distinct))
        if isinstance(names, str) or len(names) != len(distinct):
            raise ValueError(f"names has {len(names)}; expected one for each of {len(distinct)}")
        rows = np.flatnonzero(codes >= 0)
        self._desk.do(
            "group",
            rows=RowSet.from_positions(rows, self._n),
            codes=(codes[rows] + 1).astype(np.uint16),
            names=tuple(names),
            how="group",
        )
        return list(names)

    def split(self, name: Any, rows: Any, new: str) -> int:
        """Move some images of a class into a new one, as one step that can be undone.

        Parameters
        ----------
        name : str
            The class that is divided.
        rows : positions, slice or boolean mask
            Images of other classes among them stay as they are.
        new : str
            Name of the new class.

        Returns
        -------
        int
            How many images were moved.

        Raises
        ------
        ValueError
            If there is no class `name`, none of `rows` is of it, or with tags.
        """
        number = self._number(name)
        self._desk.settle()
        asked = as_rows(rows, self._n, "rows")
        moved = asked[self._desk.journal.layers[0][asked] == number + 1]
        if not moved.size and not self._desk.journal.multi:
            raise ValueError(f"rows has no image of class {str(name)[:60]!r}")
        self._desk.do(
            "group",
            rows=RowSet.from_positions(moved, self._n),
            codes=np.ones(len(moved), np.uint16),
            names=(new,),
            how="split",
        )
        return len(moved)

    # Selections

    def keep(self, name: str, rows: Any = None) -> None:
        """Keep a selection under a name: in the log, for this and later runs.

        Parameters
        ----------
        name : str
            An older selection of that name is replaced.
        rows : positions, slice or boolean mask, optional
            By default what is selected now.

        Raises
        ------
        ValueError
            If there is nothing to keep, or the name is empty.
        """
        kept = self.selection if rows is None else as_rows(rows, self._n, "rows")
        if not len(kept):
            raise ValueError("rows is empty; select something first, or use forget(name)")
        self._desk.do("keep", rows=RowSet.from_positions(kept, self._n), name=name)

    def forget(self, name: str) -> None:
        """Forget a selection that is kept; the images and their labels stay.

        Raises
        ------
        ValueError
            If none is kept under this name.
        """
        if name not in self.kept:
            known = ", ".join(map(repr, self.kept)) or "none"
            raise ValueError(f"no selection is kept as {name!r}; kept are {known}")
        nothing = RowSet.from_positions(np.zeros(0, np.int64), self._n)
        self._desk.do("keep", rows=nothing, name=name)

    @property
    def kept(self) -> dict[str, NDArray[np.int64]]:
        """Selections that are kept: positions by name. ``notes.selection = notes.kept[name]``."""
        self._desk.settle()
        with self._desk.lock:
            return self._desk.journal.kept

    def _free_names(self, count: int) -> list[str]:
        """Name groups by numbers that no class has."""
        taken, number = set(self._desk.journal.classes), 0
        names: list[str] = []
        while len(names) < count:
            number += 1
            if f"group {number}" not in taken:
                names.append(f"group {number}")
        return names

    # Messages

    def _on_kept_rows(self, content: Content, _buffers: Buffers) -> Reply:
        kept, name = self.kept, content.get("name")
        if name not in kept:
            raise ValueError("that selection is not kept any more")
        return {}, [pack_rows(kept[name], self._n)]
