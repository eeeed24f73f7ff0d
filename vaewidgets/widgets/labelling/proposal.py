"""What is proposed at the moment, and what of it still stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.labels.journal import Journal

YES = 1


@dataclass(frozen=True, eq=False)
class Proposal:
    """Labels for images that have none, with their probabilities."""

    number: int | None
    """The tag that it is about; None where an image has one label."""
    codes: NDArray[np.uint16]
    """1 + the class proposed for each image; of a tag 1 for yes and 2 for no; 0 for nothing."""
    probability: NDArray[np.float32]
    words: str

    def standing(self, journal: Journal, *, labelled_too: bool) -> Proposal:
        """Return what stands: not rejected, of a class that there is, and without a label."""
        layer = self.number or 0
        codes = self.codes.copy()
        rows, rejected = journal.rejected(layer)
        proposed = codes[rows]
        if self.number is not None:
            proposed = np.where(proposed == YES, layer + 1, 0)
        codes[rows[proposed == rejected]] = 0
        # An accepted label would bring a class back that was deleted.
        if self.number is None:
            codes[np.isin(codes, [1 + number for number in journal.gone])] = 0
        elif self.number in journal.gone:
            codes[:] = 0
        codes[journal.aside] = 0
        if not labelled_too:
            codes[journal.layers[layer] > 0] = 0
        return replace(self, codes=codes)

    def answered(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], dict[str, Any]]:
        """Rows of what is proposed among those wanted, of a tag only the yes, and their class."""
        if self.number is not None:
            return np.flatnonzero(wanted & (self.codes == YES)), {"code": self.number + 1}
        rows = np.flatnonzero(wanted & (self.codes > 0))
        return rows, {"codes": self.codes[rows]}

    def message(self) -> tuple[dict[str, Any], list[bytes]]:
        """Say what is proposed, for a page."""
        count = int(np.count_nonzero(self.codes))
        certain = (self.probability * 255).astype(np.uint8).tobytes()
        about = {"class": self.number, "words": self.words, "count": count}
        return about, [self.codes.astype("<u2").tobytes(), certain]

    def table(self, classes: Sequence[str]) -> pd.DataFrame:
        """Class and probability by position, the surest first."""
        rows = np.flatnonzero(self.codes)
        rows = rows[np.argsort(-self.probability[rows], kind="stable")]
        names = [None, *classes]
        if self.number is not None:
            names = [None, classes[self.number], f"not {classes[self.number]}"]
        found = {
            "class": np.array(names, dtype=object)[self.codes[rows]],
            "probability": self.probability[rows],
        }
        return pd.DataFrame(found, index=pd.Index(rows, name="position"))
