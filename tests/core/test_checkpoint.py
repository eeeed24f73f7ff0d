from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.utils._python_dispatch import TorchDispatchMode

from vaewidgets.core.files.checkpoint import MANIFEST, WEIGHTS, CheckpointError
from vaewidgets.core.models.vae import VAE


@pytest.fixture
def saved(small_vae, tmp_path):
    path = tmp_path / "model"
    small_vae.save(path)
    return path


def edit_manifest(path, change):
    manifest = json.loads((path / MANIFEST).read_text())
    change(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))


def edit_weights(path, change):
    """Change tensors and make the manifest agree, as someone who means harm would."""
    tensors = load_file(path / WEIGHTS)
    change(tensors)
    save_file(tensors, path / WEIGHTS)
    sign(path)


def sign(path):
    raw = (path / WEIGHTS).read_bytes()
    entry = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    edit_manifest(path, lambda manifest: manifest.update(weights=entry))


def refused(path, reason):
    with pytest.raises(CheckpointError, match=reason) as caught:
        VAE.load(path)
    assert str(path) in str(caught.value)


def test_round_trip_is_bit_identical(small_vae, saved, digits):
    loaded = VAE.load(saved)
    assert np.array_equal(loaded.transform(digits), small_vae.transform(digits))
    z = small_vae.transform(digits[:50])
    assert np.array_equal(loaded.inverse_transform(z), small_vae.inverse_transform(z))
    assert np.array_equal(loaded.posterior(digits).std, small_vae.posterior(digits).std)
    assert loaded.score(digits) == small_vae.score(digits)
    assert loaded.history_ == small_vae.history_
    assert loaded.image_shape_ == (8, 8, 1)
    assert loaded.trained_with_ == small_vae.trained_with_
    known = loaded.get_params()
    assert {**known, "progress": False} == small_vae.get_params()


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_both_networks_come_back(make_vae, digits, tmp_path, network):
    vae = make_vae(network=network, max_epochs=1).fit(digits[:64])
    vae.save(tmp_path / "m")
    assert np.array_equal(VAE.load(tmp_path / "m").transform(digits), vae.transform(digits))


def test_a_loaded_model_can_be_fitted_again(saved, digits):
    assert VAE.load(saved).set_params(max_epochs=1, progress=False).fit(digits).outcome_


def test_every_flipped_bit_is_noticed(saved):
    raw = (saved / WEIGHTS).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(30):
        byte, bit = rng.integers(len(raw)), rng.integers(8)
        broken = bytearray(raw)
        broken[byte] ^= 1 << bit
        (saved / WEIGHTS).write_bytes(broken)
        refused(saved, "damaged: its SHA-256")


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_truncated_weights_are_refused(saved, kept):
    raw = (saved / WEIGHTS).read_bytes()
    (saved / WEIGHTS).write_bytes(raw[:kept])
    refused(saved, "bytes, the manifest")
    sign(saved)
    refused(saved, "cannot load the model")


class Harm:
    def __reduce__(self):
        return (os.mkdir, ("harm-was-done",))


def test_a_renamed_pickle_is_refused_and_not_run(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (saved / WEIGHTS).write_bytes(pickle.dumps(Harm()))
    sign(saved)
    refused(saved, "cannot load the model")
    torch.save({"a": Harm()}, saved / WEIGHTS)
    sign(saved)
    refused(saved, "cannot load the model")
    (saved / MANIFEST).write_bytes(pickle.dumps(Harm()))
    refused(saved, "manifest.json is not JSON")
    assert not (tmp_path / "harm-was-done").exists()


def test_an_enormous_header_is_refused_before_it_is_read(saved):
    raw = (2**60).to_bytes(8, "little") + b"{}"
    (saved / WEIGHTS).write_bytes(raw)
    sign(saved)
    refused(saved, "header above")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.pop("decoder.blocks.0.bias"), "lacks decoder.blocks.0.bias"),
        (lambda t: t.update(more=torch.zeros(1)), "has the unknown more"),
        (lambda t: t.update({"noise_variance": torch.zeros(3)}), "noise_variance is .* shape"),
        (lambda t: t.update({"noise_variance": torch.zeros(()).double()}), "float64"),
        (
            lambda t: t["encoder.heads.bias"].fill_(float("nan")),
            "encoder.heads.bias .* not finite",
        ),
        (
            lambda t: t["encoder.heads.bias"].fill_(float("inf")),
            "encoder.heads.bias .* not finite",
        ),
    ],
)
def test_weights_that_do_not_fit_the_architecture_are_refused(saved, change, reason):
    edit_weights(saved, change)
    refused(saved, reason)


