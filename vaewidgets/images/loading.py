"""Many images from files, PIL images and arrays to one array: sizes, colours and what failed."""

from __future__ import annotations

import logging
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from vaewidgets.images.canvas import Canvas, MemoryCanvas
from vaewidgets.images.decoding import (
    UnreadableError,
    decode,
    describe,
    identify,
)
from vaewidgets.images.fitting import prepare
from vaewidgets.images.identity import DTYPE
from vaewidgets.images.opening import Opener
from vaewidgets.images.pages import more_pages
from vaewidgets.images.progress import with_progress
from vaewidgets.images.ranges import Brightness
from vaewidgets.images.workers import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vaewidgets.images.identity import Contents
    from vaewidgets.images.pixels import PixelArray
    from vaewidgets.images.rule import Rules


# Images whose headers are read to guess the size of all.
_SAMPLE = 64

# Longest side files are brought to unless a size is asked for: photographs of 12 Mpx would fill
# any memory, and the networks are made for images of this order.
LONGEST_SIDE = 64

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rejected:
    """An image that was left out.

    Attributes
    ----------
    position : int
        Its place in what was loaded: row of the DataFrame, place in the list or in the sorted
        folder.
    source : str
        File name, or what kind of thing it was.
    reason : str
    """

    position: int
    source: str
    reason: str


@dataclass
class Account:
    """What became of the items, apart from the pixels."""

    positions: list[int]
    rejected: list[Rejected]
    notice: str
    contents: Contents  # what stands for each image kept

    def announce(self) -> None:
        """Log what is left out, and what was done to the images."""
        announce(self.rejected, len(self.positions) + len(self.rejected), self.notice)


@dataclass
class Reading:
    """What reading a collection gave."""

    pixels: PixelArray
    account: Account


CanvasT = TypeVar("CanvasT", bound=Canvas)


def announce(rejected: Sequence[Rejected], n_items: int, notice: str) -> None:
    """Log what is left out of so many images, and what was done to them."""
    if rejected:
        first = rejected[0]
        logger.warning(
            "%d of %d images could not be read and are left out (images.rejected); the first: "
            "%s: %s", len(rejected), n_items, first.source, first.reason,
        )  # fmt: skip
    if notice:
        logger.warning(notice)


def read_items(items: Sequence[Any], rules: Rules) -> Reading:
    """Read every item into memory, or list it among the rejected; see ``load_images``.

    Raises
    ------
    ValueError
        If there is no item, or none can be read.
    """
    canvas, account = read_into(MemoryCanvas, items, rules, may_guess=True)
    account.announce()
    return Reading(canvas.pixels(), account)


def turn_pages(items: Sequence[Any], rules: Rules) -> tuple[Sequence[Any], Sequence[int]]:
    """Put each page in the place of an item of several, where all pages are asked for.

    Returns
    -------
    items : sequence
    positions : sequence of int
        Which of the items each is, or is a page of.
    """
    if rules.frames != "all":
        return items, range(len(items))
    opener = Opener(rules.max_pixels)
    positions = with_progress(range(len(items)), "Counting pages", rules.progress)
    pages = [(page, position) for position in positions for page in opener.pages(items[position])]
    return [page for page, _ in pages], [position for _, position in pages]


def read_into(
    make_canvas: Callable[[int, tuple[int, int], int], CanvasT],
    items: Sequence[Any],
    rules: Rules,
    *,
    may_guess: bool = False,
) -> tuple[CanvasT, Account]:
    """Read every item into a canvas, made for at most so many images of a size and channels.

    Parameters
    ----------
    make_canvas : callable(capacity, size, channels)
    items : sequence
    rules : Rules
    may_guess : bool
        Where no size is asked for, begin with that of some images, and begin anew should all of
        them ask for another: most collections are of one size, and are opened once.

    Raises
    ------
    ValueError
        If there is no item, or none can be read.
    """
    if len(items) == 0:
        raise ValueError("got 0 images: the list is empty")
    brightness = _look_for_range(items, rules)
    rejected: dict[int, Rejected] = {}
    size, notice = rules.size, ""
    if size is None:
        headers = _Headers(items, rules, brightness)
        size = headers.guess() if may_guess else None
        if size is not None:
            read = _Reader(items, rules, replace(brightness), size).read(make_canvas, {})
            chosen, notice = _choose_size(read.sizes, rules.fit, read.rejected)
            if chosen == size:
                return read.canvas, read.account(notice)
        sizes, rejected = headers.all()
        size, notice = _choose_size(sizes, rules.fit, rejected)
    read = _Reader(items, rules, brightness, size).read(make_canvas, rejected)
    return read.canvas, read.account(notice)


