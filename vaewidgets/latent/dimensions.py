"""Which latent dimensions say something about the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.gaussians import Gaussians, kl_to_standard

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def information(posterior: Gaussians) -> NDArray[np.floating[Any]]:
    """Mean KL divergence of each dimension to N(0, 1), in nats: what it tells about an image.

    Parameters
    ----------
    posterior : Gaussians, shape (n, d)

    Returns
    -------
    ndarray, shape (d,); about 0 for a dimension that the model does not use
    """
    return np.asarray(kl_to_standard(posterior).mean(axis=0))


def active_dimensions(means: ArrayLike, threshold: float = 0.01) -> NDArray[np.bool_]:
    """Tell which dimensions change with the image: Var_x(E[z | x]) > threshold.

    Parameters
    ----------
    means : array, shape (n, d)
        Posterior means of many images.
    threshold : float

    Returns
    -------
    ndarray of bool, shape (d,)

    References
    ----------
    Burda, Grosse and Salakhutdinov, Importance weighted autoencoders, 2016, section 5.2.
    """
    return np.asarray(np.asarray(means, dtype=np.float64).var(axis=0) > threshold)
