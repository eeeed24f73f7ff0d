"""How many threads a training takes: by the pace of its steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vaewidgets as vw
from vaewidgets.core.inference import decode, encode
from vaewidgets.core.loop import threads
from vaewidgets.core.loop.threads import FIRST_LOOK, Pace, limited_threads, use_threads


class Machine:
    """Steps on a machine whose pace the test sets; time passes only in them."""

    def __init__(self, most, seconds):
        self.now, self.used, self.seconds, self.most = 0.0, [], seconds, most
        self.threads = None
        self.pace = Pace(most, self.use, lambda: self.now)

    def use(self, n):
        self.threads = n

    def run(self, steps):
        for _ in range(steps):
            with self.pace.step():
                self.used.append(self.threads)
                self.now += self.seconds[self.threads]
        return self.used[-steps:]


IDLE = {2: 0.057, 1: 0.09}
BUSY = {2: 1.07, 1: 0.105}


def test_on_an_idle_machine_all_threads_are_taken_at_fixed_steps():
    one, two = Machine(2, IDLE), Machine(2, {2: 0.05, 1: 0.11})
    assert one.run(300) == two.run(300)
    assert set(one.run(20)) == {2}
    assert one.used.count(1) == threads.TRIED_STEPS + 1
    assert one.pace.steps == {2: 320 - one.used.count(1), 1: one.used.count(1)}


def test_beside_other_programs_fewer_are_taken_almost_at_once():
    machine = Machine(2, BUSY)
    machine.run(12)
    assert set(machine.run(100)) == {1}
    assert machine.used.count(2) <= 6


def test_when_steps_become_slow_it_looks_again():
    machine = Machine(2, dict(IDLE))
    machine.run(100)
    machine.seconds = BUSY
    begin = machine.now
    machine.run(30)
    assert set(machine.run(50)) == {1}
    assert machine.now - begin < threads.RECENT * BUSY[2] + 80 * 0.11 + 4


def test_all_threads_come_back_when_the_machine_is_idle_again():
    machine = Machine(2, dict(BUSY))
    machine.run(40)
    machine.seconds = IDLE
    while machine.used[-1] == 1 and machine.now < 10 * FIRST_LOOK:
        machine.run(10)
    machine.run(20)
    assert set(machine.run(50)) == {2}


def test_to_look_costs_little_while_it_stays_busy():
    machine = Machine(2, dict(BUSY))
    machine.run(5000)
    slow = machine.used[100:].count(2)
    assert 0 < slow < 12
    assert machine.now < 1.03 * 5000 * BUSY[1] + 8 * BUSY[2]


def test_about_as_fast_is_not_fewer_threads_and_half_may_be_the_best():
    assert set(Machine(2, {2: 0.1, 1: 0.09}).run(60)[20:]) == {2}
    half = Machine(8, {8: 0.9, 4: 0.2, 1: 0.5})
    half.run(30)
    assert set(half.run(30)) == {4}


def test_the_first_steps_which_are_slow_for_everybody_do_not_count():
    machine = Machine(2, {2: 3.0, 1: 3.0})
    machine.run(threads.WARM_STEPS)
    machine.seconds = dict(IDLE)
    machine.run(20)
    assert set(machine.run(30)) == {2}


def test_one_core_tries_nothing():
    machine = Machine(1, {1: 0.1})
    assert set(machine.run(50)) == {1}
    assert machine.pace.steps == {1: 50}


# In a training


@pytest.fixture
def two_threads():
    """As a person's program has them: tests of this room are given one."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (96, 24, 24, 3), dtype=np.uint8)


def test_a_training_tells_how_many_threads_it_took(photos, two_threads):
    vae = vw.VAE(4, max_epochs=20, batch_size=48, progress=False).fit(photos)
    assert vae.trained_with_["n_threads"] == "by pace"
    counted = vae.trained_with_["steps_by_threads"]
    assert sum(counted.values()) == 40
    assert counted.keys() == {"1", "2"}
    assert counted["1"] >= threads.TRIED_STEPS + 1
    assert torch.get_num_threads() == 2
    fixed = vw.VAE(4, max_epochs=2, n_threads=1, progress=False).fit(photos)
    assert fixed.trained_with_["n_threads"] == 1
    assert "steps_by_threads" not in fixed.trained_with_


def test_torchs_own_number_is_as_before_even_after_an_error(photos):
    before = torch.get_num_threads()

    def fails():
        with limited_threads(before):
            use_threads(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("network", ["mlp", "conv", "dual_conv"])
def test_codes_and_pictures_are_the_same_bits_on_any_number_of_threads(photos, network):
    vae = vw.VAE(4, network=network, max_epochs=1, n_threads=1, progress=False).fit(photos)
    found = []
    for n_threads in (1, 2):
        with limited_threads(n_threads):
            codes, _ = encode(vae.networks_, photos)
            found.append((codes, decode(vae.networks_, codes)))
    assert all(map(np.array_equal, *found))
