from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from vaewidgets.core import inference
from vaewidgets.core.inference import decode, evidence, importance_weighted_bound
from vaewidgets.core.networks.cluster_head import ClusterHead
from vaewidgets.core.networks.registry import Architecture, EncoderDecoder

SIZE, N_LATENT, VARIANCE = (3, 4), 3, 0.05
N_VALUES = SIZE[0] * SIZE[1]


def gaussian(target, mean):
    """log p(x | z) of a decoder that gives the means themselves, no logits."""
    squares = (target - mean).square().flatten(1).sum(dim=1)
    return -squares / (2 * VARIANCE) - N_VALUES / 2 * math.log(2 * math.pi * VARIANCE)


def log_normal(x, mean, std):
    return np.sum(-0.5 * ((x - mean) / std) ** 2 - np.log(std * math.sqrt(2 * math.pi)) + 0 * x)


class Linear:
    """x = W z + c + noise, whose p(x) and p(z | x) are known; the posterior may be wrong."""

    def __init__(self, error):
        rng = np.random.default_rng(0)
        self.weight, self.offset = rng.normal(0, 0.4, (N_VALUES, N_LATENT)), np.full(N_VALUES, 0.5)
        precision = np.eye(N_LATENT) + self.weight.T @ self.weight / VARIANCE
        inverse = np.linalg.inv(precision)
        self.to_mean = inverse @ self.weight.T / VARIANCE + error * rng.normal(
            0, 0.05, (N_LATENT, N_VALUES)
        )
        # the best diagonal posterior and, with an error, one that is wider
        self.log_var = -np.log(np.diag(precision)) + error
        self.marginal = multivariate_normal(
            self.offset, self.weight @ self.weight.T + VARIANCE * np.eye(N_VALUES)
        )
        z = rng.standard_normal((5, N_LATENT))
        noise = math.sqrt(VARIANCE) * rng.standard_normal((5, N_VALUES))
        flat = (z @ self.weight.T + self.offset + noise).astype(np.float32)
        self.pixels = flat.reshape(5, *SIZE, 1)
        self.log_p = self.marginal.logpdf(flat)

    def networks(self):
        encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(N_VALUES, 2 * N_LATENT))
        decoder = torch.nn.Sequential(
            torch.nn.Linear(N_LATENT, N_VALUES), torch.nn.Unflatten(1, (1, *SIZE))
        )
        weights = np.concatenate([self.to_mean, np.zeros_like(self.to_mean)])
        biases = np.concatenate([-self.to_mean @ self.offset, self.log_var])
        parts = (encoder[1].weight, weights), (encoder[1].bias, biases)
        parts += (decoder[0].weight, self.weight), (decoder[0].bias, self.offset)
        with torch.no_grad():
            for tensor, values in parts:
                tensor.copy_(torch.from_numpy(values))
        return EncoderDecoder(encoder, decoder, Architecture("mlp", *SIZE, 1, N_LATENT)).eval()

    def by_brute_force(self, flat, k):
        """One draw after the other, in double precision."""
        rng = np.random.default_rng(1)
        mean, std = self.to_mean @ (flat - self.offset), np.exp(self.log_var / 2)
        weights = np.empty(k)
        for i in range(k):
            z = mean + std * rng.standard_normal(N_LATENT)
            around = log_normal(flat, self.weight @ z + self.offset, math.sqrt(VARIANCE))
            weights[i] = around + log_normal(z, 0.0, 1.0) - log_normal(z, mean, std)
        return logsumexp(weights) - math.log(k)


@pytest.fixture(scope="module")
def linear():
    return Linear(error=0.5)


def test_many_draws_give_the_known_density_and_that_of_a_loop(linear):
    bound = importance_weighted_bound(linear.networks(), linear.pixels, gaussian, 10_000, seed=0)
    assert bound.dtype == np.float32
    np.testing.assert_allclose(bound, linear.log_p, atol=0.05)
    loop = [linear.by_brute_force(flat, 10_000) for flat in linear.pixels.reshape(5, -1)]
    np.testing.assert_allclose(bound, loop, atol=0.05)


def test_the_prior_of_classes_gives_the_density_of_their_mixture(linear):
    networks = linear.networks()
    networks.clusters = ClusterHead(N_LATENT, 3)
    rng = np.random.default_rng(2)
    means, log_vars = rng.normal(0, 1.0, (3, N_LATENT)), rng.normal(0, 0.3, (3, N_LATENT))
    with torch.no_grad():
        networks.clusters.means.copy_(torch.from_numpy(means))
        networks.clusters.log_vars.copy_(torch.from_numpy(log_vars))
    w, flat = linear.weight, linear.pixels.reshape(5, -1)
    of_classes = [
        multivariate_normal(
            linear.offset + w @ mean, w * np.exp(log_var) @ w.T + VARIANCE * np.eye(N_VALUES)
        ).logpdf(flat)
        for mean, log_var in zip(means, log_vars, strict=True)
    ]
    bound = importance_weighted_bound(networks, linear.pixels, gaussian, 10_000, seed=0)
    np.testing.assert_allclose(bound, logsumexp(of_classes, axis=0) - math.log(3), atol=0.05)


def test_any_number_of_images_and_draws_gives_a_value_for_each_image(linear):
    networks = linear.networks()
    for n, k in ((1, 1), (1, 7), (5, 1), (5, 7), (0, 3)):
        bound = importance_weighted_bound(networks, linear.pixels[:n], gaussian, k, seed=0)
        assert bound.shape == (n,)
        assert np.isfinite(bound).all()


