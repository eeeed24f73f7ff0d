from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from vaewidgets.core.loop.devices import choose_device
from vaewidgets.core.loop.feeding import float_batch, tensor_of
from vaewidgets.core.loop.options import Options, Terms
from vaewidgets.core.loop.progress import Callback
from vaewidgets.core.loop.schedules import one_cycle
from vaewidgets.core.loop.training import train

CPU = torch.device("cpu")


def options(**changes):
    settings = {"max_epochs": 3, "batch_size": 8, "learning_rate": 0.1, "seed": 0, "device": CPU}
    return Options(**{**settings, **changes})


class Mean(torch.nn.Module):
    """Learns the mean image: enough to watch the loop."""

    def __init__(self):
        super().__init__()
        self.value = torch.nn.Parameter(torch.zeros(1, 2, 2))


def squared(module, batch, moment):
    noise = torch.rand((), generator=moment.generator) * 1e-3
    loss = (batch - module.value).square().sum() / len(batch) + noise
    return Terms(loss, {"error": loss.detach()})


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (50, 2, 2, 1), dtype=np.uint8)


class Watch(Callback):
    def __init__(self, at_step=None, action=None):
        self.events, self.at_step, self.action = [], at_step, action

    def on_start(self, state):
        self.events.append("start")

    def on_batch(self, state):
        self.events.append("batch")
        if state.step == self.at_step:
            self.action(state)

    def on_epoch(self, state):
        self.events.append("epoch")

    def on_end(self, state):
        self.events.append(str(state.outcome))


def test_loss_falls_and_the_mean_image_is_learned(pixels):
    module = Mean()
    state = train(module, squared, pixels, options(max_epochs=20))
    assert state.outcome == "finished"
    assert state.history[-1]["loss"] < 0.8 * state.history[0]["loss"]
    expected = torch.tensor(pixels[..., 0] / 255).mean(0)
    torch.testing.assert_close(module.value[0].double(), expected, atol=0.05, rtol=0)


def test_callbacks_hear_everything_in_order(pixels):
    watch = Watch()
    state = train(Mean(), squared, pixels, options(max_epochs=2), callbacks=[watch])
    epoch = ["batch"] * 6 + ["epoch"]
    assert watch.events == ["start", *epoch, *epoch, "finished"]
    assert (state.epoch, state.step, state.n_steps) == (2, 12, 12)
    assert [record["step"] for record in state.history] == [6, 12]


def test_history_holds_the_means_of_each_epoch(pixels):
    seen = []
    watch = Watch()
    watch.on_batch = lambda state: seen.append(state.terms["loss"])
    state = train(Mean(), squared, pixels, options(max_epochs=1), callbacks=[watch])
    assert state.history[0]["loss"] == pytest.approx(np.mean(seen))
    assert state.history[0].keys() == {
        "epoch",
        "step",
        "loss",
        "error",
        "learning_rate",
        "seconds",
    }


def test_every_image_is_seen_once_an_epoch():
    pixels = np.arange(16, dtype=np.uint8).reshape(16, 1, 1, 1)
    seen = []

    def record(module, batch, moment):
        seen.extend((batch * 255).round().flatten().int().tolist())
        return Terms(module.value.sum() * 0, {})

    train(Mean(), record, pixels, options(max_epochs=2, batch_size=4))
    assert sorted(seen[:16]) == sorted(seen[16:]) == list(range(16))
    assert seen[:16] != seen[16:]


def test_fewer_images_than_a_batch_are_one_batch(pixels):
    state = train(Mean(), squared, pixels[:3], options(batch_size=128))
    assert state.step == 3


