"""Gaussians against torch.distributions as oracle, and the properties that define them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import sqrtm
from scipy.spatial.distance import mahalanobis
from torch.distributions import Normal, kl_divergence

from vaewidgets.gaussians import (
    Gaussians,
    barycentre,
    code_table,
    kl,
    kl_to_standard,
    precision_distance,
    transport_path,
    wasserstein2,
)


def gaussians(n, d=3):
    numbers = st.floats(-5, 5, width=32)
    spreads = st.floats(0.0625, 4, width=32)
    return st.builds(
        Gaussians,
        arrays(np.float32, (n, d), elements=numbers),
        arrays(np.float32, (n, d), elements=spreads),
    )


def normal(g):
    return Normal(torch.tensor(g.mean, dtype=torch.float64), torch.tensor(g.std).double())


@given(gaussians(4), gaussians(4))
@settings(max_examples=50, deadline=None)
def test_kl_agrees_with_torch(q, p):
    expected = kl_divergence(normal(q), normal(p)).numpy()
    np.testing.assert_allclose(kl(q, p), expected, rtol=1e-7, atol=1e-9)


@given(gaussians(4))
@settings(max_examples=50, deadline=None)
def test_kl_to_standard_agrees_with_torch_and_with_kl(q):
    expected = kl_divergence(normal(q), Normal(0.0, 1.0)).numpy()
    np.testing.assert_allclose(kl_to_standard(q), expected, rtol=1e-7, atol=1e-9)
    standard = Gaussians(np.zeros((1, 3)), np.ones((1, 3)))
    np.testing.assert_allclose(kl(q, standard), kl_to_standard(q), rtol=1e-7, atol=1e-9)


def test_the_order_of_kl_matters_and_the_encoder_comes_first():
    q = Gaussians([[1.0]], [[0.5]])
    p = Gaussians([[0.0]], [[2.0]])
    assert kl(q, p)[0, 0] == pytest.approx(np.log(4) + 1.25 / 8 - 0.5)
    assert kl(p, q)[0, 0] == pytest.approx(np.log(0.25) + 5 / 0.5 - 0.5)


def test_kl_of_a_point_is_infinite_and_never_nan():
    point = Gaussians([[0.0, 1.0]], [[0.0, 1.0]])
    wide = Gaussians([[0.0, 0.0]], [[1.0, 0.0]])
    assert kl_to_standard(point).tolist() == [[np.inf, 0.5]]
    assert kl(point, wide).tolist() == [[np.inf, np.inf]]


@given(gaussians(1), gaussians(1))
@settings(max_examples=50, deadline=None)
def test_the_midpoint_lies_half_way(a, b):
    path = transport_path(a, b, [0.5])
    total = wasserstein2(a, b)[0]
    assert wasserstein2(a, path)[0] ** 2 == pytest.approx(total**2 / 4, rel=1e-4, abs=1e-10)
    assert wasserstein2(path, b)[0] == pytest.approx(total / 2, rel=1e-4, abs=1e-5)


@given(gaussians(1), gaussians(1), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_path_is_a_geodesic_and_holds_both_ends(a, b, t):
    path = transport_path(a, b, [0.0, t, 1.0])
    assert np.array_equal(path.mean[[0, 2]], np.vstack([a.mean, b.mean]))
    assert np.array_equal(path.std[[0, 2]], np.vstack([a.std, b.std]))
    total = wasserstein2(a, b)[0]
    assert wasserstein2(a, path[1])[0] == pytest.approx(t * total, rel=1e-4, abs=1e-5)


@given(gaussians(1), gaussians(1), gaussians(1))
@settings(max_examples=50, deadline=None)
def test_wasserstein2_is_a_distance(a, b, c):
    assert wasserstein2(a, a)[0] == 0
    assert wasserstein2(a, b)[0] == wasserstein2(b, a)[0]
    assert wasserstein2(a, c)[0] <= wasserstein2(a, b)[0] + wasserstein2(b, c)[0] + 1e-9


def test_distance_and_path_are_those_of_full_covariances_that_are_diagonal():
    # The general formulas, with matrix roots: Dowson and Landau 1982; McCann 1997.
    rng = np.random.default_rng(0)
    means, stds = rng.normal(size=(2, 4)), rng.uniform(0.2, 3, (2, 4))
    a, b = (Gaussians(means[[i]], stds[[i]]) for i in (0, 1))
    first, second = (np.diag(std**2) for std in stds)
    root = sqrtm(first)
    cross = sqrtm(root @ second @ root)
    squared = ((means[0] - means[1]) ** 2).sum() + np.trace(first + second - 2 * cross)
    assert wasserstein2(a, b)[0] ** 2 == pytest.approx(squared)
    for t in (0.25, 0.5, 0.9):
        push = (1 - t) * np.eye(4) + t * np.linalg.inv(root) @ cross @ np.linalg.inv(root)
        step = transport_path(a, b, [t])
        np.testing.assert_allclose(step.std[0] ** 2, np.diag(push @ first @ push))
        assert wasserstein2(a, step)[0] ** 2 == pytest.approx(t**2 * squared)


@given(gaussians(3), gaussians(3))
@settings(max_examples=50, deadline=None)
def test_the_precision_distance_is_mahalanobis_of_the_summed_covariance(a, b):
    summed = np.float64(a.std) ** 2 + np.float64(b.std) ** 2
    expected = [
        mahalanobis(m, n, np.diag(1 / variances))
        for m, n, variances in zip(np.float64(a.mean), np.float64(b.mean), summed, strict=True)
    ]
    np.testing.assert_allclose(precision_distance(a, b), expected, rtol=1e-6, atol=1e-12)
    assert np.array_equal(precision_distance(a, b), precision_distance(b, a))
    assert precision_distance(a, a).tolist() == [0, 0, 0]


def test_the_precision_distance_of_points_is_zero_or_infinite():
    point, there = Gaussians([[1.0, 2.0]], [[0.0, 1.0]]), Gaussians([[1.0, 5.0]], [[0.0, 0.0]])
    assert precision_distance(point, there).tolist() == [3]
    assert precision_distance(there, point).tolist() == [3]
    assert precision_distance(there, there).tolist() == [0]
    elsewhere = Gaussians([[2.0, 2.0], [1.0, 5.0]], np.zeros((2, 2)))
    assert precision_distance(there, elsewhere).tolist() == [np.inf, 0]


def test_a_sure_dimension_counts_more_than_an_unsure_one():
    a = Gaussians([[0.0, 0.0]], [[0.1, 2.0]])
    b = Gaussians([[1.0, 0.0], [0.0, 1.0]], [[0.1, 2.0]] * 2)
    far, near = precision_distance(a, b)
    assert far == pytest.approx(1 / np.sqrt(0.02))
    assert near == pytest.approx(1 / np.sqrt(8))


def test_the_barycentre_takes_the_mean_of_standard_deviations_not_of_variances():
    middle = barycentre(Gaussians([[0.0], [0.0], [3.0]], [[0.5], [1.0], [3.0]]))
    assert middle.std[0, 0] == pytest.approx(1.5)
    assert middle.mean[0, 0] == pytest.approx(1.0)


@given(gaussians(5), arrays(np.float64, 5, elements=st.floats(0.1, 3)), gaussians(1))
@settings(max_examples=50, deadline=None)
def test_nothing_is_nearer_to_all_than_the_barycentre(group, weights, other):
    def cost(g):
        return (weights * wasserstein2(g, group) ** 2).sum()

    assert cost(barycentre(group, weights)) <= cost(other) * (1 + 1e-5) + 1e-5


def test_a_barycentre_of_two_is_the_path_at_their_weight():
    pair = Gaussians([[0.0, 1.0], [2.0, 5.0]], [[1.0, 1.0], [3.0, 0.5]])
    middle = barycentre(pair, [1, 3])
    path = transport_path(pair[0], pair[1], [0.75])
    np.testing.assert_allclose(middle.mean, path.mean, rtol=1e-6)
    np.testing.assert_allclose(middle.std, path.std, rtol=1e-6)


@pytest.mark.parametrize("weights", [[1], [0, 0], [1, -1], [np.nan, 1]])
def test_weights_that_are_no_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        barycentre(Gaussians(np.zeros((2, 1)), np.ones((2, 1))), weights)


def test_a_barycentre_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        barycentre(Gaussians(np.zeros((0, 2)), np.ones((0, 2))))


def test_samples_have_the_mean_and_spread_asked_for_and_follow_the_seed():
    many = Gaussians(np.full((20_000, 1), 3.0), np.full((20_000, 1), 0.5))
    drawn = many.sample(0)
    assert drawn.mean() == pytest.approx(3, abs=0.02)
    assert drawn.std() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(drawn, many.sample(np.random.default_rng(0)))
    assert not np.array_equal(drawn, many.sample(1))


def test_rows_are_chosen_by_number_slice_and_mask():
    g = Gaussians(np.arange(8.0).reshape(4, 2), np.ones((4, 2)))
    assert len(g) == 4
    assert g.n_dims == 2
    assert g[0].mean.tolist() == [[0, 1]]
    assert g[-1].mean.tolist() == [[6, 7]]
    assert len(g[1:3]) == 2
    assert g[np.array([True, False, False, True])].mean[:, 0].tolist() == [0, 6]
    assert [row.mean[0, 0] for row in g] == [0, 2, 4, 6]


def test_float32_stays_float32_and_integers_become_it():
    g = Gaussians(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32))
    assert g.sample(0).dtype == np.float32
    assert barycentre(g).mean.dtype == np.float32
    assert transport_path(g, g, [0.3]).std.dtype == np.float32
    assert Gaussians([[1]], [[2]]).mean.dtype == np.float32
    assert Gaussians(np.zeros((1, 2)), np.ones((1, 2))).mean.dtype == np.float64


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ([0.0], [1.0], "shape"),
        ([[0.0]], [[1.0, 1.0]], "shape"),
        ([[0.0], [np.nan]], [[1.0], [1.0]], "mean .* row 1"),
        ([[0.0], [0.0]], [[1.0], [np.inf]], "std .* row 1"),
        ([[0.0], [0.0]], [[1.0], [-0.5]], "at least 0, but row 1"),
        ([["a"]], [[1.0]], "`mean` is an array of <U1; accepted: numbers"),
        ([[0.0]], "wide", "`std` is 'wide'; accepted: numbers"),
        ([[0.0], [0.0, 1.0]], [[1.0]], "`mean` is no array"),
    ],
)
def test_what_is_no_gaussian_is_refused(mean, std, message):
    with pytest.raises(ValueError, match=message):
        Gaussians(mean, std)


def test_unequal_collections_and_steps_outside_the_path_are_refused():
    one, two, three = (Gaussians(np.zeros((n, 2)), np.ones((n, 2))) for n in (1, 2, 3))
    assert kl(one, three).shape == (3, 2)
    with pytest.raises(ValueError, match="2 Gaussians with 3"):
        wasserstein2(two, three)
    with pytest.raises(ValueError, match="2 and 1 dimensions"):
        kl(one, Gaussians([[0.0]], [[1.0]]))
    with pytest.raises(ValueError, match="start must be one"):
        transport_path(two, one, [0.5])
    with pytest.raises(ValueError, match="between 0 and 1"):
        transport_path(one, one, [0.5, 1.2])


def test_gaussians_are_never_taken_for_an_array_of_codes():
    gaussians = Gaussians(np.zeros((2, 3)), np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"\.mean"):
        np.asarray(gaussians)
    with pytest.raises(TypeError, match="start must be Gaussians, got ndarray"):
        transport_path(np.zeros((1, 3)), gaussians[0], [0, 1])


def test_codes_are_tables_of_finite_numbers_and_means_of_gaussians():
    g = Gaussians(np.float32([[1, 2]]), np.float32([[0, 1]]))
    assert code_table(g) is g.mean
    assert code_table(np.zeros((0, 2), np.float32)).dtype == np.float32
    assert code_table([[True], [False]]).dtype == np.float64
    assert code_table(np.float16([[1]])).dtype == np.float64
    for codes, message in [
        ([1, 2], r"`query` is an array of shape \(2,\); accepted: codes of shape \(n, d\)"),
        (np.zeros((3, 0)), r"shape \(3, 0\)"),
        ([[0], [np.inf], [np.nan]], "`query` is not finite in 2 rows, the first is row 1"),
        ([[1j]], "`query` is an array of complex128"),
        (None, "`query` is None; accepted: numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            code_table(codes, "query")
    with pytest.raises(ValueError, match="`t` is 'half'"):
        transport_path(g, g, "half")
    with pytest.raises(ValueError, match=r"`weights` is an array of <U1"):
        barycentre(g, ["a"])
