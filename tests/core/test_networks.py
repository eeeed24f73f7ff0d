from __future__ import annotations

import pytest
import torch

from vaewidgets.core.networks.conv import plan
from vaewidgets.core.networks.mlp import LOG_VAR_LIMIT
from vaewidgets.core.networks.registry import NETWORKS, Architecture, choose_network

SIZES = [(8, 8, 1), (9, 13, 1), (28, 28, 1), (33, 20, 3), (1, 1, 1), (64, 8, 3)]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("size", SIZES)
def test_shapes_are_exact_for_any_size(network, size):
    height, width, channels = size
    networks = Architecture(network, height, width, channels, 5).build(torch.Generator()).eval()
    with torch.no_grad():
        mean, log_var = networks.encoder(torch.rand(3, channels, height, width))
        logits = networks.decoder(mean)
    assert mean.shape == log_var.shape == (3, 5)
    assert logits.shape == (3, channels, height, width)


@pytest.mark.parametrize("network", NETWORKS)
def test_log_variance_is_kept_in_bounds(network):
    networks = Architecture(network, 8, 8, 1, 2).build(torch.Generator()).eval()
    with torch.no_grad():
        _, log_var = networks.encoder(torch.full((1, 1, 8, 8), 1e6))
    assert log_var.abs().max() <= LOG_VAR_LIMIT


def test_grid_of_28_pixels_needs_no_cut():
    assert plan(28, 28) == ((7, 7), (16, 32))


@pytest.mark.parametrize("size", SIZES)
def test_decoder_uses_only_what_a_page_can_compute(size):
    decoder = Architecture("conv", *size, 4).outline().decoder
    leaves = {type(m).__name__ for m in decoder.modules() if not list(m.children())}
    assert leaves <= {"Linear", "ReLU", "ConvTranspose2d", "BatchNorm2d"}
    for layer in decoder.modules():
        if isinstance(layer, torch.nn.ConvTranspose2d):
            assert layer.in_channels % 8 == 0


def test_weights_follow_from_the_generator_alone_and_leave_torch_as_it_was():
    architecture = Architecture("conv", 28, 28, 1, 4)
    before = torch.get_rng_state()
    first = architecture.build(torch.Generator().manual_seed(7)).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    second = architecture.build(torch.Generator().manual_seed(7)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.isfinite(tensor).all() for tensor in first.values())


def test_weights_are_spread_as_torch_does_it():
    ours = Architecture("mlp", 16, 16, 1, 4).build(torch.Generator().manual_seed(0))
    theirs = torch.nn.Linear(256, 512).state_dict()
    layer = ours.encoder.hidden[0].state_dict()
    assert float(layer["weight"].std()) == pytest.approx(float(theirs["weight"].std()), rel=0.05)
    assert layer["bias"].abs().max() <= 1 / 16


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (("unet", 8, 8, 1, 2), "network is 'unet'; accepted: mlp, conv"),
        (("mlp", 0, 8, 1, 2), "height is 0"),
        (("mlp", 8, 8, 1, 10**9), "n_latent is 1000000000"),
        (("mlp", 8, True, 1, 2), "width is True"),
        (("mlp", 8.0, 8, 1, 2), "height is 8.0"),
    ],
)
def test_sizes_out_of_range_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        Architecture(*sizes)


def test_a_network_too_large_is_refused_before_memory_is_taken():
    with pytest.raises(ValueError, match=r"would have .* parameters"):
        Architecture("mlp", 4096, 4096, 3, 4096).outline()


def test_auto_takes_convolutions_from_8_pixels():
    assert [choose_network(*size) for size in ((7, 30), (8, 8), (28, 28))] == [
        "mlp",
        "conv",
        "conv",
    ]
