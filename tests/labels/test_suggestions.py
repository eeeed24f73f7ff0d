"""Proposals from a few labels, against what is known of made-up collections."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from vaewidgets.gaussians import Gaussians, wasserstein2
from vaewidgets.labels.suggestions import CodeGraph, code_graph, suggest
from vaewidgets.labels.suggestions import groups as groups_module
from vaewidgets.labels.suggestions.groups import group_shares

SIZES = (300, 250, 200, 150)
TRUTH = np.repeat(np.arange(4), SIZES)
N = len(TRUTH)


def blobs(apart, seed=0):
    """Codes of four round groups."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, 6)) + apart * np.eye(6)[TRUTH]


def labels_of(rows, truth=TRUTH):
    """Label codes with the truth in some rows."""
    codes = np.zeros(len(truth), dtype=np.uint16)
    codes[rows] = truth[rows] + 1
    return codes


def some_rows(per_class, seed=0):
    """Draw rows of each class."""
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.choice(np.flatnonzero(k == TRUTH), per_class, replace=False) for k in range(4)]
    )


def accuracy(found, codes):
    """Share of rows without a label whose best class is right."""
    free = codes == 0
    return (found.best == TRUTH + 1)[free].mean()


def calibration_error(found, codes):
    """How far probabilities are from how often they are right, in ten bins."""
    free = codes == 0
    right, said = (found.best == TRUTH + 1)[free], found.probability[free]
    bins = np.minimum((10 * said).astype(int), 9)
    return sum(
        abs(said[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )


@pytest.fixture(scope="module")
def apart():
    codes = blobs(9.0)
    return code_graph(codes, space=codes)


@pytest.fixture(scope="module")
def near():
    codes = blobs(3.0)
    return code_graph(codes, space=codes)


def test_one_label_a_class_is_enough_for_groups_that_lie_apart(apart):
    codes = labels_of(some_rows(1))
    found = suggest(apart, codes)
    assert accuracy(found, codes) == 1.0
    assert found.count > 0.99 * (N - 4)
    assert "4 labels of 4 classes" in found.words


def test_more_labels_help_where_groups_overlap(near):
    few, many = labels_of(some_rows(2)), labels_of(some_rows(60))
    assert accuracy(suggest(near, many), many) > accuracy(suggest(near, few), few) + 0.02
    assert accuracy(suggest(near, many), many) > 0.93


@pytest.mark.parametrize("rows", [[0], [0, 300], [0, 1]])
def test_very_few_labels_propose_only_their_own_classes(apart, rows):
    codes = labels_of(rows)
    found = suggest(apart, codes)
    assert set(found.best) == set(codes[rows])
    assert (found.codes[rows] == 0).all()


def test_without_a_label_nothing_is_proposed(apart):
    found = suggest(apart, np.zeros(N, dtype=np.uint16))
    assert found.count == 0
    assert not found.probability.any()


def test_images_of_a_class_without_a_label_get_no_proposal(apart):
    rows = some_rows(5)
    codes = labels_of(rows[TRUTH[rows] != 3])
    found = suggest(apart, codes)
    assert not (found.best == 4).any()
    unseen = (TRUTH == 3) & (codes == 0)
    assert (found.codes[unseen] == 0).mean() > 0.95
    assert (found.codes > 0)[~unseen & (codes == 0)].mean() > 0.95


def test_wrong_labels_are_outvoted_and_found_out(apart):
    rows = some_rows(20)
    codes = labels_of(rows)
    wrong = rows[::10]
    codes[wrong] = codes[wrong] % 4 + 1
    found = suggest(apart, codes)
    assert accuracy(found, codes) > 0.98
    right = np.setdiff1d(rows, wrong)
    assert found.probability[wrong].max() < 0.2
    assert found.probability[right].min() > 0.8


@pytest.mark.parametrize("per_class", [10, 60])
def test_probabilities_are_as_often_right_as_they_say(near, per_class):
    errors = []
    for seed in range(5):
        codes = labels_of(some_rows(per_class, seed))
        errors.append(calibration_error(suggest(near, codes), codes))
    assert np.mean(errors) < 0.05


def named_at_one_look(graph, n_steps, seed):
    """Codes and steps where eight images of a group were named by what most of them are."""
    rng = np.random.default_rng(seed)
    codes, steps = np.zeros(N, np.uint16), np.full(N, -1)
    for step, group in enumerate(rng.permutation(graph.n_groups)[:n_steps]):
        rows = np.flatnonzero(graph.groups == group)[:8]
        codes[rows] = np.bincount(TRUTH[rows]).argmax() + 1
        steps[rows] = step
    return codes, steps


def test_images_named_at_one_look_do_not_bear_each_other_out():
    table = blobs(1.5)
    graph = code_graph(table, space=table)
    alone, together = [], []
    for seed in range(5):
        codes, steps = named_at_one_look(graph, 20, seed)
        alone.append(calibration_error(suggest(graph, codes), codes))
        together.append(calibration_error(suggest(graph, codes, steps=steps), codes))
    assert np.mean(together) < 0.75 * np.mean(alone)


def test_steps_change_how_sure_suggestions_are_and_not_what_they_are(near):
    codes, steps = named_at_one_look(near, 20, 0)
    with_steps, without = suggest(near, codes, steps=steps), suggest(near, codes)
    assert (with_steps.best == without.best).all()
    assert (with_steps.probability != without.probability).any()


@pytest.mark.parametrize("steps", [np.full(N, -1), np.arange(N), np.arange(N, dtype=np.uint16)])
def test_without_steps_each_label_is_one_of_its_own(near, steps):
    codes = labels_of(some_rows(10))
    found = suggest(near, codes, steps=steps)
    assert (found.probability == suggest(near, codes).probability).all()


def test_one_step_is_nothing_to_measure_on(near):
    codes = labels_of(some_rows(10))
    assert "too few labels" in suggest(near, codes, steps=np.zeros(N, np.int64)).words
    assert "measured on 40 of the labels" in suggest(near, codes).words


def test_a_class_named_in_one_step_cannot_be_foreseen(near):
    codes = labels_of(some_rows(10))
    steps = np.where(codes == 4, 2 * N, np.arange(N))
    assert "measured on 30 of the labels" in suggest(near, codes, steps=steps).words


def test_abstains_below_the_probability_asked_for(near):
    codes = labels_of(some_rows(3))
    loose, strict = suggest(near, codes, least=0.0), suggest(near, codes, least=0.9)
    assert loose.count == (codes == 0).sum()
    assert 0 < strict.count < loose.count
    assert (strict.probability[strict.codes > 0] >= 0.9).all()
    proposed = strict.codes > 0
    right = strict.codes[proposed] == TRUTH[proposed] + 1
    assert right.mean() > (loose.best == TRUTH + 1)[codes == 0].mean()


def test_what_was_rejected_is_not_proposed_again(apart):
    codes = labels_of(some_rows(3))
    row = int(np.flatnonzero((TRUTH == 2) & (codes == 0))[0])
    assert suggest(apart, codes).codes[row] == 3
    again = suggest(apart, codes, rejected=([row], [3]))
    assert again.best[row] != 3
    assert again.codes[row] == 0


def test_a_rejected_class_without_labels_changes_nothing(apart):
    codes = labels_of([0, 300])
    expected = suggest(apart, codes)
    found = suggest(apart, codes, rejected=([5], [60000]))
    assert (found.probability == expected.probability).all()


def test_equal_seeds_give_equal_results():
    table = blobs(3.0)
    codes = labels_of(some_rows(30))
    first, second = (suggest(code_graph(table, space=table), codes) for _ in range(2))
    assert (first.probability == second.probability).all()
    assert (first.codes == second.codes).all()


def test_neighbours_are_those_of_mean_and_spread():
    rng = np.random.default_rng(1)
    codes = Gaussians(rng.normal(size=(40, 2)), rng.uniform(0, 3, (40, 2)))
    graph = code_graph(codes, n_neighbors=3)
    away = np.array([wasserstein2(codes[i], codes) for i in range(40)])
    np.fill_diagonal(away, np.inf)
    near = away.argsort(axis=1)[:, :3]
    one_way = np.zeros((40, 40), dtype=bool)
    np.put_along_axis(one_way, near, True, axis=1)
    assert ((graph.walk.toarray() > 0) == (one_way | one_way.T)).all()
    np.testing.assert_allclose(graph.reach, np.sort(away, axis=1)[:, 2])
    np.testing.assert_allclose(graph.walk.sum(axis=1), 1, rtol=1e-5)


def test_images_alike_in_mean_are_told_apart_by_their_spread():
    rng = np.random.default_rng(2)
    sharp = np.arange(200) < 100
    codes = Gaussians(
        0.01 * rng.normal(size=(200, 2)), np.where(sharp, 0.1, 2.0)[:, None] * [1, 1]
    )
    graph = code_graph(codes)
    labels = np.zeros(200, dtype=np.uint16)
    labels[:20], labels[-20:] = 1, 2
    found = suggest(graph, labels)
    assert ((found.best == 1) == sharp).mean() > 0.95


def test_the_tree_holds_every_group_once(near):
    m = near.n_groups
    assert (np.unique(near.groups) == np.arange(m)).all()
    assert (near.parents[:-1] > np.arange(2 * m - 2)).all()
    assert near.parents[-1] == -1
    assert (np.bincount(near.parents[:-1])[m:] == 2).all()
    assert near.sums(np.bincount(near.groups))[-1] == N


def three_groups(of_rows=(0, 1, 2), steps=()):
    """A tree in which groups 0 and 1 make node 3, which makes the top, 4, with group 2."""
    n = len(of_rows)
    walk = csr_array((n, n)) if not steps else csr_array(tuple(map(np.array, steps)), (n, n))
    return CodeGraph(
        Gaussians(np.zeros((n, 1)), np.zeros((n, 1))),
        walk,
        np.zeros(n),
        np.array(of_rows),
        np.array([3, 3, 4, 4, -1]),
        np.array([0.0, 0, 0, 1, 2]),
    )


def test_shares_of_groups_back_off_to_the_group_around():
    shares = group_shares(three_groups(), np.array([0, 2]), np.array([0, 1]), 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    # One label each, so the usual weight: the top is even, node 3 is 3/4 the first class.
    np.testing.assert_allclose(shares[:, 0], [(1 + 0.75) / 2, 0.75, 0.25])


def test_an_odd_image_speaks_for_groups_its_neighbours_are_in_if_they_were_asked_about():
    # Row 0 is in group 0, and its neighbours are in groups 1 and 2.
    graph = three_groups((0, 1, 2), ([0.5, 0.5], ([0, 0], [1, 2])))
    rows, columns = np.array([0, 1]), np.array([0, 1])
    shares = group_shares(graph, rows, columns, 2)
    typical = group_shares(three_groups((0, 1, 2)), rows, columns, 2)
    assert shares[0, 0] < 0.5 < typical[0, 0]
    assert shares[1, 0] > typical[1, 0]
    # Nobody looked at group 2: it has the shares of the whole, two labels of one group.
    np.testing.assert_allclose(shares[2, 0], (0.5 / 1.5 + 1) / 3)


def test_a_group_has_one_vote_however_often_it_was_asked_about():
    once = group_shares(three_groups((0, 1, 2)), np.arange(2), np.array([0, 1]), 2)
    often = group_shares(three_groups((0,) * 9 + (1,)), np.arange(10), np.array([0] * 9 + [1]), 2)
    assert often[0, 0] > once[0, 0]
    np.testing.assert_allclose(once[2], 0.5)
    np.testing.assert_allclose(often[2], 0.5)


@pytest.mark.parametrize("n_labels", [3, 12, 60])
def test_labels_left_out_are_foreseen_as_if_they_had_never_been(n_labels):
    rng = np.random.default_rng(n_labels)
    graph = three_groups((0, 0, 1, 1, 2, 2))
    counts = np.zeros((3, 3))
    np.add.at(counts, (rng.integers(3, size=n_labels), rng.integers(3, size=n_labels)), 1)
    groups, columns = np.nonzero(counts)
    found = groups_module._left_out(graph, groups, columns, counts)
    for i, (group, column) in enumerate(zip(groups, columns, strict=True)):
        without = counts.copy()
        without[group, column] -= 1
        labels = groups_module._votes(graph, without)
        labels[:3] = without
        for j, weight in enumerate(groups_module._WEIGHTS):
            wanted = groups_module._shares(graph, labels, weight)[group, column]
            np.testing.assert_allclose(found[i, j], wanted)


def test_one_odd_label_turns_no_branch():
    """Two classes, each of many islands; an odd image of one lies among those of the other."""
    rng = np.random.default_rng(0)
    islands = rng.normal(0, 4, (40, 2))
    islands[20:, 0] += 60
    table = np.repeat(islands, 40, axis=0) + rng.normal(0, 0.4, (1600, 2))
    truth = np.repeat([0, 1], 800)
    # The odd one looks like the second class, but lies in an island of the first.
    odd, seen = 87, np.array([20, 420, 820, 1220])
    space = table.copy()
    table[odd] = islands[30]
    graph = code_graph(table, space=space)
    codes = labels_of(seen, truth)
    codes[odd] = 2
    found = suggest(graph, codes)
    assert (found.best == truth + 1)[codes == 0].mean() > 0.99


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_small_collections(n):
    table = np.random.default_rng(0).normal(size=(n, 3))
    codes = np.zeros(n, dtype=np.uint16)
    codes[0] = 7
    found = suggest(code_graph(table), codes)
    assert (found.best == 7).all()
    assert np.isfinite(found.probability).all()


def test_copies_of_one_image_take_its_label():
    table = np.repeat(blobs(9.0)[::30], 20, axis=0)
    truth = np.repeat(TRUTH[::30], 20)
    codes = labels_of(np.searchsorted(truth, np.arange(4)), truth)
    found = suggest(code_graph(table, space=table), codes)
    assert (found.best == truth + 1).all()


def test_codes_that_are_all_equal():
    codes = np.zeros(300, dtype=np.uint16)
    codes[0] = 1
    assert suggest(code_graph(np.ones((300, 2))), codes).best.min() == 1


def test_umap_is_made_where_no_space_is_given():
    codes = blobs(9.0)
    heard = []
    graph = code_graph(codes, report=lambda fraction, text: heard.append(text))
    assert "UMAP" in graph.note
    assert any("UMAP" in text for text in heard)
    labels = labels_of(some_rows(1))
    assert accuracy(suggest(graph, labels), labels) == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"codes": np.zeros(3, np.uint16)}, "shape"),
        ({"codes": np.zeros(N)}, "whole"),
        ({"codes": np.full(N, -1)}, "no class"),
        ({"steps": np.zeros(3, np.int64)}, "`steps` .* shape"),
        ({"steps": np.zeros(N)}, "`steps` .* whole"),
        ({"rejected": ([1, 2], [1])}, "equal length"),
        ({"rejected": ([N], [1])}, "not among"),
    ],
)
def test_what_does_not_fit_is_refused(apart, arguments, words):
    with pytest.raises(ValueError, match=words):
        suggest(apart, **({"codes": labels_of([0])} | arguments))


def test_a_graph_of_nothing_or_of_a_space_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="0 codes"):
        code_graph(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="rows"):
        code_graph(np.zeros((4, 2)), space=np.zeros((3, 2)))
