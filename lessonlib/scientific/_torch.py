"""The same statistics and rescaling for PyTorch tensors, on the device they lie on.

Loaded only once a tensor is passed in. Arithmetic is float64, so a device without it (Apple's
MPS) is refused by PyTorch itself: move the images to the CPU first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from lessonlib.scientific._images import nodata_as, refuse_infinite
from lessonlib.scientific.moments import Moments
from lessonlib.scientific.percentiles import interpolate, ranks
from lessonlib.scientific.rescaling import Scaling


def _mark(dtype: torch.dtype, nodata: float | int | None) -> float | int | None:
    """Return `nodata` as tensors of `dtype` hold it, or ``None`` where they cannot."""
    if dtype.is_floating_point:
        if nodata is None or math.isnan(nodata):
            return None
        mark = torch.tensor(nodata, dtype=torch.float64).to(dtype).item()
        return None if math.isinf(mark) and math.isfinite(nodata) else mark
    return nodata_as(np.dtype(str(dtype).removeprefix("torch.")), nodata)


def _valid(plane: torch.Tensor, mark: float | int | None, channel: int) -> torch.Tensor:
    """Return which pixels count, having refused infinite ones."""
    valid = ~torch.isnan(plane)
    if mark is not None:
        valid &= plane != mark
    refuse_infinite(int((torch.isinf(plane) & valid).sum()), channel)
    return valid


def _plane_moments(plane: torch.Tensor, nodata: float | int | None, channel: int) -> Moments:
    mark = _mark(plane.dtype, nodata)
    if not plane.dtype.is_floating_point and plane.dtype.itemsize <= 2:
        x = plane.to(torch.int64)  # squares below 2³²: exact for up to 2³¹ pixels
        x = x.flatten() if mark is None else x[x != mark]
        return Moments.from_sums(x.numel(), int(x.sum()), int((x * x).sum()))
    x = plane.to(torch.float64)
    x = x[_valid(x, mark, channel)]
    if x.numel() == 0:
        return Moments()
    first = x[0]
    x = x - first  # deviations of a constant channel are exactly 0
    mean = x.mean()
    x = x - mean
    m2 = float((x * x).sum())
    if not math.isfinite(m2):
        raise ValueError(
            f"images must hold values whose squares fit float64, which channel {channel} does not: "
            "name a fill value with nodata=, or change the unit"
        )
    return Moments(x.numel(), float(first + mean), m2)


def tensor_moments(batch: torch.Tensor, nodata: float | int | None) -> list[Moments]:
    """Return the moments of each channel of ``(N, C, H, W)``."""
    result = [Moments()] * batch.shape[1]
    for image in batch.detach():
        for channel, plane in enumerate(image):
            result[channel] += _plane_moments(plane, nodata, channel)
    return result


def tensor_percentiles(
    batch: torch.Tensor, q: Sequence[float], nodata: float | int | None
) -> torch.Tensor:
    """Return percentiles ``(len(q), C)`` of ``(N, C, H, W)``, on its device."""
    mark = _mark(batch.dtype, nodata)
    columns = []
    for channel in range(batch.shape[1]):
        x = batch[:, channel].detach().to(torch.float64)
        x = x[_valid(x, mark, channel)]
        if x.numel() == 0:
            columns.append(np.full(len(q), np.nan))
            continue
        around, weight = ranks(q, x.numel())
        at_rank = x.sort().values[torch.as_tensor(around, device=x.device)]
        below, above = at_rank.cpu().numpy()
        columns.append(interpolate(below, above, weight))
    return torch.as_tensor(np.stack(columns, axis=1), device=batch.device)


def tensor_rescale(batch: torch.Tensor, to: Scaling, nodata: float | int | None) -> torch.Tensor:
    """Return ``(N, C, H, W)`` rescaled channel by channel; gradients flow through."""
    mark = _mark(batch.dtype, nodata)
    dtype = torch.float32 if batch.dtype.itemsize <= 4 else torch.float64
    channels = []
    for c in range(batch.shape[1]):
        lower, width, upper = to.channel(c)
        x = batch[:, c].to(torch.float64)
        x = torch.where(_valid(x, mark, c), x, math.nan)
        if upper is not None:
            x = x.clamp(lower, upper)
        channels.append(((x - lower) / width).to(dtype))
    return torch.stack(channels, dim=1)


def tensor_difference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the normalised difference of two bands; gradients flow through where it exists."""
    wide = max(band.dtype.itemsize for band in (a, b)) > 4
    a, b = a.to(torch.float64), b.to(torch.float64)
    total = a + b
    # Where nothing was measured the division must not happen at all: 0/0 has no gradient either.
    seen = total != 0
    quotient = (a - b) / torch.where(seen, total, 1.0)
    quotient = torch.where(seen, quotient, math.nan)
    return quotient.to(torch.float64 if wide else torch.float32)
