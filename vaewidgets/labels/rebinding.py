"""Telling a person that a variable holds another frame than the one that gets the labels.

``df = df[df.x > 0]`` makes a new frame with a copy of the label column: pandas says nothing, and
labels given from then on are in a frame that the person sees no more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import pandas as pd

from vaewidgets.labels.gate import running_shell

if TYPE_CHECKING:
    from vaewidgets.labels.desk import Desk


class Rebinding:
    """Looks, after each cell, for names that were a labelled frame and are another one now."""

    def __init__(self) -> None:
        self._names: WeakKeyDictionary[Desk, set[str]] = WeakKeyDictionary()
        self._shells: WeakSet[Any] = WeakSet()

    def watch(self, desk: Desk, shell: Any = None) -> None:
        """Look after the names of the frame of a desk; nothing without IPython."""
        shell = running_shell() if shell is None else shell
        if shell is None:
            return
        self._names[desk] = _names_of(desk.columns.frame, shell.user_ns)
        if shell not in self._shells:
            self._shells.add(shell)
            shell.events.register("post_run_cell", partial(self._look, shell.user_ns))

    def discard(self, desk: Desk) -> None:
        """Look after them no more."""
        self._names.pop(desk, None)

    def _look(self, variables: dict[str, Any], _result: Any) -> None:
        frames = [desk.columns.frame for desk in self._names]
        for desk, names in list(self._names.items()):
            before = {desk.rebound.name} if desk.rebound is not None else set()
            rebound = None
            for name in sorted(names | before):
                now = variables.get(name)
                is_labelled = any(now is frame for frame in frames)
                if isinstance(now, pd.DataFrame) and not is_labelled and desk.columns.are_in(now):
                    rebound = name
            desk.tell_rebound(rebound)
            self._names[desk] = _names_of(desk.columns.frame, variables)


def _names_of(frame: pd.DataFrame, variables: dict[str, Any]) -> set[str]:
    """Names that a person gave to a frame; IPython's own begin with a line."""
    return {name for name, value in list(variables.items()) if value is frame and name[:1] != "_"}


rebinding = Rebinding()
"""The one look after all annotators of this process."""
