"""Hold the bound and the likelihood against values that are known.

Two checks whose right answer is known. (a) The recipe of pytorch/examples (a 784-400-20 network,
Bernoulli score on gray MNIST, Adam at 1e-3, 10 epochs) is known to end near 105.5 nats on the
test images. (b) For a linear Gaussian model p(x) has a closed form: the importance-weighted
estimate is held against it, and against a loop that draws one code after the other. Run with

    python -m benchmarks.likelihood [--seeds 3]

Needs ``mnist.npz`` in ``$VAEWIDGETS_DATA``.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import vaewidgets as vw
from benchmarks._report import keep, table
from vaewidgets.core.inference import importance_weighted_bound
from vaewidgets.core.networks.registry import Architecture, EncoderDecoder

KNOWN = 105.53  # nats, MODELS of the field: 80.29 + 25.24; pytorch/examples, 10 epochs
N_LIKELIHOOD = 1000
DRAWS = 10_000
SIZE, N_LATENT, VARIANCE = (4, 4), 3, 0.05


def check_value(seeds: int) -> str:
    """Train the known recipe and compare the bound on the test images."""
    folder = Path(os.environ["VAEWIDGETS_DATA"])
    train, _ = vw.datasets.load_mnist(folder / "mnist.npz", "train")
    test, _ = vw.datasets.load_mnist(folder / "mnist.npz", "test")
    rows, bounds = [], []
    for seed in range(seeds):
        began = time.perf_counter()
        vae = vw.VAE(
            20, network="mlp", network_settings={"hidden": 400}, likelihood="bernoulli",
            warm_up=0.0, schedule="constant", learning_rate=1e-3, batch_size=128, max_epochs=10,
            random_state=seed, progress=False,
        ).fit(train)  # fmt: skip
        seconds = time.perf_counter() - began
        bounds.append(-vae.score(test))
        likelihood = vae.log_likelihood(test.pixels[:N_LIKELIHOOD], 100).mean()
        rows.append(
            [
                str(seed),
                f"{bounds[-1]:.2f}",
                f"{-likelihood:.2f}",
                f"{vae.active_dimensions_.sum()} of 20",
                f"{seconds:.0f}",
            ]
        )
    header = ["seed", "-ELBO, nats", "-log p, 100 draws", "active units", "seconds"]
    spread = f"mean {np.mean(bounds):.2f}, least {min(bounds):.2f}, most {max(bounds):.2f}"
    known = f"Known: -ELBO {KNOWN} nats, -log p 100.69, 20 of 20 active. Here: {spread}."
    return (
        "## 784-400-20, 10 epochs, Bernoulli score on gray pixels of the MNIST test images\n\n"
        f"{table(header, rows)}\n\n{known} -log p is of the first {N_LIKELIHOOD:,} images."
    )


def linear_model() -> tuple[EncoderDecoder, np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Networks for x = W z + c + noise, images drawn from it, and log p of each."""
    rng = np.random.default_rng(0)
    n_values = math.prod(SIZE)
    weight, offset = rng.normal(0, 0.4, (n_values, N_LATENT)), np.full(n_values, 0.5)
    precision = np.eye(N_LATENT) + weight.T @ weight / VARIANCE
    to_mean = np.linalg.inv(precision) @ weight.T / VARIANCE
    log_var = -np.log(np.diag(precision)) + 0.5  # wider than the true posterior, as learned ones
    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(n_values, 2 * N_LATENT))
    decoder = torch.nn.Sequential(
        torch.nn.Linear(N_LATENT, n_values), torch.nn.Unflatten(1, (1, *SIZE))
    )
    values = {
        encoder[1].weight: np.concatenate([to_mean, np.zeros_like(to_mean)]),
        encoder[1].bias: np.concatenate([-to_mean @ offset, log_var]),
        decoder[0].weight: weight,
        decoder[0].bias: offset,
    }
    with torch.no_grad():
        for tensor, value in values.items():
            tensor.copy_(torch.from_numpy(value))
    networks = EncoderDecoder(encoder, decoder, Architecture("mlp", *SIZE, 1, N_LATENT)).eval()
    marginal = multivariate_normal(offset, weight @ weight.T + VARIANCE * np.eye(n_values))
    flat = marginal.rvs(50, random_state=rng).astype(np.float32)
    pixels = flat.reshape(-1, *SIZE, 1)
    return networks, pixels, marginal.logpdf(flat), (weight, offset, to_mean, log_var)


def gaussian(target: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
    """Log p(x | z) of a decoder that gives means, not logits."""
    squares = (target - mean).square().flatten(1).sum(dim=1)
    constant = target[0].numel() / 2 * math.log(2 * math.pi * VARIANCE)
    return -squares / (2 * VARIANCE) - constant


def one_by_one(flat: np.ndarray, parts: tuple[np.ndarray, ...], draws: int) -> float:
    """Estimate by a plain loop, in double precision."""
    weight, offset, to_mean, log_var = parts
    rng = np.random.default_rng(1)
    mean, std = to_mean @ (flat - offset), np.exp(log_var / 2)
    weights = np.empty(draws)
    for i in range(draws):
        noise = rng.standard_normal(N_LATENT)
        z = mean + std * noise
        error = flat - weight @ z - offset
        fit = -error @ error / (2 * VARIANCE) - len(flat) / 2 * math.log(2 * math.pi * VARIANCE)
        weights[i] = fit - z @ z / 2 + noise @ noise / 2 + np.log(std).sum()
    return float(logsumexp(weights) - math.log(draws))


def estimator() -> str:
    """Hold the estimate against the closed form and against the loop."""
    networks, pixels, exact, parts = linear_model()
    began = time.perf_counter()
    ours = importance_weighted_bound(networks, pixels, gaussian, DRAWS, seed=0)
    our_seconds = (time.perf_counter() - began) / len(pixels)
    began = time.perf_counter()
    looped = np.array([one_by_one(p.reshape(-1).astype(float), parts, DRAWS) for p in pixels[:5]])
    loop_seconds = (time.perf_counter() - began) / 5
    one = importance_weighted_bound(networks, pixels[:1], gaussian, DRAWS, seed=0)[0]
    rows = [
        ["ours", f"{np.abs(ours - exact).max():.4f}", f"{np.abs(ours[:5] - looped).max():.4f}",
         f"{1e3 * our_seconds:.2f}"],
        ["one draw after the other", f"{np.abs(looped - exact[:5]).max():.4f}", "",
         f"{1e3 * loop_seconds:.1f}"],
    ]  # fmt: skip
    header = ["estimate", "largest error, nats", "largest difference, nats", "ms an image"]
    return (
        f"## log p(x) of a linear Gaussian model, {DRAWS:,} draws an image, 50 images\n\n"
        f"{table(header, rows)}\n\n{loop_seconds / our_seconds:.0f} times as fast as the loop. "
        f"One image alone: error {abs(one - exact[0]):.4f} nats."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    body = f"{check_value(seeds)}\n\n{estimator()}"
    keep("likelihood", "The bound and the likelihood", body, ("torch", "numpy", "scipy"))


if __name__ == "__main__":
    main()
