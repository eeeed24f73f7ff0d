"""What a frame is to say, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.table.details import Codes
from vaewidgets.labels.table.origins import Origins

Suggested = Callable[[int], NDArray[np.bool_]]
"""For the number of a layer, which of its labels came from an accepted suggestion."""
Settle = Callable[[], None]
"""What to do once steps were taken."""
ASIDE = "set aside"
"""What is written where an image was set aside for no reason given."""


@dataclass(frozen=True)
class About:
    """What is known about labels beside what they are.

    Attributes
    ----------
    origins : callable(layer) -> (places, list of Origin)
        Where the label of each image comes from: -1, or the place in the list.
    reasons : dict of int to str
        Why images are set aside, by image.
    """

    origins: Callable[[int], Origins]
    reasons: Mapping[int, str]


def _no_origins(_layer: int) -> Origins:
    return np.array(-1), []  # for whatever many images


NOTHING = About(_no_origins, {})
"""For whoever knows no more than the labels."""


@dataclass(frozen=True, eq=False)
class Said:
    """All that a frame is to say."""

    layers: Sequence[Codes]
    suggested: Suggested
    notes: dict[int, str]
    about: About

    @property
    def aside(self) -> dict[int, str]:
        """What to write for the images that are set aside."""
        return {row: text or ASIDE for row, text in self.about.reasons.items()}


@dataclass(frozen=True, eq=False)
class Reading:
    """What stands in a column now.

    Attributes
    ----------
    layer : int
        Of which column: 0, or the number of the tag.
    codes : ndarray, shape (n_images,)
        Labels, by `names`: 0 for none, 1 + the place in it; with tags 0, 1 for yes, 2 for no.
    names : list of int or str
        Number of each class where it is known, else the name that stands there; with tags empty.
    """

    layer: int
    codes: Codes
    names: list[int | str]
