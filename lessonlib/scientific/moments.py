"""Count, mean and squared deviations of each channel, in one pass and mergeable.

Two facts make this short. Chan, Golub and LeVeque's rule merges the moments of two sets without
looking at their values again, so chunks can be read in any order. And the same rule is *exact*
when its numbers are fractions: whole-number pixels give the same mean and standard deviation
however they were cut up, rounded once, at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from lessonlib.scientific._images import (
    as_batch,
    flat,
    is_dask,
    is_tensor,
    nodata_as,
    pieces,
    refuse_infinite,
)


@dataclass(frozen=True)
class Moments:
    r"""Number of values, their mean, and the sum of their squared deviations from it.

    Parameters
    ----------
    count : int
        Number of values :math:`n`.
    mean : float or fractions.Fraction
        :math:`\bar x`.
    m2 : float or fractions.Fraction
        :math:`M_2 = \sum_i (x_i - \bar x)^2`.
    """

    count: int = 0
    mean: float | Fraction = Fraction(0)
    m2: float | Fraction = Fraction(0)

    @classmethod
    def from_sums(cls, count: int, total: int, squares: int) -> Moments:
        """Return the exact moments of whole numbers from their count, sum and sum of squares."""
        if count == 0:
            return cls()
        return cls(count, Fraction(total, count), Fraction(count * squares - total**2, count))

    def __add__(self, other: Moments) -> Moments:
        r"""Merge two sets of values.

        Notes
        -----
        With :math:`\delta = \bar x_B - \bar x_A` and :math:`n = n_A + n_B`,

        .. math:: \bar x = \bar x_A + \delta\, n_B / n, \qquad
                  M_2 = M_{2,A} + M_{2,B} + \delta^2\, n_A n_B / n .
        """
        if self.count == 0 or other.count == 0:
            return self if other.count == 0 else other
        count = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * other.count / count
        m2 = self.m2 + other.m2 + delta * delta * self.count * other.count / count
        return Moments(count, mean, m2)

    @property
    def std(self) -> float:
        """Standard deviation of the population (``ddof=0``); NaN where there are no values."""
        return math.sqrt(self.m2 / self.count) if self.count else math.nan


def _whole_sums(x: np.ndarray) -> tuple[int, int]:
    """Return the exact sum and sum of squares of at most ``CHUNK`` whole numbers below 2³².

    Every partial sum is a whole number below 2⁵³, which float64 holds exactly.
    """
    if x.dtype.itemsize <= 2:
        y = x.astype(np.float64)
        return int(y.sum()), int(y @ y)
    x = x.astype(np.int64)  # x = 2¹⁶ high + low
    high, low = (x >> 16).astype(np.float64), (x & 0xFFFF).astype(np.float64)
    total = (int(high.sum()) << 16) + int(low.sum())
    squares = (int(high @ high) << 32) + (int(high @ low) << 17) + int(low @ low)
    return total, squares


def whole_moments(line: np.ndarray, mark: int | None) -> Moments:
    """Return the exact moments of the whole numbers in `line` that are not `mark`."""
    count = total = squares = 0
    for x in pieces(line):
        part_total, part_squares = _whole_sums(x)
        marked = 0 if mark is None else int(np.count_nonzero(x == mark))
        count += x.size - marked
        total += part_total - marked * (mark or 0)
        squares += part_squares - marked * (mark or 0) ** 2
    return Moments.from_sums(count, total, squares)


def float_moments(x: np.ndarray, mark: Any, channel: int) -> Moments:
    """Return the moments of the values of one chunk that are neither NaN nor `mark`.

    The first value is subtracted before anything else, so the deviations of a constant channel
    are exactly zero whatever the constant, and one of offset 10⁹ loses no digits.
    """
    valid = x if mark is None else x[x != mark]
    y = valid.astype(np.float64)
    if y.size == 0:
        return Moments()
    first = float(y[0])
    with np.errstate(invalid="ignore", over="ignore"):
        y -= first
        mean = float(y.mean())
        if not math.isfinite(mean):
            refuse_infinite(int(np.isinf(valid).sum()), channel)
            known = valid[~np.isnan(valid)]
            if known.size < valid.size:
                return float_moments(known, None, channel)
        y -= mean
        m2 = float(y @ y)
    if not math.isfinite(m2):
        raise ValueError(
            f"images must hold values whose squares fit float64, got {np.abs(valid).max():.3g} in "
            f"channel {channel}: name a fill value with nodata=, or change the unit"
        )
    return Moments(y.size, first + mean, m2)


def _plane_moments(plane: np.ndarray, nodata: float | int | None, channel: int) -> Moments:
    line = flat(plane)
    mark = nodata_as(line.dtype, nodata)
    if line.dtype.kind in "iu" and (
        line.dtype.itemsize <= 4 or max(-int(line.min()), int(line.max())) < 2**32
    ):
        return whole_moments(line, mark)
    # Wider whole numbers are rounded to float64, as NumPy's own mean rounds them.
    result = Moments()
    for x in pieces(line):
        result += float_moments(x, mark, channel)
    return result


def block_moments(
    block: np.ndarray, nodata: float | int | None, first_channel: int = 0
) -> list[Moments]:
    """Return the moments of each channel of an in-memory batch ``(N, C, H, W)``.

    `first_channel` is where the block lies in a larger image, for the messages.
    """
    result = [Moments()] * block.shape[1]
    for image in block:
        for channel, plane in enumerate(image):
            result[channel] += _plane_moments(plane, nodata, first_channel + channel)
    return result


def channel_moments(images: Any, nodata: float | int | None) -> list[Moments]:
    """Return the moments of each channel of checked `images`, of any of the three kinds.

    Parameters
    ----------
    images : numpy.ndarray, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
        Pixels; NaN and `nodata` are left out.
    nodata : float, int or None
        The value that marks missing pixels.

    Returns
    -------
    list of Moments, length C

    Raises
    ------
    ValueError
        Where a pixel is infinite.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample
       variance: analysis and recommendations", The American Statistician 37(3), 242-247, 1983.
    """
    batch = as_batch(images)
    if is_tensor(batch):
        from lessonlib.scientific._torch import tensor_moments

        return tensor_moments(batch, nodata)
    if is_dask(batch):
        from lessonlib.scientific._dask import dask_moments

        return dask_moments(batch, nodata)
    return block_moments(batch, nodata)
