"""Steps: edits that can be undone, what each did, and who can undo which."""

from __future__ import annotations

from dataclasses import dataclass, field

from vaewidgets.labels.journal.edits import Edit
from vaewidgets.labels.journal.layer import Layer, Swap
from vaewidgets.labels.journal.records import StepName


@dataclass(eq=False, slots=True)
class Step:
    """An edit that can be undone, and what it did."""

    edit: Edit
    does: Edit
    """The edit itself; for a redo the one it does again."""
    annotator: str
    time: int = 0
    place: tuple[int, str] = (0, "")
    active: bool = False
    is_undone: bool = False
    writes: tuple[tuple[Layer, int], ...] = ()
    swaps: tuple[tuple[Layer, Swap], ...] = ()


@dataclass(frozen=True)
class Origin:
    """Where a label comes from."""

    annotator: str
    time: int
    how: str
    """In a word; "" where nobody noted it."""
    is_suggestion: bool


@dataclass(eq=False)
class History:
    """What one annotator can undo and redo, the last at the end."""

    done: list[tuple[StepName, Step]] = field(default_factory=list)
    undone: list[tuple[StepName, Step]] = field(default_factory=list)


def origin_of(step: Step) -> Origin:
    """Tell where the labels that a step gave come from."""
    how = step.does.how or {"accept": "suggestion", "found": "cell"}.get(step.does.kind, "")
    return Origin(step.annotator, step.time, how, step.does.kind == "accept")


def move(
    step: Step,
    here: list[tuple[StepName, Step]],
    there: list[tuple[StepName, Step]] | None,
) -> None:
    """Take a step, nearly always the last, out of a list and append it to another."""
    for at in range(len(here) - 1, -1, -1):
        if here[at][1] is step:
            entry = here.pop(at)
            if there is not None:
                there.append(entry)
            return
