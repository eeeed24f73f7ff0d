from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaewidgets.core.networks.dual_conv import DualConvDecoder, DualConvEncoder
from vaewidgets.core.networks.size import ImageSize


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from([1, 3]), st.integers(1, 5))
def test_any_size_comes_back_as_it_was_at_any_depth(height, width, channels, n_layers):
    with torch.device("meta"):
        sizes = {"n_layers": n_layers, "hidden": 16}
        outputs = DualConvEncoder(ImageSize(height, width, channels), 14, **sizes)(
            torch.empty(2, channels, height, width)
        )
        logits = DualConvDecoder(ImageSize(height, width, channels), 7, **sizes)(outputs[:, :7])
    assert outputs.shape == (2, 14)
    assert logits.shape == (2, channels, height, width)


@pytest.mark.parametrize(
    ("n_layers", "grid"), [(1, (14, 14)), (2, (7, 7)), (3, (4, 4)), (4, (2, 2)), (5, (1, 1))]
)
def test_grids_of_28_pixels_are_those_of_pooling_that_rounds_up(n_layers, grid):
    encoder = DualConvEncoder(ImageSize(28, 28, 1), 4, n_layers=n_layers)
    image = torch.rand(1, 1, 28, 28)
    assert encoder.small(image).shape == (1, 16, *grid)
    assert encoder.large(image).shape == (1, 32, *grid)
    assert DualConvDecoder(ImageSize(28, 28, 1), 2, n_layers=n_layers).grid == (16, *grid)


def test_layers_are_those_of_the_paper():
    encoder = DualConvEncoder(ImageSize(28, 28, 1), 120, n_layers=1, hidden=512)
    n_weights = sum(p.numel() for p in encoder.parameters())
    small, large = 16 * (3 * 3 + 1), 32 * (5 * 5 + 1)
    assert n_weights == small + large + (48 * 14 * 14 + 1) * 512 + (512 + 1) * 120


def test_branches_see_windows_of_3_and_5_pixels():
    encoder = DualConvEncoder(ImageSize(9, 9, 1), 4, n_layers=1)
    for branch, window in ((encoder.small, 3), (encoder.large, 5)):
        image = torch.rand(1, 1, 9, 9, requires_grad=True)
        (gradient,) = torch.autograd.grad(branch[0](image)[0, :, 4, 4].sum(), image)
        assert int((gradient != 0).sum()) == window**2


def test_both_branches_reach_the_outputs():
    encoder = DualConvEncoder(ImageSize(28, 28, 1), 4)
    encoder(torch.rand(2, 1, 28, 28)).sum().backward()
    assert encoder.small[0].weight.grad.any()
    assert encoder.large[0].weight.grad.any()


def test_too_large_pictures_lose_their_lower_right_border():
    decoder = DualConvDecoder(ImageSize(28, 28, 1), 2, n_layers=5).eval()
    z = torch.randn(1, 2)
    uncut = decoder.layers(decoder.dense(z).reshape(-1, *decoder.grid))
    assert uncut.shape == (1, 1, 32, 32)
    assert torch.equal(decoder(z), uncut[..., :28, :28])


def test_decoder_uses_only_what_a_page_can_compute():
    leaves = {
        type(m).__name__
        for m in DualConvDecoder(ImageSize(28, 28, 3), 4).modules()
        if not list(m.children())
    }
    assert leaves == {"Linear", "ReLU", "ConvTranspose2d"}
