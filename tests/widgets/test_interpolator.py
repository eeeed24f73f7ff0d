"""The interpolator: its path, its answers to the page, what it refuses."""

import gc
import threading
import weakref

import numpy as np
import pytest
from PIL import Image
from sklearn.manifold import TSNE
from traitlets import TraitError

from vaewidgets import Gaussians
from vaewidgets.core.models.vae import VAE
from vaewidgets.widgets.interpolator import Interpolator

FRAMES = {"kind": "optimal_transport", "sampling": False, "noise": 0}


def test_the_path_begins_and_ends_with_the_reconstructions(vae, digits):
    widget = Interpolator(vae, digits[3], digits[8])
    for kind in ("optimal_transport", "linear", "spherical"):
        widget.kind = kind
        wanted = vae.inverse_transform(vae.transform(digits[[3, 8]]))
        np.testing.assert_allclose(widget.frames[[0, -1]], wanted, atol=1e-6)
    widget.close()


def test_an_image_may_be_given_as_array_as_pil_or_as_a_row(vae, digits):
    array = digits[8]
    picture = Image.fromarray(digits.as_uint8([8])[0, ..., 0])
    widgets = [
        Interpolator(vae, digits[3], array),
        Interpolator(vae, digits[3], picture),
        Interpolator(vae, 3, 8, images=digits),
    ]
    for widget in widgets:
        np.testing.assert_allclose(widget.end, digits.as_float([8])[0], atol=1 / 255)
        np.testing.assert_allclose(widget.frames, widgets[0].frames, atol=0.02)
        widget.close()


def test_row_zero_is_a_row(vae, digits):
    widget = Interpolator(vae, 0, 1, images=digits)
    assert (widget._ends["start"], widget._ends["end"]) == (0, 1)
    widget.start = 5
    widget.start = 0
    np.testing.assert_array_equal(widget.start, digits.as_float([0])[0])
    widget.close()


def test_pca_interpolates_too_and_offers_no_sampling(pca, digits):
    widget = Interpolator(pca, digits[3], digits[8])
    assert widget.frames.shape == (33, 8, 8, 1)
    assert widget.frames.dtype == np.float32
    assert not widget._has_posterior
    assert (widget.path.std == 0).all()
    with pytest.raises(TraitError, match="PCA has none"):
        widget.sampling = True
    assert widget.sampling is False
    widget.close()


def test_samples_share_one_draw_so_the_path_stays_smooth(vae, digits):
    widget = Interpolator(vae, digits[3], digits[8], sampling=True)
    path, codes = widget.path, widget.path_codes
    noise = (codes - path.mean) / path.std
    np.testing.assert_allclose(noise, np.broadcast_to(noise[0], noise.shape), atol=1e-3)
    assert np.abs(noise[0]).max() > 0.1
    steps = np.abs(np.diff(widget.frames, axis=0)).mean(axis=(1, 2, 3))
    ends = np.abs(widget.frames[0] - widget.frames[-1]).mean()
    assert steps.max() < ends / 4
    widget._noise += 1
    assert np.abs(widget.path_codes - codes).max() > 0.1
    widget.close()


def test_kinds_differ_as_documented(vae, digits):
    widget = Interpolator(vae, digits[3], digits[8])
    paths: dict[str, Gaussians] = {}
    for kind in ("optimal_transport", "linear", "spherical"):
        widget.kind = kind
        paths[kind] = widget.path
    straight, linear, arc = paths.values()
    np.testing.assert_allclose(straight.mean, linear.mean, atol=1e-6)
    assert (linear.std[16] < straight.std[16]).all()
    lengths = np.linalg.norm(arc.mean, axis=1)
    assert lengths.min() >= min(lengths[0], lengths[-1]) * 0.999
    assert np.linalg.norm(straight.mean[16]) < lengths[16]
    widget.close()


def test_swapping_turns_the_path_round(vae, digits):
    widget = Interpolator(vae, 3, 8, images=digits)
    before, version = widget.frames, widget._ends["version"]
    widget.swap()
    np.testing.assert_allclose(widget.frames, before[::-1], atol=1e-5)
    assert (widget._ends["start"], widget._ends["end"]) == (8, 3)
    assert widget._ends["version"] != version
    widget.close()


