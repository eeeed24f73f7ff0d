"""The folder of a training survives kills at any moment and disks that take no more."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from vaewidgets import VAE

SETTINGS = {"n_latent": 3, "max_epochs": 400, "batch_size": 16, "n_threads": 1, "progress": False}
CHILD = """
import resource, sys
import numpy as np
from vaewidgets import VAE
from vaewidgets.core.models import learning
from vaewidgets.core.loop.progress import Callback
learning.KEEP_EVERY = 0.0
images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)

class Loud(Callback):
    def on_batch(self, state):
        print(state.step, flush=True)
        if state.step == int(sys.argv[2]):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

VAE(n_latent=3, max_epochs=400, batch_size=16, n_threads=1, progress=Loud(),
    checkpoint=sys.argv[1]).fit(images)
"""


def start(run, full_at=-1):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(run), str(full_at)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def images():
    return np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)


def test_a_disk_that_takes_no_more_is_told_and_the_last_state_stands(tmp_path):
    run = tmp_path / "run"
    with start(run, full_at=9) as child:
        out, err = child.communicate()
    assert child.returncode == 1
    assert out.split()[-1] == "9"  # told at once, not at the end
    assert "OSError" in err
    assert [file.name for file in tmp_path.iterdir()] == ["run"]  # nothing half-written is left
    loaded = VAE.load(run)
    assert loaded.outcome_ == "running"
    assert np.isfinite(loaded.transform(images())).all()


@pytest.mark.slow
def test_a_hundred_kills_each_leave_a_training_that_goes_on(tmp_path):
    run, rng, last = tmp_path / "run", np.random.default_rng(0), 0
    for kill in range(100):
        with start(run) as child:
            steps = 0
            for line in child.stdout:
                steps = int(line)
                if steps >= last + 3:
                    break
            time.sleep(rng.uniform(0, 0.05))  # in a step, in a writing, between two renamings
            child.kill()
            child.stdout.read()
        assert child.returncode == -signal.SIGKILL, f"kill {kill}: {child.stderr}"
        loaded = VAE.load(run)
        assert loaded.history_ or steps < 12
        last = steps
    model = VAE(**SETTINGS, checkpoint=run).fit(images())
    whole = VAE(**SETTINGS).fit(images())
    for name, tensor in whole.networks_.state_dict().items():
        assert (model.networks_.state_dict()[name] == tensor).all(), name
