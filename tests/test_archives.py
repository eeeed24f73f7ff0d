"""Pictures inside one file: zip, tar, numpy's and Parquet."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import datasets
import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from vaewidgets import load_images
from vaewidgets.images.gathering import archives

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)
NAMES = ["ant/1.png", "ant/2.jpg", "bee/3.png", "bee/no suffix"]


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


FILES = {name: encoded(pixels) for name, pixels in zip(NAMES, PIXELS, strict=True)}
OTHERS = {"notes.txt": b"x", "__MACOSX/ant/._1.png": b"x", "ant/.hidden": b"x"}


def make_zip(path, files=FILES | OTHERS):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path, files=FILES | OTHERS, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(params=["zip", "tar", "tar.gz", "tar.xz"])
def archive(request, tmp_path):
    kind = request.param
    if kind == "zip":
        return make_zip(tmp_path / "photos.zip")
    return make_tar(tmp_path / f"photos.{kind}", mode=f"w:{kind.partition('.')[2]}")


def test_an_archive_is_read_like_a_folder(archive, tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
    images, folder = load_images(archive), load_images(tmp_path / "folder")
    assert np.array_equal(images.pixels, folder.pixels)
    assert images.contents.tolist() == folder.contents.tolist()  # labels move with them
    assert images.names == folder.names == NAMES
    assert images.labels.tolist() == folder.labels.tolist() == ["ant", "ant", "bee", "bee"]
    assert images.sources[0] == f"{archive}/ant/1.png"
    assert images.paths == [""] * 4
    assert images.notice == "1 .txt is no picture; 2 hidden files or folders left out"


def test_archives_by_text_stream_bytes_and_opened(archive):
    whole = load_images(archive).pixels
    with archive.open("rb") as stream:
        sources = [str(archive), archive.read_bytes(), io.BytesIO(archive.read_bytes()), stream]
        if not archive.name.endswith((".gz", ".xz")):  # of which only the name tells
            for source in sources:
                assert np.array_equal(load_images(source).pixels, whole)
    opened = zipfile.ZipFile if archive.suffix == ".zip" else tarfile.open
    with opened(archive) as file:
        assert np.array_equal(load_images(file).pixels, whole)
    renamed = archive.rename(archive.with_name("scan.dat"))
    if not archive.name.endswith((".gz", ".xz")):
        assert np.array_equal(load_images(renamed).pixels, whole)


def test_what_cannot_be_read_in_an_archive_is_listed(tmp_path, monkeypatch):
    bad = FILES | {"cow/4.png": b"\x89PNG\r\n\x1a\n damaged", "cow/5.jpg": b""}
    images = load_images(make_zip(tmp_path / "a.zip", bad))
    assert len(images) == 4
    assert [entry.source for entry in images.rejected] == [
        f"{tmp_path}/a.zip/cow/4.png",
        f"{tmp_path}/a.zip/cow/5.jpg",
    ]
    assert "0 bytes" in images.rejected[1].reason
    monkeypatch.setattr(archives, "LARGEST_MEMBER", 300)
    with pytest.raises(ValueError, match="unpacked, it is larger than 300 bytes"):
        load_images(make_zip(tmp_path / "b.zip", {"a.png": encoded(PIXELS[0]) + b"0" * 300}))


def test_archives_without_pictures_and_damaged_ones_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no image files in .*found: 1 x .txt"):
        load_images(make_zip(tmp_path / "a.zip", {"notes.txt": b"x"}))
    with pytest.raises(ValueError, match="nothing"):
        load_images(make_zip(tmp_path / "b.zip", {}))
    (tmp_path / "c.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(ValueError, match="damaged zip archive"):
        load_images(tmp_path / "c.zip")
    (tmp_path / "d.tar.gz").write_bytes(b"\x1f\x8b and no more")
    with pytest.raises(ValueError, match="damaged tar archive"):
        load_images(tmp_path / "d.tar.gz")


def test_nothing_is_unpacked_to_disk_and_a_locked_member_is_rejected(tmp_path):
    path = make_tar(tmp_path / "a.tar", {"../../out.png": encoded(PIXELS[0]), **FILES})
    before = sorted(tmp_path.rglob("*"))
    assert len(load_images(path)) == 4 + 0  # "../.." begins with dots: hidden
    assert sorted(tmp_path.rglob("*")) == before
    locked = bytearray(make_zip(tmp_path / "b.zip").read_bytes())
    where = locked.index(b"PK\1\2")
    locked[6] |= 1  # the first member says that it is encrypted
    locked[where + 8] |= 1
    (tmp_path / "b.zip").write_bytes(locked)
    images = load_images(tmp_path / "b.zip")
    assert "password" in images.rejected[0].reason
    assert len(images) == 3


def test_webdataset_labels_lie_beside_the_pictures(tmp_path):
    files = {}
    for k, pixels in enumerate(PIXELS):
        files[f"{k:04}.png"] = encoded(pixels)
        files[f"{k:04}.cls"] = str(k % 2).encode()
    images = load_images(make_tar(tmp_path / "a.tar", files))
    assert images.labels.tolist() == ["0", "1", "0", "1"]
    assert images.notice == "4 .cls are no pictures"
    files = {name: content for name, content in files.items() if name.endswith("png")}
    files["0000.json"] = json.dumps({"label": "ant", "width": 3}).encode()
    files["0001.json"] = b"{damaged"
    images = load_images(make_tar(tmp_path / "b.tar", files))
    assert images.labels.tolist() == ["ant", None, None, None]


def test_several_archives_are_one_collection(tmp_path):
    parts = [
        make_tar(tmp_path / f"{k}.tar", {f"{n}.png": encoded(PIXELS[2 * k + n]) for n in (0, 1)})
        for k in (0, 1)
    ]
    for source in (parts, tmp_path.glob("*.tar"), [str(part) for part in parts]):
        images = load_images(source if isinstance(source, list) else sorted(source))
        assert np.array_equal(images.pixels, PIXELS)
        assert images.names == [f"{parts[k]}/{n}.png" for k in (0, 1) for n in (0, 1)]


# numpy


def test_npy_is_mapped_and_npz_gives_images_and_labels(tmp_path):
    np.save(tmp_path / "a.npy", PIXELS)
    images = load_images(tmp_path / "a.npy")
    assert np.array_equal(images.pixels, PIXELS)
    assert isinstance(images.pixels.base.base, np.memmap)
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=np.array(["a", "b", "a", "b"]))
    for source in (tmp_path / "a.npz", np.load(tmp_path / "a.npz")):
        images = load_images(source)
        assert np.array_equal(images.pixels, PIXELS)
        assert images.labels.tolist() == ["a", "b", "a", "b"]
    np.savez_compressed(tmp_path / "b.npz", x=PIXELS, y=np.arange(4)[:, None])
    assert load_images(tmp_path / "b.npz").labels.tolist() == [0, 1, 2, 3]
    assert load_images(io.BytesIO((tmp_path / "b.npz").read_bytes())).labels is not None


def test_npz_with_several_or_no_images_names_what_it_holds(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=PIXELS, x_test=PIXELS[:1], y_train=np.arange(4))
    with pytest.raises(ValueError, match=r"holds x_train \(4, 12, 10, 3\), x_test.*\[name\]"):
        load_images(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", table=np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"holds table \(3, 4\)"):
        load_images(tmp_path / "b.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_numpy_files_of_objects_run_no_code(tmp_path, name):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    objects = np.full((2, 3, 3), Evil(), dtype=object)
    save = np.save if name.endswith("npy") else np.savez
    save(tmp_path / name, objects, allow_pickle=True)
    with pytest.raises(ValueError, match=r"allow_pickle|cannot be read"):
        load_images(tmp_path / name)
    assert not (tmp_path / "ran").exists()


# Parquet


def test_parquet_as_hugging_face_writes_it(tmp_path):
    rows = {
        "image": [{"bytes": encoded(p), "path": f"{k}.png"} for k, p in enumerate(PIXELS)],
        "label": [0, 1, 1, 0],
    }
    kinds = datasets.Features(
        image=datasets.Image(), label=datasets.ClassLabel(names=["ant", "bee"])
    )
    made = datasets.Dataset.from_dict(rows, features=kinds)
    made.to_parquet(tmp_path / "a.parquet", batch_size=3)
    for source in (tmp_path / "a.parquet", [tmp_path / "a.parquet"]):
        images = load_images(source)
        assert np.array_equal(images.pixels, PIXELS)
        assert images.labels.tolist() == ["ant", "bee", "bee", "ant"]
    assert load_images(tmp_path / "a.parquet").names[2] == "2.png"


def test_parquet_of_bytes_and_of_names(tmp_path):
    (tmp_path / "x.png").write_bytes(FILES[NAMES[0]])
    for column, n in (([encoded(p) for p in PIXELS], 4), ([str(tmp_path / "x.png")], 1)):
        table = pyarrow.table({"picture": column, "size": list(range(n))})
        parquet.write_table(table, tmp_path / "a.parquet", row_group_size=2)
        images = load_images(tmp_path / "a.parquet")
        assert np.array_equal(images.pixels, PIXELS[:n])
        assert images.labels is None
    assert images.paths == [str(tmp_path / "x.png")]
    parquet.write_table(pyarrow.table({"size": [1]}), tmp_path / "b.parquet")
    with pytest.raises(TypeError, match=r"b.parquet has size, of which none is an image"):
        load_images(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match="damaged Parquet"):
        load_images(tmp_path / "c.parquet")
