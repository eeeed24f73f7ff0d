"""A mask with missing values selects what is true, as pandas does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaewidgets.images import Images
from vaewidgets.widgets.map.rows import as_rows

IMAGES = Images(np.arange(6, dtype=np.uint8).repeat(16).reshape(6, 4, 4, 1))
NUMBERS = pd.Series(pd.array([1, None, 3, 0, None, 5], dtype="Int64"), index=list("fedcba"))
TEXTS = pd.Series(["cat", None, "a cat", "dog", np.nan, "cat"], dtype=object)
MASKS = {
    "a nullable column": NUMBERS > 0,
    "its array": (NUMBERS > 0).array,
    "str.contains": TEXTS.str.contains("cat"),
    "a list with None": [True, None, True, False, None, True],
    "objects with NaN": np.array([True, np.nan, True, False, pd.NA, True], dtype=object),
    "a masked array": np.ma.masked_array(
        [True, True, True, False, True, True], [0, 1, 0, 0, 1, 0]
    ),
    "no missing": [True, False, True, False, False, True],
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_what_is_missing_in_a_mask_is_not_selected(mask):
    assert as_rows(mask, 6).tolist() == [0, 2, 5]
    assert IMAGES[mask].positions.tolist() == [0, 2, 5]


def test_a_mask_of_nothing_but_missing_values_selects_nothing():
    mask = pd.Series([None] * 6, dtype="boolean")
    assert as_rows(mask, 6).size == 0
    assert len(IMAGES[mask]) == 0


@pytest.mark.parametrize("rows", [[None, 1], [1.5, None], ["a"], [None, None]])
def test_what_is_no_mask_is_refused_still(rows):
    with pytest.raises(TypeError, match="row positions"):
        as_rows(rows, 6)
    with pytest.raises(IndexError):
        IMAGES[rows]
