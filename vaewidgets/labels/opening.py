"""Where labels are kept, and how work that was begun is picked up again."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import warnings
from collections.abc import Hashable
from pathlib import Path

from vaewidgets.labels.journal import Journal, adopt, open_journal
from vaewidgets.labels.table import Columns, TagColumns

FOLDER = "vaewidgets-labels"
"""Logs of labels lie in this folder beside the notebook if nobody says where."""


def open_log(
    columns: Columns, folder: Path | None, *, fingerprint: str, annotator: str
) -> Journal:
    """Open the log beside the columns of a frame, or begin one.

    Labels that the log has and the frame lacks are the work of an earlier run. Labels that the
    frame has and the log never had were written by somebody else; they are taken into the log.

    Parameters
    ----------
    columns : Columns
        Not written yet; they get the classes of the journal, in their order.
    folder : Path or None
        Folder of the log; None keeps labels in memory only.
    fingerprint : str
        Of the images: the log of other images is refused.
    annotator : str

    Returns
    -------
    Journal

    Raises
    ------
    ValueError
        If the log belongs to other images.
    OSError
        If the log cannot be written.
    """
    multi, n_rows = isinstance(columns, TagColumns), len(columns.frame_rows)
    if folder is None:
        return Journal(n_rows, columns.classes, columns.layers, multi=multi)
    journal = open_journal(
        folder, n_rows, columns.classes, columns.layers,
        multi=multi, fingerprint=fingerprint, annotator=annotator,
    )  # fmt: skip
    try:
        columns.renumber(journal.classes)  # now tags that only the log knows are found too
        taken = adopt(journal, columns.classes, columns.layers, annotator)
    except BaseException:
        journal.close()
        raise
    if taken:
        warnings.warn(
            f"{taken:,} labels in the DataFrame are not as they were last written here, and were "
            "taken over. If the DataFrame should not have them, undo() takes them back.",
            stacklevel=2,
        )
    return journal


def log_folder(
    journal: str | os.PathLike[str] | None, column: Hashable, fingerprint: str
) -> Path | None:
    """Folder of a log; None for labels that are kept in memory only.

    Parameters
    ----------
    journal : "auto", path or None
        "auto": beside the notebook, named after the column and the images.
    column, fingerprint
        What "auto" is named after.

    Raises
    ------
    TypeError
        If `journal` is none of these.
    """
    if journal is None:
        return None
    if not isinstance(journal, (str, os.PathLike)):
        raise TypeError(
            f"journal is {journal!r}; expected 'auto', the path of a folder, or None to keep "
            "labels in memory only"
        )
    if journal != "auto":
        return Path(journal).expanduser().absolute()
    words = re.sub(r"[^\w-]+", "-", str(column))[:40].strip("-") or "labels"
    if words != str(column):  # another column may come to the same words
        words += "-" + hashlib.sha256(repr(column).encode("utf-8", "replace")).hexdigest()[:8]
    return Path(FOLDER).absolute() / f"{words}-{fingerprint[:12]}"


def name_of_annotator(annotator: str | None) -> str:
    """Name under which steps are undone; by default that of the account.

    Raises
    ------
    TypeError, ValueError
        If it is no text, or an empty or very long one.
    """
    if annotator is None:
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):  # an account without a name, as in containers
            return "person"
    if not isinstance(annotator, str):
        raise TypeError(f"annotator is {annotator!r}; expected a name")
    if not annotator.strip() or len(annotator) > 100:
        raise ValueError(
            f"annotator is {annotator[:60]!r}; expected a name of 1 to 100 characters"
        )
    return annotator
