"""How long labels take to reach the disk, and a long log to open.

    python -m benchmarks.journal

A person who labels with keys and lassos for years does not make a million edits. The log here has
a million, of one to eight rows each, with the undo, redo, clear, accept and note of a real one
between them; then the time of a single edit, and of a lasso over a million images. At last what
it costs that a log knows its images: to name them, and to open it with a collection in which 1 %
of the images are new, 1 % are gone and 1 % have changed under the same name.
"""

from __future__ import annotations

import gc
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks._report import keep, table
from vaewidgets.images import Images
from vaewidgets.labels.journal import Edit, Journal, Record, RowSet, open_journal
from vaewidgets.labels.journal.log_lines import encode, to_line
from vaewidgets.labels.roster import NAME, NEW, Roster

Made = TypeVar("Made")

N_ROWS = 1_000_000
CLASSES = [f"class {i}" for i in range(20)]
CLASS_KEYS = [(name, 1) for name in CLASSES]
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)


ROSTERS = (60_000, 1_000_000)
_BYTES = 16  # of a digest


def images_of(n: int) -> Roster:
    """Make up images in files, a thousand a folder."""
    contents = np.frombuffer(np.random.default_rng(0).bytes(_BYTES * n), f"S{_BYTES}")
    return Roster(contents, [f"/data/photos/{k // 1000:04}/{k:07}.png" for k in range(n)])


def changed(roster: Roster) -> Roster:
    """Take away 1 % of the images, change 1 % and put 1 % between the others."""
    n, rng = len(roster), np.random.default_rng(1)
    n_each = n // 100
    contents = roster.contents.copy()
    chosen = rng.permutation(n)[: 2 * n_each]
    fresh = np.frombuffer(rng.bytes(_BYTES * 2 * n_each), contents.dtype)
    contents[chosen[:n_each]] = fresh[:n_each]
    gone = np.zeros(n, bool)
    gone[chosen[n_each:]] = True
    contents = np.concatenate([contents[~gone], fresh[n_each:]])
    names = [name for name, is_gone in zip(roster.names, gone, strict=True) if not is_gone]
    names += [f"/data/photos/new/{k:07}.png" for k in range(n_each)]
    order = rng.permutation(len(contents))
    return Roster(contents[order], [names[k] for k in order])


def open_in(folder: Path, roster: Roster | None = None) -> Journal:
    return open_journal(folder, roster or _of_all(), CLASSES, None, multi=False, annotator="anna")


@cache
def _of_all() -> Roster:
    return images_of(N_ROWS)


