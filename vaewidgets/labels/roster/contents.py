"""Pairing images that show the same."""

from __future__ import annotations

import os.path
from collections import defaultdict, deque
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from vaewidgets.labels.roster.roster import Contents

Name = Callable[[int], str]
NONE = -1


def pair_contents(
    there: Contents, here: Contents, name_there: Name | None, name_here: Name | None
) -> NDArray[np.int64]:
    """For each image here the place of the same one there, -1 where there is none.

    Equal pictures are told apart by their path, then by the name of their file, then by order,
    so that ten copies are paired with ten copies.

    Parameters
    ----------
    there, here : ndarray of S16
    name_there, name_here : callable(place) -> str, or None
        Paths; None if there are none.
    """
    if not len(there) or not len(here):
        return np.full(len(here), NONE, np.int64)
    both = np.concatenate([there, here])
    # Half of a digest sorts ten times as fast as the whole, and is hardly ever less.
    found = _pair(both.view("<u8")[::2], len(there), name_there, name_here)
    paired = found != NONE
    if (there[found[paired]] != here[paired]).any():
        _, keys = np.unique(both, return_inverse=True)
        found = _pair(keys.astype(np.uint64), len(there), name_there, name_here)
    return found


def _pair(
    keys: NDArray[np.uint64], n_there: int, name_there: Name | None, name_here: Name | None
) -> NDArray[np.int64]:
    """Pair places of equal keys; the first `n_there` are those there."""
    found = np.full(len(keys) - n_there, NONE, np.int64)
    order = np.argsort(keys, kind="stable")  # of equal ones those there come first, in order
    first = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    sizes = np.diff(np.append(first, len(order)))
    many_there = np.add.reduceat(order < n_there, first)
    group = np.repeat(np.arange(len(first)), sizes)
    rank = np.arange(len(order)) - first[group] - many_there[group]  # among those here
    paired = (rank >= 0) & (rank < many_there[group])
    found[order[paired] - n_there] = order[first[group[paired]] + rank[paired]]
    if name_there is not None and name_here is not None:
        unclear = (many_there > 0) & (sizes > many_there) & (sizes > 2)
        for number in np.flatnonzero(unclear):
            members = order[first[number] :][: sizes[number]]
            those, these = members[: many_there[number]], members[many_there[number] :]
            found[these - n_there] = NONE
            pairs = _by_name(those.tolist(), (these - n_there).tolist(), name_there, name_here)
            for place, image in pairs:
                found[image] = place
    return found


def _by_name(
    there: list[int], here: list[int], name_there: Name, name_here: Name
) -> Iterator[tuple[int, int]]:
    """Pair equal pictures: those of one path, then of one file name, then in order."""
    for say in (str, os.path.basename, lambda _path: ""):
        waiting: dict[str, deque[int]] = defaultdict(deque)
        for place in there:
            waiting[say(name_there(place))].append(place)
        left = []
        for image in here:
            name = say(name_here(image))
            is_said = bool(name) or say("x") == ""
            if is_said and waiting[name]:
                yield waiting[name].popleft(), image
            else:
                left.append(image)
        there = sorted(place for places in waiting.values() for place in places)
        here = left
