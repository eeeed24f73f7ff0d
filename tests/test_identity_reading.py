"""Who an image is, noted while files are read: each once, and where each came from."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tests._identity import COLOUR, GRAY, content, encoded, opens, same
from vaewidgets.images import Images, load_images
from vaewidgets.images.identity import (
    content_of_bytes,
    content_of_pixels,
)
from vaewidgets.images.store_file import HEADER, finish, read_note


def test_each_file_is_opened_once_to_be_decoded_and_known(photos):
    once = dict.fromkeys(["0.png", "1.png", "2.png", "3.png", "4.png", "a.jpg"], 1)
    counts, images = opens(photos, lambda: load_images(photos, size=8))
    assert counts == once
    assert opens(photos, lambda: (images.contents, images.paths, images.names))[0] == {}
    # Without a size, headers are looked at before.
    counts, images = opens(photos, lambda: load_images(photos))
    assert counts == dict.fromkeys(once, 2)


def test_a_file_that_cannot_be_held_is_known_all_the_same(photos, monkeypatch):
    images = load_images(photos)
    monkeypatch.setattr("vaewidgets.images.decoding.MOST_HELD", 200)
    others = load_images(photos)
    assert same(others, images)
    assert np.array_equal(others.pixels, images.pixels)


@pytest.mark.parametrize("size", [None, 9])
def test_what_is_rejected_has_no_identity(photos, size):
    items = [photos / "0.png", b"bad", None, photos / "none.png", GRAY[1], encoded(GRAY[2])[:-30]]
    images = load_images([*items, encoded(GRAY[2])], size=size)
    assert images.positions.tolist() == [0, 4, 6]
    assert [content(images, row) for row in range(3)] == [
        content_of_bytes((photos / "0.png").read_bytes()),
        content_of_pixels(GRAY[1]),
        content_of_bytes(encoded(GRAY[2])),
    ]
    assert images.names == [str(photos / "0.png"), "", ""]


def test_a_store_knows_its_images_without_reading_their_files(photos, tmp_path):
    in_memory = load_images(photos)
    store = tmp_path / "photos.npy"
    (photos / "3b.png").write_bytes(b"no image at all")
    assert same(load_images(photos, store=store), in_memory)
    counts, images = opens(photos, lambda: load_images(photos, store=store))
    assert counts == {}
    assert same(images, in_memory)
    assert images.names == in_memory.names
    assert images.paths == in_memory.paths
    mixed = [GRAY[0], encoded(GRAY[1]), Image.fromarray(COLOUR[0]), photos / "0.png"]
    for _ in range(2):
        assert same(load_images(mixed, size=8, store=store), load_images(mixed))


def test_a_store_of_an_older_version_is_decoded_anew(photos, tmp_path):
    store = tmp_path / "photos.npy"
    images = load_images(photos, store=store)
    with store.open("r+b") as file:
        note = read_note(file)
        del note["contents"]
        file.truncate(file.seek(HEADER + images.pixels.size))
        finish(file, note | {"format": 1})
    older = store.stat().st_ino
    assert same(load_images(photos, store=store), images)
    assert store.stat().st_ino != older


def test_paths_stay_right_when_the_working_folder_changes(photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    files = ["photos/0.png", "./photos/more/../1.png", str(photos / "2.png")]
    relative, listed = load_images("photos"), load_images(files)
    monkeypatch.chdir(photos)
    here = load_images(".")
    one = load_images("0.png")
    monkeypatch.chdir("/")
    assert relative.paths == here.paths == load_images(photos).paths
    assert relative.paths[5] == str(photos / "more" / "a.jpg")
    assert listed.paths == [str(photos / f"{k}.png") for k in range(3)]
    assert one.paths == [str(photos / "0.png")]
    assert relative.names == here.names == load_images(photos).names
    assert here.names == ["0.png", "1.png", "2.png", "3.png", "4.png", "more/a.jpg"]
    assert listed.names == files
    assert one.names == ["0.png"]


def test_a_link_has_a_path_of_its_own(photos):
    (photos / "link.png").symlink_to(photos / "0.png")
    linked = photos.with_name("linked")
    linked.symlink_to(photos)
    images = load_images(linked)
    assert images.paths[-1] == str(linked / "more" / "a.jpg")
    assert images.paths[5] == str(linked / "link.png")
    assert images.contents[5] == images.contents[0]


def test_a_path_is_found_however_the_file_is_named(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos))
    deep = photos.joinpath(*["a" * 200] * 4)
    deep.mkdir(parents=True)
    shutil.copy(photos / "0.png", deep / "long.png")
    with os.scandir(photos) as entries:
        entry = next(entry for entry in entries if entry.name == "1.png")
    images = load_images(["~/0.png", deep / "long.png", entry])
    assert images.paths == [
        str(photos / "0.png"),
        str(deep / "long.png"),
        str(photos / "1.png"),
    ]
    assert images.names == ["~/0.png", str(deep / "long.png"), str(photos / "1.png")]
    assert images.sources == tuple(images.names)


def test_what_is_no_file_has_no_path_and_no_name(photos, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(photos)
        gone = Image.open("4.png")
        gone.load()
        relative = Image.open("2.png")
        by_bytes = Image.open(b"3.png")
        odd = Image.fromarray(COLOUR[0])
        odd.filename = 7
        shutil.copy("1.png", "~odd.png")  # what it is called would be looked for in a home
        tilde = Image.open("~odd.png")
        items = [relative, by_bytes, gone, gone.copy(), odd, tilde]
        items += [GRAY[0], encoded(GRAY[0]), "0.png"]
        (photos / "4.png").unlink()
        images = load_images(items)
    files = ["2.png", "3.png", "", "", "", "", "", "", "0.png"]
    assert images.names == files
    assert images.paths == [str(photos / file) if file else "" for file in files]
    for arrays in (load_images(GRAY), load_images(list(GRAY)), Images(COLOUR)):
        assert arrays.paths == arrays.names == [""] * 8
    monkeypatch.setattr("vaewidgets.images.origin.Path.cwd", _raise_not_found)
    assert load_images(photos).paths[0] == str(photos / "0.png")


def _raise_not_found():
    raise FileNotFoundError
