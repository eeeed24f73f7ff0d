"""Suggestions in the annotator: proposed by what is labelled, accepted or rejected in bulk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vaewidgets.labels.journal import RowSet
from vaewidgets.labels.suggestions import (
    CodeGraph,
    Suggestions,
    ask_next,
    code_graph,
    suggest,
    suggest_tag,
    tag_by_direction,
)
from vaewidgets.widgets.base.widget import Buffers, Content, Reply
from vaewidgets.widgets.labelling.curating import CuratingWidget
from vaewidgets.widgets.labelling.proposal import YES, Proposal
from vaewidgets.widgets.map.rows import as_rows

MOST_ASKED = 512
"""Most images that a page may ask to be asked about at once."""


class SuggestingWidget(CuratingWidget):
    """An annotator that proposes labels for the images that have none."""

    _graph: CodeGraph | None = None
    _shown: Proposal | None = None
    _worker: threading.Thread | None = None
    _is_busy = False

    def _begin_labelling(self, annotator: str) -> None:
        self._preparing = threading.Lock()
        self._stopping = threading.Event()
        self._endings.append(self._stopping.set)
        # Images asked about that have no label yet, by tag: each tag is a question of its own.
        self._asked: dict[int, set[int]] = {}
        super()._begin_labelling(annotator)

    def suggest(self, name: Any = None) -> pd.DataFrame:
        """Propose labels for images without one, from the labels that people gave.

        Labels spread inside small groups of images that look alike, and over neighbours; see
        :func:`vaewidgets.labels.suggestions.suggest`. The first call prepares the groups, which
        takes a minute and a half for 60,000 images; later ones take a second or two. The labels
        of one step count as one observation where probabilities are measured.

        Parameters
        ----------
        name : str, optional
            With tags: which tag.

        Returns
        -------
        DataFrame
            Columns ``class`` and ``probability``, by position; the surest first. Nothing is
            labelled before :meth:`accept`.

        Raises
        ------
        ValueError
            If images of only one kind are labelled yet, or `name` is no tag.
        """
        self._desk.settle()
        number = self._tag_number(name)
        self._check_labelled(number)
        self._propose(number, self._made_graph())
        return self._proposed()

    def suggest_along(
        self, direction: int | ArrayLike, name: Any, threshold: float | None = None
    ) -> pd.DataFrame:
        """Propose a class for images that lie far along a latent direction; needs no label.

        Parameters
        ----------
        direction : int, or array of shape (d,)
            A latent dimension, or a direction such as
            :func:`vaewidgets.latent.attribute_direction` gives.
        name : str
            The class, or the tag, of images beyond the threshold.
        threshold : float, optional
            By default the natural cut between two groups of values, see
            :func:`vaewidgets.labels.suggestions.tag_by_direction`.

        Returns
        -------
        DataFrame
            As :meth:`suggest`.

        Raises
        ------
        ValueError
            If there is no such class, dimension or direction.
        """
        number = self._number(name)
        along = self.codes if self.posterior is None else self.posterior
        found = tag_by_direction(along, direction, threshold=threshold)
        if self._desk.journal.multi:
            self._offer(Proposal(number, found.codes, found.probability, found.words))
        else:
            codes = np.where(found.codes == YES, number + 1, 0).astype(np.uint16)
            self._offer(Proposal(None, codes, found.probability, found.words))
        return self._proposed()

    @property
    def suggestions(self) -> pd.DataFrame | None:
        """What is proposed now for images that have no label; None before :meth:`suggest`."""
        self._desk.settle()
        return self._proposed() if self._shown else None

    def _proposed(self) -> pd.DataFrame:
        return self._standing().table(self._desk.journal.classes)

    def accept(self, rows: Any = None, threshold: float = 0.9) -> int:
        """Give images the labels that are proposed for them, as one step that can be undone.

        The labels are marked as suggested: they are no evidence for further suggestions, and
        ``details=True`` shows them as such. Where a person has said something it stays.

        Parameters
        ----------
        rows : positions, slice or boolean mask, optional
            Which images; by default all that are proposed with at least the `threshold`.
        threshold : float, 0 to 1
            Least probability where no `rows` are given.

        Returns
        -------
        int
            How many images were labelled.

        Raises
        ------
        ValueError
            If the threshold is no probability.
        """
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold is {threshold!r}; expected a probability from 0 to 1")
        self._desk.settle()
        shown = self._standing()
        return self._answer(
            "accept", shown, shown.probability >= threshold if rows is None else self._mask(rows)
        )

    def reject(self, rows: Any) -> int:
        """Say "not that" of what is proposed for images; it is not proposed for them again.

        No other class becomes more probable by that, so most of these images have no proposal
        then; the images around keep theirs. Of a tag only a yes is rejected; `clear` says no.

        Parameters
        ----------
        rows : positions, slice or boolean mask

        Returns
        -------
        int
            How many proposals were rejected.
        """
        self._desk.settle()
        return self._answer("reject", self._standing(), self._mask(rows))

    def none_of_these(self, rows: Any) -> int:
        """Say that images are of none of the classes there are now; one step, can be undone.

        Nothing of these is proposed for them again, and they are asked about as "outlying" alone.
        A class that is added later may be proposed. A label that an image has stays.

        Parameters
        ----------
        rows : positions, slice or boolean mask

        Returns
        -------
        int
            How many images this was said of.

        Raises
        ------
        ValueError
            With tags, where :meth:`clear` says no to each; or if there is no class yet.
        """
        if self._desk.journal.multi:
            raise ValueError("of tags an image may have none: clear(rows, name) says no to one")
        if not self.classes:
            raise ValueError("there is no class yet that images could be none of; add one first")
        chosen = self._row_set(rows)
        if len(chosen):
            self._desk.do("reject", rows=chosen, code=0)
        return len(chosen)

    def ask(self, by: str = "uncertain", count: int = 24, name: Any = None) -> NDArray[np.int64]:
        """Choose images that are worth a label next, and select them.

        Parameters
        ----------
        by : str
            "group": images of one group, to be named together; "uncertain": between two
            classes; "disagreeing": the group says one class and the neighbours another;
            "outlying": far from all that is labelled; "raters": labelled differently by two
            people.
        count : int
            At most so many.
        name : str, optional
            With tags: which tag.

        Returns
        -------
        ndarray of int64
            Positions, the most useful first; none that was shown before and not labelled.
        """
        self._desk.settle()
        rows = self._next_rows(by, count, self._tag_number(name))
        self.selection = rows
        return rows

    # What is proposed

    def _tag_number(self, name: Any) -> int | None:
        """Return the number of the tag that is meant; None where an image has one label."""
        if not self._desk.journal.multi:
            if name is not None:
                raise ValueError(f"name is {name!r}; with one label an image there is none")
            return None
        if name is None:
            raise ValueError(f"name is needed: one of the tags, {', '.join(self.classes)}")
        return self._number(name)

    def _made_graph(self) -> CodeGraph:
        """Neighbours and groups of the codes, made once."""
        with self._preparing:  # a page and a cell may both ask for the first suggestions
            if self._graph is None:
                codes = self.codes if self.posterior is None else self.posterior
                self._stopping.clear()
                try:
                    self._graph = code_graph(codes, report=self._go_on)
                finally:
                    self._tell_progress(1.0, "")
            return self._graph

    def _go_on(self, fraction: float | None, text: str) -> None:
        """Tell how far the work is, or end it where somebody does not want to wait for it."""
        if self._stopping.is_set():
            raise InterruptedError("stopped; nothing is proposed. Suggest begins anew")
        self._tell_progress(fraction, text)

    def _tell_progress(self, fraction: float | None, text: str) -> None:
        self.send({"op": "progress", "job": "suggest", "fraction": fraction, "text": text})

    def _propose(self, number: int | None, graph: CodeGraph) -> None:
        found = self._proposals(number, graph)
        self._offer(Proposal(number, found.codes, found.probability, found.words))

    def _proposals(self, number: int | None, graph: CodeGraph) -> Suggestions:
        """Return what the labels that people gave make probable."""
        with self._desk.lock:
            labels = self._human_labels(number)
            rows, codes = self._desk.journal.rejected(number or 0)
            steps = self._desk.journal.steps() if number is None else None
        if number is None:
            return suggest(graph, labels, steps=steps, rejected=(rows, codes))
        # What the journal calls by the tag is a yes here.
        return suggest_tag(graph, labels, rejected=(rows, np.full_like(codes, YES)))

    def _check_labelled(self, number: int | None) -> None:
        """Refuse to propose where nothing can be told apart yet."""
        kinds = np.setdiff1d(self._human_labels(number), [0])
        if not kinds.size:
            what = "no image is labelled" if number is None else "no image has the tag"
            raise ValueError(f"{what} yet: label one of each kind first, then ask again")
        if number is None and kinds.size == 1:
            raise ValueError(
                f"all labels are {self._desk.journal.classes[kinds[0] - 1]!r} yet, so all images "
                "would be proposed as one: label some of another kind too, then ask again"
            )

    def _human_labels(self, number: int | None) -> NDArray[np.uint16]:
        """Labels without those that were accepted from suggestions: these are no evidence."""
        journal = self._desk.journal
        layer = number or 0
        with self._desk.lock:
            no_evidence = journal.suggested(layer) | journal.aside
            return np.where(no_evidence, 0, journal.layers[layer])

    def _offer(self, shown: Proposal) -> None:
        self._shown = shown
        self._show_suggestions()

    def _show_suggestions(self) -> None:
        """Tell every page what is proposed, if anything was."""
        about, buffers = self._about_suggestions()
        if about is not None:
            self.send({"op": "suggestions", **about}, buffers)

    def _about_suggestions(self) -> tuple[Content | None, list[bytes]]:
        """Say what is proposed, for a page."""
        if self._shown is None:
            return None, []
        return self._standing(labelled_too=True).message()  # the page knows what is labelled

    def _standing(self, *, labelled_too: bool = False) -> Proposal:
        """Return what stands of what was proposed."""
        if self._shown is None:
            raise ValueError("nothing is proposed yet; suggest() proposes labels")
        with self._desk.lock:
            return self._shown.standing(self._desk.journal, labelled_too=labelled_too)

    def _mask(self, rows: Any) -> NDArray[np.bool_]:
        mask = np.zeros(self._n, bool)
        mask[as_rows(rows, self._n, "rows")] = True
        return mask

    def _answer(self, kind: str, shown: Proposal, wanted: NDArray[np.bool_]) -> int:
        """Accept or reject what is proposed for the images wanted."""
        rows, which = shown.answered(wanted)
        if rows.size:
            self._desk.do(kind, rows=RowSet.from_positions(rows, self._n), **which)
        return len(rows)

    def _next_rows(self, by: Any, count: Any, number: int | None) -> NDArray[np.int64]:
        if by == "raters":
            return self._disputed(number or 0)[:count]
        graph = self._made_graph()
        labels = self._human_labels(number)
        layer = self._desk.journal.layers[number or 0]
        asked = {row for row in self._asked.get(number or 0, ()) if not layer[row]}
        found = self._proposals(number, graph) if labels.any() else None
        # An accepted suggestion is no evidence, but nothing to ask about either.
        accepted = np.flatnonzero(((layer > 0) & (labels == 0)) | self._desk.journal.aside)
        passed = np.union1d(np.array(sorted(asked), np.int64), accepted)
        rows = ask_next(graph, labels, by, count, suggestions=found, passed=passed)
        self._asked[number or 0] = asked.union(rows.tolist())
        return rows

    # Messages

    def _on_suggest(self, content: Content, _buffers: Buffers) -> Reply:
        number = self._number_of_page(content.get("class"))
        self._check_labelled(number)

        def work() -> Reply:
            self._propose(number, self._made_graph())
            return {}

        self._aside(content, work)
        return None

    def _on_ask(self, content: Content, _buffers: Buffers) -> Reply:
        number, count = self._number_of_page(content.get("class")), content.get("count")
        if type(count) is not int or not 1 <= count <= MOST_ASKED:
            raise ValueError(f"the page asked for {count!r} images; 1 to {MOST_ASKED} can be")

        def work() -> Reply:
            rows = self._next_rows(content.get("by"), count, number)
            return {}, [rows.astype("<i4").tobytes()]

        self._aside(content, work)
        return None

    def _on_stop(self, _content: Content, _buffers: Buffers) -> Reply:
        self._stopping.set()
        return {}

    def _number_of_page(self, number: Any) -> int | None:
        """Check the number of a tag that the page sent."""
        if not self._desk.journal.multi:
            return None
        tags = self._desk.order()
        if type(number) is not int or number not in tags:
            raise ValueError(f"the page asked about tag {number!r}, which there is not")
        return number

    def _aside(self, content: Content, work: Any) -> None:
        """Answer from a thread of its own: preparing groups takes long, and sliders must go on."""
        if self._is_busy:
            raise ValueError("suggestions are being prepared; please wait")
        self._is_busy, finish = True, partial(self._finish, content, work)
        self._worker = threading.Thread(target=finish, name="vaewidgets-suggest", daemon=True)
        self._worker.start()

    def _finish(self, content: Content, work: Any) -> None:
        answer: Callable[[], None]
        try:
            answer = partial(self._reply, content, work())
        except Exception as error:  # noqa: BLE001  (the person must see it)
            answer = partial(self._fail, content, error)
        self._tell_progress(1.0, "")
        self._is_busy = False  # before the answer, upon which the page may ask again
        answer()
