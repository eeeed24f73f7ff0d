from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from vaewidgets.core.models.vae import VAE


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Small networks on one thread: on a busy machine a second is only waited for."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits():
    """300 images of 8 x 8 pixels, uint8 (n, 8, 8, 1)."""
    images = np.rint(load_digits().images[:300] / 16 * 255).astype(np.uint8)
    return images[..., None]


@pytest.fixture(scope="session")
def small_vae(digits):
    """A model after some 50 steps; tests must not fit it again."""
    return quick_vae(max_epochs=25).fit(digits)


def quick_vae(**parameters):
    settings = {"n_latent": 4, "max_epochs": 2, "n_threads": 1, "progress": False}
    return VAE(**{**settings, **parameters})


@pytest.fixture(scope="session")
def make_vae():
    return quick_vae
