"""The child process that runs t-SNE and UMAP: started, followed, stopped, never left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.projections.embedding import IN_THE_PLANE, UmapSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

_WORKER = Path(__file__).with_name("embedding.py")


class CancelledError(Exception):
    """The process was stopped by ``cancel``."""


class EmbeddingProcess:
    """One run of t-SNE or UMAP in a child process.

    Parameters
    ----------
    codes : ndarray, shape (n, d), float32, finite
    method : "tsne" or "umap"
    random_state : int
    umap : UmapSettings, optional
    """

    def __init__(
        self,
        codes: NDArray[np.float32],
        method: str,
        random_state: int,
        umap: UmapSettings = IN_THE_PLANE,
    ) -> None:
        self._codes = codes
        self._settings = {
            "method": method,
            "random_state": int(random_state),
            "umap": asdict(umap),
        }
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process number of the child while it runs."""
        process = self._process
        return None if process is None else process.pid

    def run(self, report: Report) -> NDArray[np.float32]:
        """Run to the end and return the coordinates, shape (n, 2 or n_components), float32.

        Parameters
        ----------
        report : callable(fraction or None, text)
            Called in this thread, at most four times a second.

        Raises
        ------
        CancelledError
            If :meth:`cancel` was called.
        RuntimeError
            If the child failed, with the last line it wrote.
        """
        cache = compiled_code_folder() if self._settings["method"] == "umap" else None
        with tempfile.TemporaryDirectory(prefix="vaewidgets-") as name:
            folder = Path(name)
            np.save(folder / "codes.npy", self._codes)
            (folder / "settings.json").write_text(json.dumps(self._settings))
            code = self._follow(folder, cache, report)
            if code != 0 and cache is not None:
                # Damaged files among the compiled code are the one failure that we can cure.
                shutil.rmtree(cache, ignore_errors=True)
                if code > 0:  # an error in Python, not a kill
                    code = self._follow(folder, None, report)
            if code != 0:
                raise RuntimeError(_reason(folder, code))
            xy: NDArray[np.float32] = np.load(folder / "result.npy", allow_pickle=False)
        return xy

    def cancel(self) -> None:
        """Kill the child, if there is one; :meth:`run` then raises CancelledError."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def _follow(self, folder: Path, cache: Path | None, report: Report) -> int:
        """Start the child, pass its reports on, and return its exit status."""
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        environment.pop("NUMBA_CACHE_DIR", None)
        if cache is not None:
            environment["NUMBA_CACHE_DIR"] = str(cache)
        with (folder / "errors.txt").open("wb") as errors:
            with self._lock:
                self._raise_if_cancelled()
                # By path and with -P, neither the current folder nor ours is searched for modules:
                # a file called umap.py beside the notebook must not be imported.
                process = subprocess.Popen(
                    [sys.executable, "-P", str(_WORKER), str(folder)],
                    stdin=subprocess.PIPE,  # closes when we end, and the child ends on that
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment,
                    encoding="utf-8",
                )
                self._process = process
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    message = json.loads(line)
                    report(message["fraction"], message["text"])
                code = process.wait()
            finally:
                # Also on KeyboardInterrupt, and when a report raises.
                with self._lock:
                    self._process = None
                _end(process)
        self._raise_if_cancelled()
        return code

    def _raise_if_cancelled(self) -> None:
        if self._cancelled:
            raise CancelledError("stopped")


def compiled_code_folder() -> Path | None:
    """Return the user's own folder for compiled code, made if needed; None if there is none.

    It is keyed by versions, since numba does not notice when a function called by a compiled one
    changes. Code is run from it, so nobody else may be able to write there.
    """
    try:
        versions = [version(name) for name in ("numba", "umap-learn", "pynndescent")]
    except PackageNotFoundError:
        return None
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    folder = Path(base) if base else Path.home() / ".cache"
    folder = folder / "vaewidgets" / "-".join(["umap", python, *versions])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return folder if os.access(folder, os.W_OK) else None


def _end(process: subprocess.Popen[Any]) -> None:
    """Kill a child that still runs, collect it, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _reason(folder: Path, code: int) -> str:
    """Put the failure of a child in words: the last line it wrote."""
    lines = (folder / "errors.txt").read_text(errors="replace").strip().splitlines()
    if code < 0:
        return f"the process was ended from outside (signal {-code}), perhaps for lack of memory"
    return lines[-1][:500] if lines else f"the process ended with status {code}"