def test_the_page_gets_the_whole_path_and_both_originals_in_one_answer(vae, digits, page_of):
    widget = Interpolator(vae, digits[3], digits[8])
    page = page_of(widget)
    content, (frames, originals) = page.ask("frames", **FRAMES)
    assert [content[k] for k in ("n", "height", "width", "channels")] == [33, 8, 8, 1]
    shown = np.frombuffer(frames, np.uint8).reshape(33, 8, 8, 1)
    np.testing.assert_array_equal(shown, np.rint(widget.frames * 255))
    wanted = digits.as_uint8([3, 8])
    np.testing.assert_array_equal(np.frombuffer(originals, np.uint8).reshape(2, 8, 8, 1), wanted)
    widget.close()


class Blank:
    """A model of large images."""

    image_shape_ = (512, 512, 3)

    def transform(self, images):
        return np.zeros((len(images), 2), dtype=np.float32)

    def inverse_transform(self, codes):
        return np.zeros((len(codes), *self.image_shape_), dtype=np.float32)


def test_of_large_images_the_page_gets_fewer(page_of):
    image = np.zeros((512, 512, 3), dtype=np.uint8)
    widget = Interpolator(Blank(), image, image)
    content, buffers = page_of(widget).ask("frames", **FRAMES)
    assert content["n"] == 5
    assert sum(len(buffer) for buffer in buffers) < 6_000_000
    widget.close()


@pytest.mark.parametrize("row", [-1, 10**9, 1.5, "3", None, True, [0], float("nan")])
def test_a_row_that_is_none_is_refused_in_words(vae, digits, page_of, row):
    widget = Interpolator(vae, 3, 8, images=digits)
    page = page_of(widget)
    before = widget._ends
    content, _ = page.ask("end", which="start", row=row)
    assert content["op"] == "error"
    assert "rows are 0 to 299" in content["message"]
    assert widget._ends == before
    widget.close()


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "geodesic"},
        {"kind": None},
        {"sampling": "yes"},
        {"sampling": True, "noise": -1},
        {"sampling": True, "noise": 0.5},
        {"sampling": True, "noise": None},
    ],
)
def test_a_path_that_is_none_is_refused_in_words(vae, digits, page_of, bad):
    widget = Interpolator(vae, digits[3], digits[8])
    content, _ = page_of(widget).ask("frames", **{**FRAMES, **bad})
    assert content["op"] == "error"
    assert (widget.kind, widget.sampling) == ("optimal_transport", False)
    widget.close()


@pytest.mark.parametrize("message", [{"which": "middle", "row": 1}, {"which": "start", "row": 1}])
def test_without_a_collection_there_are_no_rows(vae, digits, page_of, message):
    widget = Interpolator(vae, digits[3], digits[8])
    content, _ = page_of(widget).ask("end", **message)
    assert content["op"] == "error"
    widget.close()


def test_of_many_requests_the_worker_answers_the_newest(pca, digits, page_of):
    gate, started = threading.Event(), threading.Event()

    class Slow:
        def __init__(self):
            self.calls = 0

        def transform(self, images):
            return pca.transform(np.asarray(images).reshape(len(images), -1))

        def inverse_transform(self, codes):
            started.set()
            assert gate.wait(20)
            return np.clip(pca.inverse_transform(codes), 0, 1).reshape(-1, 8, 8, 1)

    widget = Interpolator(Slow(), digits[3], digits[8])
    page = page_of(widget)
    page.tell({"op": "frames", "request": "first", "view": "v", **FRAMES})
    assert started.wait(20)
    for i in range(20):
        page.tell({"op": "frames", "request": f"next-{i}", "view": "v", **FRAMES})
    gate.set()
    assert page.answer("first")[0]["op"] == "reply"
    assert page.answer("next-19")[0]["op"] == "reply"
    others = [page.answer(f"next-{i}")[0]["op"] for i in range(19)]
    assert others == ["superseded"] * 19
    widget.close()


