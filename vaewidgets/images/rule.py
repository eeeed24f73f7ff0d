"""How images are brought to one form, as it is asked for and as a model keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vaewidgets.arguments.numbers import is_whole
from vaewidgets.images.decoding import parse_background

if TYPE_CHECKING:
    from vaewidgets.images.ranges import ValueRange

FITS = ("pad", "crop", "resize")
CHANNELS = {"gray": 1, "rgb": 3}


@dataclass(frozen=True)
class ImageRule:
    """What a model keeps of how its images were loaded, to bring new ones to the same form.

    Size and channels are not here: a model knows them by its architecture.

    Attributes
    ----------
    fit : {"pad", "crop", "resize"}, default "pad"
        As in :func:`load_images`.
    background : (red, green, blue), default white
        What transparent images and paddings are laid on, 0 to 255.
    """

    fit: str = "pad"
    background: tuple[int, int, int] = (255, 255, 255)

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as plain JSON values."""
        return {**asdict(self), "background": list(self.background)}

    @classmethod
    def of(cls, fit: str, background: str | tuple[int, int, int]) -> Self:
        """Return the rule of the arguments of :func:`load_images`, checked."""
        return cls(one_of(fit, FITS, "fit"), parse_background(background))

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Return the rule that :meth:`as_dict` wrote, checked; the default one for None.

        Raises
        ------
        ValueError
            For anything else.
        """
        if values is None:  # of a model that was kept before there were rules
            return cls()
        if not isinstance(values, dict) or values.keys() != {"fit", "background"}:
            raise ValueError("image_rule must give exactly fit and background")
        background = values["background"]
        if not isinstance(background, list) or not all(type(v) is int for v in background):
            raise ValueError("background of image_rule must be three whole numbers")
        if not isinstance(values["fit"], str):
            raise ValueError("fit of image_rule must be a word")
        return cls.of(values["fit"], tuple(background))


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


def parse_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Turn the argument ``size`` into (height, width)."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (tuple, list, np.ndarray)) else (size, size)
    if len(pair) != 2 or not all(is_whole(side) and side > 0 for side in pair):
        raise ValueError(f"size must be a number of pixels or (height, width), got {size!r}")
    return int(pair[0]), int(pair[1])


def one_of(value: str, accepted: tuple[str, ...], name: str) -> str:
    """Refuse a value that is not among those accepted."""
    if value not in accepted:
        raise ValueError(f"{name} must be one of {', '.join(accepted)}, got {value!r}")
    return value
