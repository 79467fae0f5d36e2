"""Checks of images that every function of the topic shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessonlib._validation import check_numbers, check_rank, plain_array, with_mask


def as_image(name: str, image: Any) -> np.ndarray:
    """Return an image as float64 ``(H, W)``, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    image : array_like, shape (H, W)
        Finite numbers.

    Returns
    -------
    numpy.ndarray of float64, shape (H, W)

    Raises
    ------
    TypeError
        Where it holds no real numbers.
    ValueError
        Where it has another number of axes, is empty, or a pixel is not finite.
    """
    return _finite(name, check_numbers(name, image))


def as_masked_image(name: str, image: Any, mask: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return an image as float64 ``(H, W)`` with the pixels to leave out, or raise by `name`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    image : array_like, shape (H, W)
        A mask of its own counts as well; what lies under a mask may be NaN and becomes 0.
    mask : array_like of bool, shape (H, W), optional

    Returns
    -------
    image : numpy.ndarray of float64, shape (H, W)
    mask : numpy.ndarray of bool, shape (H, W), or None

    Raises
    ------
    TypeError, ValueError
        As :func:`as_image` and :func:`as_mask`, or where everything is masked.
    """
    array, out = with_mask(name, image)
    if mask is not None:
        mask = as_mask("mask", mask, array.shape)
        out = mask if out is None else out | mask
    if out is None:
        return as_image(name, array), None
    if out.all():
        raise ValueError(f"{name} must have pixels that are not masked, got none")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
    return _finite(name, np.where(out, 0, array)), out


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    check_rank(name, array, (2,), "(H, W)")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"{name} must be finite, got {array[row, column]} at row {row}, column {column}; "
            "mend or mask such pixels first"
        )
    return array


def as_mask(name: str, mask: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return a boolean mask of the image's shape, or raise an error that names the argument."""
    array = plain_array(name, mask)
    if array.shape != shape:
        raise ValueError(f"{name} must have the image's shape {shape}, got shape {array.shape}")
    if array.dtype.kind != "b":
        raise TypeError(f"{name} must be boolean, got {array.dtype}")
    return array
