"""Which file an image came from, as it is called from anywhere and inside its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from PIL import Image

from vaewidgets.images.members import Member
from vaewidgets.images.pages import Page, page_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Origin:
    """What turns the ``sources`` of a collection into paths and names, when they are asked for.

    A million images hold a byte each here, rather than two more strings.

    Attributes
    ----------
    is_file : ndarray of bool, shape (n,)
        Which sources are names of files.
    working_folder : str
        Where relative names began when the images were loaded, "" if there was no such folder.
    folder : Path or None
        The one folder that was loaded, as it was given.
    pages : ndarray of int, shape (n,), optional
        Which page of its file each image is, from 0; -1 where it is all of it.
    called : tuple of str, optional
        What each image is called, where that is not its file: inside its archive, by the caller.
    """

    is_file: NDArray[np.bool_]
    working_folder: str
    folder: Path | None = None
    pages: NDArray[np.int64] | None = None
    called: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, items: Sequence[Any], folder: Path | None, called: Sequence[str] | None = None
    ) -> Self:
        """Note what items, loaded just now, are."""
        try:
            working_folder = str(Path.cwd())
        except FileNotFoundError:  # deleted by another program; absolute names still lead on
            working_folder = ""
        is_file = np.fromiter((bool(file_of(item)) for item in items), np.bool_, len(items))
        pages = None
        if any(isinstance(item, Page) for item in items):
            numbers = [item.number if isinstance(item, Page) else -1 for item in items]
            pages = np.array(numbers, np.int64)
        if called is None and any(map(name_of, items)):
            called = [name_of(item) for item in items]
        return cls(
            is_file, working_folder, folder, pages, None if called is None else tuple(called)
        )

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return the same for some of the images."""
        pages = None if self.pages is None else self.pages[rows]
        called = self.called and tuple(self.called[row] for row in rows)
        return replace(self, is_file=self.is_file[rows], pages=pages, called=called)

    def paths(self, sources: Sequence[str]) -> list[str]:
        """Return the absolute path of each file, "" for what is none."""
        if self.pages is not None:
            sources = [
                source.removesuffix(page_suffix(page)) if page >= 0 else source
                for source, page in zip(sources, self.pages.tolist(), strict=True)
            ]
        return [
            self._absolute(source) if is_file else ""
            for source, is_file in zip(sources, self.is_file.tolist(), strict=True)
        ]

    def names(self, sources: Sequence[str]) -> list[str]:
        """Return the name of each file, inside the one folder if all are from one."""
        if self.called is not None:
            return list(self.called)
        files = [
            source if is_file else ""
            for source, is_file in zip(sources, self.is_file.tolist(), strict=True)
        ]
        if self.folder is None:
            return files
        start = len(str(self.folder / "x")) - 1  # what the folder begins its files with
        return [file[start:].replace(os.sep, "/") for file in files]

    def _absolute(self, source: str) -> str:
        """Return the path of a file from the root; links stay, as they are what has a name."""
        # os.path, as Path has no way to take out ".." without following links.
        return os.path.abspath(  # noqa: PTH100
            os.path.join(self.working_folder, os.path.expanduser(source))  # noqa: PTH118, PTH111
        )


def file_of(item: Any) -> str:
    """Return the name of the file that an item that was read is, or is of; "" if it is of none.

    That of a page tells the page.
    """
    if isinstance(item, Page):
        file = file_of(item.item)
        return file + page_suffix(item.number) if file else ""
    if isinstance(item, Member):
        return item.file
    if isinstance(item, Mapping):  # as tables hold an image: its bytes, or else its path
        return file_of(item.get("path")) if item.get("bytes") is None else ""
    if isinstance(item, (str, os.PathLike)):
        return os.fsdecode(item)
    if isinstance(item, Image.Image):
        name = getattr(item, "filename", "")
        name = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else ""
        # isfile, as Path.is_file() raises for names that are too long. Pillow knows no "~".
        return name if os.path.isfile(name) and not name.startswith("~") else ""  # noqa: PTH113
    return ""


def name_of(item: Any) -> str:
    """Return what an item of a collection that was fetched is called there, "" for others."""
    if isinstance(item, Page):
        name = name_of(item.item)
        return name + page_suffix(item.number) if name else ""
    return item.name if isinstance(item, Member) else ""
