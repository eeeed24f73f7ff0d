"""A collection decoded once into a file and mapped from there: for more than memory holds."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from vaewidgets.images.decoding import decode, describe
from vaewidgets.images.identity import DTYPE
from vaewidgets.images.loading import (
    LONGEST_SIDE,
    Account,
    Reading,
    Rejected,
    read_into,
)
from vaewidgets.images.opening import Opener
from vaewidgets.images.pages import Page
from vaewidgets.images.progress import with_progress
from vaewidgets.images.store_file import HEADER, finish, open_map, part_of, read_note, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaewidgets.images.pixels import PixelArray
    from vaewidgets.images.rule import Rules
    from vaewidgets.images.store_file import Note

FORMAT = 2
_CHUNK_BYTES = 2**24


def parse_store(store: str | os.PathLike[str]) -> Path:
    """Return the file that the argument ``store`` names, or refuse it before anything is read.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        It is no name of a .npy file in a folder that exists.
    FileExistsError
        It is a file that :func:`read_stored` did not write, or that is damaged.
    """
    accepted = "accepted: the name of a file ending in .npy, in a folder that exists"
    if not isinstance(store, (str, os.PathLike)):
        raise TypeError(f"store is {store!r}; {accepted}")
    path = Path(store).expanduser().resolve()  # of a link, what it leads to is replaced
    if path.suffix != ".npy" or path.is_dir():
        raise ValueError(f"store is {str(store)!r}; {accepted}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"store is {str(store)!r}; {accepted}")
    if path.exists():
        with path.open("rb") as file:
            read_note(file)
    return path


def read_stored(store: Path, items: Sequence[Any], rules: Rules, folder: Path | None) -> Reading:
    """Take the store up if it was made of the same, else decode the items into it; map it.

    Parameters
    ----------
    store : Path
        As :func:`parse_store` returns it.
    items, rules
        As :func:`read_items` takes them.
    folder : Path or None
        Where the items were found, if all were found in one folder, which may be moved.

    Raises
    ------
    ValueError
        If there is no item, or none can be read.
    OSError
        The disk is full; an older store stays as it is.
    """
    sweep(store)
    made_of = _made_of(items, rules, folder)
    reading = _take_up(store, made_of, items)
    if reading is None:
        with part_of(store) as file:
            finish(file, made_of | _decode(file, items, rules))
        reading = _take_up(store, made_of, items)
    if reading is None:
        raise OSError(f"store {str(store)!r} was replaced by another program at the same moment")
    reading.account.announce()
    return reading


class _FileCanvas:
    """The part of the file that holds the pixels: gray until an image has colour."""

    def __init__(
        self, file: BinaryIO, capacity: int, size: tuple[int, int], channels: int
    ) -> None:
        self.n_images, self.n_deep = 0, 0
        self._file, self._size, self._channels = file, size, channels
        needed = capacity * size[0] * size[1] * channels
        free = shutil.disk_usage(Path(file.name).parent).free
        if needed > free:
            needs = f"store needs {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free"
            raise OSError(errno.ENOSPC, needs)
        file.seek(HEADER)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels) of what was added."""
        return self.n_images, *self._size, self._channels

    def append(self, image: PixelArray) -> None:
        """Append one image of the right size, rounded to 8 bits."""
        if image.dtype == np.float32:
            image = np.rint(image * np.float32(255)).astype(np.uint8)
            self.n_deep += 1
        if image.shape[2] > self._channels:
            self._become_colour()
        whole = np.broadcast_to(image, (*self._size, self._channels))
        self._file.write(np.ascontiguousarray(whole).data)
        self.n_images += 1

    def _become_colour(self) -> None:
        """Write each gray pixel three times; from the end, so that none is overwritten unread."""
        self._channels = 3
        n_pixels = stop = self.n_images * self._size[0] * self._size[1]
        while stop > 0:
            start = max(0, stop - _CHUNK_BYTES)
            self._file.seek(HEADER + start)
            gray = np.frombuffer(self._file.read(stop - start), np.uint8)
            self._file.seek(HEADER + 3 * start)
            self._file.write(np.repeat(gray, 3).data)
            stop = start
        self._file.seek(HEADER + 3 * n_pixels)


