"""From a few labels to a class for every image, with a probability that can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.labels.suggestions.groups import familiarity, group_shares, remoteness
from vaewidgets.labels.suggestions.rejections import barred_cells
from vaewidgets.labels.suggestions.temperature import (
    Trial,
    held_out,
    power_of,
    raised,
    step_weights,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.labels.suggestions.graphs import CodeGraph
    from vaewidgets.labels.suggestions.rejections import Rejected, Shares

_SWEEPS = 30
_OWN_LABEL = 0.95  # weight of a label in its own row: below 1, since people err
_OWN_GROUP = 0.05  # weight of the group in a row without a label


@dataclass(frozen=True, eq=False)
class Suggestions:
    """A class for each image, as far as there is reason for one.

    Attributes
    ----------
    codes : ndarray, shape (n,), uint16
        1 + the number of the class proposed; 0 for images that have a label, and for those
        whose most probable class is not probable enough.
    probability : ndarray, shape (n,), float32
        Of the most probable class, also where nothing is proposed. In rows with a label: of
        this label, as the neighbours and the group see it.
    best, second : ndarray, shape (n,), uint16, and float32
        1 + the number of the most probable class of each image (0 without any label, and where
        all classes that have labels were rejected), and the probability of the next one.
    by_group : ndarray, shape (n,), uint16
        1 + the class that is most probable in the small group of the image: a second opinion;
        0 where that was rejected.
    barred : ndarray, shape (n,), float32
        Probability of the class that was most probable of those rejected for the image; no other
        class gets it.
    words : str
        A sentence on what they were made from.
    """

    codes: NDArray[np.uint16]
    probability: NDArray[np.float32]
    best: NDArray[np.uint16]
    second: NDArray[np.float32]
    by_group: NDArray[np.uint16]
    barred: NDArray[np.float32]
    words: str

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"Suggestions(n={len(self)}, count={self.count})"

    @property
    def count(self) -> int:
        """Number of images with a proposal."""
        return int(np.count_nonzero(self.codes))

    @property
    def are_none(self) -> NDArray[np.bool_]:
        """Which images are none of the classes that have labels: all of these were rejected."""
        return np.asarray((self.best == 0) & self.best.any())


def suggest(
    graph: CodeGraph,
    codes: ArrayLike,
    *,
    steps: ArrayLike | None = None,
    rejected: Rejected | None = None,
    least: float = 0.5,
    random_state: Any = 0,
) -> Suggestions:
    """Propose a class for every image from the labels of a few.

    Any number of labels of any number of classes will do. A class without a label is never
    proposed; where its images lie apart they get no proposal either, and
    ``ask_next(..., "outlying")`` finds them. Labels may be wrong: one that its
    neighbours and its group contradict has a low ``probability``, and moves nobody far.

    Probabilities are measured on the labels themselves: whole steps of the person are held out
    and foreseen from the others. Of the first handful of steps nearly each is the only one of
    its kind, so there is little to measure and the usual is believed, which is too high where
    images named at one look are not all what they were called. Where only doubtful images were
    named, probabilities are too low.

    Parameters
    ----------
    graph : CodeGraph
        From :func:`code_graph`.
    codes : array of int, shape (n,)
        0 for no label, else 1 + the number of the class.
    steps : array of int, shape (n,), optional
        Which step of the person gave each label, any number that those of one step share;
        negative, as without `steps`, for a label that is a step of its own. Images named at one
        look agree with each other, right or wrong, and must not bear each other out.
    rejected : (rows, codes), optional
        Proposals that a person rejected: they are not made again, and nothing else becomes more
        probable by that. A label that the image has counts all the same.
    least : float, 0 to 1
        Nothing is proposed below this probability.
    random_state : int
        Seed; which labels are held out to measure the probabilities.

    Returns
    -------
    Suggestions

    Raises
    ------
    ValueError
        If the codes, the steps or the rejected rows do not fit the graph.

    Notes
    -----
    With Y the labels in rows that have one (weight a = 0.95) and the shares of the classes in
    the image's small group elsewhere (a = 0.05), 30 sweeps of

        F <- (1 - a) P F + a Y

    are made, where P is the walk over neighbours: label spreading in which each image begins
    with, and is held to, what its group says ("dongles" of Zhu et al.). Both speak, the groups
    while there are few labels, the neighbours later. Rows of F are then raised to a power and
    divided by their sum; the power is the one under which labels are most probable that were
    held out, a fifth of the steps at a time, of further spreadings (temperature scaling, Guo et
    al.); a share of wrong labels is chosen with it. Each step counts once, and by how usual its
    distance from the other labels is among the images without one (importance weights,
    Shimodaira). Where the whole branch of the tree around an image has no label, its
    probabilities are lowered, and sum to less than 1.

    What was rejected is left out at the very end: the image loses its probability, and no other
    class or image gets it.

    References
    ----------
    Zhou, Bousquet, Lal, Weston and Schoelkopf, Learning with local and global consistency, 2004;
    Zhu, Ghahramani and Lafferty, Semi-supervised learning using Gaussian fields and harmonic
    functions, 2003, section 5; Guo, Pleiss, Sun and Weinberger, On calibration of modern neural
    networks, 2017; Shimodaira, Improving predictive inference under covariate shift, 2000.
    """
    labels = check_codes(codes, len(graph))
    rows = np.flatnonzero(labels)
    if len(rows) == 0:
        return nothing(len(graph))
    classes, columns = np.unique(labels[rows], return_inverse=True)
    barred = barred_cells(rejected, labels, classes)
    of_step = _step_numbers(steps, rows, len(graph))
    shares, by_group = spread(graph, rows, columns, len(classes))
    away = remoteness(graph, graph.groups[rows])[graph.groups]
    weights = step_weights(of_step)
    masks = held_out(of_step, as_seed(random_state))
    trials = [_trial(graph, (rows, columns, weights), mask) for mask in masks]
    power = power_of(trials, away[labels == 0])
    # The label itself is no evidence for itself.
    shares[rows] = graph.walk[rows] @ shares + np.float32(_OWN_GROUP) * by_group[rows]
    shares = raised(shares, power)
    shares *= familiarity(away).astype(np.float32)[:, np.newaxis]
    largest = barred.take_from(shares)
    best = barred.best_of(shares)
    best[rows] = columns
    probability = shares[np.arange(len(shares)), best]
    proposed = barred.codes(best, classes)
    found = np.where((labels == 0) & (probability >= least), proposed, 0)
    return Suggestions(
        found.astype(np.uint16),
        probability,
        proposed,
        _without(shares, best).max(axis=1),
        barred.codes(by_group.argmax(axis=1), classes),
        largest,
        _words(len(rows), len(classes), _n_foreseen(masks, trials), graph.note),
    )


def spread(
    graph: CodeGraph, rows: NDArray[Any], columns: NDArray[Any], k: int
) -> tuple[Shares, Shares]:
    """Spread labels of k classes; return the shares of each row, and of its group."""
    small = group_shares(graph, rows, columns, k).astype(np.float32)
    by_group = small[graph.groups]
    target = np.float32(_OWN_GROUP) * by_group
    target[rows] = 0
    target[rows, columns] = _OWN_LABEL
    kept = np.full((len(graph), 1), 1 - _OWN_GROUP, dtype=np.float32)
    kept[rows] = 1 - _OWN_LABEL
    walk = graph.walk.copy()
    walk.data *= np.repeat(kept[:, 0], np.diff(walk.indptr))
    shares = by_group.copy()
    shares[rows] = 0
    shares[rows, columns] = 1
    for _ in range(_SWEEPS):
        shares = walk @ shares
        shares += target
    return shares, by_group


def _trial(
    graph: CodeGraph,
    labels: tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]],
    held: NDArray[np.bool_],
) -> Trial:
    """Foresee labels that are held out, given as rows, columns and weights, from the others."""
    rows, columns, weights = labels
    kept = ~held
    groups = graph.groups[rows]
    others, _ = spread(graph, rows[kept], columns[kept], int(columns.max()) + 1)
    away = remoteness(graph, groups[kept])[groups[held]]
    foreseen = np.isin(columns[held], columns[kept])
    return Trial(
        others[rows[held]], columns[held], familiarity(away), away, weights[held] * foreseen
    )


def _step_numbers(steps: ArrayLike | None, rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Give the steps of the labels in some rows the numbers 0, 1 and so on."""
    if steps is None:
        return np.arange(len(rows))
    table = np.asarray(steps)
    if table.shape != (n,) or table.dtype.kind not in "ui":
        raise ValueError(
            f"`steps` is an array of {table.dtype} of shape {table.shape}; accepted: whole "
            f"numbers of shape ({n},)"
        )
    own = table[rows].astype(np.int64)
    alone = own < 0
    own[alone] = own.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
    return np.unique(own, return_inverse=True)[1]


