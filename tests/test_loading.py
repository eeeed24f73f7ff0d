"""Files, PIL images and columns: odd ones are read rightly or rejected with a reason."""

import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaewidgets.images import load_images
from vaewidgets.images.formats import FORMATS

RAMP = np.arange(8 * 6, dtype=np.uint8).reshape(8, 6) * 5
NOISE = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
COLOUR = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)


def encoded(array, kind="PNG", **options):
    stream = io.BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width, height):
    """A PNG file that claims a size and holds next to nothing."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def rejected_reason(source, **options):
    """Load one good image and one bad; return why the bad one was left out."""
    images = load_images([Image.fromarray(COLOUR), source], **options)
    assert len(images) == 1
    assert images.n_input == 2
    assert images.positions.tolist() == [0]
    (rejected,) = images.rejected
    assert rejected.position == 1
    return rejected.reason


BAD_FILES = {
    "empty.png": (b"", "0 bytes"),
    "text.png": (b"hello, I am no image", "not an image"),
    "page.jpg": (b"<html><body>404</body></html>", "not an image"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "huge.png": (png_header(20_000, 20_000), "PIL.Image.MAX_IMAGE_PIXELS|max_pixels"),
    "large.png": (png_header(10_000, 9_000), "10000 x 9000 pixels are more than max_pixels"),
    "absurd.png": (png_header(2**31 - 1, 2**31 - 1), "MAX_IMAGE_PIXELS|max_pixels"),
    "lying.png": (png_header(500, 500), "cannot be decoded"),
    "truncated.jpg": (encoded(NOISE, "JPEG")[:3000], "cannot be decoded"),
    "truncated.png": (encoded(NOISE)[:9000], "cannot be decoded"),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", "not an image"),
    "float.tif": (encoded(RAMP.astype(np.float32), "TIFF"), "outside"),
    "int32.tif": (encoded(RAMP.astype(np.int32) * 10**6, "TIFF"), "no known range"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_left_out_with_its_reason(tmp_path, name):
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        load_images(tmp_path)
    assert any(word in rejected_reason(tmp_path / name) for word in reason.split("|"))
    if name != "drawing.svg":  # known by its suffix only
        assert any(word in rejected_reason(content) for word in reason.split("|"))


@pytest.mark.parametrize("size", [None, 16])
def test_a_folder_of_good_and_bad_files_never_stops_half_way(tmp_path, caplog, size):
    for k, (name, (content, _)) in enumerate(sorted(BAD_FILES.items())):
        (tmp_path / f"{k:02d}-{name}").write_bytes(content)
        (tmp_path / f"{k:02d}-good.png").write_bytes(encoded(COLOUR))
    with caplog.at_level(logging.WARNING):
        images = load_images(tmp_path, size=size)
    n = len(BAD_FILES)
    assert (len(images), len(images.rejected), images.n_input) == (n, n, 2 * n)
    places = {*images.positions.tolist(), *(rejected.position for rejected in images.rejected)}
    assert places == set(range(2 * n))
    assert all(name.endswith("good.png") for name in images.sources)
    assert all(rejected.reason for rejected in images.rejected)
    assert f"{n} of {2 * n} images could not be read" in caplog.text


def test_the_pixel_limit_is_the_callers_to_set():
    assert "max_pixels=48" in rejected_reason(encoded(np.zeros((9, 9), np.uint8)), max_pixels=48)
    large = encoded(Image.new("1", (9_500, 9_500)))
    assert "max_pixels" in rejected_reason(large)
    assert len(load_images([large], max_pixels=10**8, size=8)) == 1


def test_16_bit_gray_is_scaled_and_not_clipped(tmp_path):
    deep = RAMP.astype(np.uint16) * 257
    for kind in ("PNG", "TIFF"):
        images = load_images([encoded(deep, kind), Image.fromarray(RAMP)])
        assert images.pixels.dtype == np.float32
        np.testing.assert_allclose(images.as_float()[0, ..., 0], RAMP / 255, atol=1e-6)
        np.testing.assert_allclose(images.as_float()[1, ..., 0], RAMP / 255, atol=1e-6)
        other_way = load_images([Image.fromarray(RAMP), encoded(deep, kind)])
        assert np.array_equal(other_way.pixels, images.pixels[::-1])
    (tmp_path / "deep.png").write_bytes(encoded(deep))
    assert load_images(tmp_path / "deep.png").as_float().max() == pytest.approx(RAMP.max() / 255)


def test_exif_rotation_is_applied_also_to_the_size():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter to the right
    image = np.zeros((4, 10, 3), np.uint8)
    image[:, :5] = 255
    turned = load_images([encoded(image, exif=exif)])
    assert turned.image_shape == (10, 4, 1)
    assert (turned.pixels[0, :5] == 255).all()
    assert (turned.pixels[0, 5:] == 0).all()


def test_transparency_is_laid_on_the_background():
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2] = (255, 0, 0, 255)
    on_white = load_images([Image.fromarray(rgba)])
    assert on_white.pixels[0, 0, 0].tolist() == [255, 0, 0]
    assert on_white.pixels[0, 3, 3].tolist() == [255, 255, 255]
    on_blue = load_images([Image.fromarray(rgba)], background=(0, 0, 255))
    assert on_blue.pixels[0, 3, 3].tolist() == [0, 0, 255]
    gray = np.dstack([np.full((4, 4), 10, np.uint8), np.full((4, 4), 128, np.uint8)])
    mixed = load_images([Image.fromarray(gray)])
    assert mixed.image_shape == (4, 4, 1)
    assert abs(int(mixed.pixels[0, 0, 0, 0]) - 132) <= 1


def test_palettes_cmyk_bilevel_and_transparent_palettes_become_their_colours():
    red = Image.new("RGB", (4, 4), (204, 0, 0))  # a colour of Pillow's web palette
    transparent = red.convert("P")
    transparent.info["transparency"] = transparent.getpixel((0, 0))
    for image, expected in [
        (red.convert("P"), [204, 0, 0]),
        (transparent, [255, 255, 255]),
        (red.convert("CMYK"), [204, 0, 0]),
        (red.convert("YCbCr"), [204, 0, 0]),
        (red.convert("HSV"), [204, 0, 0]),
        (Image.new("1", (4, 4), 1), [255, 255, 255]),
    ]:
        found = load_images([image], channels="rgb").pixels[0, 0, 0]
        assert np.abs(found.astype(int) - expected).max() <= 2, image.mode


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("L", (5, 5), value) for value in (30, 200, 90)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    assert (load_images([stream.getvalue()]).pixels == 30).all()


def test_the_collection_is_gray_until_an_image_has_colour():
    gray_in_colour = Image.fromarray(np.dstack([RAMP] * 3))
    assert load_images([gray_in_colour, Image.fromarray(RAMP)]).image_shape == (8, 6, 1)
    mixed = load_images([gray_in_colour, Image.fromarray(COLOUR), Image.fromarray(RAMP)])
    assert mixed.image_shape == (8, 6, 3)
    assert np.array_equal(mixed.pixels[0], np.dstack([RAMP] * 3))
    assert np.array_equal(mixed.pixels[1], COLOUR)
    assert np.array_equal(mixed.pixels[2], np.dstack([RAMP] * 3))
    assert load_images([Image.fromarray(COLOUR)], channels="gray").image_shape == (8, 6, 1)
    assert load_images([gray_in_colour], channels="rgb").image_shape == (8, 6, 3)


def test_a_column_of_everything_keeps_the_row_numbers_whatever_the_index(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(COLOUR))
    column = pd.Series(
        [str(path), None, Image.fromarray(COLOUR), COLOUR, np.nan, path, encoded(COLOUR), pd.NA],
        index=[7, 7, "x", 0, 1, 2, 3, 4],
    )
    images = load_images(column)
    assert images.positions.tolist() == [0, 2, 3, 5, 6]
    assert [rejected.position for rejected in images.rejected] == [1, 4, 7]
    assert {rejected.reason for rejected in images.rejected} == {"missing value"}
    assert all(np.array_equal(image, COLOUR) for image in images)


def test_odd_things_in_a_list_are_rejected_one_by_one(tmp_path):
    for item, reason in [
        ("https://example.org/a.png", "web addresses"),
        ("nowhere.png", "no such file"),
        (tmp_path, "is a folder"),
        ("a\0b.png", "NUL"),
        (12, "int is not a file name"),
        ({}, "bytes, path or both"),
        ({"name": "a"}, "a dict of name"),
        (np.zeros((4, 4, 4), np.uint8), "4 channels"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.full((4, 4), 9.0), "divide by"),
        (np.zeros((2, 2, 2, 2), np.uint8), r"(h, w)"),
        (np.array([["a"]]), "uint8"),
        (b"", "0 bytes"),
    ]:
        assert reason in rejected_reason(item)


def test_folders_are_searched_to_the_bottom_in_the_order_of_names(tmp_path):
    for name in ("b/2.png", "b/1.PNG", "a.jpeg", ".hidden.png", ".git/x.png", "__MACOSX/y.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(encoded(COLOUR))
    (tmp_path / "notes.txt").write_text("not counted")
    images = load_images(str(tmp_path))
    found = [Path(name).relative_to(tmp_path).as_posix() for name in images.sources]
    assert found == ["a.jpeg", "b/1.PNG", "b/2.png"]
    assert images.n_input == 3
    assert len(load_images(tmp_path.glob("**/*.png"))) == 4


def test_a_folder_without_images_and_a_missing_one_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"no image files in .*found: 1 x .txt.*known are .avif"):
        load_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        load_images(tmp_path / "nothing")


def test_one_file_and_one_picture_are_collections_of_one(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(COLOUR))
    for source in (tmp_path / "a.png", Image.fromarray(COLOUR), encoded(COLOUR)):
        assert np.array_equal(load_images(source).pixels, COLOUR[None])


def test_images_of_several_sizes_come_to_the_commonest_one_unstretched_and_it_is_said():
    wide, square = Image.new("L", (40, 20), 0), Image.new("L", (30, 30), 0)
    images = load_images([square, wide, square], background="white")
    assert images.image_shape == (30, 30, 1)
    assert (images.pixels[1, 0] == 255).all()  # padding above
    assert (images.pixels[1, 15] == 0).all()
    assert "2 sizes, padded to one" in images.notice
    assert load_images([square, square]).notice == ""
    no_majority = [Image.new("L", (10 * k, 20)) for k in (1, 2, 3)]
    assert load_images(no_majority).image_shape == (20, 20, 1)


def test_large_photographs_are_shrunk_by_default_and_arrays_never():
    photo = Image.new("L", (640, 480))
    images = load_images([photo])
    assert images.image_shape == (48, 64, 1)
    assert "shrunk from 480 x 640" in images.notice
    assert load_images([photo], size=(480, 640)).image_shape == (480, 640, 1)
    assert load_images(np.asarray(photo)[None]).image_shape == (480, 640, 1)


def test_the_three_ways_to_a_size():
    image = np.zeros((10, 20), np.uint8)
    image[:, 5:15] = 200
    pad, crop, stretch = (
        load_images([image, image[:9]], size=10, fit=fit, background="black").pixels[0, ..., 0]
        for fit in ("pad", "crop", "resize")
    )
    assert (pad[:2] == 0).all()
    assert pad[5, 5] == 200
    assert (crop == 200).all()
    assert stretch[0, 5] == 200
    assert stretch[0, 0] == 0


def test_float_images_are_resized_within_0_and_1():
    edge = np.zeros((9, 9))
    edge[:, 4:] = 1
    images = load_images([edge, edge[:7]], size=23, fit="resize")
    assert images.pixels.dtype == np.float32
    assert images.pixels.min() >= 0
    assert images.pixels.max() <= 1


def test_a_jpeg_decoded_at_reduced_size_looks_like_the_full_one():
    # Stripes of 8 pixels, which decoding at an eighth of the size would make gray.
    stripes = np.uint8(255) * (np.arange(1600) // 8 % 2).astype(np.uint8)
    photo = encoded(np.broadcast_to(stripes, (1200, 1600)), "JPEG", quality=95)
    small = load_images([photo], size=(300, 400)).pixels[0, ..., 0]
    whole = np.asarray(Image.open(io.BytesIO(photo)).resize((400, 300), Image.Resampling.BICUBIC))
    assert np.abs(small.astype(int) - whole).mean() <= 8
    assert small.std() > 100


def test_loading_does_not_change_the_callers_pictures_nor_pillows_limits():
    picture = Image.fromarray(COLOUR)
    limit = Image.MAX_IMAGE_PIXELS
    load_images([picture], size=4, channels="gray")
    photo = Image.open(io.BytesIO(encoded(NOISE, "JPEG")))
    load_images([photo], size=4)
    assert photo.size == (160, 120)
    assert np.array_equal(np.asarray(picture), COLOUR)
    assert picture.mode == "RGB"
    assert limit == Image.MAX_IMAGE_PIXELS


def test_every_format_on_the_list_is_known_to_pillow():
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA"):
        assert load_images([encoded(COLOUR, kind)]).image_shape[:2] == (8, 6)
