"""Codes to points in the plane: PCA, t-SNE, UMAP, or two latent dimensions."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.arguments.numbers import as_dims
from vaewidgets.arguments.seeds import as_seed
from vaewidgets.projections.embedding import SMALLEST_N
from vaewidgets.projections.process import EmbeddingProcess
from vaewidgets.projections.rows import check_finite, choose_rows, place_beside, to_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Report = Callable[[float | None, str], None]

METHODS = ("pca", "tsne", "umap", "dims")
LABELS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "dims": "two latent dimensions"}

# t-SNE and UMAP are fitted on at most so many rows; the others are placed beside them.
MOST_FITTED = 10_000


def as_method(name: Any, argument: str = "method") -> str:
    """Return the method that is meant, also where it is spelt as on a menu ("t-SNE").

    Raises
    ------
    ValueError
        If there is none of that name, naming those there are.
    """
    spelt = name.lower().replace("-", "") if isinstance(name, str) else ""
    if spelt not in METHODS:
        known = ", ".join(map(repr, METHODS))
        raise ValueError(f"{argument} must be one of {known}, got {name!r}")
    return spelt


@dataclass(frozen=True, eq=False)
class Projection:
    """Points in the plane, and what they mean.

    Attributes
    ----------
    xy : ndarray, shape (n, 2), float32, finite
    method : "pca", "tsne", "umap" or "dims"
    axes : (str, str)
        Names of the axes, "" where an axis has no meaning.
    note : str
        How to read the map, and what was sampled.
    place : (components, offset) or None
        For "pca" and "dims": xy = codes @ components.T + offset, with components of shape (2, d)
        and offset of shape (2,), float64.
    """

    xy: NDArray[np.float32]
    method: str
    axes: tuple[str, str]
    note: str
    place: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def place_codes(self, codes: ArrayLike) -> NDArray[np.float32] | None:
        """Return where other codes, shape (m, d), stand on the map; None if it has no rule."""
        if self.place is None:
            return None
        return _place(check_finite(codes), *self.place)


def project(
    codes: ArrayLike,
    method: str = "pca",
    *,
    dims: tuple[int, int] = (0, 1),
    random_state: Any = 0,
    report: Report | None = None,
) -> Projection:
    """Project codes to the plane.

    Parameters
    ----------
    codes : array, shape (n, d), finite numbers
    method : "pca", "tsne", "umap" or "dims"
        "dims" shows two latent dimensions as they are. t-SNE and UMAP run in a process of their
        own and are fitted on at most 10,000 rows; the others are placed beside their nearest
        fitted neighbours, and ``note`` says so.
    dims : (int, int)
        For "dims": which ones, from 0.
    random_state : int from 0, generator of numpy, or None
        Equal seeds give equal maps on one machine; None is another each time.
    report : callable(fraction or None, text), optional
        Called now and then, at most four times a second.

    Returns
    -------
    Projection

    Raises
    ------
    ValueError
        For codes that are not a table of finite numbers, and unknown methods and dimensions.
    RuntimeError
        If t-SNE or UMAP failed, with the reason.
    """
    return _Task(codes, method, dims, random_state).run(report or _say_nothing)


class ProjectionJob:
    """A projection being made in the background; see :func:`project_in_background`."""

    def __init__(
        self,
        task: _Task,
        on_progress: Report,
        on_done: Callable[[Projection], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._task = task
        self._on_progress, self._on_done, self._on_error = on_progress, on_done, on_error
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether the projection is still being made."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Do quick methods at once, the others in a thread that follows the child process."""
        if self._task.is_quick:
            self._run()
        else:
            self._thread = threading.Thread(
                target=self._run, name=f"vaewidgets-{self._task.method}", daemon=True
            )
            self._thread.start()

    def cancel(self) -> None:
        """Stop: kills the child process; no callback begins from now on."""
        self._cancelled.set()
        self._task.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job has ended; return whether it has."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.is_running

    def _run(self) -> None:
        try:
            projection = self._task.run(self._progress)
        except Exception as error:  # noqa: BLE001 - nobody above a thread catches anything
            if not self._cancelled.is_set():
                self._on_error(error)
            return
        if not self._cancelled.is_set():
            self._on_done(projection)

    def _progress(self, fraction: float | None, text: str) -> None:
        if not self._cancelled.is_set():
            self._on_progress(fraction, text)


def project_in_background(
    codes: ArrayLike,
    method: str = "pca",
    *,
    dims: tuple[int, int] = (0, 1),
    random_state: Any = 0,
    on_progress: Report | None = None,
    on_done: Callable[[Projection], None],
    on_error: Callable[[Exception], None],
) -> ProjectionJob:
    """Project codes without making the caller wait for t-SNE or UMAP.

    Parameters
    ----------
    codes, method, dims, random_state
        As in :func:`project`.
    on_progress : callable(fraction or None, text), optional
    on_done : callable(Projection)
    on_error : callable(Exception)
        One of ``on_done`` and ``on_error`` is called once, unless the job is cancelled first.
        For "pca" and "dims" this happens before the function returns, else in another thread.

    Returns
    -------
    ProjectionJob
        With ``cancel()``, ``wait(timeout)`` and ``is_running``.

    Raises
    ------
    ValueError
        At once, for arguments that :func:`project` refuses.
    """
    task = _Task(codes, method, dims, random_state)
    job = ProjectionJob(task, on_progress or _say_nothing, on_done, on_error)
    job.start()
    return job


