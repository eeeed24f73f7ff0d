"""What is below a folder is read, rejected with a reason, or counted; nothing is passed over."""

import io
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image, TiffImagePlugin

from tests._identity import COLOUR, GRAY, encoded
from vaewidgets.images import load_images

PNG = encoded(COLOUR[0])


def fill(folder, *names, content=PNG):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def names(images, folder):
    return [name.replace(str(folder) + "/", "") for name in images.sources]


def reasons(images):
    return {os.path.basename(entry.source): entry.reason for entry in images.rejected}  # noqa: PTH119


def test_pictures_are_known_by_what_is_in_them_whatever_their_names(tmp_path):
    odd = ["scan0001", "IMG.HEIC", "b.jxl", "c.psd", "d.ico", "e.dcm", "f.apng", "g.dng", "h.npy"]
    odd += ["i.txt", "j.part", "k.svg", "l.jpg"]
    fill(tmp_path, *odd)
    for kind in ("BMP", "PPM", "PCX", "GIF", "TIFF", "WEBP", "JPEG", "JPEG2000", "AVIF"):
        fill(tmp_path, f"z{kind}", content=encoded(COLOUR[0], kind))
    images = load_images(tmp_path)
    assert len(images) == len(odd) + 9
    assert images.rejected == ()
    assert images.notice == ""


def test_what_is_no_picture_is_counted_by_kind(tmp_path):
    fill(tmp_path, "a.png")
    fill(tmp_path, "1.txt", "2.txt", "more/3.TXT", content=b"BMW is a car, P1 is a size")
    fill(tmp_path, "t.csv", content=b"a,b\n1,2\n")
    fill(tmp_path, "README", content=b"")
    fill(tmp_path, ".DS_Store", ".git/x.png", "__MACOSX/y.png")
    os.mkfifo(tmp_path / "pipe.png2")
    images = load_images(tmp_path)
    assert len(images) == images.n_input == 1
    kinds, rest = images.notice.split(" are no pictures; ")
    assert kinds.startswith("3 .txt, ")
    assert sorted(kinds.split(", ")[1:]) == ["1 .csv", "1 special files", "1 without suffix"]
    assert rest == "3 hidden files or folders left out"
    fill(tmp_path / "one", "a.png")
    fill(tmp_path / "one", "b.csv", content=b"a")
    assert load_images(tmp_path / "one").notice == "1 .csv is no picture"


def test_a_store_says_it_too_and_is_not_counted_in_its_own_folder(tmp_path, caplog):
    fill(tmp_path, "a.png")
    fill(tmp_path, "b.csv", content=b"a")
    store = tmp_path / "store.npy"
    for _ in range(2):
        caplog.clear()
        images = load_images(tmp_path, store=store)
        assert images.notice == "1 .csv is no picture"
        assert "1 .csv is no picture" in caplog.text
        assert images.n_input == 1
        before = store.stat().st_ino
    load_images(tmp_path, store=store)
    assert store.stat().st_ino == before


def dicom():
    return bytes(128) + b"DICM" + bytes(20)


def raw(**tags):
    """A TIFF file with a small preview, as cameras write them."""
    stream = io.BytesIO()
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[int(tag[1:])] = value
    Image.fromarray(GRAY[0]).save(stream, "TIFF", tiffinfo=info)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(20), "pip install pillow-heif"),
        ("a", b"\0\0\0\x18ftypmif1" + bytes(20), "register_heif_opener"),
        ("a.jpg", b"\0\0\0\x18ftypheix" + bytes(20), "pip install pillow-heif"),
        ("a.heif", b"anything", "pip install pillow-heif"),
        ("a", b"\xff\x0a" + bytes(20), "pillow-jxl-plugin"),
        ("a.jxl", b"\0\0\0\x0cJXL \r\n\x87\n", "pillow-jxl-plugin"),
        ("a", dicom(), "pip install pydicom"),
        ("IM0001.dcm", b"anything", "pip install pydicom"),
        ("a.dng", raw(_50706=b"\1\4\0\0"), "pip install rawpy"),
        ("a.tif", raw(_50706=b"\1\4\0\0"), "pip install rawpy"),
        ("a.nef", raw(_271="NIKON CORPORATION"), "pip install rawpy"),
        ("a.ARW", b"anything", "pip install rawpy"),
        ("a.bin", b"II*\0\x10\0\0\0CR\2\0" + bytes(20), "pip install rawpy"),
        ("a", b"FUJIFILMCCD-RAW 0201", "pip install rawpy"),
        ("a.cr3", b"\0\0\0\x18ftypcrx " + bytes(20), "pip install rawpy"),
        ("a.psd", b"8BPS" + bytes(20), "Photoshop"),
        ("favicon", b"\0\0\1\0\1\0" + bytes(20), "icons"),
        ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9", "EPS"),
        ("a", b"<?xml version='1.0'?>\n<svg xmlns='x'/>", "SVG"),
        ("a.exr", b"\x76\x2f\x31\x01" + bytes(20), "OpenEXR"),
        ("a.fits", b"SIMPLE  =                    T", "astropy"),
        ("a.npy", b"\x93NUMPY\1\0", "numpy.load"),
    ],
)
def test_pictures_of_other_kinds_are_rejected_with_what_to_do(tmp_path, name, content, advice):
    fill(tmp_path, "good.png")
    fill(tmp_path, name, content=content)
    images = load_images(tmp_path)
    assert advice in reasons(images)[name]
    assert len(images) == 1
    if not name.endswith((".heif", ".dcm", ".ARW", ".nef")):  # known by its suffix only
        assert advice in load_images([content, PNG]).rejected[0].reason


