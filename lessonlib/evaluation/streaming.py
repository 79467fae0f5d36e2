"""Evaluation of more cases than fit into memory: fed in pieces, merged, in a megabyte."""

from __future__ import annotations

import math

import numpy as np

from lessonlib._validation import check_integer, check_labels, check_number, check_scores
from lessonlib.evaluation.auc import AucInterval, ends
from lessonlib.evaluation.intervals import check_level, normal_quantile
from lessonlib.evaluation.reliability import ReliabilityCurve, bins_of, curve_of_sums
from lessonlib.evaluation.roc import OperatingPoint, fewest

_CELLS = 1 << 16


class StreamingEvaluation:
    r"""Counts cases by class in narrow cells of probability; every figure is read off the counts.

    Parameters
    ----------
    n_bins : int, default 10
        Bins of equal width of the reliability curve.

    See Also
    --------
    auc_interval : The same of cases in memory.
    operating_point : The same of cases in memory.
    reliability_curve : The same of cases in memory.

    Notes
    -----
    Probabilities are sorted into :math:`K = 2^{16}` cells :math:`[k/K, (k+1)/K)` and one more for
    those that are exactly 1. Multiplying by a power of two rounds nothing, so no case can fall
    into a neighbour's cell.

    *Exact*: the counts at every threshold that is a multiple of :math:`1/K`; the Brier score and
    the reliability curve (to rounding). *Bounded*: the area under the ROC curve. Which of a
    positive and a negative case in one cell scores higher is not known and counted half, so that
    with :math:`m_k` and :math:`n_k` cases of the two classes in cell :math:`k`

    .. math:: \left|\widehat{\text{AUC}} - \text{AUC}\right| \le
              \frac{1}{2mn} \sum_k m_k n_k ,

    which is `auc_error`. Probabilities that are multiples of :math:`1/K` themselves lose nothing.

    Examples
    --------
    >>> stream = StreamingEvaluation()
    >>> for labels, scores in (([0, 0, 1], [0.1, 0.4, 0.4]), ([0, 1], [0.5, 0.9])):
    ...     stream = stream.update(labels, scores)
    >>> print(stream.auc_interval(), "give or take", round(stream.auc_error, 3))
    0.750 [0.184, 1.000] give or take 0.083
    >>> print(stream.operating_point(0.5))
    threshold 0.900: sensitivity 0.500 [0.013, 0.987], specificity 1.000 [0.292, 1.000]
    """

    def __init__(self, *, n_bins: int = 10):
        self.n_bins = check_integer("n_bins", n_bins, minimum=1)
        self._cells = np.zeros((2, _CELLS + 1), np.int64)  # negative, positive
        self._bins = np.zeros((2, self.n_bins), np.int64)
        self._sums = np.zeros(self.n_bins)  # of the probabilities in each bin
        self._squares = 0.0  # of the distances to the outcomes

    def __repr__(self) -> str:
        return f"StreamingEvaluation({self.n_positive:,} positive, {self.n_negative:,} negative)"

    @property
    def n_positive(self) -> int:
        """Positive cases so far."""
        return int(self._cells[1].sum())

    @property
    def n_negative(self) -> int:
        """Negative cases so far."""
        return int(self._cells[0].sum())

    def update(self, y_true, y_prob) -> StreamingEvaluation:
        """Count more cases.

        Parameters
        ----------
        y_true : array_like, shape (N,)
            Labels 0 and 1; one class may be missing.
        y_prob : array_like, shape (N,)
            Probabilities of class 1.

        Returns
        -------
        StreamingEvaluation
            The object itself.

        Raises
        ------
        TypeError
            Where an argument holds no numbers.
        ValueError
            Where one is empty or of another length, a label is not 0 or 1, or a probability not
            in [0, 1]; nothing was counted then.
        """
        labels = check_labels("y_true", y_true)
        given, p = y_prob, check_scores("y_prob", y_prob, len(labels), probabilities=True)
        cells = (p * _CELLS).astype(np.int64)
        bins = bins_of(p, self.n_bins, "uniform", given)
        for total, places in ((self._cells, cells), (self._bins, bins)):
            width = total.shape[1]
            counts = np.bincount(places + width * labels, minlength=2 * width)
            total += counts.reshape(2, width)
        self._sums += np.bincount(bins, weights=p, minlength=self.n_bins)
        distance = p - labels
        self._squares += float(distance @ distance)
        return self

    def merge(self, other: StreamingEvaluation) -> StreamingEvaluation:
        """Take over what another one has counted, in another process say.

        Parameters
        ----------
        other : StreamingEvaluation
            With as many bins; it stays as it is.

        Returns
        -------
        StreamingEvaluation
            The object itself.

        Raises
        ------
        TypeError, ValueError
            Where `other` is something else or has another number of bins.
        """
        if not isinstance(other, StreamingEvaluation):
            raise TypeError(f"other must be a StreamingEvaluation, got {type(other).__name__}")
        if other.n_bins != self.n_bins:
            raise ValueError(f"other must have {self.n_bins} bins, got {other.n_bins}")
        self._cells += other._cells
        self._bins += other._bins
        self._sums += other._sums
        self._squares += other._squares
        return self

    def _counts(self) -> tuple[np.ndarray, np.ndarray, int, int]:
        """Return the cells of both classes and their totals, or raise where a class is missing."""
        negative, positive = self._cells
        m, n = self.n_positive, self.n_negative
        if m == 0 or n == 0:
            raise ValueError(
                f"update must have seen both classes, got {m:,} positive and {n:,} negative cases"
            )
        return positive, negative, m, n

    @property
    def auc_error(self) -> float:
        """By how much the area can be off, at most: half the share of pairs in one cell."""
        positive, negative, m, n = self._counts()
        return float(positive @ negative.astype(np.float64)) / (2 * m * n)

    def auc_interval(self, level: float = 0.95) -> AucInterval:
        """Return the area under the ROC curve with DeLong's interval, right to `auc_error`.

        Parameters
        ----------
        level : float, default 0.95
            Coverage of the interval.

        Returns
        -------
        AucInterval
            Of the probabilities as the cells hold them; the standard error likewise.

        Raises
        ------
        ValueError
            Where a class is missing, or `level` is not between 0 and 1.
        """
        level = check_level(level)
        positive, negative, m, n = self._counts()
        # Placement values of a cell: the share of the other class that it beats, ties half.
        v10 = (np.cumsum(negative) - negative / 2) / n
        v01 = 1 - (np.cumsum(positive) - positive / 2) / m
        area = float(positive @ v10) / m
        error = math.sqrt(_variance(v10, positive, area) / m + _variance(v01, negative, area) / n)
        reach = normal_quantile(level) * error
        return AucInterval(area, *ends(area, reach), error, level, m, n)

    def operating_point(self, min_sensitivity: float = 0.95) -> OperatingPoint:
        """Return the highest threshold among the cells' edges that reaches a sensitivity.

        Parameters
        ----------
        min_sensitivity : float, default 0.95
            In (0, 1].

        Returns
        -------
        OperatingPoint
            Its counts are exact. The threshold is at most 1/65,536 below the best one.

        Raises
        ------
        TypeError, ValueError
            Where `min_sensitivity` is outside (0, 1], or a class is missing.
        """
        share = check_number("min_sensitivity", min_sensitivity, above=0, maximum=1)
        positive, _, m, _ = self._counts()
        called = positive[::-1].cumsum()[::-1]  # positive cases from each edge on
        cell = int(np.flatnonzero(called >= fewest(share, m))[-1])
        return self.at_threshold(cell / _CELLS)

    def at_threshold(self, threshold: float) -> OperatingPoint:
        """Return what a threshold does to the cases.

        Parameters
        ----------
        threshold : float
            Positive is ``probability >= threshold``. A multiple of 1/65,536 in [0, 1], such as 0.5.

        Returns
        -------
        OperatingPoint
            Exact counts; a share is NaN where there is none of the class.

        Raises
        ------
        TypeError, ValueError
            Where `threshold` is something else.
        """
        threshold = check_number("threshold", threshold, minimum=0, maximum=1)
        cell = threshold * _CELLS
        if not cell.is_integer():
            raise ValueError(
                f"threshold must be a multiple of 1/{_CELLS} to be exact, got {threshold!r}: "
                f"take {round(cell) / _CELLS!r}"
            )
        fp, tp = (int(count) for count in self._cells[:, int(cell) :].sum(axis=1))
        fn, tn = self.n_positive - tp, self.n_negative - fp
        return OperatingPoint(
            threshold=threshold,
            sensitivity=tp / (tp + fn) if tp + fn else math.nan,
            specificity=tn / (tn + fp) if tn + fp else math.nan,
            tp=tp,
            fn=fn,
            fp=fp,
            tn=tn,
        )

    @property
    def brier(self) -> float:
        """Mean squared distance of probability and outcome; NaN before the first case."""
        count = int(self._cells.sum())
        return self._squares / count if count else math.nan

    def reliability_curve(self, level: float = 0.95) -> ReliabilityCurve:
        """Return the observed share of positives in bins of equal width.

        Parameters
        ----------
        level : float, default 0.95
            Coverage of the intervals.

        Returns
        -------
        ReliabilityCurve
            Its `error` is the expected calibration error.

        Raises
        ------
        ValueError
            Where a class is missing, or `level` is not between 0 and 1.
        """
        self._counts()
        return curve_of_sums(self._bins.sum(axis=0), self._bins[1], self._sums, level)


def _variance(values: np.ndarray, counts: np.ndarray, mean: float) -> float:
    """Return the sample variance of counted values about their known mean; NaN of one case."""
    total = int(counts.sum())
    return float(counts @ (values - mean) ** 2) / (total - 1) if total > 1 else math.nan
