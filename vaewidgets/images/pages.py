"""Files of several pictures: the pages of TIFF, the frames of GIF, WebP, APNG and AVIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image

FRAMES = ("first", "all", "middle")


@dataclass(frozen=True)
class Page:
    """One page of an item of several; it is an image of its own.

    Attributes
    ----------
    item : file name, encoded file or PIL image
    number : int
        From 0.
    """

    item: Any
    number: int


def count_pages(picture: Image.Image) -> int:
    """Return the number of pages; what cannot be counted is one."""
    if picture.format in (
        "MPO",
        "PSD",
    ):  # a photograph with its own preview, layers of one picture
        return 1
    try:
        return max(1, int(getattr(picture, "n_frames", 1)))
    except Exception:  # noqa: BLE001 - a damaged end raises anything; the first page may be fine
        return 1


def page_suffix(number: int) -> str:
    """Return what the name of a page has behind that of its file; ``number`` is from 0."""
    return f", page {number + 1}"


def more_pages(counts: list[int], example: str, frames: str) -> str:
    """Say in a line that files have more pages than were read; "" if none has.

    Parameters
    ----------
    counts : list of int
        How many pages each such file has.
    example : str
        Name of the first of them.
    frames : "first" or "middle"
        What was read.
    """
    if not counts:
        return ""
    which = "the middle one" if frames == "middle" else "the first"
    if len(counts) == 1:
        return (
            f'of {counts[0]} pages in {example} {which} was read; frames="all" reads each as an '
            "image of its own"
        )
    return (
        f"of {len(counts)} files with several pages ({counts[0]} in {example}) only {which} was "
        'read; frames="all" reads each page as an image of its own'
    )
