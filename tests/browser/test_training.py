"""The live view of a training in a real page."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.browser._hands import differs, overflow, pixels
from vaewidgets import VAE
from vaewidgets.core.loop.progress import TrainingState
from vaewidgets.widgets.training import TrainingMonitor

EVIL = "<img src=x onerror=window.__pwned=1>"
IMAGES = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def monitor(monkeypatch):
    monkeypatch.setattr("vaewidgets.widgets.training.display", lambda widget: None)
    widget = TrainingMonitor()
    yield widget
    widget._on_stop({}, [])  # a training that a failed test has left must not outlive it
    widget.close()


def a_state(**terms):
    pictures = IMAGES[:8] / np.float32(255)
    state = TrainingState(3, 30, lambda: (pictures, 1 - pictures))
    state.step, state.terms = 1, {"loss": 1.0, **terms}
    return state


def test_a_training_is_seen_live_and_stopped_from_the_page(monitor, widget_page):
    view = widget_page(monitor, width=420, theme="dark")
    model = VAE(n_latent=2, max_epochs=10_000_000, progress=monitor)
    training = threading.Thread(target=model.fit, args=[IMAGES], daemon=True)
    training.start()
    stop = view.page.get_by_role("button", name="Stop and keep what was learned")
    counters, copy = view.locator(".vw-counters"), view.locator(".vw-pairs canvas").nth(1)
    copy.wait_for()
    words, painted = counters.inner_text(), pixels(copy)
    view.wait_until(lambda: counters.inner_text() != words and differs(copy, painted))
    assert overflow(view.page) == {}
    stop.click()
    view.wait_until(lambda: not training.is_alive(), "the training goes on")
    view.locator(".vw-status", has_text="the model is usable").wait_for()
    stop.wait_for(state="hidden")
    assert model.transform(IMAGES).shape == (64, 2)


def test_an_error_of_stop_is_shown_and_it_can_be_tried_again(monitor, widget_page):
    class Broken(TrainingState):
        def stop(self) -> None:
            raise RuntimeError(f"cannot stop {EVIL}")

    view = widget_page(monitor)
    state = Broken(3, 30)
    state.step = 1
    monitor.on_start(state)
    stop = view.page.get_by_role("button", name="Stop and keep what was learned")
    stop.click()
    view.locator(".vw-error", has_text=f"cannot stop {EVIL}").wait_for()
    view.wait_until(stop.is_enabled)
    state.end("failed")
    monitor.on_end(state)
    assert view.page.evaluate("window.__pwned") is None


def test_names_of_terms_stay_text(monitor, widget_page):
    view = widget_page(monitor)
    state = a_state(**{EVIL: 0.5})
    monitor.on_start(state)
    monitor.on_batch(state)
    state.end("finished")
    monitor.on_end(state)
    view.locator(".vw-plot-head", has_text=EVIL).wait_for()
    view.locator(".vw-status", has_text="Finished in").wait_for()
    view.settle()
    assert view.locator(".vw-root img").count() == 0
    assert view.page.evaluate("window.__pwned") is None
    images = [pixels(view.locator(".vw-pairs canvas").nth(place)) for place in (0, 1)]
    assert (images[0][:, :, 0] == IMAGES[0, :, :, 0]).all()
    assert (images[1][:, :, 0] == 255 - IMAGES[0, :, :, 0]).all()


def test_what_is_done_between_two_steps_is_said_and_then_no_more(monitor, widget_page):
    view = widget_page(monitor, width=420)
    state = a_state(reconstruction=1.0)
    monitor.on_start(state)
    monitor._next_update = 0.0
    state.doing = f"UMAP: 40 % {EVIL}"
    monitor.on_wait(state)
    view.locator(".vw-status", has_text="UMAP: 40 % <img").wait_for()
    view.screenshot("training_waits")
    monitor._next_update = 0.0
    state.doing = ""
    monitor.on_batch(state)
    view.settle()
    assert view.locator(".vw-status").inner_text() == ""
    assert overflow(view.page) == {}
