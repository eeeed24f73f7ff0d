"""The labels in a person's DataFrame: one column of labels, or a column for each tag.

``table`` opens them: ``single`` is a label column, ``tags`` are columns of True and False, each a
``tag``, ``columns`` what both share; ``said`` is what they are to say, ``naming`` which names are
one class. ``details`` are notes and whether a person or a suggestion gave a label, ``origins`` who
did, when and how. ``given_frame`` writes into the frame by position, all or nothing; ``filling``,
``values`` and ``flags`` keep the dtype; ``matching`` says which row belongs to which image.
``export`` writes files, ``json_lines`` one kind of them.
"""

from vaewidgets.labels.table.columns import Columns
from vaewidgets.labels.table.export import check_path, write_frame
from vaewidgets.labels.table.given_frame import ConflictError, find_column
from vaewidgets.labels.table.matching import check_order, match_rows, rows_without_image
from vaewidgets.labels.table.said import NOTHING, About, Reading
from vaewidgets.labels.table.single import LabelColumn
from vaewidgets.labels.table.table import open_columns
from vaewidgets.labels.table.tags import TagColumns

__all__ = [
    "NOTHING",
    "About",
    "Columns",
    "ConflictError",
    "LabelColumn",
    "Reading",
    "TagColumns",
    "check_order",
    "check_path",
    "find_column",
    "match_rows",
    "open_columns",
    "rows_without_image",
    "write_frame",
]
