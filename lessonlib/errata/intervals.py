"""Intervals for what the errata measure: shares of seeds and means over seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats


class Interval(NamedTuple):
    """A value and the ends of its interval; prints as ``0.821 [0.815, 0.827]``."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self)


def share(hits: int, total: int, level: float = 0.95) -> Interval:
    """Share of `total` with its exact (Clopper–Pearson) interval.

    Parameters
    ----------
    hits, total : int
        How many of how many.
    level : float
        Coverage of the interval.

    Returns
    -------
    Interval

    Examples
    --------
    >>> print(share(0, 100))
    0.000 [0.000, 0.036]
    """
    ends = stats.binomtest(int(hits), int(total)).proportion_ci(level, method="exact")
    return Interval(hits / total, ends.low, ends.high)


def mean(values, level: float = 0.95) -> Interval:
    """Mean over seeds with its Student interval.

    Parameters
    ----------
    values : array_like, shape (seeds,)
        One number a seed, at least two.
    level : float
        Coverage of the interval.

    Returns
    -------
    Interval

    Examples
    --------
    >>> print(mean([1.0, 2.0, 3.0]))
    2.000 [-0.484, 4.484]
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values must hold at least two numbers, got shape {values.shape}")
    centre = float(values.mean())
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    reach = float(stats.t.ppf(0.5 + level / 2, len(values) - 1)) * error
    return Interval(centre, centre - reach, centre + reach)


def spread(values, level: float = 0.95) -> Interval:
    """Median over seeds with the range that holds `level` of them.

    Parameters
    ----------
    values : array_like, shape (seeds,)
        One number a seed.
    level : float
        Share of the seeds inside the range.

    Returns
    -------
    Interval
    """
    tail = 50 * (1 - level)
    low, middle, high = np.percentile(np.asarray(values, dtype=float), [tail, 50, 100 - tail])
    return Interval(float(middle), float(low), float(high))
