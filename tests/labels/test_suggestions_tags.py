"""Tags from examples and from directions, and what to ask next."""

import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.metrics import average_precision_score

from vaewidgets.gaussians import Gaussians
from vaewidgets.labels.suggestions import (
    ORDERS,
    ask_next,
    code_graph,
    suggest,
    suggest_tag,
    tag_by_direction,
)
from vaewidgets.labels.suggestions.tags import _regression as regression

N = 900
RNG = np.random.default_rng(0)
GROUP = RNG.integers(0, 3, N)
CODES = RNG.normal(size=(N, 5)) + 7 * np.eye(5)[GROUP]
TAGGED = CODES[:, 4] > 0.8  # has nothing to do with the groups


@pytest.fixture(scope="module")
def graph():
    return code_graph(CODES, space=CODES)


def said(yes, no):
    """Tag codes from rows with and without."""
    codes = np.zeros(N, dtype=np.uint16)
    codes[yes], codes[no] = 1, 2
    return codes


def group_labels(rows):
    """Label codes: the group of some rows."""
    codes = np.zeros(N, dtype=np.uint16)
    codes[rows] = GROUP[rows] + 1
    return codes


def test_a_tag_is_found_from_twenty_examples(graph):
    yes, no = np.flatnonzero(TAGGED)[:20], np.flatnonzero(~TAGGED)[:40]
    found = suggest_tag(graph, said(yes, no))
    chance = np.where(found.best == 1, found.probability, found.second)
    assert average_precision_score(TAGGED, chance) > 0.95
    free = np.setdiff1d(np.arange(N), np.concatenate([yes, no]))
    assert ((found.best == 1) == TAGGED)[free].mean() > 0.9
    assert (found.codes[yes] == 0).all()


def test_without_a_no_random_images_stand_in(graph):
    found = suggest_tag(graph, said(np.flatnonzero(GROUP == 1)[:10], []))
    chance = np.where(found.best == 1, found.probability, found.second)
    assert "drawn at random" in found.words
    assert average_precision_score(GROUP == 1, chance) > 0.95


def test_without_a_yes_nothing_is_proposed(graph):
    assert suggest_tag(graph, said([], [1, 2])).count == 0


def test_a_wrong_example_looks_wrong(graph):
    yes, no = np.flatnonzero(GROUP == 1)[:20], np.flatnonzero(GROUP != 1)[:30]
    wrong = int(np.flatnonzero(GROUP == 0)[-1])
    found = suggest_tag(graph, said([*yes, wrong], no))
    assert found.probability[wrong] < 0.5 < found.probability[yes].min()


def test_a_rejected_tag_is_not_proposed_again(graph):
    codes = said(np.flatnonzero(GROUP == 1)[:10], np.flatnonzero(GROUP != 1)[:20])
    row = int(np.flatnonzero(GROUP == 1)[-1])
    assert suggest_tag(graph, codes).codes[row] == 1
    assert suggest_tag(graph, codes, rejected=([row], [1])).codes[row] != 1


def test_the_spread_of_codes_tells_tags_apart():
    blurred = RNG.random(N) < 0.3
    std = np.where(blurred, 0.8, 0.3)[:, None] * np.exp(0.2 * RNG.normal(size=(N, 5)))
    graph = code_graph(Gaussians(RNG.normal(size=(N, 5)), std), space=CODES)
    codes = said(np.flatnonzero(blurred)[:30], np.flatnonzero(~blurred)[:60])
    found = suggest_tag(graph, codes)
    chance = np.where(found.best == 1, found.probability, found.second)
    assert average_precision_score(blurred, chance) > 0.9


def test_more_examples_than_are_computed_with(graph):
    found = suggest_tag(graph, said(np.flatnonzero(GROUP == 1), np.flatnonzero(GROUP != 1)))
    assert found.count == 0
    assert np.isfinite(found.probability).all()


def test_regression_is_that_of_scikit_learn():
    x = RNG.normal(size=(60, 3)).astype(np.float32)
    rows, values = np.arange(20), np.repeat([1.0, -1.0], 10)
    score, left_out = regression(x, rows, values)
    # exp(-|a - b|^2) is a length of sqrt(1/2); of as many yes as no each has the noise 0.1.
    kernel = ConstantKernel(1.0) + RBF(np.sqrt(0.5))
    model = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None)
    np.testing.assert_allclose(
        score[20:], model.fit(x[:20], values).predict(x[20:]), rtol=1e-4, atol=1e-5
    )
    others = np.delete(rows, 7)
    expected = model.fit(x[others], values[others]).predict(x[7:8])
    np.testing.assert_allclose(left_out[7], expected[0], rtol=1e-4)


def test_codes_of_tags_are_checked(graph):
    with pytest.raises(ValueError, match="accepted: 0 not said"):
        suggest_tag(graph, np.full(N, 3))


def test_a_dimension_of_two_groups_has_a_natural_cut():
    found = tag_by_direction(CODES, 1)
    assert found.natural
    assert 2 < found.threshold < 5
    assert ((found.best == 1) == (GROUP == 1)).all()
    assert "natural cut" in found.words


def test_a_dimension_of_one_group_says_that_it_guesses():
    values = RNG.normal(size=(N, 2))
    found = tag_by_direction(values, 0)
    assert not found.natural
    assert "guess" in found.words


def test_groups_of_unlike_width_are_cut_once():
    values = np.concatenate([RNG.normal(0, 0.1, 400), RNG.normal(4, 2.0, 400)])
    found = tag_by_direction(values[:, None], 0)
    order = np.argsort(values)
    chance = np.where(found.best == 1, found.probability, found.second)
    assert (np.diff(chance[order]) >= -1e-6).all()
    assert 0.1 < found.threshold < 1.5


