"""t-SNE and UMAP of a table of codes, run as a program of its own.

``python embedding.py FOLDER`` reads ``codes.npy`` and ``settings.json`` from the folder and writes
``result.npy``; each line of its standard output is one progress report in JSON. It runs apart
from the kernel so that the kernel stays free, and so that stopping it is killing it. It imports
nothing of this library: it can be started by path, whatever the current folder holds.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Report = Callable[[float | None, str], None]

METHODS = ("tsne", "umap")
SMALLEST_N = 5  # below it neither method is defined; the caller shows something else

_PERPLEXITY = 30.0
_TSNE_EARLY_STEPS, _TSNE_STEPS = 250, 500
_REPORTS_PER_SECOND = 4
_SPECTRAL_FROM = 50  # with fewer rows UMAP's spectral start is numerically fragile


@dataclass(frozen=True)
class UmapSettings:
    """What UMAP is asked for; by default a map in the plane with the package's own values.

    Attributes
    ----------
    n_components : int
        Dimensions of the result.
    n_neighbors : int
        Neighbours of each row, itself included.
    min_dist : float, 0 to 1
        How near rows may come to each other; 0 packs groups tightly, which suits clustering.
    """

    n_components: int = 2
    n_neighbors: int = 15
    min_dist: float = 0.1


IN_THE_PLANE = UmapSettings()


def embed(
    codes: NDArray[np.float32],
    method: str,
    random_state: int,
    report: Report,
    umap: UmapSettings = IN_THE_PLANE,
) -> NDArray[np.float32]:
    """Place rows in the plane by t-SNE or UMAP, or in more dimensions by UMAP.

    Parameters
    ----------
    codes : ndarray, shape (n, d), finite, n >= 5
    method : "tsne" or "umap"
    random_state : int
        Equal seeds give equal coordinates on one machine.
    report : callable(fraction or None, text)
    umap : UmapSettings

    Returns
    -------
    ndarray, shape (n, 2) or (n, n_components), float32, finite, centred on 0

    References
    ----------
    van der Maaten and Hinton, Visualizing data using t-SNE, 2008; Kobak and Berens, The art of
    using t-SNE for single-cell transcriptomics, 2019 (PCA start); McInnes, Healy and Melville,
    UMAP, 2018.
    """
    if method == "umap":
        xy = _umap(codes, umap, random_state, report)
        return _centred(xy)
    start = principal_start(codes, random_state)
    if importlib.util.find_spec("openTSNE"):
        xy = _open_tsne(codes, start, random_state, report)
    else:
        xy = sklearn_tsne(codes, start, random_state, report)
    return _centred(xy)


def _centred(found: Any) -> NDArray[np.float32]:
    """Return coordinates with mean 0, after a check that they are numbers."""
    xy = np.asarray(found, dtype=np.float64)
    if not np.isfinite(xy).all():
        raise FloatingPointError("the coordinates found are not finite")
    centred: NDArray[np.float32] = (xy - xy.mean(axis=0)).astype(np.float32)
    return centred


def principal_start(
    codes: NDArray[np.float32], random_state: int, n_components: int = 2
) -> NDArray[np.float64]:
    """Principal components scaled to unit spread, with a trace of noise, (n, n_components).

    The noise separates equal rows, and gives codes of one dimension a second one to move in.
    """
    centred = codes - codes.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    components = vectors[:, ::-1][:, :n_components]
    # The sign of an eigenvector is arbitrary: make its largest entry positive.
    largest = components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])]
    xy = np.zeros((len(codes), n_components))
    xy[:, : components.shape[1]] = centred @ (components * np.sign(largest))
    spread = xy[:, 0].std()
    if spread > 0:
        xy /= spread
    return xy + 1e-2 * np.random.default_rng(random_state).standard_normal(xy.shape)


def neighbours(
    codes: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Exact nearest neighbours, each row itself first: indices and distances, shape (n, k)."""
    from sklearn.neighbors import NearestNeighbors

    # Asked without a query, rows are left out by number, not by distance 0: right for equal rows.
    search = NearestNeighbors(n_neighbors=k - 1, algorithm="brute").fit(codes)
    distances, indices = search.kneighbors()
    itself = np.arange(len(codes))[:, np.newaxis]
    return (
        np.hstack([itself, indices]),
        np.hstack([np.zeros((len(codes), 1)), distances]).astype(np.float32),
    )


def _umap(
    codes: NDArray[np.float32], settings: UmapSettings, random_state: int, report: Report
) -> Any:
    """Run umap-learn on exact neighbours, which also saves compiling its approximate search.

    Measured for 1,800 rows, with what the packages cache themselves: 7 s in place of 14 s.
    """
    cache = os.environ.get("NUMBA_CACHE_DIR")
    compiled = cache is not None and any(Path(cache).glob("**/*.nbc"))
    report(None, "UMAP: loading" if compiled else "UMAP: compiling (the first time only, 20-60 s)")
    # The package tries to import TensorFlow and torch for a variant of UMAP not used here.
    sys.modules.setdefault("umap.parametric_umap", None)  # type: ignore[arg-type]
    import umap

    report(None, "UMAP: finding neighbours")
    k = min(settings.n_neighbors, len(codes) - 1)
    start: Any = "spectral"
    if len(codes) < _SPECTRAL_FROM:
        principal = principal_start(codes, random_state, settings.n_components)
        start = 10 * principal.astype(np.float32)
    reducer = umap.UMAP(
        n_components=settings.n_components,
        n_neighbors=k,
        min_dist=settings.min_dist,
        init=start,
        random_state=random_state,
        n_jobs=1,
        precomputed_knn=neighbours(codes, k),
        force_approximation_algorithm=True,
        tqdm_kwds={
            "disable": False,
            "file": _TqdmReports(report, "UMAP: optimising"),
            "bar_format": "{n}/{total} ",
            "mininterval": 1 / _REPORTS_PER_SECOND,
        },
    )
    return reducer.fit_transform(codes)


