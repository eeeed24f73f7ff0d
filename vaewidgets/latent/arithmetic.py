"""Changing codes: one dimension at a time, or along what tells two groups apart."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from vaewidgets.gaussians import Gaussians, as_numbers, code_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def attribute_direction(
    with_: Gaussians | ArrayLike, without: Gaussians | ArrayLike
) -> NDArray[np.floating[Any]]:
    """Direction in latent space from images without an attribute to images with it.

    Parameters
    ----------
    with_, without : Gaussians or array, shapes (n, d) and (m, d), at least one row each
        Codes of the two groups; of Gaussians the means count. Take groups, not one pair: what
        else differs between two images averages out between many.

    Returns
    -------
    ndarray, shape (d,), float32, or float64 where a group is
        The mean of the codes with the attribute minus the mean of those without it; for
        :func:`move_along`, where 1 is the whole way from group to group.

    Raises
    ------
    ValueError
        If a group is empty, is no table of finite numbers, or has other dimensions.

    References
    ----------
    Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional
    generative adversarial networks, 2016, section 6.3.2 (vector arithmetic, averaged); White,
    Sampling generative networks, 2016, section 3.1 (attribute vectors).

    Examples
    --------
    >>> smile = attribute_direction(codes[smiling], codes[~smiling])  # doctest: +SKIP
    >>> vae.inverse_transform(move_along(codes[:1], smile, [0, 0.5, 1]))  # doctest: +SKIP
    """
    groups = {"with_": code_table(with_, "with_"), "without": code_table(without, "without")}
    for name, codes in groups.items():
        if len(codes) == 0:
            raise ValueError(f"`{name}` is a group of 0 codes; accepted: at least 1")
    a, b = groups.values()
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"`without` is a group of {b.shape[1]} dimensions; accepted: {a.shape[1]}, as many "
            "as `with_` has"
        )
    difference = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    return np.asarray(difference, dtype=np.result_type(a, b))


def move_along(
    codes: ArrayLike, direction: ArrayLike, amounts: ArrayLike
) -> NDArray[np.floating[Any]]:
    """Move codes by multiples of a direction.

    Parameters
    ----------
    codes : array, shape (d,) or (n, d)
    direction : array, shape (d,)
        From :func:`attribute_direction`, for example.
    amounts : number or array, shape (m,)
        How far: 0 is the code itself, 1 adds the direction once, -1 takes it away. One number
        for all codes, one for each code, or many for a single code.

    Returns
    -------
    ndarray, shape (n, d) or (m, d), float32 or float64 as the codes are

    Raises
    ------
    ValueError
        If an argument holds no finite numbers or the shapes do not fit.
    """
    rows, step = _rows(codes, "codes"), _one_row(direction, "direction")
    if step.shape[1] != rows.shape[1]:
        raise ValueError(
            f"`direction` is an array of shape {np.shape(direction)}; accepted: shape "
            f"({rows.shape[1]},)"
        )
    factors = _numbers(amounts, "amounts")
    if len(rows) > 1 and len(factors) not in (1, len(rows)):
        raise ValueError(
            f"`amounts` is {len(factors)} numbers; accepted: 1 or {len(rows)}, one for each code"
        )
    moved = rows + factors[:, np.newaxis] * step.astype(np.float64)
    return moved.astype(rows.dtype)


def traverse(code: ArrayLike, dimension: int, values: ArrayLike) -> NDArray[np.floating[Any]]:
    """Repeat a code so that one dimension takes each of the given values.

    Parameters
    ----------
    code : array, shape (d,)
    dimension : int, 0 to d - 1
    values : array, shape (m,), finite numbers

    Returns
    -------
    ndarray, shape (m, d), float32 or float64 as the code is

    Raises
    ------
    ValueError
        If the code or the values are no finite numbers or have another shape, or there is no
        such dimension.

    Examples
    --------
    >>> code = vae.transform(images[[3]])[0]  # doctest: +SKIP
    >>> pictures = vae.inverse_transform(traverse(code, 0, [-2, -1, 0, 1, 2]))  # doctest: +SKIP
    """
    row, steps = _one_row(code, "code"), _numbers(values, "values")
    codes = np.tile(row, (len(steps), 1))
    if np.asarray(code).dtype.kind != "f":
        codes = codes.astype(np.float32)
    codes[:, _which(dimension, row.shape[1])] = steps
    return codes


def _rows(codes: ArrayLike, name: str) -> NDArray[np.floating[Any]]:
    """Return a code, or a table of codes, as a table of finite numbers."""
    if isinstance(codes, Gaussians):
        raise TypeError(f"`{name}` is Gaussians; accepted: an array of codes, such as their .mean")
    array = as_numbers(codes, name)
    return code_table(array[np.newaxis] if array.ndim == 1 else array, name)


def _one_row(code: ArrayLike, name: str) -> NDArray[np.floating[Any]]:
    """Return a single code as a table of one row."""
    rows = _rows(code, name)
    if np.ndim(code) != 1:
        raise ValueError(f"`{name}` is an array of shape {rows.shape}; accepted: shape (d,)")
    return rows


def _numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a number or a row of numbers, all finite, as a row."""
    array = np.atleast_1d(as_numbers(values, name))
    if array.ndim > 1:
        raise ValueError(
            f"`{name}` is an array of shape {array.shape}; accepted: a number or shape (m,)"
        )
    return code_table(array[:, np.newaxis], name)[:, 0].astype(np.float64)


def _which(dimension: Any, n_dims: int) -> int:
    """Return the number of a dimension that exists."""
    try:
        number = operator.index(dimension)
    except TypeError:
        number = -1
    if isinstance(dimension, (bool, np.bool_)) or not 0 <= number < n_dims:
        raise ValueError(
            f"`dimension` is {dimension!r}; accepted: a whole number from 0 to {n_dims - 1}"
        )
    return number
