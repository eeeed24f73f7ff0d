"""Arrays of every library as those of numpy: tensors on any device, of any width of floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_array(value: Any) -> bool:
    """Tell an array or tensor of at least one axis; single numbers and PIL images are none."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    is_one = hasattr(value, "__array__") or hasattr(value, "__dlpack__")
    return is_one and getattr(value, "ndim", 0) > 0


def as_array(value: Any) -> NDArray[Any]:
    """Return an array, tensor or list as an array of numpy, without a copy where that can be.

    Parameters
    ----------
    value : array_like
        A tensor may need gradients, lie on any device and be sparse; floats that numpy does not
        have (bfloat16, 8 bits) become float32. A masked array stays one.

    Raises
    ------
    TypeError
        The tensor holds no numbers (torch's device "meta").
    ValueError
        A list's rows differ in length.
    """
    if isinstance(value, np.ndarray):
        return _widened(value)
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        return _of_torch(value)
    if type(value).__module__.partition(".")[0] == "cupy":
        return np.asarray(value.get())
    if isinstance(value, (list, tuple)) and any(hasattr(item, "detach") for item in value):
        value = [as_array(item) for item in value]
    return _widened(np.asarray(value))


def _of_torch(tensor: Any) -> NDArray[Any]:
    """Return the numbers of a tensor, which shares its memory where it lies in the main one."""
    try:
        tensor = tensor.detach().cpu()
        if str(tensor.layout) != "torch.strided":
            tensor = tensor.to_dense()
        if tensor.is_floating_point() and str(tensor.dtype) not in _WIDTHS:
            tensor = tensor.float()
        return np.asarray(tensor.resolve_conj().resolve_neg().numpy())
    except (RuntimeError, NotImplementedError) as error:
        raise TypeError(f"the tensor has no numbers that can be read: {error}") from error


_WIDTHS = ("torch.float16", "torch.float32", "torch.float64")


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    """Return floats that are no type of numpy's own (as JAX has them) as float32."""
    if array.dtype.kind == "V" and array.dtype.name.startswith(("bfloat", "float")):
        return array.astype(np.float32)
    return array
