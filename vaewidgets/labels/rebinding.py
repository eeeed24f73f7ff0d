"""Telling a person that a variable holds another frame than the one that gets the labels.

``df = df[df.x > 0]`` makes a new frame with a copy of the label column: pandas says nothing, and
labels given from then on are in a frame that the person sees no more.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pandas as pd

from vaewidgets.labels.gate import running_shell
from vaewidgets.labels.table import Columns

log = logging.getLogger("vaewidgets")


class Rebinding:
    """Looks, after each cell, for names that were a labelled frame and are another one now."""

    def __init__(self) -> None:
        self._names: WeakKeyDictionary[Columns, set[str]] = WeakKeyDictionary()
        self._shells: WeakSet[Any] = WeakSet()

    def watch(self, columns: Columns, shell: Any = None) -> None:
        """Look after the names of the frame of these columns; nothing without IPython."""
        shell = running_shell() if shell is None else shell
        if shell is None:
            return
        self._names[columns] = _names_of(columns.frame, shell.user_ns)
        if shell not in self._shells:
            self._shells.add(shell)
            shell.events.register("post_run_cell", partial(self._look, shell.user_ns))

    def discard(self, columns: Columns) -> None:
        """Look after them no more."""
        self._names.pop(columns, None)

    def _look(self, variables: dict[str, Any], _result: Any) -> None:
        watched = list(self._names.items())
        for columns, names in watched:
            for name in sorted(names):
                now = variables.get(name)
                is_labelled = any(now is other.frame for other, _ in watched)
                if isinstance(now, pd.DataFrame) and not is_labelled and columns.are_in(now):
                    log.warning(
                        "%s is another DataFrame now. Labels still go into the one that the "
                        "annotator was given, its .frame; its .apply(%s, on=...) returns this "
                        "one with the labels.", name, name,
                    )  # fmt: skip
            self._names[columns] = _names_of(columns.frame, variables)


def _names_of(frame: pd.DataFrame, variables: dict[str, Any]) -> set[str]:
    """Names that a person gave to a frame; IPython's own begin with a line."""
    return {name for name, value in list(variables.items()) if value is frame and name[:1] != "_"}


rebinding = Rebinding()
"""The one look after all annotators of this process."""
