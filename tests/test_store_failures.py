"""Interrupts, kills, full disks and small memories: a store is whole or not there at all."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests._limited import run_alone
from vaewidgets.images import load_images
from vaewidgets.images.store_file import part_of, sweep

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="signals, limits and locks as Linux has them"
)

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 30, 40), dtype=np.uint8)


def encoded(array):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


ITEMS = [encoded(image) for image in IMAGES]


@pytest.fixture
def store(tmp_path):
    return tmp_path / "photos.npy"


class Interrupting:
    """An image that presses Ctrl-C when it is looked at for the third time, to be decoded."""

    looks = 0

    def __array__(self, dtype=None, copy=None):
        self.looks += 1
        if self.looks == 3:
            signal.raise_signal(signal.SIGINT)
        return IMAGES[0]


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("there_is_an_older_one", [False, True])
def test_an_interrupt_leaves_what_was_there(tmp_path, store, there_is_an_older_one):
    if there_is_an_older_one:
        load_images(ITEMS[:2], store=store)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        load_images([*ITEMS, Interrupting()], store=store)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_of_a_killed_run_nothing_stays_and_nothing_is_taken_for_whole(tmp_path, store):
    program = """
import sys, time
from pathlib import Path
from vaewidgets.images import load_images

class Endless:
    looks = 0

    def __array__(self, dtype=None, copy=None):
        import numpy as np
        self.looks += 1
        if self.looks == 3:
            print("decoding", flush=True)
            time.sleep(600)
        return np.zeros((30, 40), np.uint8)

load_images([*sorted(Path(sys.argv[1]).glob("*.png")), Endless()], store=sys.argv[2])
"""
    for k, item in enumerate(ITEMS):
        (tmp_path / f"{k}.png").write_bytes(item)
    command = [sys.executable, "-c", program, str(tmp_path), str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "decoding\n"
        sweep(store)
        (part,) = tmp_path.glob(".photos.npy.*.part")  # of one who lives: not swept
        child.kill()
        child.wait()
    assert part.exists()
    assert not store.exists()
    images = load_images(sorted(tmp_path.glob("*.png")), store=store)
    assert np.array_equal(images.pixels[..., 0], IMAGES)
    assert not part.exists()


def test_a_part_that_is_swept_before_it_is_locked_is_made_again(store, monkeypatch):
    real = os.fstat
    swept = []

    def fstat(descriptor):
        if not swept:
            swept.extend(store.parent.glob(".*.part"))
            swept[0].unlink()
        return real(descriptor)

    monkeypatch.setattr("vaewidgets.images.store_file.os.fstat", fstat)
    assert len(load_images(ITEMS, store=store)) == 6
    assert np.array_equal(np.load(store)[..., 0], IMAGES)
    assert names(store.parent) == ["photos.npy"]


def test_a_file_that_came_meanwhile_is_not_overwritten(store):
    def write():
        with part_of(store) as file:
            file.write(b"pixels")
            store.write_text("my notes")

    with pytest.raises(FileExistsError, match="that load_images did not write"):
        write()
    assert store.read_text() == "my notes"
    assert names(store.parent) == ["photos.npy"]


def test_a_full_disk_is_an_error_and_no_fault_of_the_images(store):
    load_images(ITEMS[:2], store=store)
    before = store.read_bytes()
    message = run_alone(
        """
        from vaewidgets.images import load_images
        from PIL import Image
        import signal
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
        try:
            load_images([Image.new("L", (1000, 1000), k) for k in range(9)], size=1000,
                        store=sys.argv[1])
        except OSError as error:
            print(error.errno)
        """,
        store,
    )
    assert int(message) == errno.EFBIG
    assert store.read_bytes() == before
    assert names(store.parent) == ["photos.npy"]


def test_what_cannot_fit_the_disk_is_refused_before_it_is_decoded(store):
    with pytest.raises(OSError, match=r"store needs 6e\+03 GB, but .* GB are free") as caught:
        load_images(ITEMS, size=10**6, store=store)
    assert caught.value.errno == errno.ENOSPC
    assert names(store.parent) == []


def test_decoding_takes_little_memory_however_many_images(tmp_path, store):
    Image.new("L", (1000, 1000), 7).save(tmp_path / "gray.png")
    Image.new("RGB", (1000, 1000), (99, 0, 0)).save(tmp_path / "red.png")
    run_alone(
        """
        from vaewidgets.images import load_images
        files = [f"{sys.argv[1]}/gray.png"] * 60 + [f"{sys.argv[1]}/red.png"] * 40
        limit_memory(200_000_000)
        images = load_images(files, size=1000, store=sys.argv[2], progress=False)
        assert images.pixels.nbytes == 300_000_000
        assert [image[5, 5].tolist() for image in images] == [[7] * 3] * 60 + [[99, 0, 0]] * 40
        assert images.thumbnails(10)[99].max() == 99
        assert images.fingerprint
        try:
            load_images(files, size=1000, progress=False)
        except MemoryError:
            raise SystemExit(0)
        raise AssertionError("it would have gone without a store")
        """,
        tmp_path,
        store,
    )


def test_a_store_survives_many_kills_at_any_moment(tmp_path, store):
    for k, item in enumerate(ITEMS):
        (tmp_path / f"{k}.png").write_bytes(item)
    program = """
import sys
from pathlib import Path
from vaewidgets.images import load_images
files = sorted(Path(sys.argv[1]).glob("*.png"))
print("ready", flush=True)
while True:
    for size in (10, 20, 30):
        load_images(files, size=size, store=sys.argv[2], progress=False)
"""
    command = [sys.executable, "-c", program, str(tmp_path), str(store)]
    for wait in (0.02, 0.05, 0.11):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            child.stdout.readline()
            time.sleep(wait)
            child.kill()
    if store.exists():
        assert np.load(store).shape in {(6, side, side, 1) for side in (10, 20, 30)}
    images = load_images(sorted(tmp_path.glob("*.png")), store=store)
    assert np.array_equal(images.pixels[..., 0], IMAGES)
    assert list(tmp_path.glob(".*.part")) == []
