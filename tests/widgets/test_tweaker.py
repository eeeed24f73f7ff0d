"""The tweaker: its code, its answers to the page, what it refuses."""

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, FastICA
from sklearn.manifold import TSNE

from vaewidgets import Gaussians, latent
from vaewidgets.core.models.vae import VAE
from vaewidgets.widgets.tweaker import LatentTweaker


def read(data: Any) -> np.ndarray:
    return np.frombuffer(data, "<f4")


def test_the_sliders_begin_at_the_code_of_the_image(vae, digits):
    tweaker = LatentTweaker(vae, digits[3])
    np.testing.assert_allclose(tweaker.code, vae.transform(digits[[3]])[0], atol=1e-6)
    np.testing.assert_array_equal(tweaker.result, tweaker.reconstruction)
    np.testing.assert_array_equal(tweaker.image, digits.as_float([3])[0])
    tweaker.close()


def test_the_page_decodes_any_code_as_the_model_does(vae, digits, page_of):
    tweaker = LatentTweaker(vae, digits[3])
    code = tweaker.code + np.float32(0.7)
    content, (pixels,) = page_of(tweaker).ask("decode", code.tobytes())
    assert (content["height"], content["width"], content["channels"]) == (8, 8, 1)
    wanted = np.rint(vae.inverse_transform(code[None])[0] * 255)
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(8, 8, 1), wanted)
    tweaker.close()


def test_the_page_gets_the_image_and_its_reconstruction(vae, digits, page_of):
    tweaker = LatentTweaker(vae, 0, images=digits)
    _, (original, made) = page_of(tweaker).ask("pictures")
    assert bytes(original) == digits.as_uint8([0]).tobytes()
    assert bytes(made) == np.rint(tweaker.reconstruction * 255).astype(np.uint8).tobytes()
    tweaker.close()


def test_a_code_set_in_python_reaches_the_page_and_back(vae, digits):
    tweaker = LatentTweaker(vae, digits[3])
    tweaker.code = [0.5, -1, 0, 0, 0, 9]
    np.testing.assert_array_equal(tweaker.code, [0.5, -1, 0, 0, 0, 9])
    assert read(tweaker._high)[5] >= 9
    tweaker.set_state({"code": memoryview(np.arange(6, dtype="<f4").tobytes())})
    np.testing.assert_array_equal(tweaker.code, np.arange(6))
    tweaker.code[:] = 0
    np.testing.assert_array_equal(tweaker.code, np.arange(6))
    tweaker.reset()
    np.testing.assert_allclose(tweaker.code, vae.transform(digits[[3]])[0], atol=1e-6)
    tweaker.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (np.zeros(5), r"shape \(6,\), got \(5,\)"),
        (np.zeros((1, 6)), r"shape \(6,\)"),
        (np.array([0, 0, np.nan, 0, 0, 0]), "dimension 2 is nan"),
        (np.array([0, 0, 0, 0, 0, 1e300]), "dimension 5"),
        (["a"] * 6, "numbers"),
    ],
)
def test_a_code_that_is_none_is_refused_in_words(vae, digits, code, words):
    tweaker = LatentTweaker(vae, digits[3])
    before = tweaker.code
    with pytest.raises(ValueError, match=words):
        tweaker.code = code
    np.testing.assert_array_equal(tweaker.code, before)
    tweaker.close()


HOSTILE = [b"", b"abc", np.zeros(5, "<f4").tobytes(), np.full(6, np.nan, "<f4").tobytes()]


@pytest.mark.parametrize("data", HOSTILE)
def test_bytes_that_are_no_code_are_refused_and_the_page_is_told(vae, digits, page_of, data):
    tweaker = LatentTweaker(vae, digits[3])
    before = tweaker.code
    page = page_of(tweaker)
    content, _ = page.ask("decode", data)
    assert content["op"] == "error"
    assert "code" in content["message"]
    page.told.clear()
    tweaker.set_state({"code": memoryview(data)})
    assert [content["op"] for content, _ in page.told] == ["error"]
    np.testing.assert_array_equal(tweaker.code, before)
    assert page.ask("decode")[0]["op"] == "error"
    tweaker.close()


@pytest.mark.parametrize("row", [-1, 10**9, 1.5, "3", None, True, [0], float("nan")])
def test_a_row_that_is_none_is_refused_in_words(vae, digits, page_of, row):
    tweaker = LatentTweaker(vae, 3, images=digits)
    content, _ = page_of(tweaker).ask("load", row=row)
    assert content["op"] == "error"
    assert "rows are 0 to 299" in content["message"]
    assert (tweaker.row, tweaker._loaded) == (3, 1)
    tweaker.close()


