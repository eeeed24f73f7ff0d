"""Records as lines of text with a checksum: what is damaged is seen, and costs no other record.

A line is the CRC-32 of the rest in 8 hex digits, a blank, an object in JSON and a line break.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.journal.classes import Classes, ClassKey
from vaewidgets.labels.journal.edits import KINDS, ROW_KINDS, Edit
from vaewidgets.labels.journal.records import Codes, Record
from vaewidgets.labels.journal.rows import RowSet

_CHECK = 9  # bytes of the checksum and the blank
_START = re.compile(rb"(?=[0-9a-f]{8} \{)")
_PLACE = re.compile(rb'\{"order":(\d{1,18}),"writer":"([^"\\]+)",')
_FEW = 16  # rows that are listed one by one, for whoever looks into the file
_MOST_CLASSES = 2**15  # many people who each add the most there can be
_BATCH = 10_000  # lines that are parsed together
Entry = dict[str, Any]


def to_line(entry: Entry) -> bytes:
    """Make the line of an entry."""
    text = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (crc32(text), text)


class Lines:
    """What a piece of a log file holds.

    Parameters
    ----------
    data : bytes
        From the beginning of a line on.
    is_end : bool
        Whether nobody is writing there: a last line without its line break, but otherwise whole,
        counts then, and one that is damaged is told of.

    Attributes
    ----------
    texts : list of bytes
        The JSON of the lines that are whole.
    damaged : list of int
        Numbers of the lines that are not, from 0.
    end : int
        Byte behind the last whole line.
    n_lines : int
        How many lines there are up to there.
    last : int
        Byte at which the last whole line begins.
    """

    def __init__(self, data: bytes, *, is_end: bool) -> None:
        self.texts: list[bytes] = []
        self.end = self.n_lines = self.last = at = 0
        damaged = []
        *lines, tail = data.split(b"\n")
        for number, line in enumerate(lines):
            if line[:_CHECK] == b"%08x " % crc32(line[_CHECK:]):  # for speed not is_whole()
                self.texts.append(line[_CHECK:])
                self.last, self.end, self.n_lines = at, at + len(line) + 1, number + 1
            else:
                damaged.append(number)
                self.texts += _rescue(line)
            at += len(line) + 1
        if is_end:
            self.texts += _rescue(tail)
        self.damaged = [number for number in damaged if is_end or number < self.n_lines]


def parse(texts: Sequence[bytes]) -> Iterator[Any]:
    """Parse the JSON of lines; None where it is none, though that is what was written."""
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        try:
            entries = json.loads(b"[%s]" % b",".join(batch))
        except ValueError:
            entries = []
        yield from entries if len(entries) == len(batch) else map(_parse_one, batch)


def brought_of(entry: Entry) -> int:
    """Place of a log among those that were brought into another one; 0 for how that began."""
    place = entry.get("brought", 0)
    return place if type(place) is int else 0


def place_of(text: bytes) -> tuple[int, bytes] | None:
    """Order and writer of an entry, which stand in front, before it is parsed."""
    found = _PLACE.match(text)
    return (int(found[1]), found[2]) if found else None


def is_whole(line: bytes) -> bool:
    """Whether a line, without its line break, is as it was written."""
    return line[:_CHECK] == b"%08x " % crc32(line[_CHECK:])


def _parse_one(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _rescue(line: bytes) -> list[bytes]:
    """Find whole lines in a damaged one: of two that lost the break between them both are."""
    starts = [match.start() for match in _START.finditer(line)]
    pieces = [line[start:end] for start, end in pairwise([*starts, len(line)])]
    both = [whole for piece in pieces for whole in (piece, piece[:-1]) if is_whole(whole)]
    return [piece[_CHECK:] for piece in both]


def pack(array: NDArray[Any]) -> str:
    """Make text of an array; empty if all is 0."""
    if not array.any():
        return ""
    return base64.b64encode(zlib.compress(array.tobytes())).decode("ascii")


def unpack(text: str, dtype: str, size: int) -> NDArray[Any]:
    """Read an array of `size` values, or of any number up to it; ValueError if it is longer."""
    if not text:
        return np.zeros(size, dtype)
    most = size * np.dtype(dtype).itemsize
    data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most + 1)
    if len(data) > most:
        raise ValueError("too many values")
    return np.frombuffer(data, dtype)


def encode(record: Record, keys: Sequence[ClassKey | None]) -> Entry:
    """Make the entry of a record.

    Parameters
    ----------
    record : Record
    keys : sequence of ClassKey
        The classes by number. A class is written as its number and its key: a number alone could
        mean another class once the logs of several writers are put together.
    """
    edit = record.edit
    entry: Entry = {
        "order": record.order,
        "writer": record.writer,
        "client": edit.client,
        "seq": edit.seq,
        "kind": edit.kind,
    }
    if edit.rows is not None:
        entry["rows"] = _encode_rows(edit.rows)
    if edit.code:
        entry["class"] = _encode_class(edit.code, keys)
    if edit.into:
        entry["into"] = _encode_class(edit.into, keys)
    if edit.codes is not None:
        distinct, which = np.unique(edit.codes, return_inverse=True)
        is_value = edit.kind == "found" and edit.code > 0  # of a tag
        entry["classes"] = [
            int(code) if is_value or not code else _encode_class(int(code), keys)
            for code in distinct
        ]
        entry["which"] = pack(which.astype("<u2"))
    if edit.several:
        entry["several"] = [_encode_class(code, keys) for code in edit.several]
    if edit.name:
        entry["name"] = edit.name
    if record.target is not None:
        entry["target"] = list(record.target)
    if edit.how:
        entry["how"] = edit.how
    if record.annotator:
        entry["by"] = record.annotator
    entry["time"] = record.time
    return entry


def decode(entry: Entry, n_rows: int, classes: Classes) -> Record:
    """Read an entry; classes that are new are registered.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none, or is of other images.
    """
    kind = entry["kind"]
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    rows = _decode_rows(entry["rows"], n_rows) if kind in ROW_KINDS else None
    code = _decode_class(entry["class"], classes) if "class" in entry else 0
    into = _decode_class(entry["into"], classes) if "into" in entry else 0
    codes = None
    if "classes" in entry and rows is not None:
        distinct = np.array([_decode_value(c, classes) for c in entry["classes"]], np.uint16)
        codes = distinct[unpack(entry["which"], "<u2", len(rows))]
        if len(codes) != len(rows):
            raise ValueError("not a class for each row")
    name, how = entry.get("name", ""), entry.get("how", "")
    several = tuple(_decode_class(c, classes) for c in entry.get("several", ()))
    target = entry.get("target")
    return Record(
        entry["order"],
        entry.get("by", ""),
        Edit(
            entry["client"],
            entry["seq"],
            kind,
            rows,
            code,
            codes,
            into,
            name,
            how=how,
            several=several,
        ),
        entry["writer"],
        None if target is None else (target[0], target[1], target[2]),
        entry["time"],
    )


def encode_layers(layers: Iterable[Codes]) -> list[str]:
    """Make text of the labels at the start."""
    return [pack(codes.astype("<u2")) for codes in layers]


def decode_layers(texts: Iterable[str], n_rows: int) -> list[Codes]:
    """Read the labels at the start."""
    return [unpack(text, "<u2", n_rows).astype(np.uint16) for text in texts]


def _encode_rows(rows: RowSet) -> list[int] | dict[str, str]:
    if len(rows) <= _FEW:
        positions: list[int] = rows.positions.tolist()
        return positions
    if rows.data.dtype == np.uint8:
        return {"bits": pack(rows.data)}
    return {"steps": pack(np.diff(rows.data, prepend=0).astype("<i4"))}


def _decode_rows(rows: Any, n_rows: int) -> RowSet:
    if isinstance(rows, list):
        if rows and not 0 <= rows[0] <= rows[-1] < n_rows:
            raise ValueError("rows of other images")
        return RowSet(n_rows, np.array(rows, np.int32))
    if "bits" in rows:
        return RowSet.from_bits(unpack(rows["bits"], "u1", (n_rows + 7) // 8), n_rows)
    positions = np.cumsum(unpack(rows["steps"], "<i4", n_rows), dtype=np.int64)
    if positions.size and not 0 <= positions[0] <= positions[-1] < n_rows:
        raise ValueError("rows of other images")
    return RowSet.from_positions(positions, n_rows)


def _encode_class(code: int, keys: Sequence[ClassKey | None]) -> list[Any]:
    name, copy = keys[code - 1] or ("", code)
    return [code - 1, name] if copy == 1 else [code - 1, name, copy]


def _decode_value(entry: Any, classes: Classes) -> int:
    """Code of a class; 0 for none, and of a tag 1 and 2, stand for themselves."""
    if type(entry) is int and 0 <= entry <= 2:
        return entry
    return _decode_class(entry, classes)


def _decode_class(entry: list[Any], classes: Classes) -> int:
    number, name, *copy = entry
    if not 0 <= number < _MOST_CLASSES:
        raise ValueError(f"class number {number}")
    return 1 + classes.register((name, copy[0] if copy else 1), number)
