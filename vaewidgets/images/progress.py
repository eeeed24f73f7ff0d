"""A bar for what takes more than a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def with_progress(
    things: Iterable[T], text: str, wanted: bool, unit: str = "image"
) -> Iterator[T]:
    """Iterate with a progress bar that appears after a second."""
    if not wanted:
        yield from things
        return
    from tqdm.auto import tqdm

    yield from tqdm(things, desc=text, unit=unit, delay=1.0, mininterval=0.25, leave=False)
