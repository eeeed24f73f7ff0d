from __future__ import annotations

import pytest
import torch

from vaewidgets.core.networks.conv import ConvDecoder, ConvEncoder, plan
from vaewidgets.core.networks.mlp import MLPDecoder, MLPEncoder
from vaewidgets.core.networks.registry import (
    LOG_VAR_LIMIT,
    NETWORKS,
    Architecture,
    choose_network,
)
from vaewidgets.core.networks.size import ImageSize

SIZES = [(8, 8, 1), (9, 13, 1), (28, 28, 1), (33, 20, 3), (1, 1, 1), (64, 8, 3)]
LARGE_SIZES = [(32, 32, 1), (47, 70, 3)]  # from 32 pixels all networks work


def of_any_network(network, height, width, channels):
    """One with the defaults; the spatial one has as many numbers as it has cells."""
    n_latent = -(-height // 16) * -(-width // 16) if network == "spatial" else 10
    return Architecture(network, height, width, channels, n_latent)


@pytest.mark.parametrize(
    ("network", "size"),
    [(network, size) for network in NETWORKS if network != "dense_unet" for size in SIZES]
    + [(network, size) for network in NETWORKS for size in LARGE_SIZES],
)
def test_shapes_are_exact_for_any_size(network, size):
    height, width, channels = size
    architecture = of_any_network(network, *size)
    networks = architecture.build(torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        mean, log_var = networks.posterior(torch.rand(3, channels, height, width))
        logits = networks.decoder(mean)
    assert mean.shape == log_var.shape == (3, architecture.n_latent)
    assert logits.shape == (3, channels, height, width)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_log_variance_is_kept_in_bounds(network):
    networks = of_any_network(network, 32, 32, 1).build(torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        _, log_var = networks.posterior(torch.full((1, 1, 32, 32), 1e9))
    assert log_var.abs().max() == LOG_VAR_LIMIT


@pytest.mark.parametrize("network", NETWORKS)
def test_the_defaults_of_the_table_are_those_of_the_network(network):
    family, architecture = NETWORKS[network], of_any_network(network, 64, 64, 1)
    with torch.device("meta"):
        encoder = family.encoder(ImageSize(64, 64, 1), 2 * architecture.n_latent)
        decoder = family.decoder(ImageSize(64, 64, 1), architecture.n_latent)
    ours = architecture.outline()
    for part, plain in ((ours.encoder, encoder), (ours.decoder, decoder)):
        shapes = [{n: t.shape for n, t in m.state_dict().items()} for m in (part, plain)]
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("end", [1, 2])
def test_both_ends_of_each_setting_can_be_built(network, end):
    for name, limits in NETWORKS[network].settings.items():
        settings = {name: limits[end]}
        if settings == {"first_channels": 256}:
            settings["max_channels"] = 256
        if settings == {"max_channels": 8}:
            settings["first_channels"] = 8
        n_latent = 4096 if name == "n_first" else of_any_network(network, 32, 32, 1).n_latent
        Architecture(network, 32, 32, 1, n_latent, settings).outline()


def test_names_and_shapes_of_older_files_still_fit():
    for network, encoder, decoder in (
        ("mlp", MLPEncoder(ImageSize(9, 10, 3), 8), MLPDecoder(ImageSize(9, 10, 3), 4)),
        ("conv", ConvEncoder(ImageSize(9, 10, 3), 8), ConvDecoder(ImageSize(9, 10, 3), 4)),
    ):
        shapes = {
            f"{part}.{name}": tuple(tensor.shape)
            for part, module in (("encoder", encoder), ("decoder", decoder))
            for name, tensor in module.state_dict().items()
        }
        assert {name: shapes.get(name) for name in OLDER[network]} == OLDER[network]
        assert len(shapes) == N_OLDER[network]


OLDER = {
    "mlp": {
        "encoder.hidden.0.weight": (512, 270),
        "encoder.heads.weight": (8, 512),
        "encoder.heads.bias": (8,),
        "decoder.hidden.0.weight": (512, 4),
        "decoder.out.weight": (270, 512),
    },
    "conv": {
        "encoder.blocks.0.weight": (16, 3, 3, 3),
        "encoder.blocks.1.running_mean": (16,),
        "encoder.heads.weight": (8, 400),
        "decoder.dense.0.weight": (400, 4),
        "decoder.blocks.0.weight": (16, 3, 4, 4),
        "decoder.blocks.0.bias": (3,),
    },
}
N_OLDER = {"mlp": 8, "conv": 12}


def test_two_hidden_layers_are_mirrored():
    networks = Architecture("mlp", 28, 28, 1, 32, {"hidden": 128, "hidden_2": 64}).outline()
    layers = [
        tuple(part.weight.shape[::-1])
        for part in networks.modules()
        if isinstance(part, torch.nn.Linear)
    ]
    assert layers == [(784, 128), (128, 64), (64, 64), (32, 64), (64, 128), (128, 784)]


def test_channels_of_convolutions_double_from_the_first_to_the_most():
    assert plan(64, 64, 8, 32) == ((4, 4), (8, 16, 32, 32))
    networks = Architecture("conv", 64, 64, 3, 2, {"first_channels": 8, "max_channels": 32})
    widths = [
        part.out_channels
        for part in networks.outline().modules()
        if isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
    ]
    assert widths == [8, 16, 32, 32, 32, 16, 8, 3]


@pytest.mark.parametrize("network", ["conv", "spatial"])
def test_more_channels_at_first_than_at_most_are_refused(network):
    architecture = Architecture(network, 32, 32, 1, 4, {"first_channels": 128})
    with pytest.raises(ValueError, match=r"first_channels is 128; accepted: up to .*\(64\)"):
        architecture.outline()


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
        (("unet", 8, 8, 1, 2), "network is 'unet'; accepted: mlp, "),
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
