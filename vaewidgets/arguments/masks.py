"""Boolean masks, whose missing values select nothing, as in pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vaewidgets.arguments.arrays import as_array
from vaewidgets.arguments.frames import read_column


def rows_or_mask(value: Any) -> NDArray[Any]:
    """Return positions or a mask as an array; what is missing in a mask is False.

    Parameters
    ----------
    value : array, Series or list
        A mask is booleans of numpy, of a nullable, Arrow or polars column, of a masked array, or
        objects that are all booleans or missing (None, NaN, NA), as ``str.contains`` gives. The
        index of a Series plays no part.

    Returns
    -------
    ndarray
        Of bool for a mask; anything else as numpy takes it, for the caller to check.
    """
    value = read_column(value)
    if isinstance(value, np.ma.MaskedArray) and value.dtype == np.bool_:
        return np.asarray(value.filled(False))
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and pd.api.types.is_bool_dtype(dtype):
        return np.asarray(pd.Series(value).to_numpy(dtype=np.bool_, na_value=False))
    array = as_array(value)
    if array.dtype != object or array.ndim != 1:
        return array
    is_known = [isinstance(item, (bool, np.bool_)) for item in array]
    if any(is_known) and all(pd.isna(array) | is_known):
        return np.array(
            [known and bool(item) for item, known in zip(array, is_known, strict=True)]
        )
    return array
