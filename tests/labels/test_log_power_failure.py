"""Power failures: whatever the disk is found like, all that was acknowledged is there."""

import itertools

import numpy as np
import pytest

from tests.labels._logs import label, open_log, random_edit
from tests.labels._power import RecordingOs, put_there, states
from vaewidgets import disk
from vaewidgets.labels.journal import Edit
from vaewidgets.labels.journal.log_file import OwnFile


def work(root, monkeypatch, n_runs=10, n_edits=4):
    """Label through some restarts; returns what the disk was told and the edits by number."""
    recording = RecordingOs(root)
    edits = {}
    with monkeypatch.context() as patch:
        patch.setattr(disk, "os", recording)
        rng = np.random.default_rng(1)
        for run in range(n_runs):  # so many that old files are joined
            journal = open_log(root / "work" / "labels")
            for _ in range(n_edits):
                seq = len(edits) + 1
                is_new = seq % 9 == 0
                edit = (
                    Edit("page", seq, "add_class", name=f"class of run {run}")
                    if is_new
                    else random_edit(rng, seq)
                )
                edits[seq] = edit
                journal.append(edit)
                recording.acknowledge(seq)
            journal.close()
    return recording.steps, edits


def is_good(root, promised, edits):
    """Whether a log that is found can be opened, holds what it must and nothing else."""
    journal = open_log(root / "work" / "labels")
    found = {record.edit.seq: record.edit for record in journal.records}
    is_there = promised <= found.keys()
    is_true = all(
        edit.kind == "add_class" or edit.is_same(edits[seq]) for seq, edit in found.items()
    )
    seq = max(found, default=0) + 1
    journal.append(label(seq, 1, 3))
    journal.close()
    again = open_log(root / "work" / "labels")
    goes_on = [record.edit.seq for record in again.records] == [*found, seq]
    again.close()
    return is_there and is_true and goes_on


def count_bad(tmp_path, monkeypatch, n_states, **parts):
    (tmp_path / "real").mkdir()
    steps, edits = work(tmp_path / "real", monkeypatch, **parts)
    monkeypatch.setattr(disk, "sync", lambda _descriptor: None)  # no power fails from here on
    monkeypatch.setattr(disk, "flush_folder", lambda _folder: None)
    n_bad = n_all = 0
    seen = set()
    for number, (found, promised) in enumerate(states(steps, n_states)):
        key = hash((tuple(found.items()), frozenset(promised)))
        if key in seen:
            continue
        seen.add(key)
        root = tmp_path / str(number)
        root.mkdir()
        put_there(found, root)
        n_all += 1
        n_bad += not is_good(root, promised, edits)
    return n_bad, n_all


def test_nothing_acknowledged_is_lost_by_a_power_failure(tmp_path, monkeypatch):
    n_bad, n_all = count_bad(tmp_path, monkeypatch, 3000)
    assert n_bad == 0
    assert n_all > 500


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_any_of_5000_power_failures(tmp_path, monkeypatch):
    n_bad, n_all = count_bad(tmp_path, monkeypatch, 30_000, n_runs=20, n_edits=8)
    assert n_bad == 0
    assert n_all >= 5000


def test_without_flushing_the_file_labels_would_be_lost(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(disk, "sync", lambda _descriptor: None)
        assert count_bad(tmp_path, patch, 300, n_runs=2)[0] > 20


def test_without_flushing_the_folder_labels_would_be_lost(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(disk, "flush_folder", lambda _folder: None)
        assert count_bad(tmp_path, patch, 300, n_runs=2)[0] > 20


def test_writing_the_file_anew_each_time_would_lose_labels(tmp_path, monkeypatch):
    written = {}

    def write_anew(self, lines):
        whole = written[self.path] = written.get(self.path, b"") + lines
        disk.cut(self._descriptor, 0)
        disk.write_all(self._descriptor, whole)
        disk.sync(self._descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(OwnFile, "append", write_anew)
        (tmp_path / "real").mkdir()
        steps, edits = work(tmp_path / "real", patch, n_runs=2)
    n_bad = 0
    for number, (found, promised) in enumerate(itertools.islice(states(steps, 300), 300)):
        (tmp_path / str(number)).mkdir()
        put_there(found, tmp_path / str(number))
        n_bad += not is_good(tmp_path / str(number), promised, edits)
    assert n_bad > 20
