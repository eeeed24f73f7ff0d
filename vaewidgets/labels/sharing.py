"""Annotators that label the same: what one does, the others see at once."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaewidgets.labels.desk import Desk
    from vaewidgets.labels.journal import Journal
    from vaewidgets.labels.table import Columns

log = logging.getLogger("vaewidgets")

_desks: weakref.WeakSet[Desk] = weakref.WeakSet()


def join(desk: Desk) -> None:
    """Count a desk among those that are open."""
    _desks.add(desk)


def leave(desk: Desk) -> None:
    """Count it no more."""
    _desks.discard(desk)


def journal_of(columns: Columns) -> Journal | None:
    """Journal of an open annotator that labels the very columns of the very frame."""
    for desk in list(_desks):
        if desk.columns.frame is columns.frame and desk.columns.are_same(columns):
            return desk.journal
    return None


def tell_others(desk: Desk) -> None:
    """Let all desks on the same log look for what is new."""
    for other in list(_desks):
        if other is desk or not other.journal.is_shared_with(desk.journal):
            continue
        try:
            other.refresh()
        except Exception as error:  # their affair; the label is in the log
            log.error("another annotator could not be told of a label", exc_info=error)
