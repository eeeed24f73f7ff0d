"""A training that was cut short goes on with the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from vaewidgets import VAE
from vaewidgets.core import estimator
from vaewidgets.core.checkpoint import CheckpointError
from vaewidgets.core.progress import Callback

SETTINGS = {"n_latent": 3, "max_epochs": 4, "batch_size": 16, "n_threads": 1, "progress": False}


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)


class At(Callback):
    """Does something at one step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_batch(self, state):
        if state.step == self.step:
            self.action(state)


def weights(model):
    return {name: t.clone() for name, t in model.networks_.state_dict().items()}


def assert_same_bits(model, expected):
    for name, tensor in model.networks_.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def without_clock(history):
    return [{k: v for k, v in record.items() if k != "seconds"} for record in history]


@pytest.mark.parametrize("network", ["mlp", "conv"])
@pytest.mark.parametrize("step", [1, 6, 11, 12, 13, 23])
def test_stop_at_any_step_and_go_on(images, tmp_path, network, step):
    whole = VAE(**SETTINGS, network=network).fit(images)
    first = VAE(**SETTINGS, network=network, checkpoint=tmp_path / "run")
    first.set_params(progress=At(step, lambda state: state.stop())).fit(images)
    assert first.outcome_ == "stopped"
    second = VAE(**SETTINGS, network=network, checkpoint=tmp_path / "run").fit(images)
    assert second.outcome_ == "finished"
    assert_same_bits(second, weights(whole))
    assert without_clock(second.history_) == without_clock(whole.history_)


def test_a_snapshot_costs_the_training_nothing(images, tmp_path, monkeypatch):
    whole = VAE(**SETTINGS).fit(images)
    monkeypatch.setattr(estimator, "KEEP_EVERY", 0.0)  # after each step
    kept = VAE(**SETTINGS, checkpoint=tmp_path / "run").fit(images)
    assert_same_bits(kept, weights(whole))


CHILD = """
import sys
import numpy as np
from vaewidgets import VAE
from vaewidgets.core import estimator
from vaewidgets.core.progress import Callback
estimator.KEEP_EVERY = 0.0
images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)

class Loud(Callback):
    def on_batch(self, state): print(state.step, flush=True)

VAE(n_latent=3, max_epochs=4, batch_size=16, n_threads=1, progress=Loud(),
    checkpoint=sys.argv[1]).fit(images)
"""


def test_kill_at_any_moment_and_go_on(images, tmp_path):
    """Killed five times, at no chosen place: between two steps, or while it writes."""
    whole = VAE(**SETTINGS).fit(images)
    run = tmp_path / "run"
    wait = np.random.default_rng(1)
    for last in (2, 6, 11, 15, 20):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(run)], stdout=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                if int(line) >= last:
                    break
            time.sleep(wait.uniform(0, 0.02))
            child.kill()
        assert child.returncode == -signal.SIGKILL
    resumed = VAE(**SETTINGS, checkpoint=run).fit(images)
    assert_same_bits(resumed, weights(whole))


def test_a_finished_training_is_taken_as_it_is(images, tmp_path):
    first = VAE(**SETTINGS, checkpoint=tmp_path / "run").fit(images)
    told = At(1, lambda state: pytest.fail("trained again"))
    again = VAE(**SETTINGS, checkpoint=tmp_path / "run").set_params(progress=told).fit(images)
    assert_same_bits(again, weights(first))
    assert again.history_ == first.history_


def test_a_training_under_way_can_be_loaded(images, tmp_path):
    model = VAE(**SETTINGS, checkpoint=tmp_path / "run")
    model.set_params(progress=At(9, lambda state: state.stop())).fit(images)
    loaded = VAE.load(tmp_path / "run")
    assert loaded.outcome_ == "running"
    assert_same_bits(loaded, weights(model))


def test_the_training_of_another_model_or_of_other_images_is_refused(images, tmp_path):
    run = tmp_path / "run"
    VAE(**SETTINGS, checkpoint=run).set_params(progress=At(9, lambda s: s.stop())).fit(images)
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    with pytest.raises(ValueError, match=r"beta=1\.0 there, 2\.0 here"):
        VAE(**SETTINGS, beta=2.0, checkpoint=run).fit(images)
    with pytest.raises(ValueError, match="other images"):
        VAE(**SETTINGS, checkpoint=run).fit(255 - images)
    with pytest.raises(ValueError, match="images of another size"):
        VAE(**SETTINGS, checkpoint=run).fit(images[:, :, :7])
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


def test_other_circumstances_are_told(images, tmp_path):
    run = tmp_path / "run"
    VAE(**SETTINGS, checkpoint=run).set_params(progress=At(9, lambda s: s.stop())).fit(images)
    with pytest.warns(RuntimeWarning, match="n_threads 1 then, 2 now.*not bit for bit"):
        VAE(**(SETTINGS | {"n_threads": 2}), checkpoint=run).fit(images)


def test_without_a_seed_the_first_one_is_kept(images, tmp_path):
    run = tmp_path / "run"
    free = VAE(**SETTINGS, random_state=None, checkpoint=run)
    free.set_params(progress=At(9, lambda s: s.stop())).fit(images)
    free.set_params(progress=False).fit(images)
    seed = free.trained_with_["seed"]
    assert_same_bits(free, weights(VAE(**SETTINGS, random_state=seed).fit(images)))


def test_a_folder_that_holds_something_else_is_left_alone(images, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match=r"No such file|manifest"):
        VAE(**SETTINGS, checkpoint=tmp_path).fit(images)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_interrupts_wait_for_the_end_of_the_step(images, tmp_path):
    run = tmp_path / "run"
    once = At(9, lambda state: os.kill(os.getpid(), signal.SIGINT))
    stopped = VAE(**SETTINGS, checkpoint=run).set_params(progress=once).fit(images)
    assert stopped.outcome_ == "interrupted"
    resumed = VAE(**SETTINGS, checkpoint=run).fit(images)
    assert_same_bits(resumed, weights(VAE(**SETTINGS).fit(images)))
