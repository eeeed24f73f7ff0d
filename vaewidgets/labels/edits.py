"""One edit: what a person did to the labels, checked before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vaewidgets.labels.rows import RowSet

Kind = Literal["label", "clear", "undo", "redo", "add_class"]
KINDS: tuple[Kind, ...] = ("label", "clear", "undo", "redo", "add_class")
MAX_NAME = 200
"""Longest class name, in characters."""
MAX_CLASSES = 1000
"""Most classes of one column; what has more is not a label but a name or a measurement."""
_MAX_SEQ = 2**53
"""Numbers beyond are no longer exact in the page."""


class RefusedError(ValueError):
    """The edit cannot be; it is forgotten, and the person reads why."""


@dataclass(frozen=True, eq=False)
class Edit:
    """One edit of one client.

    Parameters
    ----------
    client, seq : str, int
        Name of the page or program, and the number of this edit there: 1, 2, 3, ...
    kind : {"label", "clear", "undo", "redo", "add_class"}
    rows : RowSet or None
        Which images; label and clear only.
    code : int
        1 + the number of the class for label, else 0.
    name : str
        Name of the new class; add_class only.
    settled : int
        Every edit of the client up to this number is settled on the client's side.
    """

    client: str
    seq: int
    kind: Kind
    rows: RowSet | None = None
    code: int = 0
    name: str = ""
    settled: int = 0


def clean_name(name: Any) -> tuple[str, str]:
    """Check the name of a class at the door.

    Parameters
    ----------
    name : str
        Any text with something visible in it, without NUL.

    Returns
    -------
    str
        The name: at most 200 characters, lone surrogates replaced by U+FFFD.
    str
        What was changed, in words; empty if nothing was.

    Raises
    ------
    RefusedError
        If it is no text, empty, or holds a NUL character.
    """
    if not isinstance(name, str):
        raise RefusedError(f"a class name must be text, not {type(name).__name__}")
    if not name.strip():
        raise RefusedError("a class name must not be empty")
    if "\x00" in name:
        raise RefusedError(
            "a class name must not hold a NUL character; most programs cut text there"
        )
    notices = []
    clean = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if clean != name:
        notices.append("half a character in it was replaced by \ufffd")
    if len(clean) > MAX_NAME:
        clean = clean[:MAX_NAME]
        notices.append(f"it was cut to {MAX_NAME} characters")
    notice = f"Class name {clean[:40]!r}: {' and '.join(notices)}." if notices else ""
    return clean, notice


def _whole(value: Any, name: str, low: int, high: int) -> int:
    """Check a whole number from the page; a float, a text or True is none."""
    if type(value) is not int or not low <= value < high:
        shown = repr(value)[:60]
        raise RefusedError(f"{name} is {shown}; expected a whole number from {low} to {high - 1}")
    return value


def parse_identity(content: dict[str, Any]) -> tuple[str, int, int]:
    """Client, number and settled number of an edit message.

    Raises
    ------
    RefusedError
        If they are malformed: then nobody can be answered by number.
    """
    client = content.get("client")
    if not isinstance(client, str) or not 0 < len(client) <= 64 or not client.isascii():
        raise RefusedError(f"client is {str(client)[:60]!r}; expected a short ASCII name")
    seq = _whole(content.get("seq"), "seq", 1, _MAX_SEQ)
    settled = _whole(content.get("settled", 0), "settled", 0, seq)
    return client, seq, settled


def parse_edit(
    content: dict[str, Any],
    buffers: Sequence[Any],
    n_rows: int,
    n_classes: int,
    added: Callable[[str, int], int | None],
) -> Edit:
    """Check an edit message whole.

    Parameters
    ----------
    content : dict
        ``{"client", "seq", "kind"}`` and for a label ``"class"``, the number of the class from
        0, or ``"class_of"``, the `seq` of the same client's edit that added the class: so a
        class can be used before the page knows its number. For add_class ``"name"``.
    buffers : sequence of bytes-like
        Label and clear: one bitset of the rows.
    n_rows, n_classes : int
        How many images and classes there are.
    added : callable
        ``added(client, seq)`` is the code of the class which that edit added, or None.

    Returns
    -------
    Edit

    Raises
    ------
    RefusedError
        With the reason, if anything about it is wrong.
    """
    client, seq, settled = parse_identity(content)
    kind = content.get("kind")
    if kind not in KINDS:
        raise RefusedError(f"kind is {str(kind)[:60]!r}; expected one of {', '.join(KINDS)}")
    if kind == "add_class":
        name, _ = clean_name(content.get("name"))
        return Edit(client, seq, kind, name=name, settled=settled)
    if kind in ("undo", "redo"):
        return Edit(client, seq, kind, settled=settled)
    if len(buffers) != 1:
        raise RefusedError(f"{kind} came with {len(buffers)} buffers; expected one bitset of rows")
    try:
        rows = RowSet.from_bits(buffers[0], n_rows)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if kind == "clear":
        return Edit(client, seq, kind, rows=rows, settled=settled)
    if "class_of" in content:
        of = _whole(content["class_of"], "class_of", 1, seq)
        code = added(client, of)
        if code is None:
            raise RefusedError("the class of this label could not be added")
    else:
        if n_classes == 0:
            raise RefusedError("there is no class yet; add one first")
        code = 1 + _whole(content.get("class"), "class", 0, n_classes)
    return Edit(client, seq, kind, rows=rows, code=code, settled=settled)
