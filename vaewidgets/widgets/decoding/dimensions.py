"""What is known of each latent dimension: how much it tells, and where its codes lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets import latent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.gaussians import Gaussians

    Floats = NDArray[np.floating[Any]]

PERCENTILES = (1, 99)
PRIOR_REACH = 3.0  # standard deviations of the prior, or of the codes, at each end of a slider
MOST_NATS = 1e6  # a posterior without width tells infinitely much, which is no number to show
FEWEST_NATS = 0.01
FEWEST_SHARE = 1e-6


class Tracks:
    """The tracks of the sliders.

    Parameters
    ----------
    model : object
        A snapshot by :func:`vaewidgets.latent.as_model`.
    codes : ndarray, shape (n, d), or None
        Codes of the collection.
    posterior : Gaussians or None
        Their spread, where the model knows it.
    """

    def __init__(self, model: Any, codes: Floats | None, posterior: Gaussians | None) -> None:
        self._model = model
        self._has_prior = latent.has_posterior(model)
        self._posterior = posterior
        self._codes = codes
        self._range = None if codes is None else np.percentile(codes, PERCENTILES, axis=0)

    def information(self, shown: Gaussians) -> tuple[Floats, str, NDArray[np.bool_]]:
        """How much each dimension tells, in which unit, and which tell anything at all.

        Parameters
        ----------
        shown : Gaussians of one row
            Code of the image shown, all there is to go by without a collection.
        """
        n_dims = shown.n_dims
        if self._has_prior:
            nats = latent.information(shown if self._posterior is None else self._posterior)
            return np.minimum(nats, MOST_NATS), "nats", self._active(nats)
        share = self._known("explained_variance_ratio_", n_dims)
        if share is not None:
            return 100 * share, "%", share > FEWEST_SHARE
        if self._codes is not None:
            spread = self._codes.std(axis=0)
            return spread, "sd", spread > 0
        return np.zeros(n_dims), "", np.ones(n_dims, dtype=bool)

    def limits(self, shown: Gaussians, code: Floats) -> tuple[Floats, Floats]:
        """Lowest and highest value of each slider: all that is shown on it lies inside."""
        mean, std = shown.mean[0].astype(np.float64), shown.std[0].astype(np.float64)
        scale = self._scale(mean)
        lows = [-PRIOR_REACH * scale, mean - 3 * std, mean]
        highs = [PRIOR_REACH * scale, mean + 3 * std, mean]
        if self._range is not None:
            margin = 0.25 * (self._range[1] - self._range[0])
            lows.append(self._range[0] - margin)
            highs.append(self._range[1] + margin)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        # A code outside stands a little off the end, where the slider can still be taken.
        beyond = 0.05 * np.abs(code)
        return (
            np.where(code < low, code - beyond, low),
            np.where(code > high, code + beyond, high),
        )

    def packed_range(self) -> bytes:
        """1st and 99th percentile of the collection as float32 (2, d); empty without one."""
        return b"" if self._range is None else self._range.astype("<f4").tobytes()

    def _active(self, nats: Floats) -> NDArray[np.bool_]:
        """Tell which dimensions the model uses, by the best evidence there is."""
        if self._codes is not None and len(self._codes) > 1:
            return latent.active_dimensions(self._codes)
        known = self._known("active_dimensions_", len(nats))
        return nats > FEWEST_NATS if known is None else known.astype(bool)

    def _scale(self, mean: Floats) -> Floats:
        """Return the standard deviation that codes have, as far as it is known."""
        if self._has_prior:
            return np.ones_like(mean)
        variance = self._known("explained_variance_", len(mean))
        if variance is not None:
            return np.sqrt(np.maximum(variance, 0.0))
        if self._codes is not None:
            return np.zeros_like(mean)  # the percentiles say it
        return np.maximum(1.0, np.abs(mean))

    def _known(self, name: str, n_dims: int) -> Floats | None:
        """Return an attribute of the model with a number for each dimension."""
        model = getattr(self._model, "transformer", self._model)
        values = getattr(model, name, None)
        if values is None or np.shape(values) != (n_dims,):
            return None
        return np.asarray(values)