class _Headers:
    """The sizes that the headers of items give, each looked at once."""

    def __init__(self, items: Sequence[Any], rules: Rules, brightness: Brightness) -> None:
        self._items, self._rules, self._brightness = items, rules, brightness
        self._sizes: dict[int, tuple[int, int]] = {}
        self._rejected: dict[int, Rejected] = {}

    def guess(self) -> tuple[int, int] | None:
        """Choose a size by some of the images, if these have one size."""
        step = max(1, len(self._items) // _SAMPLE)
        self._look(range(0, len(self._items), step), progress=False)
        if len(set(self._sizes.values())) != 1:
            return None
        return _choose_size(Counter(self._sizes.values()), self._rules.fit, self._rejected)[0]

    def all(self) -> tuple[Counter[tuple[int, int]], dict[int, Rejected]]:
        """Count the sizes of all items; also return what has none."""
        seen = self._sizes.keys() | self._rejected.keys()
        left = [position for position in range(len(self._items)) if position not in seen]
        self._look(left, progress=self._rules.progress)
        return Counter(self._sizes.values()), self._rejected

    def _look(self, positions: Sequence[int], *, progress: bool) -> None:
        items, rules = self._items, self._rules
        watched = with_progress(positions, "Reading headers", progress)
        with Opener(
            rules.max_pixels, rules.frames, brightness=replace(self._brightness), axes=rules.axes
        ) as opener:

            def work(position: int) -> tuple[int, int]:
                with opener.open(items[position]) as opened:
                    return opened.height, opened.width

            beside = all(_stands_alone(items[position]) for position in positions)
            for position, found in in_order(work, watched, beside=beside):
                if isinstance(found, Exception):
                    self._rejected[position] = _reject(position, items[position], found)
                else:
                    self._sizes[position] = found


@dataclass
class _Read(Generic[CanvasT]):
    """What reading all items gave."""

    canvas: CanvasT
    rejected: dict[int, Rejected]
    items: Sequence[Any]
    rules: Rules
    brightness: Brightness
    kept: list[int] = field(default_factory=list)
    contents: bytearray = field(default_factory=bytearray)
    longer: dict[int, int] = field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)

    def account(self, notice: str) -> Account:
        """Say what became of the items; refuse where none was read."""
        if not self.kept:
            raise _nothing_read(self.rejected)
        longer = self.longer
        example = Path(describe(self.items[min(longer)])).name if longer else ""
        pages = more_pages([*longer.values()], example, self.rules.frames)
        notice = "; ".join(filter(None, (notice, pages, self.brightness.notice)))
        left_out = [self.rejected[position] for position in sorted(self.rejected)]
        return Account(self.kept, left_out, notice, np.frombuffer(self.contents, DTYPE))


@dataclass(frozen=True)
class _Decoded:
    """One image ready for the canvas, and what is noted of it."""

    image: PixelArray
    content: bytes
    size: tuple[int, int]
    n_pages: int


