"""What a journal asks of the place where its records are kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from vaewidgets.labels.journal.classes import Classes, ClassKey
from vaewidgets.labels.journal.records import Codes, Record
from vaewidgets.labels.roster import Register


class Log(Protocol):
    """Where a journal keeps its records."""

    writer: str
    is_unsure: bool
    """Set when an interruption left it open whether a record was folded in."""
    identity: str

    @property
    def damaged(self) -> list[str]:
        """Lines that cannot be read, by file and line."""

    @property
    def folder(self) -> Path | None:
        """Where it lies; None in memory."""

    @property
    def register(self) -> Register:
        """All images that the log knows."""

    @property
    def n_images(self) -> int:
        """How many images the log knows, those here and others."""

    @property
    def has_other_start(self) -> bool:
        """Whether :meth:`start` would say more than when it was asked last."""

    def start(self) -> tuple[list[str], list[Codes]]:
        """Classes and labels at the start, of all images that the log knows."""

    def write(self, record: Record, keys: Sequence[ClassKey | None]) -> None:
        """Put a record on disk; OSError, and no trace of it, if that fails."""

    def read(self, classes: Classes) -> tuple[list[Record], bool]:
        """Return what others wrote since, in order; classes that are new are registered.

        With True these are all records there are, own ones too, in place of those read before.
        """

    def numbering(self) -> AbstractContextManager[None]:
        """Keep others from giving numbers to classes meanwhile."""

    def close(self) -> None:
        """Let go of the files."""
