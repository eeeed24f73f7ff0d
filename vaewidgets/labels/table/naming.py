"""Names of classes that a person gave, and which of them are one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vaewidgets.labels.journal.edits import MAX_CLASSES, RefusedError, clean_name
from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.table.values import name_of
from vaewidgets.labels.telling import warn


def one_class(names: Sequence[str]) -> str:
    """Say that names which differ in nothing to be seen are taken as one, the first of them."""
    shown = ", ".join(repr(name[:60]) for name in names)
    return f"{shown} differ only in blanks, width or Unicode form, and are one class, {names[0]!r}"


def same_name(name: str, among: Iterable[str]) -> str | None:
    """Find a name, or else one that differs from it in nothing to be seen."""
    known = list(among)
    if name in known:
        return name
    key = name_key(name)
    return next((other for other in known if name_key(other) == key), None)


def listed(classes: Iterable[Any] | None) -> list[Any]:
    """List the classes that the person gave, not looked at yet.

    Raises
    ------
    TypeError
        If they are no list.
    """
    if classes is None:
        return []
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        raise TypeError(f"classes is {classes!r}; expected a list of class names")
    return list(classes)


def given_names(classes: Iterable[Any], check: Callable[[str], str]) -> list[str]:
    """Names of the classes that the person listed, with a warning where several are one.

    Parameters
    ----------
    classes : iterable
    check : callable(text) -> str
        Name under which the frame holds a class.

    Raises
    ------
    ValueError
        If the frame cannot hold one, if one comes twice, or if there are too many.
    """
    given: dict[str, str] = {}
    spellings: set[str] = set()
    keys: set[str] = set()
    for value in classes:
        try:
            spelling = clean_name(value if isinstance(value, str) else name_of(value))[0]
            name = check(spelling)
        except (RefusedError, TypeError) as error:
            raise ValueError(f"classes does not fit the frame: {error}") from error
        key, own_key = name_key(name), name_key(spelling)
        if spelling in spellings or (key in given and own_key not in keys):  # 7 and "007"
            raise ValueError(f"classes holds {name[:60]!r} twice")
        first = given.setdefault(key, name)
        if spelling != first and own_key == key:
            warn(one_class([first, spelling]))
        spellings.add(spelling)
        keys.add(own_key)
    if len(given) > MAX_CLASSES:
        raise ValueError(f"classes names {len(given):,}; at most {MAX_CLASSES:,} can be")
    return list(given.values())
