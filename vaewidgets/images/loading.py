"""Many images from files, PIL images and arrays to one array: sizes, colours and what failed."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from PIL import Image

from vaewidgets.images.decoding import (
    Opened,
    UnreadableError,
    decode,
    describe,
    identify,
)
from vaewidgets.images.identity import DTYPE
from vaewidgets.images.opening import Opener
from vaewidgets.images.pages import more_pages
from vaewidgets.images.progress import with_progress
from vaewidgets.images.ranges import Brightness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vaewidgets.images.identity import Contents
    from vaewidgets.images.pixels import PixelArray
    from vaewidgets.images.ranges import ValueRange

FITS = ("pad", "crop", "resize")
CHANNELS = {"gray": 1, "rgb": 3}

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


@dataclass(frozen=True)
class Rules:
    """How images are brought to one size and colour; see ``load_images`` for the meaning."""

    size: tuple[int, int] | None
    fit: str
    channels: str | None
    background: tuple[int, int, int]
    max_pixels: int
    progress: bool
    frames: str = "first"
    value_range: ValueRange = None
    axes: str | None = None


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


class Canvas(Protocol):
    """Where images of one size are put, one after another."""

    def append(self, image: PixelArray) -> None:
        """Take one (height, width, 1 or 3) image, uint8 or float32 in [0, 1]."""


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
    canvas, account = read_into(_MemoryCanvas, items, rules)
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
    make_canvas: Callable[[int, tuple[int, int], int], CanvasT], items: Sequence[Any], rules: Rules
) -> tuple[CanvasT, Account]:
    """Read every item into a canvas, made for at most so many images of a size and channels.

    Raises
    ------
    ValueError
        If there is no item, or none can be read.
    """
    if len(items) == 0:
        raise ValueError("got 0 images: the list is empty")
    rejected: dict[int, Rejected] = {}
    size, notice = rules.size, ""
    brightness = _look_for_range(items, rules)
    if size is None:
        sizes = _count_sizes(items, rules, rejected, brightness)
        size, notice = _choose_size(sizes, rules.fit, rejected)
    canvas = make_canvas(len(items) - len(rejected), size, 3 if rules.channels == "rgb" else 1)
    kept, contents, longer = [], bytearray(), dict[int, int]()
    with Opener(
        rules.max_pixels, rules.frames, whole=True, brightness=brightness, axes=rules.axes
    ) as opener:
        for position in with_progress(range(len(items)), "Reading images", rules.progress):
            if position in rejected:
                continue
            try:
                with opener.open(items[position]) as opened:
                    image = _prepare(opened, size, rules, brightness)
                    content = identify(opened)
            except Exception as error:  # noqa: BLE001 - decoders raise anything; one file must not stop the others
                rejected[position] = _reject(position, items[position], error)
            else:  # a full disk is no fault of the image
                canvas.append(image)
                kept.append(position)
                contents += content
                if opened.n_pages > 1:
                    longer[position] = opened.n_pages
    if not kept:
        raise _nothing_read(rejected)
    example = Path(describe(items[min(longer)])).name if longer else ""
    lines = (notice, more_pages([*longer.values()], example, rules.frames), brightness.notice)
    notice = "; ".join(filter(None, lines))
    left_out = [rejected[position] for position in sorted(rejected)]
    return canvas, Account(kept, left_out, notice, np.frombuffer(contents, DTYPE))


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


def parse_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Turn the argument ``size`` into (height, width)."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (tuple, list, np.ndarray)) else (size, size)
    if len(pair) != 2 or not all(
        isinstance(side, (int, np.integer)) and not isinstance(side, bool) and side > 0
        for side in pair
    ):
        raise ValueError(f"size must be a number of pixels or (height, width), got {size!r}")
    return int(pair[0]), int(pair[1])


def one_of(value: str, accepted: tuple[str, ...], name: str) -> str:
    """Refuse a value that is not among those accepted."""
    if value not in accepted:
        raise ValueError(f"{name} must be one of {', '.join(accepted)}, got {value!r}")
    return value


def fit_image(image: PixelArray, size: tuple[int, int], rules: Rules) -> PixelArray:
    """Bring one (h, w, c) image to ``size`` by padding, cropping or stretching."""
    height, width = size
    old_height, old_width = image.shape[:2]
    if (old_height, old_width) == size:
        return image
    if rules.fit == "resize":
        return _resample(image, height, width)
    choose = min if rules.fit == "pad" else max
    scale = choose(height / old_height, width / old_width)
    new_height, new_width = max(1, round(old_height * scale)), max(1, round(old_width * scale))
    image = _resample(image, new_height, new_width)
    if rules.fit == "crop":
        top, left = (new_height - height) // 2, (new_width - width) // 2
        return image[top : top + height, left : left + width]
    ground = _ground(rules.background, image.shape[2], image.dtype)
    padded = np.empty((height, width, image.shape[2]), dtype=image.dtype)
    padded[:] = ground
    top, left = (height - new_height) // 2, (width - new_width) // 2
    padded[top : top + new_height, left : left + new_width] = image
    return padded


class _MemoryCanvas:
    """The array being filled: gray 8 bit until an image needs colour or more depth."""

    def __init__(self, capacity: int, size: tuple[int, int], channels: int) -> None:
        self._count = 0
        self._pixels: PixelArray = np.zeros((capacity, *size, channels), dtype=np.uint8)

    def append(self, image: PixelArray) -> None:
        """Append one image of the right size."""
        if image.dtype == np.float32 and self._pixels.dtype == np.uint8:
            self._pixels = self._pixels.astype(np.float32) / np.float32(255)
        elif image.dtype == np.uint8 and self._pixels.dtype == np.float32:
            image = image.astype(np.float32) / np.float32(255)
        if image.shape[2] > self._pixels.shape[3]:
            self._pixels = np.repeat(self._pixels, 3, axis=3)
        self._pixels[self._count] = image  # a gray image fills all three channels
        self._count += 1

    def pixels(self) -> PixelArray:
        """Return what was added."""
        return self._pixels[: self._count]


def _prepare(
    opened: Opened, size: tuple[int, int], rules: Rules, brightness: Brightness
) -> PixelArray:
    """Decode one image and bring it to size, and to gray where it has no colour."""
    # JPEG decoding at reduced size still leaves twice the pixels asked for, to average over.
    image = decode(opened, rules.background, 2 * max(size), brightness)
    if rules.channels == "gray" or (image.shape[2] == 3 and _is_gray(image)):
        image = _to_gray(image)
    return fit_image(image, size, rules)


def _is_gray(image: PixelArray) -> bool:
    """Tell whether the three channels are equal (a gray picture saved in colour)."""
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return bool((red == green).all() and (green == blue).all())


def _to_gray(image: PixelArray) -> PixelArray:
    """Brightness by ITU-R 601 luma, as Pillow's convert("L")."""
    if image.shape[2] == 1:
        return image
    luma: PixelArray = image @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if image.dtype == np.uint8:
        return np.rint(luma).astype(np.uint8)[..., np.newaxis]
    return np.clip(luma, 0, 1).astype(np.float32)[..., np.newaxis]