def test_more_draws_give_a_higher_bound_that_stays_below_the_density(linear):
    networks = linear.networks()
    means = [
        np.mean(
            [
                importance_weighted_bound(networks, linear.pixels, gaussian, k, seed)
                for seed in range(300)
            ],
            axis=0,
        )
        for k in (1, 5, 50)
    ]
    assert (means[0] < means[1]).all()
    assert (means[1] < means[2]).all()
    assert (means[2] < linear.log_p + 0.05).all()


def test_one_draw_is_the_evidence_bound_on_average(linear):
    networks = linear.networks()
    draws = [
        importance_weighted_bound(networks, linear.pixels, gaussian, 1, seed)
        for seed in range(2000)
    ]
    flat = linear.pixels.reshape(5, -1) - linear.offset
    mean, var = flat @ linear.to_mean.T, np.exp(linear.log_var)
    kl = 0.5 * (mean**2 + var - 1 - linear.log_var).sum(axis=1)
    squares = ((flat - mean @ linear.weight.T) ** 2).sum(axis=1)
    squares += (linear.weight**2 * var).sum()  # the expectation over the draws
    fit = -squares / (2 * VARIANCE) - N_VALUES / 2 * math.log(2 * math.pi * VARIANCE)
    np.testing.assert_allclose(np.mean(draws, axis=0), fit - kl, atol=0.25)


@pytest.mark.parametrize("per_pass", [1, N_VALUES * 3, N_VALUES * 7, 2**20])
def test_memory_of_a_pass_changes_the_draws_and_nothing_else(linear, monkeypatch, per_pass):
    monkeypatch.setattr(inference, "VALUES_PER_CHUNK", per_pass)
    networks = linear.networks()
    largest = 0

    def watch(_module, inputs, _output):
        nonlocal largest
        largest = max(largest, len(inputs[0]) * N_VALUES)

    networks.decoder.register_forward_hook(watch)
    bound = importance_weighted_bound(networks, linear.pixels, gaussian, 4000, seed=0)
    np.testing.assert_allclose(bound, linear.log_p, atol=0.1)
    assert largest <= max(per_pass, N_VALUES)


def test_each_image_is_encoded_once_whatever_the_draws(linear, monkeypatch):
    monkeypatch.setattr(inference, "VALUES_PER_CHUNK", N_VALUES * 10)
    networks = linear.networks()
    encoded = []
    networks.encoder.register_forward_hook(lambda _m, inputs, _o: encoded.append(len(inputs[0])))
    importance_weighted_bound(networks, linear.pixels, gaussian, 35, seed=0)
    assert sum(encoded) == 5


def test_the_seed_fixes_the_bound_and_torch_is_left_as_it_was(linear):
    networks = linear.networks()
    before = torch.get_rng_state()
    first, again, other = (
        importance_weighted_bound(networks, linear.pixels, gaussian, 3, seed) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "continuous_bernoulli"])
def test_named_likelihoods_are_those_of_the_evidence_bound(likelihood):
    networks = Architecture("conv", 9, 10, 1, 2).build(torch.Generator().manual_seed(0)).eval()
    networks.noise_variance.fill_(0.05)
    torch.nn.init.constant_(networks.encoder.heads.bias[2:], -10.0)  # hardly any spread
    pixels = np.random.default_rng(0).random((40, 9, 10, 1), dtype=np.float32)
    bytes_of_them = np.rint(pixels * 255).astype(np.uint8)
    exact = evidence(networks, pixels, likelihood, seed=0)
    bound = importance_weighted_bound(networks, pixels, likelihood, 20, seed=0)
    np.testing.assert_allclose(bound, exact, atol=12)  # KL by draws: 2 dimensions of about 5 nats
    assert bound.mean() == pytest.approx(exact.mean(), abs=1.5)
    rounded = importance_weighted_bound(networks, bytes_of_them, likelihood, 20, seed=0)
    np.testing.assert_allclose(rounded, bound, atol=0.5)


def test_decoded_images_are_the_means_under_the_likelihood():
    networks = Architecture("mlp", 3, 4, 1, 2).build(torch.Generator().manual_seed(0)).eval()
    z = np.array([[3.0, -2.0], [0.0, 1.0]], dtype=np.float32)
    with torch.no_grad():
        logits = networks.decoder(torch.from_numpy(z))
    plain, gray = decode(networks, z), decode(networks, z, "continuous_bernoulli")
    np.testing.assert_array_equal(plain[..., 0], logits.sigmoid()[:, 0])
    mean = torch.distributions.ContinuousBernoulli(logits=logits.double()).mean
    np.testing.assert_allclose(gray[..., 0], mean[:, 0], atol=1e-5)


def test_some_rows_are_encoded_as_they_are_among_all(monkeypatch):
    networks = Architecture("conv", 8, 8, 1, 3).build(torch.Generator().manual_seed(0)).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
    rows = np.array([3, 3, 49, 0, 17, 20, 21])
    monkeypatch.setattr(inference, "VALUES_PER_CHUNK", 2 * 64)  # two images at once
    for some, whole in zip(
        inference.encode_rows(networks, pixels, rows),
        inference.encode(networks, pixels),
        strict=True,
    ):
        np.testing.assert_allclose(some, whole[rows], atol=1e-6)