def _decode(file: BinaryIO, items: Sequence[Any], rules: Rules) -> Note:
    """Decode all items into a file; return what to note about them."""

    def make_canvas(capacity: int, size: tuple[int, int], channels: int) -> _FileCanvas:
        return _FileCanvas(file, capacity, size, channels)

    canvas, account = read_into(make_canvas, items, rules)
    notices = [account.notice] if account.notice else []
    if canvas.n_deep:
        notices.append(f"{canvas.n_deep} images of more than 8 bits rounded to 8 in the store")
    return {
        "shape": list(canvas.shape),
        "rejected": [[entry.position, entry.reason] for entry in account.rejected],
        "notice": "; ".join(notices),
        "contents": base64.b64encode(account.contents.tobytes()).decode("ascii"),
    }


def _take_up(store: Path, made_of: Note, items: Sequence[Any]) -> Reading | None:
    """Map the store if it is there and was made of just that; else None."""
    if not store.exists():
        return None
    with store.open("rb") as file:
        note = read_note(file)
        if any(note.get(name) != value for name, value in made_of.items()):
            return None
        pixels = open_map(file, note)
    rejected = [
        Rejected(position, describe(items[position]), reason)
        for position, reason in note["rejected"]
    ]
    left_out = {entry.position for entry in rejected}
    positions = [position for position in range(len(items)) if position not in left_out]
    contents = np.frombuffer(base64.b64decode(note["contents"]), DTYPE)
    return Reading(pixels, Account(positions, rejected, note["notice"], contents))


def _made_of(items: Sequence[Any], rules: Rules, folder: Path | None) -> Note:
    """Say what a store is made of: where this is equal, it need not be decoded again."""
    digest = hashlib.sha256()
    last: Any = None
    for position in with_progress(range(len(items)), "Looking for changes", rules.progress):
        item, page = items[position], -1
        if isinstance(item, Page):
            item, page = item.item, item.number
        if page < 1 or item is not last:  # the pages of a file follow each other
            identity, last = _identity(item, rules, folder), item
        words = identity if page < 0 else [*identity, page]
        digest.update(json.dumps(words).encode("ascii") + b"\n")
    arguments = asdict(rules) | {"longest_side": LONGEST_SIDE}
    del arguments["progress"]
    if arguments["axes"] is None:  # so that older stores are taken up
        del arguments["axes"]
    plain: Note = json.loads(json.dumps(arguments))  # as it is read back: tuples become lists
    return {"format": FORMAT, "n_input": len(items), "source": digest.hexdigest(), **plain}


def _identity(item: Any, rules: Rules, folder: Path | None) -> list[Any]:
    """Say which image an item is: a file by name, size and time of change, others by content."""
    if isinstance(item, (str, os.PathLike)):
        path = Path(item).expanduser()
        # Not resolve(), which would follow links.
        name = path.relative_to(folder).as_posix() if folder else os.path.abspath(path)  # noqa: PTH100
        try:
            found = path.stat()
        except (OSError, ValueError):
            return [name]
        return [name, found.st_size, found.st_mtime_ns]
    if isinstance(item, (bytes, bytearray, memoryview)):
        return ["bytes", hashlib.sha256(item).hexdigest()]
    try:
        opener = Opener(rules.max_pixels, rules.frames, axes=rules.axes)
        with opener.open(item) as opened:
            pixels = decode(opened, rules.background)
    except Exception as error:  # noqa: BLE001 - decoders raise anything; it is rejected later
        return [type(item).__name__, str(error)]
    return [str(pixels.dtype), pixels.shape, hashlib.sha256(pixels.tobytes()).hexdigest()]
