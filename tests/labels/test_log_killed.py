"""Programs that are killed at any moment, and two that write at the same time."""

import random
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.labels import _killed
from tests.labels._logs import edits_of, open_log, random_edit, state_of

CHILD = Path(_killed.__file__)


@contextmanager
def program(*words):
    """Run a program; it is killed at the latest at the end."""
    command = [sys.executable, str(CHILD), *map(str, words)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as child:
        try:
            yield child
        finally:
            child.kill()


def kill_after(seconds, *words):
    """Kill a program a while after it is ready; returns what it said."""
    with program(*words) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()
        said = child.stdout.read()
    return [line for line in said.splitlines(keepends=True) if line.endswith("\n")]


def label_and_kill(folder, n_kills):
    rng = random.Random(0)
    first, n_acknowledged = 1, 0
    for _ in range(n_kills):
        lines = kill_after(rng.uniform(0.02, 0.25), "label", folder, first)
        journal = open_log(folder)
        found = edits_of(journal)
        last = int(lines[-1]) if lines else first - 1
        assert found == list(range(1, len(found) + 1))
        assert last <= len(found) <= last + 1  # the last may be there without being acknowledged
        assert not journal.damaged
        assert state_of(journal) == state_of(journal.fold())
        assert journal.place("page", len(found)).status == "duplicate"
        journal.close()
        n_acknowledged += len(lines)
        first = len(found) + 1
    return n_acknowledged


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path):
    assert label_and_kill(tmp_path, 6) > 20


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_200_kills(tmp_path):
    assert label_and_kill(tmp_path, 200) > 2000


def join_and_kill(folder, calls):
    """Leave many small files, and kill who joins them at each of some calls to the disk."""
    rng = np.random.default_rng(0)
    seq = n_killed = 0
    for number in calls:
        while len(list(folder.glob("*.jsonl"))) < 8:
            journal = open_log(folder)
            for _ in range(3):
                seq += 1
                journal.append(random_edit(rng, seq))
            journal.close()
        expected = state_of(journal)
        with program("join", folder, number) as child:
            n_killed += child.stdout.read() != "joined\n"
        journal = open_log(folder)
        assert state_of(journal) == expected
        assert edits_of(journal) == list(range(1, seq + 1))
        assert not journal.damaged
        journal.close()
    return n_killed


def test_a_kill_while_old_files_are_joined_costs_nothing(tmp_path):
    assert join_and_kill(tmp_path, range(4, 34, 6)) > 2


@pytest.mark.slow
def test_kills_at_each_step_while_old_files_are_joined_cost_nothing(tmp_path):
    assert 50 <= join_and_kill(tmp_path, [*range(1, 41)] * 2) < 80  # the last find all done


def two_at_once(folder, n_edits):
    names = ("anna", "bertram")
    with ExitStack() as stack:
        children = [stack.enter_context(program("both", folder, n, n_edits)) for n in names]
        for child in children:
            assert child.stdout.readline() == "done\n"
        said = [child.communicate("\n")[0] for child in children]
    assert said[0] == said[1]
    journal = open_log(folder)
    assert repr(_killed.digest(journal)) + "\n" == said[0]
    for name in names:
        assert sorted(edits_of(journal, name)) == list(range(1, n_edits + 1))
    writers = [record.writer for record in journal.records]
    n_turns = sum(a != b for a, b in pairwise(writers))
    journal.close()
    return n_turns


def test_two_programs_on_one_folder_agree_and_lose_nothing(tmp_path):
    assert two_at_once(tmp_path, 300) > 10


@pytest.mark.slow
def test_two_programs_with_5000_edits_each_agree_and_lose_nothing(tmp_path):
    assert two_at_once(tmp_path, 5000) > 100
