from __future__ import annotations

import copy
import os
import signal
import threading
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from vaewidgets.core.loop.progress import Callback
from vaewidgets.core.models.vae import VAE
from vaewidgets.gaussians import Gaussians
from vaewidgets.images import load_images

SIZES = [(8, 8, 1), (9, 13, 1), (28, 28, 1), (33, 20, 3)]


@pytest.fixture(scope="module")
def good_vae():
    """The defaults, as a person calls them first, on the 1797 digits; and the digits."""
    data = load_digits()
    images = np.rint(data.images / 16 * 255).astype(np.uint8)
    return VAE(progress=False).fit(images), images, data.target


def test_defaults_give_codes_in_which_neighbours_are_alike(good_vae):
    vae, images, target = good_vae
    codes = vae.transform(images)
    assert codes.shape == (1797, 16)
    assert codes.dtype == np.float32
    accuracy = cross_val_score(KNeighborsClassifier(10), codes, target, cv=5).mean()
    assert accuracy > 0.94  # measured .960
    assert vae.active_dimensions_.all()


def test_defaults_reconstruct_better_than_as_many_principal_components(good_vae):
    vae, images, _ = good_vae
    flat = images.reshape(len(images), -1) / 255
    pca = PCA(16).fit(flat)
    linear = np.square(pca.inverse_transform(pca.transform(flat)) - flat).mean()
    ours = vae.inverse_transform(vae.transform(images)).reshape(len(images), -1)
    assert np.square(ours - flat).mean() < 0.7 * linear


def test_score_is_about_the_bound_of_the_last_epoch(good_vae):
    vae, images, _ = good_vae
    last = vae.history_[-1]
    assert vae.score(images) == vae.score(images)
    assert vae.score(images) == pytest.approx(-last["reconstruction"] - last["kl"], abs=3)
    assert vae.score(images) > vae.score(255 - images)


def test_samples_look_like_images_and_follow_their_seed(good_vae):
    vae, images, _ = good_vae
    samples = vae.sample(20, random_state=3)
    assert samples.shape == (20, 8, 8, 1)
    assert np.array_equal(samples, vae.sample(20, random_state=3))
    assert not np.array_equal(samples, vae.sample(20))
    assert samples.mean() == pytest.approx(images.mean() / 255, abs=0.05)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_every_size_goes_in_and_comes_out(make_vae, size, likelihood):
    images = np.random.default_rng(0).integers(0, 256, (20, *size), dtype=np.uint8)
    vae = make_vae(likelihood=likelihood, max_epochs=1).fit(images)
    codes = vae.transform(images)
    decoded = vae.inverse_transform(codes)
    assert codes.shape == (20, 4)
    assert decoded.shape == (20, *size)
    assert decoded.dtype == np.float32
    assert decoded.min() >= 0
    assert decoded.max() <= 1
    assert vae.image_shape_ == size
    assert np.isfinite(vae.score(images))


def test_one_epoch_lowers_the_loss(make_vae, digits):
    losses = []

    class Record(Callback):
        def on_batch(self, state):
            losses.append(state.terms["loss"])

    make_vae(max_epochs=1, batch_size=16, progress=Record(), warm_up=0.0).fit(digits)
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


def test_bytes_and_the_same_floats_give_the_same_bits(make_vae, digits):
    first = make_vae().fit(digits)
    second = make_vae().fit(digits / 255)
    assert np.array_equal(first.transform(digits), second.transform(digits / 255))


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_same_seed_same_bits_and_all_generators_are_left_alone(make_vae, digits, network):
    torch_state, numpy_state = torch.get_rng_state(), global_numpy_state()
    first = make_vae(network=network).fit(digits).transform(digits)
    second = make_vae(network=network).fit(digits).transform(digits)
    other = make_vae(network=network, random_state=1).fit(digits).transform(digits)
    make_vae(random_state=None, max_epochs=1).fit(digits)
    assert np.array_equal(first, second)
    assert not np.allclose(first, other)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(global_numpy_state(), numpy_state)


def test_transform_is_the_mean_of_the_posterior_and_never_changes(small_vae, digits):
    posterior = small_vae.posterior(digits)
    assert isinstance(posterior, Gaussians)
    assert np.array_equal(posterior.mean, small_vae.transform(digits))
    assert (posterior.std > 0).all()
    assert np.array_equal(small_vae.transform(digits), small_vae.transform(digits))


def test_chunks_give_what_one_by_one_gives(small_vae, digits, monkeypatch):
    whole = small_vae.transform(digits)
    monkeypatch.setattr("vaewidgets.core.inference.VALUES_PER_CHUNK", 7 * 64)
    np.testing.assert_allclose(small_vae.transform(digits), whole, atol=1e-5)
    np.testing.assert_allclose(
        small_vae.inverse_transform(whole)[100],
        small_vae.inverse_transform(whole[100:101])[0],
        atol=1e-5,
    )