def test_loading_a_row_moves_everything_to_it(vae, digits, page_of):
    tweaker = LatentTweaker(vae, 3, images=digits)
    assert page_of(tweaker).ask("load", row=0)[0]["op"] == "reply"
    posterior = vae.posterior(digits[[0]])
    np.testing.assert_allclose(read(tweaker._mean), posterior.mean[0], atol=1e-6)
    np.testing.assert_allclose(read(tweaker._std), posterior.std[0], atol=1e-6)
    np.testing.assert_array_equal(tweaker.code, read(tweaker._mean))
    assert (tweaker.row, tweaker._loaded) == (0, 2)
    tweaker.load(digits[8])
    assert tweaker.row is None
    tweaker.close()


def test_the_order_is_the_mean_kl_of_the_collection_or_of_the_image(vae, digits):
    alone, among = LatentTweaker(vae, digits[3]), LatentTweaker(vae, 3, images=digits)
    wanted = latent.information(vae.posterior(digits[[3]]))
    np.testing.assert_allclose(read(alone._information), wanted, rtol=1e-4, atol=1e-5)
    wanted = latent.information(vae.posterior(digits))
    np.testing.assert_allclose(read(among._information), wanted, rtol=1e-4, atol=1e-5)
    assert among._unit == "nats"
    active = np.frombuffer(among._active, np.uint8)
    np.testing.assert_array_equal(active, vae.transform(digits).var(axis=0) > 0.01)
    low, high = read(among._range).reshape(2, 6)
    inside = (vae.transform(digits) >= low) & (vae.transform(digits) <= high)
    assert (inside.mean(axis=0) > 0.95).all()
    alone.close()
    among.close()


def test_everything_shown_on_a_track_lies_inside_it(vae, pca, digits):
    for model in (vae, pca):
        tweaker = LatentTweaker(model, 3, images=digits)
        low, high = read(tweaker._low), read(tweaker._high)
        mean, std = read(tweaker._mean), read(tweaker._std)
        assert (low <= mean - 2 * std).all()
        assert (mean + 2 * std <= high).all()
        usual = read(tweaker._range).reshape(2, 6)
        assert (low <= usual[0]).all()
        assert (usual[1] <= high).all()
        tweaker.close()


class Far:
    """A model with one dimension that is far out and always the same, and one that is not."""

    def posterior(self, images):
        means = [[5.0, image.mean() * 10] for image in images.as_float()]
        return Gaussians(np.array(means), np.tile([2.0, 0.5], (len(means), 1)))

    def transform(self, images):
        return self.posterior(images).mean

    def inverse_transform(self, codes):
        return np.zeros((len(codes), 8, 8, 1), dtype=np.float32)


def test_the_spread_of_an_image_far_out_lies_on_its_track(digits):
    tweaker = LatentTweaker(Far(), digits[3])
    assert read(tweaker._high)[0] >= 5 + 2 * 2
    tweaker.close()


def test_a_dimension_that_is_the_same_for_all_images_is_inactive(digits):
    tweaker = LatentTweaker(Far(), 3, images=digits)
    assert list(tweaker._active) == [0, 1]
    assert read(tweaker._information)[0] > 1
    tweaker.close()


def test_pca_is_sorted_by_variance_and_offers_no_samples(pca, digits, page_of):
    tweaker = LatentTweaker(pca, digits[3])
    share = 100 * pca.explained_variance_ratio_
    np.testing.assert_allclose(read(tweaker._information), share, rtol=1e-5)
    assert (tweaker._unit, tweaker._has_prior, tweaker._has_posterior) == ("%", False, False)
    content, _ = page_of(tweaker).ask("sample", source="prior")
    assert "PCA has no prior" in content["message"]
    assert np.isfinite(read(tweaker._low)).all()
    tweaker.close()


def test_a_transformer_without_variances_goes_by_the_spread_of_the_codes(digits):
    flat = digits.as_float().reshape(len(digits), -1)
    ica = FastICA(3, whiten="unit-variance", tol=0.1, random_state=0).fit(flat)
    alone, among = LatentTweaker(ica, digits[3]), LatentTweaker(ica, 3, images=digits)
    assert (alone._unit, among._unit) == ("", "sd")
    assert alone.result.shape == (8, 8, 1)
    alone.close()
    among.close()


def test_samples_come_from_where_they_say(vae, digits, page_of):
    tweaker = LatentTweaker(vae, digits[3])
    page = page_of(tweaker)
    codes: dict[str, list[Any]] = {"prior": [], "posterior": []}
    for source, drawn in codes.items():
        for _ in range(200):
            assert page.ask("sample", source=source)[0]["op"] == "reply"
            drawn.append(tweaker.code)
    posterior = vae.posterior(digits[[3]])
    assert np.abs(np.mean(codes["prior"], axis=0)).max() < 0.35
    np.testing.assert_allclose(np.std(codes["prior"], axis=0), 1, atol=0.25)
    np.testing.assert_allclose(np.std(codes["posterior"], axis=0), posterior.std[0], rtol=0.25)
    assert page.ask("sample", source="dream")[0]["op"] == "error"
    assert page.ask("sample")[0]["op"] == "error"
    tweaker.close()