def time_rosters(folder: Path, n: int) -> list[str]:
    """Time opening a log of n images, in which half are labelled: new, the same and changed."""
    roster = images_of(n)
    other = changed(roster)
    seconds, journal = _timed(lambda: open_in(folder, roster))
    times = [seconds]
    rows = RowSet.from_positions(np.flatnonzero(np.random.default_rng(2).random(n) < 0.5), n)
    journal.append(Edit("page", 1, "label", rows, 1), "anna")
    journal.close()
    size = sum(path.stat().st_size for path in folder.glob("*.roster"))
    seconds, journal = _timed(lambda: open_in(folder, roster))
    times.append(seconds)
    journal.close()
    seconds, journal = _timed(lambda: open_in(folder, other))
    times.append(seconds)
    register = journal.register
    assert register is not None
    counts = [int((register.found_by == how).sum()) for how in (NEW, NAME)]
    assert counts == [n // 100, n // 100], counts
    assert len(register) - len(other) == n // 100
    journal.close()
    pixels = np.random.default_rng(3).integers(0, 256, (n, 28, 28, 1), np.uint8)
    seconds, _ = _timed(lambda: Images(pixels).contents)
    return [
        f"{n:,}",
        f"{seconds:.2f} s",
        f"{size / 2**20:.1f} MiB",
        *(f"{each:.2f} s" for each in times),
    ]


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    gc.collect()
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def write_log(folder: Path, n_records: int) -> int:
    """Write a log as a journal would, but in one go; returns its size in bytes."""
    rng = np.random.default_rng(0)
    open_in(folder).close()
    (path,) = folder.glob("*.jsonl")
    kinds = rng.choice(
        ["label", "clear", "accept", "note", "undo", "redo"],
        n_records,
        p=[0.86, 0.03, 0.01, 0.01, 0.06, 0.03],
    )
    done: list[int] = []
    undone: list[int] = []
    with path.open("ab") as file:
        for seq, kind in enumerate(kinds.tolist(), 1):
            rows = RowSet.from_positions(
                np.unique(rng.integers(0, N_ROWS, rng.integers(1, 9))), N_ROWS
            )
            target = None
            if kind in ("undo", "redo"):
                here = done if kind == "undo" else undone
                target = (path.stem, "page", here.pop()) if here else None
                if target:
                    (undone if kind == "undo" else done).append(
                        target[2] if kind == "undo" else seq
                    )
                edit = Edit("page", seq, kind)
            else:
                done.append(seq)
                undone.clear()
                code = int(rng.integers(1, 21)) if kind in ("label", "accept") else 0
                name = "blurred" if kind == "note" else ""
                edit = Edit("page", seq, kind, rows, code, name=name)
            record = Record(seq, "anna", edit, path.stem, target, 1_700_000_000 + seq)
            file.write(to_line(encode(record, CLASS_KEYS)))
    return path.stat().st_size


def time_opening(folder: Path, n_records: int) -> list[str]:
    size = write_log(folder, n_records)
    gc.collect()
    start, start_cpu = time.perf_counter(), time.process_time()
    journal = open_in(folder)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    assert len(journal.records) == n_records
    start = time.perf_counter()
    for _ in range(100):
        journal.refresh()
    refresh = (time.perf_counter() - start) / 100
    journal.close()
    return [
        f"{n_records:,}",
        f"{size / 2**20:.1f} MiB",
        f"{seconds:.2f} s",
        f"{cpu:.2f} s",
        f"{refresh * 1e6:.0f} µs",
    ]


def time_edits(folder: Path) -> list[list[str]]:
    rng = np.random.default_rng(0)
    journal = open_in(folder)
    seq = 0

    def edit(kind: str, rows: RowSet | None = None, code: int = 0) -> None:
        nonlocal seq
        seq += 1
        journal.append(Edit("page", seq, kind, rows, code), "anna")

    lasso = RowSet.from_positions(np.flatnonzero(rng.random(N_ROWS) < 0.7), N_ROWS)
    few = [RowSet.from_positions(np.array([i]), N_ROWS) for i in range(500)]
    rows = [
        ["label one image", _median(lambda i: edit("label", few[i], 1 + i % 20), 500)],
        ["label 700,000 of 1,000,000 images", _median(lambda i: edit("label", lasso, 2), 9)],
        ["undo that", _median(lambda i: edit("undo"), 9)],
    ]
    journal.close()
    return rows


def _median(work: Callable[[int], None], n_times: int) -> str:
    times = []
    for i in range(n_times):
        start = time.perf_counter()
        work(i)
        times.append(time.perf_counter() - start)
    return f"{np.median(times) * 1e3:.1f} ms"


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="journal-"))
    try:
        openings = []
        for n_records in LENGTHS:
            openings.append(time_opening(folder / str(n_records), n_records))
            print(openings[-1], flush=True)
        edits = time_edits(folder / "edits")
        rosters = [time_rosters(folder / f"of {n}", n) for n in ROSTERS]
    finally:
        shutil.rmtree(folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = memory / (2**20 if sys.platform == "darwin" else 1024)
    body = "\n\n".join(
        [
            "A log over 1,000,000 images, opened from disk; looking for news of other writers:",
            table(["edits", "file", "opens in", "processor time", "nothing new"], openings),
            f"Largest memory of the process: {megabytes:,.0f} MiB.",
            "One edit, from the call until it is on disk and in the labels (median):",
            table(["edit", "time"], edits),
            "Knowing the images: naming 28 x 28 gray images by their pixels; what is on disk of "
            "who they are; opening a log of image files for the first time, with the same images, "
            "and with 1 % of them new, 1 % gone, 1 % changed under the same name, in another "
            "order:",
            table(
                ["images", "names by pixels", "on disk", "begin", "the same", "changed"], rosters
            ),
        ]
    )
    keep("journal", "The log of labels", body, ("numpy",))


if __name__ == "__main__":
    main()
