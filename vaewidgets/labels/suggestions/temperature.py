"""How far shares of classes can be believed: measured on steps of a person that were held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shares = NDArray[np.float32]
    Values = NDArray[np.float64]

_PARTS = 5  # of the steps, of which one at a time is held out
_MOST_TRIALS = 10  # whom chance held out matters less the more often it is asked
_ENOUGH = 200  # steps held out, counting each as often as it was
_MOST_HELD_OUT = 2000  # at a time

_POWERS = np.geomspace(0.125, 8.0, 37)
_BELIEVED_POWER = 2.0
_BELIEF = 1.0  # standard deviation of its logarithm
_ERRORS = (0.01, 0.03, 0.1)  # share of the labels that are wrong, whatever their image
_ERROR_BELIEF = 0.5  # nats for each step away from the first
_STRATA = (0.01, 0.02, 0.05, 0.1, 0.2)  # of the distance to the nearest label


@dataclass(frozen=True, eq=False)
class Trial:
    """Labels that were held out, and what the others said of them.

    Attributes
    ----------
    shares : ndarray, shape (l, k)
        Of the classes in the row of each label.
    columns : ndarray, shape (l,)
        The class that each label names.
    known : ndarray, shape (l,)
        How familiar the row is.
    away : ndarray, shape (l,)
        How far in the tree the nearest label that was not held out is.
    weight : ndarray, shape (l,)
        The labels of a step have 1 together; 0 for a class of which no other label was left,
        which nobody can foresee.
    """

    shares: Shares
    columns: NDArray[Any]
    known: Values
    away: Values
    weight: Values


def held_out(steps: NDArray[Any], random_state: int) -> list[NDArray[np.bool_]]:
    """Choose labels to be held out, whole steps at a time, one mask for each trial.

    Each trial holds out a fifth of the steps. There are as many trials as it takes to hold out
    200 steps, up to 10; none for fewer than 5 steps.
    """
    n = int(steps.max()) + 1
    if n < _PARTS:
        return []
    rng = np.random.default_rng(random_state)
    masks = []
    for trial in range(min(max(_ENOUGH * _PARTS // n, 1), _MOST_TRIALS)):
        if trial % _PARTS == 0:
            order = rng.permutation(n)
        masks.append(np.isin(steps, order[trial % _PARTS :: _PARTS][:_MOST_HELD_OUT]))
    return masks


def step_weights(steps: NDArray[Any]) -> Values:
    """Share a weight of 1 among the labels of each step."""
    return np.asarray(1.0 / np.bincount(steps)[steps])


def power_of(trials: list[Trial], away: Values) -> float:
    """Choose the power under which labels held out are most probable, near to what is usual.

    A share of wrong labels is chosen with it, so that a few slips of the person do not make all
    that is right less probable.

    Parameters
    ----------
    trials : list of Trial
    away : ndarray, shape (r,)
        How far the nearest label is from the rows that have none.

    Notes
    -----
    Where a step is held out its rows are farther from the labels left than most rows are from
    all labels. Trials therefore count by how usual their distance is among the rows to be
    foreseen (importance weights, Shimodaira), and together for as many as these weights leave
    (the effective size of Kish).
    """
    if not trials:
        return _BELIEVED_POWER
    errors = np.array(_ERRORS)[:, np.newaxis]
    value = -_ERROR_BELIEF * np.arange(len(_ERRORS))[:, np.newaxis]
    value = value - 0.5 * (np.log(_POWERS / _BELIEVED_POWER) / _BELIEF) ** 2
    ratio = _importance(trials, away) * min(1.0, _PARTS / len(trials))
    for trial in trials:
        weight = trial.weight * ratio[np.searchsorted(_STRATA, trial.away)]
        at, k = np.arange(len(trial.columns)), trial.shares.shape[1]
        for i, power in enumerate(_POWERS):
            chance = trial.known * raised(trial.shares, power)[at, trial.columns]
            value[:, i] += np.log((1 - errors) * chance + errors / k) @ weight
    return float(_POWERS[value.max(axis=0).argmax()])


def _importance(trials: list[Trial], away: Values) -> Values:
    """Weigh each stratum of distance by how many rows are in it for each label held out."""
    n = len(_STRATA) + 1
    wanted = np.bincount(np.searchsorted(_STRATA, away), minlength=n) / max(1, len(away))
    there = np.zeros(n)
    for trial in trials:
        there += np.bincount(np.searchsorted(_STRATA, trial.away), trial.weight, minlength=n)
    if not there.any():
        return there
    there /= there.sum()
    ratio = np.divide(wanted, there, out=np.zeros(n), where=there > 0)
    covered = there @ ratio
    if covered == 0:
        return ratio
    return np.asarray(ratio * covered**2 / (there @ ratio**2))


def raised(shares: Shares, power: float) -> Shares:
    """Raise rows to a power and divide them by their sums; what is all 0 stays so."""
    largest = shares.max(axis=1, keepdims=True)
    scaled = np.divide(shares, largest, out=np.zeros_like(shares), where=largest > 0)
    scaled **= np.float32(power)
    total = scaled.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(scaled, total, out=scaled, where=total > 0))