def test_of_many_codes_the_worker_decodes_the_newest(pca, digits, page_of):
    gate, started = threading.Event(), threading.Event()
    decoded = []

    class Slow:
        def transform(self, images):
            return pca.transform(np.asarray(images).reshape(len(images), -1))

        def inverse_transform(self, codes):
            started.set()
            assert gate.wait(20)
            decoded.append(codes[0, 0])
            return np.clip(pca.inverse_transform(codes), 0, 1).reshape(-1, 8, 8, 1)

    tweaker = LatentTweaker(Slow(), digits[3])
    page = page_of(tweaker)
    codes = np.zeros((20, 6), "<f4")
    codes[:, 0] = np.arange(20) / 10
    page.tell({"op": "decode", "request": "0", "view": "v"}, codes[0].tobytes())
    assert started.wait(20)
    for i in range(1, 20):
        page.tell({"op": "decode", "request": str(i), "view": "v"}, codes[i].tobytes())
    gate.set()
    assert page.answer("19")[0]["op"] == "reply"
    assert decoded == [codes[0, 0], codes[19, 0]]
    assert page.answer("7")[0]["op"] == "superseded"
    tweaker.close()


def test_a_broken_decoder_becomes_words_and_the_widget_goes_on(digits, page_of):
    class Fragile:
        def transform(self, images):
            return np.zeros((len(images), 2), dtype=np.float32)

        def inverse_transform(self, codes):
            return np.full((len(codes), 8, 8, 1), np.inf if codes[0, 0] > 1 else 0.5)

    tweaker = LatentTweaker(Fragile(), digits[3])
    page = page_of(tweaker)
    content, buffers = page.ask("decode", np.array([2, 0], "<f4").tobytes())
    assert "not finite" in content["message"]
    assert buffers == []
    assert page.ask("decode", np.array([0, 0], "<f4").tobytes())[0]["op"] == "reply"
    tweaker.close()


def test_a_training_beside_the_sliders_changes_neither(digits, page_of):
    options = {"n_latent": 4, "max_epochs": 40, "batch_size": 64, "progress": False}
    vae = VAE(**options).fit(digits)
    tweaker = LatentTweaker(vae, digits[3])
    page = page_of(tweaker)
    code = tweaker.code.tobytes()
    before = bytes(page.ask("decode", code)[1][0])
    trained = VAE(**options, random_state=1).fit(digits)
    training = threading.Thread(target=vae.set_params(random_state=1).fit, args=[digits])
    training.start()
    during = {bytes(page.ask("decode", code)[1][0])}
    while training.is_alive():
        during.add(bytes(page.ask("decode", code)[1][0]))
    training.join()
    assert during == {before}
    np.testing.assert_allclose(vae.transform(digits), trained.transform(digits), atol=1e-4)
    assert bytes(page.ask("decode", code)[1][0]) == before
    tweaker.close()


def test_decoding_leaves_the_random_numbers_and_threads_of_the_user(vae, digits, page_of):
    tweaker = LatentTweaker(vae, 3, images=digits)
    page = page_of(tweaker)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    page.ask("decode", tweaker.code.tobytes())
    tweaker.sample()
    tweaker.load(5)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, grad)
    tweaker.close()


def test_no_number_on_its_way_to_the_page_is_other_than_finite(vae, pca, digits):
    for model, images in ((vae, digits), (vae, None), (pca, digits), (pca, None)):
        tweaker = LatentTweaker(model, digits[3], images=images)
        assert np.isfinite(tweaker.code).all()
        for name in ("_mean", "_std", "_low", "_high", "_range", "_information"):
            assert np.isfinite(read(getattr(tweaker, name))).all(), name
        tweaker.close()


def test_a_closed_tweaker_is_forgotten(vae, digits):
    tweaker = LatentTweaker(vae, 3, images=digits)
    trace = weakref.ref(tweaker)
    tweaker.close()
    del tweaker
    gc.collect()
    assert trace() is None


def test_arguments_that_cannot_work_are_named(vae, digits):
    with pytest.raises(TypeError, match=r"inverse_transform.*TSNE"):
        LatentTweaker(TSNE(), digits[0])
    with pytest.raises(ValueError, match="an image, or images="):
        LatentTweaker(vae)
    with pytest.raises(TypeError, match="image is the row 3"):
        LatentTweaker(vae, 3)
    with pytest.raises(ValueError, match="shape"):
        LatentTweaker(vae, np.zeros((28, 28), np.uint8))
    with pytest.raises(ValueError, match="not fitted"):
        LatentTweaker(PCA(2), digits[0])
