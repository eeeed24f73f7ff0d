"""Labels in files that are either whole or not there."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pandas as pd

from vaewidgets.disk import flush_folder

SUFFIXES = (".csv",)


def check_path(path: str | os.PathLike[str]) -> Path:
    """Check where to export to, before anything is written.

    Raises
    ------
    ValueError
        If the suffix is not one that is written.
    FileNotFoundError
        If the folder does not exist.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"path is {str(path)!r}; the suffixes that can be written are {', '.join(SUFFIXES)}"
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to export into")
    return target


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    r"""Write a frame as CSV (UTF-8): all text quoted, missing values empty.

    The index is written unless it merely counts the rows.

    Parameters
    ----------
    frame : DataFrame
    path : str or path
        Ends in .csv. What was there is replaced only once the new file is on disk.

    Notes
    -----
    ``pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")`` reads text back
    unchanged: '007', 'NA', '1e5', blanks and line breaks stay what they were.
    """
    counts = frame.index.name is None and frame.index.equals(pd.RangeIndex(len(frame)))

    def write(file: TextIO) -> None:
        frame.to_csv(file, index=not counts, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")

    write_whole(check_path(path), write)


def write_whole(target: Path, write: Callable[[TextIO], None]) -> None:
    """Replace a file in one step: a copy beside it is filled, put on disk, then renamed.

    A crash, a full disk or an exception leaves what was there before.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        # Text that is no Unicode (lone surrogates in other columns) must not cost the export.
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        temporary.chmod(mode & 0o777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(target.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
