"""Sequences of images of other libraries: torch, Hugging Face, pairs, dicts, and all between."""

from __future__ import annotations

import io
import logging

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from vaewidgets import load_images

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 12, 10, 3), dtype=np.uint8)
KINDS = ["ant", "bee", "ant", "cow", "bee", "ant"]
NUMBERS = [0, 1, 0, 2, 1, 0]


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def pictures():
    return [Image.fromarray(pixels) for pixels in PIXELS]


class Pairs(Dataset):
    """What torchvision's data sets look like: pictures, and numbers that have names."""

    def __init__(self, change=lambda picture: picture, classes=("ant", "bee", "cow")):
        self.change, self.classes = change, list(classes)
        self.asked = []

    def __len__(self):
        return len(PIXELS)

    def __getitem__(self, number):
        self.asked.append(number)
        return self.change(Image.fromarray(PIXELS[number])), NUMBERS[number]


def chw(picture):
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


def same(images, expected=PIXELS):
    assert images.shape == expected.shape
    np.testing.assert_allclose(images.as_float(), expected / 255, atol=1e-6)


# Tensors


@pytest.mark.parametrize("axes", ["chw", "hwc"])
@pytest.mark.parametrize("form", ["stacked", "list", "tuple", "iterator", "list of arrays"])
def test_tensors_are_read_in_any_form_by_one_rule(axes, form):
    stacked = torch.from_numpy(PIXELS).float() / 255
    stacked = stacked.permute(0, 3, 1, 2) if axes == "chw" else stacked
    source = {
        "stacked": stacked,
        "list": list(stacked),
        "tuple": tuple(stacked),
        "iterator": iter(stacked),
        "list of arrays": [image.numpy() for image in stacked],
    }[form]
    same(load_images(source))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor.requires_grad_(),
        lambda tensor: (tensor.requires_grad_() * 1).double(),
        lambda tensor: tensor.half(),
        lambda tensor: tensor.bfloat16(),
        lambda tensor: tensor.to(torch.float8_e4m3fn),
        lambda tensor: tensor.to_sparse(),
        torch.nn.Parameter,
    ],
    ids=["grad", "computed double", "half", "bfloat16", "float8", "sparse", "parameter"],
)
@pytest.mark.parametrize("alone", [True, False])
def test_tensors_of_any_width_with_or_without_grad(change, alone):
    plain = torch.from_numpy(PIXELS).float() / 255
    changed = change(plain.clone())
    source = changed if alone else [change(image.clone()) for image in plain]
    found = load_images(source).as_float()
    np.testing.assert_allclose(found, changed.detach().to_dense().float().numpy(), atol=1e-6)
    np.testing.assert_allclose(found, PIXELS / 255, atol=0.07)


def test_a_tensor_without_numbers_is_refused_in_words():
    with pytest.raises(TypeError, match="no numbers that can be read"):
        load_images(torch.zeros(3, 4, 4, device="meta"))


def test_ambiguous_axes_are_asked_for_alone_in_lists_and_one_by_one():
    ambiguous = [torch.rand(3, 12, 3) for _ in range(4)]
    for source in (torch.stack(ambiguous), ambiguous, torch.stack(ambiguous).numpy()):
        with pytest.raises(ValueError, match="two ways"):
            load_images(source)
        assert load_images(source, axes="NHWC").image_shape == (3, 12, 3)
        assert load_images(source, axes="NCHW").image_shape == (12, 3, 3)
    mixed = [torch.rand(3, 12, 3), torch.rand(3, 14, 14), torch.rand(12, 12, 3)]
    images = load_images(mixed)
    assert images.positions.tolist() == [1, 2]
    assert "two ways" in images.rejected[0].reason
    images = load_images(mixed[:2], axes="NCHW", size=8)
    assert images.shape == (2, 8, 8, 3)
    with pytest.raises(ValueError, match="axes must be one of"):
        load_images(mixed, axes="CHW")


# Data sets and loaders


def test_a_dataset_of_pictures_and_numbers_gives_named_labels():
    images = load_images(Pairs())
    same(images)
    assert images.labels.tolist() == KINDS
    assert load_images(Pairs(classes=[])).labels.tolist() == NUMBERS
    chosen = load_images(Subset(Pairs(), [3, 0]))
    same(chosen, PIXELS[[3, 0]])
    assert chosen.labels.tolist() == ["cow", "ant"]


