"""A training that was cut short goes on with the same bits."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from vaewidgets import VAE
from vaewidgets.core.files.checkpoint import CheckpointError
from vaewidgets.core.loop.progress import Callback
from vaewidgets.core.models import learning

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
    monkeypatch.setattr(learning, "KEEP_EVERY", 0.0)  # after each step
    kept = VAE(**SETTINGS, checkpoint=tmp_path / "run").fit(images)
    assert_same_bits(kept, weights(whole))


CHILD = """
import sys
import numpy as np
from vaewidgets import VAE
from vaewidgets.core.models import learning
from vaewidgets.core.loop.progress import Callback
learning.KEEP_EVERY = 0.0
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


class FailsAtTheEndOfAnEpoch(Callback):
    def on_epoch(self, state):
        if state.epoch == 2:
            raise OSError("the disk of somebody else is full")


def test_kept_at_the_last_step_of_an_epoch_and_go_on(images, tmp_path, monkeypatch):
    whole = VAE(**SETTINGS).fit(images)
    monkeypatch.setattr(learning, "KEEP_EVERY", 0.0)
    model = VAE(**SETTINGS, checkpoint=tmp_path / "run")
    with pytest.raises(OSError, match="somebody else"):
        model.set_params(progress=FailsAtTheEndOfAnEpoch()).fit(images)
    assert VAE.load(tmp_path / "run").history_[-1]["epoch"] == 1  # kept before the second ended
    resumed = model.set_params(progress=False).fit(images)
    assert_same_bits(resumed, weights(whole))
    assert without_clock(resumed.history_) == without_clock(whole.history_)


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


@pytest.mark.usefixtures("_interruptible")
def test_interrupts_wait_for_the_end_of_the_step(images, tmp_path):
    run = tmp_path / "run"
    once = At(9, lambda state: os.kill(os.getpid(), signal.SIGINT))
    stopped = VAE(**SETTINGS, checkpoint=run).set_params(progress=once).fit(images)
    assert stopped.outcome_ == "interrupted"
    resumed = VAE(**SETTINGS, checkpoint=run).fit(images)
    assert_same_bits(resumed, weights(VAE(**SETTINGS).fit(images)))


@pytest.fixture
def begun(images, tmp_path):
    """The folder of a training that was stopped in its second epoch."""
    run = tmp_path / "run"
    VAE(**SETTINGS, checkpoint=run).set_params(progress=At(9, lambda s: s.stop())).fit(images)
    return run


def rewrite(run, change_tensors=None, change_numbers=None):
    """Change what a training is made of, with hashes that fit."""
    manifest = json.loads((run / "manifest.json").read_text())
    tensors = load_tensors((run / "training.safetensors").read_bytes())
    if change_tensors:
        change_tensors(tensors)
    if change_numbers:
        change_numbers(manifest["training"]["numbers"])
    raw = save_tensors(tensors)
    (run / "training.safetensors").write_bytes(raw)
    entry = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    manifest["training"]["file"] = entry
    (run / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.pop("generator.noise"), "lacks generator.noise"),
        (lambda t: t.pop("good.noise_variance"), "lacks good.noise_variance"),
        (lambda t: t.update(more=torch.zeros(1)), "the unknown more"),
        (lambda t: t.update({"generator.order": torch.zeros(3, dtype=torch.uint8)}), "of shape"),
        (lambda t: t.update({"adam.0.exp_avg": torch.zeros(2)}), r"of shape \(2,\) where"),
        (lambda t: t.update(usual_norm=torch.zeros(2)), r"of shape \(2,\) where"),
        (lambda t: t.update({"good.noise_variance": torch.zeros((), dtype=torch.int64)}), "int64"),
    ],
)
def test_tensors_that_do_not_belong_to_the_training_are_refused(begun, images, change, reason):
    rewrite(begun, change_tensors=change)
    with pytest.raises(ValueError, match=reason):
        VAE(**SETTINGS, checkpoint=begun).fit(images)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda n: n.update(step=-1), "step of the snapshot is -1"),
        (lambda n: n.update(step=2.5), "step of the snapshot is 2.5"),
        (lambda n: n.update(epoch=99), "epoch of the snapshot is 99"),
        (lambda n: n.update(step=23), "do not belong together"),
        (lambda n: n.update(step=5), "do not belong together"),
        (lambda n: n.update(prepared=5), "prepared and epoch"),
        (lambda n: n.update(seconds="x"), "no finite number"),
        (lambda n: n["sums"].update(loss="x"), "no finite number"),
        (lambda n: n.pop("sums"), "expected"),
        (lambda n: n.update(more=1), "expected"),
    ],
)
def test_numbers_that_no_training_had_are_refused(begun, images, change, reason):
    rewrite(begun, change_numbers=change)
    with pytest.raises(ValueError, match=reason):
        VAE(**SETTINGS, checkpoint=begun).fit(images)


def test_a_damaged_state_is_refused_and_left_as_it_is(begun, images):
    file = begun / "training.safetensors"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    with pytest.raises(CheckpointError, match=r"training.safetensors is damaged"):
        VAE(**SETTINGS, checkpoint=begun).fit(images)
    assert file.read_bytes() == raw
    file.unlink()
    with pytest.raises(CheckpointError, match=r"training.safetensors"):
        VAE(**SETTINGS, checkpoint=begun).fit(images)
