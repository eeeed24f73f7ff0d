"""Mixtures against closed forms and scikit-learn, and the choice among their starts."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from vaewidgets.clusters import cluster, scores
from vaewidgets.clusters.starts import choose_start

RNG = np.random.default_rng(0)
ROUND = RNG.normal(size=(300, 2))


def crossed(n=400):
    """Two long groups that cross: a mixture tells them apart, k-means cannot."""
    rng = np.random.default_rng(1)
    long, thin = rng.normal(size=(n, 2)) * [5, 0.2], rng.normal(size=(n, 2)) * [0.2, 5]
    return np.vstack([long, thin]), np.repeat([0, 1], n)


def test_full_covariances_find_long_groups_that_cross():
    codes, kinds = crossed()
    found = cluster(codes, n_clusters=2, method="gmm")
    assert scores(kinds, found.labels)["accuracy"] > 0.95
    assert scores(kinds, cluster(codes, n_clusters=2, method="kmeans").labels)["accuracy"] < 0.7
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    assert np.array_equal(found.probabilities.argmax(axis=1), found.labels)
    assert found.sizes[0] >= found.sizes[1]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_one_component_has_the_likelihood_of_the_fitted_normal(scale, covariance):
    codes = scale * (ROUND @ [[2.0, 1.0], [0.0, 0.5]] + 3)
    found = cluster(codes, n_clusters=1, method="gmm", settings={"covariance": covariance})
    matrix = np.cov(codes.T, bias=True)
    if covariance == "diag":
        matrix = np.diag(np.diag(matrix))
    if covariance == "spherical":
        matrix = np.eye(2) * np.trace(matrix) / 2
    expected = multivariate_normal(codes.mean(axis=0), matrix).logpdf(codes).mean()
    np.testing.assert_allclose(found.scores_by_start["log_likelihood"], expected, atol=1e-4)
    n_parameters = {"full": 5, "tied": 5, "diag": 4, "spherical": 3}[covariance]
    bic = n_parameters * np.log(300) - 2 * 300 * found.scores_by_start["log_likelihood"]
    np.testing.assert_allclose(found.scores_by_start["bic"], bic)
    assert np.isnan(found.scores_by_start["silhouette"]).all()
    assert found.disagreement == ""


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_likelihood_and_bic_are_scikit_learns(covariance):
    codes, _ = crossed(100)
    asked = {"covariance": covariance, "n_starts": 2}
    found = cluster(codes, n_clusters=3, method="gmm", random_state=5, settings=asked)
    # Divided by its spread: in these units the package's tolerances are the same.
    unit = (codes - codes.mean(axis=0)) / np.sqrt(((codes - codes.mean(axis=0)) ** 2).mean())
    for start in range(2):
        model = GaussianMixture(
            3, covariance_type=covariance, random_state=5 + start, max_iter=300
        ).fit(unit)
        shift = 2 * np.log(np.sqrt(((codes - codes.mean(axis=0)) ** 2).mean()))
        expected = model.score(unit) - shift
        assert found.scores_by_start["log_likelihood"][start] == pytest.approx(expected)
        assert found.scores_by_start["bic"][start] == pytest.approx(
            model.bic(unit) + 2 * len(unit) * shift
        )
        assert adjusted_rand_score(model.predict(unit), found.labels_by_start[start]) == 1


def test_the_start_of_highest_likelihood_is_kept():
    codes = RNG.uniform(size=(200, 4))  # no groups: each start ends elsewhere
    found = cluster(codes, n_clusters=6, method="gmm")
    likelihoods = found.scores_by_start["log_likelihood"]
    assert len(np.unique(likelihoods.round(6))) > 1
    assert found.chosen_start == likelihoods.argmax() == found.scores_by_start["bic"].argmin()
    assert np.array_equal(found.labels, found.labels_by_start[found.chosen_start])
    assert found.labels_by_start.shape == (10, 200)
    again = cluster(codes.copy(), n_clusters=6, method="gmm")
    assert np.array_equal(again.probabilities, found.probabilities)
    assert again.disagreement == found.disagreement


def test_a_component_that_nobody_prefers_is_counted_and_comes_last():
    codes = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [40, 20, 30], axis=0)
    codes += 1e-4 * RNG.normal(size=codes.shape)
    found = cluster(codes, n_clusters=3, method="gmm")
    assert found.sizes.tolist() == [40, 30, 20]
    assert found.labels[[0, 40, 60]].tolist() == [0, 2, 1]


SPACE = np.concatenate([RNG.normal(size=(30, 2)), RNG.normal(size=(30, 2)) + 9])
RIGHT = np.repeat([0, 1], 30)
WRONG = np.arange(60) % 2


def test_signals_are_those_of_scikit_learn_and_only_likelihood_decides():
    labels = np.array([RIGHT, RIGHT, WRONG])
    choice = choose_start(np.array([-3.0, -2.0, -1.0]), labels, SPACE, 0)
    assert choice.start == 2
    expected = [silhouette_score(SPACE, found) for found in labels]
    np.testing.assert_allclose(choice.scores["silhouette"], expected)
    rand = adjusted_rand_score(RIGHT, WRONG)
    np.testing.assert_allclose(choice.scores["stability"], [(1 + rand) / 2] * 2 + [rand])
    assert "likelihood prefers start 2, which is kept" in choice.disagreement
    assert f"silhouette prefers start 0 ({expected[0]:.3f} against" in choice.disagreement
    assert f"stability prefers start 0 ({(1 + rand) / 2:.3f}" in choice.disagreement
    assert f"ARI {rand:.2f}" in choice.disagreement


def test_equal_partitions_agree_whatever_the_start():
    labels = np.array([RIGHT, 1 - RIGHT, RIGHT])
    assert choose_start(np.array([-3.0, -2.0, -1.0]), labels, SPACE, 0).disagreement == ""
    # One row more or less is no other partition.
    labels = np.repeat([RIGHT], 2, axis=0).repeat(10, axis=1)
    labels[1, 0] = 1
    assert (
        choose_start(np.array([0.0, 1.0]), labels, SPACE.repeat(10, axis=0), 0).disagreement == ""
    )


def test_signals_that_are_not_defined_say_nothing():
    single = choose_start(np.array([1.0]), np.array([WRONG]), SPACE, 0)
    assert np.isnan(single.scores["stability"]).all()
    assert single.disagreement == ""
    whole = choose_start(np.array([0.0, 1.0]), np.zeros((2, 60), int), SPACE, 0)
    assert np.isnan(whole.scores["silhouette"]).all()
    assert whole.disagreement == ""


def test_the_silhouette_of_many_rows_is_that_of_a_sample():
    many = np.repeat(SPACE, 100, axis=0) + 0.1 * RNG.normal(size=(6000, 2))
    choice = choose_start(np.array([0.0]), np.array([RIGHT.repeat(100)]), many, 3)
    rows = np.sort(np.random.default_rng(3).choice(6000, 2000, replace=False))
    expected = silhouette_score(many[rows], RIGHT.repeat(100)[rows])
    assert choice.scores["silhouette"][0] == pytest.approx(expected)
