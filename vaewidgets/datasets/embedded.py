"""Collections that come with the installed packages: nothing is downloaded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vaewidgets.images import Images


def load_digits() -> tuple[Images, pd.DataFrame]:
    """Load 1,797 handwritten digits of 8 x 8 pixels; nothing is downloaded.

    Returns
    -------
    images : Images
        Gray uint8, 0 to 255 (the 17 levels of the original spread evenly).
    table : DataFrame
        One row for each image, with the column ``digit`` (0 to 9, an unordered category, so
        that it is coloured as classes and not as a quantity).

    References
    ----------
    Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI repository, 1998; the test
    part, embedded in scikit-learn.
    """
    from sklearn.datasets import load_digits as embedded

    digits = embedded()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    table = pd.DataFrame({"digit": pd.Categorical(digits.target, categories=range(10))})
    return Images(images[..., np.newaxis]), table
