"""The selection of a map: positions in Python, a bitset in the page."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaewidgets.widgets.base.traits import ArrayTrait, held
from vaewidgets.widgets.map.rows import as_rows, check_bits, pack_rows, unpack_rows

NO_MAP = "there is no map: this widget was made without a collection; pass images= to have one"


class Selection(ArrayTrait):
    """Positions of the selected points, ascending: ndarray of int64.

    Set it to positions, a slice, a boolean mask, or None. ``images[widget.selection]`` are the
    selected images.

    Notes
    -----
    ``observe(handler, names="selection")``, ``ipywidgets.link`` and ``dlink`` give and take
    positions. ``jslink`` joins the selections of two maps of the same images: in the page a
    selection is a bitset, lowest bit first, and no bytes are none. Link other widgets to it in
    Python, where a transform can be given.
    """

    default_value = held(np.zeros(0, np.int64))

    def check(self, widget: Any, value: Any) -> NDArray[np.int64]:
        """Return what a person selects as positions."""
        if value is not None and widget._n == 0 and np.size(value):
            raise ValueError(NO_MAP)
        return as_rows(value, widget._n)

    def pack(self, widget: Any, array: NDArray[Any]) -> bytes:
        """Return the bitset of positions."""
        return pack_rows(array, widget._n) if len(array) else b""

    def unpack(self, widget: Any, data: bytes) -> NDArray[np.int64]:
        """Return the positions of a bitset that the page sent."""
        check_bits(data, widget._n)
        return unpack_rows(data, widget._n)
