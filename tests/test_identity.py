"""What an image is known by: the same wherever it stands, and another for another image."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests._identity import COLOUR, GRAY, ODD, RNG, content, encoded, same
from vaewidgets.images import Images, load_images
from vaewidgets.images.identity import (
    content_of_bytes,
    content_of_picture,
    content_of_pixels,
    contents_of,
)


def test_an_image_is_the_same_in_any_order_size_and_colour(photos):
    images = load_images(photos)
    assert images.contents.shape == (6,)
    assert images.contents.dtype == "S16"
    assert len(set(images.contents.tolist())) == 6
    files = [Path(source) for source in images.sources]
    order = [3, 0, 5, 1, 4, 2]
    assert (load_images([files[k] for k in order]).contents == images.contents[order]).all()
    for options in (
        {"size": 4},
        {"size": (5, 30), "fit": "crop"},
        {"size": 12, "fit": "resize", "background": "black"},
        {"channels": "gray"},
        {"channels": "rgb"},
    ):
        assert same(load_images(photos, **options), images)
        others = load_images(images, **options)
        assert same(others, images)
        assert (others.paths, others.names) == (images.paths, images.names)


def test_an_image_is_the_same_in_a_moved_folder_and_under_another_name(photos, monkeypatch):
    images = load_images(photos)
    monkeypatch.chdir(photos.parent)
    assert same(load_images("photos"), images)
    moved = photos.with_name("moved")
    shutil.move(photos, moved)
    (moved / "0.png").rename(moved / "new.png")
    others = load_images(moved)
    assert others.names == ["1.png", "2.png", "3.png", "4.png", "more/a.jpg", "new.png"]
    assert (others.contents == images.contents[[1, 2, 3, 4, 5, 0]]).all()


def test_a_file_saved_anew_is_another_image_and_equal_files_are_one(photos):
    images = load_images(photos)
    shutil.copy(photos / "4.png", photos / "5.png")
    (photos / "0.png").write_bytes(encoded(Image.open(photos / "0.png"), compress_level=0))
    others = load_images(photos)
    assert np.array_equal(others.pixels[:5], images.pixels[:5])
    assert others.contents[0] != images.contents[0]
    assert (others.contents[[1, 2, 3, 4, 5, 6]] == images.contents[[1, 2, 3, 4, 4, 5]]).all()


def test_an_encoded_image_is_the_file_that_holds_it(photos):
    files = [photos / "0.png", photos / "more" / "a.jpg"]
    contents = [file.read_bytes() for file in files]
    images = load_images([*files, *contents, memoryview(contents[0]), bytearray(contents[1])])
    assert (images.contents == images.contents[[0, 1, 0, 1, 0, 1]]).all()
    assert content(images) == content_of_bytes(contents[0])


def forms_of(array, folder):
    """The same 8-bit images in every form that holds them."""
    np.save(folder / "images.npy", array)
    floats = array.astype(np.float32) / np.float32(255)
    return {
        "a list": list(array),
        "a column": pd.Series(list(array)),
        "a list of many kinds": [*array, ODD],
        "mapped": np.load(folder / "images.npy", mmap_mode="r"),
        "laid out otherwise": np.asfortranarray(array),
        "every second column": np.repeat(array, 2, axis=2)[:, :, ::2],
        "float64": array / 255,
        "float32": floats,
        "big-endian": floats.astype(">f4"),
        "floats in a list": list(array / 255),
        "floats and whole numbers": [floats[0], *(array[1:] / 255), ODD],
        "16 bits": array.astype(np.uint16) * 257,
        "16 bits in a list of many kinds": [*(array.astype(np.uint16) * 257), ODD],
        "PIL images": [Image.fromarray(image) for image in array],
        "a collection": load_images(array),
        "floats of a collection": load_images(array).as_float(),
        "another size": load_images(list(array), size=5, fit="crop"),
        "another size of a list": load_images([*array, ODD], size=5),
    }


@pytest.mark.parametrize("array", [GRAY, COLOUR], ids=["gray", "colour"])
def test_an_array_is_the_same_in_every_form_that_holds_its_pixels(array, tmp_path):
    expected = load_images(array).contents
    for what, form in forms_of(array, tmp_path).items():
        assert (load_images(form).contents[: len(array)] == expected).all(), what
    assert (load_images(np.moveaxis(COLOUR, 3, 1)).contents == load_images(COLOUR).contents).all()


def test_black_and_white_are_the_same_in_one_bit_and_in_eight():
    bits = GRAY > 128
    whole = np.where(bits, 255, 0).astype(np.uint8)
    for form in (bits, list(bits), [*bits, ODD], [Image.fromarray(image) for image in bits]):
        assert (load_images(form).contents[: len(bits)] == load_images(whole).contents).all()


@pytest.mark.parametrize(
    "deep",
    [
        RNG.integers(0, 65536, (5, 9, 7), dtype=np.uint16),
        RNG.random((5, 9, 7)),
        RNG.random((5, 9, 7)).astype(np.float16),
        (GRAY[:5] / 255).astype(np.float16),  # too coarse to be the 8 bits it came from
    ],
    ids=["16 bits", "floats", "coarse floats", "8 bits as coarse floats"],
)
def test_images_of_more_than_8_bits_are_known_by_all_of_them(deep):
    expected = load_images(deep)
    for form in (list(deep), [*deep, ODD], expected.pixels, load_images(expected, size=20)):
        assert (load_images(form).contents[:5] == expected.contents).all()
    rounded = load_images(expected.as_uint8())
    assert not (rounded.contents == expected.contents).any()


def test_a_float_image_is_one_of_8_bits_only_if_all_of_it_is():
    step = np.float32(1 / 255)
    for far, is_same in ((0.0009, True), (-0.0009, True), (0.0012, False), (-0.0012, False)):
        floats = np.full((2, 5, 6, 1), 7 * step, np.float32)
        floats[1, 2, 1] = (7 + far) * step
        expected = load_images(np.full((2, 5, 6, 1), 7, np.uint8)).contents
        assert (load_images(floats).contents == expected).tolist() == [True, is_same]
    zeros = np.full((1, 3, 5), 0.3)
    zeros[0, 0, 0] = 0.0
    assert same(load_images(zeros), load_images(np.copysign(zeros, zeros - 0.1)))


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_another_pixel_or_shape_is_another_image(height, width, channels, is_deep, data):
    pixels = np.zeros((3, height, width, channels), np.float32 if is_deep else np.uint8)
    pixels[0] = 0.3 if is_deep else 30
    pixels[1] = pixels[0]
    place = tuple(data.draw(st.integers(0, side - 1)) for side in pixels.shape[1:])
    pixels[(1, *place)] += 0.01 if is_deep else 1
    turned = np.ascontiguousarray(pixels[0].reshape(width, height, channels))
    known = {content_of_pixels(image) for image in (*pixels, turned)}
    assert len(known) == (3 if height == width else 4)
    assert contents_of(pixels).tobytes() == b"".join(map(content_of_pixels, pixels))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_many_images_are_looked_at_in_parts(monkeypatch, dtype):
    monkeypatch.setattr("vaewidgets.images.pixels._CHUNK_NUMBERS", 130)
    pixels = GRAY[..., None] if dtype == np.uint8 else RNG.random((8, 9, 7, 1)).astype(dtype)
    assert contents_of(pixels).tobytes() == b"".join(map(content_of_pixels, pixels))
    assert contents_of(pixels[:0]).shape == (0,)


def palettes():
    """Images that differ only in what does not stand in the pixels."""
    first = Image.fromarray(COLOUR[0]).quantize(8)
    other, clear, clear_by_table = first.copy(), first.copy(), first.copy()
    other.putpalette([255 - value for value in first.getpalette()])
    clear.info["transparency"] = 3
    clear_by_table.info["transparency"] = bytes(range(8))
    cut = Image.fromarray(COLOUR[0])
    cut.info["transparency"] = (0, 0, 0)
    return [first, other, clear, clear_by_table, Image.fromarray(COLOUR[0]), cut]


def test_a_pil_image_is_what_it_holds():
    pictures = [
        *palettes(),
        Image.fromarray(GRAY[0]),
        Image.fromarray(COLOUR[1]).convert("CMYK"),
        Image.fromarray(COLOUR[1]).convert("RGBA"),
        Image.fromarray(GRAY[0].astype(np.uint16) * 3),
        Image.fromarray(GRAY[0].astype(np.float32) / 300),
    ]
    images = load_images(pictures)
    assert len(set(images.contents.tolist())) == len(pictures)
    assert same(load_images([picture.copy() for picture in pictures], size=5), images)


@pytest.mark.parametrize("picture", [*palettes(), Image.fromarray(COLOUR[1]).convert("RGBA")])
def test_a_pil_image_not_yet_decoded_is_known_as_it_is_later(picture):
    file = encoded(picture)
    late = Image.open(io.BytesIO(file))
    known = content(load_images([late]))
    assert known == content(load_images([late])) == content(load_images([late.copy()]))
    early = Image.open(io.BytesIO(file))
    early.load()
    assert content(load_images([early])) == known


def test_a_pil_image_that_decoding_changes_is_known_as_it_is_then():
    picture = Image.open(io.BytesIO(encoded(COLOUR[0], "ICNS")))
    assert picture.mode == "RGBA"
    known = content_of_picture(picture)
    assert picture.mode == "RGB"
    assert content_of_picture(picture) == known


def test_a_pil_image_is_known_before_it_is_turned_and_stays_as_it_was():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter to the right
    turned = Image.open(io.BytesIO(encoded(COLOUR[0], exif=exif)))
    images = load_images([turned], size=4, channels="gray")
    assert same(images, load_images([Image.fromarray(COLOUR[0])]))
    assert np.array_equal(np.asarray(turned), COLOUR[0])
    assert turned.getexif()[0x0112] == 6
    palette = palettes()[2]
    before = (palette.mode, palette.tobytes(), palette.getpalette(), dict(palette.info))
    assert content_of_picture(palette) == content_of_picture(palette)
    assert before == (palette.mode, palette.tobytes(), palette.getpalette(), dict(palette.info))


def test_a_selection_knows_its_images(photos):
    images = load_images(photos)
    for rows in ([4, 1], slice(1, 5, 3), images.positions == 2, np.array([-1])):
        part = images[rows]
        assert part.contents.tobytes() == images.contents[rows].tobytes()
        assert part.paths == [images.paths[row] for row in part.positions]
        assert part.names == [images.names[row] for row in part.positions]
        assert same(load_images(part, size=3), part)
    assert images[[]].contents.shape == (0,)
    assert (images[[]].paths, images[[]].names) == ([], [])


def test_arrays_are_hashed_when_it_is_asked_for_and_once(monkeypatch):
    hashed = []

    def count(pixels):
        hashed.append(len(pixels))
        return contents_of(pixels)

    monkeypatch.setattr("vaewidgets.images.collection.contents_of", count)
    images = load_images(GRAY)
    part = images[2:5]
    assert hashed == []
    assert part.contents.tobytes() == content_of_pixels(GRAY[2]) + b"".join(
        map(content_of_pixels, GRAY[3:5])
    )
    assert hashed == [3]
    assert (images.contents[2:5] == part.contents).all()
    assert (images[1:].contents == images.contents[1:]).all()
    assert hashed == [3, 8]


def test_what_stands_for_the_images_cannot_be_changed_nor_be_of_another_number():
    images = load_images(GRAY)
    with pytest.raises(ValueError, match="read-only"):
        images.contents[0] = b"x"
    given_ = images.contents.copy()
    with pytest.raises(ValueError, match="read-only"):
        Images(COLOUR, contents=given_).contents[0] = b"x"
    assert given_.flags.writeable
    for contents in (given_[:7], given_.astype("S20"), given_.reshape(8, 1)):
        with pytest.raises(ValueError, match=r"contents must be of dtype S16 and shape \(8,\)"):
            Images(COLOUR, contents=contents)
    with pytest.raises(ValueError, match="origin must have one entry for each source"):
        Images(COLOUR, origin=load_images([encoded(ODD)]).origin)


def test_identities_are_the_same_from_version_to_version():
    # Labels are kept under them: a change here loses the labels of everybody.
    assert content_of_bytes(b"abc").hex() == "cf4ab791c62b8d2b2109c90275287816"
    ramp = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert content_of_pixels(ramp).hex() == "be4ab2ef6508312555110cda929c2731"
    assert content_of_pixels(ramp / np.float32(24)).hex() == "3625f3254d1f74648f053e8faa91f281"
    clear = Image.fromarray(ramp).convert("RGBA")
    assert content_of_picture(clear).hex() == "cca5daca3724217937e71d839b84bcd5"
    palette = Image.frombytes("P", (3, 2), bytes(range(6)))
    palette.putpalette(bytes(range(18)))
    assert content_of_picture(palette).hex() == "5ed8b37cebeb7890c7394c5487e1907f"
