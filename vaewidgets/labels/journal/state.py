"""What a log folds to: labels, classes, notes and rejections, and who can undo what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.classes import Classes
from vaewidgets.labels.journal.edits import FROM_FRAME, Edit
from vaewidgets.labels.journal.layer import Layer
from vaewidgets.labels.journal.records import Change, Codes, Record, StepName
from vaewidgets.labels.journal.rows import RowSet
from vaewidgets.labels.journal.steps import History, Origin, Step, move, origin_of

NAMES_CLASS = frozenset(
    {"label", "accept", "found", "group", "rename_class", "merge_class", "delete_class"}
)
"""Kinds of edits that may change the name or fate of a class."""
YES, NO = 1, 2
"""Codes of a tag; 0 is not said."""


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
        self.aside = Layer(n_rows, dtype=np.int32)
        self.texts = [""]  # of notes, and reasons why images are set aside
        self._kept: dict[str, list[Step]] = {}
        self._kept_changed = False
        self._rejects: list[Step] = []
        self._histories: dict[str, History] = {}
        self._steps: dict[tuple[str, str], dict[int, Step]] = {}
        self._writers: dict[str, list[str]] = {}
        self._rejected = False

    def grow(self, n_rows: int) -> None:
        """Make room for more images, about which nothing was said yet."""
        self.n_rows = max(self.n_rows, n_rows)
        for layer in (*self.layers, self.notes, self.aside):
            layer.grow(self.n_rows)

    def apply(self, record: Record) -> bool:
        """Fold a record in; False if there was nothing to undo or redo. :meth:`settle` shows it.

        An edit that two writers recorded, because its sender had heard from neither, counts once.
        """
        edit = record.edit
        if self._is_copy(record):
            return True
        name = (record.writer, edit.client, edit.seq)
        history = self._histories.setdefault(record.annotator, History())
        step = Step(edit, edit, record.annotator, record.time, record.place)
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
                move(target, history.done, history.undone)
                return True
            target.is_undone = False
            step.does = target.does
            move(target, history.undone, None)
        else:
            history.undone.clear()
        step.active = True
        history.done.append((name, step))
        self._do(step)
        return True

    def last_step(self, kind: str, annotator: str) -> StepName | None:
        """Name of the step that an undo or redo of `annotator` is about now."""
        history = self._histories.get(annotator, History())
        steps = history.done if kind == "undo" else history.undone
        return steps[-1][0] if steps else None

    def has(self, client: str, seq: int) -> bool:
        """Whether the edit `seq` of a client was folded in."""
        writers = self._writers.get(client, [])
        return any(seq in self._steps[writer, client] for writer in writers)

    def depth(self, annotator: str) -> tuple[int, int]:
        """How many steps `annotator` can undo, and how many redo."""
        history = self._histories.get(annotator, History())
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
        self.aside.settle()
        rejected, self._rejected = self._rejected, False
        kept, self._kept_changed = self._kept_changed, False
        changed = self.aside.take_changed()
        return Change(layers, (), self.notes.take_changed(), rejected, changed, kept)

    def difference(self, old: State) -> Change:
        """Tell what is different from another state of the same images."""
        layers = {}
        for number, layer in enumerate(self.layers):
            before = old.layers[number] if number < len(old.layers) else Layer(self.n_rows)
            before.grow(self.n_rows)
            rows = layer.difference(before)
            if rows.size:
                layers[number] = rows, layer.codes[rows]
        notes, aside = (
            np.flatnonzero(_texts(self, here.codes) != _texts(old, there.codes, self.n_rows))
            for here, there in ((self.notes, old.notes), (self.aside, old.aside))
        )
        rejected = bool(self._rejects or old._rejects)
        return Change(layers, (), notes, rejected, aside, bool(self._kept or old._kept))

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

    def steps(self, layer: int, n_rows: int) -> NDArray[np.int64]:
        """Tell which write gave each row its label; -1 at the start and from a DataFrame."""
        found, steps = self.layers[layer].writes(n_rows)
        outside = [k for k, step in steps.items() if step.edit.client.startswith(FROM_FRAME)]
        found[np.isin(found, outside)] = -1
        return found

    def origins(self, layer: int, n_rows: int) -> tuple[NDArray[np.int64], list[Origin]]:
        """Tell where the label of each row comes from: -1, or the place in the list."""
        found, steps = self.layers[layer].writes(n_rows)
        numbers = np.array(sorted(steps), np.int64)
        places = np.where(found < 0, -1, np.searchsorted(numbers, found))
        return places, [origin_of(steps[number]) for number in numbers.tolist()]

    def kept(self) -> dict[str, NDArray[np.int64]]:
        """Rows that are kept under a name, by name."""
        kept = {}
        for name, steps in self._kept.items():
            standing = [step for step in steps if step.active]
            rows = standing[-1].does.rows if standing else None
            if rows is not None and len(rows):
                kept[name] = rows.positions
        return kept

    def annotators(self) -> list[str]:
        """Names of all who did something."""
        return sorted(self._histories)

    def labels_by(self, annotator: str, layer: int) -> Codes:
        """Codes that one annotator gave last, whatever others say; 0 where none."""
        codes = np.zeros(self.n_rows, np.uint16)
        if layer >= len(self.layers):
            return codes
        history = self._histories.get(annotator, History())
        for _, step in history.done:
            for written, number in step.writes:
                if written is self.layers[layer]:
                    rows, code, _ = written.written(number)
                    codes[rows] = code
        return codes

    def history(self, annotator: str | None = None) -> list[tuple[StepName, Step]]:
        """List the steps that stand, in their order; of one annotator or of all."""
        names = self._histories if annotator is None else [annotator]
        return [each for name in names for each in self._histories.get(name, History()).done]

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

    def _target(self, record: Record) -> Step | None:
        """Find the step that an undo or redo names, if it can be undone or redone."""
        if record.target is None:
            return None
        writer, client, seq = record.target
        step = self._steps.get((writer, client), {}).get(seq)
        if step is None or step.annotator != record.annotator:
            return None
        wanted = step.active if record.edit.kind == "undo" else step.is_undone
        return step if wanted else None

    def _undo(self, step: Step) -> None:
        step.active, step.is_undone = False, True
        for layer, number in step.writes:
            layer.take_back(number)
        for layer, swap in step.swaps:
            layer.unswap(swap)
        self.classes.is_stale |= step.does.kind in NAMES_CLASS
        self._rejected |= step.does.kind == "reject"
        self._kept_changed |= step.does.kind == "keep"

    def _do(self, step: Step) -> None:
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
        elif edit.kind == "keep":
            self._kept.setdefault(edit.name, []).append(step)
            self._kept_changed = True
        else:
            if edit.kind == "group":
                for code in edit.several:
                    self.classes.make(step, code - 1)
            step.writes = self._writes(edit, step)

    def _writes(self, edit: Edit, step: Step) -> tuple[tuple[Layer, int], ...]:
        """Write what a label, clear, accept or note says."""
        assert edit.rows is not None
        if edit.kind == "label":
            layer, code = self._place(edit.code, step)
            return ((layer, layer.put(edit.rows, code, step)),)
        if edit.kind in ("note", "set_aside", "put_back"):
            layer = self.notes if edit.kind == "note" else self.aside
            is_said = edit.kind == "set_aside" or bool(edit.name)
            code = len(self.texts) if is_said else 0
            self.texts += [edit.name] * is_said
            return ((layer, layer.put(edit.rows, code, step)),)
        if edit.kind in ("found", "group"):
            return tuple(self._found(edit, step))
        if edit.kind == "accept":
            return tuple(self._accept(edit, step))
        if self.multi and edit.code:
            number = self.classes.follow(edit.code - 1)
            tags = [] if self.classes.is_gone(number) else [self._layer(number)]
            return tuple((layer, layer.put(edit.rows, NO, step)) for layer in tags)
        of_task = [self._layer(code - 1) for code in edit.several]
        used = of_task or [layer for layer in self.layers if layer.is_used]
        return tuple((layer, layer.put(edit.rows, 0, step)) for layer in used)

    def _found(self, edit: Edit, step: Step) -> Iterator[tuple[Layer, int]]:
        """Write what each row is found to have, be it nothing."""
        if self.multi and edit.kind == "found":
            number = self.classes.arrive(edit.code - 1, step)
            for value, rows in _by_class(edit):
                layer = self._layer(number)
                yield layer, layer.put(rows, value, step)
            return
        for class_code, rows in _by_class(edit):
            layer, code = self._place(class_code, step) if class_code else (self.layers[0], 0)
            yield layer, layer.put(rows, code, step)

    def _accept(self, edit: Edit, step: Step) -> Iterator[tuple[Layer, int]]:
        """Write suggestions where no person has said anything."""
        for class_code, rows in _by_class(edit):
            layer, code = self._place(class_code, step)
            layer.settle()
            positions = rows.positions
            by_person = (layer.codes[positions] != 0) & ~layer.suggested[positions]
            free = RowSet.from_positions(positions[~by_person], self.n_rows)
            yield layer, layer.put(free, code, step, suggested=True)

    def _place(self, code: int, step: Step) -> tuple[Layer, int]:
        """Layer and code in it of a label of class `code` - 1."""
        number = self.classes.arrive(code - 1, step)
        return (self._layer(number), YES) if self.multi else (self.layers[0], number + 1)

    def _layer(self, number: int) -> Layer:
        """Layer of a tag."""
        while len(self.layers) < len(self.classes.keys):
            self.layers.append(Layer(self.n_rows, n_codes=NO + 1))
        return self.layers[number]

    def _remove(self, step: Step, number: int, into: int | None) -> None:
        """Make a class gone, and give what has it to another class, if one is named."""
        if self.classes.is_gone(number) or number == into:
            return
        self.classes.remove(step, number, into)
        if self.multi:
            layer = self._layer(number)
            if into is not None:
                step.writes = tuple(self._merge_tags(layer, self._layer(into), step))
            step.swaps = (layer, layer.swap(YES, 0)), (layer, layer.swap(NO, 0))
        else:
            target = 0 if into is None else into + 1
            step.swaps = ((self.layers[0], self.layers[0].swap(number + 1, target)),)

    def _merge_tags(self, tag: Layer, into: Layer, step: Step) -> Iterator[tuple[Layer, int]]:
        """Give tag `into` to what has `tag`; a person's word goes above a suggestion."""
        tag.settle()
        into.settle()
        said = tag.codes == YES
        by_person = RowSet.from_positions(np.flatnonzero(said & ~tag.suggested), self.n_rows)
        suggested = np.flatnonzero(said & tag.suggested & (into.codes == 0))
        yield into, into.put(by_person, YES, step)
        rest = RowSet.from_positions(suggested, self.n_rows)
        yield into, into.put(rest, YES, step, suggested=True)


def _texts(state: State, codes: Codes, n_rows: int = 0) -> NDArray[np.object_]:
    """Text of each row; of rows that a state does not have, none."""
    texts: NDArray[np.object_] = np.array(state.texts, object)[codes]
    texts[codes == 0] = None
    more = n_rows - len(texts)
    return np.concatenate([texts, np.full(more, None)]) if more > 0 else texts


def _by_class(edit: Edit) -> Iterator[tuple[int, RowSet]]:
    """Classes of an accept or reject, as codes, each with its rows."""
    assert edit.rows is not None
    if edit.codes is None:
        for code in edit.several or (edit.code,):
            yield code, edit.rows
        return
    positions = edit.rows.positions
    for code in np.unique(edit.codes):
        yield int(code), RowSet.from_positions(positions[edit.codes == code], edit.rows.n_rows)
