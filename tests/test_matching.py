"""New images for an old model: brought to what it was fitted on, or refused in words that help."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vaewidgets as vw
from vaewidgets import load_images
from vaewidgets.images import ImageRule, Images, check_image, match_images

WIDE = (6, 8, 3)  # height, width, channels of a model


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)

    def make(height, width, mode="RGB"):
        return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(
            mode
        )

    return make


@pytest.fixture(params=["pil", "path", "text", "bytes", "folder", "iterator", "loaded"])
def source(request, picture, tmp_path):
    """Three gray pictures of another size, given in every way that is no array."""
    pictures = [picture(20, 30, "L") for _ in range(3)]
    for i, one in enumerate(pictures):
        one.save(tmp_path / f"{i}.png")
    files = sorted(tmp_path.glob("*.png"))
    return {
        "pil": lambda: pictures,
        "path": lambda: files,
        "text": lambda: [str(file) for file in files],
        "bytes": lambda: [file.read_bytes() for file in files],
        "folder": lambda: tmp_path,
        "iterator": lambda: iter(files),
        "loaded": lambda: load_images(tmp_path),
    }[request.param]()


def test_whatever_is_no_array_is_brought_to_size_and_channels(source):
    images = match_images(source, WIDE)
    assert images.shape == (3, *WIDE)
    assert images.n_input == 3


def test_images_of_the_right_form_are_left_as_they_are():
    images = load_images(np.zeros((2, *WIDE), np.uint8))
    assert match_images(images, WIDE) is images
    assert match_images(np.zeros((2, *WIDE), np.float32), WIDE).shape == (2, *WIDE)


def test_the_rule_of_the_first_images_brings_the_others(picture):
    pictures = [picture(20, 20, "L"), picture(20, 20)]
    first = load_images(pictures, size=(6, 8), fit="crop", channels="rgb", background="red")
    assert first.rule == ImageRule("crop", (255, 0, 0))
    assert first[[1]].rule == first.rule
    assert load_images(first, size=3).rule == ImageRule()
    again = match_images(pictures, WIDE, first.rule)
    assert np.array_equal(again.pixels, first.pixels)
    padded = match_images(pictures, WIDE)
    assert (padded.pixels[:, :, 0] == 255).all()  # square pictures stand between white bars


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 6, 8), np.uint8),  # gray
        np.zeros((3, 6, 8, 1), np.float32),
        np.zeros((3, 8, 6, 3), np.uint8),  # lying
        np.zeros((3, 3, 12, 16), np.uint16),  # channels first, of twice the size
        np.zeros((3, 9, 9), bool),
        [np.zeros((9, 9), np.uint8)] * 3,
        load_images(np.zeros((3, 9, 9, 3), np.uint8)),
    ],
)
def test_arrays_of_another_form_are_refused_and_the_advice_works(array):
    with pytest.raises(ValueError, match="but the model was fitted on 6 x 8 x 3") as caught:
        match_images(array, WIDE)
    call = re.search(r"load_images\(.*\)", str(caught.value)).group()
    helped = eval(call, {"load_images": load_images, "images": array})
    assert match_images(helped, WIDE) is helped


@pytest.mark.parametrize("shape", [(1, 6, 8), (8, 8, 1), (3, 3, 1), (6, 3, 1)])
def test_axes_that_can_be_read_in_two_ways_are_read_as_the_model_does(shape):
    flat = np.zeros((4, *shape[:2]), np.uint8)
    if shape[2] == 1:
        assert match_images(flat, shape).image_shape == shape
    assert match_images(np.zeros((4, 3, 8, 3), np.uint8), (8, 3, 3)).image_shape == (8, 3, 3)
    assert match_images(np.zeros((4, 3, 8, 3), np.uint8), (3, 8, 3)).image_shape == (3, 8, 3)
    with pytest.raises(ValueError, match="can be read two ways"):
        match_images(np.zeros((4, 3, 3, 3), np.uint8), (3, 3, 3))


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((6, 8, 1), np.float32)])
def test_one_array_of_another_form_is_refused_and_the_advice_works(image):
    with pytest.raises(ValueError, match="start has shape") as caught:
        check_image(image, WIDE, "start")
    call = re.search(r"load_images\(.*\)", str(caught.value)).group()
    helped = eval(call, {"load_images": load_images, "start": image})
    assert check_image(helped, WIDE, "start").shape == WIDE


def test_transparency_in_an_array_is_named_and_the_advice_works():
    image = np.full((6, 8, 4), 100, np.uint8)
    with pytest.raises(
        ValueError, match=r"drop the transparency, image\[\.\.\., :3\], or"
    ) as said:
        check_image(image, WIDE)
    assert "Image.fromarray(image)" in str(said.value)
    assert check_image(image[..., :3], WIDE).shape == WIDE
    assert check_image(Image.fromarray(image), WIDE).min() > 100 / 255  # laid on white
    with pytest.raises(ValueError, match="drop the transparency"):
        match_images(image[None], WIDE)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(1)
    pictures = [
        Image.fromarray(rng.integers(0, 256, (20, 26, 3), dtype=np.uint8)) for _ in range(6)
    ]
    images = load_images(pictures, size=(10, 12), fit="crop")
    model = vw.VAE(2, max_epochs=1, n_threads=1, progress=False).fit(images)
    return model, images, pictures


def test_a_model_takes_new_files_by_the_rule_it_was_fitted_under(fitted, tmp_path):
    model, images, pictures = fitted
    codes = model.transform(images)
    np.testing.assert_array_equal(model.transform(pictures), codes)
    np.testing.assert_array_equal(model.posterior(pictures).mean, codes)
    assert model.score(pictures) == model.score(images)
    np.testing.assert_array_equal(
        model.log_likelihood(pictures, 2), model.log_likelihood(images, 2)
    )
    model.save(tmp_path / "model")
    loaded = vw.VAE.load(tmp_path / "model")
    assert loaded.image_rule_ == images.rule
    np.testing.assert_array_equal(loaded.transform(pictures), codes)


def test_widgets_bring_images_too(fitted):
    model, _, pictures = fitted
    large = [one.resize((52, 40)) for one in pictures]
    assert vw.LatentTweaker(model, large[0]).image.shape == (10, 12, 3)
    assert vw.LatentTweaker(model, images=large).result.shape == (10, 12, 3)
    assert vw.Interpolator(model, images=load_images(large)).frames.shape[1:] == (10, 12, 3)
    assert vw.LatentScatter(model, large).images.image_shape == (10, 12, 3)
    shown = load_images(large)  # is shown as it was loaded, and encoded as the model needs it
    scatter = vw.LatentScatter(model, shown)
    assert scatter.images is shown
    np.testing.assert_array_equal(scatter.codes, model.transform(shown))
    assert vw.Annotator(model, large, journal=None).images.image_shape == (10, 12, 3)
    assert len(vw.cluster(model, large, n_clusters=2, method="kmeans").labels) == 6
    arrays = np.zeros((4, 8, 8, 3), np.uint8)
    for widget in (vw.LatentScatter, vw.LatentTweaker, vw.Interpolator):
        with pytest.raises(ValueError, match=r"load_images\(images, size=\(10, 12\)\)"):
            widget(model, images=arrays)


def test_gray_pictures_of_a_colour_collection_are_coloured(picture):
    mixed = [picture(9, 9) for _ in range(3)] + [picture(9, 9, "L") for _ in range(3)]
    model = vw.VAE(2, max_epochs=1, n_threads=1, progress=False).fit(mixed)
    codes = model.transform(mixed)
    np.testing.assert_allclose(model.transform(mixed[3:]), codes[3:], atol=1e-6)
    stream = io.BytesIO()
    mixed[4].save(stream, "PNG")
    np.testing.assert_allclose(model.transform([stream.getvalue()]), codes[4:5], atol=1e-6)


def test_a_model_kept_before_there_were_rules_takes_files(picture):
    folder = Path(__file__).parent / "core" / "format_1" / "finished"
    model = vw.VAE.load(folder)
    assert model.image_rule_ == ImageRule()
    images = (np.arange(12 * 4 * 4).reshape(12, 4, 4, 1) * 37 % 256).astype(np.uint8)
    expected = [[0.1210826188325882, 0.041121482849121094], [0.2816561460494995, 0.0182697567]]
    np.testing.assert_allclose(model.transform(images)[:2], expected, rtol=1e-3)
    assert model.transform([picture(9, 9)]).shape == (1, 2)
    assert model.transform(Images(images)).shape == (12, 2)


@pytest.mark.parametrize(
    "values",
    [{}, [], {"fit": "pad"}, {"fit": "x", "background": [0, 0, 0]}, {"fit": 1, "background": []}]
    + [{"fit": "pad", "background": b} for b in ([0, 0], [0, 0, 256], ["0", 0, 0], "white")],
)
def test_a_rule_in_a_file_is_checked(values):
    with pytest.raises(ValueError, match=r"image_rule|fit must|background must"):
        ImageRule.from_dict(values)


class Pipe(io.RawIOBase):
    """What can be read only once."""

    def __init__(self, content):
        self.left = content

    def readable(self):
        return True

    def readinto(self, place):
        part, self.left = self.left[: len(place)], self.left[len(place) :]
        place[: len(part)] = part
        return len(part)


def test_what_can_be_read_only_once_is_read_only_once():
    content = io.BytesIO()
    Image.new("L", (9, 5), 200).save(content, "PNG")
    found = match_images(Pipe(content.getvalue()), (6, 7, 1))
    assert found.image_shape == (6, 7, 1)
    assert found.pixels.max() == 255  # on white
    assert 200 in found.pixels
    pictures = (Image.new("L", (9, 5), gray) for gray in (10, 20))
    assert len(match_images(pictures, (6, 7, 1))) == 2