def test_a_dataset_of_tensors_keeps_their_size_as_lists_of_them_do():
    large = Pairs(lambda picture: chw(picture.resize((100, 90))))
    images = load_images(large)
    assert images.image_shape == (90, 100, 3)
    assert images.labels.tolist() == KINDS
    assert sorted(set(large.asked)) == list(range(6))
    tensors = TensorDataset(torch.rand(5, 1, 8, 8), torch.arange(5))
    assert load_images(tensors).labels.tolist() == [0, 1, 2, 3, 4]
    assert load_images(TensorDataset(torch.rand(5, 1, 8, 8))).labels is None


def test_one_damaged_item_of_a_dataset_does_not_stop_the_others():
    class Damaged(Pairs):
        def __getitem__(self, number):
            if number in (0, 4):
                raise OSError("the disk hums")
            return super().__getitem__(number)

    for change in (lambda picture: picture, chw):
        images = load_images(Damaged(change))
        assert images.positions.tolist() == [1, 2, 3, 5]
        assert images.labels.tolist() == ["bee", "ant", "cow", "ant"]
        assert [entry.reason for entry in images.rejected] == [
            "cannot be decoded: the disk hums"
        ] * 2
        assert images.rejected[1].source == "row 4"


@pytest.mark.parametrize("size", [1, 4, 6, 100])
def test_a_loader_gives_all_batches(size):
    images = load_images(DataLoader(Pairs(chw), size))
    same(images)
    assert images.labels.tolist() == KINDS
    assert images.notice == ""


def test_a_loader_without_labels_of_dicts_and_of_pictures():
    plain = DataLoader(TensorDataset(torch.from_numpy(PIXELS).float() / 255), 4)
    assert load_images(plain).labels is None
    rows = [{"image": chw(p), "target": n} for p, n in zip(pictures(), NUMBERS, strict=True)]
    assert load_images(DataLoader(rows, 4)).labels.tolist() == NUMBERS

    def keep(batch):
        return [picture for picture, _ in batch], [number for _, number in batch]

    images = load_images(DataLoader(Pairs(), 4, collate_fn=keep))
    same(images)
    assert images.labels.tolist() == KINDS
    same(load_images(DataLoader(Pairs(), 4, collate_fn=lambda batch: [p for p, _ in batch])))


def test_a_loader_that_shuffles_says_what_positions_count(caplog):
    torch.manual_seed(0)
    with caplog.at_level(logging.WARNING):
        images = load_images(DataLoader(Pairs(chw), 2, shuffle=True))
    assert "shuffles" in images.notice
    assert "shuffles" in caplog.text
    assert sorted(images.labels) == sorted(KINDS)


def test_datasets_and_generators_that_are_only_iterated():
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(pictures(), KINDS, strict=True)

    for source in (Stream(), iter(Stream()), zip(pictures(), KINDS, strict=True)):
        images = load_images(source)
        same(images)
        assert images.labels.tolist() == KINDS


def test_a_lazy_sequence_is_not_fetched_more_often_than_it_is_read():
    class Column:
        asked = 0

        def __len__(self):
            return len(PIXELS)

        def __getitem__(self, number):
            Column.asked += 1
            return Image.fromarray(PIXELS[range(len(self))[number]])

    same(load_images(Column()))
    assert Column.asked <= 2 * len(PIXELS) + 2  # sizes, pixels, a look at what it holds


# Hugging Face


@pytest.fixture
def hugging():
    rows = {
        "image": [{"bytes": encoded(p), "path": f"{k}.png"} for k, p in enumerate(PIXELS)],
        "label": NUMBERS,
        "caption": ["a picture.png of it"] * 6,
    }
    kinds = datasets.Features(
        image=datasets.Image(),
        label=datasets.ClassLabel(names=["ant", "bee", "cow"]),
        caption=datasets.Value("string"),
    )
    return datasets.Dataset.from_dict(rows, features=kinds)


def test_a_dataset_of_hugging_face_gives_images_names_and_labels(hugging):
    images = load_images(hugging)
    same(images)
    assert images.labels.tolist() == KINDS
    assert images.names == [f"{k}.png" for k in range(6)]
    assert images.paths == [""] * 6
    same(load_images(hugging.select([4, 2])), PIXELS[[4, 2]])


