"""Looking back in the annotator: what was found again, what was done, by whom, and who agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.agreement import Agreement, agreement
from vaewidgets.labels.conflict import Conflict
from vaewidgets.labels.journal import Origin, Step, StepName
from vaewidgets.labels.opening import roster_frame
from vaewidgets.widgets.base.widget import Buffers, Content, Reply
from vaewidgets.widgets.labelling.label_widget import LabelWidget
from vaewidgets.widgets.map.rows import pack_rows

MOST_STEPS = 100
"""Most steps that a page is told of."""


class LookingBackWidget(LabelWidget):
    """An annotator with a past, and with more than one person at work."""

    @property
    def conflict(self) -> Conflict | None:
        """What keeps labels from the DataFrame at the moment; None if nothing does.

        Its ``what``, ``since`` and ``advice`` say what happened, since when, and what to do. The
        labels are safe in the log meanwhile.
        """
        self._desk.settle()
        return self._desk.conflict or self._desk.rebound

    @property
    def roster(self) -> pd.DataFrame:
        """Every image that the log knows, those here by position, then those that are not here.

        Columns ``file`` (its path, or ""), ``match`` ("content": it is as it was; "name": another
        content under the same name; "position"; "new"; "missing": it is not here, and keeps its
        labels) and, with one label an image, ``label``.
        """
        self._desk.settle()
        with self._desk.lock:
            return roster_frame(self._desk.journal)

    @property
    def origins(self) -> pd.DataFrame:
        """Where each label comes from, by position; with tags a row for each tag of an image.

        Columns ``label``, ``by`` (who), ``when`` (UTC) and ``how`` ("key", "lasso", "suggestion",
        "cell", "python" ...). Labels that were there at the start have no ``by``.
        """
        self._desk.settle()
        journal, parts = self._desk.journal, []
        with self._desk.lock:
            names = np.array([None, *journal.classes], object)
            for number in self._desk.order() if journal.multi else [0]:
                layer = journal.layers[number]
                rows = np.flatnonzero(layer == 1 if journal.multi else layer)
                places, known = journal.origins(number)
                labels = names[np.where(layer[rows] > 0, number + 1, 0)]
                if not journal.multi:
                    labels = names[layer[rows]]
                parts.append(_origin_frame(rows, labels, places[rows], known))
        return pd.concat(parts) if parts else pd.DataFrame()

    # Steps

    @property
    def steps(self) -> pd.DataFrame:
        """The steps that stand, by everybody, the newest last.

        Columns ``kind``, ``text`` (class, note or reason), ``count`` (images here), ``by``,
        ``when`` (UTC), ``how``, and ``own``: only one's own can be undone.
        """
        self._desk.settle()
        with self._desk.lock:
            told = [self._told(name, step) for name, step in self._in_order()]
        frame = pd.DataFrame(told, columns=["kind", "text", "count", "by", "time", "how", "own"])
        frame.insert(4, "when", _times(frame.pop("time").to_list()))
        return frame

    def undo_to(self, step: int) -> int:
        """Undo one's own steps back to one of them, that one too.

        Parameters
        ----------
        step : int
            Row of :attr:`steps`; negative ones count from the end.

        Returns
        -------
        int
            How many were undone; :meth:`redo` does them again, one at a time.

        Raises
        ------
        IndexError
            If there is no such step.
        ValueError
            If it is another person's.
        """
        with self._desk.lock:
            steps = self._in_order()
            if not -len(steps) <= step < len(steps):
                raise IndexError(f"step is {step}; there are {len(steps)} steps")
            name, chosen = steps[step]
            if chosen.annotator != self._desk.annotator:
                raise ValueError(
                    f"step {step} is {chosen.annotator!r}'s, and only one's own can be undone"
                )
            own = [each for each, _ in self._desk.journal.history(self._desk.annotator)]
        n_undone = len(own) - own.index(name)
        for _ in range(n_undone):
            self._desk.do("undo")
        return n_undone

    def _in_order(self) -> list[tuple[StepName, Step]]:
        """All steps that stand, in the order of the log."""
        return sorted(self._desk.journal.history(), key=lambda each: each[1].place)

    def _told(self, _name: StepName, step: Step) -> Content:
        """Say what a step did."""
        edit, journal = step.does, self._desk.journal
        text = edit.name
        if edit.code and edit.kind != "rename_class":
            text = journal.classes[edit.code - 1]
        elif edit.several and edit.kind == "group":
            text = ", ".join(journal.classes[code - 1] for code in edit.several[:3])
        elif edit.codes is not None:
            codes = [int(code) for code in np.unique(edit.codes) if code]
            text = ", ".join(journal.classes[code - 1] for code in codes[:3])
        return {
            "kind": edit.kind,
            "text": text,
            "count": len(self._rows_of(step)),
            "by": step.annotator,
            "time": step.time,
            "how": edit.how,
            "own": step.annotator == self._desk.annotator,
        }

    def _rows_of(self, step: Step) -> NDArray[np.int64]:
        """Images here that a step is about."""
        if step.does.rows is None:
            return np.zeros(0, np.int64)
        rows = step.does.rows.positions
        return rows[rows < self._n]

    # People

    @property
    def raters(self) -> list[str]:
        """Names of all who labelled in this log."""
        with self._desk.lock:
            journal = self._desk.journal
            layers = range(len(journal.layers))
            return [
                name
                for name in journal.annotators
                if any(journal.labels_by(name, layer).any() for layer in layers)
            ]

    def by_rater(self, name: Any = None) -> pd.DataFrame:
        """Return what each person said last of each image, side by side, whatever stands now.

        Parameters
        ----------
        name : str, optional
            With tags: which tag; its columns hold True, False and None.

        Returns
        -------
        DataFrame
            A row for each image, a column for each of :attr:`raters`; None where one said
            nothing.
        """
        layer = self._tag_layer(name)
        raters, journal = self.raters, self._desk.journal
        with self._desk.lock:
            words = [None, True, False] if journal.multi else [None, *journal.classes]
            table = np.empty(len(words), object)
            table[:] = words
            found = {rater: table[journal.labels_by(rater, layer)] for rater in raters}
        return pd.DataFrame(found, index=pd.RangeIndex(self._n), dtype=object)

    def agreement(self, one: str, other: str, name: Any = None) -> Agreement:
        """Compare the labels of two people.

        Parameters
        ----------
        one, other : str
            Two of :attr:`raters`.
        name : str, optional
            With tags: which tag.

        Returns
        -------
        Agreement
            With Cohen's kappa, the confusion of classes, and the positions where they disagree:
            ``notes.selection = notes.agreement("ada", "ben").disagreements``.

        Raises
        ------
        ValueError
            If one of them is not among the raters.
        """
        layer, raters = self._tag_layer(name), self.raters
        for rater in (one, other):
            if rater not in raters:
                raise ValueError(f"{rater!r} is none of the raters, {', '.join(raters) or 'none'}")
        journal = self._desk.journal
        with self._desk.lock:
            classes = ["yes", "no"] if journal.multi else list(journal.classes)
            codes = [journal.labels_by(rater, layer) for rater in (one, other)]
        return agreement(codes[0], codes[1], classes, (one, other))

    def _disputed(self, layer: int) -> NDArray[np.int64]:
        """Images that two people labelled differently."""
        journal = self._desk.journal
        with self._desk.lock:
            given = [journal.labels_by(name, layer) for name in journal.annotators]
        first = np.zeros(self._n, np.uint16)
        differs = np.zeros(self._n, bool)
        for codes in given:
            differs |= (codes > 0) & (first > 0) & (codes != first)
            first = np.where(first == 0, codes, first)
        return np.flatnonzero(differs & ~journal.aside)

    def _tag_layer(self, name: Any) -> int:
        if self._desk.journal.multi:
            return self._number(name)
        if name is not None:
            raise ValueError(f"name is {name!r}; with one label an image there is none")
        return 0

    # Messages

    def _on_steps(self, _content: Content, _buffers: Buffers) -> Reply:
        with self._desk.lock:
            steps = self._in_order()
            own = [name for name, _ in self._desk.journal.history(self._desk.annotator)]
            undos = {name: len(own) - place for place, name in enumerate(own)}
            newest = list(enumerate(steps))[: -MOST_STEPS - 1 : -1]
            told = [
                {"step": k, **self._told(name, step), "undos": undos.get(name)}
                for k, (name, step) in newest
            ]
        return {"steps": told}

    def _on_step_rows(self, content: Content, _buffers: Buffers) -> Reply:
        number = content.get("step")
        with self._desk.lock:
            steps = self._in_order()
            if type(number) is not int or not 0 <= number < len(steps):
                raise ValueError(f"the page asked for step {number!r} of {len(steps)}")
            rows = self._rows_of(steps[number][1])
        return {}, [pack_rows(rows, self._n)]

    def _on_raters(self, _content: Content, _buffers: Buffers) -> Reply:
        raters = self.raters
        pairs = []
        if not self._desk.journal.multi:
            found = [
                self.agreement(one, other)
                for k, one in enumerate(raters)
                for other in raters[k + 1 :]
            ]
            pairs = [
                {
                    "a": each.raters[0],
                    "b": each.raters[1],
                    "both": each.n_both,
                    "same": each.n_same,
                    "kappa": None if np.isnan(each.kappa) else each.kappa,
                }
                for each in found
            ]
        return {"raters": raters, "pairs": pairs}


def _origin_frame(
    rows: NDArray[np.int64],
    labels: NDArray[np.object_],
    places: NDArray[np.int64],
    origins: Sequence[Origin],
) -> pd.DataFrame:
    """List where labels come from; `places` are those in `origins`, -1 for none."""
    by = np.array([*(one.annotator for one in origins), None], object)
    how = np.array([*(one.how for one in origins), None], object)
    times = np.array([*(one.time for one in origins), 0], np.int64)
    return pd.DataFrame(
        {
            "label": labels,
            "by": pd.Series(by[places], rows, dtype=object),
            "when": _times(times[places].tolist()),
            "how": pd.Series(how[places], rows, dtype=object),
        },
        index=pd.Index(rows, name="position"),
    )


def _times(seconds: Sequence[int]) -> pd.DatetimeIndex:
    """Turn seconds since 1970 into times, UTC; 0 is not known."""
    times = np.array(seconds, "datetime64[s]")
    times[np.array(seconds, np.int64) == 0] = np.datetime64("NaT")
    return pd.DatetimeIndex(times).tz_localize("UTC")