def _open_tsne(
    codes: NDArray[np.float32], start: NDArray[np.float64], random_state: int, report: Report
) -> Any:
    """Run openTSNE, which tells after every few steps how far it is."""
    report(None, "t-SNE: finding neighbours")
    from openTSNE import TSNE

    done = {"steps": 0, "last": 0}

    def count(iteration: int, _error: float, _embedding: Any) -> None:
        # Both phases count from the beginning: a smaller number starts the second one.
        if iteration < done["last"]:
            done["steps"] += done["last"]
        done["last"] = iteration
        steps = done["steps"] + iteration
        report(steps / (_TSNE_EARLY_STEPS + _TSNE_STEPS), "t-SNE: optimising")

    model = TSNE(
        perplexity=_perplexity(len(codes)),
        early_exaggeration_iter=_TSNE_EARLY_STEPS,
        n_iter=_TSNE_STEPS,
        initialization=1e-4 * start,
        neighbors="exact",
        negative_gradient_method="fft" if len(codes) >= 10_000 else "bh",
        random_state=random_state,
        n_jobs=_threads(len(codes)),
        callbacks=count,
        callbacks_every_iters=10,
    )
    return model.fit(codes)


def sklearn_tsne(
    codes: NDArray[np.float32], start: NDArray[np.float64], random_state: int, report: Report
) -> Any:
    """Run scikit-learn's t-SNE, for machines without openTSNE."""
    from sklearn.manifold import TSNE

    report(None, "t-SNE: optimising")
    model = TSNE(
        perplexity=_perplexity(len(codes)),
        max_iter=_TSNE_EARLY_STEPS + _TSNE_STEPS,
        init=(1e-4 * start).astype(np.float32),
        random_state=random_state,
    )
    return model.fit_transform(codes)


def _threads(n: int) -> int:
    """Leave one core to the kernel; with few rows more threads only wait for each other."""
    return 1 if n < 5000 else max(1, (os.cpu_count() or 1) - 1)


def _perplexity(n: int) -> float:
    """Choose 30, or what n rows allow: each needs three times as many neighbours."""
    return min(_PERPLEXITY, (n - 1) / 3)


class _TqdmReports:
    """A file that turns tqdm's lines "12/500 " into reports."""

    def __init__(self, report: Report, text: str) -> None:
        self._report, self._text = report, text

    def write(self, line: str) -> None:
        done, _, total = line.strip().partition("/")
        if done.isdigit() and total.isdigit() and int(total) > 0:
            self._report(int(done) / int(total), self._text)

    def flush(self) -> None:
        """Do nothing: reports are sent at once."""


class _Reporter:
    """Writes reports to the parent, at most four a second, with the seconds gone by."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._lock = stream, threading.Lock()
        self._start, self._last = time.monotonic(), 0.0
        self._fraction: float | None = None
        self._text = ""
        threading.Thread(target=self._tick, daemon=True).start()

    def __call__(self, fraction: float | None, text: str) -> None:
        with self._lock:
            new_phase = text != self._text
            self._fraction, self._text = fraction, text
            due = time.monotonic() - self._last >= 1 / _REPORTS_PER_SECOND
            if new_phase or due or fraction == 1.0:
                self._send()

    def _tick(self) -> None:
        """Repeat the last report each second, so that a silent method still shows a clock."""
        while True:
            time.sleep(1.0)
            with self._lock:
                if self._text and time.monotonic() - self._last >= 0.9:
                    self._send()

    def _send(self) -> None:
        self._last = time.monotonic()
        text = f"{self._text}, {self._last - self._start:.0f} s"
        self._stream.write(json.dumps({"fraction": self._fraction, "text": text}) + "\n")
        self._stream.flush()


def _die_with_parent(folder: Path) -> None:
    """End at once when the parent ends: its end of our standard input then closes."""
    # Not sys.stdin.read(): a thread inside it makes the interpreter abort when it shuts down.
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    shutil.rmtree(folder, ignore_errors=True)  # nobody else is left to do it
    os._exit(1)


def _cache_compiled_code() -> None:
    """Let numba keep on disk what it compiles for umap-learn and pynndescent.

    They ask for it for some functions only; with all of them a later UMAP of 1,800 rows takes
    3 s in place of 7 s. Only this process is changed.
    """
    import numba

    def cached(decorator: Any) -> Any:
        def wrapper(*args: Any, **options: Any) -> Any:
            options.setdefault("cache", True)
            return decorator(*args, **options)

        return wrapper

    numba.njit, numba.jit = cached(numba.njit), cached(numba.jit)


def main(folder: Path) -> None:
    """Do the work described in ``settings.json`` of the folder."""
    warnings.simplefilter("ignore")
    threading.Thread(target=_die_with_parent, args=(folder,), daemon=True).start()
    # What packages print must not end up among the reports.
    reports, sys.stdout = sys.stdout, sys.stderr
    settings = json.loads((folder / "settings.json").read_text())
    report = _Reporter(reports)
    if "NUMBA_CACHE_DIR" in os.environ and settings["method"] == "umap":
        _cache_compiled_code()
    codes = np.load(folder / "codes.npy", allow_pickle=False)
    umap = UmapSettings(**settings["umap"])
    xy = embed(codes, settings["method"], settings["random_state"], report, umap)
    np.save(folder / "result.npy", xy)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
