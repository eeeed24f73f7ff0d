"""One edit: what a person did to the labels, checked before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.names import name_key
from vaewidgets.labels.journal.rows import RowSet

Kind = Literal[
    "label",
    "clear",
    "undo",
    "redo",
    "add_class",
    "rename_class",
    "merge_class",
    "delete_class",
    "note",
    "accept",
    "reject",
    "found",
    "group",
    "set_aside",
    "put_back",
    "keep",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ROW_KINDS = frozenset(
    {"label", "clear", "note", "accept", "reject"}
    | {"found", "group", "set_aside", "put_back", "keep"}
)
"""Edits of rows."""
CLASS_KINDS = frozenset({"rename_class", "merge_class", "delete_class"})
"""Edits of a class that is there."""
MAX_NAME = 200
"""Longest class name, in characters."""
MAX_NOTE = 2000
"""Longest note, in characters."""
TEXT_KINDS = frozenset({"note", "set_aside"})
"""Edits of rows with a text that may be empty."""
MAX_HOW = 20
"""Longest word for how a label was given, in characters."""
MAX_CLASSES = 1000
"""Most classes of one column; what has more is not a label but a name or a measurement."""
FROM_FRAME = "frame-"
"""How the client of an edit begins that was not made here but found in the DataFrame."""
FROM_CELL = "cell-"
"""How the client of an edit begins that a cell made in the DataFrame while it was labelled."""
ASKED = "asked-"
"""How the client of an edit begins that adds classes which whoever opens the log asks for."""
_MAX_SEQ = 2**53
"""Numbers beyond are no longer exact in the page."""


class RefusedError(ValueError):
    """The edit cannot be; it is forgotten, and the person reads why."""


@dataclass(frozen=True, eq=False, slots=True)
class Edit:
    """One edit of one client.

    Parameters
    ----------
    client, seq : str, int
        Name of the page or program, and the number of this edit there: 1, 2, 3, ...
    kind : one of KINDS
        ``label``, ``clear``: what a person says of the rows; with tags, clear takes off one tag,
        or all. ``accept``: labels that were suggested, where no person has said anything.
        ``reject``: suggestions that are not to be made again. ``note``: a text on the rows.
        ``rename_class``, ``merge_class``, ``delete_class``. ``found``: what stands in the
        DataFrame, where somebody else wrote it; ``group``: labels of several classes at once,
        which are made if need be, and are gone again where this is undone. ``set_aside``: the
        images are not to be labelled or shown, for a reason; ``put_back``: they are again.
        ``keep``: the rows are to be found again under a name, none to forget it. All these can
        be undone; ``add_class`` cannot. ``undo``, ``redo``: the last of them by the same
        annotator.
    rows : RowSet or None
        Which images, for edits of ROW_KINDS.
    code : int
        1 + the number of the class meant; 0 for none, or where `codes` are given.
    codes : ndarray of uint16, optional
        For accept, reject, found and group: 1 + the number of the class of each row, in the
        order of the rows; for found 0 for no label, and of the tag `code` 0, 1 for yes, 2 for no.
        For group before it is in the log: 1 + the place in `names`.
    into : int
        For merge_class: 1 + the number of the class that remains.
    name : str
        Name for add_class, rename_class and keep; for note the text, empty to remove it; for
        set_aside the reason.
    settled : int
        Every edit of the client up to this number is settled on the client's side.
    how : str
        How it was done, in a word: "key", "lasso", "suggestion", "cell", "python".
    several : tuple of int
        For reject without a code: all that the images are not, as codes. For group: the codes of
        the classes that it made. For clear of all tags: which, if not all that the log has.
    names : tuple of str
        For group: the names of the classes.
    """

    client: str
    seq: int
    kind: Kind
    rows: RowSet | None = None
    code: int = 0
    codes: NDArray[np.uint16] | None = None
    into: int = 0
    name: str = ""
    settled: int = 0
    how: str = ""
    several: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    def is_same(self, other: Edit) -> bool:
        """Whether another edit is a copy of this one."""
        return _content(self) == _content(other)


def _content(edit: Edit) -> tuple[Any, ...]:
    """Everything about an edit, fit to be compared."""
    rows = None if edit.rows is None else edit.rows.bits
    codes = None if edit.codes is None else edit.codes.tobytes()
    parts = edit.client, edit.seq, edit.kind, edit.code, edit.into, edit.name, edit.several
    return *parts, rows, codes


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
    if not name_key(name):
        raise RefusedError("a class name must not be empty")
    if "\x00" in name:
        raise RefusedError(
            "a class name must not hold a NUL character; most programs cut text there"
        )
    clean, changes = _clean(name, MAX_NAME)
    return clean, f"Class name {clean[:40]!r}: {changes}." if changes else ""


def clean_note(text: Any) -> tuple[str, str]:
    """Check a note at the door; as :func:`clean_name`, but of up to 2000 characters, or empty.

    Raises
    ------
    RefusedError
        If it is no text.
    """
    if not isinstance(text, str):
        raise RefusedError(f"a note must be text, not {type(text).__name__}")
    clean, changes = _clean(text.replace("\x00", "\ufffd"), MAX_NOTE)
    return clean if name_key(clean) else "", f"Note: {changes}." if changes else ""


def notice_of(content: dict[str, Any]) -> str:
    """Say what :func:`parse_edit` changes about the name or the note in an edit message."""
    kind, text = content.get("kind"), content.get("name")
    if kind in ("add_class", "rename_class"):
        return clean_name(text)[1]
    return clean_note(text)[1] if kind == "note" else ""


def _clean(text: str, most: int) -> tuple[str, str]:
    """Text that can be written and sent, and what had to be changed, in words."""
    changes = []
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if clean != text:
        changes.append("half a character in it was replaced by \ufffd")
    if len(clean) > most:
        clean = clean[:most]
        changes.append(f"it was cut to {most} characters")
    return clean, " and ".join(changes)


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
        ``{"client", "seq", "kind"}``. Where a class is meant ``"class"``, its number from 0, or
        ``"class_of"``, the `seq` of the same client's edit that added it: so a class can be used
        before the page knows its number. For merge_class ``"into"``, the number of the class
        that remains. For add_class, rename_class and note ``"name"``.
    buffers : sequence of bytes-like
        Edits of rows: one bitset of the rows. Accept and reject without a class: then also the
        codes of the rows set, uint16.
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
    if kind == "found":
        raise RefusedError("what stands in the DataFrame is found by the kernel, not by a page")
    rows, codes, code, into, name = None, None, 0, 0, ""
    names: tuple[str, ...] = ()
    if kind in ROW_KINDS:
        rows, codes = _parse_rows(kind, content, buffers, n_rows, n_classes)
    if kind == "group":
        codes = np.ones(len(rows or ()), np.uint16)
        names = (clean_name(content.get("name"))[0],)
    names_class = "class" in content or "class_of" in content
    if kind in CLASS_KINDS or kind == "label" or (kind in _ONE_CLASS and names_class):
        code = _parse_class(content, seq, n_classes, added)
    if kind == "merge_class":
        into = 1 + _whole(content.get("into"), "into", 0, n_classes)
        if into == code:
            raise RefusedError("a class cannot be merged into itself")
    if kind in ("add_class", "rename_class", "keep"):
        name, _ = clean_name(content.get("name"))
    if kind in TEXT_KINDS:
        name, _ = clean_note(content.get("name", ""))
    how = content.get("how", "")
    if not isinstance(how, str) or len(how) > MAX_HOW or not how.isascii():
        raise RefusedError(f"how is {str(how)[:60]!r}; expected a short word")
    return Edit(client, seq, kind, rows, code, codes, into, name, settled, how=how, names=names)


_ONE_CLASS = frozenset({"clear", "accept", "reject"})
"""Edits that can name a class."""


def _parse_rows(
    kind: str, content: dict[str, Any], buffers: Sequence[Any], n_rows: int, n_classes: int
) -> tuple[RowSet, NDArray[np.uint16] | None]:
    """Rows of an edit, and the class of each where it comes with one for each."""
    all_classes = kind == "reject" and bool(content.get("all"))
    has_codes = kind in ("accept", "reject") and not {"class", "class_of"} & content.keys()
    has_codes &= not all_classes
    expected = "a bitset of rows and their classes" if has_codes else "one bitset of rows"
    if len(buffers) != 1 + has_codes:
        raise RefusedError(f"{kind} came with {len(buffers)} buffers; expected {expected}")
    try:
        rows = RowSet.from_bits(buffers[0], n_rows)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if not has_codes:
        return rows, None
    data = bytes(buffers[1])
    if len(data) != 2 * len(rows):
        raise RefusedError(
            f"{len(data)} bytes of classes came for {len(rows)} rows; expected 2 each"
        )
    codes = np.frombuffer(data, "<u2").astype(np.uint16)
    if codes.size and not (codes.min() > 0 and codes.max() <= n_classes):
        raise RefusedError(
            f"the classes are numbered {codes.min()} to {codes.max()}; expected 1 to {n_classes}"
        )
    return rows, codes


def _parse_class(
    content: dict[str, Any],
    seq: int,
    n_classes: int,
    added: Callable[[str, int], int | None],
) -> int:
    """Code of the class that an edit names."""
    if "class_of" in content:
        of = _whole(content["class_of"], "class_of", 1, seq)
        code = added(content["client"], of)
        if code is None:
            raise RefusedError("the class of this label could not be added")
        return code
    if n_classes == 0:
        raise RefusedError("there is no class yet; add one first")
    return 1 + _whole(content.get("class"), "class", 0, n_classes)
