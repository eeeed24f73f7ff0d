"""Labels belong to images: what people do to a folder does not part them."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaewidgets import load_images
from vaewidgets.images import Images
from vaewidgets.widgets.annotator import Annotator

N = 12
OLD = Path(__file__).parents[1] / "labels" / "format_1"


def picture(seed):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))


@pytest.fixture
def photos(tmp_path):
    """A folder of photos beside the notebook."""
    (tmp_path / "photos").mkdir()
    for k in range(N):
        picture(k).save(tmp_path / "photos" / f"{k:02}.png")
    return tmp_path / "photos"


def open_notes(source, column="label", classes=("cat", "dog"), told=None, **options):
    """Run the cells of a notebook; `told` collects what they warn of."""
    loading = {name: options.pop(name) for name in ("size", "fit") if name in options}
    images = load_images(source, progress=False, **loading)
    codes = images.as_float().reshape(len(images), -1)[:, :4]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        notes = Annotator(codes, images, None, column, classes=classes, **options)
    if told is not None:
        told += [str(warning.message) for warning in caught]
    return notes


def labelled(notes):
    """Labels by the name of the file; closes the annotator."""
    names = notes.images.names
    found = {names[row]: name for row, name in enumerate(notes.labels) if name is not None}
    notes.close()
    return found


@pytest.fixture
def label_some(photos):
    notes = open_notes(photos)
    notes.label([2, 3], "cat")
    notes.label([11], "dog")
    notes.close()
    return {"02.png": "cat", "03.png": "cat", "11.png": "dog"}


def damage(photos):
    (photos / "05.png").write_bytes(b"no picture")


def save_again(photos):
    Image.open(photos / "02.png").save(photos / "02.png", compress_level=0)


def turn(photos):
    Image.open(photos / "03.png").rotate(90).save(photos / "03.png")


CHANGES = {
    "nothing": lambda photos: None,
    "one more": lambda photos: picture(99).save(photos / "00a.png"),
    "one fewer": lambda photos: (photos / "05.png").unlink(),
    "one damaged": damage,
    "one saved again": save_again,
    "one turned": turn,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_labels_are_there_whatever_became_of_the_folder(photos, label_some, change):
    change(photos)
    told = []
    assert labelled(open_notes(photos, told=told)) == label_some
    assert len(told) == (change is not CHANGES["nothing"])


@pytest.mark.parametrize("options", [{"size": 9}, {"size": (8, 12), "fit": "crop"}])
def test_labels_are_there_in_another_size_or_crop(photos, label_some, options):
    assert labelled(open_notes(photos, **options)) == label_some


def test_labels_are_there_in_another_order_and_a_subset(photos, label_some):
    files = sorted(photos.iterdir(), reverse=True)
    assert set(labelled(open_notes(files))) == {str(photos / name) for name in label_some}
    assert set(labelled(open_notes(files[:9]))) == {str(photos / "11.png"), str(photos / "03.png")}
    assert labelled(open_notes(photos)) == label_some


def test_labels_are_there_from_another_working_folder(photos, label_some, monkeypatch):
    below = photos.parent / "notebooks" / "deep"
    below.mkdir(parents=True)
    for folder in (below, photos, photos.parent):
        monkeypatch.chdir(folder)
        assert labelled(open_notes(photos)) == label_some
        assert labelled(open_notes(Path(os.path.relpath(photos)))) == label_some
    assert [path.name for path in photos.parent.glob("**/vaewidgets-labels/*")] == ["label"]


def test_the_log_is_found_where_the_images_lie(photos, label_some, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("far away"))
    assert labelled(open_notes(photos)) == label_some
    assert not list(Path().iterdir())


def test_labels_go_with_files_that_are_renamed_or_moved(photos, label_some):
    (photos / "02.png").rename(photos / "zz.png")
    (photos / "sub").mkdir()
    (photos / "11.png").rename(photos / "sub" / "11.png")
    assert labelled(open_notes(photos)) == {
        "zz.png": "cat", "03.png": "cat", "sub/11.png": "dog"
    }  # fmt: skip


def test_labels_go_with_a_project_that_is_moved_and_one_image_changed_meanwhile(
    photos, label_some, tmp_path_factory, monkeypatch
):
    there = tmp_path_factory.mktemp("there") / "project"
    shutil.move(photos.parent, there)
    monkeypatch.chdir(there)
    turn(there / "photos")
    told = []
    assert labelled(open_notes(there / "photos", told=told)) == label_some
    assert "12 of 12 images are known" in told[0]
    assert "11 by content, 1 changed, found by name" in told[0]


def test_ten_copies_keep_ten_labels_when_one_of_them_goes(photos):
    for k in range(10):
        picture(50).save(photos / f"copy {k}.png")
    notes = open_notes(photos, classes=[f"class {k}" for k in range(10)])
    for k in range(10):
        notes.label([notes.images.names.index(f"copy {k}.png")], f"class {k}")
    notes.close()
    (photos / "copy 3.png").unlink()
    expected = {f"copy {k}.png": f"class {k}" for k in range(10) if k != 3}
    assert labelled(open_notes(photos)) == expected
    picture(50).save(photos / "copy 3.png")
    assert labelled(open_notes(photos)) == expected | {"copy 3.png": "class 3"}


def test_what_was_found_again_how_is_told_in_a_line_and_listed(photos, label_some):
    save_again(photos)
    (photos / "03.png").unlink()
    (photos / "05.png").unlink()
    picture(77).save(photos / "new.png")
    told = []
    notes = open_notes(photos, told=told)
    assert told == [
        f"10 of 11 images are known to the log {str(notes.saved_to)!r} (9 by content, 1 changed, "
        "found by name); 1 is new; 2 of the log are not here, their labels are kept there. "
        "Annotator.roster lists them"
    ]
    listed = notes.roster
    assert listed["match"].value_counts().to_dict() == {
        "content": 9, "missing": 2, "new": 1, "name": 1
    }  # fmt: skip
    changed = listed[listed["match"] == "name"]
    assert [Path(name).name for name in changed["file"]] == ["02.png"]
    assert changed["label"].tolist() == ["cat"]
    missing = listed[listed["match"] == "missing"]
    assert {Path(f).name: label for f, label in zip(missing["file"], missing["label"], strict=True)
            if label} == {"03.png": "cat"}  # fmt: skip
    picture(3).save(photos / "03.png")
    assert labelled(open_notes(photos)) == label_some


def test_images_of_which_the_log_knows_none_get_a_log_of_their_own(photos, label_some, tmp_path):
    (tmp_path / "others").mkdir()
    for k in range(3):
        picture(200 + k).save(tmp_path / "others" / f"{k:02}.png")
    notes = open_notes(tmp_path / "others")
    assert notes.saved_to.name == "label-2"
    assert notes.labels.tolist() == [None] * 3
    notes.label([0], "dog")
    notes.close()
    assert labelled(open_notes(photos)) == label_some
    assert labelled(open_notes(tmp_path / "others")) == {"00.png": "dog"}


def test_where_several_logs_know_the_images_it_is_told_which_is_taken_and_how_to_choose(
    photos, label_some, tmp_path, monkeypatch
):
    first = tmp_path / "vaewidgets-labels" / "label"
    shutil.copytree(first, tmp_path / "deep" / "vaewidgets-labels" / "label")
    monkeypatch.chdir(tmp_path / "deep")
    told = []
    notes = open_notes(photos, told=told)
    assert notes.saved_to == tmp_path / "deep" / "vaewidgets-labels" / "label"
    assert f"journal={str(first)!r} goes on there instead" in told[0]
    assert "vaewidgets.labels.merge(" in told[0]
    assert labelled(notes) == label_some


def test_of_several_logs_the_one_that_knows_most_of_the_images_is_taken(
    photos, label_some, tmp_path, monkeypatch
):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    images = sorted(photos.iterdir())[:3]
    open_notes(images, journal=Path("vaewidgets-labels/label").absolute()).close()
    told = []
    notes = open_notes(photos, told=told)
    assert notes.saved_to == tmp_path / "vaewidgets-labels" / "label"
    assert "labels of 3 of these images also lie in" in told[0]
    assert labelled(notes) == label_some


def test_arrays_are_known_by_their_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (N, 4, 4, 1), dtype=np.uint8)
    notes = Annotator(np.zeros((N, 2)), Images(pixels), classes=["cat"])
    notes.label([3, 4], "cat")
    notes.close()
    with pytest.warns(UserWarning, match="6 of 6 images are known"):
        notes = Annotator(np.zeros((6, 2)), Images(pixels[:6]))
    assert np.flatnonzero([name is not None for name in notes.labels]).tolist() == [3, 4]
    notes.close()
    floats = load_images(pixels[::-1].astype(np.float32) / 255)
    notes = Annotator(np.zeros((N, 2)), floats, classes=["cat"])
    assert np.flatnonzero([name is not None for name in notes.labels]).tolist() == [7, 8]
    notes.close()


def old_images(n=N):
    return Images((np.arange(n * 16).reshape(n, 4, 4, 1) * 7 % 256).astype(np.uint8))


@pytest.fixture
def old_logs(tmp_path):
    shutil.copytree(OLD, tmp_path / "vaewidgets-labels")
    return tmp_path / "vaewidgets-labels"


OLD_LABELS = ["lion", None, "dog", "dog", "dog", "owl", *[None] * 6]


def test_a_log_of_the_first_format_is_carried_over_and_then_follows_images(old_logs):
    codes = np.arange(24.0).reshape(N, 2)
    notes = Annotator(codes, old_images())
    assert notes.saved_to.parent == old_logs
    assert notes.labels.tolist() == OLD_LABELS
    assert notes.notes.to_dict() == {3: "odd"}
    notes.close()
    more = Images(np.concatenate([np.full((1, 4, 4, 1), 9, np.uint8), old_images().pixels[:7]]))
    with pytest.warns(UserWarning, match="7 of 8 images are known"):
        notes = Annotator(np.zeros((8, 2)), more, annotator="ada")
    assert notes.labels.tolist() == [None, *OLD_LABELS[:7]]
    notes.label([0], "owl")
    assert notes.undo()
    assert notes.undo()  # of the class that was renamed
    assert notes.labels.tolist()[1] == "cat"
    notes.close()
    tags = Annotator(codes, old_images(), None, ["rain"])
    assert np.flatnonzero(tags.labels["rain"]).tolist() == [1]
    tags.close()


def test_a_log_of_the_first_format_that_cannot_be_carried_over_is_told(old_logs, tmp_path):
    before = {path: path.read_bytes() for path in old_logs.rglob("*.jsonl")}
    other = Images(255 - old_images().pixels)
    with pytest.warns(UserWarning, match="cannot be told whether they are these"):
        notes = Annotator(np.zeros((N, 2)), other, classes=["cat"])
    assert notes.labels.tolist() == [None] * N
    notes.close()
    (folder,) = old_logs.glob("label-f*")
    with pytest.raises(ValueError, match="Load just those images once"):
        Annotator(np.zeros((N, 2)), other, journal=folder)
    assert before.items() <= {p: p.read_bytes() for p in old_logs.rglob("*.jsonl")}.items()


def test_classes_asked_for_later_are_there_those_of_the_log_stay_and_the_order_is_the_persons(
    photos,
):
    notes = open_notes(photos, classes=["rain"])
    notes.add_class("snow")
    notes.label([0], "rain")
    notes.close()
    notes = open_notes(photos, classes=["fog", "rain"])
    assert notes.classes == ["fog", "rain", "snow"]
    notes.label([1], "fog")
    notes.delete_class("fog")
    notes.close()
    notes = open_notes(photos, classes=["fog", "rain"])  # the same cell again
    assert notes.classes == ["rain", "snow"]
    notes.rename_class("rain", "drizzle")
    notes.close()
    notes = open_notes(photos, classes=["fog", "rain", "hail"])
    assert notes.classes == ["drizzle", "hail", "snow"]
    notes.close()


def test_categories_asked_for_later_are_there(photos):
    images = load_images(photos, progress=False)
    open_notes(photos, classes=["rain"]).close()
    frame = pd.DataFrame({"label": pd.Categorical([None] * N, categories=["fog", "rain"])})
    notes = Annotator(np.zeros((N, 2)), images, frame)
    assert notes.classes == ["fog", "rain"]
    notes.close()


def open_tags(photos, column):
    frame = pd.DataFrame({"id": range(N)})
    images = load_images(photos, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Annotator(np.zeros((N, 2)), images, frame, column), frame


def test_other_tags_are_another_task(photos):
    notes, _ = open_tags(photos, ["rain", "night"])
    notes.label([0, 1], "rain")
    notes.close()
    notes, frame = open_tags(photos, ["blurry"])
    assert (notes.classes, list(frame)) == (["blurry"], ["id", "blurry"])
    notes.label([0], "blurry")
    notes.close()
    notes, frame = open_tags(photos, ["rain", "night", "fog"])
    assert notes.classes == ["rain", "night", "fog"]
    assert np.flatnonzero(frame["rain"]).tolist() == [0, 1]
    notes.add_class("snow")  # this person's own: it comes again
    notes.close()
    notes, frame = open_tags(photos, ["fog", "night"])
    assert notes.classes == ["fog", "night", "snow"]
    assert set(frame) == {"id", "fog", "night", "snow"}
    notes.label([5], "fog")
    notes.undo()
    notes.clear([0])  # the tags of this task, not of the other
    notes.label([5], notes.add_class("rain"))  # asked for after all, with what it had
    assert np.flatnonzero(frame["rain"]).tolist() == [0, 1, 5]
    notes.close()


def test_tags_begun_with_none_are_one_task(photos):
    notes, _ = open_tags(photos, [])
    notes.label([3], notes.add_class("odd"))
    notes.close()
    open_tags(photos, ["rain"])[0].close()
    notes, frame = open_tags(photos, [])
    assert np.flatnonzero(frame["odd"]).tolist() == [3]
    assert "rain" not in frame
    notes.close()
