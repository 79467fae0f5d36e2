"""Bands of NumPy, PyTorch or dask: converted to float64, masked and handed back in kind.

Neither PyTorch nor dask is imported here: an array of theirs can only arrive where its library is
loaded already.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from lessonlib._validation import with_nan, without_mask
from lessonlib.scientific._images import is_dask, is_tensor


def library(array: Any) -> ModuleType:
    """Return the module whose functions take `array`: ``numpy``, ``torch`` or ``dask.array``."""
    if is_tensor(array):
        return sys.modules["torch"]
    return sys.modules["dask.array"] if is_dask(array) else np


def as_band(name: str, band: Any, kinds: str = "iuf") -> Any:
    """Return `band` as an array of real numbers, or raise by `name`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    band : array_like, torch.Tensor or dask.array.Array
        What the caller passed. What is masked becomes NaN, and is refused among whole numbers.
    kinds : str
        Kinds of NumPy dtypes allowed: ``"iuf"`` for numbers, ``"iu"`` for whole numbers.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array

    Raises
    ------
    TypeError
        Where the numbers are of another kind.
    """
    band = without_mask(name, band) if kinds == "iu" else with_nan(name, band)
    if is_tensor(band):
        kind = "f" if band.dtype.is_floating_point else "i"
        if band.dtype.is_complex or str(band.dtype) == "torch.bool":
            kind = "b"
    else:
        band = band if is_dask(band) else np.asarray(band)
        kind = band.dtype.kind
    if kind not in kinds:
        wanted = "whole numbers" if kinds == "iu" else "real numbers"
        raise TypeError(f"{name} must hold {wanted}, got dtype {band.dtype}")
    return band


def to_float64(band: Any) -> Any:
    """Return `band` in float64, in which the sums of any sensor's numbers are safe."""
    if is_tensor(band):
        return band.to(library(band).float64)
    return band.astype(np.float64)


def floating(bands: list) -> Any:
    """Return the floating type for a result of `bands` that holds every number of theirs.

    float32 for whole numbers of up to 16 bits and floats of up to 32, else float64: from 2²⁴ on
    float32 skips whole numbers.
    """
    narrow = all(
        band.dtype.itemsize <= (4 if is_floating(band) else 2) for band in bands
    )  # fmt: skip
    kinds = library(bands[0]) if is_tensor(bands[0]) else np
    return kinds.float32 if narrow else kinds.float64


def is_floating(band: Any) -> bool:
    """Whether `band` holds floats."""
    return band.dtype.is_floating_point if is_tensor(band) else band.dtype.kind == "f"


def cast(band: Any, dtype: Any) -> Any:
    """Return `band` in `dtype` of its own library."""
    return band.to(dtype) if is_tensor(band) else band.astype(dtype)


def blank(band: Any, where: Any) -> Any:
    """Return `band`, of floats, with NaN in every pixel of `where`."""
    return library(band).where(where, float("nan"), band)


def one_library(**bands: Any) -> None:
    """Raise where some bands are arrays of one library and some of another."""
    kinds = {name: library(band).__name__ for name, band in bands.items()}
    if len(set(kinds.values())) > 1:
        listed = ", ".join(f"{name} of {kind}" for name, kind in kinds.items())
        raise TypeError(f"bands must be arrays of one library, got {listed}")


def one_shape(**bands: Any) -> None:
    """Raise where the shapes of some bands differ."""
    shapes = {name: tuple(band.shape) for name, band in bands.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"bands must have one shape, got {listed}: bring them to one grid first")
