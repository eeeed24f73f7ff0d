"""Nearest neighbours against distances written out, ties and tiny differences included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from vaewidgets import neighbors
from vaewidgets.gaussians import Gaussians, precision_distance, wasserstein2
from vaewidgets.neighbors import DISTANCES, nearest


def by_hand(query, gallery, k, distance, exclude=None):
    """All distances in float64, sorted by distance and then by row."""
    rows = np.empty((len(query), k), int)
    lengths = np.empty((len(query), k))
    for i, one in enumerate(query):
        if distance == "euclidean":
            away = np.sqrt(((one.mean.astype(float) - gallery.mean) ** 2).sum(axis=1))
        else:
            away = (wasserstein2 if distance == "wasserstein" else precision_distance)(
                one, gallery
            )
        order = np.lexsort((np.arange(len(gallery)), away))
        if exclude is not None:
            order = order[order != exclude[i]]
        rows[i], lengths[i] = order[:k], away[order[:k]]
    return rows, lengths


def gaussians(seed, n, d, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return Gaussians(
        rng.normal(size=(n, d)).astype(dtype), rng.uniform(0, 2, (n, d)).astype(dtype)
    )


# Whole numbers, so that distances are equal exactly where they are equal at all.
grid = st.integers(1, 4).flatmap(
    lambda d: st.tuples(
        *(
            st.integers(1, 30).flatmap(
                lambda n: st.builds(
                    Gaussians,
                    arrays(np.float64, (n, d), elements=st.integers(-2, 2).map(float)),
                    arrays(np.float64, (n, d), elements=st.integers(0, 2).map(float)),
                )
            )
            for _ in range(2)
        )
    )
)


@given(grid, st.integers(0, 40), st.sampled_from(DISTANCES))
@settings(max_examples=100, deadline=None)
def test_of_equal_distances_the_lower_row_comes_first(both, k, distance):
    query, gallery = both
    k = 1 + k % len(gallery)
    rows, distances = nearest(query, gallery, k, distance)
    expected_rows, expected = by_hand(query, gallery, k, distance)
    np.testing.assert_allclose(distances, expected, rtol=1e-14)
    if distance != "precision":  # sums of thirds: equal only up to their rounding
        assert np.array_equal(rows, expected_rows)
    assert (distances[:, 1:] >= distances[:, :-1]).all()


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [1, 3, 24])
def test_neighbours_are_those_of_a_full_table_of_distances(distance, dtype, d, monkeypatch):
    monkeypatch.setattr(neighbors, "_BLOCK", 1000)  # several blocks of queries
    query, gallery = gaussians(1, 23, d, dtype), gaussians(2, 400, d, dtype)
    rows, distances = nearest(query, gallery, 7, distance)
    expected_rows, expected = by_hand(query, gallery, 7, distance)
    assert np.array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    assert rows.dtype == np.int64
    assert distances.dtype == np.float64


@pytest.mark.parametrize("shift", [0.0, 1e6, -1e12])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_differences_that_float32_cannot_see_decide(shift, scale):
    gallery = np.zeros((200, 3))
    gallery[:, 0] = scale * (1 + 1e-9 * np.random.default_rng(0).permutation(200))
    gallery += shift * scale
    query = np.full((1, 3), shift * scale)
    rows, distances = nearest(query, gallery, 200)
    exact = np.abs(gallery - query).sum(axis=1)  # one dimension differs
    assert np.array_equal(rows[0], np.lexsort((np.arange(200), exact)))
    assert np.array_equal(distances[0], exact[rows[0]])


def test_one_far_image_does_not_blur_the_others():
    gallery = gaussians(3, 300, 4).mean
    gallery[7] = 1e9
    rows, _ = nearest(gallery[:20], gallery, 9)
    plain = Gaussians(gallery, np.zeros_like(gallery))
    assert np.array_equal(rows, by_hand(plain[:20], plain, 9, "euclidean")[0])


def test_numbers_too_small_or_large_for_a_square_in_float32_are_found():
    for size in (1e-100, 1e-40, 1e30, 1e150):
        gallery = size * np.array([[3.0], [1.0], [2.0], [0.0]])
        rows, distances = nearest([[0.0]], gallery, 4)
        assert rows.tolist() == [[3, 1, 2, 0]]
        np.testing.assert_allclose(distances[0], size * np.arange(4), rtol=1e-12)


@pytest.mark.parametrize("distance", DISTANCES)
def test_an_image_is_left_out_by_its_number_among_equal_ones(distance):
    equal = Gaussians(np.ones((6, 2)), np.ones((6, 2)))
    rows, distances = nearest(equal, equal, 5, distance, exclude=np.arange(6))
    for i, row in enumerate(rows):
        assert row.tolist() == [j for j in range(6) if j != i]
    assert (distances == 0).all()
    assert nearest(equal, equal, 6, distance)[0].tolist() == [list(range(6))] * 6


@pytest.mark.parametrize("distance", DISTANCES)
def test_leaving_itself_out_shifts_the_list_by_one(distance):
    g = gaussians(4, 90, 5)
    rows, distances = nearest(g, g, 4, distance, exclude=np.arange(90))
    all_rows, all_distances = nearest(g, g, 5, distance)
    assert np.array_equal(all_rows[:, 0], np.arange(90))
    assert np.array_equal(all_rows[:, 1:], rows)
    assert np.array_equal(all_distances[:, 1:], distances)


def test_points_without_spread_are_infinitely_far_by_precision_and_still_ranked_by_row():
    gallery = Gaussians([[1.0], [0.0], [2.0]], np.zeros((3, 1)))
    rows, distances = nearest(gallery[1], gallery, 3, "precision")
    assert rows.tolist() == [[1, 0, 2]]
    assert distances.tolist() == [[0, np.inf, np.inf]]
    rows, _ = nearest(gallery[1], gallery, 2, "precision", exclude=[1])
    assert rows.tolist() == [[0, 2]]


def test_digits_have_the_neighbours_that_scikit_learn_finds():
    pixels, digits = load_digits(return_X_y=True)
    rows, distances = nearest(pixels, pixels, 5, exclude=np.arange(len(pixels)))
    search = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(pixels)
    expected, expected_rows = search.kneighbors()
    np.testing.assert_allclose(distances, expected)
    assert (rows == expected_rows).mean() > 0.98  # the rest are ties
    assert (digits[rows[:, 0]] == digits).mean() > 0.98


def test_spread_matters_only_where_it_is_asked_for():
    query = Gaussians([[0.0, 0.0]], [[1.0, 1.0]])
    gallery = Gaussians([[1.0, 0.0], [1.1, 0.0], [1.2, 0.0]], [[3, 3], [1, 1], [9, 9]])
    assert nearest(query, gallery, 3)[0].tolist() == [[0, 1, 2]]
    assert nearest(query, gallery, 3, "wasserstein")[0].tolist() == [[1, 0, 2]]
    assert nearest(query, gallery, 3, "precision")[0].tolist() == [[2, 0, 1]]
    assert nearest(query.mean, gallery, 3)[0].tolist() == [[0, 1, 2]]


def test_progress_rises_to_one(monkeypatch):
    monkeypatch.setattr(neighbors, "_BLOCK", 100)
    told = []
    nearest(np.eye(50), np.eye(50), 1, report=lambda fraction, text: told.append((fraction, text)))
    assert [fraction for fraction, _ in told] == pytest.approx(np.arange(2, 51, 2) / 50)
    assert {text for _, text in told} == {"finding neighbours"}


def test_no_query_is_answered_by_nothing():
    rows, distances = nearest(np.zeros((0, 2)), np.eye(2), 2)
    assert rows.shape == distances.shape == (0, 2)


EYE = np.eye(3)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0.0], EYE, 1), {}, "`query` is an array of shape"),
        ((EYE, [[0.0, np.nan, 0.0]], 1), {}, "`gallery` is not finite"),
        ((EYE, [["a"]], 1), {}, "`gallery` is an array of <U1"),
        (([[0.0, 1.0]], EYE, 1), {}, "`query` has 2 dimensions; accepted: 3"),
        ((EYE, EYE, 4), {}, "`k` is 4; accepted: a whole number from 1 to 3"),
        ((EYE, EYE, 0), {}, "`k` is 0"),
        ((EYE, EYE, 1.0), {}, r"`k` is 1\.0"),
        ((EYE, EYE, True), {}, "`k` is True"),
        ((EYE, EYE, 3), {"exclude": [0, 1, 2]}, "`k` is 3; .* from 1 to 2"),
        ((EYE, EYE, 1), {"exclude": [0, 1]}, r"`exclude` is .* shape \(2,\); accepted: 3"),
        ((EYE, EYE, 1), {"exclude": [0, 1, 3]}, "`exclude` is from 0 to 3; accepted: rows 0 to 2"),
        ((EYE, EYE, 1), {"exclude": [-1, 1, 2]}, "`exclude` is from -1 to 2"),
        ((EYE, EYE, 1), {"exclude": [0.0, 1.0, 2.0]}, "`exclude` is an array of float64"),
        ((EYE, EYE, 1, "cosine"), {}, "`distance` is 'cosine'; accepted: euclidean, wasserstein"),
        ((EYE, EYE, 1, "wasserstein"), {}, "`query` has no spread; accepted: Gaussians on both"),
        ((Gaussians(EYE, EYE), EYE, 1, "precision"), {}, "`gallery` has no spread"),
    ],
)
def test_a_search_that_cannot_be_made_names_the_argument(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        nearest(*arguments, **options)
