"""Checks of images that every function of the topic shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessonlib._validation import check_rank


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
    array = np.asarray(image)
    check_rank(name, array, (2,), "(H, W)")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
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
    array = np.asarray(mask)
    if array.shape != shape:
        raise ValueError(f"{name} must have the image's shape {shape}, got shape {array.shape}")
    if array.dtype.kind != "b":
        raise TypeError(f"{name} must be boolean, got {array.dtype}")
    return array