def test_a_threshold_takes_the_spread_of_each_image():
    codes = Gaussians(
        np.array([[1.0, 0.0], [1.0, 0.0], [-2.0, 5.0]]), np.array([[0.5, 9], [2, 9], [1, 9]])
    )
    found = tag_by_direction(codes, 0, threshold=0.0)
    np.testing.assert_allclose(found.probability, ndtr([2.0, 0.5, 2.0]), rtol=1e-6)
    assert found.best.tolist() == [1, 1, 2]


def test_a_point_has_the_tag_or_has_not():
    found = tag_by_direction(np.array([[0.0], [2.0]]), 0, threshold=1.0)
    assert found.codes.tolist() == [2, 1]
    assert found.probability.tolist() == [1.0, 1.0]


def test_a_direction_is_of_length_one():
    found = tag_by_direction(np.array([[3.0, 4.0], [0.0, 0.0]]), [6, 8], threshold=2.0)
    np.testing.assert_allclose(found.values, [5.0, 0.0])


def test_wide_images_are_believed_less_at_the_natural_cut():
    means = np.repeat([-3.0, 3.0], 200)[:, None] + 0.3 * RNG.normal(size=(400, 1))
    std = np.full((400, 1), 0.1)
    std[0] = 9.0
    found = tag_by_direction(Gaussians(means, std), 0)
    assert found.probability[0] < 0.75
    assert found.probability[1:].min() > 0.95


@pytest.mark.parametrize("direction", [-1, 5, [1, 2], [0, 0, 0, 0, 0], [1, 2, 3, 4, np.nan]])
def test_a_direction_that_does_not_fit_is_refused(direction):
    with pytest.raises(ValueError, match="direction"):
        tag_by_direction(CODES, direction)


@pytest.mark.parametrize("by", ORDERS)
def test_queues_hold_different_images_without_a_label(graph, by):
    codes = group_labels(np.arange(30))
    rows = ask_next(graph, codes, by, 12)
    assert len(set(rows.tolist())) == len(rows) <= 12
    if by != "disagreeing":
        assert len(rows) == 12
        assert (codes[rows] == 0).all()
    assert (rows == ask_next(graph, codes, by, 12)).all()


@pytest.mark.parametrize("by", ORDERS)
def test_what_was_passed_over_is_not_asked_again(graph, by):
    codes = group_labels(np.arange(30))
    first = ask_next(graph, codes, by, 8)
    assert not np.isin(ask_next(graph, codes, by, 8, passed=first), first).any()


@pytest.mark.parametrize("by", ORDERS)
def test_a_collection_without_labels_has_queues(graph, by):
    rows = ask_next(graph, np.zeros(N, dtype=np.uint16), by, 5)
    assert len(rows) == (0 if by == "disagreeing" else 5)


@pytest.mark.parametrize("by", ORDERS)
def test_a_labelled_collection_asks_no_more(graph, by):
    assert len(ask_next(graph, group_labels(np.arange(N)), by, 5)) == 0


def test_uncertain_images_lie_between_classes():
    line = np.linspace(0, 1, 400)[:, None]
    graph = code_graph(line, space=line)
    codes = np.zeros(400, dtype=np.uint16)
    codes[:150], codes[250:] = 1, 2
    rows = ask_next(graph, codes, "uncertain", 3)
    assert (np.abs(rows - 199.5) < 40).all()


def test_copies_of_one_image_are_not_asked_about_together(graph):
    table = np.concatenate([CODES, np.repeat(CODES[:1] + 3.0, 8, axis=0)])
    codes = np.zeros(len(table), dtype=np.uint16)
    codes[:30] = GROUP[:30] + 1
    rows = ask_next(code_graph(table, space=table), codes, "uncertain", 40)
    assert (rows >= N).sum() <= 1


def test_a_wrong_label_comes_first_among_the_disagreeing(graph):
    codes = group_labels(np.arange(60))
    codes[17] = codes[17] % 3 + 1
    assert ask_next(graph, codes, "disagreeing", 5)[0] == 17


def test_outlying_images_show_the_class_without_a_label(graph):
    rows = np.flatnonzero(GROUP != 2)[:40]
    asked = ask_next(graph, group_labels(rows), "outlying", 5)
    assert (GROUP[asked] == 2).sum() >= 4


def test_groups_are_asked_about_the_largest_doubt_first(graph):
    codes = group_labels(np.flatnonzero(GROUP != 2)[:60])
    rows = ask_next(graph, codes, "group", 6)
    assert (GROUP[rows] == 2).all()


def test_a_mixed_group_is_split():
    line = np.sort(RNG.random(4000))[:, None]
    graph = code_graph(line, space=line)
    codes, passed, widths = np.zeros(4000, dtype=np.uint16), [], []
    for _ in range(120):
        rows = ask_next(graph, codes, "group", 6, passed=passed)
        widths.append(np.ptp(line[rows]))
        passed.extend(rows.tolist())
    assert np.mean(widths[:20]) > 3 * np.mean(widths[-20:])
    assert len(set(passed)) == len(passed)


def test_an_order_or_a_count_that_cannot_be_is_refused(graph):
    codes = group_labels([0])
    with pytest.raises(ValueError, match="accepted: group"):
        ask_next(graph, codes, "random")
    with pytest.raises(ValueError, match="at least 1"):
        ask_next(graph, codes, count=0)
    assert suggest(graph, codes).count > 0
