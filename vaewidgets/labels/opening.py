"""Opening the log of some images, and picking up what was begun."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vaewidgets.labels import sharing
from vaewidgets.labels.finding import column_title, find_log
from vaewidgets.labels.journal import (
    Edit,
    Journal,
    Memory,
    adopt,
    open_journal,
    open_memory,
)
from vaewidgets.labels.journal.edits import ASKED
from vaewidgets.labels.roster import CONTENT, NAME, NEW, POSITION, Roster
from vaewidgets.labels.table import Columns, TagColumns
from vaewidgets.labels.telling import warn


@dataclass(frozen=True, eq=False)
class Opened:
    """An open log.

    Attributes
    ----------
    journal : Journal
    asked : tuple of str
        Classes or tags that this run asks for, in the person's order.
    hidden : set of int
        Tags of the log that other tasks asked for, and this one did not.
    found : str
        How the images were found again in the log, in a line; "" if there is nothing to say.
    """

    journal: Journal
    asked: tuple[str, ...]
    hidden: set[int]
    found: str


def open_log(
    columns: Columns,
    roster: Roster,
    journal: str | os.PathLike[str] | None,
    *,
    column: Hashable,
    annotator: str,
) -> Opened:
    """Open the log of the columns of a frame, or begin one.

    Labels that the log has and the frame lacks are the work of an earlier run. Labels that the
    frame has and the log never had were written by somebody else; they are taken into the log.

    Parameters
    ----------
    columns : Columns
        Not written yet; they get the classes of the journal, in their order.
    roster : Roster
        Who the images are.
    journal : "auto", path or None
        "auto": what another annotator of the same columns has open, else the log of the column
        that knows these images, else a new one beside the notebook. None: in memory.
    column : hashable
        Name of the column, or title of the tags.
    annotator : str

    Raises
    ------
    TypeError
        If `journal` is none of these.
    ValueError
        If the log is of labels of another kind, or in an old format and of other images.
    OSError
        If the log cannot be written.
    """
    asked = tuple(columns.asked)
    opened = _open(columns, roster, journal, column, annotator)
    try:
        before = _asked_before(opened)
        columns.renumber(opened.classes)  # now tags that only the log knows are found too
        taken = adopt(opened, columns.classes, columns.layers, annotator)
        _add_asked(opened, [name for name in asked if name not in before], annotator)
    except BaseException:
        opened.close()
        raise
    if taken:
        warn(
            f"{taken:,} labels in the DataFrame are not as they were last written here, and were "
            "taken over. If the DataFrame should not have them, undo() takes them back."
        )
    found = found_in_words(opened)
    if found:
        warn(found)
    return Opened(opened, asked, _hidden(opened, before, asked), found)


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


def found_in_words(journal: Journal) -> str:
    """Say how the images were found again in the log; "" where all are there and none is gone."""
    register = journal.register
    if register is None or register.n_others == 0:
        return ""
    count = {how: int((register.found_by == how).sum()) for how in (CONTENT, NAME, POSITION, NEW)}
    n_here, n_gone = len(register.found_by), len(register) - len(register.found_by)
    if count[CONTENT] == n_here and not n_gone:
        return ""
    parts = [f"{count[CONTENT]:,} by content"] * (count[CONTENT] > 0)
    parts += [f"{count[NAME]:,} changed, found by name"] * (count[NAME] > 0)
    parts += [f"{count[POSITION]:,} by position"] * (count[POSITION] > 0)
    known = n_here - count[NEW]
    where = "the log" if journal.folder is None else f"the log {str(journal.folder)!r}"
    words = f"{known:,} of {n_here:,} images are known to {where}"
    words += f" ({', '.join(parts)})" if parts else ""
    words += f"; {count[NEW]:,} {'is' if count[NEW] == 1 else 'are'} new" if count[NEW] else ""
    if n_gone:
        words += f"; {n_gone:,} of the log {'is' if n_gone == 1 else 'are'} not here, their "
        words += "labels are kept there"
    return f"{words}. Annotator.roster lists them"


def roster_frame(journal: Journal) -> pd.DataFrame:
    """List all images that a log knows, those here first, with how each was found again."""
    register = journal.register
    n_here = journal.n_rows
    n_all = n_here if register is None else len(register)
    names = {} if register is None else register.names()
    words = np.array(["new", "position", "name", "content"], object)
    how = np.full(n_all, "missing", object)
    how[:n_here] = "new" if register is None else words[register.found_by]
    listed: dict[str, Any] = {"file": [names.get(row, "") for row in range(n_all)], "match": how}
    if not journal.multi:
        labels = np.array([None, *journal.classes], object)
        listed["label"] = pd.Series(labels[journal.codes_of_all()[:n_all]], dtype=object)
    return pd.DataFrame(listed)


def _open(
    columns: Columns,
    roster: Roster,
    journal: str | os.PathLike[str] | None,
    column: Hashable,
    annotator: str,
) -> Journal:
    if not (journal is None or isinstance(journal, (str, os.PathLike))):
        raise TypeError(
            f"journal is {journal!r}; expected 'auto', the path of a folder, or None to keep "
            "labels in memory only"
        )
    multi = isinstance(columns, TagColumns)
    by_position = False
    if journal is None or journal == "auto":
        live = sharing.journal_of(columns)
        if live is not None and live.memory is not None:
            return open_memory(live.memory, roster, multi=multi)
        if live is not None:
            folder = live.folder
        elif journal is None:
            memory = Memory(roster, columns.classes, columns.layers)
            return open_memory(memory, roster, multi=multi)
        else:
            finding = find_log(roster, column, is_multi=multi, asked=columns.asked)
            folder = finding.folder
            if finding.words:
                warn(finding.words)
    else:
        folder, by_position = Path(journal).expanduser().absolute(), True
    assert folder is not None
    return open_journal(
        folder, roster, columns.classes, columns.layers,
        multi=multi, annotator=annotator, column=column_title(column), by_position=by_position,
    )  # fmt: skip


def _asked_before(journal: Journal) -> set[str]:
    """Names of the classes that earlier runs asked for."""
    added = (record.edit for record in journal.records if record.edit.kind == "add_class")
    return {*journal.start_classes, *(e.name for e in added if e.client.startswith(ASKED))}


def _add_asked(journal: Journal, names: Sequence[str], annotator: str) -> None:
    """Add the classes that a run asks for: once, so that one deleted since stays deleted."""
    client = f"{ASKED}{secrets.token_hex(8)}"
    for seq, name in enumerate(names, 1):
        journal.append(Edit(client, seq, "add_class", name=name), annotator)


def _hidden(journal: Journal, before: set[str], asked: Sequence[str]) -> set[int]:
    """Tags that another task asked for: their columns are none of this one's."""
    if not journal.multi or not asked:
        return set()
    ours = {number for name in asked for number in journal.numbers_of(name)[:1]}
    theirs = {number for name in before for number in journal.numbers_of(name)[:1]}
    return theirs - ours
