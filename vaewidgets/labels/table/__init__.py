"""The labels in a person's DataFrame: one column of labels, or a column for each tag.

``table`` opens them: ``single`` is a label column, ``tags`` are columns of True and False,
``columns`` what they share, ``details`` who gave a label, and notes. ``given_frame`` writes into
the frame by position, all or nothing; ``filling`` and ``values`` keep the dtype; ``matching``
says which row belongs to which image. ``export`` writes files, ``json_lines`` one kind of them.
"""

from vaewidgets.labels.table.columns import Columns
from vaewidgets.labels.table.export import check_path, write_frame
from vaewidgets.labels.table.given_frame import ConflictError, find_column
from vaewidgets.labels.table.matching import check_order, match_rows, rows_without_image
from vaewidgets.labels.table.single import LabelColumn
from vaewidgets.labels.table.table import open_columns
from vaewidgets.labels.table.tags import TagColumns

__all__ = [
    "Columns",
    "ConflictError",
    "LabelColumn",
    "TagColumns",
    "check_order",
    "check_path",
    "find_column",
    "match_rows",
    "open_columns",
    "rows_without_image",
    "write_frame",
]
