"""Collections to begin with."""

import gzip
import hashlib
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from vaewidgets import datasets
from vaewidgets.datasets import mnist as mnist_module


def test_the_embedded_digits_use_the_whole_range_and_come_with_a_table():
    images, table = datasets.load_digits()
    assert images.image_shape == (8, 8, 1)
    assert len(images) == len(table) == 1797
    assert images.pixels.dtype == np.uint8
    assert images.pixels.min() == 0
    assert images.pixels.max() == 255
    assert len(np.unique(images.pixels)) == 17
    assert table["digit"].cat.categories.tolist() == list(range(10))
    assert not table["digit"].cat.ordered
    assert table["digit"].iloc[:3].tolist() == [0, 1, 2]


def test_the_data_sets_load_nothing_heavy_before_they_are_asked_for():
    script = (
        "import sys, vaewidgets; vaewidgets.datasets.make_power_grid; "
        "print({'torch', 'sklearn', 'scipy', 'plotly', 'anywidget'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.fixture
def npz(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "small.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        y_train=np.arange(6, dtype=np.uint8),
        x_test=rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        y_test=np.arange(6, 10, dtype=np.uint8),
    )
    return path


def test_mnist_is_read_whole_or_by_split(npz):
    images, table = datasets.load_mnist(npz)
    assert len(images) == len(table) == 10
    assert images.image_shape == (28, 28, 1)
    assert table["digit"].tolist() == list(range(10))
    assert table["split"].tolist() == ["train"] * 6 + ["test"] * 4
    images, table = datasets.load_mnist(npz, "test")
    assert len(images) == 4
    assert table["digit"].tolist() == [6, 7, 8, 9]
    assert set(table["split"]) == {"test"}


def test_fashion_has_names_in_place_of_numbers(npz):
    _, table = datasets.load_fashion_mnist(npz)
    assert table["kind"].iloc[[0, 9]].tolist() == ["T-shirt/top", "Ankle boot"]
    assert len(table["kind"].cat.categories) == 10


def test_a_file_that_lacks_something_is_refused(tmp_path, npz):
    path = tmp_path / "other.npz"
    np.savez(path, x_train=np.zeros((2, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="lacks x_test, y_test, y_train"):
        datasets.load_mnist(path)
    np.savez(path, x_train=np.zeros((2, 28, 28), np.uint8), y_train=np.array([0, 12]))
    with pytest.raises(ValueError, match="0 to 9"):
        datasets.load_mnist(path, "train")
    with pytest.raises(ValueError, match=r"`split` is .valid.; accepted"):
        datasets.load_mnist(npz, "valid")


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves the files of a folder and keeps the addresses asked for."""

    asked: ClassVar[list[str]] = []

    def log_message(self, *_args):
        self.asked.append(self.path)


@pytest.fixture
def server(tmp_path):
    """A web server on this machine in place of the one that holds the tables: folder, address."""
    folder = tmp_path / "served"
    folder.mkdir()
    QuietHandler.asked.clear()
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))
    ) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def offline(monkeypatch):
    """Only addresses of this machine can be reached: the way out is a closed port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, closed)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener())


def put_openml(home: Path, source, images, classes, server: tuple[Path, str]) -> Path:
    """Lay out what scikit-learn's client keeps of a table; the table itself stands on the server.

    Gives the place in the client's cache where a download of the table ends.
    """
    cache, (served, address) = home / "openml" / "openml.org", server
    name, number = source.name.lower(), 554
    lines = [f"@RELATION {name}", *(f"@ATTRIBUTE pixel{i + 1} real" for i in range(784))]
    lines += ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
    rows = np.column_stack([images.reshape(len(images), -1), classes])
    lines += [",".join(map(str, row)) for row in rows.tolist()]
    table = ("\n".join(lines) + "\n").encode()
    (served / "table.arff").write_bytes(table)

    def feature(index: int, **more: str) -> dict[str, object]:
        plain = {"is_ignore": "false", "is_row_identifier": "false"}
        plain |= {"number_of_missing_values": "0", "is_target": "false", "data_type": "numeric"}
        return {"index": str(index), "name": f"pixel{index + 1}", **plain, **more}

    pages = {
        f"list/data_name/{name}/limit/2/data_version/{source.version}": {
            "data": {"dataset": [{"did": number, "name": name, "version": source.version}]}
        },
        f"{number}": {
            "data_set_description": {
                "id": number, "name": name, "version": "1", "status": "active", "format": "ARFF",
                "description": "", "url": f"{address}/table.arff",
                "md5_checksum": hashlib.md5(table, usedforsecurity=False).hexdigest(),
            }
        },
        f"features/{number}": {
            "data_features": {
                "feature": [
                    *(feature(i) for i in range(784)),
                    feature(784, name="class", data_type="nominal", is_target="true"),
                ]
            }
        },
        f"qualities/{number}": {
            "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": len(images)}]}
        },
    }  # fmt: skip
    for page, content in pages.items():
        file = cache / "api" / "v1" / "json" / "data" / f"{page}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps(content).encode()))
    return cache / "table.arff.gz"


