from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from vaewidgets import ClusterVAE
from vaewidgets.clusters import scores
from vaewidgets.core import losses
from vaewidgets.core.inference import evidence
from vaewidgets.core.loop.feeding import float_batch
from vaewidgets.core.loop.options import Moment
from vaewidgets.core.loop.progress import Callback
from vaewidgets.images import load_images

SETTINGS = {"batch_size": 32, "n_threads": 1, "progress": False, "start": "mixture"}


@pytest.fixture(scope="module")
def bars():
    """Three hundred images of 8 x 8 with a bar in one of three places, and its place."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, 300)
    images = rng.integers(0, 80, (300, 8, 8, 1), dtype=np.uint8)
    for image, kind in zip(images, kinds, strict=True):
        (image.transpose(1, 0, 2) if kind == 2 else image)[1 + 4 * (kind == 1) :][:2] = 230
    return images, kinds


@pytest.fixture(scope="module")
def fitted(bars):
    return ClusterVAE(3, 4, max_epochs=30, plain_epochs=8, **SETTINGS).fit(bars[0])


def test_clusters_are_found_without_labels(fitted, bars):
    images, kinds = bars
    assert scores(kinds, fitted.labels_)["accuracy"] == 1.0
    np.testing.assert_array_equal(fitted.predict(images), fitted.labels_)
    shares = fitted.predict_proba(images)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(shares.argmax(axis=1), fitted.labels_)


def test_images_are_drawn_from_one_cluster(fitted):
    for cluster in range(3):
        drawn = fitted.sample(50, random_state=0, cluster=cluster)
        assert (fitted.predict(drawn) == cluster).mean() > 0.8
    np.testing.assert_array_equal(
        fitted.sample(5, random_state=1), fitted.sample(5, random_state=1)
    )
    with pytest.raises(ValueError, match="cluster is 3; accepted: an integer from 0 to 2"):
        fitted.sample(cluster=3)


def test_prior_is_the_mixture_of_the_clusters(fitted):
    z = np.random.default_rng(0).normal(size=(6, 4))
    log_vars = fitted.networks_.clusters.log_vars.numpy()
    densities = [
        multivariate_normal(mean, np.diag(np.exp(log_var))).logpdf(z)
        for mean, log_var in zip(fitted.cluster_means_, log_vars, strict=True)
    ]
    with torch.no_grad():
        ours = fitted.networks_.log_prior(torch.from_numpy(z).float()).numpy()
    np.testing.assert_allclose(ours, logsumexp(densities, axis=0) - np.log(3), rtol=1e-5)


def test_bound_is_equation_5(fitted, bars):
    """Against a sum over classes written out, with the same draw of the codes."""
    batch = float_batch(torch.from_numpy(bars[0][:20]))
    networks = fitted.networks_
    with torch.no_grad():
        mean, log_var = networks.posterior(batch)
        z = losses.sample_gaussian(mean, log_var, torch.Generator().manual_seed(0))
        fit = losses.log_likelihood(
            "gaussian", batch, networks.decoder(z), networks.noise_variance
        )
        p = networks.clusters(z).softmax(dim=1)
        posterior = torch.distributions.Normal(mean, torch.exp(0.5 * log_var))
        expected = fit - (p * p.log()).sum(dim=1) - np.log(3)
        head = networks.clusters
        for y, (mu, log_t) in enumerate(zip(head.means, head.log_vars, strict=True)):
            prior = torch.distributions.Normal(mu, torch.exp(0.5 * log_t))
            kl = torch.distributions.kl_divergence(posterior, prior).sum(dim=1)
            expected -= p[:, y] * kl
    ours = evidence(networks, bars[0][:20], "gaussian", seed=0)
    np.testing.assert_allclose(ours, expected.numpy(), rtol=1e-4)


def test_likelihood_is_above_the_bound(fitted, bars):
    bound = evidence(fitted.networks_, bars[0], "gaussian", seed=0).mean()
    assert fitted.log_likelihood(bars[0], 50).mean() > bound


def test_classes_begin_after_the_plain_epochs(bars):
    model = ClusterVAE(3, 4, max_epochs=4, plain_epochs=2, **SETTINGS).fit(bars[0])
    certainty = [record["certainty"] for record in model.history_]
    assert certainty[:2] == [0, 0]
    assert min(certainty[2:]) > 0.3


def test_without_plain_epochs_it_is_the_source_s_model(bars):
    model = ClusterVAE(3, 4, max_epochs=2, plain_epochs=0, spread="one", **SETTINGS).fit(bars[0])
    assert model.labels_.shape == (300,)
    assert not model.networks_.clusters.log_vars.any()
    assert np.isfinite(model.history_[-1]["loss"])


def test_balance_adds_its_share_of_the_imbalance(fitted, bars):
    batch = float_batch(torch.from_numpy(bars[0][:40]))
    losses_of = {}
    for balance in (0.0, 5.0):
        bound = ClusterVAE(balance=balance, plain_epochs=0, warm_up=0.0).objective(2)
        with torch.no_grad():
            moment = Moment(1, 2, 0, torch.Generator().manual_seed(0), torch.arange(40))
            losses_of[balance] = float(bound(copy.deepcopy(fitted.networks_), batch, moment).loss)
    with torch.no_grad():
        z = losses.sample_gaussian(
            *fitted.networks_.posterior(batch), torch.Generator().manual_seed(0)
        )
        expected = 5 * float(losses.imbalance(fitted.networks_.clusters(z)))
    # The two losses are some hundred nats each, in single precision.
    assert losses_of[5.0] - losses_of[0.0] == pytest.approx(expected, rel=1e-2)


def test_classes_begin_in_time_whatever_the_number_of_epochs(bars):
    model = ClusterVAE(3, 4, max_epochs=5, **SETTINGS).fit(bars[0])
    certainty = [record["certainty"] for record in model.history_]
    assert [value > 0 for value in certainty] == [False, False, False, True, True]
    once = ClusterVAE(3, 4, max_epochs=1, **SETTINGS).fit(bars[0])
    assert once.history_[0]["certainty"] > 0
    with pytest.raises(ValueError, match=r"plain_epochs is 5, but the training has 5 epochs"):
        ClusterVAE(3, 4, max_epochs=5, plain_epochs=5, **SETTINGS).fit(bars[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_clusters", 1), ("plain_epochs", -1), ("balance", -1.0), ("start", "kmeans")],
)
def test_wrong_parameters_are_named(bars, name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} is .*accepted"):
        ClusterVAE(**(SETTINGS | {name: value})).fit(bars[0])


class StopsWhileItWaits(Callback):
    """Stops the training as soon as the classes are looked for."""

    def __init__(self):
        self.told = []

    def on_wait(self, state):
        self.told.append(state.doing)
        state.stop()


def test_the_search_for_classes_is_told_and_can_be_stopped(bars, tmp_path):
    settings = {"max_epochs": 6, "plain_epochs": 2, "checkpoint": tmp_path / "run", **SETTINGS}
    watch = StopsWhileItWaits()
    cut = ClusterVAE(3, 4, **(settings | {"progress": watch})).fit(bars[0])
    assert (cut.outcome_, cut.history_[-1]["epoch"]) == ("stopped", 2)
    assert len(watch.told) == 1
    assert watch.told[0]
    whole = ClusterVAE(3, 4, **(settings | {"checkpoint": None})).fit(bars[0])
    resumed = ClusterVAE(3, 4, **settings).fit(bars[0])
    for name, tensor in whole.networks_.state_dict().items():
        assert torch.equal(resumed.networks_.state_dict()[name], tensor), name


class Counted:
    """An image that counts how often it is looked at."""

    def __init__(self, image):
        self.image, self.looks = image, 0

    def __array__(self, dtype=None, copy=None):
        self.looks += 1
        return self.image


def test_images_are_read_once_though_they_are_labelled_too(bars):
    items = [Counted(image[..., 0]) for image in bars[0][:60]]
    load_images(items, progress=False)
    for_one_reading = items[0].looks
    model = ClusterVAE(3, 4, max_epochs=2, **SETTINGS).fit(items)
    assert model.labels_.shape == (60,)
    assert items[0].looks == 2 * for_one_reading
