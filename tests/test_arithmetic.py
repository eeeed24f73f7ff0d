"""Traversals of one dimension, and the arithmetic of groups."""

import numpy as np
import pytest

from vaewidgets.gaussians import Gaussians, barycentre
from vaewidgets.latent import attribute_direction, move_along, traverse


def test_an_attribute_is_the_difference_of_group_means():
    rng = np.random.default_rng(0)
    attribute = np.array([0.0, 3.0, -1.0])
    without = rng.normal(size=(4000, 3))
    with_ = rng.normal(size=(3000, 3)) + attribute
    direction = attribute_direction(with_, without)
    np.testing.assert_allclose(direction, attribute, atol=0.1)
    np.testing.assert_allclose(direction, with_.mean(0) - without.mean(0))
    assert np.array_equal(-direction, attribute_direction(without, with_))
    posteriors = Gaussians(with_, np.ones_like(with_))
    assert np.array_equal(attribute_direction(posteriors, without), direction)
    np.testing.assert_allclose(
        direction, (barycentre(posteriors).mean - without.mean(0))[0], atol=1e-12
    )
    # Added to the group without it, the direction leads to the group with it.
    moved = move_along(without, direction, 1)
    np.testing.assert_allclose(moved.mean(0), with_.mean(0))
    assert attribute_direction(np.float32(with_), np.float32(without)).dtype == np.float32


def test_codes_move_by_multiples_of_a_direction():
    code, direction = np.array([1.0, 2.0], np.float32), np.array([0.5, -1.0])
    moved = move_along(code, direction, [0, 1, -2])
    assert moved.tolist() == [[1, 2], [1.5, 1], [0, 4]]
    assert moved.dtype == np.float32
    assert move_along([code, code], direction, 2).tolist() == [[2, 0], [2, 0]]
    assert move_along([code, code], direction, [0, 2]).tolist() == [[1, 2], [2, 0]]
    assert code.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attribute_direction(np.zeros((0, 2)), [[0, 0]]), "`with_` is a group of 0"),
        (lambda: attribute_direction([[0, 0]], [[1, np.nan]]), "`without` is not finite"),
        (lambda: attribute_direction([["x"]], [[0]]), "`with_` is an array of <U1"),
        (lambda: attribute_direction([0, 1], [[0]]), r"`with_` is an array of shape \(2,\)"),
        (lambda: attribute_direction([[0, 1]], [[0]]), "`without` is a group of 1 dim.*: 2"),
        (lambda: move_along([0, 1], [0, 1, 2], 1), r"`direction` is .* shape \(3,\).*\(2,\)"),
        (lambda: move_along([0, 1], [[0, 1]], 1), r"`direction` is .* shape \(1, 2\)"),
        (lambda: move_along([0, np.nan], [0, 1], 1), "`codes` is not finite"),
        (lambda: move_along([0, 1], [0, 1], "far"), "`amounts` is 'far'"),
        (lambda: move_along([0, 1], [0, 1], np.nan), "`amounts` is not finite"),
        (lambda: move_along([0, 1], [0, 1], [[1]]), r"`amounts` .* \(1, 1\)"),
        (lambda: move_along(np.eye(3), [0, 1, 2], [1, 2]), "`amounts` is 2 numbers.*1 or 3"),
    ],
)
def test_arithmetic_that_makes_no_sense_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_gaussians_are_moved_only_by_their_means():
    with pytest.raises(TypeError, match=r"`codes` is Gaussians.*\.mean"):
        move_along(Gaussians([[0.0]], [[1.0]]), [1.0], 1)


def test_a_traversal_changes_one_dimension_only_and_not_the_code_given():
    code = np.array([1, 2, 3])
    codes = traverse(code, 0, [-1.5, 0, 1.5])
    assert codes.tolist() == [[-1.5, 2, 3], [0, 2, 3], [1.5, 2, 3]]
    assert code.tolist() == [1, 2, 3]
    assert traverse(np.zeros(3, np.float32), 2, [1]).dtype == np.float32
    assert traverse(np.zeros(2), True + 0, np.float32(3)).tolist() == [[0, 3]]


NUMBER = "accepted: a whole number from 0 to 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2, 3], -1, [0]), f"`dimension` is -1; {NUMBER}"),
        (([1, 2, 3], 3, [0]), f"`dimension` is 3; {NUMBER}"),
        (([1, 2, 3], 1.5, [0]), f"`dimension` is 1.5; {NUMBER}"),
        (([1, 2, 3], np.float64(1), [0]), NUMBER),
        (([1, 2, 3], True, [0]), f"`dimension` is True; {NUMBER}"),
        (([1, 2, 3], "1", [0]), f"`dimension` is '1'; {NUMBER}"),
        (([[1, 2, 3]], 0, [0]), r"`code` is an array of shape \(1, 3\); accepted: shape \(d,\)"),
        ((7, 0, [0]), r"`code` is an array of shape \(\)"),
        (([1, np.nan, 3], 0, [0]), "`code` is not finite"),
        ((["a", "b", "c"], 0, [0]), "`code` is an array of <U1; accepted: numbers"),
        (([1, 2, 3], 0, [0, np.inf]), "`values` is not finite in 1 rows, the first is row 1"),
        (([1, 2, 3], 0, ["0"]), "`values` is an array of <U1; accepted: numbers"),
        (([1, 2, 3], 0, "wide"), "`values` is 'wide'; accepted: numbers"),
        (([1, 2, 3], 0, None), "`values` is None; accepted: numbers"),
        (([1, 2, 3], 0, [[0]]), r"`values` is an array of shape \(1, 1\)"),
        (([1, 2, 3], 0, [[0], [1, 2]]), "`values` is no array"),
    ],
)
def test_a_traversal_that_cannot_be_made_names_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        traverse(*arguments)
