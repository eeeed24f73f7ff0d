"""Fitted transformers of others as models of images: pipelines, searches, UMAP."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from vaewidgets.datasets import load_digits
from vaewidgets.gaussians import Gaussians
from vaewidgets.latent import (
    Decodes,
    Encodes,
    FlatModel,
    HasSpread,
    as_model,
    encode,
    has_inverse,
)


@pytest.fixture(scope="module")
def digits():
    return load_digits()[0][:200]


class Halves:
    """A model of images that knows the spread of its codes."""

    def transform(self, images):
        return self.posterior(images).mean

    def posterior(self, images):
        means = images.as_float().mean(axis=(1, 3))
        return Gaussians(means, np.full_like(means, 0.1))


def rows_of(images):
    return images.as_float().reshape(len(images), -1)


def times_255(rows):
    return rows * 255


PIPELINES = {
    "scaled": lambda: make_pipeline(StandardScaler(), PCA(3)),
    "a function first, which knows no number of features": lambda: make_pipeline(
        FunctionTransformer(np.sqrt, np.square, check_inverse=False), PCA(3)
    ),
    "bytes inside": lambda: make_pipeline(FunctionTransformer(times_255), PCA(3)),
    "nothing first": lambda: Pipeline([("no", "passthrough"), ("pca", PCA(3))]),
    "in a pipeline": lambda: make_pipeline(make_pipeline(MinMaxScaler()), PCA(3)),
    "a union": lambda: FeatureUnion([("a", PCA(2)), ("b", PCA(1))]),
    "a search": lambda: GridSearchCV(PCA(), {"n_components": [2, 3]}, cv=2),
    "a search in a pipeline": lambda: make_pipeline(
        FunctionTransformer(), GridSearchCV(PCA(), {"n_components": [3]}, cv=2)
    ),
    "a search of pipelines": lambda: GridSearchCV(
        make_pipeline(FunctionTransformer(), PCA()), {"pca__n_components": [3]}, cv=2
    ),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_whatever_scikit_learn_calls_fitted_is_a_model(digits, kind):
    rows = rows_of(digits)
    original = PIPELINES[kind]().fit(rows)
    model = as_model(original)
    codes = model.transform(digits)
    np.testing.assert_allclose(codes, original.transform(rows), atol=1e-4)
    assert has_inverse(model) == hasattr(original, "inverse_transform")
    if has_inverse(model):
        images = model.inverse_transform(codes[:3])
        again = np.clip(original.inverse_transform(codes[:3]), 0, 1).reshape(3, 8, 8, 1)
        np.testing.assert_allclose(images, again, atol=1e-4)
    original.fit(rows[::-1] ** 2)  # another fit leaves the snapshot as it was
    np.testing.assert_array_equal(model.transform(digits), codes)


@pytest.mark.parametrize("kind", sorted(PIPELINES))
def test_what_is_not_fitted_is_refused_with_what_to_do(kind):
    with pytest.raises((TypeError, ValueError), match=r"is not fitted: call fit\(|transform"):
        as_model(PIPELINES[kind]())


def test_a_pipeline_that_begins_with_a_model_of_images_is_one(digits):
    class Rows(PCA):
        """Takes images, as the models of this library do."""

        image_shape_ = (8, 8, 1)

        def fit(self, images, y=None):
            return super().fit(np.asarray(images).reshape(len(images), -1))

        def fit_transform(self, images, y=None):
            return self.fit(images).transform(images)

        def transform(self, images):
            return super().transform(np.asarray(images).reshape(len(images), -1))

        def inverse_transform(self, codes):
            return super().inverse_transform(codes).reshape(-1, 8, 8, 1)

    pipeline = make_pipeline(Rows(3), StandardScaler()).fit(digits)
    model = as_model(pipeline)
    codes, posterior = encode(model, digits)
    np.testing.assert_allclose(codes, pipeline.transform(digits), atol=1e-6)
    assert posterior is None
    assert model.inverse_transform(codes).shape == (200, 8, 8, 1)
    assert type(as_model(make_pipeline(PCA(3)).fit(rows_of(digits)))) is FlatModel


def test_a_model_fitted_on_other_values_is_refused_and_the_advice_works(digits):
    rows = digits.as_uint8().reshape(200, -1)
    for original in (PCA(3), make_pipeline(MinMaxScaler(), PCA(3))):
        original.fit(rows)
        with pytest.raises(ValueError, match=r"brighter values.*value_range=\(0, 255\)"):
            as_model(original)
        model = as_model(original, digits, value_range=(0, 255))
        codes = model.transform(digits)
        np.testing.assert_allclose(codes, original.transform(rows), rtol=1e-3, atol=1e-3)
        expected = np.clip(original.inverse_transform(codes) / 255, 0, 1).reshape(-1, 8, 8, 1)
        np.testing.assert_allclose(model.inverse_transform(codes), expected, atol=1e-5)
    around_zero = PCA(3).fit(rows_of(digits) * 2 - 1)
    model = as_model(around_zero, value_range=(-1, 1))
    np.testing.assert_allclose(
        model.transform(digits), around_zero.transform(rows_of(digits) * 2 - 1), atol=1e-5
    )
    with pytest.raises(TypeError, match=r"value_range is 255; accepted: \(low, high\)"):
        as_model(around_zero, value_range=255)
    with pytest.raises(ValueError, match="low < high"):
        as_model(around_zero, value_range=(1, 0))
    with pytest.raises(ValueError, match="Halves is a model of images"):
        as_model(Halves(), value_range=(0, 255))


def test_a_search_without_a_transform_is_named():
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    with pytest.raises(TypeError, match=r"transform\(images\).*got GridSearchCV"):
        as_model(search.fit(np.eye(4).repeat(2, axis=0), [0, 1] * 4))


class Decoding:
    """Turns codes into images, and nothing else."""

    def inverse_transform(self, codes):
        return np.zeros((len(codes), 8, 8, 1), np.float32)


def test_each_verb_is_a_protocol_of_its_own(digits):
    pca = PCA(2).fit(rows_of(digits))
    assert isinstance(pca, Encodes)
    assert isinstance(Decoding(), Decodes)
    assert not isinstance(Decoding(), Encodes)
    assert isinstance(Halves(), HasSpread)
    assert not isinstance(pca, HasSpread)
    with pytest.raises(TypeError, match="got Decoding: it only decodes"):
        as_model(Decoding())


def test_a_fitted_umap_is_a_model(digits):
    umap = pytest.importorskip("umap")
    rows = rows_of(digits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="UMAP is not fitted"):
            as_model(umap.UMAP())
        reducer = umap.UMAP(n_neighbors=5, n_epochs=20, random_state=0).fit(rows)
        model = as_model(reducer)
        assert model.transform(digits).shape == (200, 2)
        assert has_inverse(model)
        with pytest.raises(ValueError, match="UMAP was fitted on 64 numbers an image"):
            as_model(reducer).transform(np.zeros((2, 6, 6), np.uint8))
        bright = umap.UMAP(n_neighbors=5, n_epochs=20, random_state=0).fit(rows * 255)
    with pytest.raises(ValueError, match=r"UMAP was fitted on brighter.*value_range"):
        as_model(bright)