def test_a_photograph_that_a_camera_wrote_as_tiff_is_read(tmp_path):
    fill(tmp_path, "a.tif", content=raw(_271="NIKON CORPORATION"))
    fill(tmp_path, "b.nef", content=raw())
    assert len(load_images(tmp_path)) == 2


def test_formats_that_a_package_registered_with_pillow_are_read(tmp_path, monkeypatch):
    def opener(stream, _name):
        if stream.read(4) != b"ODD!":
            raise SyntaxError("not one")
        return Image.fromarray(GRAY[0])

    content = b"ODD!" + bytes(20)
    fill(tmp_path, "a.odd", content=content)
    with pytest.raises(ValueError, match=r"found: 1 x \.odd"):
        load_images(tmp_path)
    for attribute in ("OPEN", "ID"):
        monkeypatch.setattr(Image, attribute, getattr(Image, attribute).copy())
    Image.register_open("ODD", opener, lambda prefix: prefix.startswith(b"ODD!"))
    assert np.array_equal(load_images(tmp_path).pixels[0, ..., 0], GRAY[0])
    assert np.array_equal(load_images([content]).pixels[0, ..., 0], GRAY[0])


def test_linked_folders_are_followed_and_each_is_read_once(tmp_path):
    archive = fill(tmp_path / "archive", "1.png", "deep/2.png")
    photos = fill(tmp_path / "photos", "0.png", "b/3.png")
    (photos / "older").symlink_to(archive)
    images = load_images(photos)
    assert names(images, photos) == ["0.png", "b/3.png", "older/1.png", "older/deep/2.png"]
    assert images.names == ["0.png", "b/3.png", "older/1.png", "older/deep/2.png"]
    assert images.notice == ""
    (photos / "a_again").symlink_to(photos / "b")  # before b in the order of names
    (photos / "round").symlink_to(photos)
    (photos / "above").symlink_to(tmp_path)
    (photos / "twice").symlink_to(archive / "deep")
    (archive / "deep" / "back").symlink_to(photos / "older")
    images = load_images(photos)
    assert names(images, photos) == ["0.png", "b/3.png", "older/1.png", "older/deep/2.png"]
    assert images.notice == "5 ways to folders read already not followed"
    only_links = tmp_path / "classes"
    only_links.mkdir()
    (only_links / "cats").symlink_to(archive)
    assert load_images(only_links).names == ["cats/1.png", "cats/deep/2.png"]


def test_broken_links_are_rejected_as_such(tmp_path):
    fill(tmp_path, "good.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to("self")
    found = reasons(load_images(tmp_path))
    assert sorted(found) == ["gone", "gone.png", "self"]
    assert set(found.values()) == {"is a link to a file that is not there"}


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    fill(tmp_path, "good.png", "secret/a.png")
    scandir = os.scandir

    def refuse(place):
        if str(place).endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr("vaewidgets.images.gathering.folders.os.scandir", refuse)
    notice = load_images(tmp_path).notice
    assert "1 folder could not be opened" in notice
    assert f"{tmp_path / 'secret'} (Permission denied)" in notice


def test_a_list_of_folders_is_what_is_in_them(tmp_path):
    first, second = fill(tmp_path / "1", "b.png", "a.png"), fill(tmp_path / "2", "c.png")
    for source in ([first, second], (str(first), str(second)), pd.Series([first, second])):
        images = load_images(source)
        assert names(images, tmp_path) == ["1/a.png", "1/b.png", "2/c.png"]
        assert images.names == images.paths == list(images.sources)
    again = load_images([first, second, first, tmp_path])
    assert names(again, tmp_path) == ["1/a.png", "1/b.png", "2/c.png"]
    assert "3 ways to folders read already" in again.notice


def test_names_given_as_bytes_are_names(tmp_path, monkeypatch):
    fill(tmp_path, "a.png")
    assert len(load_images(os.fsencode(tmp_path))) == 1
    assert load_images(os.fsencode(tmp_path / "a.png")).paths == [str(tmp_path / "a.png")]
    with os.scandir(os.fsencode(tmp_path)) as entries:
        listed = list(entries)
    images = load_images([*listed, os.fsencode(tmp_path / "a.png"), PNG])
    assert images.paths == [str(tmp_path / "a.png")] * 2 + [""]
    assert (images.contents == images.contents[0]).all()


def test_nothing_is_no_name_and_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path, "a.png"))
    with pytest.raises(ValueError, match=r'images is ""; accepted'):
        load_images("")
    assert load_images(["a.png", ""]).rejected[0].reason == "the file name is empty"
    assert load_images([".", "", "a.png"]).rejected[1].reason == "the file name is empty"
    assert len(load_images(".")) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.png",
        "HTTP://x.org",
        "s3://bucket/key",
        "hf://datasets/x",
        "gs://b/",
        "file:///tmp/a.png",
        "data:image/png;base64,iVBOR",
        "ftp://x/a.jpg",
        "abfs+tls://x",
    ],
)
def test_web_addresses_are_refused_in_words(address):
    with pytest.raises(ValueError, match="web addresses are not read: download"):
        load_images(address)
    assert "web addresses are not read" in load_images([PNG, address]).rejected[0].reason


def test_open_files_are_what_is_in_them_and_stay_where_they_stand(tmp_path):
    fill(tmp_path, "a.png")
    stream = io.BytesIO(PNG)
    stream.seek(5)
    with (tmp_path / "a.png").open("rb") as file:
        for source in (stream, file, [stream, file, PNG], memoryview(PNG)):
            images = load_images(source)
            assert np.array_equal(images.pixels[0], COLOUR[0])
            assert (images.contents == load_images([PNG]).contents).all()
            assert images.rejected == ()
    assert stream.tell() == 5
    with pytest.raises(ValueError, match="0 bytes"):
        load_images(io.BytesIO())