def test_no_codes_give_no_images(small_vae):
    assert small_vae.inverse_transform(np.zeros((0, 4))).shape == (0, 8, 8, 1)


def test_images_object_and_a_single_image_are_taken(small_vae, digits):
    codes = small_vae.transform(load_images(digits))
    assert np.array_equal(codes, small_vae.transform(digits))
    np.testing.assert_allclose(small_vae.transform(digits[:1]), codes[:1], atol=1e-5)


def global_numpy_state():
    return np.random.get_state()[1].copy()  # noqa: NPY002  (what scikit-learn would draw from)


# scikit-learn


def test_parameters_are_kept_as_given_and_cloned():
    vae = VAE(n_latent=3, beta=0.5, max_epochs=7)
    copied = clone(vae).set_params(beta=2.0)
    assert copied.get_params() == {**vae.get_params(), "beta": 2.0}
    wrong = VAE(n_latent="many")  # is checked in fit, not here
    assert wrong.n_latent == "many"


def test_it_works_in_a_pipeline(make_vae, digits):
    pipeline = make_pipeline(make_vae(n_latent=5), PCA(2))
    assert pipeline.fit_transform(digits).shape == (len(digits), 2)
    assert make_vae().fit(digits).get_feature_names_out().tolist() == [f"vae{i}" for i in range(4)]


def test_before_fit_everything_says_so(digits):
    calls = [
        lambda vae: vae.transform(digits),
        lambda vae: vae.posterior(digits),
        lambda vae: vae.inverse_transform(np.zeros((1, 16))),
        lambda vae: vae.sample(),
        lambda vae: vae.score(digits),
        lambda vae: vae.save("nowhere"),
    ]
    for call in calls:
        with pytest.raises(NotFittedError, match="VAE instance is not fitted yet"):
            call(VAE())


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_latent": 0}, ValueError, "n_latent is 0; accepted: an integer from 1 to 4096"),
        ({"n_latent": 2.5}, TypeError, "n_latent is 2.5"),
        ({"n_latent": True}, TypeError, "n_latent is True"),
        (
            {"network": "resnet"},
            ValueError,
            "network is 'resnet'; accepted: 'auto', 'mlp', 'conv'",
        ),
        ({"likelihood": None}, ValueError, "likelihood is None; accepted: 'gaussian'"),
        ({"beta": -1}, ValueError, "beta is -1"),
        ({"beta": float("nan")}, ValueError, "beta is nan"),
        ({"warm_up": 1.0}, ValueError, "warm_up is 1.0"),
        ({"max_epochs": "many"}, TypeError, "max_epochs is 'many'"),
        ({"max_epochs": 0}, ValueError, "max_epochs is 0"),
        ({"batch_size": 1}, ValueError, "batch_size is 1"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate is 0.0; accepted: a number above 0"),
        ({"learning_rate": float("inf")}, ValueError, "learning_rate is inf"),
        ({"random_state": -1}, ValueError, "random_state is -1"),
        ({"random_state": "x"}, TypeError, "random_state is 'x'"),
        ({"n_threads": 0}, ValueError, "n_threads is 0"),
        ({"device": "tpu"}, ValueError, "device is 'tpu'"),
        ({"progress": 3}, TypeError, "progress is 3"),
    ],
)
def test_parameters_out_of_range_are_named(make_vae, digits, parameters, error, message):
    with pytest.raises(error, match=message):
        make_vae(**parameters).fit(digits)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((5, 8, 8), np.uint8), "all 5 are identical"),
        (np.arange(64, dtype=np.uint8).reshape(1, 8, 8), "images holds 1; accepted: at least 2"),
        (np.full((3, 8, 8), np.nan), "nan|NaN|finite"),
        (np.random.default_rng(0).random((3, 8, 8)) * 300, "images"),
    ],
)
def test_images_with_nothing_to_learn_are_refused(make_vae, images, message):
    with pytest.raises(ValueError, match=message):
        make_vae().fit(images)


def test_images_of_another_size_are_refused_with_both_sizes(small_vae):
    message = "9 x 8 x 1 .* fitted on 8 x 8 x 1; bring them to it with load_images"
    with pytest.raises(ValueError, match=message):
        small_vae.transform(np.zeros((2, 9, 8, 1), np.uint8))


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros(4), r"z has shape \(4,\); accepted: \(n, 4\)"),
        (np.zeros((2, 5)), r"z has shape \(2, 5\)"),
        (np.array([[0, 0, 0, 0], [0, np.nan, 0, 0]]), "not finite in row 1"),
        (np.full((1, 4), np.inf), "not finite in row 0"),
    ],
)
def test_codes_that_cannot_be_decoded_are_refused(small_vae, z, message):
    with pytest.raises(ValueError, match=message):
        small_vae.inverse_transform(z)


# How a training ends


class StopAt(Callback):
    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_batch(self, state):
        if state.step == self.step:
            self.action(state)


