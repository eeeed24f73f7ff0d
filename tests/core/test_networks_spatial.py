from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaewidgets.core.networks.size import ImageSize
from vaewidgets.core.networks.spatial import SpatialDecoder, SpatialEncoder


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 300), st.integers(8, 300), st.sampled_from([1, 3]), st.integers(1, 3))
def test_any_size_comes_back_as_it_was(height, width, channels, n_maps):
    n_latent = n_maps * -(-height // 16) * -(-width // 16)
    with torch.device("meta"):
        encoder = SpatialEncoder(ImageSize(height, width, channels), 2 * n_latent)
        outputs = encoder(torch.empty(2, channels, height, width))
        logits = SpatialDecoder(ImageSize(height, width, channels), n_latent)(
            outputs[:, :n_latent]
        )
    assert outputs.shape == (2, 2 * n_latent)
    assert logits.shape == (2, channels, height, width)


def test_pictures_of_256_pixels_have_256_numbers_and_few_weights():
    with torch.device("meta"):
        encoder = SpatialEncoder(ImageSize(256, 256, 3), 512)
        decoder = SpatialDecoder(ImageSize(256, 256, 3), 256)
    assert decoder.grid == (1, 16, 16)
    assert sum(p.numel() for p in (*encoder.parameters(), *decoder.parameters())) < 200_000


def test_weights_do_not_grow_with_the_image():
    sizes = []
    for side in (32, 256):
        with torch.device("meta"):
            encoder = SpatialEncoder(ImageSize(side, side, 3), 2 * (side // 16) ** 2)
        sizes.append([tuple(p.shape) for p in encoder.parameters()])
    assert sizes[0] == sizes[1]


def test_codes_are_map_after_map_and_row_by_row():
    encoder = SpatialEncoder(ImageSize(128, 96, 1), 2 * 8 * 6).eval()  # two maps of 8 x 6 cells
    image = torch.rand(1, 1, 128, 96)
    changed = image.clone()
    changed[..., 5 * 16 + 8, 2 * 16 + 8] += 1.0  # in the middle of the cell of row 5, column 2
    with torch.no_grad():
        moved = (encoder(changed) != encoder(image)).reshape(2, 8, 6)
    for one_map in moved:
        rows, columns = one_map.nonzero().T
        assert one_map[5, 2]
        assert rows.min() >= 3  # 63 pixels are at most two cells to each side
        assert rows.max() <= 7
        assert columns.max() <= 4


def test_a_number_changes_the_picture_around_its_cell_alone():
    decoder = SpatialDecoder(ImageSize(128, 96, 1), 2 * 8 * 6).eval()
    z = torch.zeros(1, 2, 8, 6)
    changed = z.clone()
    changed[0, 1, 5, 2] = 1.0
    with torch.no_grad():
        difference = decoder(changed.flatten(1)) != decoder(z.flatten(1))
    rows, columns = difference[0, 0].nonzero().T
    assert difference[0, 0, 5 * 16 : 6 * 16, 2 * 16 : 3 * 16].any()
    assert rows.min() >= 3 * 16
    assert columns.max() < 5 * 16


def test_both_halves_of_the_outputs_are_whole_maps():
    encoder = SpatialEncoder(ImageSize(32, 32, 1), 8).eval()
    torch.nn.init.zeros_(encoder.heads.weight)
    with torch.no_grad():
        encoder.heads.bias.copy_(torch.tensor([1.0, 2.0]))
    assert encoder(torch.rand(1, 1, 32, 32)).tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]]


@pytest.mark.parametrize("value", [1, 15, 17, 24])
@pytest.mark.parametrize(
    ("network", "name"), [(SpatialEncoder, "n_outputs"), (SpatialDecoder, "n_latent")]
)
def test_codes_that_do_not_fill_the_cells_are_refused(network, name, value):
    message = rf"{name} is {value}; accepted for 64 x 50 images: multiples of 16 .*4 x 4 cells"
    with pytest.raises(ValueError, match=message):
        network(ImageSize(64, 50, 1), value)
