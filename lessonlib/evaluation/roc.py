"""The ROC curve and the points on it that a purpose asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lessonlib._validation import check_labels, check_number, check_scores, rounded_like
from lessonlib.evaluation._classes import Classes, both_classes
from lessonlib.evaluation.intervals import Interval, binomial_interval


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Counts at every threshold that makes a difference, from the strictest on.

    Parameters
    ----------
    thresholds : numpy.ndarray of float64, shape (K,)
        Positive is ``score >= threshold``. The first is infinite (nobody), the last the smallest
        score (everybody).
    tp, fp : numpy.ndarray of int64, shape (K,)
        Positive and negative cases called positive.
    n_positive, n_negative : int
        Cases of each class.
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    n_positive: int
    n_negative: int

    @property
    def sensitivity(self) -> np.ndarray:
        """Share of the positive cases called positive, shape (K,)."""
        return self.tp / self.n_positive

    @property
    def specificity(self) -> np.ndarray:
        """Share of the negative cases called negative, shape (K,)."""
        return (self.n_negative - self.fp) / self.n_negative


def roc_curve(y_true, y_score) -> RocCurve:
    """Return the ROC curve with all its corners.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Any finite numbers, larger where the model is surer of class 1.

    Returns
    -------
    RocCurve
        One point for each distinct score, and (nobody called) before them.

    Raises
    ------
    TypeError, ValueError
        As :func:`auc_interval`.
    """
    classes = Classes.split(y_true, y_score)
    scores = np.unique(np.concatenate([classes.positive, classes.negative]))[::-1]
    thresholds = np.r_[np.inf, scores]
    tp, fp = classes.called(thresholds)
    return RocCurve(thresholds, tp, fp, len(classes.positive), len(classes.negative))


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it does to the cases it was asked of.

    Parameters
    ----------
    threshold : float
        Positive is ``score >= threshold``.
    sensitivity, specificity : float
        Of those cases. NaN where there is none of the class.
    tp, fn, fp, tn : int
        Counts.
    """

    threshold: float
    sensitivity: float
    specificity: float
    tp: int
    fn: int
    fp: int
    tn: int

    def sensitivity_interval(self, level: float = 0.95) -> Interval:
        """Return the sensitivity with its exact interval."""
        return binomial_interval(self.tp, self.tp + self.fn, level)

    def specificity_interval(self, level: float = 0.95) -> Interval:
        """Return the specificity with its exact interval."""
        return binomial_interval(self.tn, self.tn + self.fp, level)

    def __str__(self) -> str:
        return (
            f"threshold {self.threshold:.3f}: sensitivity {self.sensitivity_interval()}, "
            f"specificity {self.specificity_interval()}"
        )


def point(threshold: float, positive: np.ndarray, negative: np.ndarray) -> OperatingPoint:
    """Count what a threshold does to the scores of the two classes, in any order."""
    tp = int(np.count_nonzero(positive >= threshold))
    fp = int(np.count_nonzero(negative >= threshold))
    fn, tn = len(positive) - tp, len(negative) - fp
    return OperatingPoint(
        threshold=float(threshold),
        sensitivity=tp / (tp + fn) if tp + fn else math.nan,
        specificity=tn / (tn + fp) if tn + fp else math.nan,
        tp=tp,
        fn=fn,
        fp=fp,
        tn=tn,
    )


def _scores_by_class(y_true, y_score, *, both: bool = True) -> tuple[np.ndarray, np.ndarray]:
    labels = check_labels("y_true", y_true)
    scores = check_scores("y_score", y_score, len(labels))
    if both:
        both_classes("y_true", labels)
    return scores[labels], scores[~labels]


def fewest(share: float, total: int) -> int:
    """Return the smallest k with k / total >= share, as floating-point division decides it."""
    k = math.ceil(share * total)
    while k > 0 and (k - 1) / total >= share:
        k -= 1
    while k / total < share:
        k += 1
    return k


def threshold_for_sensitivity(positive: np.ndarray, min_sensitivity: float) -> float:
    """Return the highest positive score that as many positive scores reach as are asked for."""
    k = fewest(min_sensitivity, len(positive))
    return float(np.partition(positive, len(positive) - k)[len(positive) - k])


def operating_point(y_true, y_score, min_sensitivity: float = 0.95) -> OperatingPoint:
    r"""Return the highest threshold that reaches a sensitivity: the choice for screening.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Any finite numbers, larger where the model is surer of class 1.
    min_sensitivity : float, default 0.95
        In (0, 1].

    Returns
    -------
    OperatingPoint
        Of all scores that reach the sensitivity as thresholds, the one with the best specificity.

    Raises
    ------
    TypeError, ValueError
        As :func:`auc_interval`, and where `min_sensitivity` is outside (0, 1].

    Notes
    -----
    A threshold reaches the sensitivity where at least :math:`k`, the smallest whole number with
    :math:`k/m \ge` `min_sensitivity`, of the :math:`m` positive scores reach it. The highest such
    threshold is the :math:`k`-th largest positive score; sensitivity falls and specificity rises
    with the threshold, so the highest is also the most specific. Nothing needs to be sorted.

    Chosen and judged on the same cases, the sensitivity is flattering by construction: judge it on
    fresh ones, with :func:`at_threshold`.

    Examples
    --------
    >>> print(operating_point([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9], min_sensitivity=0.5))
    threshold 0.900: sensitivity 0.500 [0.013, 0.987], specificity 1.000 [0.158, 1.000]
    """
    share = check_number("min_sensitivity", min_sensitivity, above=0, maximum=1)
    positive, negative = _scores_by_class(y_true, y_score)
    return point(threshold_for_sensitivity(positive, share), positive, negative)


def confirmation_point(y_true, y_score, min_specificity: float = 0.99) -> OperatingPoint:
    """Return the lowest threshold that reaches a specificity: the choice before surgery.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Any finite numbers, larger where the model is surer of class 1.
    min_specificity : float, default 0.99
        In (0, 1].

    Returns
    -------
    OperatingPoint
        Of all scores that reach the specificity as thresholds, the one with the best sensitivity.
        The threshold is infinite where none does, as when the largest score is a negative case's
        and the specificity is to be 1: then nobody is called.

    Raises
    ------
    TypeError, ValueError
        As :func:`auc_interval`, and where `min_specificity` is outside (0, 1].
    """
    share = check_number("min_specificity", min_specificity, above=0, maximum=1)
    positive, negative = _scores_by_class(y_true, y_score)
    # The k-th smallest negative score, and all below it, must lie below the threshold.
    k = fewest(share, len(negative))
    bound = np.partition(negative, k - 1)[k - 1]
    above = [scores[scores > bound] for scores in (positive, negative)]
    threshold = min((scores.min() for scores in above if len(scores)), default=math.inf)
    return point(threshold, positive, negative)


def at_threshold(y_true, y_score, threshold: float) -> OperatingPoint:
    """Return what a threshold, chosen elsewhere, does to these cases.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1; one class may be missing.
    y_score : array_like, shape (N,)
        Any finite numbers.
    threshold : float
        Positive is ``score >= threshold``, compared in the scores' own type: a float32 0.7 reaches
        0.7.

    Returns
    -------
    OperatingPoint

    Raises
    ------
    TypeError, ValueError
        As :func:`auc_interval`, but for the missing class, and where `threshold` is NaN.
    """
    if not (isinstance(threshold, float) and math.isinf(threshold)):
        threshold = check_number("threshold", threshold)
    positive, negative = _scores_by_class(y_true, y_score, both=False)
    found = point(float(rounded_like(y_score, threshold)), positive, negative)
    return replace(found, threshold=float(threshold))
