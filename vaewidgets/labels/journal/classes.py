"""The classes: their numbers, which never change, their names, and which of them are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vaewidgets.labels.journal.names import name_key

ClassKey = tuple[str, int]
"""What a class is known by in every log: the name it was added under, and which class of that
name it is, from 1. So two people who add the same class at the same time mean one class."""


def _plain(key: ClassKey) -> ClassKey:
    """Key of a class, whatever form its name is written in."""
    return name_key(key[0]), key[1]


class _Step(Protocol):
    """What renames or removes a class, until it is undone."""

    active: bool


@dataclass(frozen=True, slots=True)
class _Fate:
    """A class was removed, or brought back, until the step is undone."""

    step: _Step | None
    is_gone: bool
    into: int | None = None


_ALIVE = _Fate(None, is_gone=False)


class Classes:
    """Numbers, names and fate of the classes.

    Parameters
    ----------
    keys : iterable of ClassKey or None
        The classes in the order of their numbers; None where a number's class is not known.

    Attributes
    ----------
    keys : list of ClassKey or None
    is_stale : bool
        Set when names or fates may have changed; whoever looks resets it.
    """

    def __init__(self, keys: Iterable[ClassKey | None] = ()) -> None:
        self.keys: list[ClassKey | None] = list(keys)
        self.is_stale = False
        self._numbers = {_plain(key): i for i, key in enumerate(self.keys) if key is not None}
        self._renames: dict[int, list[tuple[_Step, str]]] = {}
        self._fates: dict[int, list[_Fate]] = {}

    def new_key(self, name: str) -> ClassKey:
        """Key for one more class that is added under this name."""
        same = (
            key for key in self.keys if key is not None and _plain(key) == _plain((name, key[1]))
        )
        return name, 1 + sum(1 for _ in same)

    def register(self, key: ClassKey, number: int | None = None) -> int:
        """Return the number of a class; a new one gets `number` if that is free."""
        if number is not None and number < len(self.keys) and self.keys[number] == key:
            return number  # of nearly all records of a long log
        if _plain(key) in self._numbers:
            return self._numbers[_plain(key)]
        if number is None or (number < len(self.keys) and self.keys[number] is not None):
            number = len(self.keys)
        self.keys += [None] * (number + 1 - len(self.keys))
        self.keys[number] = key
        self.is_stale = True
        self._numbers[_plain(key)] = number
        return number

    def extend(self, keys: Sequence[ClassKey | None]) -> None:
        """Register the classes of a longer list."""
        for number in range(len(self.keys), len(keys)):
            key = keys[number]
            if key is not None:
                self.register(key, number)

    def rename(self, step: _Step, number: int, name: str) -> None:
        """Give a class another name, until `step` is undone."""
        self._renames.setdefault(number, []).append((step, name))
        self.is_stale = True

    def remove(self, step: _Step, number: int, into: int | None) -> None:
        """Make a class gone, for good or into another one, until `step` is undone."""
        self._fates.setdefault(number, []).append(_Fate(step, True, into))
        self.is_stale = True

    def bring_back(self, number: int, step: _Step | None) -> None:
        """Make a class that may be gone one of the classes again, until `step` is undone."""
        if number in self._fates:
            self._fates[number].append(_Fate(step, False))
            self.is_stale = True

    def make(self, step: _Step, number: int) -> None:
        """Make a class that is there as long as `step`, or a later label of it, stands."""
        if number not in self._fates:
            self._fates[number] = [_Fate(None, is_gone=True)]
        self.bring_back(number, step)

    def is_gone(self, number: int) -> bool:
        """Whether the class was deleted or merged."""
        return self._fate(number).is_gone

    def follow(self, number: int) -> int:
        """Class that a class was merged into, or itself."""
        if number in self._fates:  # hardly ever
            while (into := self._fate(number).into) is not None:
                number = into
        return number

    def arrive(self, number: int, step: _Step) -> int:
        """Class that a label for class `number` goes to.

        The one it was merged into; a class that was deleted comes back, until `step` and all
        later labels of it are undone.
        """
        number = self.follow(number)
        self.bring_back(number, step)
        return number

    def gone(self) -> set[int]:
        """Numbers of the classes that are gone, or not known."""
        gone = {number for number in self._fates if self.is_gone(number)}
        return gone | {number for number, key in enumerate(self.keys) if key is None}

    def names(self) -> list[str]:
        """Names of all classes, all different.

        People who do not see each other's edits can give two classes one name. Then the one with
        the higher number is shown with a number behind its name; a class that is gone gives way.
        """
        names = [f"(lost class {number + 1})" for number in range(len(self.keys))]
        gone, taken = self.gone(), set()
        for number in sorted(range(len(names)), key=lambda number: (number in gone, number)):
            wanted = name = self._wanted(number) or names[number]
            copy = 1
            while name_key(name) in taken:
                copy += 1
                name = f"{wanted} ({copy})"
            taken.add(name_key(name))
            names[number] = name
        return names

    def _wanted(self, number: int) -> str:
        for step, name in reversed(self._renames.get(number, [])):
            if step.active:
                return name
        key = self.keys[number]
        return key[0] if key is not None else ""

    def _fate(self, number: int) -> _Fate:
        """Find the last that happened to a class and was not undone."""
        for fate in reversed(self._fates.get(number, [])):
            if fate.step is None or fate.step.active:
                return fate
        return _ALIVE
