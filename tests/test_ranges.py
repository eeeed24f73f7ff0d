"""What numbers of more than 8 bits mean is stated, said, or assumed aloud; never guessed."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests._identity import ODD, RNG, encoded
from vaewidgets.images import load_images

CAMERA = (RNG.random((3, 16, 16)) * 4095).astype(np.uint16)
CAMERA[1, 0, 0] = 4095
MASK = np.arange(64, dtype=np.int32).reshape(8, 8) * 4 + 3
DARK = "0 to 65535, the largest is 4095"


def tiff_of_12_bits(values):
    """A TIFF file whose BitsPerSample is 12, which Pillow reads and does not write."""
    height, width = values.shape
    packed = bytearray()
    for first, second in values.reshape(-1, 2).tolist():
        packed += bytes([first >> 4, (first & 15) << 4 | second >> 8, second & 255])
    short, long = 3, 4
    tags = [(256, short, width), (257, short, height), (258, short, 12), (259, short, 1)]
    tags += [(262, short, 1), (273, long, 8), (277, short, 1), (278, short, height)]
    tags += [(279, long, len(packed))]
    entries = [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags]
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8 + len(packed)) + bytes(packed) + directory


def pgm(values, maxval):
    height, width = values.shape
    return f"P5 {width} {height} {maxval}\n".encode() + values.astype(">u2").tobytes()


def sources(arrays):
    """The same deep images as an array, a list, a list read one by one, and files."""
    return {
        "array": arrays,
        "list": list(arrays),
        "list of many sizes": [*arrays, ODD],
        "PNG": [encoded(array) for array in arrays],
        "TIFF": [encoded(array, "TIFF") for array in arrays],
        "PIL": [Image.fromarray(array) for array in arrays],
    }


@pytest.mark.parametrize("kind", sources(CAMERA))
def test_16_bits_are_taken_whole_and_it_is_said_where_fewer_would_do(kind):
    source = sources(CAMERA)[kind]
    images = load_images(source)
    assert images.as_float()[:3].max() == pytest.approx(4095 / 65535)
    assert DARK in images.notice
    assert "value_range=" in images.notice
    for value_range in ((0, 4095), [0.0, 4095], np.array([0, 4095])):
        images = load_images(source, value_range=value_range)
        assert images.as_float()[1].max() == 1
        np.testing.assert_allclose(
            images.as_float()[0, ..., 0][:16, :16].max(), CAMERA[0].max() / 4095
        )
        assert "65535" not in images.notice
    images = load_images(source, value_range="data")
    assert images.as_float()[1].max() == 1
    assert f"from {CAMERA.min()} to 4095, as found in the data" in images.notice
    bright = load_images(sources(CAMERA * 9)[kind])
    assert "65535" not in bright.notice  # fewer than 16 bits do not hold them


def test_what_a_file_states_is_taken_without_a_word():
    for file in (tiff_of_12_bits(CAMERA[0]), pgm(CAMERA[0], 4095)):
        images = load_images([file])
        np.testing.assert_allclose(images.as_float()[0, ..., 0], CAMERA[0] / 4095, atol=2e-5)
        assert images.notice == ""
    said = load_images([tiff_of_12_bits(CAMERA[0])], value_range=(0, 8190))
    np.testing.assert_allclose(said.as_float()[0, ..., 0], CAMERA[0] / 8190, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64, np.uint32, np.uint64, np.int8])
def test_other_integers_are_refused_until_their_range_is_said(dtype):
    values = (MASK // 4).astype(dtype)
    for source in (values[None], [values], [values, ODD]):
        if len(source) == 1:
            with pytest.raises(TypeError, match=r"no known range: pass value_range=\(low, high\)"):
                load_images(source)
        else:
            assert "no known range" in load_images(source, size=8).rejected[0].reason
        images = load_images(source, value_range=(0, 255), size=8)
        assert np.array_equal(images.as_uint8()[0, ..., 0], MASK // 4)
        top = np.iinfo(dtype).max
        whole = load_images(source, value_range="type", size=8).as_float()[0, ..., 0]
        low = np.iinfo(dtype).min
        np.testing.assert_allclose(whole, (MASK // 4 - float(low)) / (float(top) - low), rtol=1e-5)


def test_files_of_other_integers_are_treated_as_the_arrays():
    for source in ([encoded(MASK, "TIFF")], [Image.fromarray(MASK)]):
        with pytest.raises(ValueError, match="no known range"):
            load_images(source)
        assert np.array_equal(
            load_images(source, value_range=(0, 255)).as_uint8()[0, ..., 0], MASK
        )
        images = load_images(source, value_range="data")
        assert (images.as_float().min(), images.as_float().max()) == (0, 1)
        assert "from 3 to 255, as found in the data" in images.notice


def test_a_range_holds_for_floats_too_and_never_for_8_bits():
    floats = MASK / 1.0
    for source in (floats[None], [floats, ODD], [encoded(floats.astype(np.float32), "TIFF")]):
        images = load_images(source, value_range=(0, 255), size=8)
        np.testing.assert_allclose(images.as_float()[0, ..., 0], MASK / 255, atol=1e-6)
        assert load_images(source, value_range="data", size=8).as_float().max() == 1
    eight = MASK.astype(np.uint8)
    for source in (eight[None], [encoded(eight)]):
        assert np.array_equal(load_images(source, value_range=(0, 9)).pixels[0, ..., 0], eight)


def test_numbers_beyond_a_range_are_refused():
    with pytest.raises(ValueError, match=r"image 0 goes beyond 0 to 4000.*to 4095"):
        load_images(CAMERA, value_range=(0, 4000))
    images = load_images([encoded(image) for image in CAMERA], value_range=(0, 4094))
    assert "goes beyond" in images.rejected[0].reason
    with pytest.raises(ValueError, match="image 0 holds NaN"):
        load_images(np.full((1, 8, 9), np.nan), value_range=(0, 4))


def test_a_rounding_beyond_white_or_black_is_cut_and_more_is_refused():
    levels = np.arange(20, dtype=np.uint8).reshape(1, 4, 5) * 13 + 8
    exact = levels / levels.max()
    for dtype, factor in ((np.float64, 1 + 1e-7), (np.float32, 1 + 3e-7), (np.float32, 1 + 9e-7)):
        floats = (exact * factor).astype(dtype)
        assert floats.max() > 1
        before = floats.copy()
        for source in (floats, [*floats, ODD / 255]):
            images = load_images(source, size=(4, 5))
            assert images.pixels.max() == 1
            np.testing.assert_allclose(images.pixels[0, ..., 0], exact[0], atol=1e-6)
        assert np.array_equal(floats, before)
    assert load_images(exact - exact.min() - 5e-7).pixels.min() == 0
    for factor in (1.00001, 1.01):
        with pytest.raises(ValueError, match="float images must lie in"):
            load_images(exact * factor)


def test_one_array_with_nan_in_a_list_is_left_out_by_itself():
    good, bad = np.full((8, 8), 0.5), np.full((8, 8), np.nan)
    for odd in (bad, np.where(np.eye(8) > 0, np.inf, 0.5)):
        images = load_images([good, odd, good])
        assert images.positions.tolist() == [0, 2]
        (rejected,) = images.rejected
        assert (rejected.position, rejected.reason) == (1, "holds NaN or infinity")
        assert images.n_input == 3
    with pytest.raises(ValueError, match="image 0 holds NaN"):
        load_images([bad, bad])
    with pytest.raises(ValueError, match="image 1 holds NaN"):
        load_images(np.stack([good, bad]))


def test_masked_arrays_are_refused_as_their_mask_would_be_lost():
    values = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8)
    masked = np.ma.masked_array(values, mask=values < 20)
    with pytest.raises(TypeError, match=r"masked array, whose mask would be lost: .*filled"):
        load_images(masked)
    images = load_images(list(masked))
    assert "mask would be lost" in images.rejected[0].reason
    assert images.positions.tolist() == [1]  # nothing of it is masked
    assert len(load_images(np.ma.masked_array(values))) == 2


def test_colours_of_16_bits_are_read_at_8_and_it_is_said():
    # A PNG of one pixel, 16 bits a channel, which Pillow reads and does not write.
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = zlib.compress(b"\0" + struct.pack(">3H", 4095, 2048, 0))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    images = load_images([png])
    assert "1 colour images of 16 bits a channel were taken to go from 0 to 65535" in images.notice


def test_a_store_depends_on_the_range(tmp_path):
    store = tmp_path / "store.npy"
    files = [encoded(image) for image in CAMERA]
    for value_range in (None, (0, 4095), "data", (0, 5000)):
        in_memory = load_images(files, value_range=value_range)
        for _ in range(2):
            images = load_images(files, value_range=value_range, store=store)
            assert np.array_equal(images.pixels, in_memory.as_uint8())
            assert in_memory.notice in images.notice


@pytest.mark.parametrize(
    "value_range", ["full", (1,), (5, 5), (2, 1), (0, np.inf), 3, ("a", "b"), "12"]
)
def test_no_other_ranges_are_taken(value_range):
    with pytest.raises(ValueError, match=r'value_range must be "type", "data" or \(low, high\)'):
        load_images(["missing.png"], value_range=value_range)


def test_the_encoded_forms_are_what_they_say():
    assert Image.open(io.BytesIO(tiff_of_12_bits(CAMERA[0]))).mode == "I;16"
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(tiff_of_12_bits(CAMERA[0])))), CAMERA[0]
    )