class _Reader:
    """Opens, decodes, identifies and fits the items of a collection, beside each other."""

    def __init__(
        self, items: Sequence[Any], rules: Rules, brightness: Brightness, size: tuple[int, int]
    ) -> None:
        self._items, self._rules, self._brightness, self._size = items, rules, brightness, size

    def read(
        self,
        make_canvas: Callable[[int, tuple[int, int], int], CanvasT],
        rejected: dict[int, Rejected],
    ) -> _Read[CanvasT]:
        """Read all that is not rejected yet."""
        items, rules = self._items, self._rules
        n, channels = len(items) - len(rejected), 3 if rules.channels == "rgb" else 1
        read = _Read(
            make_canvas(n, self._size, channels), rejected, items, rules, self._brightness
        )
        left = [position for position in range(len(items)) if position not in rejected]
        positions = with_progress(left, "Reading images", rules.progress)
        beside = all(map(_stands_alone, items))
        with self._opener() as opener:

            def work(position: int) -> _Decoded:
                return self._decoded(items[position], opener)

            for position, found in in_order(work, positions, beside=beside):
                if isinstance(found, Exception):
                    rejected[position] = _reject(position, items[position], found)
                    continue
                read.canvas.append(found.image)  # a full disk is no fault of the image
                read.kept.append(position)
                read.contents += found.content
                read.sizes[found.size] += 1
                if found.n_pages > 1:
                    read.longer[position] = found.n_pages
        return read

    def _opener(self) -> Opener:
        rules = self._rules
        return Opener(
            rules.max_pixels,
            rules.frames,
            whole=True,
            brightness=self._brightness,
            axes=rules.axes,
        )

    def _decoded(self, item: Any, opener: Opener) -> _Decoded:
        """Read one item."""
        with opener.open(item) as opened:
            image = prepare(opened, self._size, self._rules, self._brightness)
            return _Decoded(image, identify(opened), (opened.height, opened.width), opened.n_pages)


def _stands_alone(item: Any) -> bool:
    """Tell what may be read beside others: files and encoded images, but not what is shared.

    Pages share their file, a person's PIL image may be there twice, and of what fetches an image
    nobody knows whether two may ask at once.
    """
    return isinstance(item, (str, os.PathLike, bytes))


def _look_for_range(items: Sequence[Any], rules: Rules) -> Brightness:
    """Say what numbers mean; where the data are to say it, all of them are decoded for it."""
    brightness = Brightness(rules.value_range)
    if not brightness.is_open:
        return brightness
    brightness.learning = True
    with Opener(rules.max_pixels, rules.frames, brightness=brightness, axes=rules.axes) as opener:
        for position in with_progress(range(len(items)), "Looking for the range", rules.progress):
            try:
                with opener.open(items[position]) as opened:
                    decode(opened, rules.background, brightness=brightness)
            except Exception:  # noqa: BLE001 - it is rejected, with the reason, when it is read
                continue
    brightness.learning = False
    return brightness


def _choose_size(
    sizes: Counter[tuple[int, int]], fit: str, rejected: dict[int, Rejected]
) -> tuple[tuple[int, int], str]:
    """Choose one size for all, and say in a line what that does to them."""
    if not sizes:
        raise _nothing_read(rejected)
    # Where more than half have one size, the median is that size.
    all_sizes = np.repeat(np.array(list(sizes)), list(sizes.values()), axis=0)
    height, width = (int(side) for side in np.median(all_sizes, axis=0))
    n_sizes = len(sizes)
    notice = ""
    if n_sizes > 1:
        how = {"pad": "padded", "crop": "cropped", "resize": "stretched"}[fit]
        notice = f"{n_sizes} sizes, {how} to one"
    longest = max(height, width)
    if longest > LONGEST_SIDE:
        notice += f"{'; ' if notice else ''}shrunk from {height} x {width}"
        scale = LONGEST_SIDE / longest
        height, width = max(1, round(height * scale)), max(1, round(width * scale))
    if notice:
        notice = f"images brought to {height} x {width} pixels ({notice}); size=... sets another"
    return (height, width), notice


def _reject(position: int, item: Any, error: Exception) -> Rejected:
    """Put a failure in words."""
    reason = str(error) if isinstance(error, UnreadableError) else f"cannot be decoded: {error}"
    return Rejected(position, describe(item), reason[:500])


def _nothing_read(rejected: dict[int, Rejected]) -> ValueError:
    """Make the error for when no image is left."""
    first = rejected[min(rejected)]
    where = "" if Path(first.source).is_absolute() else f" (looked for in {Path.cwd()})"
    missing = where if first.reason == "no such file" else ""
    return ValueError(
        f"none of the {len(rejected)} images could be read; the first, {first.source}: "
        f"{first.reason}{missing}"
    )
