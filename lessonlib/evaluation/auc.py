"""The area under the ROC curve with DeLong's interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lessonlib.evaluation._classes import Classes
from lessonlib.evaluation.intervals import Interval, check_level, normal_quantile


def placement_moments(classes: Classes) -> tuple[float, float, float]:
    """Return the AUC and the variances of the placement values of both classes.

    One search of the smaller class among the larger one. The larger class's placements follow from
    it: those of its cases that lie between two neighbours of the smaller class are all equal.
    """
    small, large = classes.positive, classes.negative
    swapped = len(small) > len(large)
    if swapped:
        small, large = large, small
    m, n = len(small), len(large)
    below = np.searchsorted(large, small, "left")
    ties = bool(np.any(large[np.minimum(below, n - 1)] == small))
    upto = np.searchsorted(large, small, "right") if ties else below
    wins = below + upto  # twice the number of cases beaten
    won, pairs = int(wins.sum()), 2 * m * n
    area = won / pairs
    spread_small = _variance(wins / (2 * n), None, m, area)

    # How many of the larger class have how many wins over the smaller one, doubled likewise.
    if ties:
        first = np.flatnonzero(np.r_[True, small[1:] != small[:-1]])  # of each run of equals
        size = np.diff(np.r_[first, m])
        between = np.r_[below[first], n] - np.r_[0, upto[first]]
        counts = np.r_[between, (upto - below)[first]]
        beaten = np.r_[2 * first, 2 * m, 2 * first + size]
    else:
        counts = np.diff(below, prepend=0, append=n)
        beaten = 2 * np.arange(m + 1)
    spread_large = _variance(1 - beaten / (2 * m), counts, n, area)
    if swapped:
        return (pairs - won) / pairs, spread_large, spread_small
    return area, spread_small, spread_large


def _variance(values: np.ndarray, counts: np.ndarray | None, total: int, mean: float) -> float:
    """Return the sample variance about a known mean; NaN of a single case."""
    if total < 2:
        return float("nan")
    squares = (values - mean) ** 2
    return float(squares.sum() if counts is None else squares @ counts) / (total - 1)


def area_with_interval(classes: Classes, level: float) -> tuple[float, float, Interval]:
    """Return AUC, standard error and interval of sorted classes."""
    area, v10, v01 = placement_moments(classes)
    error = float(np.sqrt(v10 / len(classes.positive) + v01 / len(classes.negative)))
    reach = normal_quantile(level) * error
    return area, error, Interval(area, *ends(area, reach))


def ends(area: float, reach: float) -> tuple[float, float]:
    """Return the ends of an area's interval, cut at 0 and 1; NaN where nothing is known of it."""
    if math.isnan(reach):  # max and min would make 0 and 1 of it
        return math.nan, math.nan
    return max(0.0, area - reach), min(1.0, area + reach)


@dataclass(frozen=True)
class AucInterval:
    """An AUC with DeLong's interval.

    Parameters
    ----------
    auc : float
        Chance that a positive case scores higher than a negative one, ties counted half.
    low, high : float
        Ends of the interval, cut at 0 and 1; NaN where a class has one case only.
    standard_error : float
        0 where the classes are separated perfectly: the interval is then a point, and no statement
        about other cases.
    level : float
        Coverage asked for.
    n_positive, n_negative : int
        Cases of each class.
    """

    auc: float
    low: float
    high: float
    standard_error: float
    level: float
    n_positive: int
    n_negative: int

    @property
    def interval(self) -> Interval:
        """The three numbers as an :class:`Interval`."""
        return Interval(self.auc, self.low, self.high)

    def __format__(self, spec: str) -> str:
        return format(self.interval, spec)

    def __str__(self) -> str:
        return format(self.interval)


def auc_interval(y_true, y_score, level: float = 0.95) -> AucInterval:
    r"""Return the area under the ROC curve with DeLong's interval.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Any finite numbers, larger where the model is surer of class 1.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    AucInterval

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where one is empty, not finite or of another length, a label is not 0 or 1, a class is
        missing, or `level` is not between 0 and 1.

    Notes
    -----
    With :math:`\psi(x, y)` equal to 1, ½ or 0 where :math:`x` is larger than, equal to or smaller
    than :math:`y`, the placement values [1]_ are

    .. math:: V_{10}(x_i) = \frac{1}{n}\sum_j \psi(x_i, y_j), \qquad
              V_{01}(y_j) = \frac{1}{m}\sum_i \psi(x_i, y_j),

    for :math:`m` positive scores :math:`x` and :math:`n` negative scores :math:`y`. Their common
    mean is the AUC, and its variance is estimated by
    :math:`s^2(V_{10})/m + s^2(V_{01})/n`. Sorting replaces the double sum, as in [2]_:
    :math:`O(N \log N)`.

    The interval assumes independent cases; see :func:`bootstrap_auc` for cases in groups.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more
       correlated receiver operating characteristic curves: a nonparametric approach", Biometrics
       44(3), 1988, 837-845. https://doi.org/10.2307/2531595
    .. [2] X. Sun, W. Xu, "Fast implementation of DeLong's algorithm for comparing the areas under
       correlated receiver operating characteristic curves", IEEE Signal Processing Letters 21(11),
       2014, 1389-1393. https://doi.org/10.1109/LSP.2014.2337313

    Examples
    --------
    >>> print(auc_interval([0, 0, 0, 1, 1], [0.1, 0.4, 0.5, 0.4, 0.9]))
    0.750 [0.184, 1.000]
    """
    level = check_level(level)
    classes = Classes.split(y_true, y_score)
    area, error, interval = area_with_interval(classes, level)
    return AucInterval(
        area,
        interval.low,
        interval.high,
        error,
        level,
        len(classes.positive),
        len(classes.negative),
    )
