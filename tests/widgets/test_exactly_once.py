"""The page's outbox and the annotator over a bad network: every edit once, in order.

Both ends are the real ones: the outbox runs in a process of Node, the annotator here. Between
them messages are lost, doubled, overtaken and late in both directions, the kernel is restarted
and the page loaded again.
"""

from __future__ import annotations

import base64
import copy
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.widgets._annotating import CODES, N, bits, names
from tests.widgets._wires import Clock, Network, Page, use_clock
from vaewidgets.widgets.annotator import Annotator

EDITS = 14
MOST_STEPS = 20_000


@dataclass
class Expected:
    """What the edits mean, folded in the order in which the person made them."""

    classes: list[str] = field(default_factory=lambda: ["cat", "dog"])
    state: dict[str, Any] = field(
        default_factory=lambda: {"codes": [0] * N, "suggested": [False] * N, "notes": {}}
    )
    done: list[tuple[Any, Any]] = field(default_factory=list)
    undone: list[tuple[Any, Any]] = field(default_factory=list)
    added: dict[int, int] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def take(self, seq: int, content: dict[str, Any], rows: list[int], codes: list[int]) -> None:
        kind = content["kind"]
        if content.get("class", 0) > 90:
            self.refused.append(seq)
            return
        self.taken.append(seq)
        if kind == "add_class":
            if content["name"] not in self.classes:
                self.classes.append(content["name"])
            self.added[seq] = self.classes.index(content["name"])
        elif kind == "undo" and self.done:
            self.undone.append(self.done.pop())
            self.state = copy.deepcopy(self.undone[-1][0])
        elif kind == "redo" and self.undone:
            self.done.append(self.undone.pop())
            self.state = copy.deepcopy(self.done[-1][1])
        elif kind not in ("undo", "redo"):
            before = copy.deepcopy(self.state)
            self._write(content, rows, codes)
            self.done.append((before, copy.deepcopy(self.state)))
            self.undone.clear()

    def _write(self, content: dict[str, Any], rows: list[int], codes: list[int]) -> None:
        now, kind = self.state, content["kind"]
        if kind == "note":
            now["notes"].update(dict.fromkeys(rows, content["name"]))
            return
        if kind == "label":
            of = content.get("class_of")
            number = content["class"] if of is None else self.added[of]
            codes = [1 + number] * len(rows)
        elif kind == "clear":
            codes = [0] * len(rows)
        for row, code in zip(rows, codes, strict=True):
            is_free = now["codes"][row] == 0 or now["suggested"][row]
            if kind != "accept" or is_free:
                now["codes"][row], now["suggested"][row] = code, kind == "accept"

    @property
    def labels(self) -> list[str | None]:
        return [self.classes[code - 1] if code else None for code in self.state["codes"]]


def some_edit(rng: random.Random, known: Expected) -> tuple[Any, list[int], list[int]]:
    """Something a person may do next."""
    rows = sorted(rng.sample(range(N), rng.randint(1, 4)))
    kind = rng.choice(
        ["label"] * 5 + ["new"] * 2 + ["bad", "clear", "note", "accept", "undo", "undo", "redo"]
        + ["add_class"]
    )  # fmt: skip
    if kind in ("label", "new", "bad"):
        content: dict[str, Any] = {"kind": "label"}
        if kind == "new" and known.added:
            content["class_of"] = rng.choice(list(known.added))
        else:
            content["class"] = 99 if kind == "bad" else rng.randrange(2)
        return content, rows, []
    if kind == "note":
        return {"kind": "note", "name": rng.choice(["odd", "\u202eblurred \U0001f4f7"])}, rows, []
    if kind == "accept":
        return {"kind": "accept"}, rows, [rng.randint(1, 2) for _ in rows]
    if kind == "add_class":
        return {"kind": "add_class", "name": rng.choice(["owl", "fox", "cat"])}, [], []
    return {"kind": kind}, rows if kind == "clear" else [], []


def command(content: dict[str, Any], rows: list[int], codes: list[int]) -> list[Any]:
    if not rows:
        return ["say", content]
    parts = [base64.b64encode(bits(*rows)).decode()]
    if codes:
        parts.append(base64.b64encode(np.array(codes, "<u2").tobytes()).decode())
    return ["push", content, *parts]


