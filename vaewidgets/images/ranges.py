"""What numbers mean black and white: stated by the file, said by the caller, or assumed aloud.

8 bits always go from 0 to 255. Of more bits the type says little: a camera of 12 bits writes 16,
a mask of ten classes is kept in 32. What was assumed is put in words for ``images.notice``.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ValueRange = Literal["type", "data"] | tuple[float, float] | None

# How far beyond black and white a rounding may take a number, as a share of the range.
_ROUNDING = 1e-6
_SET = 'value_range="data" or (low, high) sets another'


def parse_value_range(value: Any) -> ValueRange:
    """Check the argument ``value_range``.

    Raises
    ------
    ValueError
        It is no word or pair of finite numbers, the second larger, that is accepted.
    """
    if value is None:
        return None
    if isinstance(value, str) and value in ("type", "data"):
        return "type" if value == "type" else "data"
    try:
        low, high = (float(number) for number in value)
        if isinstance(value, str) or not (np.isfinite([low, high]).all() and low < high):
            raise ValueError("no range")
    except (TypeError, ValueError) as error:
        raise ValueError(
            'value_range must be "type", "data" or (low, high) with low < high, the numbers that '
            f"mean black and white, or None; got {value!r}"
        ) from error
    return low, high


@dataclass
class Brightness:
    """Turns numbers of more than 8 bits into brightness, and notes what it assumed.

    Parameters
    ----------
    value_range : "type", "data", (low, high) or None
        As ``load_images`` takes it.
    learning : bool
        While True, :meth:`scale` only looks for the smallest and largest number.
    """

    value_range: ValueRange = None
    learning: bool = False
    _found: tuple[float, float] | None = None
    _n_assumed: int = 0
    _brightest: float = 0
    _assumed: tuple[float, float] = (0, 0)
    _n_cut: int = 0
    # Several images are read beside each other.
    _noting: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether the range is that of the data, which were not looked at yet."""
        return self.value_range == "data" and self._found is None and not self.learning

    def learn(self, values: NDArray[Any]) -> None:
        """Widen the range to that of some numbers; NaN and infinity play no part."""
        if values.dtype.kind == "f":
            values = values[np.isfinite(values)]
        if values.size:
            low, high = float(values.min()), float(values.max())
            old = self._found or (low, high)
            self._found = min(low, old[0]), max(high, old[1])

    def scale(
        self, values: NDArray[Any], first: int = 0, stated: tuple[float, float] | None = None
    ) -> NDArray[Any]:
        """Return numbers as float32 from 0 (black) to 1 (white), those of floats as they are.

        Parameters
        ----------
        values : ndarray, shape (n, height, width, channels)
            Of integers or floats.
        first : int
            Number of the first image, for messages.
        stated : (low, high), optional
            What the file says that black and white are.

        Raises
        ------
        TypeError
            Nothing says what the numbers mean.
        ValueError
            Some lie outside the range, or are NaN or infinite.
        """
        if self.learning:
            self.learn(values)
            return np.zeros(values.shape, np.float32)
        low, high = self.range_of(values.dtype, stated)
        if values.dtype.kind == "f" and (low, high) == (0, 1):
            return _check_floats(values, first)
        smallest, largest = values.min(), values.max()
        slack = _ROUNDING * (high - low) if values.dtype.kind == "f" else 0
        if not (smallest >= low - slack and largest <= high + slack):  # also for NaN
            _refuse_nonfinite(values, first)
            raise ValueError(
                f"image {first + _first_outside(values, low - slack, high + slack)} goes beyond "
                f"{low:g} to {high:g}, its numbers lie outside: the numbers here go from "
                f"{smallest:.6g} to {largest:.6g}; value_range=(low, high) says what they mean"
            )
        if stated is None and values.dtype.kind != "f" and self.value_range in (None, "type"):
            with self._noting:
                self._n_assumed += 1
                self._assumed = low, high
                self._brightest = max(self._brightest, float(largest))
        scaled = (values.astype(np.float64) - low) / (high - low or 1)
        brightness: NDArray[np.float32] = np.clip(scaled, 0, 1).astype(np.float32)
        return brightness

    def range_of(
        self, dtype: np.dtype[Any], stated: tuple[float, float] | None = None
    ) -> tuple[float, float]:
        """Return what numbers are black and white.

        Raises
        ------
        TypeError
            Nothing says it.
        """
        if isinstance(self.value_range, tuple):
            return self.value_range
        if self.value_range == "data" and self._found is not None:
            return self._found
        if dtype.kind == "f":
            return 0, 1
        if stated is not None:
            return stated
        if (dtype.kind, dtype.itemsize) == ("u", 2) or self.value_range == "type":
            return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
        raise TypeError(
            f"images of type {dtype} have no known range: pass value_range=(low, high), "
            'the numbers that mean black and white, value_range="data" to take the smallest and '
            "largest there are, or images.astype('uint8') if the values are 0 to 255"
        )

    def note_cut(self) -> None:
        """Note a colour image of 16 bits a channel, of which the decoder kept the upper 8."""
        with self._noting:
            self._n_cut += not self.learning

    @property
    def notice(self) -> str:
        """Say in a line what was assumed, "" if nothing was."""
        lines = []
        if self._found is not None:
            low, high = self._found
            lines.append(f"brightness goes from {low:g} to {high:g}, as found in the data")
        elif self._n_assumed and self._brightest <= self._assumed[1] / 2:
            # Above half of it no fewer bits would do: nothing is assumed then.
            low, high = self._assumed
            lines.append(
                f"numbers of more than 8 bits were taken to go from {low:g} to {high:g}, the "
                f"largest is {self._brightest:g}; {_SET}"
            )
        if self._n_cut:
            lines.append(
                f"{self._n_cut} colour images of 16 bits a channel were taken to go from 0 to "
                "65535 and read at 8 bits"
            )
        return "; ".join(lines)


def _check_floats(values: NDArray[Any], first: int) -> NDArray[Any]:
    """Refuse floats outside [0, 1], naming the first image at fault; cut what a rounding left."""
    low, high = values.min(), values.max()
    if low >= 0.0 and high <= 1.0:  # also False for NaN
        return values
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        cut: NDArray[Any] = np.clip(values, 0, 1)
        return cut
    _refuse_nonfinite(values, first)
    at = _first_outside(values, -_ROUNDING, 1 + _ROUNDING)
    low, high = values[at].min(), values[at].max()
    if low >= 0 and high <= 255:
        remedy = "divide by 255" if high > 16 else f"divide by the largest value, {high:.3g} here"
    elif low >= -1 and high <= 1:
        remedy = "bring [-1, 1] to [0, 1] with (images + 1) / 2"
    else:
        remedy = "subtract the smallest and divide by the largest value"
    raise ValueError(
        f"float images must lie in [0, 1], but image {first + at} goes from {low:.4g} to "
        f"{high:.4g}: {remedy}, or say by value_range=(low, high) what numbers outside of it mean"
    )


def _refuse_nonfinite(values: NDArray[Any], first: int) -> None:
    """Refuse NaN and infinity, naming the first image that holds any."""
    is_finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if is_finite.all():
        return
    at = int(np.argmin(is_finite))
    found = "NaN" if np.isnan(values[at]).any() else "infinity"
    raise ValueError(
        f"image {first + at} holds {found}: leave such images out, or replace the values, for "
        "example with numpy.nan_to_num"
    )


def _first_outside(values: NDArray[Any], low: float, high: float) -> int:
    """Return the place of the first image with a number outside of a range."""
    flat = values.reshape(len(values), -1)
    return int(np.argmax(~((flat >= low) & (flat <= high)).all(axis=1)))
