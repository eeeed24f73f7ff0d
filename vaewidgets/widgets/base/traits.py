"""Public traits: numbers and arrays in Python, observed and linked as ipywidgets' own are."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Float, TraitType

if TYPE_CHECKING:
    from vaewidgets.widgets.base.widget import BaseWidget


class Held(np.ndarray[Any, Any]):
    """An array as an event carries it: equal to another one as a whole, or not.

    ipywidgets' ``link`` asks ``value != change.new``, to which an array gives as many answers as
    it has entries. What is computed of it, parts too, is a plain array.
    """

    def __eq__(self, other: Any) -> bool:
        return np.array_equal(np.asarray(self), np.asarray(other))

    def __ne__(self, other: Any) -> bool:
        return not self == other

    __hash__ = None

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    def __array_wrap__(self, array: Any, _context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)


def held(array: NDArray[Any]) -> Held:
    """Return a read-only view of an array, for an event."""
    view = array.view(Held)
    view.flags.writeable = False
    return view


class ArrayTrait(TraitType[NDArray[Any], Any]):
    """An array that is bytes in the page.

    Reading it gives a copy, which can be changed without changing the widget. What cannot be
    taken from the page is shown in the widget, and the value before stays.
    """

    default_value = held(np.zeros(0))

    def __init__(self) -> None:
        super().__init__()
        self.tag(sync=True, to_json=self._to_page, from_json=self._from_page)

    def check(self, widget: Any, value: Any) -> NDArray[Any]:
        """Return what a person set as an array, or refuse it in words."""
        raise NotImplementedError

    def pack(self, widget: Any, array: NDArray[Any]) -> bytes:
        """Return the bytes of an array."""
        raise NotImplementedError

    def unpack(self, widget: Any, data: bytes) -> NDArray[Any]:
        """Return the array of bytes from the page, or refuse them in words."""
        raise NotImplementedError

    def get(self, obj: Any, cls: Any = None) -> NDArray[Any]:
        """Return a copy of the array."""
        return np.array(obj._trait_values.get(self.name, self.default_value))

    def validate(self, obj: Any, value: Any) -> Held:
        """Check a value and make it one that an event can carry."""
        return held(self.check(obj, value))

    def _to_page(self, value: NDArray[Any], widget: Any) -> bytes:
        return self.pack(widget, value)

    def _from_page(self, value: Any, widget: BaseWidget) -> NDArray[Any]:
        try:
            if not isinstance(value, (bytes, bytearray, memoryview)):
                raise TypeError(f"the page must send {self.name} as bytes, got {value!r:.60}")
            return self.unpack(widget, bytes(value))
        except Exception as error:  # noqa: BLE001  (whatever it is, the person must see it)
            widget._fail({}, error)
            before: NDArray[Any] = getattr(widget, str(self.name))
            return before


class Number(Float[float, Any]):
    """A float that takes numpy's numbers of every width too."""

    def validate(self, obj: Any, value: Any) -> float:
        """Make any real number a float."""
        is_real = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
        number: float = super().validate(obj, float(value) if is_real else value)
        return number


def is_from_page(widget: Any, name: str) -> bool:
    """Tell whether a trait is being set by the page rather than by Python."""
    return name in widget._property_lock
