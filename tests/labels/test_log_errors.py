"""Disks that are full, cannot be written or fail: an edit is on disk, or it never was."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from tests.labels._logs import N_ROWS, edits_of, label, open_log, state_of
from vaewidgets import disk
from vaewidgets.labels.journal import Edit, RowSet
from vaewidgets.labels.journal.log_file import OwnFile

N_EDITS = 10
EXPECTED = ["fox", "cat", "fox"]


class FailingOs:
    """Stands in for `os` in `vaewidgets.disk`; the call of a given number fails."""

    CALLS = ("open", "write", "fsync", "fdatasync", "ftruncate", "replace", "unlink", "mkdir")

    def __init__(self, number, error, *, for_good=False):
        self.number, self.error, self.for_good = number, error, for_good
        self.n_calls = 0

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in self.CALLS:
            return real

        def call(*args):
            self.n_calls += 1
            fails = self.n_calls == self.number or (self.for_good and self.n_calls > self.number)
            if fails:
                raise OSError(self.error, os.strerror(self.error))
            return None if "sync" in name else real(*args)  # no power fails here

        return call


def work(folder, failing, acknowledged):
    """Label through some restarts, and go on where something fails, as a page does."""
    edits = [
        label(1, 1, 3, 4),
        Edit("page", 2, "add_class", name="fox"),
        label(3, 4, *range(0, N_ROWS, 2)),
        Edit("page", 4, "undo"),
        Edit("page", 5, "redo"),
        *(label(seq, 2, seq) for seq in range(6, N_EDITS + 1)),
    ]
    journal = None
    for edit in edits:
        for _ in range(3):
            try:
                journal = journal or open_log(folder)
                before = state_of(journal), len(journal.records)
                outcome = journal.append(edit)
            except OSError:
                if journal is not None:
                    assert (state_of(journal), len(journal.records)) == before
                continue
            assert outcome.status in ("applied", "duplicate")
            acknowledged.append(edit.seq)
            break
        else:
            break
        journal.close()  # so often that old files are joined
        journal = None
    if journal is not None:
        journal.close()
    return failing.n_calls


@pytest.mark.parametrize(
    ("error", "for_good"), [(errno.EIO, False), (errno.EMFILE, False), (errno.ENOSPC, True)]
)
def test_whatever_call_to_the_system_fails_nothing_acknowledged_is_lost(
    tmp_path, monkeypatch, error, for_good
):
    number = 0
    while True:
        number += 1
        folder, acknowledged = tmp_path / str(number) / "labels", []
        folder.parent.mkdir()
        failing = FailingOs(number, error, for_good=for_good)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "os", failing)
            n_calls = work(folder, failing, acknowledged)
        if not for_good:
            assert acknowledged == list(range(1, N_EDITS + 1))
        journal = open_log(folder)
        found = edits_of(journal)
        assert found[: len(acknowledged)] == acknowledged
        assert found == list(range(1, len(found) + 1))
        assert not journal.damaged
        if len(found) == N_EDITS:
            assert [journal.classes[code - 1] for code in journal.codes[2:5]] == EXPECTED
        journal.close()
        if n_calls < number:
            break
    assert number > 80


@pytest.fixture
def small_files():
    """Let no file grow beyond a size; returns what sets it."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(
        resource.RLIMIT_FSIZE, (limits[0] if size is None else size, limits[1])
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_keeps_what_there_was_and_goes_on_when_there_is_space(tmp_path, small_files):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))
    path = tmp_path / f"{journal.records[0].writer}.jsonl"
    whole = path.read_bytes()
    small_files(len(whole) + 40)  # half a record fits: the first write is a short one
    before = state_of(journal)
    for _ in range(2):
        with pytest.raises(OSError, match="too large"):
            journal.append(label(2, 2, 3))
        assert state_of(journal) == before
        assert journal.place("page", 2) is None
        assert path.read_bytes() == whole
    small_files(None)
    assert journal.append(label(2, 2, 3)).status == "applied"
    journal.close()
    again = open_log(tmp_path)
    assert state_of(again) == state_of(journal)
    assert not again.damaged
    again.close()


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them(tmp_path, monkeypatch):
    class ShortOs:
        def __getattr__(self, name):
            return getattr(os, name)

        def write(self, descriptor, data):
            return os.write(descriptor, data[:7])

    with monkeypatch.context() as patch:
        patch.setattr(disk, "os", ShortOs())
        journal = open_log(tmp_path)
        journal.append(label(1, 1, 3))
        journal.close()
    again = open_log(tmp_path)
    assert state_of(again) == state_of(journal)
    again.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_device_without_space_is_said(tmp_path):
    (tmp_path / "own.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="File exists"):
        OwnFile(tmp_path / "own.jsonl", b"head\n")
    descriptor = disk.open_to_append(Path("/dev/full"))
    try:
        with pytest.raises(OSError, match="No space left"):
            disk.write_all(descriptor, b"record\n")
    finally:
        disk.close(descriptor)


def test_a_record_that_could_not_be_cut_off_is_cut_off_before_the_next(tmp_path, monkeypatch):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))

    def fail(*_args):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "sync", fail)
        patch.setattr(disk, "cut", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                journal.append(label(2, 2, 3))
    assert journal.codes[3] == 1
    journal.append(label(2, 3, 3))
    journal.close()
    again = open_log(tmp_path)
    assert again.codes[3] == 3
    assert edits_of(again) == [1, 2]
    again.close()


def test_news_read_on_the_way_to_an_edit_that_failed_are_told_later(tmp_path, monkeypatch):
    journal, other = open_log(tmp_path), open_log(tmp_path)
    other.append(label(1, 2, 5, client="other"))

    def fail(*_args):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "sync", fail)
        with pytest.raises(OSError, match="Input/output"):
            journal.append(Edit("page", 1, "add_class", name="fox"))
    assert journal.classes == ["cat", "dog", "bird"]
    change = journal.append(label(1, 1, 3)).change
    assert change.layers[0][0].tolist() == [3, 5]
    journal.close()
    other.close()


