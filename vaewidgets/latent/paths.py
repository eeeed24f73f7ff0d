"""Ways from one Gaussian, or one group of them, to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.gaussians import Gaussians, barycentre, transport_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATHS = ("optimal_transport", "linear", "spherical")

# Directions closer than this (radians) to equal or opposite have no usable great circle.
_SMALLEST_ANGLE = 1e-4


def path(
    start: Gaussians, end: Gaussians, n_steps: int, kind: str = "optimal_transport"
) -> Gaussians:
    """Walk from one Gaussian to another, end points included.

    Parameters
    ----------
    start, end : Gaussians of one row
    n_steps : int, at least 2
    kind : "optimal_transport", "linear" or "spherical"

    Returns
    -------
    Gaussians of n_steps rows
        Their means are the codes to decode; :func:`sample_along` gives a walk of samples.

    Notes
    -----
    The means of "optimal_transport" and "linear" are the same, (1 - t) m_0 + t m_1; what differs
    is the spread: optimal transport moves the whole Gaussian, s_t = (1 - t) s_0 + t s_1, while a
    linear or spherical mix w_0 z_0 + w_1 z_1 of two independent samples has
    s_t = sqrt(w_0^2 s_0^2 + w_1^2 s_1^2), narrower in the middle. "spherical" takes
    w_0 = sin((1 - t) a) / sin a and w_1 = sin(t a) / sin a, where a is the angle between the
    means; where the means are parallel, opposite or 0 there is no such arc and it is linear.

    References
    ----------
    Shoemake, Animating rotation with quaternion curves, 1985; White, Sampling generative
    networks, 2016; for optimal transport see :func:`vaewidgets.gaussians.transport_path`.

    Examples
    --------
    >>> ends = vae.posterior(images[[3, 8]])  # doctest: +SKIP
    >>> steps = path(ends[:1], ends[1:], 9)  # doctest: +SKIP
    >>> pictures = vae.inverse_transform(steps.mean)  # doctest: +SKIP
    """
    _check_gaussians(start, "start")
    _check_gaussians(end, "end")
    if kind not in PATHS:
        raise ValueError(f"kind must be one of {', '.join(PATHS)}, got {kind!r}")
    if isinstance(n_steps, bool) or not isinstance(n_steps, (int, np.integer)):
        given = n_steps if isinstance(n_steps, (str, float, bool)) else type(n_steps).__name__
        raise ValueError(f"`n_steps` is {given!r}; accepted: a whole number of at least 2")
    if n_steps < 2:
        raise ValueError(f"n_steps must be at least 2 (both ends are part of it), got {n_steps}")
    t = np.linspace(0.0, 1.0, n_steps)
    straight = transport_path(start, end, t)
    if kind == "optimal_transport":
        return straight
    weights = _spherical_weights(start, end, t) if kind == "spherical" else (1 - t, t)
    w_0, w_1 = (weight[:, None] for weight in weights)
    dtype = straight.mean.dtype
    mean = w_0 * start.mean + w_1 * end.mean
    std = np.hypot(w_0 * start.std, w_1 * end.std)
    return Gaussians(mean.astype(dtype), std.astype(dtype))


def group_path(
    start: Gaussians, end: Gaussians, n_steps: int, kind: str = "optimal_transport"
) -> Gaussians:
    """Walk from one group of images to another, from barycentre to barycentre.

    Parameters
    ----------
    start, end : Gaussians of at least one row each
        The posteriors of the groups' images.
    n_steps : int, at least 2
    kind : "optimal_transport", "linear" or "spherical"
        As in :func:`path`.

    Returns
    -------
    Gaussians of n_steps rows
        The first is the Wasserstein barycentre of ``start``, the last that of ``end``.

    Raises
    ------
    TypeError
        If a group is no Gaussians.
    ValueError
        If a group is empty, the dimensions differ, or :func:`path` refuses the rest.

    Examples
    --------
    >>> threes, eights = (vae.posterior(images[labels == k]) for k in (3, 8))  # doctest: +SKIP
    >>> pictures = vae.inverse_transform(group_path(threes, eights, 9).mean)  # doctest: +SKIP
    """
    ends = []
    for name, group in (("start", start), ("end", end)):
        _check_gaussians(group, name)
        if len(group) == 0:
            raise ValueError(f"`{name}` is a group of 0 Gaussians; accepted: at least 1")
        ends.append(barycentre(group))
    return path(ends[0], ends[1], n_steps, kind)


def _check_gaussians(value: Any, name: str) -> None:
    """Refuse what has no mean and spread, and say how to get them."""
    if not isinstance(value, Gaussians):
        raise TypeError(
            f"`{name}` is {type(value).__name__}; accepted: Gaussians, as vae.posterior(images) "
            "gives; codes without spread are Gaussians(codes, np.zeros_like(codes))"
        )


def sample_along(
    steps: Gaussians, rng: np.random.Generator | int | None = None
) -> NDArray[np.floating[Any]]:
    """Sample one code from each step of a path, with the same noise at every step.

    Parameters
    ----------
    steps : Gaussians of n rows
        From :func:`path` or :func:`group_path`.
    rng : numpy.random.Generator or int, optional
        Source of the noise, or its seed.

    Returns
    -------
    ndarray, shape (n, d), dtype of the means
        mean + std * eps with one eps ~ N(0, I) of shape (d,) for all steps: what changes from
        step to step is the path. Independent noise would make the decoded images flicker.
    """
    noise = np.random.default_rng(rng).standard_normal((1, steps.n_dims))
    return steps.mean + steps.std * noise.astype(steps.mean.dtype)


def _spherical_weights(
    start: Gaussians, end: Gaussians, t: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of both ends on the arc between them, or on the line where there is no arc."""
    a, b = (gaussian.mean[0].astype(np.float64) for gaussian in (start, end))
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths == 0:
        return 1 - t, t
    angle = np.arccos(np.clip(a @ b / lengths, -1.0, 1.0))
    if min(angle, np.pi - angle) < _SMALLEST_ANGLE:
        return 1 - t, t
    # At t = 0 and 1 the weights are 0 and 1 exactly: sin(angle) / sin(angle), sin(0).
    return np.sin((1 - t) * angle) / np.sin(angle), np.sin(t * angle) / np.sin(angle)
