"""The way in to clustering: what is taken, told and given back, from digits to pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from vaewidgets.clusters import METHODS, Clustering, cluster, scores
from vaewidgets.clusters.clustering import by_size
from vaewidgets.clusters.settings import SETTINGS
from vaewidgets.datasets import load_digits
from vaewidgets.gaussians import Gaussians, wasserstein2
from vaewidgets.latent import as_model
from vaewidgets.projections import reduce_codes

RNG = np.random.default_rng(0)
KINDS = np.repeat([2, 0, 1], [50, 40, 30])
BLOBS = np.array([[9.0, 0, 0], [0, 9, 0], [0, 0, 9]])[KINDS] + RNG.normal(size=(120, 3))
POSTERIOR = Gaussians(BLOBS, RNG.uniform(0.1, 1, BLOBS.shape))
IN_LATENT_SPACE = METHODS[: len(METHODS) // 2]


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def pca(digits):
    images = digits[0].as_float()
    return PCA(16, random_state=0).fit(images.reshape(len(images), -1))


@pytest.fixture(scope="module")
def found(digits, pca):
    """Digits by the default method, with what was told meanwhile."""
    told = []
    clusters = cluster(pca, digits[0], report=lambda *what: told.append(what))
    return clusters, told


@pytest.mark.parametrize(
    ("method", "codes"),
    [(method, BLOBS) for method in IN_LATENT_SPACE]
    + [(method, POSTERIOR) for method in (*IN_LATENT_SPACE, "umap_gmm", "umap_hdbscan")],
)
def test_every_method_finds_groups_that_lie_apart(method, codes):
    asked = {"communities": {"n_neighbors": 40}, "mutual_neighbours": {"n_neighbors": 25}}
    clusters = cluster(codes, n_clusters=3, method=method, settings=asked.get(method))
    assert scores(KINDS, clusters.labels)["accuracy"] == 1
    # The largest first.
    assert clusters.labels[[0, 50, 90]].tolist() == [0, 1, 2]
    assert clusters.labels.dtype == np.int64
    assert clusters.sizes.tolist() == [50, 40, 30]
    assert clusters.n_clusters == 3
    assert clusters.method == method
    assert np.array_equal(clusters.codes, BLOBS)
    assert clusters.posterior is (codes if isinstance(codes, Gaussians) else None)
    assert (clusters.embedding is None) == (method in IN_LATENT_SPACE)
    assert ("UMAP to 10 dimensions. " in clusters.note) == (method not in IN_LATENT_SPACE)
    assert repr(clusters) == f"Clustering('{method}', n=120, n_clusters=3)"


@pytest.mark.parametrize("method", IN_LATENT_SPACE)
@pytest.mark.parametrize(
    "change",
    [lambda x: x * 1e-5, lambda x: x + 1e4, np.float32, lambda x: x @ np.eye(3)[[2, 0, 1]]],
    ids=["scaled", "moved", "float32", "turned"],
)
def test_groups_do_not_depend_on_units_origin_or_axes(method, change):
    first, second = (cluster(x, n_clusters=3, method=method) for x in (BLOBS, change(BLOBS)))
    assert scores(first.labels, second.labels)["ari"] == 1


@pytest.mark.parametrize("method", IN_LATENT_SPACE)
def test_equal_seeds_give_equal_clusters(method):
    codes = RNG.uniform(size=(150, 4))
    first, second = (cluster(codes, n_clusters=6, method=method, random_state=3) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)


def test_digits_fall_into_groups_that_are_mostly_digits(found, digits):
    clusters, told = found
    agreement = scores(digits[1]["digit"], clusters.labels)
    assert agreement["accuracy"] > 0.8
    assert agreement["nmi"] > 0.85
    assert clusters.embedding.shape == (1797, 10)
    assert clusters.probabilities.shape == (1797, 10)
    texts = [text for _, text in told]
    assert any("UMAP: optimising" in text for text in texts)
    assert [text for text in texts if "start" in text][-2:] == [
        "Gaussian mixture: start 10 of 10",
        "Gaussian mixture: comparing the starts",
    ]
    assert all(fraction is None or 0 <= fraction <= 1 for fraction, _ in told)
    assert told[-1] == (1.0, "clusters found")
    assert set(clusters.scores_by_start) == {"log_likelihood", "bic", "silhouette", "stability"}


def test_clusters_are_shown_by_decoded_barycentres_and_real_images(found, digits, pca):
    clusters, _ = found
    images, table = digits
    shown = clusters.representatives()
    assert len(shown) == 10
    pictures = as_model(pca, images).inverse_transform(shown.barycentres.mean)
    assert pictures.shape == (10, 8, 8, 1)
    assert np.array_equal(clusters.labels[shown.rows], shown.clusters)
    # Decoding is linear here: a barycentre decodes to the mean of its members' pictures.
    for k in range(10):
        flat = pca.inverse_transform(clusters.codes[clusters.labels == k]).mean(axis=0)
        np.testing.assert_allclose(pictures[k].ravel(), np.clip(flat, 0, 1), atol=1e-5)
    digit = table["digit"].astype(int).to_numpy()
    for k, row in zip(shown.clusters, shown.rows, strict=True):
        assert digit[row] == np.bincount(digit[clusters.labels == k]).argmax()


def test_a_method_in_an_embedding_of_ones_own_is_the_method_in_umaps(found):
    clusters, _ = found
    other = cluster(clusters.codes, method="gmm", space=clusters.embedding)
    assert np.array_equal(other.labels, clusters.labels)
    assert other.embedding.shape == (1797, 10)
    assert np.array_equal(other.codes, clusters.codes)


@pytest.mark.parametrize("weighted", [False, True])
def test_representatives_are_barycentres_and_the_members_nearest_to_them(weighted):
    clusters = cluster(POSTERIOR, n_clusters=4, method="gmm")
    shown = clusters.representatives(weighted=weighted)
    assert shown.clusters.tolist() == [0, 1, 2, 3]
    for k in range(4):
        member = clusters.labels == k
        weights = clusters.probabilities[:, k] if weighted else member.astype(float)
        weights = weights / weights.sum()
        # Means of means and of standard deviations: Agueh and Carlier 2011.
        np.testing.assert_allclose(shown.barycentres.mean[k], weights @ POSTERIOR.mean)
        np.testing.assert_allclose(shown.barycentres.std[k], weights @ POSTERIOR.std)
        away = wasserstein2(shown.barycentres[k], POSTERIOR)
        away[~member] = np.inf
        assert shown.rows[k] == away.argmin()
        assert shown.distances[k] == pytest.approx(away.min())


def test_weights_count_where_rows_belong_to_two_clusters():
    line = np.linspace(0, 1, 60)[:, None] * [1.0, 0.0] + 0.01 * RNG.normal(size=(60, 2))
    clusters = cluster(line, n_clusters=2, method="gmm", settings={"covariance": "spherical"})
    plain, weighted = (clusters.representatives(weighted=w).barycentres for w in (False, True))
    assert np.abs(plain.mean - weighted.mean).max() > 1e-3
    assert (plain.std == 0).all()  # points: their spread is not known


def test_clusters_without_rows_are_left_out_unless_they_have_weight():
    codes = np.array([[0.0], [1.0], [5.0]])
    shares = np.array([[0.6, 0.4, 0], [0.8, 0.2, 0], [0.9, 0.1, 0]])
    clusters = Clustering(np.array([0, 0, 0]), "gmm", codes, probabilities=shares)
    assert clusters.sizes.tolist() == [3, 0, 0]
    assert clusters.representatives().clusters.tolist() == [0]
    assert clusters.representatives().rows.tolist() == [1]
    shown = clusters.representatives(weighted=True)
    assert shown.clusters.tolist() == [0, 1]
    assert shown.barycentres.mean[:, 0] == pytest.approx([5.3 / 2.3, 0.7 / 0.7])
    # The image shown is a member, though another row is nearer to the weighted barycentre.
    shares = np.array([[0.5, 0.5], [0.5, 0.5], [0.4, 0.6]])
    clusters = Clustering(np.array([0, 0, 1]), "gmm", codes, probabilities=shares)
    assert clusters.representatives(weighted=True).rows.tolist() == [1, 2]
    noise = Clustering(np.array([-1, -1, -1]), "hdbscan", codes, probabilities=np.zeros((3, 0)))
    assert len(noise.representatives()) == 0
    assert noise.n_clusters == 0
    assert repr(noise) == "Clustering('hdbscan', n=3, n_clusters=0, noise=3)"
    with pytest.raises(ValueError, match="`weighted` is True; accepted: False, since 'kmeans'"):
        Clustering(np.zeros(3, int), "kmeans", codes).representatives(weighted=True)


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_clusters_are_numbered_by_size_and_noise_stays(old):
    labels, order = by_size(np.array(old), 6)
    assert sorted(order.tolist()) == list(range(6))
    assert [order[k] if k >= 0 else -1 for k in labels] == old
    sizes = [old.count(k) for k in order]
    assert sizes == sorted(sizes, reverse=True)
    present = [k for k in dict.fromkeys(old) if k >= 0]
    assert [k for k in order if k in present] == sorted(present, key=lambda k: -old.count(k))


def test_work_stops_where_a_report_raises():
    def stop(fraction, text):
        if text.startswith("Gaussian mixture: start 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster(BLOBS, n_clusters=3, method="gmm", report=stop)


def test_codes_given_are_left_as_they_are():
    codes = BLOBS.copy()
    cluster(codes, n_clusters=3, method="gmm")
    assert np.array_equal(codes, BLOBS)


@pytest.mark.parametrize("method", IN_LATENT_SPACE)
@pytest.mark.parametrize("n", [2, 3, 6])
def test_a_handful_of_rows_is_clustered(method, n):
    clusters = cluster(np.arange(2.0 * n).reshape(n, 2) ** 2, n_clusters=2, method=method)
    assert clusters.labels.shape == (n,)
    assert clusters.labels.max() < clusters.n_clusters


@pytest.mark.parametrize("method", IN_LATENT_SPACE)
def test_equal_codes_are_one_cluster_or_noise(method):
    clusters = cluster(np.full((30, 2), 7.0), n_clusters=1, method=method)
    assert len(set(clusters.labels.tolist())) == 1


def test_every_method_has_its_settings():
    assert tuple(SETTINGS) == IN_LATENT_SPACE


class Wrong:
    """A model whose codes are not finite."""

    def transform(self, images):
        return np.full((len(images), 2), np.nan)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((BLOBS,), {"method": "dbscan"}, "`method` is 'dbscan'; accepted: kmeans, gmm, agg"),
        ((BLOBS, None, 0), {}, "`n_clusters` is 0; accepted: a whole number from 1 to 120"),
        ((BLOBS, None, 2.0), {}, r"`n_clusters` is 2\.0"),
        ((BLOBS, None, True), {}, "`n_clusters` is True"),
        (
            (np.repeat(np.eye(3), 20, axis=0), None, 4),
            {},
            "`n_clusters` is 4; .* 1 to 3, the diff",
        ),
        (([[0.0], [np.nan]],), {}, "`codes_or_model` is not finite in 1 rows"),
        (([["a"]],), {}, "`codes_or_model` is an array of <U1"),
        ((np.zeros((0, 2)),), {}, "`codes_or_model` is 0 codes"),
        ((np.eye(4), None, 2), {}, "`codes` has 4 rows; accepted: at least 5"),
        ((np.zeros((1, 2)),), {"method": "hdbscan"}, "`codes_or_model` is 1 code.* at least 2"),
        ((BLOBS,), {"random_state": -1}, "`random_state` is -1; accepted"),
        ((BLOBS, np.zeros((7, 4, 4))), {}, "`images` holds 7, but `codes_or_model` is 120 codes"),
        ((BLOBS,), {"settings": {"linkage": "ward"}}, "'linkage'; accepted for 'gmm': covariance"),
        (
            (BLOBS,),
            {"settings": {"covariance": "round"}},
            "`covariance` is 'round'; accepted: full",
        ),
        ((BLOBS,), {"settings": {"n_starts": 0}}, "`n_starts` is 0; accepted: .* from 1 to 1000"),
        (
            (BLOBS,),
            {"method": "umap_agglomerative", "settings": {"linkage": "median"}},
            "`linkage` is 'median'; accepted: ward, complete",
        ),
        (
            (BLOBS,),
            {"method": "umap_hdbscan", "settings": {"min_cluster_size": 1}},
            "`min_cluster_size` is 1; accepted: a whole number from 2 to 120",
        ),
        (
            (BLOBS,),
            {"method": "communities", "settings": {"n_neighbors": 120}},
            "`n_neighbors` is 120; accepted: a whole number from 1 to 119",
        ),
        ((BLOBS,), {"space": BLOBS}, "`space` is given, but 'umap_gmm' makes its own.*'gmm'"),
        ((BLOBS,), {"method": "gmm", "space": BLOBS[:3]}, "`space` has 3 rows; accepted: 120"),
        ((BLOBS,), {"method": "gmm", "space": [[np.inf]]}, "`space` is not finite"),
        ((Wrong(), np.zeros((3, 5, 5))), {}, "not finite for 3 images"),
    ],
)
def test_what_cannot_be_clustered_names_the_argument_before_any_work(arguments, options, message):
    told = []
    with pytest.raises(ValueError, match=message):
        cluster(*arguments, **options, report=lambda _, text: told.append(text))
    assert set(told) <= {"encoding the images"}


def test_a_class_is_no_model():
    with pytest.raises(TypeError, match="got the class PCA"):
        cluster(PCA)


def test_codes_may_come_with_their_images_and_seeds_be_generators():
    one = cluster(BLOBS, np.zeros((120, 4, 4)), 3, method="kmeans", random_state=5)
    assert np.array_equal(one.labels, cluster(BLOBS, None, 3, "kmeans", random_state=5).labels)
    for seed in (None, np.random.default_rng(0), np.random.RandomState(0), np.int64(3)):
        assert cluster(BLOBS, None, 3, "kmeans", random_state=seed).n_clusters == 3


def test_a_model_needs_images(pca):
    with pytest.raises(TypeError, match="`images` is None; accepted: the images"):
        cluster(pca)


def test_more_settings_of_umap_go_by_way_of_a_space():
    space = reduce_codes(BLOBS, 2, n_neighbors=10).codes
    clusters = cluster(BLOBS, method="hdbscan", space=space)
    assert scores(KINDS, clusters.labels)["accuracy"] == 1
    centre = clusters.representatives().barycentres.mean[0]
    np.testing.assert_allclose(centre, BLOBS[:50].mean(axis=0))
