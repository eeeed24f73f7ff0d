"""A collection decoded into a file: the same images, decoded once, and never half of them."""

from __future__ import annotations

import io
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaewidgets.images import load_images

RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (20, 9, 8), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 9, 8, 3), dtype=np.uint8)


def encoded(array, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


@pytest.fixture
def photos(tmp_path):
    """A folder of gray and coloured images of two sizes, a broken one among them."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for k in range(6):
        (folder / f"{k}.png").write_bytes(encoded(GRAY[k] if k < 3 else COLOUR[k]))
    (folder / "more" / "wide.bmp").write_bytes(encoded(COLOUR[9][:5], "BMP"))
    (folder / "2b.png").write_bytes(b"no image at all")
    return folder


@pytest.fixture
def store(tmp_path):
    return tmp_path / "photos.npy"


def assert_same(images, others):
    assert np.array_equal(images.pixels, others.pixels)
    assert images.pixels.dtype == others.pixels.dtype
    assert images.positions.tolist() == others.positions.tolist()
    assert images.rejected == others.rejected
    assert images.sources == others.sources
    assert images.notice == others.notice
    assert images.contents.tobytes() == others.contents.tobytes()
    assert (images.paths, images.names) == (others.paths, others.names)
    assert images.n_input == others.n_input
    assert images.fingerprint == others.fingerprint


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def is_mapped(images):
    below = images.pixels
    while isinstance(below, np.ndarray) and not isinstance(below, np.memmap):
        below = below.base
    return isinstance(below, np.memmap) and not images.pixels.flags.writeable


def falsify(file):
    """Change a file so that name, size and time do not tell: only who decodes it sees."""
    before = file.stat()
    content = file.read_bytes()
    file.write_bytes(b"\0" * len(content))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


ARGUMENTS = [
    {},
    {"size": 12},
    {"size": (7, 11), "fit": "crop"},
    {"channels": "gray"},
    {"channels": "rgb", "fit": "resize"},
    {"background": "black"},
    {"max_pixels": 70},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_a_store_gives_what_memory_gives_now_and_later(photos, store, arguments):
    in_memory = load_images(photos, **arguments)
    for _ in range(2):
        images = load_images(photos, store=store, **arguments)
        assert_same(images, in_memory)
        assert is_mapped(images)
    assert len(images.rejected) >= 1
    assert images.n_input == 8
    assert names(store.parent) == ["photos", "photos.npy"]


def test_what_is_the_same_is_taken_up_without_decoding(photos, store):
    first = load_images(photos, store=str(store))
    falsify(photos / "1.png")
    assert len(load_images(photos).rejected) == 2
    assert_same(load_images(photos, store=store, progress=False), first)
    shutil.move(photos, photos.with_name("moved"))
    moved = load_images(photos.with_name("moved"), store=store)
    assert np.array_equal(moved.pixels, first.pixels)
    assert "moved" in moved.sources[0]
    assert "moved" in moved.rejected[0].source


@pytest.mark.parametrize("change", ["content", "time", "new", "gone", "renamed"])
def test_what_changed_is_decoded_anew(photos, store, change):
    first = load_images(photos, store=store)
    before = first.pixels.copy()
    if change == "content":
        (photos / "5.png").write_bytes(encoded(255 - COLOUR[5]) + b"longer")
    elif change == "time":
        falsify(photos / "5.png")
        os.utime(photos / "5.png", (1, 1))
    elif change == "new":
        (photos / "6.png").write_bytes(encoded(GRAY[7]))
    elif change == "gone":
        (photos / "4.png").unlink()
    else:
        (photos / "4.png").rename(photos / "8.png")
    assert_same(load_images(photos, store=store), load_images(photos))
    assert np.array_equal(first.pixels, before)  # who mapped the old file keeps it


def test_files_are_told_apart_by_name_size_and_time_each_by_itself(tmp_path, store):
    def write(name, content, time):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, ns=(time, time))

    def check(*names):
        files = [tmp_path / name for name in names]
        assert_same(load_images(files, store=store), load_images(files))

    images = [encoded(image, "BMP") for image in GRAY]
    assert len({len(image) for image in images}) == 1
    day = 10**18
    write("1.bmp", images[0], day)
    write("2.bmp", images[1], day)
    check("1.bmp", "2.bmp")
    write("3.bmp", images[2], day)
    check("1.bmp", "3.bmp")  # only another name
    write("3.bmp", images[3] + b"0", day)
    check("1.bmp", "3.bmp")  # only another size
    write("3.bmp", images[4] + b"0", day + 1)
    check("1.bmp", "3.bmp")  # only another time


def test_other_arguments_decode_anew(photos, store):
    for arguments in ARGUMENTS:
        load_images(photos, store=store)
        assert_same(
            load_images(photos, store=store, **arguments), load_images(photos, **arguments)
        )


def test_a_store_is_a_numpy_file_like_any_other(photos, store):
    images = load_images(photos, store=store)
    assert np.array_equal(np.load(store, allow_pickle=False), images.pixels)
    mapped = load_images(np.load(store, mmap_mode="r"))
    assert is_mapped(mapped)
    assert mapped.fingerprint == images.fingerprint
    with pytest.raises(ValueError, match="read-only"):
        images.pixels[0] = 0
    again = load_images(store)
    assert is_mapped(again)
    assert again.fingerprint == images.fingerprint


def others(folder):
    """Files that are not whole stores, by what is wrong with them."""
    load_images([encoded(GRAY[0]), b"bad"], store=folder / "good.npy")
    good = (folder / "good.npy").read_bytes()
    (folder / "good.npy").unlink()
    turned = bytearray(good)
    turned[good.index(b'"source"') + 15] ^= 1
    stream = io.BytesIO()
    np.save(stream, GRAY)
    return {
        "empty": b"",
        "text": b"my notes",
        "an array": stream.getvalue(),
        "cut": good[:-1],
        "cut in the middle": good[:150],
        "longer": good + b"\0",
        "longer before": b"\0" + good,
        "pixels missing": good[:140] + good[150:],
        "a bit turned in its note": bytes(turned),
        "another header": good[:60] + b"9" + good[61:],
        "only an end": good[-55:],
    }


def test_no_other_file_is_overwritten_nor_taken_for_a_store(tmp_path, photos, store):
    message = r"store is .*photos\.npy.* accepted: a new name"
    for what, content in others(tmp_path).items():
        store.write_bytes(content)
        with pytest.raises(FileExistsError, match=message):
            load_images(photos, store=store)
        with pytest.raises(FileExistsError, match=message):  # before anything is looked for
            load_images(tmp_path / "missing", store=store)
        assert store.read_bytes() == content, what
        assert names(tmp_path) == ["photos", "photos.npy"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("photos.txt", ValueError),
        ("photos", ValueError),
        ("folder.npy", ValueError),
        ("nowhere/photos.npy", FileNotFoundError),
        (7, TypeError),
        (True, TypeError),
    ],
)
def test_names_that_are_none_are_refused_before_anything_is_read(tmp_path, name, error):
    (tmp_path / "folder.npy").mkdir()
    store = tmp_path / name if isinstance(name, str) else name
    with pytest.raises(error, match=r"store is .*; accepted: the name of a file ending in \.npy"):
        load_images(tmp_path / "missing", store=store)


def test_arrays_have_no_need_of_a_store(store):
    for source in (COLOUR, load_images(COLOUR), list(GRAY)):
        with pytest.raises(ValueError, match=r"store is .* but the images are arrays"):
            load_images(source, store=store)
    assert not store.exists()


def test_images_that_are_no_files_are_known_by_what_they_hold(store):
    palette = Image.fromarray(COLOUR[0]).quantize(8)
    other = palette.copy()
    other.putpalette([255 - value for value in palette.getpalette()])
    flat = np.array([[0.0, 1.0], [0.5, 0.25]])
    sources = [
        [encoded(GRAY[0]), None, Image.fromarray(COLOUR[0]), 12],
        [encoded(GRAY[1]), None, Image.fromarray(COLOUR[0]), 12],
        [encoded(GRAY[1]), None, palette, "nowhere.png"],
        [encoded(GRAY[1]), None, other, "nowhere.png"],
        [encoded(GRAY[1]), b"", other, "nowhere.png", "a\0b.png"],
        [GRAY[0], COLOUR[1], b"bad", (flat * 255).astype(np.uint8).tolist()],
        [GRAY[0], COLOUR[2], b"bad", Image.open(io.BytesIO(encoded(GRAY[0])[:-30]))],
    ]
    for source in sources:
        assert_same(load_images(source, size=8, store=store), load_images(source, size=8))
        before = store.stat().st_ino
        assert_same(load_images(source, size=8, store=store), load_images(source, size=8))
        assert store.stat().st_ino == before  # not written again


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(1, 300))
@settings(max_examples=50, deadline=None)
def test_gray_becomes_colour_whenever_the_first_colour_comes(tmp_path_factory, coloured, chunk):
    store = tmp_path_factory.getbasetemp() / "late.npy"
    items = [encoded(COLOUR[k] if colour else GRAY[k]) for k, colour in enumerate(coloured)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaewidgets.images.store._CHUNK_BYTES", chunk)
        images = load_images(items, store=store)
    assert_same(images, load_images(items))


def test_deep_images_are_rounded_to_8_bits_and_it_is_said(store, caplog):
    deep = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    images = load_images([encoded(deep), encoded(GRAY[0])], size=256, store=store)
    in_memory = load_images([encoded(deep), encoded(GRAY[0])], size=256)
    assert np.array_equal(images.pixels, in_memory.as_uint8())
    assert images.notice == "1 images of more than 8 bits rounded to 8 in the store"
    assert images.notice in caplog.text


def test_a_link_stays_a_link(photos, store, tmp_path):
    (tmp_path / "large_disk").mkdir()
    target = tmp_path / "large_disk" / "pixels.npy"
    store.symlink_to(target)
    load_images(photos, store=store)
    assert store.is_symlink()
    assert np.array_equal(np.load(target), load_images(photos).pixels)


def test_two_at_once_both_get_their_images(photos, store):
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(load_images, photos, store=store, progress=False) for _ in range(2)]
        for images in both:
            assert_same(images.result(), load_images(photos))
    assert names(store.parent) == ["photos", "photos.npy"]
