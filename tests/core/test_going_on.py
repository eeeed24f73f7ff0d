"""Training that goes on: more epochs on a model, a loaded one, or a finished folder."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.base import clone

import vaewidgets as vw
from tests.core._callbacks import StopAt
from vaewidgets.core.files.checkpoint import CheckpointError

QUICK = {"batch_size": 32, "n_threads": 1, "progress": False}
MODELS = {
    "VAE": lambda **more: vw.VAE(4, **QUICK, **more),
    "Autoencoder": lambda **more: vw.Autoencoder(4, sparsity=0.1, **QUICK, **more),
    "ClusterVAE": lambda **more: vw.ClusterVAE(3, 4, start="mixture", **QUICK, **more),
}


@pytest.fixture(scope="module")
def digits():
    return vw.datasets.load_digits()[0][:160]


@pytest.fixture(params=MODELS)
def make(request):
    return MODELS[request.param]


def weights(model):
    return {name: t.numpy().copy() for name, t in model.networks_.state_dict().items()}


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


class Watch(StopAt):
    """Counts steps, and keeps their terms."""

    def __init__(self, stop_at=None):
        super().__init__(stop_at)
        self.terms, self.steps = [], 0

    def on_batch(self, state):
        self.steps += 1
        self.terms.append(dict(state.terms))
        super().on_batch(state)


def test_more_epochs_begin_where_the_model_is(make, digits):
    model = make(max_epochs=6).fit(digits)
    first, before = weights(model), [dict(record) for record in model.history_]
    old = model.networks_
    model.partial_fit(digits, epochs=3)
    assert model.networks_ is not old
    assert same(
        first, {name: t.numpy() for name, t in old.state_dict().items()}
    )  # in use elsewhere
    assert not same(first, weights(model))
    assert model.history_[:6] == before
    assert [record["epoch"] for record in model.history_] == list(range(1, 10))
    assert [record["step"] for record in model.history_] == list(range(5, 50, 5))
    seconds = [record["seconds"] for record in model.history_]
    assert seconds == sorted(seconds)
    # A start from fresh weights costs far more than where six epochs have led.
    assert model.history_[6]["reconstruction"] < model.history_[0]["reconstruction"]
    assert model.trained_with_["after"]["records"] == 6
    assert "after" not in model.trained_with_["after"]["trained_with"]
    model.partial_fit(digits, epochs=1)
    assert model.trained_with_["after"]["trained_with"]["after"]["records"] == 6
    assert len(model.history_) == 10


def test_it_is_the_same_each_time_and_other_batches_than_the_first(make, digits):
    one, two = (make(max_epochs=2).fit(digits).partial_fit(digits, epochs=2) for _ in range(2))
    assert same(weights(one), weights(two))
    assert one.history_[2]["reconstruction"] != one.history_[0]["reconstruction"]


def test_a_loaded_model_goes_on_like_the_one_that_was_saved(make, digits, tmp_path):
    model = make(max_epochs=3).fit(digits)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    loaded.set_params(progress=False)
    loaded.partial_fit(digits, epochs=2)
    model.partial_fit(digits, epochs=2)
    assert same(weights(loaded), weights(model))
    loaded.save(tmp_path / "again")
    again = type(model).load(tmp_path / "again")
    assert again.history_ == loaded.history_
    assert again.trained_with_ == loaded.trained_with_


def test_other_images_are_brought_to_the_model(digits):
    model = vw.VAE(4, max_epochs=2, **QUICK).fit(digits)
    larger = vw.load_images([picture(image) for image in digits[:40]], size=20)
    model.partial_fit(larger, epochs=1)
    assert model.image_shape_ == (8, 8, 1)
    with pytest.raises(ValueError, match="fitted on"):
        model.partial_fit(np.zeros((4, 9, 9)) + np.arange(4)[:, None, None] / 4)
    with pytest.raises(ValueError, match="identical"):
        model.partial_fit(np.zeros((4, 8, 8)))
    for wrong in (0, 1.5, True):
        with pytest.raises((ValueError, TypeError), match="epochs"):
            model.partial_fit(digits, epochs=wrong)
    assert len(model.history_) == 3


def picture(image):
    from PIL import Image

    return Image.fromarray(image[..., 0]).resize((20, 20))


def test_a_new_model_learns_from_the_start(digits):
    partial, whole = (vw.VAE(4, max_epochs=2, **QUICK) for _ in range(2))
    assert same(weights(partial.partial_fit(digits)), weights(whole.fit(digits)))
    assert "after" not in partial.trained_with_
    assert len(clone(partial).partial_fit(digits, epochs=1).history_) == 1


def test_what_comes_gradually_does_not_come_again(digits):
    model = vw.VAE(4, max_epochs=10, warm_up=0.5, beta=1.0, **QUICK).fit(digits)
    watch = Watch()
    model.set_params(progress=watch).partial_fit(digits, epochs=1)
    first = watch.terms[0]
    assert first["loss"] == pytest.approx(first["reconstruction"] + first["kl"], rel=1e-5)


def classifier_of(model):
    parameters = model.networks_.clusters.classifier.parameters()
    return np.concatenate([parameter.numpy().ravel() for parameter in parameters])


def test_classes_that_have_begun_do_not_begin_again_and_others_begin(digits):
    model = vw.ClusterVAE(3, 4, max_epochs=5, start="mixture", **QUICK).fit(digits)
    means = model.networks_.clusters.means.numpy().copy()
    assert all(record["certainty"] for record in model.history_[3:])
    model.partial_fit(digits, epochs=1)
    assert model.history_[-1]["certainty"] > 0
    moved = np.abs(model.networks_.clusters.means.numpy() - means).max()
    assert moved < np.abs(means).max()
    assert np.array_equal(model.labels_, model.predict(digits))
    model.partial_fit(digits[:40], epochs=1)
    assert len(model.labels_) == 40
    kept = classifier_of(model)
    model.partial_fit(digits, epochs=1)  # refine=False: the classifier stays
    assert np.array_equal(kept, classifier_of(model))
    named = vw.ClusterVAE(3, 4, max_epochs=5, plain_epochs=3, start="mixture", **QUICK)
    named.fit(digits).partial_fit(digits, epochs=2)  # fewer than its plain epochs
    assert all(record["certainty"] for record in named.history_[3:])
    early = vw.ClusterVAE(3, 4, max_epochs=20, start="mixture", **QUICK)
    early.set_params(progress=Watch(stop_at=25)).fit(digits)
    assert early.history_[-1]["certainty"] == 0
    early.set_params(progress=False).partial_fit(digits, epochs=2)
    assert early.history_[-1]["certainty"] > 0


def test_a_failure_and_an_interrupt(digits):
    model = vw.VAE(4, max_epochs=2, **QUICK).fit(digits)
    first = weights(model)
    with pytest.raises(FloatingPointError):
        model.set_params(learning_rate=1e30).partial_fit(digits, epochs=2)
    assert same(first, weights(model))
    assert len(model.history_) == 2
    model.set_params(learning_rate=4e-3, progress=Watch(stop_at=3))
    model.partial_fit(digits, epochs=50)
    assert model.outcome_ == "stopped"
    assert model.history_[-1]["step"] == 13
    model.set_params(progress=False).partial_fit(digits, epochs=1)
    assert model.history_[-1]["step"] == 18


# In a checkpoint folder


def test_more_max_epochs_than_a_finished_folder_has_are_learned_on_top(make, digits, tmp_path):
    folder = tmp_path / "run"
    make(max_epochs=3, checkpoint=folder).fit(digits)
    model = make(max_epochs=5, checkpoint=folder).fit(digits)
    other = make(max_epochs=3).fit(digits).partial_fit(digits, epochs=2)
    assert same(weights(model), weights(other))
    assert [record["epoch"] for record in model.history_] == [1, 2, 3, 4, 5]
    taken = make(max_epochs=5, checkpoint=folder).fit(digits)  # finished: nothing is learned
    assert same(weights(taken), weights(model))
    with pytest.raises(ValueError, match="another training"):  # has more than was asked for
        make(max_epochs=2, checkpoint=folder).fit(digits)


def test_a_second_training_that_was_cut_goes_on_bit_for_bit(make, digits, tmp_path):
    folder = tmp_path / "run"
    make(max_epochs=3, checkpoint=folder).fit(digits)
    make(max_epochs=6, checkpoint=folder).set_params(progress=Watch(stop_at=7)).fit(digits)
    watch = Watch()
    model = make(max_epochs=6, checkpoint=folder).set_params(progress=watch).fit(digits)
    assert watch.steps == 8
    whole = make(max_epochs=3).fit(digits).partial_fit(digits, epochs=3)
    assert same(weights(model), weights(whole))
    assert [record["step"] for record in model.history_][-1] == 30
    loaded = type(model).load(folder)
    assert loaded.history_ == model.history_


def test_other_parameters_still_make_another_training(digits, tmp_path):
    folder = tmp_path / "run"
    vw.VAE(4, max_epochs=2, checkpoint=folder, **QUICK).fit(digits)
    with pytest.raises(ValueError, match=r"another training \(beta="):
        vw.VAE(4, max_epochs=4, beta=2.0, checkpoint=folder, **QUICK).fit(digits)
    with pytest.raises(ValueError, match="other images"):
        vw.VAE(4, max_epochs=4, checkpoint=folder, **QUICK).fit(digits[:150])


@pytest.mark.parametrize(
    "after",
    [3, {"records": 1}, {"records": 9, "trained_with": {}}, {"records": 1, "trained_with": 2}],
)
def test_a_damaged_note_of_what_was_before_is_refused(digits, tmp_path, after):
    vw.VAE(4, max_epochs=2, **QUICK).fit(digits).save(tmp_path / "model")
    manifest = tmp_path / "model" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["content"]["trained_with"]["after"] = after
    manifest.write_text(json.dumps(content))
    with pytest.raises(CheckpointError):
        vw.VAE.load(tmp_path / "model")


def test_a_decoder_goes_on_with_more_codes(digits, tmp_path):
    codes = digits.as_float().reshape(len(digits), -1)[:, 20:26]
    decoder = vw.Decoder(max_epochs=2, **QUICK).fit(digits[:100], codes[:100])
    decoder.partial_fit(digits[75:], codes[75:], epochs=2)
    assert np.array_equal(decoder.transform(digits), codes)
    decoder.save(tmp_path / "model")
    assert np.array_equal(vw.Decoder.load(tmp_path / "model").transform(digits), codes)
    with pytest.raises(ValueError, match="accepted: 6"):
        decoder.partial_fit(digits, codes[:, :3])
    with pytest.raises(TypeError, match="codes are missing"):
        decoder.partial_fit(digits)
