"""One tag: yes or no for every image, from a few that have it and have not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.labels.suggestions.groups import group_shares
from vaewidgets.labels.suggestions.spreading import (
    Suggestions,
    check_codes,
    nothing,
    of_chances,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vaewidgets.gaussians import Gaussians
    from vaewidgets.labels.suggestions.graphs import CodeGraph
    from vaewidgets.labels.suggestions.rejections import Rejected

    Row = NDArray[np.float64]

YES, NO = 1, 2

_SPREAD_WEIGHT = 0.3  # of the spread of a code, beside its mean
_WIDTH = 3.0  # of the kernel, in units of the number of dimensions
_NOISE = 0.1  # variance of the error of an example
_MOST_EXAMPLES = 1000  # the work grows with their cube
_STAND_INS = 2  # for each yes, where nobody said no
_BLOCK = 2**22


def suggest_tag(
    graph: CodeGraph,
    codes: ArrayLike,
    *,
    rejected: Rejected | None = None,
    least: float = 0.5,
    random_state: Any = 0,
) -> Suggestions:
    """Propose for every image whether it has a tag, from a few that have and have not.

    Parameters
    ----------
    graph : CodeGraph
        From :func:`code_graph`.
    codes : array of int, shape (n,)
        0 not said, 1 yes, 2 no. Where nobody said no, images drawn at random stand in for it.
    rejected : (rows, codes), optional
        Proposals that a person rejected: they are not made again. That the image lacks the tag
        becomes no more probable by that: only a no says so.
    least : float, 0.5 to 1
        Nothing is proposed below this probability.
    random_state : int
        Seed; which images stand in, and which examples count beyond 1,000.

    Returns
    -------
    Suggestions
        With the codes 1 and 2; none without a yes.

    Raises
    ------
    ValueError
        If the codes or the rejected rows do not fit the graph.

    Notes
    -----
    Regression on +1 and -1 by a Gaussian process with the kernel exp(-|x - x'|^2 / (3 d)), where
    x holds the d means of a code and 0.3 times the logarithms of its spread, each standardised
    over the collection. Errors of yes and of no weigh alike, however many there are of each.
    The value that each example would have without itself, which has a closed form, tells how
    values become probabilities (a logistic curve). These are as right as the examples are
    typical: of ten examples chosen because they are doubtful nobody can know how many images
    have the tag.

    References
    ----------
    Rasmussen and Williams, Gaussian processes for machine learning, 2006, equations 2.23 and
    5.12; Platt, Probabilistic outputs for support vector machines, 1999; Elkan and Noto,
    Learning classifiers from only positive and unlabeled data, 2008 (stand-ins).
    """
    said = check_codes(codes, len(graph))
    if said.max(initial=0) > NO:
        raise ValueError(f"`codes` holds {said.max()}; accepted: 0 not said, 1 yes, 2 no")
    if not (said == YES).any():
        return nothing(len(graph))
    rng = np.random.default_rng(as_seed(random_state))
    rows, values, stood_in = _examples(said, rng)
    if (values > 0).all():
        return nothing(len(graph))
    features = _features(graph.codes)
    score, left_out = _regression(features, rows, values)
    probability = _logistic(score, left_out, values)
    chances = np.column_stack([probability, 1 - probability]).astype(np.float32)
    columns = (values < 0).astype(np.int64)
    by_group = group_shares(graph, rows, columns, 2)[graph.groups]
    words = (
        f"From {int((said == YES).sum()):,} images with the tag and "
        + (
            f"{stood_in:,} drawn at random, since none is without"
            if stood_in
            else f"{int((said == NO).sum()):,} without"
        )
        + ", by a Gaussian process on the codes and their spread."
    )
    return of_chances(chances, said, least, by_group.argmax(axis=1), words, rejected=rejected)


def _examples(
    said: NDArray[np.uint16], rng: np.random.Generator
) -> tuple[NDArray[np.int64], Row, int]:
    """Return rows of examples, +1 or -1 for each, and how many of them only stand in."""
    yes, no = np.flatnonzero(said == YES), np.flatnonzero(said == NO)
    stood_in = 0
    if len(no) == 0:
        free = np.flatnonzero(said == 0)
        stood_in = min(_STAND_INS * len(yes), len(free))
        no = rng.choice(free, stood_in, replace=False)
    half = _MOST_EXAMPLES // 2
    yes, no = (
        rng.choice(part, half, replace=False) if len(part) > half else part for part in (yes, no)
    )
    rows = np.concatenate([yes, no])
    return rows, np.repeat([1.0, -1.0], [len(yes), len(no)]), stood_in


def _features(codes: Gaussians) -> NDArray[np.float32]:
    """Return means and, with less weight, logarithms of the spread, scaled for the kernel."""
    tables = [_standardised(codes.mean)]
    if (codes.std > 0).any():
        smallest = codes.std[codes.std > 0].min()
        tables.append(_SPREAD_WEIGHT * _standardised(np.log(np.maximum(codes.std, smallest))))
    return np.asarray(np.hstack(tables) / np.sqrt(_WIDTH * codes.n_dims), dtype=np.float32)


def _standardised(table: NDArray[Any]) -> Row:
    """Bring columns to mean 0 and spread 1; those that do not vary to 0."""
    centred = table.astype(np.float64) - table.mean(axis=0, dtype=np.float64)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def _regression(
    features: NDArray[np.float32], rows: NDArray[np.int64], values: Row
) -> tuple[Row, Row]:
    """Return the value of each row, and that of each example without itself."""
    examples = features[rows]
    positive = values > 0
    share = np.where(positive, positive.mean(), 1 - positive.mean())
    # A constant in the kernel: the mean value is learned too.
    kernel = 1.0 + _kernel(examples, examples).astype(np.float64)
    inverse = np.linalg.inv(kernel + np.diag(2 * _NOISE * share))
    weights = inverse @ values
    score = np.empty(len(features))
    step = max(1, _BLOCK // len(rows))
    for first in range(0, len(features), step):
        near = _kernel(features[first : first + step], examples)
        score[first : first + step] = near @ weights + weights.sum()
    left_out = values - weights / np.diag(inverse)
    score[rows] = left_out  # an example is no evidence for itself
    return score, left_out


def _kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """exp(-|a_i - b_j|^2)."""
    squared = (a**2).sum(axis=1)[:, np.newaxis] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.exp(-np.maximum(squared, 0, out=squared)))


def _logistic(score: Row, left_out: Row, values: Row) -> Row:
    """Turn values into probabilities by a logistic curve through examples left out."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0).fit(left_out[:, np.newaxis], values)
    # A curve that falls would say that the examples contradict themselves: then all are alike.
    slope = max(float(model.coef_[0, 0]), 1e-6)
    return np.asarray(1 / (1 + np.exp(-(slope * score + float(model.intercept_[0])))))
