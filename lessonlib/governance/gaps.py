"""Shares and differences of shares with their intervals, by case or by patient."""

from __future__ import annotations

import math

import numpy as np

from lessonlib._validation import check_integer, members
from lessonlib.evaluation import Interval, binomial_interval
from lessonlib.evaluation.intervals import UNDEFINED, check_level, normal_quantile


def _wilson(hits: int, total: int, z: float) -> Interval:
    """Wilson's score interval of a share."""
    p, z2 = hits / total, z * z
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    reach = z / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    return Interval(p, centre - reach, centre + reach)


def difference_interval(
    hits_a: int, total_a: int, hits_b: int, total_b: int, level: float = 0.95
) -> Interval:
    r"""Return the difference of two independent shares with Newcombe's interval.

    Parameters
    ----------
    hits_a, total_a, hits_b, total_b : int
        How many of how many, for each.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    Interval
        First share minus second; NaN where a total is 0.

    Raises
    ------
    TypeError
        Where a count is no integer.
    ValueError
        Where a count is negative, hits exceed their total, or `level` is not between 0 and 1.

    Notes
    -----
    With Wilson's intervals :math:`[l_a, u_a]` and :math:`[l_b, u_b]` of the shares, method 10 of
    [1]_ is

    .. math:: d - \sqrt{(p_a - l_a)^2 + (u_b - p_b)^2} \le p_a - p_b \le
              d + \sqrt{(u_a - p_a)^2 + (p_b - l_b)^2}.

    References
    ----------
    .. [1] R. G. Newcombe, "Interval estimation for the difference between independent proportions:
       comparison of eleven methods", Statistics in Medicine 17(8), 1998, 873-890.
       https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    >>> print(difference_interval(56, 70, 48, 80))
    0.200 [0.052, 0.334]
    """
    counts = []
    for name, hits, total in (("a", hits_a, total_a), ("b", hits_b, total_b)):
        hits = check_integer(f"hits_{name}", hits, minimum=0)
        total = check_integer(f"total_{name}", total, minimum=0)
        if hits > total:
            raise ValueError(f"hits_{name} must be at most total_{name} ({total}), got {hits}")
        counts.append((hits, total))
    z = normal_quantile(check_level(level))
    if not counts[0][1] or not counts[1][1]:
        return UNDEFINED
    return _combine(*(_wilson(hits, total, z) for hits, total in counts))


def _combine(a: Interval, b: Interval) -> Interval:
    """Difference of two independent estimates from the intervals of each."""
    difference = a.value - b.value
    return Interval(
        difference,
        max(-1.0, difference - math.hypot(a.value - a.low, b.high - b.value)),
        min(1.0, difference + math.hypot(a.high - a.value, b.value - b.low)),
    )


class Counter:
    """Counts who is right among whom, and gives intervals by case or by resampled clusters."""

    def __init__(self, clusters, size: int, n_resamples: int, generator: np.random.Generator):
        self.n: int | None = None
        if clusters is None:
            return
        names, self.member = members("clusters", clusters, size)
        self.n = len(names)
        if self.n < 2:
            raise ValueError("clusters must name at least two clusters, got one")
        self.weights = generator.multinomial(self.n, np.full(self.n, 1 / self.n), n_resamples)

    def _resampled(self, right, of) -> np.ndarray:
        """Share of `right` among `of` in each resample; NaN where it has no such case."""
        hits, cases = (
            self.weights @ np.bincount(self.member, mask, minlength=self.n)
            for mask in (right & of, of)
        )
        return np.divide(hits, cases, out=np.full(len(hits), np.nan), where=cases > 0)

    def share(self, right, of, level: float) -> Interval:
        """Return the share of `right` among `of`, two boolean masks."""
        hits, cases = int(np.sum(right & of)), int(np.sum(of))
        if self.n is None or not cases:
            return binomial_interval(hits, cases, level)
        if hits in (0, cases):  # all alike: no resample differs, so count each cluster as one case
            clusters = len(np.unique(self.member[of]))
            return binomial_interval(clusters if hits else 0, clusters, level)
        return _percentile(hits / cases, self._resampled(right, of), level)

    def gap(self, right, inside, outside, level: float) -> Interval:
        """Return the share of `right` inside minus that outside."""
        a, b = ((int(np.sum(right & of)), int(np.sum(of))) for of in (inside, outside))
        if self.n is None or not a[1] or not b[1]:
            return difference_interval(*a, *b, level)
        if a[0] in (0, a[1]) or b[0] in (0, b[1]):
            return _combine(*(self.share(right, of, level) for of in (inside, outside)))
        draws = self._resampled(right, inside) - self._resampled(right, outside)
        return _percentile(a[0] / a[1] - b[0] / b[1], draws, level)


def _percentile(value: float, draws: np.ndarray, level: float) -> Interval:
    draws = draws[~np.isnan(draws)]
    if not len(draws):
        return Interval(value, math.nan, math.nan)
    tail = 50 * (1 - level)
    low, high = np.percentile(draws, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