def _n_foreseen(masks: list[NDArray[np.bool_]], trials: list[Trial]) -> int:
    """Count the labels that were held out and could be foreseen."""
    if not masks:
        return 0
    counted = np.zeros(len(masks[0]), dtype=bool)
    for mask, trial in zip(masks, trials, strict=True):
        counted[np.flatnonzero(mask)[trial.weight > 0]] = True
    return int(counted.sum())


def _without(shares: Shares, columns: NDArray[Any]) -> Shares:
    """Return rows with one of their columns set to 0."""
    others = shares.copy()
    others[np.arange(len(others)), columns] = 0
    return others


def of_chances(
    chances: NDArray[np.float32],
    said: NDArray[np.uint16],
    least: float,
    by_group: NDArray[Any],
    words: str,
    *,
    rejected: Rejected | None = None,
) -> Suggestions:
    """Make suggestions of the chances of yes (code 1) and no (code 2), shape (n, 2)."""
    yes_no = np.array([1, 2], np.uint16)
    barred = barred_cells(rejected, said, yes_no)
    largest = barred.take_from(chances)
    at, best = np.arange(len(said)), barred.best_of(chances)
    shown = np.where(said > 0, said - 1, best)
    proposed = barred.codes(best, yes_no)
    found = np.where((said == 0) & (chances[at, best] >= least), proposed, 0)
    return Suggestions(
        found.astype(np.uint16),
        chances[at, shown],
        proposed,
        chances[at, 1 - shown],
        barred.codes(by_group, yes_no),
        largest,
        words,
    )