def test_forms_of_a_column_of_hugging_face(hugging):
    decoded = [row for row in hugging["image"]]  # noqa: C416
    plain = hugging.cast_column("image", datasets.Image(decode=False))["image"]
    for column in (hugging["image"], decoded, plain, list(plain), hugging.to_pandas()["image"]):
        same(load_images(column))
    streamed = load_images(hugging.to_iterable_dataset())
    same(streamed)
    same(load_images(hugging.with_format("torch")["image"]))
    rows = load_images(hugging.with_format("numpy"))
    same(rows)
    assert rows.labels.tolist() == KINDS


def test_files_of_a_dataset_keep_their_paths_and_are_known_as_files(tmp_path):
    for k, pixels in enumerate(PIXELS):
        (tmp_path / KINDS[k]).mkdir(exist_ok=True)
        (tmp_path / KINDS[k] / f"{k}.png").write_bytes(encoded(pixels))
    folder = load_images(tmp_path)
    found = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path), split="train", cache_dir=str(tmp_path / ".cache")
    )
    images = load_images(found)
    assert sorted(images.contents.tolist()) == sorted(folder.contents.tolist())
    assert sorted(images.paths) == sorted(folder.paths)
    assert dict(zip(images.paths, images.labels, strict=True)) == dict(
        zip(folder.paths, folder.labels, strict=True)
    )


def test_several_datasets_and_several_images_are_asked_about(hugging):
    with pytest.raises(TypeError, match=r"data sets train, test.*images\['train'\]"):
        load_images(datasets.DatasetDict(train=hugging, test=hugging))
    two = hugging.add_column("mask", [encoded(PIXELS[0])] * 6).cast_column(
        "mask", datasets.Image()
    )
    same(load_images(two))  # only one of them is called an image
    with pytest.raises(TypeError, match=r"left, right.*several can be images"):
        load_images([{"left": pictures()[0], "right": pictures()[1]}])


# Pairs, dicts and names


def test_pairs_and_rows_in_lists_give_labels():
    pairs = list(zip(pictures(), KINDS, strict=True))
    rows = [{"img": picture, "class": kind} for picture, kind in pairs]
    for source in (pairs, [list(pair) for pair in pairs], tuple(pairs), rows):
        images = load_images(source)
        same(images)
        assert images.labels.tolist() == KINDS
    mixed = load_images([*pairs[:2], pictures()[2], None, (pictures()[3],)])
    same(mixed, PIXELS[:4])
    assert mixed.labels.tolist() == [*KINDS[:2], None, None]
    assert mixed.rejected[0].reason == "missing value"
    arrays = load_images(list(zip(PIXELS, NUMBERS, strict=True)))
    same(arrays)
    assert arrays.labels.dtype == np.int64


def test_a_dict_of_images_keeps_their_names(tmp_path):
    (tmp_path / "file.png").write_bytes(encoded(PIXELS[2]))
    mixed = {"one": pictures()[0], 2: encoded(PIXELS[1]), "three": tmp_path / "file.png"}
    images = load_images(mixed)
    same(images, PIXELS[:3])
    assert images.names == ["one", "2", "three"]
    assert images.paths == ["", "", str(tmp_path / "file.png")]
    arrays = load_images({f"no {k}": pixels for k, pixels in enumerate(PIXELS)})
    same(arrays)
    assert arrays.names[3] == "no 3"
    assert arrays[[3, 1]].names == ["no 3", "no 1"]
    floats = {name: pixels / 255 for name, pixels in zip("abc", PIXELS, strict=False)}
    floats["b"] = np.full_like(floats["b"], np.nan)
    assert load_images(floats).names == ["a", "c"]
    record = {"bytes": None, "path": str(tmp_path / "file.png")}
    assert load_images([record, record]).paths == [str(tmp_path / "file.png")] * 2
    assert load_images({"bytes": encoded(PIXELS[0]), "path": None}).shape[0] == 1


def test_lists_of_numbers_are_still_pictures():
    assert load_images([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.8]]]).shape == (2, 2, 2, 1)
    assert load_images([([0.0, 1.0], [0.5, 0.2])]).shape == (1, 2, 2, 1)
