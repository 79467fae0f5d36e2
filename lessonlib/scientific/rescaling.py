"""Subtract, divide and clip channel by channel, in float64, without copies of the whole image.

Pixels of 8 or 16 bits take at most 65,536 values, so the arithmetic is done once per *value*:
a table holds the answers and the image is looked up in it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lessonlib._validation import check_number, check_numbers
from lessonlib.scientific._images import (
    EITHER,
    as_batch,
    check_images,
    check_nodata,
    flat,
    is_dask,
    is_tensor,
    nodata_as,
    pieces,
    refuse_infinite,
    result_dtype,
)
from lessonlib.scientific.percentiles import channel_percentiles


class Scaling(NamedTuple):
    """What happens to each channel: ``(clip(x, lower, upper) - lower) / width``, all ``(C,)``.

    Without `upper` nothing is clipped.
    """

    lower: Any
    width: Any
    upper: Any = None

    @classmethod
    def between(cls, lower: Any, upper: Any) -> Scaling:
        """Return the scaling that takes ``[lower, upper]`` to ``[0, 1]``, and a point to 0."""
        width = upper - lower
        width[width == 0] = np.inf
        return cls(lower, width, upper)

    def channel(self, c: int) -> Scaling:
        """Return the numbers of channel `c`."""
        return Scaling(*(None if part is None else float(part[c]) for part in self))


def rescale_values(x: np.ndarray, to: Scaling, mark: Any, channel: int) -> np.ndarray:
    """Return the pixels `x` ``(n,)`` rescaled in float64, NaN where `x` is missing.

    They are clipped in the image's own unit: ``upper - lower`` divided by itself is exactly 1.
    """
    if x.dtype.kind == "f":
        infinite = np.isinf(x)
        if mark is not None:
            infinite &= x != mark
        refuse_infinite(int(np.count_nonzero(infinite)), channel)
    y = x.astype(np.float64)
    if mark is not None:
        y[x == mark] = np.nan
    if to.upper is not None:
        np.clip(y, to.lower, to.upper, out=y)
    y -= to.lower
    y /= to.width
    return y


def _rescale_plane(
    plane: np.ndarray, out: np.ndarray, to: Scaling, nodata: float | int | None, channel: int
) -> None:
    source, target = flat(plane), out.reshape(-1)
    mark = nodata_as(source.dtype, nodata)
    bits = 8 * source.dtype.itemsize
    if source.dtype.kind in "iu" and bits <= 16 and source.size >= 1 << bits:
        import cv2

        codes = np.arange(1 << bits, dtype=f"u{source.dtype.itemsize}")
        table = rescale_values(codes.view(source.dtype), to, mark, channel).astype(out.dtype)
        # Shapes (1, n) are what OpenCV calls a matrix; with them it writes to `target` itself.
        pixels = source.view(codes.dtype).reshape(1, -1)
        cv2.LUT(pixels, table.reshape(1, -1), dst=target.reshape(1, -1))
    else:
        for x, y in zip(pieces(source), pieces(target), strict=True):
            y[...] = rescale_values(x, to, mark, channel)


def rescale_block(
    block: np.ndarray, to: Scaling, nodata: float | int | None, first_channel: int = 0
) -> np.ndarray:
    """Return an in-memory batch ``(N, C, H, W)`` rescaled channel by channel.

    `first_channel` is where the block lies in a larger image, for the messages.
    """
    out = np.empty(block.shape, result_dtype(block.dtype))
    for image, target in zip(block, out, strict=True):
        for c, plane in enumerate(image):
            _rescale_plane(plane, target[c], to.channel(c), nodata, first_channel + c)
    return out


def rescale(images: Any, to: Scaling, nodata: float | int | None) -> Any:
    """Rescale checked `images` of any of the three kinds; the result has their shape."""
    batch = as_batch(images)
    if is_tensor(batch):
        from lessonlib.scientific._torch import tensor_rescale

        result = tensor_rescale(batch, to, nodata)
    elif is_dask(batch):
        from lessonlib.scientific._dask import dask_rescale

        result = dask_rescale(batch, to, nodata)
    else:
        result = rescale_block(batch, to, nodata)
    return result if images.ndim == 4 else result[0]


def clip_and_rescale(images: Any, lower: Any, upper: Any, nodata: float | int | None = None) -> Any:
    """Clip each channel to a range of its own and rescale that range to ``[0, 1]``.

    Parameters
    ----------
    images : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
        Pixels of any integer or floating type.
    lower, upper : array_like, shape (C,)
        The range of each channel, in the unit of `images`: percentiles of the *training* images,
        say. Where the two coincide the channel becomes zeros.
    nodata : float or int, optional
        The value that marks missing pixels, which become NaN.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array, of the shape of `images`
        Within ``[0, 1]``, or NaN where a pixel is missing. float32 for pixels of up to 32 bits,
        float64 for wider ones.

    Raises
    ------
    TypeError
        Where `images` holds no real numbers or `nodata` is no number.
    ValueError
        Where a bound is not finite, `lower` exceeds `upper`, a shape is another, or a pixel is
        infinite.

    Examples
    --------
    >>> import numpy as np
    >>> clip_and_rescale(np.array([[[0, 100, 200, 300]]]), [100], [300])
    array([[[0. , 0. , 0.5, 1. ]]])
    """
    images = check_images("images", images, (3, 4), EITHER)
    nodata = check_nodata(nodata)
    channels = images.shape[-3]
    bounds = []
    for name, bound in {"lower": lower, "upper": upper}.items():
        bound = check_numbers(name, bound).astype(np.float64)
        if bound.shape != (channels,) or not np.isfinite(bound).all():
            raise ValueError(
                f"{name} must hold a finite number for each of the {channels} channels, got {bound}"
            )
        bounds.append(bound)
    if (bounds[0] > bounds[1]).any():
        raise ValueError(f"lower must not exceed upper, got {bounds[0]} and {bounds[1]}")
    if is_tensor(images):
        import torch

        bounds = [torch.as_tensor(b, dtype=torch.float64, device=images.device) for b in bounds]
    return rescale(images, Scaling.between(*bounds), nodata)


def percentile_clip(images: Any, low: float, high: float, nodata: float | int | None) -> Any:
    """Clip each image's channels to its own percentiles; see ``MultiChannelNormalizer``."""
    images = check_images("image", images, (3, 4), EITHER)
    low = check_number("low", low, minimum=0, maximum=100)
    high = check_number("high", high, minimum=0, maximum=100)
    if low >= high:
        raise ValueError(f"low must be less than high, got {low} and {high}")
    if images.ndim == 4:
        clipped = [percentile_clip(image, low, high, nodata)[None] for image in images]
        return _concatenate(clipped)
    if is_dask(images):
        from lessonlib.scientific._dask import dask_percentile_clip

        return dask_percentile_clip(images[None], low, high, check_nodata(nodata))[0]
    lower, upper = channel_percentiles(images, (low, high), nodata)
    return rescale(images, Scaling.between(lower, upper), nodata)


def _concatenate(arrays: list[Any]) -> Any:
    if is_tensor(arrays[0]):
        import torch

        return torch.cat(arrays)
    if is_dask(arrays[0]):
        import dask.array

        return dask.array.concatenate(arrays)
    return np.concatenate(arrays)
