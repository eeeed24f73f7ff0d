"""Paths, traversals and what is taken for a model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA, FastICA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import TSNE

from vaewidgets.datasets import load_digits
from vaewidgets.gaussians import Gaussians, wasserstein2
from vaewidgets.latent import (
    PATHS,
    LatentModel,
    active_dimensions,
    as_model,
    check_codes,
    encode,
    group_path,
    has_inverse,
    has_posterior,
    information,
    path,
    sample_along,
)


class Halves:
    """A model of images that knows the spread of its codes: mean brightness of both halves."""

    def transform(self, images):
        return self.posterior(images).mean

    def posterior(self, images):
        pixels = images.as_float()
        left, right = np.array_split(pixels, 2, axis=2)
        means = np.stack([left.mean((1, 2, 3)), right.mean((1, 2, 3))], axis=1)
        return Gaussians(means, np.full_like(means, 0.1))

    def inverse_transform(self, codes):
        return np.repeat(np.asarray(codes)[:, None, :, None], 2, axis=1)


@pytest.fixture(scope="module")
def digits():
    return load_digits()[0][:200]


@pytest.fixture(scope="module")
def pca(digits):
    return PCA(5, random_state=0).fit(digits.as_float().reshape(len(digits), -1))


def one(mean, std=1.0):
    mean = np.array([mean], dtype=np.float64)
    return Gaussians(mean, np.broadcast_to(np.asarray(std, dtype=np.float64), mean.shape))


vectors = arrays(np.float64, 3, elements=st.floats(-3, 3))
spreads = arrays(np.float64, 3, elements=st.floats(0, 3))


@given(st.tuples(vectors, spreads), st.tuples(vectors, spreads), st.sampled_from(PATHS))
@settings(max_examples=150, deadline=None)
def test_every_path_is_finite_and_holds_both_ends_exactly(start, end, kind):
    (a, s), (b, t) = start, end
    steps = path(one(a, s), one(b, t), 5, kind)
    assert len(steps) == 5
    assert np.array_equal(steps.mean[[0, -1]], [a, b])
    assert np.array_equal(steps.std[[0, -1]], [s, t])


def test_the_paths_agree_on_straight_means_and_differ_in_the_spread():
    a, b = one([0.0, 2.0], 1.0), one([4.0, 0.0], 1.0)
    transport, linear, spherical = (path(a, b, 3, kind) for kind in PATHS)
    np.testing.assert_allclose(transport.mean[1], [2, 1])
    np.testing.assert_allclose(linear.mean[1], [2, 1])
    np.testing.assert_allclose(transport.std[1], 1)
    np.testing.assert_allclose(linear.std[1], np.sqrt(0.5))
    np.testing.assert_allclose(spherical.std[1], 1)  # of a right angle: sin^2 + cos^2


def test_the_spread_of_a_mix_is_that_of_mixed_samples():
    rng = np.random.default_rng(0)
    a, b = one([1.0, 0.0], [0.5, 2.0]), one([0.0, 3.0], [1.5, 0.3])
    noise = rng.standard_normal((2, 200_000, 2))
    for kind, weights in [("linear", (0.75, 0.25)), ("spherical", (np.sin(np.pi * 0.375), None))]:
        w_0, w_1 = weights
        w_1 = np.sin(np.pi * 0.125) if w_1 is None else w_1
        mixed = w_0 * (a.mean + a.std * noise[0]) + w_1 * (b.mean + b.std * noise[1])
        step = path(a, b, 5, kind)[1]
        np.testing.assert_allclose(step.mean[0], mixed.mean(axis=0), atol=0.02)
        np.testing.assert_allclose(step.std[0], mixed.std(axis=0), rtol=0.01)


def test_a_spherical_path_between_equal_lengths_keeps_the_length():
    steps = path(one([3.0, 0.0]), one([0.0, 3.0]), 7, "spherical")
    np.testing.assert_allclose(np.linalg.norm(steps.mean, axis=1), 3)
    angles = np.arctan2(steps.mean[:, 1], steps.mean[:, 0])
    np.testing.assert_allclose(np.diff(angles), np.pi / 12)


@pytest.mark.parametrize(
    "end",
    [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [-1.0, -2.0], [-1.0, -2.0 + 1e-9], [1e-300, 0.0]],
)
def test_a_spherical_path_without_an_arc_is_straight(end):
    start = one([1.0, 2.0])
    steps = path(start, one(end), 5, "spherical")
    straight = path(start, one(end), 5, "linear")
    assert np.isfinite(steps.mean).all()
    if end != [1e-300, 0.0]:
        np.testing.assert_allclose(steps.mean, straight.mean, atol=1e-6)


def test_paths_keep_float32_and_refuse_what_they_cannot_walk():
    a = Gaussians(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32))
    for kind in PATHS:
        assert path(a, a, 3, kind).mean.dtype == np.float32
    with pytest.raises(ValueError, match="kind must be one of optimal_transport"):
        path(a, a, 3, "curvy")
    with pytest.raises(ValueError, match="n_steps must be at least 2"):
        path(a, a, 1)
    for n_steps in (2.5, True, "3"):
        with pytest.raises(ValueError, match=f"`n_steps` is {n_steps!r}; accepted: a whole"):
            path(a, a, n_steps)
    with pytest.raises(ValueError, match="dimensions"):
        path(a, one([0.0, 0.0, 0.0]), 3)
    with pytest.raises(TypeError, match=r"`start` is ndarray; accepted: .*posterior"):
        path(np.zeros((8, 8, 1)), a, 3)
    with pytest.raises(ValueError, match="`n_steps` is 'ndarray'; accepted: a whole"):
        path(a, a, np.zeros((8, 8, 1)))


def test_a_path_between_groups_joins_their_barycentres_ends_included():
    rng = np.random.default_rng(1)
    a = Gaussians(rng.normal(size=(7, 3)), rng.uniform(0.1, 2, (7, 3)))
    b = Gaussians(rng.normal(size=(4, 3)) + 5, rng.uniform(0.1, 2, (4, 3)))
    for kind in PATHS:
        steps = group_path(a, b, 6, kind)
        assert len(steps) == 6
        # The W2 barycentre of diagonal Gaussians, written out: means and standard deviations.
        np.testing.assert_allclose(steps.mean[[0, -1]], [a.mean.mean(0), b.mean.mean(0)])
        np.testing.assert_allclose(steps.std[[0, -1]], [a.std.mean(0), b.std.mean(0)])
    walk = group_path(a, b, 6)
    lengths = wasserstein2(walk[:-1], walk[1:])
    np.testing.assert_allclose(lengths, wasserstein2(walk[0], walk[-1])[0] / 5)
    assert np.array_equal(group_path(a[0], b[0], 2).mean, np.vstack([a.mean[0], b.mean[0]]))


@pytest.mark.parametrize(
    ("start", "error", "message"),
    [
        (np.zeros((2, 2)), TypeError, r"`start` is ndarray; accepted: Gaussians.*zeros_like"),
        (Gaussians(np.zeros((0, 2)), np.ones((0, 2))), ValueError, "`start` is a group of 0"),
        (Gaussians(np.zeros((1, 3)), np.ones((1, 3))), ValueError, "3 and 2 dimensions"),
    ],
)
def test_groups_that_no_path_joins_are_refused(start, error, message):
    with pytest.raises(error, match=message):
        group_path(start, one([0.0, 0.0]), 3)


def test_samples_along_a_path_share_one_noise():
    a, b = one([0.0, 2.0, 1.0], [1.0, 0.5, 0.0]), one([4.0, 0.0, 1.0], [3.0, 0.5, 0.0])
    steps = path(a, b, 5)
    codes = sample_along(steps, 3)
    eps = np.random.default_rng(3).standard_normal(3)
    np.testing.assert_allclose(codes, steps.mean + steps.std * eps)
    # On an optimal-transport path each sample then walks straight: equal steps.
    np.testing.assert_allclose(np.diff(codes, 2, axis=0), 0, atol=1e-12)
    assert np.array_equal(codes, sample_along(steps, np.random.default_rng(3)))
    assert sample_along(Gaussians(np.zeros((2, 1), "f"), np.ones((2, 1), "f"))).dtype == np.float32
    many = np.array([sample_along(steps, seed) for seed in range(4000)])
    np.testing.assert_allclose(many.mean(axis=0), steps.mean, atol=0.15)
    np.testing.assert_allclose(many.std(axis=0), steps.std, rtol=0.05)


def test_a_dimension_that_follows_the_prior_carries_no_information():
    posterior = Gaussians([[0.0, 2.0], [0.0, -2.0]], [[1.0, 0.1], [1.0, 0.1]])
    nats = information(posterior)
    assert nats[0] == 0
    assert nats[1] == pytest.approx(0.5 * (4 + 0.01 - 1) - np.log(0.1))


def test_active_dimensions_are_those_whose_mean_varies():
    means = np.zeros((100, 3))
    means[:, 1] = np.linspace(-1, 1, 100)
    means[:, 2] = 5 + np.linspace(-0.1, 0.1, 100)
    assert active_dimensions(means).tolist() == [False, True, False]
    assert active_dimensions(means, threshold=0.001).tolist() == [False, True, True]


def test_a_fitted_pca_is_a_model_of_images(digits, pca):
    model = as_model(pca)
    codes = model.transform(digits)
    assert codes.shape == (200, 5)
    assert codes.dtype == np.float32
    images = model.inverse_transform(codes[:3])
    assert images.shape == (3, 8, 8, 1)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    expected = np.clip(pca.inverse_transform(codes[:3]), 0, 1).reshape(3, 8, 8, 1)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert isinstance(model, LatentModel)
    assert has_inverse(model)
    assert not has_posterior(model)
    assert as_model(model) is model


def test_a_full_pca_gives_the_images_back(digits):
    pca = PCA().fit(digits.as_float().reshape(200, -1))
    model = as_model(pca, digits)
    again = model.inverse_transform(model.transform(digits))
    np.testing.assert_allclose(again, digits.as_float(), atol=1e-5)
    assert as_model(pca, digits).inverse_transform(np.zeros((1, 64))).shape == (1, 8, 8, 1)


def test_a_transformer_without_an_inverse_offers_none(digits):
    flat = digits.as_float().reshape(200, -1)
    discriminant = LinearDiscriminantAnalysis().fit(flat, np.arange(200) % 3)
    assert not has_inverse(as_model(discriminant))
    ica = FastICA(4, random_state=0, max_iter=2000, tol=0.01).fit(flat)
    assert has_inverse(as_model(ica))


def test_fitting_the_original_again_does_not_change_the_snapshot(digits):
    flat = digits.as_float().reshape(200, -1)
    pca = PCA(3, random_state=0).fit(flat)
    model = as_model(pca)
    before = model.transform(digits)
    pca.fit(flat[::-1] ** 2)
    assert np.array_equal(model.transform(digits), before)


def test_a_model_with_a_posterior_is_copied_and_left_alone(digits):
    original = Halves()
    model = as_model(original)
    assert model is not original
    assert type(model) is Halves
    codes, posterior = encode(model, digits)
    assert codes.shape == (200, 2)
    assert codes.dtype == np.float32
    assert np.array_equal(posterior.mean, codes)


def test_encoding_without_a_posterior_gives_codes_only(digits, pca):
    codes, posterior = encode(as_model(pca), digits)
    assert posterior is None
    assert np.array_equal(codes, as_model(pca).transform(digits.as_float()))


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (None, TypeError, r"transform\(images\).*got NoneType"),
        (PCA, TypeError, "got the class PCA"),
        (TSNE(), TypeError, "places only the rows it was fitted on"),
        (PCA(), ValueError, "PCA is not fitted"),
        (np.zeros((3, 2)), TypeError, "got ndarray"),
    ],
)
def test_what_is_no_model_is_refused_by_name(model, error, message):
    with pytest.raises(error, match=message):
        as_model(model)


def test_a_transformer_of_other_images_is_refused(digits, pca):
    with pytest.raises(ValueError, match=r"fitted on 64 numbers an image.*36"):
        as_model(pca).transform(np.zeros((2, 6, 6), np.uint8))
    model = as_model(pca, digits)
    with pytest.raises(ValueError, match="8 x 8 x 1; bring them to it with load_images"):
        model.transform(np.zeros((2, 4, 16), np.uint8))
    with pytest.raises(ValueError, match="not known before"):
        as_model(pca).inverse_transform(np.zeros((1, 5)))
    bright = PCA(2).fit(digits.as_uint8().reshape(200, -1))
    with pytest.raises(ValueError, match=r"brighter values than \[0, 1\].*as_float"):
        as_model(bright)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros(4), r"shape \(4, d\), got \(4,\)"),
        (np.zeros((3, 2)), r"got \(3, 2\)"),
        (np.zeros((4, 0)), "got"),
        (np.zeros((4, 2, 2)), "got"),
        (np.array([["a"]] * 4), "numbers"),
        (np.array([[0.0], [1.0], [np.nan], [np.inf]]), "2 images, the first is image 2"),
    ],
)
def test_codes_that_are_no_table_of_finite_numbers_are_refused(codes, message):
    class Broken:
        def transform(self, images):
            return codes

    with pytest.raises(ValueError, match=message):
        encode(as_model(Broken()), np.zeros((4, 5, 5), np.uint8))


def test_integer_codes_are_numbers():
    assert check_codes([[1], [2]], 2).dtype == np.float32
