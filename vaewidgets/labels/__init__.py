"""Labels: the log of edits, the DataFrame columns, the suggestions. No widget, no torch.

An edit comes to the ``desk``, which puts it into the ``journal`` (checked, on disk, folded to the
labels as they are), then through the ``gate`` into the ``table`` (the columns of the person's
DataFrame), and tells the pages by ``news``, other annotators by ``sharing`` and the person by
``telling``. What cells write into the columns comes back the same way; ``truth`` says who wins,
``conflict`` what keeps labels from the frame. ``opening`` opens the journal of a collection, which
``finding`` finds again and whose images ``roster`` knows; ``watch`` looks for what others have
written into it, ``merging`` brings logs together, ``suggestions`` proposes labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaewidgets.labels.merging import Merged as Merged
    from vaewidgets.labels.merging import merge as merge

__all__ = ["Merged", "merge"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # the rooms inside import each other, so none of them is loaded here
        from vaewidgets.labels import merging

        return getattr(merging, name)
    raise AttributeError(f"module 'vaewidgets.labels' has no attribute {name!r}")
