"""Finding images again by name, whose content has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator


def moved_folders(pairs: Iterable[tuple[str, str]], here: Iterable[str]) -> list[tuple[str, str]]:
    """Tell which folders were moved or renamed, by the images that were found by content.

    Parameters
    ----------
    pairs : iterable of (path here, path there)
        Of images that show the same.
    here : iterable of str
        All paths here.

    Returns
    -------
    list of (folder here, folder there)
        The one with the most witnesses first. At least half of the images in and below the folder
        here must be found there: a picture that two folders happen to share says nothing of the
        others, and would give them the labels of strangers.
    """
    folders = Counter((_folder(new), _folder(old)) for new, old in pairs)
    votes = Counter[tuple[str, str]]()
    for (new, old), count in folders.items():
        if new != old:
            votes[_roots(new, old)] += count
    if not votes:
        return []
    counts = Counter(map(_folder, here))
    moved = []
    for (new, old), count in votes.most_common():
        below = sum(
            many
            for folder, many in counts.items()
            if folder == new or folder.startswith(new + "/")
        )
        if 2 * count >= below:
            moved.append((new, old))
    return moved


def names_before(path: str, moved: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Paths that an image may have had before folders were moved."""
    for new, old in moved:
        if path.startswith(new + "/"):
            yield old + path[len(new) :]


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]


def _roots(new: str, old: str) -> tuple[str, str]:
    """Folders without the part in which they agree at their ends."""
    ends = list(zip(reversed(new.split("/")), reversed(old.split("/")), strict=False))
    same = next((k for k, (one, other) in enumerate(ends) if one != other), len(ends) - 1)
    if same == 0:
        return new, old
    return "/".join(new.split("/")[:-same]), "/".join(old.split("/")[:-same])