def interrupt(state):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("action", "outcome"), [(lambda s: s.stop(), "stopped"), (interrupt, "interrupted")]
)
def test_ended_early_the_model_is_usable(make_vae, digits, action, outcome, capsys):
    vae = make_vae(max_epochs=50, progress=StopAt(5, action)).fit(digits)
    assert vae.outcome_ == outcome
    assert vae.history_[-1]["step"] == 5
    assert np.isfinite(vae.transform(digits)).all()
    assert ("Interrupted" in capsys.readouterr().err) == (outcome == "interrupted")


@pytest.mark.usefixtures("_interruptible")
def test_a_real_interrupt_ends_a_fit_and_keeps_what_was_learned(make_vae, digits):
    class Interrupt(Callback):
        def on_batch(self, state):
            if state.step == 3:
                threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()

    vae = make_vae(max_epochs=2000, progress=Interrupt()).fit(digits)
    assert vae.outcome_ == "interrupted"
    assert np.isfinite(vae.transform(digits)).all()


def test_a_fit_that_fails_leaves_the_model_as_it_was(make_vae, digits):
    vae = make_vae().fit(digits)
    before, networks = vae.transform(digits), vae.networks_
    vae.set_params(learning_rate=1e30, max_epochs=3)
    with pytest.raises(FloatingPointError, match="Try a learning_rate below 1e"):
        vae.fit(digits)
    vae.set_params(learning_rate=1e-3, progress=StopAt(1, lambda s: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        vae.fit(digits)
    assert vae.networks_ is networks
    assert np.array_equal(vae.transform(digits), before)


def test_collapse_is_told_with_a_remedy(make_vae, digits):
    vae = make_vae(n_latent=8, beta=500.0, warm_up=0.0, network="mlp", max_epochs=260)
    with pytest.warns(RuntimeWarning, match="0 of 8 latent dimensions .* Try a smaller beta"):
        vae.fit(digits)
    assert not vae.active_dimensions_.any()


# Snapshots and threads


def test_a_copy_is_a_snapshot_that_a_later_fit_does_not_change(make_vae, digits):
    vae = make_vae().fit(digits)
    snapshot, before = copy.copy(vae), vae.transform(digits)
    weights = {name: t.clone() for name, t in vae.networks_.state_dict().items()}
    vae.set_params(n_latent=6, random_state=1).fit(digits)
    assert np.array_equal(snapshot.transform(digits), before)
    assert vae.transform(digits).shape == (len(digits), 6)
    after = snapshot.networks_.state_dict()
    assert all(torch.equal(after[name], weights[name]) for name in weights)


def test_published_networks_are_frozen(small_vae):
    assert not small_vae.networks_.training
    assert not any(p.requires_grad for p in small_vae.networks_.parameters())


def test_decoding_during_a_fit_gives_the_bits_of_the_snapshot(make_vae, digits):
    vae = make_vae().fit(digits)
    z = np.random.default_rng(0).standard_normal((200, 1, 4)).astype(np.float32)
    expected = [vae.inverse_transform(code) for code in z]
    codes = vae.transform(digits[:1])
    training, stop = threading.Event(), threading.Event()
    wrong = []

    class Signal(Callback):
        def on_batch(self, state):
            training.set()
            if stop.is_set():
                state.stop()

    def slide():
        training.wait()
        for _ in range(5):
            for code, image in zip(z, expected, strict=True):
                if not np.array_equal(snapshot.inverse_transform(code), image):
                    wrong.append(code)
        if not np.array_equal(vae.transform(digits[:1]), codes):
            wrong.append("vae")
        stop.set()

    snapshot = copy.copy(vae)
    thread = threading.Thread(target=slide)
    thread.start()
    vae.set_params(max_epochs=10_000, progress=Signal()).fit(digits)
    thread.join()
    assert vae.outcome_ == "stopped"
    assert wrong == []


def test_a_few_codes_are_decoded_on_one_thread_of_their_own(small_vae, monkeypatch):
    seen = []
    decoder = small_vae.networks_.decoder
    handle = decoder.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for n in (1, 300):
            worker = threading.Thread(target=small_vae.inverse_transform, args=[np.zeros((n, 4))])
            worker.start()
            worker.join()
            small_vae.inverse_transform(np.zeros((n, 4)))
        assert seen == [1, 1, 2, 2]
        assert torch.get_num_threads() == 2
    finally:
        handle.remove()
        torch.set_num_threads(before)


def test_gradients_stay_on_for_the_caller(small_vae, digits):
    small_vae.transform(digits)
    assert torch.is_grad_enabled()
    assert torch.ones(1, requires_grad=True).sum().requires_grad


def test_read_only_and_strided_arrays_are_taken(make_vae, digits):
    images = np.asfortranarray(digits)
    images.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vae = make_vae(max_epochs=1).fit(images)
    assert np.array_equal(vae.transform(images[::2]), vae.transform(digits[::2].copy()))
