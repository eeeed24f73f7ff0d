"""How images of other proportions and with transparency were brought to one form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from vaewidgets.images.decoding import parse_background
from vaewidgets.images.loading import FITS, one_of


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
