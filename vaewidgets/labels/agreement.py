"""How far two people agree on the images that both labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far two people agree.

    Attributes
    ----------
    raters : (str, str)
    n_both : int
        Images that both labelled.
    n_same : int
        Images that both labelled alike.
    kappa : float
        Cohen's kappa, at most 1; 0 is what chance would give. NaN where it says nothing: nobody
        labelled an image that the other did, or both gave one and the same class to all.
    confusion : DataFrame
        How often the first (rows) gave a class where the second (columns) gave another.
    disagreements : ndarray of int64
        Positions of the images that both labelled, and not alike.
    """

    raters: tuple[str, str]
    n_both: int
    n_same: int
    kappa: float
    confusion: pd.DataFrame
    disagreements: NDArray[np.int64]

    def frame(self) -> pd.DataFrame:
        """Return the figures in a row of a table."""
        one, other = self.raters
        row = {
            "rater": one,
            "other": other,
            "both": self.n_both,
            "same": self.n_same,
            "kappa": self.kappa,
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        one, other = self.raters
        return (
            f"<Agreement: {one!r} and {other!r} label {self.n_same:,} of {self.n_both:,} images "
            f"alike, kappa {self.kappa:.3f}>"
        )


def agreement(
    one: NDArray[np.integer],
    other: NDArray[np.integer],
    classes: Sequence[str],
    raters: tuple[str, str] = ("one", "other"),
) -> Agreement:
    """Compare the labels of two people.

    Parameters
    ----------
    one, other : ndarray of int, shape (n,)
        0 for no label, else 1 + the number of the class.
    classes : sequence of str
    raters : (str, str)
        Their names.

    Returns
    -------
    Agreement

    Notes
    -----
    kappa = (p_o - p_e) / (1 - p_e), where p_o is the share of images labelled alike and p_e the
    share that would be if each gave their classes as often, but by chance.

    References
    ----------
    Cohen, A coefficient of agreement for nominal scales, 1960, equation 1.
    """
    both = np.flatnonzero((one > 0) & (other > 0))
    k = len(classes)
    counts = np.zeros((k, k), np.int64)
    np.add.at(counts, (one[both].astype(np.int64) - 1, other[both].astype(np.int64) - 1), 1)
    n, n_same = len(both), int(np.trace(counts))
    by_chance = float((counts.sum(axis=1) / max(n, 1)) @ (counts.sum(axis=0) / max(n, 1)))
    kappa = (n_same / n - by_chance) / (1 - by_chance) if n and by_chance < 1 else float("nan")
    used = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    names = [classes[number] for number in used.tolist()]
    confusion = pd.DataFrame(
        counts[np.ix_(used, used)],
        index=pd.Index(names, name=raters[0]),
        columns=pd.Index(names, name=raters[1]),
    )
    return Agreement(raters, n, n_same, kappa, confusion, both[one[both] != other[both]])
