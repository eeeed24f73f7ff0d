"""Maps of codes: exact ones at once, t-SNE and UMAP in a process that is never left behind."""

import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from vaewidgets.projections import METHODS, as_method, project, project_in_background
from vaewidgets.projections.embedding import neighbours, principal_start, sklearn_tsne
from vaewidgets.projections.process import CancelledError, EmbeddingProcess, compiled_code_folder
from vaewidgets.projections.rows import place_beside

RNG = np.random.default_rng(0)
GROUPS = np.repeat([[0, 0, 0], [30, 0, 0], [0, 30, 0]], 30, axis=0) + RNG.normal(size=(90, 3))


def children():
    """Processes started by this one that still run our worker."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "embedding.py" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def purity(xy):
    """Share of points whose nearest other point is of their own group of thirty."""
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((distances.argmin(axis=1) // 30 == np.arange(len(xy)) // 30).mean())


@pytest.fixture(scope="module")
def maps():
    """Both slow methods, once, with what they reported."""
    reports = {method: [] for method in ("tsne", "umap")}
    times = {method: [] for method in reports}

    def listen(method):
        def report(fraction, text):
            reports[method].append((fraction, text))
            times[method].append(time.monotonic())

        return report

    made = {method: project(GROUPS, method, report=listen(method)) for method in reports}
    return made, reports, times


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_slow_methods_keep_groups_together(maps, method):
    projection = maps[0][method]
    assert projection.xy.shape == (90, 2)
    assert projection.xy.dtype == np.float32
    assert np.isfinite(projection.xy).all()
    assert purity(projection.xy) == 1
    assert projection.axes == ("", "")
    assert "mean little" in projection.note
    assert projection.place_codes(GROUPS) is None
    np.testing.assert_allclose(projection.xy.mean(axis=0), 0, atol=1e-4)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_progress_says_what_is_done_and_how_far_it_is(maps, method):
    reports, times = maps[1][method], maps[2][method]
    fractions = [fraction for fraction, _ in reports if fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert reports[0][0] is None
    assert all(text.endswith(" s") for _, text in reports)
    assert len(reports) <= 4 * (times[-1] - times[0]) + 4  # a new phase is told at once
    texts = " ".join(text for _, text in reports)
    assert ("optimising" if method == "tsne" else "UMAP: finding neighbours") in texts
    assert not children()


@pytest.mark.parametrize("method", METHODS)
def test_equal_seeds_give_equal_maps(maps, method):
    first = maps[0][method] if method in maps[0] else project(GROUPS, method)
    assert np.array_equal(project(GROUPS.copy(), method).xy, first.xy)


def test_damaged_compiled_code_is_thrown_away_and_the_map_is_the_same(maps, tmp_path, monkeypatch):
    damaged = tmp_path / "compiled"
    shutil.copytree(compiled_code_folder(), damaged)
    files = list(damaged.rglob("*.nbc"))
    assert files  # the maps made above have filled it
    for file in files:
        file.write_bytes(file.read_bytes()[:50])
    monkeypatch.setattr("vaewidgets.projections.process.compiled_code_folder", lambda: damaged)
    assert np.array_equal(project(GROUPS, "umap").xy, maps[0]["umap"].xy)
    assert not damaged.exists()


def test_code_is_run_only_from_a_folder_that_nobody_else_can_write_to(tmp_path, monkeypatch):
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = compiled_code_folder()
    assert folder.is_relative_to(tmp_path)
    assert folder.stat().st_mode & 0o077 == 0
    assert compiled_code_folder() == folder
    folder.chmod(0o777)
    assert compiled_code_folder() is None
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert compiled_code_folder() is None


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize(
    "codes",
    [
        RNG.normal(size=(5, 3)),
        RNG.normal(size=(9, 1)),
        np.repeat(RNG.normal(size=(2, 3)), 12, axis=0),
    ],
    ids=["five rows", "one dimension", "two points"],
)
def test_slow_methods_take_little_and_plain_data(method, codes):
    xy = project(codes, method).xy
    assert xy.shape == (len(codes), 2)
    assert np.isfinite(xy).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2, 7])
def test_a_handful_of_rows_gives_finite_points(method, n, d):
    codes = np.random.default_rng(n).normal(size=(n, d))
    projection = project(codes, method)
    assert projection.xy.shape == (n, 2)
    assert projection.xy.dtype == np.float32
    assert np.isfinite(projection.xy).all()
    if method in ("tsne", "umap"):
        assert "at least 5" in projection.note


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 7.5])
def test_equal_rows_give_equal_points(method, value):
    projection = project(np.full((40, 3), value), method)
    assert np.ptp(projection.xy, axis=0).tolist() == [0, 0]
    if method in ("tsne", "umap"):
        assert "All codes are equal" in projection.note


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_pca_agrees_with_scikit_learn_up_to_its_signs(n, d, seed):
    codes = np.random.default_rng(seed).normal(size=(n, d)) * 3 + 5
    projection = project(codes)
    k = min(2, n, d)
    expected = PCA(k).fit_transform(codes) if n > 1 else np.zeros((1, k))
    np.testing.assert_allclose(np.abs(projection.xy[:, :k]), np.abs(expected), atol=1e-4)
    assert (projection.xy[:, d:] == 0).all()
    if n > 2 and d > 1:
        share = PCA(k).fit(codes).explained_variance_ratio_[0]
        assert float(projection.axes[0][6:-3]) == pytest.approx(100 * share, abs=0.51)


def test_pca_names_the_share_of_each_axis_and_fixes_the_sign():
    codes = RNG.normal(size=(400, 3)) * [3, 2, 0.01] @ np.eye(3)[[1, 2, 0]]
    projection = project(codes)
    variances = codes.var(axis=0)
    shares = np.sort(variances / variances.sum())[::-1]
    assert projection.axes[0] == f"PC 1 ({100 * shares[0]:.0f} %)"
    assert projection.axes[1] == f"PC 2 ({100 * shares[1]:.0f} %)"
    components, _ = projection.place
    largest = components[np.arange(2), np.abs(components).argmax(axis=1)]
    assert (largest > 0).all()
    assert np.array_equal(project(codes[::-1]).xy.round(4), projection.xy[::-1].round(4))
    assert project(codes[:, :1]).axes[1] == ""


def test_other_codes_are_placed_by_the_same_rule():
    for method in ("pca", "dims"):
        projection = project(GROUPS, method)
        np.testing.assert_array_equal(projection.place_codes(GROUPS), projection.xy)
        components, offset = projection.place
        assert (components.shape, offset.shape) == ((2, 3), (2,))
        assert projection.place_codes(GROUPS[:1]).shape == (1, 2)
        with pytest.raises(ValueError, match="3 dimensions, got 2"):
            projection.place_codes(GROUPS[:, :2])
        with pytest.raises(ValueError, match="finite"):
            projection.place_codes(np.full((1, 3), np.nan))


def test_two_latent_dimensions_are_shown_as_they_are():
    projection = project(GROUPS, "dims", dims=(2, 0))
    np.testing.assert_allclose(projection.xy, GROUPS[:, [2, 0]], rtol=1e-6)
    assert projection.axes == ("dimension 2", "dimension 0")
    line = project(GROUPS[:, :1], "dims")
    np.testing.assert_allclose(line.xy[:, 0], GROUPS[:, 0], rtol=1e-6)
    assert (line.xy[:, 1] == 0).all()


def test_a_method_is_known_as_the_menus_spell_it():
    spelt = [as_method(name) for name in ("t-SNE", "UMAP", "PCA", "dims")]
    assert spelt == ["tsne", "umap", "pca", "dims"]


@pytest.mark.parametrize(
    ("codes", "options", "message"),
    [
        (np.zeros(3), {}, "shape"),
        (np.zeros((3, 0)), {}, "shape"),
        (np.zeros((0, 3)), {}, "0 codes"),
        (np.array([["a", "b"]]), {}, "numbers"),
        (np.array([[1.0, 2.0], [np.nan, 0.0]]), {}, "the first is row 1"),
        (np.array([[1.0, np.inf]]), {"method": "tsne"}, "the first is row 0"),
        (np.array([[1.0, 1e300]]), {}, "finite"),
        (
            np.zeros((3, 2)),
            {"method": "lda"},
            "must be one of 'pca', 'tsne', 'umap', 'dims'",
        ),
        (np.zeros((3, 2)), {"method": "dims", "dims": (0, 2)}, "from 0 to 1"),
        (np.zeros((3, 2)), {"method": "dims", "dims": (1, 1)}, "two different"),
        (np.zeros((3, 2)), {"method": "dims", "dims": (-1, 0)}, "from 0 to 1"),
        (np.zeros((3, 2)), {"method": "dims", "dims": 1}, "dims must be two"),
    ],
)
def test_what_cannot_be_projected_is_refused_before_anything_starts(codes, options, message):
    with pytest.raises(ValueError, match=message):
        project(codes, **options)
    with pytest.raises(ValueError, match=message):
        project_in_background(codes, **options, on_done=print, on_error=print)


def test_many_rows_are_fitted_on_a_sample_and_the_rest_stand_beside_it(monkeypatch):
    monkeypatch.setattr("vaewidgets.projections.projection.MOST_FITTED", 30)
    texts = []
    projection = project(GROUPS, "tsne", report=lambda _, text: texts.append(text))
    assert "Fitted on a random 30 of 90 images" in projection.note
    assert "placing 60 more" in texts[-1]
    assert purity(projection.xy) > 0.95
    assert np.array_equal(project(GROUPS, "tsne").xy, projection.xy)


def test_a_row_stands_on_the_fitted_row_it_equals_and_between_equally_near_ones():
    codes = np.array([[0.0], [10.0], [20.0], [30.0], [40.0], [50.0], [20.0], [25.0]])
    fitted_xy = np.arange(12, dtype=np.float32).reshape(6, 2)
    xy = place_beside(codes, np.arange(6), fitted_xy)
    assert np.array_equal(xy[:6], fitted_xy)
    assert np.array_equal(xy[6], fitted_xy[2])
    assert (fitted_xy[2] < xy[7]).all()
    assert (xy[7] < fitted_xy[3]).all()


def test_neighbours_of_equal_rows_begin_with_the_row_itself():
    indices, distances = neighbours(np.zeros((6, 2), np.float32), 4)
    assert indices[:, 0].tolist() == list(range(6))
    assert (np.diff(np.sort(indices, axis=1)) > 0).all()
    assert (distances == 0).all()


def test_scikit_learns_tsne_stands_in_where_opentsne_is_missing():
    codes = GROUPS.astype(np.float32)
    xy = sklearn_tsne(codes, principal_start(codes, 0), 0, lambda *_: None)
    assert purity(xy) == 1


class Listener:
    """Collects the callbacks of a job."""

    def __init__(self):
        self.started, self.ended = threading.Event(), threading.Event()
        self.projection = self.error = None

    def start(self, codes, method, **options):
        return project_in_background(
            codes,
            method,
            on_progress=lambda *_: self.started.set(),
            on_done=self.done,
            on_error=self.fail,
            **options,
        )

    def done(self, projection):
        self.projection = projection
        self.ended.set()

    def fail(self, error):
        self.error = error
        self.ended.set()


def test_quick_methods_are_done_when_the_call_returns():
    listener = Listener()
    job = listener.start(GROUPS, "pca")
    assert np.array_equal(listener.projection.xy, project(GROUPS).xy)
    assert not job.is_running
    assert job.wait()


def test_a_job_gives_the_same_map_in_the_background(maps):
    listener = Listener()
    job = listener.start(GROUPS, "tsne")
    assert job.is_running
    assert listener.ended.wait(60)
    assert job.wait(10)
    assert listener.error is None
    assert np.array_equal(listener.projection.xy, maps[0]["tsne"].xy)
    assert not children()


def test_cancelling_kills_the_process_and_calls_nobody():
    listener = Listener()
    job = listener.start(RNG.normal(size=(3000, 8)), "tsne")
    assert listener.started.wait(30)
    assert len(children()) == 1
    job.cancel()
    assert job.wait(5)
    assert not children()
    assert listener.projection is None
    assert listener.error is None
    job.cancel()  # once more does no harm


def test_a_process_cancelled_before_it_starts_does_not_start():
    process = EmbeddingProcess(GROUPS.astype(np.float32), "tsne", 0)
    process.cancel()
    with pytest.raises(CancelledError):
        process.run(lambda *_: None)
    assert process.pid is None


def test_a_process_that_dies_is_an_error_with_a_reason():
    listener = Listener()
    job = listener.start(RNG.normal(size=(3000, 8)), "tsne")
    assert listener.started.wait(30)
    (child,) = children()
    child.send_signal(signal.SIGKILL)
    assert listener.ended.wait(10)
    assert job.wait(5)
    assert isinstance(listener.error, RuntimeError)
    assert "signal 9" in str(listener.error)
    assert not children()


def test_the_childs_own_error_reaches_the_user():
    process = EmbeddingProcess(np.full((9, 2), np.nan, np.float32), "tsne", 0)
    with pytest.raises(RuntimeError, match=r"NaN|infs|finite|converge"):
        process.run(lambda *_: None)


def test_an_interrupt_while_waiting_leaves_no_process():
    def interrupt(_fraction, _text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project(RNG.normal(size=(3000, 8)), "tsne", report=interrupt)
    assert not children()


def test_the_child_ends_when_its_parent_is_killed_and_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = (
        "import numpy as np, vaewidgets.projections as p\n"
        "codes = np.random.default_rng(0).normal(size=(4000, 8))\n"
        "p.project(codes, 'tsne', report=lambda f, t: print(t, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline()
        (child,) = psutil.Process(parent.pid).children()
        assert list(tmp_path.iterdir())
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive
    assert not list(tmp_path.iterdir())


def test_files_beside_the_notebook_and_torch_are_not_imported(tmp_path, monkeypatch):
    trap = "import pathlib; pathlib.Path(__file__ + '.read').touch()\n"
    (tmp_path / "here").mkdir()
    (tmp_path / "path").mkdir()
    for name in ("umap", "json", "sklearn", "openTSNE", "numba"):
        (tmp_path / "here" / f"{name}.py").write_text(trap)
    for name in ("torch", "tensorflow", "keras", "anywidget", "ipywidgets"):
        (tmp_path / "path" / f"{name}.py").write_text(trap)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    for method in ("umap", "tsne"):
        assert project(GROUPS[:20], method).xy.shape == (20, 2)
    assert not list(tmp_path.rglob("*.read"))