def test_pixels_that_are_not_finite_become_words(pca, digits, page_of):
    class Broken:
        def transform(self, images):
            return np.zeros((len(images), 2), dtype=np.float32)

        def inverse_transform(self, codes):
            return np.full((len(codes), 8, 8, 1), np.nan)

    widget = Interpolator(Broken(), digits[3], digits[8])
    content, buffers = page_of(widget).ask("frames", **FRAMES)
    assert content["op"] == "error"
    assert "not finite" in content["message"]
    assert buffers == []
    widget.close()


def test_fitting_the_model_again_does_not_change_what_is_shown(digits):
    vae = VAE(n_latent=4, max_epochs=60, batch_size=50, progress=False).fit(digits[:100])
    widget = Interpolator(vae, digits[3], digits[8])
    before = widget.frames
    vae.set_params(random_state=1).fit(digits[:100])
    np.testing.assert_array_equal(widget.frames, before)
    assert not np.allclose(vae.inverse_transform(widget.path_codes), before)
    widget.close()


def test_a_closed_widget_is_forgotten(vae, digits):
    widget = Interpolator(vae, 3, 8, images=digits)
    trace = weakref.ref(widget)
    widget.close()
    del widget
    gc.collect()
    assert trace() is None


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_t_stays_between_the_ends(vae, digits, value):
    widget = Interpolator(vae, digits[3], digits[8])
    with pytest.raises(TraitError, match="between 0 and 1"):
        widget.t = value
    assert widget.t == 0.5
    widget.close()


def test_arguments_that_cannot_work_are_named(vae, pca, digits):
    with pytest.raises(TypeError, match=r"inverse_transform.*TSNE"):
        Interpolator(TSNE(), digits[0], digits[1])
    with pytest.raises(ValueError, match="kind must be one of"):
        Interpolator(vae, digits[0], digits[1], kind="straight")
    with pytest.raises(ValueError, match="n_steps must be 2 to 256"):
        Interpolator(vae, digits[0], digits[1], n_steps=1)
    with pytest.raises(ValueError, match="color is about a collection"):
        Interpolator(vae, digits[0], digits[1], color=[0, 1])
    with pytest.raises(ValueError, match="sampling needs"):
        Interpolator(pca, digits[0], digits[1], sampling=True)
    with pytest.raises(TypeError, match="end is the row 8"):
        Interpolator(vae, digits[0], 8)
    with pytest.raises(TypeError, match="end must be an image or a row"):
        Interpolator(vae, digits[0])
    with pytest.raises(ValueError, match="rows are 0 to 299"):
        Interpolator(vae, 0, 300, images=digits)
    with pytest.raises(ValueError, match="shape"):
        Interpolator(vae, np.zeros((9, 8), np.uint8), digits[1])


@pytest.mark.parametrize(("ending", "n_frames"), [("png", 1), ("gif", 64), ("webp", 64)])
def test_a_saved_path_can_be_opened(vae, digits, tmp_path, ending, n_frames):
    widget = Interpolator(vae, digits[3], digits[8])
    path = widget.save(tmp_path / f"path.{ending}")
    with Image.open(path) as saved:
        assert getattr(saved, "n_frames", 1) == n_frames
        assert saved.size == ((11 * 130 - 2, 128) if ending == "png" else (128, 128))
        first = np.asarray(saved.convert("L"))[::16, :128:16] / 255
    np.testing.assert_allclose(first, widget.frames[0, ..., 0], atol=0.02)
    widget.close()


def test_a_file_of_another_kind_is_refused_before_anything_is_written(vae, digits, tmp_path):
    widget = Interpolator(vae, digits[3], digits[8])
    with pytest.raises(ValueError, match=r"\.png, \.gif, \.webp"):
        widget.save(tmp_path / "path.bmp")
    with pytest.raises(ValueError, match="scale"):
        widget.save(tmp_path / "path.png", scale=0)
    assert list(tmp_path.iterdir()) == []
    widget.close()


def test_the_path_lies_on_the_map_between_its_ends(vae, digits, page_of):
    widget = Interpolator(vae, 3, 8, images=digits)
    content, (route,) = page_of(widget).ask("route", kind="linear")
    assert content["placed"] is True
    xy = np.frombuffer(widget._xy, "<f4").reshape(-1, 2)
    places = np.frombuffer(route, "<f4").reshape(-1, 2)
    np.testing.assert_allclose(places[[0, -1]], xy[[3, 8]], atol=1e-4)
    widget.close()
