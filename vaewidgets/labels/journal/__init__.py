"""The journal: every edit in order, exactly once, on disk, and the labels it folds to.

``edits`` is what a person can do, checked at the door, and ``rows`` which images it is about;
``records`` an edit in its place. ``journal`` takes them and keeps the ``state``: ``layer`` holds
labels and who wrote them, ``classes`` the names. What it asks of a ``log`` is done on disk by
``log_folder``, the folder of all writers: ``log_file`` is the file of one, ``log_lines`` a line,
``log_rosters`` and ``roster_file`` who the images of each are, ``log_compaction`` joins files
whose writers are gone.
``memory_log`` is a log that is on no disk. ``adopt`` takes over what was changed in a DataFrame
outside.
"""

from vaewidgets.labels.journal.adopt import adopt
from vaewidgets.labels.journal.edits import Edit, RefusedError, parse_edit, parse_identity
from vaewidgets.labels.journal.journal import Journal, Outcome
from vaewidgets.labels.journal.log_folder import open_journal
from vaewidgets.labels.journal.memory_log import Memory, open_memory
from vaewidgets.labels.journal.records import Change, Record, StepName
from vaewidgets.labels.journal.rows import RowSet
from vaewidgets.labels.journal.steps import Origin, Step

__all__ = [
    "Change",
    "Edit",
    "Journal",
    "Memory",
    "Origin",
    "Outcome",
    "Record",
    "RefusedError",
    "RowSet",
    "Step",
    "StepName",
    "adopt",
    "open_journal",
    "open_memory",
    "parse_edit",
    "parse_identity",
]
