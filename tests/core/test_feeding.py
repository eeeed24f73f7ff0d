"""Batches from memory and from files: the same images, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import closing

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests._limited import run_alone
from vaewidgets.core.loop import feeding
from vaewidgets.core.loop.feeding import AHEAD, Feed, tensor_of
from vaewidgets.images import Images, load_images

CPU = torch.device("cpu")
LAYOUTS = {
    "as it is": lambda images: images,
    "a part": lambda images: images[3:-2],
    "every second": lambda images: images[::2],
    "backwards": lambda images: images[::-1],
    "channels first": lambda images: np.moveaxis(images, 3, 1).swapaxes(1, 2),
    "a plain array": np.asarray,
    "views of views": lambda images: np.asarray(images[2:])[1:].view()[..., :1],
}


def readers():
    """Threads that read ahead."""
    return [t for t in threading.enumerate() if t.name.startswith("vaewidgets-feed")]


@pytest.fixture
def mapped(tmp_path):
    """60 random images of 7 x 5 pixels, in a file."""
    return saved(tmp_path, np.uint8)


def saved(folder, dtype, n=60):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, 7, 5, 3), dtype=np.uint8)
    np.save(folder / "images.npy", images if dtype == np.uint8 else images.astype(dtype) / 255)
    return np.load(folder / "images.npy", mmap_mode="r")


def in_batches(n, size=7):
    return torch.split(torch.randperm(n, generator=torch.Generator().manual_seed(1)), size)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_gives_the_same_batches_as_memory_in_the_order_asked(tmp_path, dtype, layout):
    mapped = LAYOUTS[layout](saved(tmp_path, dtype))
    in_memory = LAYOUTS[layout](np.array(saved(tmp_path, dtype)))
    rows = in_batches(len(mapped))
    for pixels in (mapped, in_memory):
        feed = Feed(pixels, CPU)
        assert len(feed) == len(pixels)
        batches = list(feed.batches(rows))
        assert [len(batch) for batch in batches] == [len(chosen) for chosen in rows]
        for chosen, batch in zip(rows, batches, strict=True):
            assert batch.dtype == (torch.uint8 if dtype == np.uint8 else torch.float32)
            assert np.array_equal(batch.numpy(), in_memory[chosen.numpy()])


@given(rows=st.lists(st.lists(st.integers(0, 59), max_size=9), max_size=2 * AHEAD + 3))
@settings(max_examples=40, deadline=None)
def test_any_rows_in_any_number_come_as_asked(tmp_path_factory, rows):
    mapped = saved(tmp_path_factory.getbasetemp(), np.uint8)
    asked = [torch.tensor(chosen, dtype=torch.int64) for chosen in rows]
    batches = list(Feed(mapped, CPU).batches(asked))
    assert len(batches) == len(rows)
    for chosen, batch in zip(rows, batches, strict=True):
        assert np.array_equal(batch.numpy(), mapped[chosen])
    assert readers() == []


def test_only_what_lies_in_a_file_is_read_by_a_thread(mapped):
    views = [mapped, mapped[20:], np.asarray(mapped[2:])[::2].view(), Images(mapped[5:]).pixels]
    copies = [np.array(mapped), mapped + np.uint8(0), mapped[list(range(40))]]
    for pixels, n_readers in [*((view, 1) for view in views), *((copy, 0) for copy in copies)]:
        with closing(Feed(pixels, CPU).batches(in_batches(len(pixels)))) as batches:
            next(batches)
            assert len(readers()) == n_readers
        assert readers() == []


def test_arrays_in_memory_are_used_where_they_are(mapped):
    pixels = np.array(mapped)
    batches = Feed(pixels, CPU).batches([torch.tensor([0])] * 2)
    next(batches)
    pixels[0] = 77
    assert (next(batches) == 77).all()


def test_no_more_is_read_ahead_than_was_said(mapped):
    asked = []

    def rows():
        for k in range(60):
            asked.append(threading.current_thread())
            yield torch.tensor([k])

    with closing(Feed(mapped, CPU).batches(rows())) as batches:
        for n_used in range(1, 10):
            next(batches)
            assert len(asked) == n_used + AHEAD
    assert set(asked) == {threading.main_thread()}


def test_the_reader_ends_with_the_rows_with_the_iterator_and_when_it_is_forgotten(mapped):
    feed = Feed(mapped, CPU)
    assert len(list(feed.batches(in_batches(60)))) == 9
    assert readers() == []
    batches = feed.batches(in_batches(60))
    next(batches)
    batches.close()
    assert readers() == []
    batches = feed.batches(in_batches(60))
    next(batches)
    assert len(readers()) == 1
    del batches
    assert readers() == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_or_an_interrupt_in_the_middle_ends_the_reader(mapped, error):
    used = []

    def train():
        with closing(Feed(mapped, CPU).batches(in_batches(60))) as batches:
            for batch in batches:
                used.append(batch)
                if len(used) < 3:
                    continue
                if error is KeyboardInterrupt:
                    signal.raise_signal(signal.SIGINT)
                raise error("the step failed")

    with pytest.raises(error):
        train()
    assert len(used) == 3
    assert readers() == []


def test_an_error_in_the_rows_is_the_callers(mapped):
    def rows():
        yield torch.tensor([1])
        raise LookupError("no more rows")

    for pixels in (mapped, np.array(mapped)):
        with pytest.raises(LookupError, match="no more rows"):
            list(Feed(pixels, CPU).batches(rows()))
        assert readers() == []


@pytest.mark.parametrize("bad", [[60], [-1], [3, 200]])
def test_rows_that_are_not_there_are_refused(mapped, bad):
    with pytest.raises(IndexError, match=r"rows go from .*; accepted: 0 to 59"):
        list(Feed(mapped, CPU).batches([torch.tensor([0]), torch.tensor(bad)]))
    with pytest.raises(IndexError):
        list(Feed(np.array(mapped), CPU).batches([torch.tensor([0]), torch.tensor(bad)]))
    assert readers() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody shorten a mapped file")
@pytest.mark.parametrize("n_used", [0, 3])
def test_a_file_that_becomes_shorter_is_an_error_and_not_a_crash(tmp_path, n_used, monkeypatch):
    gather, n_read = Feed._gather, []
    monkeypatch.setattr(Feed, "_gather", lambda *args: (gather(*args), n_read.append(1))[0])
    mapped = saved(tmp_path, np.uint8, n=2000)
    batches = Feed(mapped, CPU).batches(in_batches(2000, size=10))
    used = [next(batches) for _ in range(n_used)]
    while len(n_read) < (n_used and n_used + AHEAD):  # never cut while the thread looks at it
        time.sleep(0.001)
    os.truncate(tmp_path / "images.npy", 1000)
    message = r"images\.npy, has become shorter .* 1,000 bytes of 210,128"
    with pytest.raises(OSError, match=message):
        used.extend(batches)
    assert len(used) <= n_used + AHEAD
    assert readers() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody shorten a mapped file")
@pytest.mark.parametrize("method", ["transform", "score", "log_likelihood"])
def test_a_file_that_was_cut_is_an_error_for_a_fitted_model_too(
    tmp_path, digits, make_vae, method
):
    vae = make_vae().fit(digits[:50])
    np.save(tmp_path / "digits.npy", digits[:50])
    images = load_images(np.load(tmp_path / "digits.npy", mmap_mode="r"))
    os.truncate(tmp_path / "digits.npy", 500)
    with pytest.raises(OSError, match=r"digits\.npy, has become shorter .* 500 bytes"):
        getattr(vae, method)(images)


def test_images_backwards_become_a_tensor():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
    assert np.array_equal(tensor_of(pixels[::-1]).numpy(), pixels[::-1])
    assert tensor_of(pixels).data_ptr() == pixels.ctypes.data


def test_a_device_that_tells_no_free_memory_gets_batch_by_batch(mapped):
    for pixels in (mapped, np.array(mapped)):
        feed = Feed(pixels, torch.device("meta"))
        batches = list(feed.batches(in_batches(60, size=50)))
        assert [batch.shape for batch in batches] == [(50, 7, 5, 3), (10, 7, 5, 3)]
        assert {batch.device.type for batch in batches} == {"meta"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_gets_the_same_batches_whole_or_one_by_one(mapped, monkeypatch):
    rows = in_batches(60)
    expected = [mapped[chosen.numpy()] for chosen in rows]
    cuda = torch.device("cuda")
    feeds = [Feed(np.array(mapped), cuda), Feed(mapped, cuda)]
    monkeypatch.setattr(feeding, "free_memory", lambda device: 0)
    for feed in [*feeds, Feed(np.array(mapped), cuda)]:
        batches = list(feed.batches(rows))
        assert {batch.device.type for batch in batches} == {"cuda"}
        for batch, images in zip(batches, expected, strict=True):
            assert np.array_equal(batch.cpu().numpy(), images)


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_checks_and_batches_take_little_memory_however_large_the_file(tmp_path):
    # 300 MB each, which take no room on the disk.
    for dtype, n in (("uint8", 400_000), ("float32", 100_000)):
        shape = (n, 28, 28, 1)
        np.lib.format.open_memmap(tmp_path / f"{dtype}.npy", "w+", dtype, shape).flush()
    run_alone(
        """
        import numpy as np, torch
        from vaewidgets.core.models.checks import check_learnable
        from vaewidgets.core.loop.feeding import Feed
        from vaewidgets.images import load_images
        torch.set_num_threads(1)
        limit_memory(200_000_000)
        for file in sys.argv[1:]:
            images = load_images(np.load(file, mmap_mode="r"))
            try:
                check_learnable(images)
            except ValueError as error:
                assert "are identical" in str(error)
            assert images.fingerprint
            assert not images.thumbnails(2).any()
            order = torch.randperm(len(images))[:5_000]
            for pixels in (images.pixels, images.pixels[:, ::2]):
                for batch in Feed(pixels, torch.device("cpu")).batches(order.split(500)):
                    assert not batch.any()
        """,
        tmp_path / "uint8.npy",
        tmp_path / "float32.npy",
    )


def test_a_model_learns_the_same_bits_from_a_file(tmp_path, digits, make_vae):
    np.save(tmp_path / "digits.npy", digits)
    mapped = np.load(tmp_path / "digits.npy", mmap_mode="r")
    one, other = (make_vae(random_state=0).fit(images) for images in (digits, mapped))
    weights = other.networks_.state_dict()
    for name, tensor in one.networks_.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    assert np.array_equal(one.transform(mapped), other.transform(digits))
    assert readers() == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_model_learns_from_a_file_larger_than_its_memory(tmp_path):
    file = tmp_path / "images.npy"
    pixels = np.lib.format.open_memmap(file, "w+", np.uint8, (256_000, 32, 32, 1))
    pixels[::2560] = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 1))
    pixels.flush()
    run_alone(
        """
        import warnings
        import numpy as np, torch, vaewidgets
        torch.set_num_threads(1)
        warnings.filterwarnings("ignore", ".*posterior collapse", RuntimeWarning)
        vae = vaewidgets.VAE(2, network="mlp", max_epochs=1, n_threads=1, progress=False)
        vae.set_params(batch_size=1000)
        pixels = np.load(sys.argv[1], mmap_mode="r")
        limit_memory(220_000_000)
        assert vae.fit(pixels).outcome_ == "finished"
        assert vae.transform(pixels).shape == (256_000, 2)
        """,
        file,
    )
