"""What tests share: fixed seeds, real digits, a small trained model."""

from __future__ import annotations

import atexit
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests._identity import COLOUR, GRAY, encoded
from vaewidgets import VAE, Images, datasets

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What a test logged goes to another process as UTF-8, which halves of characters are not."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "replace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def _seeds():
    """No test depends on those that ran before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  (umap and scikit-learn still draw from it)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
    if projector := sys.modules.get("vaewidgets.widgets.map.projector"):
        projector.recent.clear()


@pytest.fixture
def photos(tmp_path):
    """A folder of images, gray and in colour, of two sizes and kinds, one of them in a folder."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for k in range(5):
        (folder / f"{k}.png").write_bytes(encoded(GRAY[k] if k < 3 else COLOUR[k]))
    (folder / "more" / "a.jpg").write_bytes(encoded(COLOUR[5][:5], "JPEG"))
    return folder


@pytest.fixture(scope="session")
def digits() -> tuple[Images, pd.DataFrame]:
    """All 1,797 digits of 8 x 8 pixels, and the table of what they are."""
    return datasets.load_digits()


@pytest.fixture(scope="session")
def tiny_vae(digits: tuple[Images, pd.DataFrame]) -> VAE:
    """A VAE of 4 dimensions, trained for a moment on 300 digits; good for shapes, not for looks.

    Whoever changes it works on a copy.
    """
    images, _ = digits
    return VAE(n_latent=4, network="mlp", max_epochs=3, n_threads=1, progress=False).fit(
        images[:300]
    )


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the bigger data sets, which are not part of the repository."""
    folder = Path(os.environ.get("VAEWIDGETS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the bigger data sets are not here; VAEWIDGETS_DATA says where they are")
    return folder


@pytest.fixture(scope="session")
def mnist(data_folder: Path) -> tuple[Images, pd.DataFrame]:
    """The 70,000 digits of MNIST; a test that asks for them is skipped where they are missing."""
    file = data_folder / "mnist.npz"
    if not file.is_file():
        pytest.skip(f"there is no {file.name} in the folder of the bigger data sets")
    return datasets.load_mnist(file)


@pytest.fixture
def _interruptible():
    """A program started in the background may have been told to ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def ipython():
    """A real shell; made once, since IPython keeps much of it for the life of the process."""
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    yield shell
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)


@pytest.fixture
def shell(ipython):
    ipython.user_ns.clear()
    ipython.user_ns.update(time=time, threading=threading)
    return ipython
