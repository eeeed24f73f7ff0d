"""Images that are fetched one by one, when they are opened: of archives, data sets and tables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True)
class Member:
    """One image of a collection, not fetched yet."""

    members: Members
    number: int

    def fetch(self) -> Any:
        """Return the image in a form that can be opened; whatever goes wrong is raised."""
        return self.members.fetch(self.number)

    @property
    def name(self) -> str:
        """What it is called inside its collection, "" if it has no name."""
        return self.members.name(self.number)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return self.members.source(self.number)

    @property
    def file(self) -> str:
        """The file that it is, "" if it is none of its own."""
        return self.members.file(self.number)


class Members(Sequence[Any]):
    """A collection whose images are fetched when they are opened."""

    closes: Callable[[], None] | None = None
    """What closes the file that was opened for it, if one was."""

    def close(self) -> None:
        """Close the file that was opened for it; nothing can be fetched any more."""
        if self.closes is not None:
            self.closes()

    @abstractmethod
    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, number: int) -> Member: ...
    @overload
    def __getitem__(self, number: slice) -> list[Member]: ...
    def __getitem__(self, number: int | slice) -> Member | list[Member]:
        """Return one image, or some, not fetched yet."""
        if isinstance(number, slice):
            return [Member(self, each) for each in range(len(self))[number]]
        return Member(self, range(len(self))[number])

    @abstractmethod
    def fetch(self, number: int) -> Any:
        """Return one image in a form that can be opened."""

    def name(self, number: int) -> str:
        """Return what one is called, "" if it has no name."""
        return ""

    def source(self, number: int) -> str:
        """Say in words where one comes from."""
        return self.name(number) or f"row {number}"

    def file(self, number: int) -> str:
        """Return the file that one is, "" if it is none of its own."""
        return ""

    def label(self, number: int) -> Any:
        """Return the label that comes along with one, None if none does.

        Of some, it is known once the image was fetched; so are name and file.
        """
        return None
