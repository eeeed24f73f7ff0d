"""Who wins where a cell and the log say different things."""

import numpy as np
import pytest

from vaewidgets.labels.truth import settle

NONE, CAT, DOG = 0, 1, 2


@pytest.mark.parametrize(
    ("held", "column", "log", "suggested", "taken", "kept"),
    [
        (CAT, CAT, CAT, False, False, False),  # nothing happened
        (CAT, CAT, DOG, False, False, False),  # a gesture: the frame does not have it yet
        (CAT, DOG, CAT, False, True, False),  # a cell
        (CAT, NONE, CAT, False, True, False),  # a cell took the label off
        (NONE, DOG, NONE, False, True, False),
        (NONE, DOG, DOG, False, False, False),  # both did the same
        (NONE, DOG, CAT, False, True, True),  # a gesture while the cell ran
        (NONE, DOG, CAT, True, True, False),  # a suggestion accepted meanwhile
        (CAT, DOG, NONE, False, True, False),  # cleared or undone meanwhile: a label stands
        (CAT, NONE, DOG, False, True, True),
        (CAT, NONE, DOG, True, True, False),
    ],
)
def test_the_rule(held, column, log, suggested, taken, kept):  # noqa: PLR0917
    found = settle(*(np.array([code]) for code in (held, column, log)), np.array([suggested]))
    assert [bool(rows.size) for rows in found] == [taken, kept]