def set_size(name, value):
    return lambda manifest: manifest["architecture"].update({name: value})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_size("n_latent", 10**9), "n_latent is 1000000000"),
        (set_size("n_latent", 2.0), "n_latent is 2.0"),
        (set_size("height", 10**12), "height is"),
        (set_size("channels", -1), "channels is -1"),
        (set_size("network", "os.system"), "network is 'os.system'"),
        (set_size("network", ["mlp"]), "unhashable|network is"),
        (set_size("__class__", "builtins.object"), "__class__"),
        (lambda m: m.update(architecture=[1]), "architecture is not a table"),
        (lambda m: m.update(format_version=2), "format_version is 2"),
        (lambda m: m.update(format="other"), "not of the format"),
        (lambda m: m.update(model="PCA"), "holds a 'PCA', not a 'VAE'"),
        (lambda m: m.update(more=1), "has the entries"),
        (lambda m: m["weights"].update(file="../../etc/passwd"), "exactly bytes and sha256"),
        (lambda m: m["weights"].pop("sha256"), "exactly bytes and sha256"),
        (lambda m: m.update(content=[]), "content is not a table"),
        (lambda m: m["content"].pop("history"), "content has the entries"),
        (lambda m: m["content"].update(history=[{"loss": "x"}]), "history must be"),
        (lambda m: m["content"].update(history=[{"loss": float("nan")}]), "holds NaN"),
        (lambda m: m["content"].update(active_dimensions=[1, 0]), "active_dimensions must"),
        (lambda m: m["content"]["parameters"].update(beta=[1]), "beta is"),
        (lambda m: m["content"]["parameters"].update(n_latent=5), "do not belong together"),
        (lambda m: m["content"]["parameters"].update(likelihood="x"), "likelihood is 'x'"),
        (lambda m: m["content"]["parameters"].update(exec="x"), "parameters must be exactly"),
    ],
)
def test_manifests_that_say_something_else_are_refused(saved, change, reason):
    edit_manifest(saved, change)
    refused(saved, reason)


