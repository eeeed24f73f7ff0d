"""What holds for every model, whatever its network and its objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import vaewidgets as vw
from tests.core._callbacks import StopAt
from vaewidgets.core.files.checkpoint import CheckpointError

QUICK = {"max_epochs": 3, "batch_size": 16, "n_threads": 1, "progress": False}
MODELS = {
    "VAE": lambda: vw.VAE(4, **QUICK),
    "VAE, MLP, free bits": lambda: vw.VAE(
        4, network="mlp", network_settings={"hidden": 32, "hidden_2": 16}, free_bits=0.1, **QUICK
    ),
    "VAE, spatial": lambda: vw.VAE(8, network="spatial", noise_std=0.3, **QUICK),
    "VAE, continuous Bernoulli": lambda: vw.VAE(4, likelihood="continuous_bernoulli", **QUICK),
    "Autoencoder": lambda: vw.Autoencoder(4, **QUICK),
    "denoising": lambda: vw.Autoencoder(4, noise=0.1, likelihood="bernoulli", **QUICK),
    "sparse": lambda: vw.Autoencoder(4, sparsity=1.0, activity=0.2, **QUICK),
    "ClusterVAE": lambda: vw.ClusterVAE(
        3, 4, plain_epochs=1, start="mixture", balance=0.5, **QUICK
    ),
    "ClusterVAE, two branches": lambda: vw.ClusterVAE(
        3,
        4,
        plain_epochs=1,
        start="mixture",
        network="dual_conv",
        network_settings={"hidden": 16},
        **QUICK,
    ),
    "HierarchicalVAE": lambda: vw.HierarchicalVAE((2, 2), **QUICK),
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def images():
    """Forty images of 32 x 32 with a bar each, upright or lying."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (40, 32, 32, 1), dtype=np.uint8)
    for i, at in enumerate(rng.integers(2, 26, 40)):
        bar = images[i] if i % 2 else images[i].transpose(1, 0, 2)
        bar[at : at + 4] = 220
    return images


def bits(model):
    return {name: t.clone() for name, t in model.networks_.state_dict().items()}


def assert_same_bits(a, b):
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


def test_codes_and_images_have_their_shapes(model, images):
    codes = model.fit_transform(images)
    n_latent = sum(np.atleast_1d(model.n_latent))
    assert codes.shape == (40, n_latent)
    assert codes.dtype == np.float32
    decoded = model.inverse_transform(codes)
    assert decoded.shape == images.shape
    assert decoded.min() >= 0
    assert decoded.max() <= 1
    assert len(model.get_feature_names_out()) == n_latent
    assert np.isfinite(model.score(images))


def test_each_code_depends_on_its_own_image_alone(model, images):
    codes = model.fit(images).transform(images)
    np.testing.assert_array_equal(model.transform(images), codes)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(model.transform(images[order]), codes[order], atol=1e-5)
    np.testing.assert_allclose(model.transform(images[:1]), codes[:1], atol=1e-5)


def test_a_saved_model_is_the_same_model(model, images, tmp_path):
    model.fit(images).save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert_same_bits(bits(loaded), bits(model))
    np.testing.assert_array_equal(loaded.transform(images), model.transform(images))
    assert loaded.history_ == model.history_
    same = {name: v for name, v in model.get_params().items() if name not in {"progress"}}
    assert {n: v for n, v in loaded.get_params().items() if n in same} == same
    assert_same_bits(bits(clone(loaded).set_params(progress=False).fit(images)), bits(model))


def test_a_file_of_another_model_is_refused(model, images, tmp_path):
    model.fit(images).save(tmp_path / "model")
    other = vw.VAE if type(model) is not vw.VAE else vw.Autoencoder
    with pytest.raises(CheckpointError, match=f"holds a '{type(model).__name__}'"):
        other.load(tmp_path / "model")


@pytest.mark.parametrize("step", [1, 2, 4])
def test_a_training_cut_short_goes_on_with_the_same_bits(model, images, tmp_path, step):
    whole = bits(clone(model).fit(images))
    cut = clone(model).set_params(checkpoint=tmp_path / "run", progress=StopAt(step))
    assert cut.fit(images).outcome_ == "stopped"
    assert cut.set_params(progress=False).fit(images).outcome_ == "finished"
    assert_same_bits(bits(cut), whole)


def test_bytes_and_the_same_floats_give_the_same_bits(model, images):
    of_bytes = bits(clone(model).fit(images))
    assert_same_bits(bits(clone(model).fit(images.astype(np.float32) / 255)), of_bytes)


def test_parameters_are_kept_as_given_and_cloned(model):
    parameters = model.get_params()
    assert clone(model).get_params() == parameters
    for name, value in parameters.items():
        assert getattr(model, name) is value


def test_it_works_in_a_pipeline(model, images):
    pipeline = make_pipeline(model, LogisticRegression()).fit(images, np.arange(40) % 2)
    assert pipeline.predict(images).shape == (40,)
    assert pipeline.set_params(**{f"{pipeline.steps[0][0]}__max_epochs": 1})[0].max_epochs == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_epochs", "many"),
        ("max_epochs", 0),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("schedule", "cosine"),
        ("n_threads", 0),
        ("random_state", "x"),
        ("device", "gpu"),
        ("n_latent", 0),
        ("likelihood", "poisson"),
    ],
)
def test_a_wrong_parameter_is_named_before_anything_is_done(model, images, name, value):
    with pytest.raises((TypeError, ValueError), match=name) as caught:
        model.set_params(**{name: value}).fit(images)
    assert "accepted" in str(caught.value)
    assert not hasattr(model, "networks_")


def test_settings_of_a_network_are_checked(images):
    with pytest.raises(ValueError, match=r"settings has 'depth'; accepted for network='mlp'"):
        vw.VAE(network="mlp", network_settings={"depth": 3}, **QUICK).fit(images)
    with pytest.raises(ValueError, match=r"settings\['hidden'\] is 0"):
        vw.VAE(network="mlp", network_settings={"hidden": 0}, **QUICK).fit(images)
    with pytest.raises(TypeError, match="settings are 'big'"):
        vw.VAE(network="mlp", network_settings="big", **QUICK).fit(images)