def test_a_folder_that_cannot_be_written_is_said_at_once_and_what_to_do(tmp_path, monkeypatch):
    def refuse(path, *_args):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    open_log(tmp_path).close()
    monkeypatch.setattr(disk, "open_to_append", refuse)
    with pytest.raises(OSError, match=r"Read-only file system; .* journal=None"):
        open_log(tmp_path)


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "labels").write_text("mine")
    with pytest.raises(OSError, match="no labels can be kept in"):
        open_log(tmp_path / "labels")
    assert (tmp_path / "labels").read_text() == "mine"


def test_nothing_can_be_appended_after_closing(tmp_path):
    journal = open_log(tmp_path)
    journal.append(label(1, 1, 3))
    journal.close()
    journal.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        journal.append(label(2, 1, 4))
    assert journal.codes[4] == 0


def test_a_lasso_over_a_million_images_is_small_on_disk_and_undone_after_a_restart(tmp_path):
    n_rows = 1_000_000
    rng = np.random.default_rng(0)
    start = rng.integers(0, 4, n_rows).astype(np.uint16)
    journal = open_log(tmp_path, n_rows, layers=[start])
    rows = RowSet.from_positions(np.flatnonzero(rng.random(n_rows) < 0.7), n_rows)
    path = max(tmp_path.glob("*.jsonl"), key=lambda path: path.stat().st_size)
    before = path.stat().st_size
    journal.append(Edit("page", 1, "label", rows, 2))
    assert path.stat().st_size - before < 170_000
    journal.close()
    again = open_log(tmp_path, n_rows)
    assert (again.codes[rows.positions] == 2).all()
    again.append(Edit("page", 2, "undo"))
    assert again.codes.tobytes() == start.tobytes()
    again.close()
