"""The items of a collection opened one after another, each at the page that is to be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from PIL import Image

from vaewidgets.images.decoding import Opened, check_header, open_item
from vaewidgets.images.pages import Page, count_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaewidgets.images.ranges import Brightness


class Opener:
    """Opens items; of a file of many pages, the one opened last is held for its next page.

    Parameters
    ----------
    max_pixels : int
    frames : "first", "all" or "middle"
        Which page is opened of an item that is no :class:`Page` itself: the middle one, else the
        first, or of a PIL image that at which it stands.
    whole : bool
        Read the whole of a file, to decode and to identify it.
    brightness : Brightness, optional
        What the numbers of arrays mean.
    axes : "NHW", "NHWC" or "NCHW", optional
        What the axes of arrays are, each that of one image after N.
    """

    def __init__(
        self,
        max_pixels: int,
        frames: str = "first",
        *,
        whole: bool = False,
        brightness: Brightness | None = None,
        axes: str | None = None,
    ) -> None:
        self._max_pixels, self._frames, self._whole = max_pixels, frames, whole
        self._brightness, self._axes = brightness, axes
        self._item: Any = None
        self._held: Opened | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def open(self, item: Any) -> Opened:
        """Open one item, to be closed by ``with``.

        Raises
        ------
        UnreadableError
            With the reason, for anything that cannot be an image.
        """
        if isinstance(item, Page):
            return self._open_page(item)
        opened = open_item(
            item,
            self._max_pixels,
            whole=self._whole,
            brightness=self._brightness,
            axes=self._axes,
        )
        if not isinstance(opened.content, Image.Image):
            return opened
        if not self._whole and self._frames != "middle":
            return opened  # to count the pages of a GIF, all of it is read
        n_pages = count_pages(opened.content)
        if n_pages > 1 and self._frames == "middle":
            opened = self._turn(opened, n_pages // 2)
        return replace(opened, n_pages=n_pages)

    def pages(self, item: Any) -> Iterable[Any]:
        """List the pages of an item of several; of another, readable or not, the item."""
        try:
            with open_item(item, self._max_pixels) as opened:
                content = opened.content
                n_pages = count_pages(content) if isinstance(content, Image.Image) else 1
        except Exception:  # noqa: BLE001 - it is rejected, with the reason, when it is read
            n_pages = 1
        return [item] if n_pages == 1 else [Page(item, number) for number in range(n_pages)]

    def _open_page(self, page: Page) -> Opened:
        """Open a page of the file that is held, or of another, which is held from now on."""
        if self._held is None or self._item is not page.item:
            self._let_go()
            self._held = open_item(page.item, self._max_pixels, whole=self._whole)
            self._item = page.item
        try:
            opened = self._turn(self._held, page.number)
        except BaseException:
            self._let_go()
            raise
        return replace(opened, is_ours=False)  # it is closed when another is opened

    def _turn(self, opened: Opened, number: int) -> Opened:
        """Go to a page of what is open; the user's pictures stay where they are."""
        picture = opened.content
        assert isinstance(picture, Image.Image)
        place = picture.tell()
        if opened.is_ours:
            if place != number:
                picture.seek(number)
        else:
            try:
                picture.seek(number)
                copied = picture.copy()
            finally:
                picture.seek(place)
            picture = copied
        found = check_header(picture, self._max_pixels, is_ours=opened.is_ours)
        return replace(found, digest=opened.digest, page=number)

    def _let_go(self) -> None:
        """Close what is held."""
        if self._held is not None:
            self._held.__exit__()
        self._item = self._held = None
