from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaewidgets.core.networks.dense_unet import DenseUNetDecoder, DenseUNetEncoder
from vaewidgets.core.networks.size import ImageSize

TINY = {"n_first": 2, "growth": 4, "features": 8, "block1": 1, "block2": 1, "block3": 2}
TINY |= {"block4": 1, "bn_size": 2}


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.fixture(scope="module")
def paper():
    """The network of the paper, for its 128 x 128 gray maps, without memory."""
    with torch.device("meta"):
        return DenseUNetEncoder(ImageSize(128, 128, 1), 32), DenseUNetDecoder(
            ImageSize(128, 128, 1), 16
        )


def test_defaults_have_the_parameters_of_the_paper_part_by_part(paper):
    encoder, decoder = paper
    heads = count(encoder.mean_1, encoder.log_var_1, encoder.mean_2, encoder.log_var_2)
    codes = count(decoder.code_1, decoder.code_2)
    assert count(encoder) - heads == 997_344
    assert heads + codes == 230_432
    assert count(decoder) - codes == 1_078_829
    assert count(encoder, decoder) == 2_306_605


def test_stages_have_the_shapes_of_the_paper(paper):
    encoder, decoder = paper
    shapes = {}

    def keep(name):
        def hook(_module, _inputs, output):
            shapes[name] = tuple(output.shape[1:])

        return hook

    parts = {
        "convolution": encoder.stem[0],
        "stem": encoder.stem,
        "block 1": encoder.first[6],  # the transitions behind 6, 12 and 24 layers
        "block 2": encoder.first[6 + 1 + 12],
        "block 3": encoder.first,
        "block 4": encoder.second,
        "joined": decoder.join,
        "8 x 8": decoder.stages[0],
        "16 x 16": decoder.stages[2],
        "32 x 32": decoder.stages[4],
        "64 x 64": decoder.stages[6],
    }
    hooks = [part.register_forward_hook(keep(name)) for name, part in parts.items()]
    decoder(encoder(torch.empty(1, 1, 128, 128, device="meta"))[:, :16])
    for hook in hooks:
        hook.remove()
    assert shapes == {
        "convolution": (24, 63, 63),  # a border of 2, not 3
        "stem": (24, 32, 32),
        "block 1": (48, 16, 16),
        "block 2": (96, 8, 8),
        "block 3": (192, 4, 4),
        "block 4": (384, 4, 4),
        "joined": (192, 4, 4),
        "8 x 8": (192, 8, 8),
        "16 x 16": (96, 16, 16),
        "32 x 32": (48, 32, 32),
        "64 x 64": (24, 64, 64),
    }


@settings(max_examples=20, deadline=None)
@given(st.integers(32, 256), st.integers(32, 256), st.sampled_from([1, 3]), st.integers(3, 9))
def test_any_size_from_32_pixels_comes_back_as_it_was(height, width, channels, n_latent):
    with torch.device("meta"):
        encoder = DenseUNetEncoder(ImageSize(height, width, channels), 2 * n_latent, **TINY)
        decoder = DenseUNetDecoder(ImageSize(height, width, channels), n_latent, **TINY)
        outputs = encoder(torch.empty(2, channels, height, width))
        logits = decoder(outputs[:, :n_latent])
    assert outputs.shape == (2, 2 * n_latent)
    assert logits.shape == (2, channels, height, width)


@pytest.mark.parametrize("size", [(32, 47, 3), (100, 64, 1)])
def test_logits_of_odd_sizes_are_finite_and_nothing_becomes_nothing(size):
    height, width, channels = size
    encoder = DenseUNetEncoder(ImageSize(height, width, channels), 10, **TINY).eval()
    decoder = DenseUNetDecoder(ImageSize(height, width, channels), 5, **TINY).eval()
    with torch.no_grad():
        logits = decoder(encoder(torch.rand(2, channels, height, width))[:, :5])
        nothing = decoder(encoder(torch.rand(0, channels, height, width))[:, :5])
    assert torch.isfinite(logits).all()
    assert nothing.shape == (0, channels, height, width)


def test_outputs_are_means_of_both_layers_then_log_variances_of_both():
    encoder = DenseUNetEncoder(ImageSize(32, 32, 1), 10, **TINY)
    for value, name in enumerate(["mean_1", "mean_2", "log_var_1", "log_var_2"]):
        head = getattr(encoder, name)
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.constant_(head.bias, value)
    outputs = encoder(torch.rand(2, 1, 32, 32))
    assert outputs.tolist() == [[0, 0, 1, 1, 1, 2, 2, 3, 3, 3]] * 2


