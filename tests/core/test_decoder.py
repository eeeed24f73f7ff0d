"""A decoder fitted on codes from elsewhere: a model for every widget."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA

import vaewidgets as vw
from tests.core._callbacks import StopAt
from vaewidgets.core.files.checkpoint import CheckpointError

QUICK = {"max_epochs": 3, "batch_size": 32, "n_threads": 1, "progress": False}


@pytest.fixture(scope="module")
def digits():
    return vw.datasets.load_digits()[0][:400]


@pytest.fixture(scope="module")
def flat(digits):
    return digits.as_float().reshape(len(digits), -1)


@pytest.fixture(scope="module")
def codes(flat):
    """Of a scale of their own, as embeddings are."""
    return (PCA(8).fit_transform(flat) * 0.01 + 5).astype(np.float32)


@pytest.fixture(scope="module")
def decoder(digits, codes):
    return vw.Decoder(max_epochs=200, n_threads=1, progress=False).fit(digits, codes)


def test_it_draws_the_images_of_their_codes(decoder, digits, codes, flat):
    assert np.array_equal(decoder.transform(digits), codes)
    drawn = decoder.inverse_transform(codes).reshape(len(flat), -1)
    of_mean = ((flat - flat.mean(axis=0)) ** 2).mean()
    error = ((drawn - flat) ** 2).mean()
    assert error < 0.5 * of_mean
    assert decoder.score(digits) == pytest.approx(-error, rel=1e-4)
    assert decoder.score(digits, codes) == decoder.score(digits)
    assert decoder.active_dimensions_.all()
    assert decoder.n_latent == 8
    assert decoder.history_[-1]["reconstruction"] < decoder.history_[0]["reconstruction"]


def test_codes_of_known_images_are_found_in_any_order_and_form(decoder, digits, codes):
    rows = np.array([7, 3, 399, 3])
    assert np.array_equal(decoder.transform(digits[rows]), codes[rows])
    assert np.array_equal(decoder.transform(digits.as_float(rows)), codes[rows])
    assert np.array_equal(decoder.transform(digits.pixels[rows]), codes[rows])
    assert decoder.transform(digits[:0]).shape == (0, 8)


def test_images_that_are_not_known_are_refused_until_there_is_an_encoder(decoder, digits, codes):
    new = 1 - digits.as_float(slice(0, 3))
    mixed = np.concatenate([digits.as_float(slice(5, 6)), new])
    with pytest.raises(ValueError, match=r"codes of 3 of the 4 images are not known.*image 1"):
        decoder.transform(mixed)
    asked = []

    def encoder(images):
        asked.append(len(images))
        return torch.full((len(images), 8), 5.0, requires_grad=True)

    able = vw.Decoder(encoder, **QUICK).fit(digits, codes)
    found = able.transform(mixed)
    assert np.array_equal(found[0], codes[5])
    assert (found[1:] == 5).all()
    assert asked == [3]
    able.encoder = lambda images: np.zeros((len(images), 3))
    with pytest.raises(ValueError, match=r"shape \(3, 3\) for 3 images.*\(3, 8\)"):
        able.transform(mixed)


def test_widgets_take_it(decoder, digits, codes):
    assert np.array_equal(vw.LatentScatter(decoder, digits).codes, codes)
    walk = vw.Interpolator(decoder, 3, 8, images=digits)
    drawn = decoder.inverse_transform(codes[[3, 8]])
    np.testing.assert_allclose(walk.path_codes[[0, -1]], codes[[3, 8]], atol=1e-6)
    np.testing.assert_allclose(walk.frames[[0, -1]], drawn, atol=1e-5)
    assert vw.Interpolator(decoder, digits[3], digits[8]).frames.shape[1:] == (8, 8, 1)
    tweaker = vw.LatentTweaker(decoder, digits[3])
    np.testing.assert_allclose(tweaker.code, codes[3], atol=1e-6)
    notes = vw.Annotator(decoder, digits, classes=["a"], journal=None)
    assert np.array_equal(notes.codes, codes)
    assert vw.cluster(decoder, digits, n_clusters=2, method="kmeans").n_clusters == 2


def test_a_file_brings_it_back_without_the_encoder(decoder, digits, codes, tmp_path):
    decoder.save(tmp_path / "model")
    again = vw.Decoder.load(tmp_path / "model")
    assert np.array_equal(again.transform(digits), codes)
    assert np.array_equal(again.inverse_transform(codes[:9]), decoder.inverse_transform(codes[:9]))
    assert again.encoder is None
    with pytest.raises(CheckpointError, match="VAE"):
        vw.VAE.load(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    manifest["architecture"]["n_known"] = 399
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError):
        vw.Decoder.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda codes: None, TypeError, "codes are missing"),
        (lambda codes: codes[:5], ValueError, "codes are 5 rows; accepted: 400"),
        (lambda codes: codes[:, 0], ValueError, "accepted: codes of shape"),
        (lambda codes: np.where(codes > 5, np.nan, codes), ValueError, "not finite in"),
        (lambda codes: codes.astype(np.float64) * 1e300, ValueError, "too large for float32"),
        (lambda codes: [["a"] * 8] * 400, ValueError, "accepted: numbers"),
    ],
)
def test_codes_that_cannot_be_used_are_refused_before_anything_is_done(
    digits, codes, change, error, message
):
    with pytest.raises(error, match=message):
        vw.Decoder(**QUICK).fit(digits, change(codes))


@pytest.mark.parametrize(
    "bad", [{"encoder": 3}, {"noise": -1}, {"likelihood": "x"}, {"network": "spatial"}]
)
def test_parameters_are_checked(digits, codes, bad):
    with pytest.raises((TypeError, ValueError), match=next(iter(bad))):
        vw.Decoder(**bad, **QUICK).fit(digits, codes)


def test_rejected_images_and_a_dimension_that_never_changes(digits, codes, tmp_path):
    arrays = [image[..., 0] for image in digits.as_float(slice(0, 20))]
    arrays[4] = np.full((8, 8), np.nan)
    images = vw.load_images(arrays)
    table = codes[:20].copy()
    table[:, 2] = 1
    fitted = vw.Decoder(**QUICK).fit(images, table)
    assert np.array_equal(fitted.transform(images), np.delete(table, 4, axis=0))
    assert fitted.active_dimensions_.tolist() == [True, True, False, *[True] * 5]
    assert np.isfinite(fitted.inverse_transform(table)).all()


def test_a_training_goes_on_bit_for_bit_but_not_with_other_codes(digits, codes, tmp_path):
    whole = vw.Decoder(**QUICK).fit(digits, codes)
    cut = {**QUICK, "progress": StopAt(17), "checkpoint": tmp_path / "run"}
    vw.Decoder(**cut).fit(digits, codes)
    with pytest.raises(ValueError, match="other codes"):
        vw.Decoder(**QUICK, checkpoint=tmp_path / "run").fit(digits, codes + 1)
    resumed = vw.Decoder(**QUICK, checkpoint=tmp_path / "run").fit(digits, codes)
    assert np.array_equal(resumed.inverse_transform(codes), whole.inverse_transform(codes))
    assert clone(resumed).get_params()["noise"] == 0.1
