"""Many files read beside each other: in order, once, and as one after another would give."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from vaewidgets import load_images
from vaewidgets.images import loading, workers
from vaewidgets.images.quiet import quiet
from vaewidgets.images.workers import in_order

RNG = np.random.default_rng(0)


@pytest.fixture(params=[1, 3])
def cores(request, monkeypatch):
    monkeypatch.setattr(workers, "n_cores", lambda: request.param)
    return request.param


def write(folder, sizes):
    for k, (height, width) in enumerate(sizes):
        pixels = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{k:04}.{'png' if k % 2 else 'jpg'}")
    return folder


def test_images_come_in_order_with_what_failed_in_its_place(tmp_path, cores):
    write(tmp_path, [(12, 10)] * 40)
    (tmp_path / "0007.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    (tmp_path / "0033.png").write_bytes(b"")
    images = load_images(tmp_path)
    assert [entry.position for entry in images.rejected] == [7, 33]
    assert images.positions.tolist() == [k for k in range(40) if k not in (7, 33)]
    for row in (0, 6, 7, 37):
        name = tmp_path / images.names[row]
        assert np.array_equal(images[row], np.asarray(Image.open(name)))


@pytest.mark.parametrize(
    "sizes",
    [
        [(12, 10)] * 200 + [(30, 20)] * 3,  # too few to count
        [(12, 10) if k % 3 == 0 else (30, 20) for k in range(193)],  # the sample sees one only
        [(12, 10), (30, 20), (14, 14)],
        [(300, 200)] * 70,  # shrunk
    ],
)
def test_a_size_that_was_guessed_is_that_of_all_images(tmp_path, cores, monkeypatch, sizes):
    write(tmp_path, sizes)
    found = load_images(tmp_path)
    monkeypatch.setattr(loading._Headers, "guess", lambda _: None)
    careful = load_images(tmp_path)
    assert np.array_equal(found.pixels, careful.pixels)
    assert found.notice == careful.notice
    assert found.contents.tolist() == careful.contents.tolist()


def test_the_way_a_png_is_turned_is_known_without_decoding_it(tmp_path, monkeypatch):
    pixels = RNG.integers(0, 256, (12, 8, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    assert load_images(tmp_path / "turned.png").image_shape == (8, 12, 3)
    loaded = []
    whole = Image.Image.load

    def load(self):
        loaded.append(getattr(self, "filename", ""))
        return whole(self)

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    headers = loading._Headers(
        [tmp_path / "plain.png", tmp_path / "turned.png"],
        loading_rules(),
        loading.Brightness(),
    )
    assert headers.all()[0] == {(12, 8): 1, (8, 12): 1}
    assert str(tmp_path / "plain.png") not in loaded


def loading_rules():
    from vaewidgets.images.rule import Rules

    return Rules(None, "pad", None, (255, 255, 255), 10**9, progress=False)


def test_what_a_person_wants_to_be_warned_of_stays_as_it_was(tmp_path, cores):
    write(tmp_path, [(40, 30)] * 150)
    before = list(warnings.filters)
    for _ in range(3):
        load_images(tmp_path, progress=False)
        assert list(warnings.filters) == before
    with pytest.warns(RuntimeWarning, match="heard"):
        warnings.warn("heard", RuntimeWarning, stacklevel=1)


def test_blocks_without_warnings_may_overlap():
    before = list(warnings.filters)
    first, second = quiet(), quiet()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warnings.warn("not heard", RuntimeWarning, stacklevel=1)  # an error where it is heard
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before


# The work itself


def test_work_is_bounded_in_order_and_errors_are_results(cores):
    asked = []

    def things():
        for k in range(200):
            asked.append(k)
            yield k

    def work(k):
        if k % 50 == 3:
            raise OSError(k)
        return k * k

    ahead = []
    found = []
    for k, result in in_order(work, things(), beside=True):
        ahead.append(len(asked) - k)
        found.append(result if isinstance(result, int) else str(result))
    assert found == [str(k) if k % 50 == 3 else k * k for k in range(200)]
    assert max(ahead) <= 8 * cores + 2


def test_threads_end_when_the_caller_is_interrupted(cores):
    before = threading.active_count()

    def fails():
        for k, _ in in_order(lambda k: k, range(1000), beside=True):
            if k == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert threading.active_count() == before


def test_what_is_shared_is_read_by_one_thread(cores):
    used = set()

    def work(k):
        used.add(threading.get_ident())
        return k

    assert [k for k, _ in in_order(work, range(50), beside=False)] == list(range(50))
    assert used == {threading.get_ident()}
    stands_alone = loading._stands_alone
    assert stands_alone("a.png")
    assert stands_alone(b"encoded")
    assert not stands_alone(Image.new("L", (2, 2)))
