"""A number with its interval: of a share, of a mean, and the range that results fall into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from lessonlib._validation import check_integer, check_number, check_numbers


class Interval(NamedTuple):
    """A value and the ends of its interval.

    Parameters
    ----------
    value : float
        The estimate.
    low, high : float
        Ends of its interval.

    Examples
    --------
    >>> print(Interval(0.5, 0.25, 0.75))
    0.500 [0.250, 0.750]
    """

    value: float
    low: float
    high: float

    def __float__(self) -> float:
        return self.value

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self)


UNDEFINED = Interval(float("nan"), float("nan"), float("nan"))


def check_level(level: float) -> float:
    """Return a coverage strictly between 0 and 1."""
    level = check_number("level", level, above=0)
    if level >= 1:
        raise ValueError(f"level must be less than 1, got {level!r}; 0.95 is a 95% interval")
    return level


def normal_quantile(level: float) -> float:
    """Return the z that holds `level` of a normal distribution between -z and z."""
    return float(ndtri(0.5 + level / 2))


def binomial_interval(hits: int, total: int, level: float = 0.95) -> Interval:
    r"""Return a share with its exact (Clopper–Pearson) interval.

    Parameters
    ----------
    hits, total : int
        How many of how many.
    level : float, default 0.95
        Coverage: at least so much, whatever the true share.

    Returns
    -------
    Interval
        All three NaN where `total` is 0: no case, no share.

    Raises
    ------
    TypeError
        Where a count is no integer.
    ValueError
        Where a count is negative, `hits` exceeds `total`, or `level` is not between 0 and 1.

    Notes
    -----
    With :math:`\alpha = 1 - \text{level}`, :math:`k` hits of :math:`n` and
    :math:`B(q; a, b)` the quantile of a beta distribution [1]_,

    .. math:: B(\alpha/2;\; k, n - k + 1) \le p \le B(1 - \alpha/2;\; k + 1, n - k).

    The interval assumes independent cases. Several images of one patient are not.

    References
    ----------
    .. [1] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", Biometrika 26(4), 1934, 404-413.
       https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> print(binomial_interval(48, 50))
    0.960 [0.863, 0.995]
    """
    hits = check_integer("hits", hits, minimum=0)
    total = check_integer("total", total, minimum=0)
    if hits > total:
        raise ValueError(f"hits must be at most total ({total}), got {hits}")
    tail = (1 - check_level(level)) / 2
    if total == 0:
        return UNDEFINED
    low = betaincinv(hits, total - hits + 1, tail) if hits else 0.0
    high = betaincinv(hits + 1, total - hits, 1 - tail) if hits < total else 1.0
    return Interval(hits / total, float(low), float(high))


def mean_interval(values: Sequence[float] | np.ndarray, level: float = 0.95) -> Interval:
    r"""Return a mean with Student's interval: over seeds, or over training sets.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number a repetition, at least two. The repetitions are taken to be independent.
    level : float, default 0.95
        Coverage, exact where the numbers are normal.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        Where there are fewer than two numbers, or `level` is not between 0 and 1.

    Notes
    -----
    With mean :math:`m`, standard deviation :math:`s` (of :math:`n - 1` degrees of freedom) and
    Student's quantile :math:`t`, the ends are :math:`m \pm t\,s / \sqrt{n}`. For three repetitions
    :math:`t` is 4.3, for many 1.96.

    Examples
    --------
    >>> print(mean_interval([1.0, 2.0, 3.0]))
    2.000 [-0.484, 4.484]
    """
    values = _numbers(values, least=2)
    centre = float(values.mean())
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    reach = float(stdtrit(len(values) - 1, 0.5 + check_level(level) / 2)) * error
    return Interval(centre, centre - reach, centre + reach)


def percentile_interval(values: Sequence[float] | np.ndarray, level: float = 0.95) -> Interval:
    """Return the median with the range that holds a share of the values.

    It says how far apart single runs fall, and unlike :func:`mean_interval` does not shrink when
    there are more of them.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number a repetition.
    level : float, default 0.95
        Share of the values inside the range.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        Where there is no number, or `level` is not between 0 and 1.

    Examples
    --------
    >>> print(percentile_interval(range(101)))
    50.000 [2.500, 97.500]
    """
    values = _numbers(values, least=1)
    tail = 50 * (1 - check_level(level))
    low, middle, high = np.percentile(values, [tail, 50, 100 - tail])
    return Interval(float(middle), float(low), float(high))


def _numbers(values: Sequence[float] | np.ndarray, least: int) -> np.ndarray:
    values = check_numbers("values", values).astype(np.float64)
    if values.ndim != 1 or len(values) < least:
        count = "two numbers" if least == 2 else "one number"
        raise ValueError(f"values must hold at least {count} in a row, got shape {values.shape}")
    return values
