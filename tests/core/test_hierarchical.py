from __future__ import annotations

import numpy as np
import pytest
import torch

from vaewidgets import HierarchicalVAE

SETTINGS = {"max_epochs": 2, "batch_size": 16, "n_threads": 1, "progress": False}


@pytest.fixture(scope="module")
def images():
    """Sixty-four images of 32 x 32: a bright bar at any height, and noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (64, 32, 32, 1), dtype=np.uint8)
    for image, at in zip(images, rng.integers(2, 26, 64), strict=True):
        image[at : at + 4] = 220
    return images


def test_the_paper_s_size_has_the_paper_s_parameters():
    module = HierarchicalVAE((8, 8), size="paper").architecture(128, 128, 1).outline()
    assert sum(p.numel() for p in module.parameters()) == 2_306_605


def test_layers_are_the_first_and_the_other_dimensions(images):
    model = HierarchicalVAE((2, 3), **SETTINGS).fit(images)
    both, (first, second) = model.posterior(images), model.posterior_layers(images)
    np.testing.assert_array_equal(np.hstack([first.mean, second.mean]), both.mean)
    np.testing.assert_array_equal(np.hstack([first.std, second.std]), both.std)
    assert first.mean.shape == (64, 2)
    for record in model.history_:
        assert record["kl_1"] + record["kl_2"] == pytest.approx(record["kl"], rel=1e-5)


def test_codes_of_each_layer_change_the_image(images):
    model = HierarchicalVAE((2, 3), **SETTINGS).fit(images)
    codes = model.transform(images[:1])
    for dimension in range(5):
        moved = codes.copy()
        moved[0, dimension] += 3
        assert np.abs(model.inverse_transform(moved) - model.inverse_transform(codes)).max() > 1e-4


def test_free_bits_keep_the_first_layer_in_use(images):
    """With a KL that costs ten times as much, layer 1 is given up; free bits hold it."""
    used = {}
    for free_bits in (0.0, 0.5):
        model = HierarchicalVAE(
            (2, 2), beta=10.0, warm_up=0.0, noise_std=1.0, free_bits=free_bits,
            **(SETTINGS | {"max_epochs": 30}),
        )  # fmt: skip
        used[free_bits] = model.fit(images).history_[-1]["kl_1"]
    assert used[0.0] < 0.1
    assert used[0.5] > 0.4  # of the 1 nat that is free


def test_noise_of_a_given_size_is_kept(images):
    model = HierarchicalVAE((2, 2), noise_std=0.5, **SETTINGS).fit(images)
    assert torch.equal(model.networks_.noise_variance, torch.tensor(0.25))


@pytest.mark.parametrize("n_latent", [16, (8,), (8, 8, 8), (0, 8), (8, 2.5), "88"])
def test_two_dimensions_are_asked_for(images, n_latent):
    with pytest.raises((TypeError, ValueError), match=r"n_latent.*accepted"):
        HierarchicalVAE(n_latent, **SETTINGS).fit(images)


def test_small_images_are_refused_in_words():
    with pytest.raises(ValueError, match="images are 8 x 8 pixels"):
        HierarchicalVAE(**SETTINGS).fit(np.eye(64, dtype=np.uint8).reshape(64, 8, 8) * 200)
