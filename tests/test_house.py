"""Checks on the tree: rules of the house that a reader could overlook."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "vaewidgets" / "static"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MOST_LINES = 400


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, those not yet committed too, without what is built or installed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listing.stdout.splitlines()]
    return [file for file in files if file.is_file()]


PYTHON = tracked("vaewidgets/*.py")
PAGE = tracked("js/*.js", "js/*.css")
SOURCES = [file for file in PYTHON + PAGE if "tests" not in file.parts]


def found(pattern: str, files: list[Path]) -> list[str]:
    """Places where a pattern stands, as ``file:line: text``."""
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]


def test_there_is_something_to_check():
    assert len(PYTHON) > 20
    assert len(PAGE) > 20


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe)\b",
        r"document\.write\b",
        r"\bDOMParser\b",
        r"(?<![.\w])eval\(",
        r"\bnew Function\b",
        r"\b(ipywidgets|widgets)\.HTML\b|import .*\bHTML(Math)?\b",
        r"\bdangerously",
    ],
)
def test_text_is_never_parsed_as_html_or_run_as_code(pattern):
    assert found(pattern, SOURCES) == []


@pytest.mark.parametrize(
    "pattern", [r"\bpickle\b", r"torch\.load\b", r"\bjoblib\b", r"allow_pickle\s*=\s*True"]
)
def test_no_file_is_read_that_could_hold_code(pattern):
    assert found(pattern, [file for file in SOURCES if file.suffix == ".py"]) == []


def test_no_process_is_forked():
    assert found(r"\bmultiprocessing\b|os\.fork\b", PYTHON) == []


def test_nothing_is_loaded_from_another_machine():
    address = r"https?://(?!www\.w3\.org/)|wss?://|@import url"
    code = [file for file in PAGE if "tests" not in file.parts]
    # An address in a comment, a source cited, loads nothing.
    hits = [hit for hit in found(address, code) if not re.search(r":\d+: (//|/?\*)", hit)]
    assert hits == []
    bundles = sorted(BUILT.glob("*.js")) + sorted(BUILT.glob("*.css"))
    assert bundles, "no bundles; make build"
    for bundle in bundles:
        assert re.findall(address + r"[^\"'`\s]*", bundle.read_text()) == [], bundle.name


def test_no_file_is_too_long_to_read_in_one_sitting():
    code = tracked("*.py", "*.js", "*.mjs", "*.css")
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for f in code}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("file", tracked("notebooks/*.ipynb"), ids=lambda file: file.name)
def test_notebooks_hold_no_results_and_define_nothing(file):
    cells = [cell for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells if cell.outputs or cell.execution_count] == []
    definitions = [
        c.source for c in cells if re.search(r"^\s*(def|class) |lambda", c.source, re.M)
    ]
    assert definitions == []


def test_readme_and_contributing_name_only_commands_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z-]+)\b(?=[^\n]*`|\s+#|\s*$)", _code_of(ROOT / name)))
        assert named <= targets, name
    assert {"demo", "test"} <= set(re.findall(r"make ([a-z]+)", _code_of(ROOT / "README.md")))


def _code_of(file: Path) -> str:
    """The code of a Markdown file: blocks and what stands between backticks, a line each."""
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S)
    return "\n".join(blocks + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text))


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{file.relative_to(ROOT)}: {target}"
        for file in tracked("*.md")
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", file.read_text())
        if not (file.parent / target).exists()
    ]
    assert broken == []


def test_lock_files_are_whole_and_name_no_registry():
    lock = json.loads((ROOT / "js" / "package-lock.json").read_text())
    packages = lock["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    # npm ci refuses a lock file without what other kinds of machine need.
    optional = {
        name for entry in packages.values() for name in entry.get("optionalDependencies", ())
    }
    assert {name for name in optional if f"node_modules/{name}" not in packages} == set()
    host = r"pypi" + r"\.org|python" + r"hosted|registry\.npm" + r"js|deb\." + r"debian"
    text = [f for f in tracked() if f.suffix not in {".png", ".npz", ".woff2", ".safetensors"}]
    assert found(host, text) == []


def test_the_tree_holds_no_path_of_one_machine():
    # Written apart, so that this file does not find itself.
    place = r"(^|[^\w.])/(" + "|".join(["home/\\w+", "Users/\\w+", "root", "work"]) + r")/"
    text = [f for f in tracked() if f.suffix in {".py", ".js", ".md", ".toml", ".ipynb", ".json"}]
    assert [hit for hit in found(place, text) if "test_house" not in hit] == []


def test_every_room_is_under_the_contracts_that_keep_packages_out():
    rooms = {
        f"vaewidgets.{path.stem}"
        for path in (ROOT / "vaewidgets").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    } - {"vaewidgets.__init__"}
    free = {"torch": "core", "anywidget": "widgets", "plotly": "figures"}
    kept = {
        package: set(contract["source_modules"])
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        for package in free
        if package in contract.get("forbidden_modules", ())
    }
    assert kept == {package: rooms - {f"vaewidgets.{room}"} for package, room in free.items()}
