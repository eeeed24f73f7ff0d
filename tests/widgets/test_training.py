from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from vaewidgets.core.loop.progress import Callback, TrainingState, choose_callbacks
from vaewidgets.core.models.vae import VAE
from vaewidgets.widgets import training
from vaewidgets.widgets.training import TrainingMonitor


@pytest.fixture
def shown(monkeypatch):
    """What was displayed."""
    displayed = []
    monkeypatch.setattr(training, "display", displayed.append)
    return displayed


@pytest.fixture
def monitor(shown):
    widget = TrainingMonitor()
    yield widget
    widget.close()


@pytest.fixture
def sent(monitor, monkeypatch):
    """The state messages and other messages sent to the page."""
    messages = []
    monkeypatch.setattr(monitor, "send_state", lambda key=None: messages.append(key))
    monkeypatch.setattr(monitor, "send", lambda content, buffers=None: messages.append(content))
    return messages


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(training.time, "perf_counter", lambda: now[0])
    return now


def pictures(value=0.5, shape=(3, 4, 5, 1)):
    return np.zeros(shape, np.float32), np.full(shape, value, np.float32)


def begun(monitor, n_steps=100, reconstruct=pictures):
    state = TrainingState(max_epochs=10, n_steps=n_steps, reconstruct=reconstruct)
    monitor.on_start(state)
    return state


def step(monitor, state, reconstruction=1.0, kl=2.0):
    state.step += 1
    state.terms = {"loss": 3.0, "reconstruction": reconstruction, "kl": kl}
    monitor.on_batch(state)


def curves(monitor):
    return np.frombuffer(monitor._curves, "<f4").reshape(-1, 1 + len(monitor._series))


def test_it_is_a_callback_and_can_be_passed_as_progress(monitor):
    assert isinstance(monitor, Callback)
    assert choose_callbacks(monitor) == [monitor]


def test_it_is_shown_when_the_training_starts(monitor, shown):
    assert shown == []
    begun(monitor)
    assert shown == [monitor]


def test_curves_hold_the_means_between_two_points(monitor, clock):
    state = begun(monitor)
    step(monitor, state, reconstruction=8.0)
    for reconstruction in (1.0, 3.0):
        clock[0] += 0.2
        step(monitor, state, reconstruction=reconstruction)
    monitor.on_end(state)
    assert monitor._series == ["reconstruction", "kl"]
    assert curves(monitor).tolist() == [[1, 8, 2], [3, 2, 2]]


def test_at_most_four_messages_a_second_reach_the_page(monitor, sent, clock):
    state = begun(monitor)
    sent.clear()
    for _ in range(1000):
        clock[0] += 0.01
        step(monitor, state)
    assert 20 <= len(sent) <= 40  # in 10 s


def test_pictures_are_bytes_of_originals_then_reconstructions(monitor):
    begun(monitor)
    assert monitor._shape == [3, 4, 5, 1]
    shown = np.frombuffer(monitor._pictures, np.uint8).reshape(2, 3, 4, 5, 1)
    assert (shown[0] == 0).all()
    assert (shown[1] == 128).all()


def test_large_pictures_are_shrunk(monitor):
    begun(monitor, reconstruct=lambda: pictures(shape=(8, 256, 128, 3)))
    assert monitor._shape == [8, 96, 48, 3]


def test_a_model_without_pictures_is_watched_too(monitor):
    state = begun(monitor, reconstruct=None)
    step(monitor, state)
    monitor.on_end(state)
    assert monitor._pictures == b""


def test_a_long_training_keeps_the_message_small(monitor, clock):
    state = begun(monitor, n_steps=5000, reconstruct=None)
    for _ in range(5000):
        clock[0] += 1.0
        step(monitor, state)
    monitor.on_end(state)
    drawn = curves(monitor)
    assert len(drawn) <= training.MAX_POINTS
    assert drawn[-1, 0] == 5000
    assert (np.diff(drawn[:, 0]) > 0).all()
    assert (drawn[:, 1:] == [1, 2]).all()


def test_only_finite_numbers_are_sent(monitor):
    state = begun(monitor, reconstruct=lambda: pictures(math.nan))
    step(monitor, state, reconstruction=math.nan, kl=math.inf)
    state.end("diverged")
    monitor.on_end(state)
    assert monitor._state["terms"] == {}
    assert np.isfinite(curves(monitor)).all()
    assert monitor._state["outcome"] == "diverged"


def test_counters_are_what_the_state_says(monitor, clock):
    state = begun(monitor)
    assert monitor._state["remaining"] is None
    step(monitor, state)
    state.epoch = 1
    state.end("finished")
    monitor.on_end(state)
    told = monitor._state
    assert (told["epoch"], told["max_epochs"], told["step"], told["n_steps"]) == (1, 10, 1, 100)
    assert told["terms"] == {"reconstruction": 1.0, "kl": 2.0}
    assert told["outcome"] == "finished"


def test_stop_from_the_page_ends_the_training_and_is_acknowledged(monitor, sent):
    state = begun(monitor)
    monitor._dispatch(monitor, {"op": "stop", "request": 7}, [])
    assert state.is_stopping
    assert sent[-1] == {"op": "reply", "request": 7, "stopping": True}


def test_closed_while_it_runs_it_lets_the_training_go_on(monitor, clock):
    state = begun(monitor)
    monitor.close()
    clock[0] += 1
    step(monitor, state)
    monitor.on_end(state)
    assert not state.is_stopping


def test_stop_after_the_end_does_nothing(monitor, sent):
    state = begun(monitor)
    monitor.on_end(state)
    monitor._dispatch(monitor, {"op": "stop", "request": 8}, [])
    assert not state.is_stopping
    assert sent[-1] == {"op": "reply", "request": 8, "stopping": False}


def test_a_real_fit_is_shown_and_can_be_stopped_from_another_thread(monitor, shown):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    vae = VAE(n_latent=2, max_epochs=100_000, n_threads=1, progress=monitor)

    def page():
        while monitor._state.get("step", 0) < 5:
            pass
        monitor._dispatch(monitor, {"op": "stop", "request": 1}, [])

    thread = threading.Thread(target=page)
    thread.start()
    vae.fit(images)
    thread.join()
    assert vae.outcome_ == "stopped"
    assert monitor._state["outcome"] == "stopped"
    assert monitor._shape == [8, 8, 8, 1]
    assert np.isfinite(vae.transform(images)).all()
    assert monitor.keys.count("_state") == 1
    assert shown == [monitor]