class Schedule:
    """One person's work, from the first edit to the last message."""

    def __init__(self, seed: int, page: Page, clock: Clock, folder: Any) -> None:
        self.rng = random.Random(seed)
        self.page, self.clock = page, clock
        self.folder = folder if self.rng.random() < 0.3 else None
        self.network = Network(self.rng, clock)
        self.known = Expected()
        self.refused: list[int] = []
        self.acknowledged: list[int] = []
        self.restarts = self.reloads = 0
        self.pushed = 0
        self.pending = 0
        self.client = str(page.do(["begin"])["client"])
        self.kernel: Annotator | None = None

    def start_kernel(self) -> None:
        self.kernel = Annotator(
            CODES, None, None, classes=["cat", "dog"], journal=self.folder, annotator="ada"
        )
        self.network.connect(self.kernel)

    def stop_kernel(self) -> None:
        assert self.kernel is not None
        self.network.connect(None)
        self.kernel.close()
        self.kernel = None

    def tell_page(self, *commands: list[Any]) -> None:
        found = self.page.do(*commands)
        for message, buffers in found["sent"]:
            self.network.up(message, buffers)
        self.pending = found["pending"]
        self.refused += found["refused"]
        self.acknowledged += found["acknowledged"]

    def step(self) -> None:
        seconds = self.rng.choice([0.01, 0.1, 1.0, 4.0])
        self.clock.pass_(seconds)
        told, self.network.told = self.network.told, []
        commands: list[list[Any]] = [["receive", message] for message in told]
        while self.pushed < EDITS and self.rng.random() < 0.5:
            edit = some_edit(self.rng, self.known)
            self.pushed += 1
            self.known.take(self.pushed, *edit)
            commands.append(command(*edit))
        self.tell_page(*commands, ["tick", 1000 * seconds])
        # After a reload a page makes its own edits under another name.
        if self.pending and self.pushed == EDITS and self.rng.random() < 0.05:
            self.reloads += 1
            self.tell_page(["reload"])
        if self.kernel is None:
            self.start_kernel()
        elif self.folder and self.pending and self.rng.random() < 0.05:
            self.restarts += 1
            self.stop_kernel()

    @property
    def is_done(self) -> bool:
        return self.pushed == EDITS and not self.pending and self.clock.is_idle

    def run(self) -> None:
        self.start_kernel()
        for _ in range(MOST_STEPS):
            self.step()
            if self.is_done:
                break
        else:
            raise AssertionError(f"{self.pending} edits have not arrived")
        if self.kernel is None:
            self.start_kernel()

    def check(self) -> None:
        widget, known = self.kernel, self.known
        assert widget is not None
        records = widget._desk.journal.records
        taken = [record.edit.seq for record in records if record.edit.client == self.client]
        assert taken == known.taken
        assert widget.classes == known.classes
        assert widget.labels.tolist() == names(widget.frame) == known.labels
        assert widget.notes.to_dict() == known.state["notes"]
        depth = widget._desk.journal.depth("ada")
        assert depth == (len(known.done), len(known.undone))
        assert sorted(self.refused) == known.refused
        assert sorted(self.acknowledged) == known.taken


def run_schedules(seeds: range, monkeypatch: Any, tmp_path: Any) -> None:
    lost = doubled = restarts = reloads = refused = 0
    with Page() as page:
        for seed in seeds:
            with monkeypatch.context() as patch:
                schedule = Schedule(seed, page, use_clock(patch), tmp_path / str(seed))
                try:
                    schedule.run()
                    schedule.check()
                except AssertionError as error:
                    raise AssertionError(f"schedule {seed}: {error}") from error
                finally:
                    if schedule.kernel is not None:
                        schedule.stop_kernel()
            lost, doubled = lost + schedule.network.lost, doubled + schedule.network.doubled
            restarts, reloads = restarts + schedule.restarts, reloads + schedule.reloads
            refused += len(schedule.refused)
    assert min(lost, doubled) > 10 * len(seeds)
    assert min(restarts, reloads, refused) > len(seeds) / 20


def test_every_edit_arrives_once_and_in_order_over_a_bad_network(monkeypatch, tmp_path):
    run_schedules(range(150), monkeypatch, tmp_path)


@pytest.mark.slow
def test_every_edit_arrives_once_and_in_order_on_10_000_bad_networks(monkeypatch, tmp_path):
    run_schedules(range(1000, 11_000), monkeypatch, tmp_path)
