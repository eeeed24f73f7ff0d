"""The checked collection, and every kind of array that is or is not a collection of images."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaewidgets.images import Images, Rejected, as_images, check_image, load_images
from vaewidgets.images.contact_sheet import MOST, contact_sheet

GRAY = np.arange(5 * 6 * 7, dtype=np.uint8).reshape(5, 6, 7)
RGB = np.arange(5 * 6 * 7 * 3, dtype=np.uint8).reshape(5, 6, 7, 3)
FLOATS = (GRAY / 255).astype(np.float32)


@pytest.mark.parametrize(
    ("array", "axes", "shape"),
    [
        (GRAY, None, (6, 7, 1)),
        (GRAY, "NHW", (6, 7, 1)),
        (GRAY[..., None], None, (6, 7, 1)),
        (GRAY[:, None], None, (6, 7, 1)),
        (RGB, None, (6, 7, 3)),
        (np.moveaxis(RGB, 3, 1), None, (6, 7, 3)),
        (np.moveaxis(RGB, 3, 1), "NCHW", (6, 7, 3)),
        (np.zeros((2, 3, 5, 3), np.uint8), "NHWC", (3, 5, 3)),
        (np.zeros((2, 3, 5, 3), np.uint8), "NCHW", (5, 3, 3)),
        (np.zeros((9, 8, 3), np.uint8), "NHW", (8, 3, 1)),
        (np.zeros((1, 28, 28), np.uint8), None, (28, 28, 1)),
        (np.zeros((4, 1, 1, 1), np.uint8), None, (1, 1, 1)),
        (np.zeros((1, 1, 1), np.uint8), "NHW", (1, 1, 1)),
        (np.zeros((1, 4096, 4096), np.uint8), None, (4096, 4096, 1)),
        (np.full((3, 8, 8), 0.5), None, (8, 8, 1)),
    ],
)
def test_arrays_of_every_layout_come_out_as_height_width_channels(array, axes, shape):
    images = load_images(array, axes=axes)
    assert images.image_shape == shape
    assert images.shape == (len(array), *shape)
    assert len(images) == len(array)
    assert images.rejected == ()
    assert images.n_input == len(array)


def test_pixels_of_every_layout_are_the_same_pixels():
    first_channels = np.moveaxis(RGB, 3, 1)
    assert np.array_equal(load_images(first_channels).pixels, RGB)
    assert np.array_equal(load_images(np.ascontiguousarray(first_channels)).pixels, RGB)


def test_8_bit_arrays_are_kept_without_a_copy_and_stay_the_callers():
    images = load_images(RGB)
    assert np.shares_memory(images.pixels, RGB)
    assert not images.pixels.flags.writeable
    assert RGB.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        images.pixels[0] = 0


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[[0, 65535], [32768, 257]]], np.uint16), [0, 1, 32768 / 65535, 257 / 65535]),
        (np.array([[[0, 1], [0.25, 0.5]]], np.float64), [0, 1, 0.25, 0.5]),
        (np.array([[[0, 1], [0.25, 0.5]]], np.float16), [0, 1, 0.25, 0.5]),
        (np.array([[[0, 1], [0.25, 0.5]]], ">f4"), [0, 1, 0.25, 0.5]),
        (np.array([[[False, True], [True, False]]]), [0, 1, 1, 0]),
        (np.array([[[0, 255], [51, 102]]], np.uint8), [0, 1, 0.2, 0.4]),
    ],
)
def test_numbers_of_every_type_become_brightness_from_0_to_1(array, expected):
    images = load_images(array, axes="NHW")
    assert images.pixels.dtype in (np.uint8, np.float32)
    assert images.pixels.dtype.isnative
    np.testing.assert_allclose(images.as_float().ravel(), expected, atol=1e-7)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.full((3, 4, 5), 255.0), ValueError, "image 0 goes from 255 to 255: divide by 255"),
        (np.stack([np.zeros((4, 5)), np.full((4, 5), 2.0)]), ValueError, "image 1 .* divide by"),
        (np.full((3, 4, 5), -0.5), ValueError, r"\(images \+ 1\) / 2"),
        (np.full((3, 4, 5), 1e9), ValueError, "subtract the smallest"),
        (np.where(np.arange(60) == 45, np.nan, 0.5).reshape(3, 4, 5), ValueError, "image 2.*NaN"),
        (np.full((3, 4, 5), np.inf), ValueError, "image 0 holds infinity"),
        (np.full((3, 4, 5), -np.inf, np.float32), ValueError, "image 0 holds infinity"),
        (np.zeros((3, 4, 5), np.int64), TypeError, r"astype\('uint8'\)"),
        (np.zeros((3, 4, 5), np.uint32), TypeError, "no known range"),
        (np.zeros((3, 4, 5), complex), TypeError, "complex"),
        (np.zeros((3, 4, 5), object), TypeError, r"astype\('uint8'\)"),
        (np.full((3, 4, 5), object()), TypeError, "array of objects"),
        (np.full((3, 4, 5), "x"), TypeError, "<U1"),
        (np.zeros((3, 8, 9, 2), np.uint8), ValueError, "2 channels.*gray channel"),
        (np.zeros((3, 8, 9, 4), np.uint8), ValueError, r"4 channels.*images\[..., :3\]"),
        (np.zeros((3, 8, 9, 5), np.uint8), ValueError, "5 channels"),
        (np.zeros((3, 4, 8, 9), np.uint8), ValueError, "9 channels"),
        (np.zeros((3, 3, 8, 3), np.uint8), ValueError, "two ways: pass axes="),
        (np.zeros((3, 3, 8, 4), np.uint8), ValueError, "two ways: pass axes="),
        (np.zeros((28, 28, 3), np.uint8), ValueError, r'axes="NHW".*image\[None\]'),
        (np.zeros((1, 1, 1), np.uint8), ValueError, 'axes="NHW"'),
        (np.zeros((10, 784), np.uint8), ValueError, r"reshape\(n, height, width\)"),
        (np.zeros(7, np.uint8), ValueError, r"shape \(7,\)"),
        (np.zeros((1, 2, 3, 4, 5), np.uint8), ValueError, "shape"),
        (np.zeros((0, 28, 28), np.uint8), ValueError, "0 images"),
        (np.zeros((2, 0, 28), np.uint8), ValueError, "without pixels"),
        (np.float32(0.5), ValueError, "shape"),
    ],
)
def test_arrays_that_are_no_images_are_refused_with_a_remedy(array, error, message):
    with pytest.raises(error, match=message):
        load_images(array)


def test_the_axes_argument_must_fit():
    with pytest.raises(ValueError, match="axes must be one of NHW, NHWC, NCHW"):
        load_images(GRAY, axes="HWN")
    with pytest.raises(ValueError, match="needs an array of 4 axes"):
        load_images(GRAY, axes="NHWC")


def test_a_bad_image_far_into_a_large_array_is_found(monkeypatch):
    monkeypatch.setattr("vaewidgets.images.pixels._CHUNK_NUMBERS", 40)
    array = np.full((50, 4, 5), 0.5)
    assert load_images(array).as_float().max() == 0.5
    array[37, 2, 2] = np.nan
    with pytest.raises(ValueError, match="image 37"):
        load_images(array)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_read_only_strided_and_memory_mapped_arrays_work(tmp_path, dtype):
    array = (np.arange(6 * 8 * 10) % 2).reshape(6, 8, 10).astype(dtype)
    np.save(tmp_path / "images.npy", array)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    strided = np.repeat(array, 2, axis=2)[:, :, ::2]
    frozen = array.copy()
    frozen.flags.writeable = False
    expected = load_images(array)
    for other in (mapped, strided, frozen, array[::-1][::-1], np.asfortranarray(array)):
        images = load_images(other)
        assert np.array_equal(images.pixels, expected.pixels)
        assert images.fingerprint == expected.fingerprint
        assert np.array_equal(images.thumbnails(4), expected.thumbnails(4))


@pytest.mark.parametrize("value", [0, 255])
def test_constant_images_work(value):
    images = load_images(np.full((3, 8, 8), value, np.uint8))
    assert (images.as_uint8() == value).all()


def test_anything_numpy_can_read_is_an_array():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return GRAY

    assert load_images(Tensor()).image_shape == (6, 7, 1)


def test_a_list_of_equal_arrays_is_an_array_and_keeps_its_size():
    large = [np.zeros((300, 200), np.uint8)] * 3
    assert load_images(large).image_shape == (300, 200, 1)
    with pytest.raises(ValueError, match=r"image 1 .* divide by 255"):
        load_images([np.zeros((9, 9)), np.full((9, 9), 200.0)])


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([], ValueError, "0 images"),
        (None, TypeError, "is NoneType; accepted: an array or tensor"),
        (7, TypeError, "is int; accepted"),
        ({"a": 1}, ValueError, "none of the 1 images.*int is not a file name"),
        ([1, 2, 3], ValueError, "none of the 3 images.*int is not a file name"),
        ([[[1, 2], [3]]], ValueError, "differ in length"),
        ([[["a", "b"]]], ValueError, "uint8"),
        (
            pd.DataFrame({"front": ["x.png"], "back": ["y.png"]}),
            TypeError,
            r"DataFrame, has front, back, of which several can be images.*frame\[name\]",
        ),
        (pd.DataFrame({"name": ["x"], "size": [0]}), TypeError, "none is an image"),
        ({b"x.png", b"y.png"}, TypeError, "set, which has no order"),
        (pd.Series([], dtype=object), ValueError, "0 images"),
        (pd.Series([None, np.nan, pd.NA]), ValueError, "none of the 3.*missing value"),
    ],
)
def test_sources_that_hold_no_images_are_refused_in_words(source, error, message):
    with pytest.raises(error, match=message):
        load_images(source)


def test_options_are_checked_before_anything_is_read():
    for options, message in [
        ({"size": 0}, "size"),
        ({"size": (4, 5, 6)}, "size"),
        ({"size": (4, True)}, "size"),
        ({"size": 2.5}, "size"),
        ({"fit": "squeeze"}, "fit must be one of pad, crop, resize"),
        ({"channels": "rgba"}, "channels must be one of gray, rgb"),
        ({"background": "mauvish"}, "background"),
        ({"background": (1, 2)}, "background"),
        ({"background": (1, 2, 300)}, "background"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            load_images(["missing.png"], **options)


def test_one_row_gives_an_array_and_several_give_a_collection_that_knows_its_places():
    images = Images(
        RGB, [2, 3, 5, 8, 9], [Rejected(0, "a.png", "why")], sources=list("abcde"), notice="hm"
    )
    assert images[0].shape == (6, 7, 3)
    assert np.array_equal(images[-1], RGB[4])
    assert images[np.int64(1)].dtype == np.uint8
    for rows in (slice(1, 4, 2), [1, 3], np.array([1, 3]), [False, True, False, True, False]):
        part = images[rows]
        assert np.array_equal(part.pixels, RGB[[1, 3]])
        assert part.positions.tolist() == [3, 8]
        assert part.sources == ("b", "d")
        assert part.n_input == 2
    assert len(images[[]]) == 0
    assert images[pd.Series([True] + [False] * 4, index=[9, 8, 7, 6, 5])].positions.tolist() == [2]
    assert len(list(images)) == 5
    with pytest.raises(IndexError):
        images[5]
    with pytest.raises(IndexError):
        images[[[0, 1]]]


def test_the_text_of_a_collection_is_short_and_counts_the_rejected():
    images = Images(RGB, rejected=[Rejected(5, "a.png", "why")])
    assert repr(images) == "<Images: 5 RGB images, 6 x 7 pixels, uint8, 1 rejected>"
    assert images.n_input == 6


def test_the_constructor_takes_only_the_checked_form():
    with pytest.raises(ValueError, match="load_images takes other forms"):
        Images(GRAY)
    with pytest.raises(ValueError, match="float64"):
        Images(np.zeros((2, 3, 3, 1)))
    with pytest.raises(ValueError, match="positions"):
        Images(RGB, [1, 2])


def test_numbers_and_bytes_convert_into_each_other_without_loss():
    images = load_images(np.arange(256, dtype=np.uint8).reshape(1, 16, 16))
    again = load_images(images.as_float())
    assert again.pixels.dtype == np.float32
    assert np.array_equal(again.as_uint8(), images.pixels)
    assert np.array_equal(np.asarray(images), images.as_float())
    assert np.asarray(images, dtype=np.float64).dtype == np.float64
    assert images.as_float([0]).flags.writeable
    assert not np.shares_memory(load_images(FLOATS).as_float(), FLOATS)


def test_the_fingerprint_changes_with_one_pixel_the_shape_and_the_number_type():
    base = load_images(GRAY)
    assert base.fingerprint == load_images(GRAY.copy()).fingerprint
    changed = GRAY.copy()
    changed[4, 5, 6] ^= 1
    others = [changed, GRAY.reshape(5, 7, 6), GRAY[:4], FLOATS, GRAY[::-1]]
    prints = {base.fingerprint, *(load_images(other).fingerprint for other in others)}
    assert len(prints) == 6


def test_as_images_passes_collections_through_and_loads_the_rest():
    images = load_images(GRAY)
    assert as_images(images) is images
    assert np.array_equal(as_images(GRAY).pixels, images.pixels)


def test_a_collection_can_be_brought_to_another_size_and_colour():
    images = load_images(RGB, size=(12, 14), channels="gray")
    assert images.image_shape == (12, 14, 1)
    again = load_images(images, size=6, channels="rgb", fit="resize")
    assert again.image_shape == (6, 6, 3)
    assert load_images(load_images(RGB)).image_shape == (6, 7, 3)


def test_one_image_is_checked_against_the_models_shape():
    assert check_image(GRAY[0], (6, 7, 1)).shape == (6, 7, 1)
    assert check_image(GRAY[:1, ..., None], (6, 7, 1)).dtype == np.float32
    assert check_image(load_images(GRAY)[2:3], (6, 7, 1)).max() <= 1
    assert check_image(Image.new("RGB", (70, 60), "red"), (6, 7, 3))[0, 0].tolist() == [1, 0, 0]
    assert check_image(Image.new("L", (10, 10)), (6, 7, 3)).shape == (6, 7, 3)
    for image, message in [
        (GRAY[0].T, r"start has shape \(7, 6\)"),
        (RGB[0], "the model takes images of shape"),
        (GRAY[0].astype(float), "start.*divide by 255"),
        (RGB, "must be one image, got 5"),
        ("missing.png", "start.*no such file"),
        (None, "start.*missing value"),
    ]:
        with pytest.raises(ValueError, match=message):
            check_image(image, (6, 7, 1), "start")


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 24), st.sampled_from([1, 3]))
@settings(max_examples=60, deadline=None)
def test_thumbnails_keep_brightness_and_proportion_and_never_grow(height, width, side, channels):
    rng = np.random.default_rng(height * 41 + width)
    pixels = rng.integers(0, 256, (2, height, width, channels), dtype=np.uint8)
    small = Images(pixels).thumbnails(side)
    _, new_height, new_width, _ = small.shape
    assert max(new_height, new_width) == min(side, max(height, width))
    assert small.dtype == np.uint8
    assert abs(small.mean() - pixels.mean()) <= 1
    if max(height, width) <= side:
        assert np.array_equal(small, pixels)


def test_thumbnails_are_means_of_blocks_so_that_thin_strokes_stay():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 12, 8, 3), dtype=np.uint8)
    blocks = pixels.reshape(3, 6, 2, 4, 2, 3).mean(axis=(2, 4))
    assert np.abs(Images(pixels).thumbnails(6) - blocks).max() <= 0.5
    stroke = np.zeros((1, 100, 100, 1), np.uint8)
    stroke[:, :, 33] = 255
    assert (Images(stroke).thumbnails(10)[0, :, 3] > 0).all()
    floats = load_images(pixels / 255.0)
    assert np.abs(floats.thumbnails(6).astype(int) - Images(pixels).thumbnails(6)).max() <= 1


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_every_image_stands_at_its_place_on_a_sheet_of_legal_size(n, height, width):
    pixels = (np.arange(n) % 256).astype(np.uint8)[:, None, None, None]
    pixels = np.broadcast_to(pixels, (n, height, width, 1))
    sheets = Images(pixels).sprite_sheets(max_side=16, max_sheet=64)
    assert [sheet.start for sheet in sheets[1:]] == [sheet.stop for sheet in sheets[:-1]]
    assert (sheets[0].start, sheets[-1].stop) == (0, n)
    for sheet in sheets:
        assert max(sheet.pixels.shape[:2]) <= 64
        for row in range(sheet.start, sheet.stop):
            down, right = divmod(row - sheet.start, sheet.columns)
            top, left = down * sheet.tile_height, right * sheet.tile_width
            tile = sheet.pixels[top : top + sheet.tile_height, left : left + sheet.tile_width]
            assert tile.shape == (sheet.tile_height, sheet.tile_width, 1)
            assert (tile == row % 256).all()


def test_a_thumbnail_that_does_not_fit_its_sheet_is_refused():
    with pytest.raises(ValueError, match="max_side must be between 1 and max_sheet=64"):
        load_images(GRAY).sprite_sheets(max_side=65, max_sheet=64)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_contact_sheet_shows_the_first_images_enlarged_and_nothing_between_them(channels):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (MOST + 5, 16, 8, channels), dtype=np.uint8)
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet(pixels))))
    height, width = 64, 32
    tiles = sheet.reshape(MOST // 12, height + 3, 12, width + 3, 4).swapaxes(1, 2)
    tiles = tiles.reshape(MOST, height + 3, width + 3, 4)
    assert (tiles[:, height:, :, 3] == 0).all()
    assert (tiles[:, :, width:, 3] == 0).all()
    shown = tiles[:, :height, :width]
    assert (shown[..., 3] == 255).all()
    assert (shown[:, ::4, ::4, :3] == pixels[:MOST]).all()
    large = np.zeros((2, 100, 300, channels), np.float32)
    assert Image.open(io.BytesIO(contact_sheet(large))).size == (2 * (64 + 3), 21 + 3)


def test_a_notebook_shows_what_there_is_and_the_first_images(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    Images(np.zeros((2, 8, 8, 1), np.uint8))._ipython_display_()
    assert shown[0] == {"text/plain": "<Images: 2 gray images, 8 x 8 pixels, uint8>"}
    assert shown[1]["image/png"].startswith(b"\x89PNG")
    shown.clear()
    Images(np.zeros((0, 8, 8, 1), np.uint8))._ipython_display_()
    assert len(shown) == 1
