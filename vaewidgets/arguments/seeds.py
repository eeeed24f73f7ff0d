"""Seeds: whole numbers, the generators of numpy, or None for a fresh one."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaewidgets.arguments.numbers import is_whole

LARGEST = 2**31 - 1  # what every library that is handed a seed takes


def as_seed(random_state: Any, name: str = "random_state") -> int:
    """Return a seed for a whole number, a generator (which it advances) or None (fresh entropy).

    numpy's global generator, which scikit-learn takes for None, is left alone: computing a model
    or a map must not change the numbers that other code draws.

    Parameters
    ----------
    random_state : int from 0, numpy.random.Generator, numpy.random.RandomState or None
    name : str
        The argument's name, for messages.

    Returns
    -------
    int
        0 to 2147483647.

    Raises
    ------
    TypeError, ValueError
        It is none of these, or a number below 0 or above 2147483647.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0]) & LARGEST
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    accepted = f"accepted: a whole number from 0 to {LARGEST}, a generator of numpy, or None"
    if not is_whole(random_state):
        raise TypeError(f"{name} is {random_state!r}; {accepted}")
    if not 0 <= random_state <= LARGEST:
        raise ValueError(f"{name} is {random_state!r}; {accepted}")
    return int(random_state)
