import numpy as np
import pytest

from vaewidgets.labels.journal import RowSet


@pytest.mark.parametrize("n_rows", [0, 1, 7, 8, 9, 1000])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 1])
def test_rows_come_out_as_they_went_in(n_rows, share):
    mask = np.random.default_rng(n_rows).random(n_rows) < share
    packed = RowSet.from_bits(np.packbits(mask, bitorder="little").tobytes(), n_rows)
    assert packed.positions.tolist() == np.flatnonzero(mask).tolist()
    assert len(packed) == mask.sum()


def test_few_rows_of_many_are_held_as_positions_and_many_as_bits():
    assert RowSet.from_positions(np.array([5]), 1_000_000).data.nbytes == 4
    assert RowSet.from_positions(np.arange(1_000_000), 1_000_000).data.nbytes == 125_000


@pytest.mark.parametrize("size", [0, 1, 3, 1000])
def test_a_bitset_of_another_length_is_refused(size):
    with pytest.raises(ValueError, match="10 images need 2"):
        RowSet.from_bits(b"\x01" * size, 10)


def test_a_bitset_that_names_rows_beyond_the_last_is_refused():
    with pytest.raises(ValueError, match="beyond the last of 10 images"):
        RowSet.from_bits(b"\x00\x04", 10)
