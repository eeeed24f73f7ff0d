from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from torch.distributions import ContinuousBernoulli, Independent, Normal

from vaewidgets.core import losses

LOGITS = [-30.0, -5.0, -0.3, -0.2501, -0.25, -0.01, -1e-6, 0.0, 1e-12, 1e-3, 0.2, 0.26, 1.0, 40.0]


def density(x, logit):
    target, logits = torch.tensor([[[x]], [[logit]]], dtype=torch.double)
    return float(losses.continuous_bernoulli_log_likelihood(target, logits).exp())


def test_continuous_bernoulli_is_that_of_torch_distributions():
    generator = torch.Generator().manual_seed(0)
    logits = 6 * torch.randn(5, 1, 9, 7, generator=generator, dtype=torch.double)
    logits[:, :, 0] *= 1e-3  # near p = 1/2, where torch uses a series too
    logits[:, :, 1] = 0.0
    target = torch.rand(5, 1, 9, 7, generator=generator, dtype=torch.double)
    oracle = Independent(ContinuousBernoulli(logits=logits), 3).log_prob(target)
    result = losses.continuous_bernoulli_log_likelihood(target, logits)
    torch.testing.assert_close(result, oracle, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("logit", LOGITS)
def test_continuous_bernoulli_is_a_density_with_the_mean_that_is_given(logit):
    total, _ = quad(density, 0, 1, args=(logit,), epsabs=1e-11, epsrel=1e-11)
    mean, _ = quad(lambda x: x * density(x, logit), 0, 1, epsabs=1e-11, epsrel=1e-11)
    assert total == pytest.approx(1.0, abs=1e-9)
    logits = torch.tensor(logit, dtype=torch.double)
    assert float(losses.continuous_bernoulli_mean(logits)) == pytest.approx(mean, abs=1e-9)


@settings(deadline=None)
@given(st.floats(-60, 60), st.floats(0, 1))
def test_single_precision_is_as_good_as_double(logit, x):
    results = []
    for dtype in (torch.float, torch.double):
        logits = torch.tensor([[logit]], dtype=torch.float).to(dtype).requires_grad_()
        target = torch.tensor([[x]], dtype=torch.float).to(dtype)
        fit = losses.continuous_bernoulli_log_likelihood(target, logits)
        mean = losses.continuous_bernoulli_mean(logits)
        gradients = torch.autograd.grad(fit.sum() + mean.sum(), logits)
        results.append([float(value.detach()) for value in (fit, mean, gradients[0])])
    np.testing.assert_allclose(*results, rtol=2e-6, atol=5e-6)


def test_gradients_of_the_continuous_bernoulli_are_right_around_zero():
    inside = [logit for logit in LOGITS if abs(logit) != 0.25]  # there the formula changes
    logits = torch.tensor([inside], dtype=torch.double, requires_grad=True)
    target = torch.linspace(0, 1, len(inside), dtype=torch.double)[None]
    torch.autograd.gradcheck(
        lambda x: losses.continuous_bernoulli_log_likelihood(target, x), logits
    )
    torch.autograd.gradcheck(losses.continuous_bernoulli_mean, logits)


def test_best_parameter_of_a_gray_value_is_not_the_gray_value_but_has_it_as_mean():
    logits = torch.zeros(1, 1, dtype=torch.double, requires_grad=True)
    target = torch.full((1, 1), 0.3, dtype=torch.double)
    optimizer = torch.optim.LBFGS([logits], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = -losses.continuous_bernoulli_log_likelihood(target, logits).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert float(losses.continuous_bernoulli_mean(logits).detach()) == pytest.approx(0.3, abs=1e-4)
    assert float(logits.sigmoid().detach()) == pytest.approx(0.065, abs=1e-3)


@pytest.mark.parametrize("name", losses.LIKELIHOODS)
def test_likelihoods_by_name_are_those_functions(name):
    target, logits = torch.rand(3, 1, 2, 2), torch.randn(3, 1, 2, 2)
    variance = torch.tensor(0.2)
    expected = {
        "gaussian": losses.gaussian_log_likelihood(target, logits.sigmoid(), variance),
        "bernoulli": losses.bernoulli_score(target, logits),
        "continuous_bernoulli": losses.continuous_bernoulli_log_likelihood(target, logits),
    }
    assert torch.equal(losses.log_likelihood(name, target, logits, variance), expected[name])


def test_the_image_shown_is_the_mean_under_the_likelihood():
    logits = torch.linspace(-4, 4, 9)
    for name, oracle in (
        ("gaussian", logits.sigmoid()),
        ("bernoulli", logits.sigmoid()),
        ("continuous_bernoulli", ContinuousBernoulli(logits=logits.double()).mean.float()),
    ):
        torch.testing.assert_close(losses.mean_image(name, logits), oracle, rtol=0, atol=1e-6)


def test_normal_log_density_is_that_of_torch_distributions():
    z, mean, log_var = torch.randn(3, 5, 4), torch.randn(5, 4), torch.randn(5, 4)
    oracle = Independent(Normal(mean, (log_var / 2).exp()), 1).log_prob(z)
    torch.testing.assert_close(losses.normal_log_density(z, mean, log_var), oracle)
    zero = torch.zeros(())
    prior = Independent(Normal(torch.zeros(4), torch.ones(4)), 1).log_prob(z)
    torch.testing.assert_close(losses.normal_log_density(z, zero, zero), prior)
