"""How long labels take to reach the disk, and a long log to open.

    python -m benchmarks.journal

A person who labels with keys and lassos for years does not make a million edits. The log here has
a million, of one to eight rows each, with the undo, redo, clear, accept and note of a real one
between them; then the time of a single edit, and of a lasso over a million images.
"""

from __future__ import annotations

import gc
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks._report import keep, table
from vaewidgets.labels.journal import Edit, Journal, Record, RowSet, open_journal
from vaewidgets.labels.journal.log_lines import encode, to_line

N_ROWS = 1_000_000
CLASSES = [f"class {i}" for i in range(20)]
CLASS_KEYS = [(name, 1) for name in CLASSES]
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)


def open_in(folder: Path) -> Journal:
    return open_journal(
        folder, N_ROWS, CLASSES, None, multi=False, fingerprint="benchmark", annotator="anna"
    )


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
        ]
    )
    keep("journal", "The log of labels", body, ("numpy",))


if __name__ == "__main__":
    main()