class NoMemory(TorchDispatchMode):
    """Lets torch make shapes, and no numbers."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        assert not isinstance(made, torch.Tensor) or made.is_meta, f"{func} took memory"
        return made


def test_an_absurd_but_allowed_size_is_refused_without_memory(saved):
    sizes = {"network": "mlp", "height": 4096, "width": 4096, "n_latent": 4096, "settings": {}}
    for name, value in sizes.items():
        edit_manifest(saved, set_size(name, value))
    edit_manifest(saved, lambda m: m["content"]["parameters"].update(n_latent=4096, network="mlp"))
    edit_manifest(saved, lambda m: m["content"].update(active_dimensions=[True] * 4096))
    (saved / WEIGHTS).unlink()  # not even looked for
    with NoMemory():
        refused(saved, "would have .* parameters")


@pytest.mark.parametrize(
    "text", ["", "[", "null", "[" * 100_000, "\xff", '{"format": 1' + "0" * 9999]
)
def test_manifests_that_are_not_json_are_refused(saved, text):
    (saved / MANIFEST).write_text(text, encoding="latin-1")
    refused(saved, "cannot load the model")


def test_links_pipes_and_missing_files_are_refused(saved, tmp_path):
    secret = tmp_path / "elsewhere"
    shutil.move(saved / WEIGHTS, secret)
    refused(saved, WEIGHTS)
    (saved / WEIGHTS).symlink_to(secret)
    refused(saved, "cannot load the model")
    (saved / WEIGHTS).unlink()
    os.mkfifo(saved / WEIGHTS)
    refused(saved, "not a plain file")
    refused(tmp_path / "nowhere", "nowhere")
    refused(secret, "cannot load")


def test_mutations_are_refused_or_harmless(small_vae, saved, digits):
    expected = small_vae.transform(digits[:20])
    raw = {name: (saved / name).read_bytes() for name in (MANIFEST, WEIGHTS)}
    rng = np.random.default_rng(0)
    n_refused = 0
    for i in range(300):
        name = (MANIFEST, WEIGHTS)[i % 2]
        broken = bytearray(raw[name])
        at = int(rng.integers(min(len(broken), 3000)))
        broken[at : at + int(rng.integers(1, 4))] = rng.bytes(int(rng.integers(0, 4)))
        (saved / name).write_bytes(broken)
        try:
            loaded = VAE.load(saved)
        except CheckpointError:
            n_refused += 1
        else:  # a digit of the history, a time: the model itself is the same
            assert np.array_equal(loaded.transform(digits[:20]), expected)
        (saved / name).write_bytes(raw[name])
    assert n_refused > 200


def test_saving_replaces_a_model_and_leaves_nothing_behind(small_vae, saved, make_vae, digits):
    make_vae(n_latent=3, max_epochs=1).fit(digits).save(saved)
    assert VAE.load(saved).n_latent == 3
    assert [entry.name for entry in saved.parent.iterdir()] == ["model"]
    assert {entry.name for entry in saved.iterdir()} == {MANIFEST, WEIGHTS}


def test_a_folder_that_is_not_there_is_named_as_it_was_given(small_vae, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere' to save"):
        small_vae.save(tmp_path / "nowhere" / "model")


def test_other_directories_and_files_are_never_replaced(small_vae, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("mine")
    for name in ("file", "folder"):
        with pytest.raises(FileExistsError, match="is not a model"):
            small_vae.save(tmp_path / name)
    assert (tmp_path / "folder" / "thesis.tex").read_text() == "mine"


def test_a_save_that_fails_leaves_the_older_model(small_vae, saved, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        small_vae.save(saved)
    monkeypatch.undo()
    assert VAE.load(saved).n_latent == 4
    assert [entry.name for entry in saved.parent.iterdir()] == ["model"]


def test_a_renaming_that_fails_puts_the_older_model_back(small_vae, saved, monkeypatch):
    rename = Path.rename

    def refuse(source, target):
        if ".tmp-" in source.name:
            raise PermissionError("in use")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError, match="in use"):
        small_vae.save(saved)
    assert VAE.load(saved).n_latent == 4
    assert [entry.name for entry in saved.parent.iterdir()] == ["model"]


def test_a_crash_between_the_two_renamings_loses_nothing(small_vae, saved, make_vae, digits):
    saved.rename(saved.parent / ".model.previous")
    assert VAE.load(saved).n_latent == 4
    make_vae(n_latent=3, max_epochs=1).fit(digits).save(saved)
    assert VAE.load(saved).n_latent == 3
    assert [entry.name for entry in saved.parent.iterdir()] == ["model"]


KEEP_SAVING = """
import sys
from vaewidgets.core.models.vae import VAE
vae = VAE.load(sys.argv[1])
while True:
    vae.save(sys.argv[1])
    print("saved", flush=True)
"""


def test_a_killed_save_leaves_a_model_that_loads(saved, small_vae, digits):
    expected = small_vae.transform(digits[:5])
    command = [sys.executable, "-c", KEEP_SAVING, str(saved)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        time.sleep(0.1)
        child.send_signal(signal.SIGKILL)
    assert np.array_equal(VAE.load(saved).transform(digits[:5]), expected)


def test_files_that_change_while_they_are_read_are_refused_not_fatal(saved):
    raw = (saved / WEIGHTS).read_bytes()
    running = threading.Event()
    running.set()

    def rewrite():
        while running.is_set():
            (saved / WEIGHTS).write_bytes(raw[: len(raw) // 2])
            (saved / WEIGHTS).write_bytes(raw)

    thread = threading.Thread(target=rewrite)
    thread.start()
    for _ in range(50):
        try:
            VAE.load(saved)
        except CheckpointError:
            continue
    running.clear()
    thread.join()
    assert VAE.load(saved)