def check_codes(codes: ArrayLike, n: int) -> NDArray[np.uint16]:
    """Return label codes that fit n images."""
    table = np.asarray(codes)
    if table.shape != (n,) or table.dtype.kind not in "ui":
        raise ValueError(
            f"`codes` is an array of {table.dtype} of shape {table.shape}; accepted: whole "
            f"numbers of shape ({n},)"
        )
    if n and not 0 <= table.min() <= table.max() < 2**16:
        raise ValueError("`codes` holds numbers that are no class; accepted: 0 to 65535")
    return table.astype(np.uint16)


def nothing(n: int) -> Suggestions:
    """Propose nothing, since nothing is known."""
    empty, nought = np.zeros(n, np.uint16), np.zeros(n, np.float32)
    return Suggestions(empty, nought, empty, nought, empty, nought, "There is no label yet.")


def _words(n_labels: int, n_classes: int, n_held: int, note: str) -> str:
    """Say what suggestions were made from."""
    labels = "1 label" if n_labels == 1 else f"{n_labels:,} labels"
    classes = "1 class" if n_classes == 1 else f"{n_classes} classes"
    measured = (
        f"probabilities are measured on {n_held:,} of the labels"
        if n_held
        else "too few labels to measure the probabilities"
    )
    return f"From {labels} of {classes}, by {note}; {measured}."
