"""Codes reduced by UMAP to ten dimensions: settings arrive, seeds count, no process stays."""

import numpy as np
import psutil
import pytest
from sklearn.neighbors import NearestNeighbors

from vaewidgets.projections import project, reduce_codes

RNG = np.random.default_rng(0)
GROUPS = np.repeat([[0, 0, 0], [30, 0, 0], [0, 30, 0]], 40, axis=0) + RNG.normal(size=(120, 3))
KINDS = np.repeat([0, 1, 2], 40)


def nearest_gap(codes):
    """Median distance to the nearest other row."""
    return np.median(NearestNeighbors(n_neighbors=1).fit(codes).kneighbors()[0])


@pytest.fixture(scope="module")
def reduced():
    told = []
    made = reduce_codes(GROUPS, report=lambda fraction, text: told.append((fraction, text)))
    return made, told


def test_groups_stay_apart_in_ten_dimensions(reduced):
    made, told = reduced
    assert made.codes.shape == (120, 10)
    assert made.codes.dtype == np.float32
    assert np.isfinite(made.codes).all()
    np.testing.assert_allclose(made.codes.mean(axis=0), 0, atol=1e-4)
    _, rows = NearestNeighbors(n_neighbors=5).fit(made.codes).kneighbors()
    assert (KINDS[rows] == KINDS[:, None]).all()
    assert made.fitted.tolist() == list(range(120))
    assert made.note == ""
    assert told[-1][0] == 1
    assert "UMAP: optimising" in told[-1][1]


def test_equal_seeds_give_equal_codes_and_others_do_not(reduced):
    assert np.array_equal(reduce_codes(GROUPS.copy()).codes, reduced[0].codes)
    assert not np.array_equal(reduce_codes(GROUPS, random_state=1).codes, reduced[0].codes)


def test_with_the_settings_of_a_map_it_is_the_map():
    flat = reduce_codes(GROUPS, 2, n_neighbors=15, min_dist=0.1)
    assert np.array_equal(flat.codes, project(GROUPS, "umap").xy)


def test_each_setting_arrives(reduced):
    loose = reduce_codes(GROUPS, 4, min_dist=1.0)
    assert loose.codes.shape == (120, 4)
    assert nearest_gap(loose.codes) > 3 * nearest_gap(reduced[0].codes)
    assert not np.array_equal(reduce_codes(GROUPS, n_neighbors=5).codes, reduced[0].codes)


def test_many_rows_are_fitted_on_a_sample_and_the_rest_stand_beside_it(monkeypatch):
    monkeypatch.setattr("vaewidgets.projections.reduction.MOST_REDUCED", 70)
    made = reduce_codes(GROUPS, 3)
    assert len(made.fitted) == 70
    assert "random 70 of 120 rows" in made.note
    rest = np.setdiff1d(np.arange(120), made.fitted)
    search = NearestNeighbors(n_neighbors=1).fit(made.codes[made.fitted])
    nearest = made.fitted[search.kneighbors(made.codes[rest])[1][:, 0]]
    assert (KINDS[nearest] == KINDS[rest]).all()


@pytest.mark.parametrize("shape", [(5, 3), (9, 1), (40, 2)])
def test_little_data_gives_finite_codes(shape):
    made = reduce_codes(RNG.normal(size=shape))
    assert made.codes.shape == (shape[0], 10)
    assert np.isfinite(made.codes).all()


def test_a_report_that_raises_ends_the_process():
    def stop(_fraction, _text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reduce_codes(GROUPS, report=stop)
    commands = [" ".join(child.cmdline()) for child in psutil.Process().children()]
    assert not [command for command in commands if "embedding.py" in command]


@pytest.mark.parametrize(
    ("codes", "options", "message"),
    [
        (np.zeros((9, 2)), {}, "`codes` are all equal"),
        (np.eye(4), {}, "`codes` has 4 rows; accepted: at least 5"),
        ([[np.nan]], {}, "finite"),
        (GROUPS, {"n_components": 0}, "`n_components` is 0; accepted: .* at least 1"),
        (GROUPS, {"n_components": 2.0}, r"`n_components` is 2\.0"),
        (GROUPS, {"n_neighbors": 1}, "`n_neighbors` is 1; accepted: .* at least 2"),
        (GROUPS, {"min_dist": -0.1}, r"`min_dist` is -0\.1; accepted: 0 to 1"),
        (GROUPS, {"min_dist": float("nan")}, "`min_dist` is nan"),
    ],
)
def test_what_cannot_be_reduced_names_the_argument(codes, options, message):
    with pytest.raises(ValueError, match=message):
        reduce_codes(codes, **options)
