"""Whole numbers and pairs of dimensions are taken from numpy as from Python."""

from __future__ import annotations

import numpy as np
import pytest

from vaewidgets.arguments.numbers import as_dims, is_whole
from vaewidgets.widgets.base.widget import check_height
from vaewidgets.widgets.map.projector import Projector

CODES = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


@pytest.mark.parametrize("kind", [int, np.int64, np.uint16, np.int8])
def test_whole_numbers_of_every_kind_are_whole(kind):
    assert is_whole(kind(3))


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.float64(2), "2", None, [2]])
def test_what_is_no_whole_number_is_none(value):
    assert not is_whole(value)
    with pytest.raises(ValueError, match="height must be 160 to 2000 pixels"):
        check_height(value)


@pytest.mark.parametrize("kind", [int, np.int64, np.uint16])
def test_a_height_may_be_of_numpy_and_becomes_an_int(kind):
    assert type(check_height(kind(300))) is int


@pytest.mark.parametrize("dims", [(3, 1), [3, 1], np.array([3, 1]), (np.int64(3), np.uint8(1))])
def test_dims_may_be_a_tuple_a_list_or_an_array(dims):
    assert as_dims(dims, 4) == (3, 1)
    assert Projector(CODES, None).key("dims", dims) == ("dims", 3, 1)


@pytest.mark.parametrize(
    "dims", [np.array([0, 4]), np.array([0, 1, 2]), np.array([[0, 1]]), np.array([0.0, 1.0]),
             (True, 1), "01", None, 3],
)  # fmt: skip
def test_dims_that_are_not_two_dimensions_are_refused_in_words(dims):
    with pytest.raises(
        ValueError, match="dims must be two different latent dimensions from 0 to 3, got"
    ):
        Projector(CODES, None).key("dims", dims)
