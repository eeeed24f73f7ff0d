"""How far to believe shares of classes: what is held out, and what counts how much."""

import numpy as np
import pytest

from vaewidgets.labels.suggestions.temperature import Trial, held_out, power_of, step_weights


@pytest.mark.parametrize("n", [5, 7, 40, 3000])
def test_steps_are_held_out_whole_and_each_as_often(n):
    steps = np.random.default_rng(0).permutation(np.repeat(np.arange(n), 3))
    masks = held_out(steps, 0)
    times = np.zeros(n)
    for mask in masks:
        held = np.bincount(steps, mask, minlength=n)
        assert set(held) == {0, 3}
        times += held / 3
    assert len(masks) == (10 if n < 100 else 1)
    assert len(masks) == 1 or (times == 2).all()


def test_of_few_steps_none_is_held_out():
    assert held_out(np.array([0, 0, 1, 2, 3]), 0) == []


def test_the_labels_of_a_step_count_once():
    np.testing.assert_allclose(step_weights(np.array([0, 1, 1, 1, 1, 2])), [1, *[0.25] * 4, 1])


def trial(right, away, n=200):
    """Labels that were as often what shares of .8 say as given, all at one distance."""
    columns = (np.arange(n) >= right * n).astype(int)
    shares = np.tile(np.float32([0.8, 0.2]), (n, 1))
    return Trial(shares, columns, np.ones(n), np.full(n, away), np.ones(n))


def test_the_power_makes_shares_as_right_as_labels_are():
    for right in (0.7, 0.8, 0.95):
        power = power_of([trial(right, 0.0)], np.zeros(9))
        assert 0.8**power / (0.8**power + 0.2**power) == pytest.approx(right, abs=0.04)


def test_what_was_foreseen_from_afar_counts_as_rows_lie_afar():
    trials = [trial(0.95, 0.0), trial(0.55, 0.5)]
    near, far = power_of(trials, np.zeros(9)), power_of(trials, np.full(9, 0.5))
    assert near == power_of(trials[:1], np.zeros(9))
    assert far == power_of(trials[1:], np.full(9, 0.5))
    assert far < power_of(trials, np.array([0.0, 0.5])) < near


@pytest.mark.parametrize("trials", [[], [trial(0.5, 0.5)]])
def test_the_usual_is_believed_where_nothing_like_the_rows_was_foreseen(trials):
    assert power_of(trials, np.zeros(9)) == pytest.approx(2.0)


def test_a_few_of_the_right_distance_move_little():
    many = power_of([trial(0.55, 0.0)], np.zeros(9))
    few = power_of([trial(0.55, 0.0, 4), trial(0.95, 0.5, 400)], np.zeros(9))
    assert many < few < 2.0
