"""What was rejected makes nothing else more probable, and moves no other image."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaewidgets.labels.suggestions import (
    ORDERS,
    ask_next,
    code_graph,
    queue,
    suggest,
    suggest_tag,
)

N, K = 36, 3
KIND = np.arange(N) % K


@cache
def graph_of(apart, seed):
    """Neighbours and groups of codes of three kinds."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(N, 3)) + apart * np.eye(3)[KIND]
    return code_graph(table, space=table)


cases = st.tuples(
    st.sampled_from([0.0, 2.0, 8.0]),  # how far the kinds are apart
    st.integers(0, 3),
    st.integers(1, 20),  # labels
    st.sampled_from([0.05, 0.3, 0.8]),  # of all pairs that were rejected
    st.integers(0, 2**32),
)


def made(case, n_codes):
    """A graph, a few labels of codes 1 to n_codes, and which pairs were rejected."""
    apart, seed, n_labels, share, choice = case
    rng = np.random.default_rng(choice)
    codes = np.zeros(N, np.uint16)
    codes[rng.choice(N, n_labels, replace=False)] = rng.integers(1, n_codes + 1, n_labels)
    return graph_of(apart, seed), codes, rng.random((N, n_codes)) < share


def pairs(rejected):
    """Rows and codes of a table of what was rejected."""
    rows, columns = np.nonzero(rejected)
    return rows, columns + 1


def fields(found):
    """What is known of each image: a row for each field."""
    parts = vars(found).values()
    return np.array([part for part in parts if isinstance(part, np.ndarray)], dtype=float)


def alone(suggested, n_codes):
    """Probability of each class where all others were rejected, shape (n, n_codes)."""
    one_left = [np.arange(n_codes) != k for k in range(n_codes)]
    tables = [suggested(rejected=pairs(np.tile(others, (N, 1)))) for others in one_left]
    own = [np.where(t.best == k + 1, t.probability, 0) for k, t in enumerate(tables)]
    return np.column_stack(own)


def check_rejections(suggested, codes, rejected):
    """Compare what is proposed with and without rejections."""
    free, n_codes = codes == 0, rejected.shape[1]
    before, after = suggested(), suggested(rejected=pairs(rejected))
    own = alone(suggested, n_codes)
    assert (own[free].sum(axis=1) <= 1 + 1e-6).all()
    np.testing.assert_allclose(before.probability[free], own[free].max(axis=1), atol=1e-6)
    left = np.where(rejected, 0, own)
    np.testing.assert_allclose(after.probability[free], left[free].max(axis=1), atol=1e-6)
    assert (after.second <= before.second).all()
    assert (after.probability <= before.probability).all()
    assert (after.probability == before.probability)[~free].all()
    untouched = ~rejected.any(axis=1)
    assert (fields(after) == fields(before))[:, untouched].all()
    proposed = np.flatnonzero(after.codes)
    assert not rejected[proposed, after.codes[proposed] - 1].any()


@given(cases)
@settings(max_examples=25, deadline=None)
def test_no_class_is_more_probable_for_what_was_rejected_and_no_other_image_changes(case):
    graph, codes, rejected = made(case, K)

    def suggested(**options):
        return suggest(graph, codes, **options)

    check_rejections(suggested, codes, rejected)


@given(cases)
@settings(max_examples=25, deadline=None)
def test_a_tag_that_was_rejected_makes_its_opposite_no_more_probable(case):
    graph, codes, rejected = made(case, 2)
    codes[:2] = 1, 2

    def suggested(**options):
        return suggest_tag(graph, codes, **options)

    check_rejections(suggested, codes, rejected)


@given(cases)
@settings(max_examples=25, deadline=None)
def test_what_was_rejected_puts_no_image_in_doubt_and_no_two_opinions_apart(case):
    graph, codes, rejected = made(case, K)
    named = np.unique(codes[codes > 0]) - 1
    rejected[rejected[:, named].all(axis=1), named[0]] = False
    before, after = suggest(graph, codes), suggest(graph, codes, rejected=pairs(rejected))
    groups = [ask_next(graph, codes, "group", N, suggestions=found) for found in (before, after)]
    assert groups[0].tolist() == groups[1].tolist()
    doubts = [queue._doubt(graph, codes, found) for found in (before, after)]
    assert (doubts[1] <= doubts[0] + 1e-6).all()
    wrong = (codes > 0) & (before.probability < before.second)
    differ = (codes == 0) & (before.best != before.by_group)
    asked = ask_next(graph, codes, "disagreeing", N, suggestions=after)
    assert set(asked) <= set(np.flatnonzero(wrong | differ))


@pytest.fixture
def codes():
    """Two labels of each kind."""
    return np.where(np.arange(N) < 2 * K, KIND + 1, 0).astype(np.uint16)


def rejecting(rows, *classes):
    """Pairs of each of some rows and each of some classes."""
    return np.repeat(rows, len(classes)), np.tile(classes, len(rows))


def test_images_whose_best_class_was_rejected_are_asked_about_as_before(codes):
    graph = graph_of(2.0, 0)
    before = suggest(graph, codes)
    rows = np.flatnonzero(codes == 0)[::2]
    after = suggest(graph, codes, rejected=(rows, before.best[rows]))
    assert (after.best[rows] != before.best[rows]).all()
    for by in ORDERS[:2]:
        asked = [ask_next(graph, codes, by, N, suggestions=found) for found in (before, after)]
        assert asked[0].tolist() == asked[1].tolist()


def test_images_of_none_of_the_classes_are_asked_about_as_outlying_alone(codes):
    graph, rows = graph_of(2.0, 0), np.arange(10, 20)
    found = suggest(graph, codes, rejected=rejecting(rows, 1, 2, 3), least=0)
    assert np.flatnonzero(found.are_none).tolist() == rows.tolist()
    assert not found.codes[rows].any()
    asked = {by: set(ask_next(graph, codes, by, N, suggestions=found)) for by in ORDERS}
    for by in ("group", "uncertain", "disagreeing"):
        assert not asked[by] & set(rows)
    assert set(rows) <= asked["outlying"]


def test_a_class_left_over_is_asked_about_however_improbable(codes):
    graph = graph_of(8.0, 0)
    row = int(np.flatnonzero(KIND == 0)[-1])
    found = suggest(graph, codes, rejected=rejecting([row], 1, 2), least=0)
    assert (found.best[row], found.codes[row], found.are_none[row]) == (3, 3, False)
    assert found.probability[row] < 0.1


def test_before_any_label_no_image_is_of_none():
    none = np.zeros(N, np.uint16)
    assert not suggest(graph_of(8.0, 0), none, rejected=([1], [1])).are_none.any()


def test_a_label_counts_whatever_was_rejected_of_its_image(codes):
    graph = graph_of(8.0, 0)
    rows = np.flatnonzero(codes)
    found = suggest(graph, codes, rejected=(rows, codes[rows]))
    assert (fields(found) == fields(suggest(graph, codes))).all()


def test_a_label_that_a_rejection_bears_out_does_not_look_wrong(codes):
    graph = graph_of(8.0, 0)
    row = int(np.flatnonzero(KIND == 0)[-1])
    codes[row] = 2
    assert ask_next(graph, codes, "disagreeing")[0] == row
    found = suggest(graph, codes, rejected=([row], [1]))
    assert row not in ask_next(graph, codes, "disagreeing", suggestions=found)