def test_same_seed_same_bits_and_torch_is_left_as_it_was(pixels):
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first, second, other = Mean(), Mean(), Mean()
    train(first, squared, pixels, options(n_threads=1))
    torch.rand(5)
    torch.set_rng_state(before)
    train(second, squared, pixels, options(n_threads=1))
    train(other, squared, pixels, options(seed=1, n_threads=1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert torch.equal(first.value, second.value)
    assert not torch.equal(first.value, other.value)


def test_stop_ends_after_the_step_and_keeps_what_was_learned(pixels):
    module, watch = Mean(), Watch(8, lambda state: state.stop())
    state = train(module, squared, pixels, options(), callbacks=[watch])
    assert (state.outcome, state.step, state.epoch) == ("stopped", 8, 1)
    assert module.value.abs().sum() > 0
    assert state.history[-1]["step"] == 8  # the part of an epoch counts too
    assert watch.events[-1] == "stopped"


def interrupt(state):
    raise KeyboardInterrupt


def test_interrupt_keeps_what_was_learned(pixels):
    module, watch = Mean(), Watch(8, interrupt)
    state = train(module, squared, pixels, options(), callbacks=[watch])
    assert (state.outcome, state.step) == ("interrupted", 8)
    assert module.value.abs().sum() > 0
    assert not module.training
    assert watch.events[-1] == "interrupted"


def test_interrupt_before_the_first_step_is_passed_on(pixels):
    watch = Watch()
    watch.on_start = interrupt
    with pytest.raises(KeyboardInterrupt):
        train(Mean(), squared, pixels, options(), callbacks=[watch])
    assert watch.events == ["failed"]


def turns_nan(at_step):
    def objective(module, batch, moment):
        terms = squared(module, batch, moment)
        return Terms(terms.loss * math.nan, {}) if moment.step + 1 == at_step else terms

    return objective


def test_nan_puts_the_last_good_weights_back_and_names_the_step(pixels):
    module, expected = Mean(), Mean()
    train(expected, Stopped(squared, 6), pixels, options(), callbacks=[Watch(6, stop)])
    with pytest.warns(RuntimeWarning, match=r"step 9 \(epoch 2, images .*epoch 1 are kept"):
        state = train(module, turns_nan(9), pixels, options())
    assert state.outcome == "diverged"
    assert torch.equal(module.value, expected.value)
    assert all(math.isfinite(v) for record in state.history for v in record.values())


def stop(state):
    state.stop()


class Stopped:
    """The objective itself, with a check that no step is taken past the end."""

    def __init__(self, objective, step):
        self.objective, self.step = objective, step

    def __call__(self, module, batch, moment):
        assert moment.step < self.step
        return self.objective(module, batch, moment)


def test_nan_in_the_first_epoch_is_an_error(pixels):
    message = r"step 2 \(epoch 1, images .*learning_rate below 0.1"
    with pytest.raises(FloatingPointError, match=message):
        train(Mean(), turns_nan(2), pixels, options())


def test_a_gradient_that_is_not_finite_is_noticed(pixels):
    def objective(module, batch, moment):
        value = module.value.sum() * 0
        return Terms(torch.sqrt(value), {})  # finite, but its derivative at 0 is not

    with pytest.raises(FloatingPointError, match="step 1"):
        train(Mean(), objective, pixels, options())


def test_an_unusually_long_gradient_is_cut_back(pixels):
    lengths = []

    def objective(module, batch, moment):
        factor = 1e6 if moment.step == 9 else 1.0
        return Terms((module.value * factor).sum(), {})

    class Lengths(Watch):
        def on_batch(self, state):
            lengths.append(float(module.value.grad.norm()))

    module = Mean()
    train(module, objective, pixels, options(), callbacks=[Lengths()])
    cut = lengths.pop(9)
    assert cut == pytest.approx(5 * 2.0, rel=0.01)  # not 2e6
    assert lengths == pytest.approx([2.0] * len(lengths))


def test_preview_runs_in_eval_mode_without_gradients(pixels):
    module, seen = Mean(), []

    def preview():
        seen.append((module.training, torch.is_grad_enabled()))
        return np.zeros(1, np.float32), np.zeros(1, np.float32)

    watch = Watch(2, lambda state: state.reconstruct())
    watch.on_epoch = lambda state: seen.append(module.training)
    train(module, squared, pixels, options(max_epochs=1), callbacks=[watch], reconstruct=preview)
    assert seen == [(False, False), True]


def test_schedule_rises_then_falls():
    rates = [one_cycle(f) for f in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[0] == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.01)
    assert np.argmax(rates) == 15


def test_bytes_become_the_same_floats_as_in_numpy():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    batch = float_batch(tensor_of(pixels))
    assert np.array_equal(batch[0, 0].numpy(), pixels[0, ..., 0].astype(np.float32) / 255)
    assert np.array_equal(batch[0, 0].numpy(), (pixels[0, ..., 0] / 255).astype(np.float32))


def test_read_only_arrays_are_taken_without_a_warning_or_a_copy():
    pixels = np.zeros((1, 2, 2, 1), np.uint8)
    pixels.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tensor_of(pixels).data_ptr() == pixels.ctypes.data


@pytest.mark.parametrize("device", ["gpu", "cuda:99", 3.5])
def test_unknown_devices_are_refused(device):
    with pytest.raises(ValueError, match=r"device is .* accepted: 'auto', 'cpu'"):
        choose_device(device)
