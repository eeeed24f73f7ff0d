"""What keeps labels from the DataFrame at the moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime


class LabelConflictWarning(UserWarning):
    """A label is in the log, but not in the DataFrame."""


@dataclass(frozen=True)
class Conflict:
    """Why labels do not reach the DataFrame, which the log has.

    Attributes
    ----------
    what : str
        What happened.
    since : datetime
        When that was found, in local time.
    advice : str
        What to do.
    """

    what: str
    since: datetime
    advice: str = (
        "The labels are safe in the log. Bring the DataFrame back to what it was, or take "
        "apply(frame, on=...), which returns a frame with all labels, or export(path)"
    )

    name: str = ""
    """Of the variable that holds another DataFrame now, if that is it."""

    @classmethod
    def now(cls, what: str) -> Conflict:
        """Note what was found just now."""
        return cls(what, _now())

    @classmethod
    def rebound(cls, name: str) -> Conflict:
        """Note that a variable holds another DataFrame now."""
        return cls(
            f"{name} is another DataFrame now. Labels still go into the one that the annotator "
            f"was given, its .frame",
            _now(),
            f"Its .apply({name}, on=...) returns {name} with the labels",
            name,
        )

    def __str__(self) -> str:
        return f"{self.what.rstrip('.')}. {self.advice}."


def _now() -> datetime:
    return datetime.fromtimestamp(time.time()).astimezone()
