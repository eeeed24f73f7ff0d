from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from vaewidgets.core import losses
from vaewidgets.core.loop.options import Moment
from vaewidgets.core.networks.registry import Architecture
from vaewidgets.core.objectives import EvidenceBound, PixelLikelihood


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_kl_is_that_of_torch_distributions():
    mean, log_var = draws(5, 3), draws(5, 3, seed=1)
    oracle = kl_divergence(Normal(mean, (log_var / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(losses.kl_to_standard_normal(mean, log_var), oracle)


def test_kl_of_the_prior_is_zero():
    assert losses.kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)).abs().sum() == 0


def test_gaussian_likelihood_is_that_of_torch_distributions():
    target, prediction = torch.rand(4, 1, 3, 2), torch.rand(4, 1, 3, 2)
    oracle = Independent(Normal(prediction, 0.3), 3).log_prob(target)
    result = losses.gaussian_log_likelihood(target, prediction, torch.tensor(0.09))
    torch.testing.assert_close(result, oracle)


def test_bernoulli_score_is_the_likelihood_of_black_and_white_images():
    target = (draws(4, 1, 3, 2) > 0).float()
    logits = draws(4, 1, 3, 2, seed=1)
    oracle = Independent(Bernoulli(logits=logits), 3).log_prob(target)
    torch.testing.assert_close(losses.bernoulli_score(target, logits), oracle)


def test_optimal_variance_has_the_highest_likelihood():
    target, prediction = draws(4, 10), draws(4, 10, seed=1)
    best = losses.optimal_variance(target, prediction)
    assert best == pytest.approx(float((target - prediction).square().mean()))

    def likelihood(variance):
        return losses.gaussian_log_likelihood(target, prediction, variance).mean()

    assert likelihood(best) > likelihood(best * 1.05)
    assert likelihood(best) > likelihood(best * 0.95)


def test_variance_of_perfect_predictions_stops_at_rounding_to_8_bits():
    image = torch.rand(2, 3)
    assert losses.optimal_variance(image, image) == pytest.approx(1 / (12 * 255**2))


def test_samples_have_the_asked_mean_and_standard_deviation():
    mean, log_var = torch.full((20_000, 1), 3.0), torch.full((20_000, 1), math.log(0.25))
    z = losses.sample_gaussian(mean, log_var, torch.Generator().manual_seed(0))
    assert z.mean() == pytest.approx(3.0, abs=0.02)
    assert z.std() == pytest.approx(0.5, abs=0.02)  # 0.25 would be the variance


class Fixed(torch.nn.Module):
    """Gives the same output whatever comes in, so that terms can be computed by hand."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, x):
        return self.output


@pytest.mark.parametrize(
    ("likelihood", "noise_std"),
    [
        ("gaussian", None),
        ("gaussian", 0.5),
        ("bernoulli", None),
        ("continuous_bernoulli", None),
    ],
)
def test_evidence_bound_equals_the_one_computed_by_hand(likelihood, noise_std):
    networks = Architecture("mlp", 1, 2, 1, 1).build(torch.Generator())
    networks.encoder = Fixed(torch.tensor([[1.0, 0.0], [0.0, math.log(4)]]))  # mean, log-variance
    networks.decoder = Fixed(torch.zeros(2, 1, 1, 2))  # every pixel is predicted 1/2
    batch = torch.tensor([[1.0, 0.5], [0.5, 0.5]]).reshape(2, 1, 1, 2)
    kl = (0.5 * 1.0 + 0.5 * (4 - 1 - math.log(4))) / 2  # mean over the two images
    variance = noise_std**2 if noise_std else 0.25 / 4  # one of four pixels is off by 1/2
    gaussian = (0.25 / (2 * variance)) / 2 + 2 / 2 * math.log(2 * math.pi * variance)
    expected = {
        "gaussian": gaussian,
        "bernoulli": 2 * math.log(2),
        "continuous_bernoulli": 0.0,  # uniform where p = 1/2
    }[likelihood]

    bound = EvidenceBound(PixelLikelihood(likelihood, noise_std), beta=3.0, warm_up=0.5)
    terms = bound(
        networks, batch, Moment(1, 4, 0, torch.Generator(), torch.arange(1))
    )  # half of the warm-up
    assert float(terms.parts["reconstruction"]) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert float(terms.parts["kl"]) == pytest.approx(kl, rel=1e-5)
    assert float(terms.loss) == pytest.approx(expected + 1.5 * kl, rel=1e-5)
    if likelihood == "gaussian":  # what is learned is an average over the steps: of 0 and this
        kept = variance if noise_std else variance / 2
        assert float(networks.noise_variance) == pytest.approx(kept)


def test_free_bits_are_taken_layer_by_layer_and_the_kl_of_each_is_told():
    networks = Architecture("mlp", 1, 2, 1, 3).build(torch.Generator())
    networks.encoder = Fixed(torch.tensor([[1.0, 0.0, 4.0, 0.0, 0.0, 0.0]]))
    networks.decoder = Fixed(torch.zeros(1, 1, 1, 2))
    likelihood = PixelLikelihood("bernoulli")
    bound = EvidenceBound(likelihood, beta=1.0, warm_up=0.0, free_bits=2.0, layers=(2, 1))
    terms = bound(
        networks, torch.zeros(1, 1, 1, 2), Moment(0, 4, 0, torch.Generator(), torch.arange(1))
    )
    parts = {name: round(float(value), 5) for name, value in terms.parts.items()}
    assert parts == {"reconstruction": 1.38629, "kl": 8.5, "kl_1": 0.5, "kl_2": 8.0}
    assert float(terms.loss) == pytest.approx(2 * math.log(2) + 2 * 2.0 + 8.0)


def test_weight_of_the_kl_term_rises_to_beta_and_stays():
    bound = EvidenceBound(PixelLikelihood("gaussian"), beta=2.0, warm_up=0.5)
    assert [bound.weight(f) for f in (0.0, 0.25, 0.5, 1.0)] == [0.0, 1.0, 2.0, 2.0]
    at_once = EvidenceBound(PixelLikelihood("gaussian"), beta=2.0, warm_up=0.0)
    assert at_once.weight(0.0) == 2.0
