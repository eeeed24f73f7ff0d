"""What a log folds to: labels, classes, notes and rejections, and who can undo what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.classes import Classes
from vaewidgets.labels.journal.edits import FROM_FRAME, Edit
from vaewidgets.labels.journal.layer import Layer, Swap
from vaewidgets.labels.journal.records import Change, Codes, Record, StepName
from vaewidgets.labels.journal.rows import RowSet

NAMES_CLASS = frozenset({"label", "accept", "rename_class", "merge_class", "delete_class"})
"""Kinds of edits that may change the name or fate of a class."""
YES, NO = 1, 2
"""Codes of a tag; 0 is not said."""


@dataclass(eq=False, slots=True)
class _Step:
    """An edit that can be undone, and what it did."""

    edit: Edit
    does: Edit
    """The edit itself; for a redo the one it does again."""
    annotator: str
    active: bool = False
    is_undone: bool = False
    writes: tuple[tuple[Layer, int], ...] = ()
    swaps: tuple[tuple[Layer, Swap], ...] = ()


@dataclass(eq=False)
class _History:
    """What one annotator can undo and redo, the last at the end."""

    done: list[tuple[StepName, _Step]] = field(default_factory=list)
    undone: list[tuple[StepName, _Step]] = field(default_factory=list)


class State:
    """The state that records are folded into, one after the other.

    Parameters
    ----------
    n_rows : int
    classes : Classes
        With the classes at the start.
    layers : sequence of ndarray
        Codes at the start.
    multi : bool
        Whether there is a layer for each class.

    Notes
    -----
    The state depends on the records and their order alone. Undo and redo name the step they are
    about, so they mean the same wherever the records of other writers come to stand between.
    """

    def __init__(
        self, n_rows: int, classes: Classes, layers: Sequence[Codes], *, multi: bool
    ) -> None:
        self.n_rows = n_rows
        self.multi = multi
        self.classes = classes
        n_codes = NO + 1 if multi else len(classes.keys) + 1
        self.layers = [Layer(n_rows, codes, n_codes) for codes in layers]
        self.notes = Layer(n_rows, dtype=np.int32)
        self.texts = [""]
        self._rejects: list[_Step] = []
        self._histories: dict[str, _History] = {}
        self._steps: dict[tuple[str, str], dict[int, _Step]] = {}
        self._writers: dict[str, list[str]] = {}
        self._rejected = False

    def apply(self, record: Record) -> bool:
        """Fold a record in; False if there was nothing to undo or redo. :meth:`settle` shows it.

        An edit that two writers recorded, because its sender had heard from neither, counts once.
        """
        edit = record.edit
        if self._is_copy(record):
            return True
        name = (record.writer, edit.client, edit.seq)
        history = self._histories.setdefault(record.annotator, _History())
        step = _Step(edit, edit, record.annotator)
        self._steps[name[:2]][edit.seq] = step
        if edit.kind == "add_class":
            self.classes.bring_back(edit.code - 1, None)
            return True
        if edit.kind in ("undo", "redo"):
            target = self._target(record)
            if target is None:
                return False
            if edit.kind == "undo":
                self._undo(target)
                _move(target, history.done, history.undone)
                return True
            target.is_undone = False
            step.does = target.does
            _move(target, history.undone, None)
        else:
            history.undone.clear()
        step.active = True
        history.done.append((name, step))
        self._do(step)
        return True

    def last_step(self, kind: str, annotator: str) -> StepName | None:
        """Name of the step that an undo or redo of `annotator` is about now."""
        history = self._histories.get(annotator, _History())
        steps = history.done if kind == "undo" else history.undone
        return steps[-1][0] if steps else None

    def has(self, client: str, seq: int) -> bool:
        """Whether the edit `seq` of a client was folded in."""
        writers = self._writers.get(client, [])
        return any(seq in self._steps[writer, client] for writer in writers)

    def depth(self, annotator: str) -> tuple[int, int]:
        """How many steps `annotator` can undo, and how many redo."""
        history = self._histories.get(annotator, _History())
        return len(history.done), len(history.undone)

    def settle(self) -> Change:
        """Bring all layers up to date; what changed since this was called last."""
        layers = {}
        if self.multi and self.classes.keys:
            self._layer(len(self.classes.keys) - 1)
        for number, layer in enumerate(self.layers):
            layer.settle()
            rows = layer.take_changed()
            if rows.size:
                layers[number] = rows, layer.codes[rows]
        self.notes.settle()
        rejected, self._rejected = self._rejected, False
        return Change(layers, (), self.notes.take_changed(), rejected)

    def difference(self, old: State) -> Change:
        """Tell what is different from another state of the same images."""
        layers = {}
        for number, layer in enumerate(self.layers):
            before = old.layers[number] if number < len(old.layers) else Layer(self.n_rows)
            rows = layer.difference(before)
            if rows.size:
                layers[number] = rows, layer.codes[rows]
        texts, old_texts = np.array(self.texts, object), np.array(old.texts, object)
        notes = np.flatnonzero(texts[self.notes.codes] != old_texts[old.notes.codes])
        return Change(layers, (), notes, bool(self._rejects or old._rejects))

    def rejected(self, layer: int) -> tuple[NDArray[np.int64], Codes]:
        """Rows and codes of the rejections that stand, each pair once, in ascending order."""
        gone = self.classes.gone()
        pairs = [np.empty(0, np.int64)]
        for step in self._rejects:
            for code, rows in _by_class(step.does) if step.active else ():
                if code - 1 not in gone and (not self.multi or code - 1 == layer):
                    pairs.append(rows.positions * 65536 + code)
        both = np.unique(np.concatenate(pairs))
        return both // 65536, (both % 65536).astype(np.uint16)

    def steps(self, layer: int) -> NDArray[np.int64]:
        """Tell which write gave each row its label; -1 at the start and from a DataFrame."""
        found = self.layers[layer].writes()
        outside = [
            number
            for (_, client), steps in self._steps.items()
            if client.startswith(FROM_FRAME)
            for step in steps.values()
            for written, number in step.writes
            if written is self.layers[layer]
        ]
        found[np.isin(found, outside)] = -1
        return found

    def _is_copy(self, record: Record) -> bool:
        """Whether another writer's record of the very same edit was folded in before."""
        edit, writers = record.edit, self._writers.setdefault(record.edit.client, [])
        if record.writer not in writers:
            writers.append(record.writer)
            self._steps[record.writer, edit.client] = {}
        if len(writers) == 1:
            return False
        copies = (self._steps[writer, edit.client].get(edit.seq) for writer in writers)
        return any(copy is not None and edit.is_same(copy.edit) for copy in copies)

    def _target(self, record: Record) -> _Step | None:
        """Find the step that an undo or redo names, if it can be undone or redone."""
        if record.target is None:
            return None
        writer, client, seq = record.target
        step = self._steps.get((writer, client), {}).get(seq)
        if step is None or step.annotator != record.annotator:
            return None
        wanted = step.active if record.edit.kind == "undo" else step.is_undone
        return step if wanted else None

    def _undo(self, step: _Step) -> None:
        step.active, step.is_undone = False, True
        for layer, number in step.writes:
            layer.take_back(number)
        for layer, swap in step.swaps:
            layer.unswap(swap)
        self.classes.is_stale |= step.does.kind in NAMES_CLASS
        self._rejected |= step.does.kind == "reject"

    def _do(self, step: _Step) -> None:
        """Do what the edit of a step says, and note in the step what was done."""
        edit = step.does
        if edit.kind == "rename_class":
            self.classes.rename(step, edit.code - 1, edit.name)
        elif edit.kind == "delete_class":
            self._remove(step, edit.code - 1, None)
        elif edit.kind == "merge_class":
            self._remove(step, edit.code - 1, self.classes.arrive(edit.into - 1, step))
        elif edit.kind == "reject":
            self._rejects.append(step)
            self._rejected = True
        else:
            step.writes = self._writes(edit, step)

    def _writes(self, edit: Edit, step: _Step) -> tuple[tuple[Layer, int], ...]:
        """Write what a label, clear, accept or note says."""
        assert edit.rows is not None
        if edit.kind == "label":
            layer, code = self._place(edit.code, step)
            return ((layer, layer.put(edit.rows, code)),)
        if edit.kind == "note":
            code = len(self.texts) if edit.name else 0
            self.texts += [edit.name] * (code > 0)
            return ((self.notes, self.notes.put(edit.rows, code)),)
        if edit.kind == "accept":
            return tuple(self._accept(edit, step))
        if self.multi and edit.code:
            number = self.classes.follow(edit.code - 1)
            tags = [] if self.classes.is_gone(number) else [self._layer(number)]
            return tuple((layer, layer.put(edit.rows, NO)) for layer in tags)
        used = [layer for layer in self.layers if layer.is_used]
        return tuple((layer, layer.put(edit.rows, 0)) for layer in used)

    def _accept(self, edit: Edit, step: _Step) -> Iterator[tuple[Layer, int]]:
        """Write suggestions where no person has said anything."""
        for class_code, rows in _by_class(edit):
            layer, code = self._place(class_code, step)
            layer.settle()
            positions = rows.positions
            by_person = (layer.codes[positions] != 0) & ~layer.suggested[positions]
            free = RowSet.from_positions(positions[~by_person], self.n_rows)
            yield layer, layer.put(free, code, suggested=True)

    def _place(self, code: int, step: _Step) -> tuple[Layer, int]:
        """Layer and code in it of a label of class `code` - 1."""
        number = self.classes.arrive(code - 1, step)
        return (self._layer(number), YES) if self.multi else (self.layers[0], number + 1)

    def _layer(self, number: int) -> Layer:
        """Layer of a tag."""
        while len(self.layers) < len(self.classes.keys):
            self.layers.append(Layer(self.n_rows, n_codes=NO + 1))
        return self.layers[number]

    def _remove(self, step: _Step, number: int, into: int | None) -> None:
        """Make a class gone, and give what has it to another class, if one is named."""
        if self.classes.is_gone(number) or number == into:
            return
        self.classes.remove(step, number, into)
        if self.multi:
            layer = self._layer(number)
            if into is not None:
                step.writes = tuple(self._merge_tags(layer, self._layer(into)))
            step.swaps = (layer, layer.swap(YES, 0)), (layer, layer.swap(NO, 0))
        else:
            target = 0 if into is None else into + 1
            step.swaps = ((self.layers[0], self.layers[0].swap(number + 1, target)),)

    def _merge_tags(self, tag: Layer, into: Layer) -> Iterator[tuple[Layer, int]]:
        """Give tag `into` to what has `tag`; a person's word goes above a suggestion."""
        tag.settle()
        into.settle()
        said = tag.codes == YES
        by_person = RowSet.from_positions(np.flatnonzero(said & ~tag.suggested), self.n_rows)
        suggested = np.flatnonzero(said & tag.suggested & (into.codes == 0))
        yield into, into.put(by_person, YES)
        yield into, into.put(RowSet.from_positions(suggested, self.n_rows), YES, suggested=True)


def _move(
    step: _Step,
    here: list[tuple[StepName, _Step]],
    there: list[tuple[StepName, _Step]] | None,
) -> None:
    """Take a step, nearly always the last, out of a list and append it to another."""
    for at in range(len(here) - 1, -1, -1):
        if here[at][1] is step:
            entry = here.pop(at)
            if there is not None:
                there.append(entry)
            return


def _by_class(edit: Edit) -> Iterator[tuple[int, RowSet]]:
    """Classes of an accept or reject, as codes, each with its rows."""
    assert edit.rows is not None
    if edit.codes is None:
        yield edit.code, edit.rows
        return
    positions = edit.rows.positions
    for code in np.unique(edit.codes):
        yield int(code), RowSet.from_positions(positions[edit.codes == code], edit.rows.n_rows)