class _Task:
    """Checked arguments of one projection, and the child process while there is one."""

    def __init__(
        self, codes: ArrayLike, method: str, dims: tuple[int, int], random_state: Any
    ) -> None:
        self.method = as_method(method)
        self.codes = check_finite(codes)
        self.dims = as_dims(dims, self.codes.shape[1]) if self.method == "dims" else dims
        self.random_state = as_seed(random_state)
        self._process: EmbeddingProcess | None = None
        # Made now, so that a job cancelled before its thread begins does not begin.
        if not self.is_quick:
            self._fitted = choose_rows(len(self.codes), MOST_FITTED, self.random_state)
            self._process = EmbeddingProcess(
                to_unit(self.codes[self._fitted]), method, self.random_state
            )

    @property
    def is_quick(self) -> bool:
        """Whether no child process is needed."""
        return self.method in ("pca", "dims") or self._too_plain() != ""

    def run(self, report: Report) -> Projection:
        """Make the projection."""
        if self.method == "dims":
            return _two_dims(self.codes, self.dims)
        if self._process is None:
            return _principal(self.codes, self.method, self._too_plain())
        fitted_xy = self._process.run(report)
        label, n, fitted = LABELS[self.method], len(self.codes), len(self._fitted)
        note = f"{label} keeps neighbours together; gaps and sizes of groups mean little."
        xy = fitted_xy
        if fitted < n:
            report(None, f"{label}: placing {n - fitted:,} more")
            xy = place_beside(self.codes, self._fitted, fitted_xy)
            note += (
                f" Fitted on a random {fitted:,} of {n:,} images; the others stand beside their "
                "nearest fitted neighbours."
            )
        return Projection(xy, self.method, ("", ""), note)

    def cancel(self) -> None:
        """Kill the child process."""
        if self._process is not None:
            self._process.cancel()

    def _too_plain(self) -> str:
        """Say why t-SNE and UMAP cannot be made of these codes; "" if they can."""
        if self.method not in ("tsne", "umap"):
            return ""
        label = LABELS[self.method]
        if len(self.codes) < SMALLEST_N:
            return f"{label} needs at least {SMALLEST_N} images; this is PCA."
        if (self.codes == self.codes[0]).all():
            return f"All codes are equal: {label} has nothing to show."
        return ""


def _principal(codes: NDArray[np.float64], method: str, note: str) -> Projection:
    """Exact principal components; the sign is fixed by making each one's largest entry positive.

    References
    ----------
    Jolliffe, Principal Component Analysis, 2002, section 1.1.
    """
    n, d = codes.shape
    mean = codes.mean(axis=0)
    centred = codes - mean
    if n < d:
        _, singular, components = np.linalg.svd(centred, full_matrices=False)
        variances = singular**2
    else:
        variances, vectors = np.linalg.eigh(centred.T @ centred)
        variances, components = variances[::-1], vectors.T[::-1]
    components = _two_rows(components)
    largest = np.abs(components).argmax(axis=1)
    components = components * np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, np.newaxis]
    total = max(float(variances.sum()), 0.0)
    shares = [float(share) / total if total > 0 else 0.0 for share in variances[:2]] + [0.0]
    offset = -components @ mean
    return Projection(
        _place(codes, components, offset),
        method,
        (f"PC 1 ({_percent(shares[0])})", f"PC 2 ({_percent(shares[1])})" if d > 1 else ""),
        note or f"The plane shows {_percent(shares[0] + shares[1])} of the spread of the codes.",
        (components, offset) if method == "pca" else None,
    )


def _two_dims(codes: NDArray[np.float64], dims: tuple[int, int]) -> Projection:
    """Two latent dimensions as they are; codes of one dimension lie on a line."""
    d = codes.shape[1]
    components = np.zeros((2, d))
    components[0, dims[0]] = 1.0
    if d > 1:
        components[1, dims[1]] = 1.0
    place = (components, np.zeros(2))
    axes = (f"dimension {dims[0]}", f"dimension {dims[1]}" if d > 1 else "")
    return Projection(_place(codes, *place), "dims", axes, "Latent dimensions as they are.", place)


def _place(
    codes: NDArray[np.float64], components: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Apply a linear map."""
    if codes.shape[1] != components.shape[1]:
        raise ValueError(f"codes must have {components.shape[1]} dimensions, got {codes.shape[1]}")
    return np.asarray(codes @ components.T + offset, dtype=np.float32)


def _two_rows(components: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the first two rows, or fill up with zeros where there are fewer."""
    rows = np.zeros((2, components.shape[1]))
    rows[: min(2, len(components))] = components[:2]
    return rows


def _percent(share: float) -> str:
    """Write a share as a percentage of at most three digits."""
    if share < 0.0005:
        return "0 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.2g} %"


def _say_nothing(_fraction: float | None, _text: str) -> None:
    """Do nothing with a report."""
