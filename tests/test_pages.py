"""Files of several pages: which are read, what they are called, and that more is never silent."""

import io

import numpy as np
import pytest
from PIL import Image

from tests._identity import COLOUR, GRAY, encoded, opens, same
from vaewidgets.images import load_images
from vaewidgets.images.identity import content_of_bytes

KINDS = {"TIFF": "stack.tif", "GIF": "film.gif", "WEBP": "film.webp", "PNG": "film.png"}
LEVELS = [10, 60, 110, 160, 210]


def stack(kind="TIFF", levels=LEVELS, size=(8, 6), **options):
    pages = [Image.new("L", size, level) for level in levels]
    stream = io.BytesIO()
    if kind == "WEBP":
        options["lossless"] = True
    pages[0].save(stream, kind, save_all=True, append_images=pages[1:], **options)
    return stream.getvalue()


def brightness(images):
    return images.pixels[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_read_as_asked_and_more_are_told_of(tmp_path, kind):
    file = tmp_path / KINDS[kind]
    file.write_bytes(stack(kind))
    for source in (file, [file], tmp_path, file.read_bytes(), [file.read_bytes()]):
        first = load_images(source)
        assert brightness(first) == LEVELS[:1]
        assert "of 5 pages in" in first.notice
        assert 'the first was read; frames="all"' in first.notice
        middle = load_images(source, frames="middle")
        assert brightness(middle) == LEVELS[2:3]
        assert "the middle one was read" in middle.notice
        every = load_images(source, frames="all")
        assert brightness(every) == LEVELS
        assert every.notice == ""
        assert every.positions.tolist() == list(range(5))


def test_each_page_is_an_image_of_its_own(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(GRAY[0]))
    (tmp_path / "b.tif").write_bytes(stack(levels=[50, 50, 50]))
    (tmp_path / "c.png").write_bytes(encoded(GRAY[1]))
    images = load_images(tmp_path, frames="all", size=5)
    assert images.names == ["a.png", "b.tif, page 1", "b.tif, page 2", "b.tif, page 3", "c.png"]
    assert images.sources[2] == str(tmp_path / "b.tif") + ", page 2"
    assert images.paths == [str(tmp_path / name) for name in ("a.png", *["b.tif"] * 3, "c.png")]
    assert len(set(images.contents.tolist())) == 5
    part = images[[4, 2]]
    assert part.names == ["c.png", "b.tif, page 2"]
    assert part.paths == [str(tmp_path / "c.png"), str(tmp_path / "b.tif")]
    # The first page is the file, so that what was labelled stays labelled.
    first = load_images(tmp_path, size=5)
    assert (first.contents == images.contents[[0, 1, 4]]).all()
    middle = load_images(tmp_path, size=5, frames="middle")
    assert (middle.contents == images.contents[[0, 2, 4]]).all()
    alone = load_images([tmp_path / "b.tif"], frames="all")
    assert (alone.contents == images.contents[1:4]).all()
    assert alone.names == [f"{tmp_path / 'b.tif'}, page {k}" for k in (1, 2, 3)]
    no_files = load_images([stack()], frames="all")
    assert no_files.names == no_files.paths == [""] * 5
    assert no_files.sources[3] == "bytes, page 4"


def test_several_files_of_several_pages_are_told_of_in_one_line(tmp_path):
    for k in range(3):
        (tmp_path / f"{k}.tif").write_bytes(stack(levels=LEVELS[: k + 2]))
    notice = load_images(tmp_path).notice
    assert notice == (
        "of 3 files with several pages (2 in 0.tif) only the first was read; "
        'frames="all" reads each page as an image of its own'
    )


def test_a_file_of_many_pages_is_opened_once_to_be_decoded(photos):
    (photos / "0.png").unlink()
    (photos / "0.tif").write_bytes(stack(levels=range(100)))
    counts, images = opens(photos, lambda: load_images(photos, size=4, frames="all"))
    assert len(images) == 105
    assert counts["0.tif"] == 2  # once to count the pages, by their headers


def test_pages_of_other_sizes_colours_and_damaged_ones(tmp_path):
    pages = [Image.fromarray(GRAY[0]), Image.fromarray(COLOUR[1]), Image.new("L", (30, 20))]
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:])
    images = load_images([stream.getvalue(), GRAY[1]], frames="all", size=(9, 7))
    assert len(images) == 4
    assert np.array_equal(images.pixels[1], COLOUR[1])
    assert "3 sizes" not in load_images([stream.getvalue()]).notice
    assert "2 sizes, padded" in load_images([stream.getvalue()], frames="all").notice
    cut = load_images([stack("GIF")[:-40], encoded(GRAY[0])], frames="all", size=6)
    assert 1 <= len(cut) <= 6
    with pytest.raises(ValueError, match="max_pixels"):
        load_images([stack()], frames="all", max_pixels=20)


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_a_pil_image_of_several_pages_stays_where_it_stands(kind):
    picture = Image.open(io.BytesIO(stack(kind)))
    picture.seek(1)
    assert brightness(load_images([picture], frames="all")) == LEVELS
    assert brightness(load_images(picture, frames="middle")) == LEVELS[2:3]
    assert picture.tell() == 1
    images = load_images(picture)
    assert brightness(images) == LEVELS[1:2]
    assert "of 5 pages" in images.notice


def test_a_photograph_with_a_preview_in_it_is_one_picture():
    stream = io.BytesIO()
    photo = Image.fromarray(COLOUR[0])
    photo.save(stream, "MPO", save_all=True, append_images=[photo.resize((3, 3))])
    for frames in ("first", "all", "middle"):
        images = load_images([stream.getvalue()], frames=frames)
        assert images.image_shape == (9, 7, 3)
        assert images.notice == ""


def test_a_store_knows_which_pages_it_holds(tmp_path):
    folder, store = tmp_path / "photos", tmp_path / "store.npy"
    folder.mkdir()
    (folder / "a.tif").write_bytes(stack())
    pictures = [Image.open(io.BytesIO(stack())), stack(levels=[7, 8])]
    for source in (folder, [stack(), stack("GIF")], pictures):
        for frames in ("first", "all", "middle", "all"):
            in_memory = load_images(source, frames=frames)
            for _ in range(2):
                images = load_images(source, frames=frames, store=store)
                assert np.array_equal(images.pixels, in_memory.pixels)
                assert same(images, in_memory)
                assert images.notice == in_memory.notice
                assert (images.names, images.paths) == (in_memory.names, in_memory.paths)
                before = store.stat().st_ino
            load_images(source, frames=frames, store=store)
            assert store.stat().st_ino == before
    other = load_images([stack(levels=LEVELS[::-1])], frames="middle", store=store)
    assert brightness(other) == LEVELS[2:3]


def test_only_the_three_words_are_taken():
    with pytest.raises(ValueError, match="frames must be one of first, all, middle, got 'last'"):
        load_images(["missing.tif"], frames="last")


def test_the_identity_of_a_page_is_the_same_from_version_to_version():
    images = load_images([stack("PNG")], frames="all")
    file = content_of_bytes(stack("PNG"))
    assert images.contents[:1].tobytes() == file
    assert len(set(images.contents.tolist())) == 5
