"""What counts as an image of many channels, and which of its pixels count.

NumPy arrays, PyTorch tensors and dask arrays are told apart without importing the latter two:
an object can only be a tensor where its library is loaded already.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from lessonlib._validation import check_rank, with_nan

#: Pixels read at a time: 2 MiB of float64, small enough for a processor's cache.
CHUNK = 1 << 18

BATCH = "(N, C, H, W); a single image is images[np.newaxis]"
EITHER = "(C, H, W) or (N, C, H, W); one channel is image[np.newaxis]"


def is_tensor(images: Any) -> bool:
    """Whether `images` is a PyTorch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(images, torch.Tensor)


def is_dask(images: Any) -> bool:
    """Whether `images` is a dask array."""
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(images, dask_array.Array)


def check_nodata(nodata: Any) -> float | int | None:
    """Return `nodata` where it can mark pixels: ``None`` or any real number, NaN and ±inf too."""
    if nodata is None:
        return None
    if isinstance(nodata, bool | np.bool_) or not isinstance(nodata, numbers.Real):
        raise TypeError(
            f"nodata must be a number or None, got {nodata!r} ({type(nodata).__name__})"
        )
    return int(nodata) if isinstance(nodata, numbers.Integral) else float(nodata)


def check_images(name: str, images: Any, ranks: Collection[int], shapes: str) -> Any:
    """Return `images` as an array of real numbers with an allowed rank, or raise by `name`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    images : array_like, torch.Tensor or dask.array.Array
        What the caller passed.
    ranks : collection of int
        Numbers of axes allowed.
    shapes : str
        The shapes expected, for the message.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        `images` itself, or the array NumPy makes of it, with NaN where a pixel is masked.

    Raises
    ------
    TypeError
        Where the pixels are not real numbers.
    ValueError
        Where the rank is another, an axis is empty or of unknown length.
    """
    images = with_nan(name, images)
    if is_tensor(images):
        real = not (images.dtype.is_complex or str(images.dtype) == "torch.bool")
    else:
        images = images if is_dask(images) else np.asarray(images)
        real = images.dtype.kind in "iuf" and images.dtype.itemsize <= 8
    if not real:
        raise TypeError(
            f"{name} must hold real numbers of at most 64 bits, got dtype {images.dtype}"
        )
    if any(math.isnan(length) for length in images.shape):
        raise ValueError(
            f"{name} must have a known shape, got {images.shape}: call compute_chunk_sizes() first"
        )
    check_rank(name, images, ranks, shapes)
    return images


def as_batch(images: Any) -> Any:
    """Return ``(C, H, W)`` as ``(1, C, H, W)``, and ``(N, C, H, W)`` unchanged."""
    return images if images.ndim == 4 else images[None]


def result_dtype(dtype: np.dtype) -> np.dtype:
    """Return the floating type of results: float32 for pixels of up to 32 bits, else float64."""
    return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)


def nodata_as(dtype: np.dtype, nodata: float | int | None) -> Any:
    """Return `nodata` as pixels of `dtype` hold it, or ``None`` where they cannot.

    A float32 image that was filled with -9999.9 holds the float32 nearest to it, so the mark is
    rounded as the image was. No uint16 pixel can be -9999.
    """
    if nodata is None or math.isnan(nodata):
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        whole = math.isfinite(nodata) and float(nodata).is_integer()
        return int(nodata) if whole and limits.min <= nodata <= limits.max else None
    with np.errstate(over="ignore"):
        mark = dtype.type(nodata)
    return None if np.isinf(mark) and math.isfinite(nodata) else mark


def flat(plane: np.ndarray) -> np.ndarray:
    """Return one channel ``(H, W)`` as ``(H W,)`` in native byte order, a view where it can be."""
    line = plane.reshape(-1)
    return line if line.dtype.isnative else line.astype(line.dtype.newbyteorder("="))


def pieces(line: np.ndarray, length: int = CHUNK) -> Iterator[np.ndarray]:
    """Yield ``line`` in views of at most `length` pixels."""
    for start in range(0, line.size, length):
        yield line[start : start + length]


def refuse_infinite(count: int, channel: int) -> None:
    """Raise where `count` pixels of `channel` are infinite."""
    if count:
        raise ValueError(
            f"images must be finite or NaN, got {count} infinite pixel(s) in channel {channel}: "
            "replace them by NaN, or mark them with nodata=numpy.inf (or -numpy.inf)"
        )
