"""The terms on codes and classes: bounds, free bits, sparse codes, clusters."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from torch.distributions import Bernoulli, Categorical, Normal, kl_divergence

from vaewidgets.core import losses


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_importance_weighted_bound_is_the_logarithm_of_the_mean_weight():
    parts = [100 * draws(7, 3, seed=i).double() for i in range(3)]
    result = losses.importance_weighted_bound(*parts)
    weights = (parts[0] + parts[1] - parts[2]).numpy()
    np.testing.assert_allclose(result.numpy(), logsumexp(weights, axis=0) - math.log(7))


def test_importance_weighted_bound_of_one_draw_is_its_weight_and_never_overflows():
    one = torch.tensor([[-30_000.0]])
    assert losses.importance_weighted_bound(one, one / 2, -one).tolist() == [-75_000.0]
    many = one.expand(1000, 1)
    assert float(losses.importance_weighted_bound(many, many, many)) == pytest.approx(-30_000)


def test_free_bits_are_those_of_each_group_averaged_over_the_batch():
    kl = torch.tensor([[0.0, 0.2, 3.0, 1.0], [0.4, 0.2, 1.0, 1.0]], requires_grad=True)
    result = losses.free_bits(kl, sizes=(2, 1, 1), least=(0.5, 0.5, 1.5))
    assert float(result.detach()) == pytest.approx(0.5 + 2.0 + 1.5)
    result.backward()
    assert kl.grad.tolist() == [[0, 0, 0.5, 0], [0, 0, 0.5, 0]]


def test_without_free_bits_it_is_the_kl():
    kl = draws(5, 6).abs()
    for sizes in ((6,), (2, 4), (1,) * 6):
        result = losses.free_bits(kl, sizes, (0.0,) * len(sizes))
        torch.testing.assert_close(result, kl.sum(dim=1).mean())


def test_sparse_penalty_is_the_divergence_of_bernoullis():
    codes = draws(20, 6).sigmoid()
    oracle = kl_divergence(Bernoulli(torch.tensor(0.1)), Bernoulli(codes.mean(dim=0))).sum()
    torch.testing.assert_close(losses.sparse_penalty(codes, 0.1), oracle)


def test_sparse_penalty_is_zero_at_the_wanted_activity_and_finite_at_the_ends():
    assert float(losses.sparse_penalty(torch.full((4, 3), 0.25), 0.25)) == pytest.approx(
        0, abs=1e-6
    )
    for value in (0.0, 1.0):
        codes = torch.full((4, 3), value, requires_grad=True)
        penalty = losses.sparse_penalty(codes, 0.1)
        penalty.backward()
        assert 0 < penalty.detach() < 50
        assert torch.isfinite(codes.grad).all()


def test_class_divergence_is_the_weighted_sum_over_the_classes():
    mean, log_var, logits = draws(5, 3), draws(5, 3, seed=1), draws(5, 4, seed=2)
    class_means, class_log_vars = 2 * draws(4, 3, seed=3), draws(4, 3, seed=4)
    oracle = torch.zeros(5)
    for y in range(4):
        posterior = Normal(mean, (log_var / 2).exp())
        prior = Normal(class_means[y], (class_log_vars[y] / 2).exp())
        divergence = kl_divergence(posterior, prior).sum(dim=1)
        oracle += logits.softmax(dim=1)[:, y] * divergence
    ours = losses.class_divergence(mean, log_var, class_means, class_log_vars, logits)
    torch.testing.assert_close(ours, oracle)


def test_class_divergence_of_one_class_at_zero_is_that_of_the_plain_model():
    mean, log_var = draws(5, 3), draws(5, 3, seed=1)
    zero = torch.zeros(1, 3)
    result = losses.class_divergence(mean, log_var, zero, zero, torch.zeros(5, 1))
    torch.testing.assert_close(result, losses.kl_to_standard_normal(mean, log_var).sum(dim=1))


def test_class_divergence_is_what_one_draw_gives_on_average():
    mean, log_var = draws(1, 3).double(), draws(1, 3, seed=1).double()
    logits, class_means = draws(1, 4, seed=2).double(), draws(4, 3, seed=3).double()
    z = mean + (log_var / 2).exp() * draws(200_000, 3, seed=4)
    # the published code: -1/2 sum (log s^2 - (z - mu_y)^2), which is half a dimension more each
    squares = (z[:, None] - class_means).square().sum(dim=2).mean(dim=0)
    published = (logits.softmax(dim=1) * 0.5 * (squares - log_var.sum())).sum()
    exact = losses.class_divergence(
        mean, log_var, class_means, torch.zeros_like(class_means), logits
    )
    assert float(exact) == pytest.approx(float(published) - 3 / 2, abs=0.02)


def test_class_certainty_is_the_divergence_from_equal_classes():
    logits = 3 * draws(6, 5)
    oracle = kl_divergence(Categorical(logits=logits), Categorical(logits=torch.zeros(6, 5)))
    torch.testing.assert_close(losses.class_certainty(logits), oracle)
    assert losses.class_certainty(torch.zeros(1, 10)).abs() < 1e-6
    certain = torch.tensor([[2000.0, 0.0, 0.0]], requires_grad=True)
    result = losses.class_certainty(certain)
    assert float(result.detach()) == pytest.approx(math.log(3))
    result.sum().backward()
    assert torch.isfinite(certain.grad).all()


def test_imbalance_looks_at_the_batch_and_certainty_at_each_image():
    certain_and_equal = torch.eye(3) * 100
    assert float(losses.imbalance(certain_and_equal)) == pytest.approx(0, abs=1e-6)
    assert losses.class_certainty(certain_and_equal).tolist() == pytest.approx([math.log(3)] * 3)
    all_in_one = torch.tensor([[100.0, 0.0, 0.0]]).expand(5, 3)
    assert float(losses.imbalance(all_in_one)) == pytest.approx(math.log(3))
    logits = draws(7, 4)
    sizes = Categorical(probs=logits.softmax(dim=1).mean(dim=0))
    oracle = kl_divergence(sizes, Categorical(probs=torch.full((4,), 0.25)))
    torch.testing.assert_close(losses.imbalance(logits), oracle)