@pytest.fixture
def openml(tmp_path, server, offline, monkeypatch):
    """A table of 12 digits for training and 3 for testing: home, images, classes, cached file."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (15, 28, 28), dtype=np.uint8)
    classes = np.array([5, 0, 4, 1, 9, 2, 1, 3, 6, 7, 8, 5, 2, 1, 0])
    for name in ("MNIST", "FASHION_MNIST"):
        counts = tuple(np.bincount(classes[:12], minlength=10).tolist())
        source = replace(getattr(mnist_module, name), train_counts=counts)
        monkeypatch.setattr(mnist_module, name, source)
        file = put_openml(tmp_path, source, images, classes, server)
    return tmp_path, images, classes, file


def test_mnist_is_downloaded_once_and_cut_where_the_training_part_ends(openml):
    home, pixels, classes, file = openml
    images, table = datasets.load_mnist(data_home=home)
    assert np.array_equal(images.pixels[..., 0], pixels)
    assert table["digit"].astype(int).tolist() == classes.tolist()
    assert table["split"].tolist() == ["train"] * 12 + ["test"] * 3
    assert file.is_file()
    images, table = datasets.load_mnist(split="test", data_home=home)
    assert np.array_equal(images.pixels[..., 0], pixels[12:])
    assert set(table["split"]) == {"test"}
    assert QuietHandler.asked == ["/table.arff"]


def test_fashion_is_downloaded_too(openml):
    home, pixels, classes, _ = openml
    images, table = datasets.load_fashion_mnist(split="train", data_home=home)
    assert np.array_equal(images.pixels[..., 0], pixels[:12])
    assert table["kind"].tolist() == [mnist_module.FASHION_CLASSES[k] for k in classes[:12]]


def test_a_table_in_another_order_is_refused(openml, monkeypatch):
    home, _, classes, _ = openml
    counts = tuple(np.bincount(classes[3:], minlength=10).tolist())
    monkeypatch.setattr(mnist_module, "MNIST", replace(mnist_module.MNIST, train_counts=counts))
    with pytest.raises(ValueError, match="not MNIST in its order"):
        datasets.load_mnist(data_home=home)


def test_without_a_network_the_error_says_what_to_do(openml, tmp_path):
    home, *_ = openml
    empty = tmp_path / "empty"
    with pytest.raises(ConnectionError, match=r"(?s)Fashion-MNIST is not among.*empty.*`path`"):
        datasets.load_fashion_mnist(data_home=empty)
    with pytest.raises(ValueError, match="`split` is 'valid'; accepted: all, train, test"):
        datasets.load_mnist(split="valid", data_home=home)
    assert QuietHandler.asked == []


def test_the_counts_of_the_training_parts_are_those_of_the_originals(data_folder):
    for name, source in (
        ("mnist", mnist_module.MNIST),
        ("fashion_mnist", mnist_module.FASHION_MNIST),
    ):
        with np.load(data_folder / f"{name}.npz", allow_pickle=False) as file:
            counts = np.bincount(file["y_train"], minlength=10)
        assert tuple(counts.tolist()) == source.train_counts