def test_layer_1_reads_the_third_block_and_layer_2_the_fourth():
    encoder = DenseUNetEncoder(ImageSize(64, 64, 1), 10, **TINY)
    outputs = encoder(torch.rand(4, 1, 64, 64))
    fourth = list(encoder.second.parameters())
    for columns, is_second in ((slice(0, 2), False), (slice(2, 5), True)):
        gradients = torch.autograd.grad(
            outputs[:, columns].square().sum(), fourth, retain_graph=True, allow_unused=True
        )
        assert any(g is not None and bool(g.any()) for g in gradients) == is_second


def test_both_layers_reach_the_image_and_layer_1_without_the_deepest_convolution():
    decoder = DenseUNetDecoder(ImageSize(64, 64, 1), 5, **TINY).eval()
    decoder.initialise(torch.Generator().manual_seed(0))
    z = torch.zeros(1, 5)
    base = decoder(z)
    for dimension in range(5):
        moved = z.clone()
        moved[0, dimension] = 2.0
        assert (decoder(moved) - base).abs().max() > 1e-4
    for parameter in decoder.join.parameters():
        torch.nn.init.zeros_(parameter)
    moved = torch.tensor([[2.0, 0, 0, 0, 0], [0, 0, 2.0, 2.0, 2.0]])
    change = (decoder(moved) - decoder(z)).abs().amax(dim=(1, 2, 3))
    assert change[0] > 1e-4
    assert change[1] == 0


@pytest.mark.parametrize(("last_features", "rank"), [(0, 1), (8, 4)])
def test_blocks_of_2_pixels_share_one_number_in_the_paper_and_not_with_more_channels(
    last_features, rank
):
    decoder = DenseUNetDecoder(ImageSize(64, 64, 1), 5, **TINY, last_features=last_features).eval()
    decoder.initialise(torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = decoder(5 * torch.randn(3, 5))
    assert logits.shape == (3, 1, 64, 64)
    blocks = logits.unfold(2, 2, 2).unfold(3, 2, 2).reshape(-1, 4)
    assert torch.linalg.matrix_rank(blocks, rtol=1e-4) == rank


def test_weights_are_drawn_as_xavier_says_from_the_generator_alone():
    encoder, decoder = (
        DenseUNetEncoder(ImageSize(64, 64, 1), 32),
        DenseUNetDecoder(ImageSize(64, 64, 1), 16),
    )
    before = torch.get_rng_state()
    for module in (encoder, decoder):
        module.initialise(torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)
    for layer in (encoder.first[0].added[2], decoder.join[2], decoder.code_2, encoder.mean_1):
        n_window = math.prod(layer.weight.shape[2:])
        fans = n_window * (layer.weight.shape[0] + layer.weight.shape[1])
        assert float(layer.weight.detach().std()) == pytest.approx(math.sqrt(2 / fans), rel=0.06)
    for name, parameter in (*encoder.named_parameters(), *decoder.named_parameters()):
        if name.endswith("bias"):
            assert not parameter.any()
    again = DenseUNetDecoder(ImageSize(64, 64, 1), 16)
    again.initialise(torch.Generator().manual_seed(3))
    assert torch.equal(again.code_1.weight, decoder.code_1.weight)


def test_decoder_uses_only_what_a_page_can_compute(paper):
    leaves = {type(m).__name__ for m in paper[1].modules() if not list(m.children())}
    assert leaves == {"Linear", "BatchNorm2d", "ReLU", "Conv2d", "ConvTranspose2d"}


def test_a_small_one_learns_images_by_heart():
    generator = torch.Generator().manual_seed(0)
    encoder = DenseUNetEncoder(ImageSize(32, 32, 1), 10, **TINY)
    decoder = DenseUNetDecoder(ImageSize(32, 32, 1), 5, **TINY)
    encoder.initialise(generator)
    decoder.initialise(generator)
    coarse = torch.rand(6, 1, 4, 4, generator=generator)
    images = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
    for _ in range(60):
        error = (decoder(encoder(images)[:, :5]).sigmoid() - images).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert error < 0.15 * (images - images.mean(dim=0)).square().mean()


@pytest.mark.parametrize("network", [DenseUNetEncoder, DenseUNetDecoder])
def test_what_does_not_fit_is_refused(network):
    with pytest.raises(ValueError, match=r"images are 31 x 40 pixels; accepted .* at least 32"):
        network(ImageSize(31, 40, 1), 32)
    with pytest.raises(ValueError, match=r"n_latent is 5; accepted: above n_first \(5\)"):
        network(ImageSize(32, 32, 1), 10 if network is DenseUNetEncoder else 5, n_first=5)
