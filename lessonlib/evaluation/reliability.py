"""Predicted against observed shares, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import (
    check_choice,
    check_integer,
    check_labels,
    check_scores,
    rounded_like,
)
from lessonlib.evaluation._classes import both_classes
from lessonlib.evaluation.intervals import binomial_interval


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Predicted against observed shares, one number a bin that holds a case.

    Parameters
    ----------
    predicted : numpy.ndarray of float64, shape (B,)
        Mean probability of the bin's cases.
    observed, low, high : numpy.ndarray of float64, shape (B,)
        Share of them that are positive, with its exact interval.
    count : numpy.ndarray of int64, shape (B,)
        Cases in the bin.
    """

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of the two shares, weighted by the count."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))


def labels_and_probabilities(y_true, y_prob) -> tuple[np.ndarray, np.ndarray]:
    """Check labels of both classes and probabilities."""
    labels = both_classes("y_true", check_labels("y_true", y_true))
    return labels, check_scores("y_prob", y_prob, len(labels), probabilities=True)


def bins_of(p: np.ndarray, n_bins: int, strategy: str, given) -> np.ndarray:
    """Return the bin of each case; equal probabilities share a bin.

    Edges are rounded as the probabilities were `given`: 0.3 is the end of its bin in float32 too.
    """
    if strategy == "uniform":
        edges = rounded_like(given, np.linspace(0, 1, n_bins + 1))
    else:
        edges = np.percentile(p, np.linspace(0, 100, n_bins + 1))
    return np.searchsorted(edges[1:-1], p)


def reliability_curve(
    y_true, y_prob, *, n_bins: int = 10, strategy: str = "quantile", level: float = 0.95
) -> ReliabilityCurve:
    """Return the observed share of positives for cases of similar probability.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_prob : array_like, shape (N,)
        Probabilities of class 1.
    n_bins : int, default 10
        How many bins; fewer come back where some are empty.
    strategy : {"quantile", "uniform"}, default "quantile"
        Bins of about equal count, or of equal width.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    ReliabilityCurve

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where one is empty or of another length, a label is not 0 or 1, a class is missing, a
        probability is not in [0, 1], or another argument is out of range.
    """
    labels, p = labels_and_probabilities(y_true, y_prob)
    n_bins = check_integer("n_bins", n_bins, minimum=1)
    check_choice("strategy", strategy, ("quantile", "uniform"))
    return curve_of_bins(labels, p, bins_of(p, n_bins, strategy, y_prob), n_bins, level)


def curve_of_bins(
    labels: np.ndarray, p: np.ndarray, bins: np.ndarray, n_bins: int, level: float
) -> ReliabilityCurve:
    """Return the curve of cases that are sorted into bins."""
    count = np.bincount(bins, minlength=n_bins)
    positive = np.bincount(bins[labels], minlength=n_bins)
    return curve_of_sums(count, positive, np.bincount(bins, weights=p, minlength=n_bins), level)


def curve_of_sums(
    count: np.ndarray, positive: np.ndarray, total: np.ndarray, level: float
) -> ReliabilityCurve:
    """Return the curve of what was counted in each bin, without the empty ones.

    Parameters
    ----------
    count, positive : numpy.ndarray of int64, shape (B,)
        Cases, and positive cases among them.
    total : numpy.ndarray of float64, shape (B,)
        Sum of their probabilities.
    level : float
        Coverage of the intervals.

    Returns
    -------
    ReliabilityCurve
    """
    held = count > 0
    count, positive = count[held], positive[held]
    shares = [binomial_interval(k, n, level) for k, n in zip(positive, count, strict=True)]
    observed, low, high = np.transpose(shares)
    return ReliabilityCurve(total[held] / count, observed, low, high, count)
