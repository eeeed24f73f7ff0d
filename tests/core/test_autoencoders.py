from __future__ import annotations

import numpy as np
import pytest

from vaewidgets import Autoencoder

SETTINGS = {"max_epochs": 40, "batch_size": 32, "n_threads": 1, "progress": False}


def error(images, restored):
    return float(((images / 255 - restored) ** 2).mean())


def test_it_restores_images_better_than_their_mean(digits):
    model = Autoencoder(8, **SETTINGS).fit(digits)
    restored = model.inverse_transform(model.transform(digits))
    variance = (digits / 255).var(axis=0).mean()
    assert error(digits, restored) < 0.4 * variance
    assert model.score(digits) == pytest.approx(-error(digits, restored), rel=1e-5)


def test_codes_are_points_and_only_points_are_offered(digits):
    model = Autoencoder(4, **(SETTINGS | {"max_epochs": 1})).fit(digits)
    assert not hasattr(model, "posterior")
    assert not hasattr(model, "sample")
    assert model.networks_.encoder.heads.out_features == 4  # no weights for a spread


def test_noise_teaches_to_restore_clean_images(digits):
    noise = np.random.default_rng(0).normal(0, 0.3, digits.shape)
    noisy = np.clip(digits / 255 + noise, 0, 1).astype(np.float32)
    errors = {}
    for sd in (0.0, 0.3):
        model = Autoencoder(12, noise=sd, **SETTINGS).fit(digits)
        errors[sd] = error(digits, model.inverse_transform(model.transform(noisy)))
    assert errors[0.3] < 0.85 * errors[0.0]


def test_sparse_codes_lie_between_0_and_1_and_are_as_active_as_asked(digits):
    activity = {}
    for sparsity in (1e-6, 30.0):
        model = Autoencoder(16, sparsity=sparsity, activity=0.1, **SETTINGS).fit(digits)
        codes = model.transform(digits)
        assert codes.min() >= 0
        assert codes.max() <= 1
        activity[sparsity] = np.abs(codes.mean(axis=0) - 0.1).mean()
    assert activity[30.0] < 0.05 < activity[1e-6]
    assert model.history_[-1]["sparsity"] < model.history_[0]["sparsity"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("noise", -0.1), ("noise", "much"), ("sparsity", -1.0), ("activity", 0.0), ("activity", 1.0)],
)
def test_wrong_parameters_are_named(digits, name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} is .*accepted"):
        Autoencoder(**{name: value}, **SETTINGS).fit(digits)