def _ground(background: tuple[int, int, int], channels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the background colour in the channels and number type of an image."""
    colour: PixelArray = np.array([[background]], dtype=np.uint8)
    if channels == 1:
        colour = _to_gray(colour)
    return colour if dtype == np.uint8 else colour.astype(np.float32) / np.float32(255)


def _resample(image: PixelArray, height: int, width: int) -> PixelArray:
    """Resize with Pillow's bicubic filter, which averages when it shrinks."""
    if image.shape[:2] == (height, width):
        return image
    kind = Image.Resampling.BICUBIC
    if image.dtype == np.uint8:
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        small = np.asarray(picture.resize((width, height), kind, reducing_gap=3.0))
        return small.reshape(height, width, image.shape[2])
    planes = [
        np.asarray(Image.fromarray(image[..., channel]).resize((width, height), kind))
        for channel in range(image.shape[2])
    ]
    # Bicubic overshoots at edges.
    clipped: PixelArray = np.clip(np.stack(planes, axis=2), 0.0, 1.0)
    return clipped


def _count_sizes(
    items: Sequence[Any], rules: Rules, rejected: dict[int, Rejected], brightness: Brightness
) -> Counter[tuple[int, int]]:
    """Count the sizes that the headers of all items give; what has none goes to ``rejected``."""
    sizes = Counter[tuple[int, int]]()
    with Opener(
        rules.max_pixels, rules.frames, brightness=replace(brightness), axes=rules.axes
    ) as opener:
        for position in with_progress(range(len(items)), "Reading headers", rules.progress):
            try:
                with opener.open(items[position]) as opened:
                    sizes[opened.height, opened.width] += 1
            except Exception as error:  # noqa: BLE001 - as when decoding
                rejected[position] = _reject(position, items[position], error)
    return sizes


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
