"""Labels in files that are either whole or not there."""

from __future__ import annotations

import csv
import logging
import os
import tempfile
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from vaewidgets.disk import flush_folder
from vaewidgets.labels.table.json_lines import counts_rows, write_lines
from vaewidgets.labels.table.values import holds_text

log = logging.getLogger("vaewidgets")

SUFFIXES = (".csv", ".parquet", ".jsonl")
# How a text begins that spreadsheets take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_path(path: str | os.PathLike[str]) -> Path:
    """Check where to export to, before anything is written.

    Raises
    ------
    ValueError
        If the suffix is not one that is written.
    FileNotFoundError
        If the folder does not exist.
    ImportError
        If the suffix needs a package that is not installed, naming it.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"path is {str(path)!r}; the suffixes that can be written are {', '.join(SUFFIXES)}"
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to export into")
    if target.suffix.lower() == ".parquet":
        _check_pyarrow()
    return target


def write_frame(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    r"""Write a frame as CSV, Parquet or JSON lines, as the suffix of `path` says.

    Parameters
    ----------
    frame : DataFrame
    path : str or path
        Ends in .csv, .parquet or .jsonl. What was there is replaced only once the new file is on
        disk.

    Raises
    ------
    ValueError
        If the suffix is another one, or the format cannot hold the frame.
    FileNotFoundError, ImportError
        As :func:`check_path`.

    Notes
    -----
    Parquet and JSON lines keep text as it is; ``pd.read_parquet(path)`` also keeps dtypes. JSON
    lines are read by ``json.loads`` line by line. For CSV see :func:`write_csv`. Half a
    character, which is no Unicode, is replaced by U+FFFD where the format cannot hold it, and a
    warning is logged.
    """
    target = check_path(path)
    kind = target.suffix.lower()
    if kind == ".csv":
        write_csv(frame, target)
    elif kind == ".parquet":
        _write_valid(frame, target, _parquet)
    else:
        write_whole(target, lambda file: write_lines(frame, file))


def write_csv(
    frame: pd.DataFrame, path: str | os.PathLike[str], *, escape_formulas: bool = False
) -> None:
    r"""Write a frame as CSV (UTF-8): all text quoted, missing values empty.

    The index is written unless it merely counts the rows.

    Parameters
    ----------
    frame : DataFrame
    path : str or path
        Ends in .csv. What was there is replaced only once the new file is on disk.
    escape_formulas : bool
        Put ``'`` before text that begins like a formula, so that no spreadsheet runs it. Text is
        changed by this.

    Notes
    -----
    ``pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")`` reads text back
    unchanged: '007', 'NA', '1e5', blanks and line breaks stay what they were. Only a missing
    value cannot be told from an empty text.
    """
    target = check_path(path)
    if escape_formulas:
        frame = _map_text(frame, lambda text: f"'{text}" if text.startswith(_FORMULA) else text)
    index = not counts_rows(frame.index)

    def write(frame: pd.DataFrame, file: BinaryIO) -> None:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        frame.to_csv(text, index=index, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        text.detach()

    _write_valid(frame, target, write)


def write_whole(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Replace a file in one step: a copy beside it is filled, put on disk, then renamed.

    A crash, a full disk or an exception leaves what was there before.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
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


def _write_valid(
    frame: pd.DataFrame, target: Path, write: Callable[[pd.DataFrame, BinaryIO], None]
) -> None:
    """Write a frame, without the half characters in it where they cannot be written."""
    try:
        write_whole(target, lambda file: write(frame, file))
    except UnicodeEncodeError:
        log.warning("half characters in the frame are replaced by \ufffd in %s", target.name)
        valid = _map_text(frame, _whole_characters)
        write_whole(target, lambda file: write(valid, file))


def _parquet(frame: pd.DataFrame, file: BinaryIO) -> None:
    import pyarrow as pa

    try:
        _map_paths(frame).to_parquet(file, engine="pyarrow", index=None)
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(error, UnicodeEncodeError):
            raise
        raise ValueError(
            f"Parquet cannot hold the frame: {error}. Export to .csv or .jsonl, or give the "
            "column one type first"
        ) from error


def _check_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "writing .parquet needs pyarrow: pip install pyarrow; .csv and .jsonl need nothing"
        ) from error


def _map_paths(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy of a frame with its paths as text."""
    return _map_objects(frame, lambda v: os.fspath(v) if isinstance(v, os.PathLike) else v)


def _map_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Copy of a frame with other text, in column names and index too."""

    def each(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(each(part) for part in value)
        return change(value) if isinstance(value, str) else value

    mapped = _map_objects(frame, each)
    mapped.columns = frame.columns.map(each)
    mapped.index = frame.index.map(each)
    return mapped


def _map_objects(frame: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """Copy of a frame with other objects and text; columns without any stay what they are."""
    mapped = frame.copy(deep=False)
    for place, dtype in enumerate(frame.dtypes):
        if not holds_text(dtype):
            continue
        before = frame.iloc[:, place].astype(object).to_list()
        after = [change(value) for value in before]
        if any(new is not old for new, old in zip(after, before, strict=True)):
            mapped.isetitem(place, pd.Series(after, frame.index, dtype=object))  # type: ignore[arg-type]
    return mapped


def _whole_characters(text: str) -> str:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if whole == text else whole


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
