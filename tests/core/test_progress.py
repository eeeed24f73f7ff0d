from __future__ import annotations

import io
import sys
import types

import pytest

from vaewidgets.core.loop import progress
from vaewidgets.core.loop.progress import Callback, TqdmProgress, TrainingState, choose_callbacks


class Empty(Callback):
    pass


@pytest.fixture
def kernel(monkeypatch):
    """Pretend that this is a notebook kernel."""
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


def test_nothing_and_own_callbacks():
    own = Empty()
    assert choose_callbacks(False) == []
    assert choose_callbacks(own) == [own]


def test_a_bar_in_a_terminal():
    assert isinstance(choose_callbacks("auto")[0], TqdmProgress)
    assert isinstance(choose_callbacks(True)[0], TqdmProgress)


def test_the_live_view_in_a_notebook(kernel, monkeypatch):
    monkeypatch.setattr(progress, "notebook_factory", None)
    assert isinstance(choose_callbacks("auto")[0], TqdmProgress)
    monkeypatch.setattr(progress, "notebook_factory", Empty)
    assert isinstance(choose_callbacks("auto")[0], Empty)


def test_the_live_view_needs_a_kernel(monkeypatch):
    monkeypatch.setattr(progress, "notebook_factory", Empty)
    assert isinstance(choose_callbacks("auto")[0], TqdmProgress)


@pytest.mark.parametrize("wrong", ["yes", 1, None, object()])
def test_anything_else_is_refused(wrong):
    with pytest.raises(TypeError, match=r"progress is .* accepted: 'auto', True, False"):
        choose_callbacks(wrong)


def test_state_tells_the_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    state = TrainingState(max_epochs=2, n_steps=10)
    assert state.remaining is None
    state.step = 4
    now[0] += 8
    assert state.remaining == pytest.approx(12)
    state.end("finished")
    now[0] += 1000
    assert state.elapsed == pytest.approx(8)


def test_tqdm_shows_steps_and_loss_and_closes():
    out = io.StringIO()
    bar = TqdmProgress(file=out, mininterval=0)
    state = TrainingState(max_epochs=1, n_steps=2)
    bar.on_start(state)
    state.history.append({"loss": 12.345678})
    state.epoch = 1
    bar.on_epoch(state)
    bar.on_batch(state)
    bar.on_batch(state)
    bar.on_end(state)
    assert "2/2" in out.getvalue()
    assert "epoch 1, 12.35 nats" in out.getvalue()
