"""Scores of clusters against brute force and scikit-learn."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from vaewidgets.clusters import scores

pairs = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
    )
)


def best_by_trying(classes, clusters):
    """Most rows right under any one-to-one naming of clusters by classes."""
    names = [*range(4), *(["nothing"] * 5)]  # clusters may go without a class
    right = 0
    for naming in set(permutations(names, 5)):
        right = max(right, sum(naming[k] == c for c, k in zip(classes, clusters, strict=True)))
    return right / len(classes)


@given(pairs)
@settings(max_examples=25, deadline=None)
def test_accuracy_is_that_of_the_best_naming_of_all(pair):
    assert scores(*pair)["accuracy"] == best_by_trying(*pair)


@given(pairs)
@settings(max_examples=200, deadline=None)
def test_the_others_agree_with_scikit_learn_and_with_a_table(pair):
    classes, clusters = pair
    found = scores(classes, clusters)
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(*pair), abs=1e-12)
    assert found["ari"] == pytest.approx(adjusted_rand_score(*pair), abs=1e-12)
    table = pd.crosstab(pd.Series(classes), pd.Series(clusters))
    assert found["purity"] == table.max().sum() / len(classes)
    assert 0 < found["accuracy"] <= found["purity"] <= 1
    assert list(found) == ["accuracy", "purity", "nmi", "ari"]
    assert {type(value) for value in found.values()} == {float}


@given(pairs, st.permutations(range(5)))
@settings(max_examples=50, deadline=None)
def test_names_of_clusters_and_classes_do_not_matter(pair, names):
    classes, clusters = pair
    renamed = scores([f"kind {c}" for c in classes], [names[k] + 7 for k in clusters])
    assert renamed == pytest.approx(scores(*pair), abs=1e-12)


def test_more_clusters_than_classes_raise_the_purity_but_not_the_accuracy():
    classes, clusters = [0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 3]
    assert scores(classes, clusters) == pytest.approx(
        {
            "accuracy": 3 / 6,
            "purity": 1.0,
            "nmi": normalized_mutual_info_score(classes, clusters),
            "ari": adjusted_rand_score(classes, clusters),
        }
    )
    assert scores(classes, [0] * 6)["accuracy"] == scores(classes, [0] * 6)["purity"] == 4 / 6


def test_noise_is_wrong_and_one_more_cluster_of_the_partition():
    classes, clusters = np.array([0, 0, 1, 1]), np.array([0, 0, -1, -1])
    found = scores(classes, clusters)
    assert found["accuracy"] == found["purity"] == 0.5
    assert found["nmi"] == found["ari"] == 1
    assert scores(classes, np.full(4, -1))["accuracy"] == 0
    # In the classes, and as a text, it is a name like others.
    assert scores([-1, -1, 1], [0, 0, 1])["accuracy"] == 1
    assert scores(classes, ["-1", "-1", "a", "a"])["accuracy"] == 1


def test_columns_of_a_table_are_labels():
    column = pd.Series(pd.Categorical(["b", "a", "b"]), index=[5, 7, 9])
    assert scores(column, np.array([3, 1, 3]))["accuracy"] == 1
    assert scores(pd.Series([1, 2, 1], dtype="Int64"), [0, 1, 0])["ari"] == 1
    assert scores([True, False], ["x", "y"])["nmi"] == 1


def test_a_single_row_and_a_single_cluster_are_perfect():
    assert set(scores(["a"], [3]).values()) == {1.0}
    assert set(scores(["a", "a"], [3, 3]).values()) == {1.0}


@pytest.mark.parametrize(
    ("classes", "clusters", "message"),
    [
        ([0, 1], [0], "`labels_pred` is 1 labels; accepted: 2"),
        ([], [], "`labels_true` is 0 labels"),
        ([[0, 1]], [0], r"`labels_true` is an array of shape \(1, 2\); accepted: shape \(n,\)"),
        ([0, np.nan], [0, 0], "`labels_true` misses 1 labels, the first in row 1"),
        (pd.Series(["a", None]), [0, 0], "`labels_true` misses 1"),
        ([0, 1], pd.Categorical(["a", None]), "`labels_pred` misses 1"),
        ("ab", [0, 0], r"`labels_true` is an array of shape \(\)"),
    ],
)
def test_what_cannot_be_scored_names_the_argument(classes, clusters, message):
    with pytest.raises(ValueError, match=message):
        scores(classes, clusters)
