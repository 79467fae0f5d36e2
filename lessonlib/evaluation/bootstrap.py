"""The bootstrap interval of an AUC, with one sort for all resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_labels, check_scores, members
from lessonlib.evaluation._classes import both_classes
from lessonlib.evaluation.intervals import Interval, check_level


@dataclass(frozen=True, eq=False)
class BootstrapAuc:
    """An AUC with its bootstrap distribution.

    Parameters
    ----------
    auc : float
        Of the cases as they are.
    low, high : float
        Percentile interval.
    samples : numpy.ndarray of float64, shape (B,)
        AUC of each resample.
    level : float
        Coverage asked for.
    n_groups : int or None
        How many groups were resampled; None where cases were.
    n_dropped : int
        Resamples of groups that held one class only. They have no AUC and are not in `samples`.
    """

    auc: float
    low: float
    high: float
    samples: np.ndarray
    level: float
    n_groups: int | None = None
    n_dropped: int = 0

    @property
    def interval(self) -> Interval:
        """The three numbers as an :class:`Interval`."""
        return Interval(self.auc, self.low, self.high)

    def __format__(self, spec: str) -> str:
        return format(self.interval, spec)

    def __str__(self) -> str:
        return format(self.interval)


class _WeightedArea:
    """AUC of weighted cases, prepared so that a new set of weights costs no sort."""

    def __init__(self, labels: np.ndarray, scores: np.ndarray):
        self.positive, self.negative = np.flatnonzero(labels), np.flatnonzero(~labels)
        # few needles in much hay: the smaller class looks its place up in the larger one
        self.swapped = len(self.positive) > len(self.negative)
        if self.swapped:
            self.positive, self.negative = self.negative, self.positive
        hay = self.negative[np.argsort(scores[self.negative])]
        # sorted needles walk through the cumulative weights in order, which caches like
        needles = self.positive[np.argsort(scores[self.positive])]
        self.needles, self.hay = needles, hay
        self.below = np.searchsorted(scores[hay], scores[needles], "left")
        self.upto = np.searchsorted(scores[hay], scores[needles], "right")
        self.tied = not np.array_equal(self.below, self.upto)
        self.cumulative = np.zeros(len(hay) + 1, dtype=np.int64)

    def __call__(self, needle_weights: np.ndarray, hay_weights: np.ndarray) -> float:
        np.cumsum(hay_weights, out=self.cumulative[1:])
        total = int(needle_weights.sum()) * int(self.cumulative[-1])
        if total == 0:
            return np.nan
        wins = self.cumulative[self.below]
        wins = wins + self.cumulative[self.upto] if self.tied else 2 * wins
        area = int(needle_weights @ wins) / (2 * total)
        return 1 - area if self.swapped else area


def bootstrap_auc(
    y_true,
    y_score,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    groups=None,
    seed: int | np.random.Generator = 0,
) -> BootstrapAuc:
    """Return an AUC with its percentile bootstrap interval.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Any finite numbers, larger where the model is surer of class 1.
    n_resamples : int, default 1000
        How often to draw the cases anew.
    level : float, default 0.95
        Coverage of the interval.
    groups : array_like, shape (N,), optional
        The patient, the region or the hospital of each case. Whole groups are drawn then, as cases
        of one group are not independent, and one seed draws the same groups for any scores, so that
        two models can be compared resample by resample. Without it, each class is drawn by itself.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    BootstrapAuc

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where one is empty, not finite or of another length, a label is not 0 or 1, a class is
        missing, there is one group only, `n_resamples` is less than 1, `level` is not between
        0 and 1, or no resample holds both classes.

    Notes
    -----
    The scores are sorted once. A resample is a weight for each case, so that its AUC is a weighted
    count of pairs: one cumulative sum, no sort.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993,
       chapter 13. https://doi.org/10.1201/9780429246593

    Examples
    --------
    >>> labels, scores = [0, 0, 0, 1, 1], [0.1, 0.4, 0.5, 0.4, 0.9]
    >>> bootstrap_auc(labels, scores, n_resamples=500).auc
    0.75
    """
    labels = both_classes("y_true", check_labels("y_true", y_true))
    scores = check_scores("y_score", y_score, len(labels))
    level = check_level(level)
    n_resamples = check_integer("n_resamples", n_resamples, minimum=1)
    generator = as_generator(seed)

    area = _WeightedArea(labels, scores)
    m, n = len(area.needles), len(area.hay)
    value = area(np.ones(m, dtype=np.int64), np.ones(n, dtype=np.int64))
    samples = np.empty(n_resamples)
    if groups is None:
        n_groups = None
        for b in range(n_resamples):
            samples[b] = area(_counts(generator, m), _counts(generator, n))
    else:
        member, n_groups = _members(groups, len(labels))
        of_needle, of_hay = member[area.needles], member[area.hay]
        for b in range(n_resamples):
            drawn = _counts(generator, n_groups)
            samples[b] = area(drawn[of_needle], drawn[of_hay])
    samples = samples[~np.isnan(samples)]
    if not len(samples):
        raise ValueError("groups must be such that resamples hold both classes, got none that did")
    tail = 50 * (1 - level)
    low, high = np.percentile(samples, [tail, 100 - tail])
    return BootstrapAuc(
        value, float(low), float(high), samples, level, n_groups, n_resamples - len(samples)
    )


def _counts(generator: np.random.Generator, n: int) -> np.ndarray:
    """Draw n of n with replacement; return how often each was drawn."""
    return np.bincount(generator.integers(n, size=n), minlength=n)


def _members(groups, size: int) -> tuple[np.ndarray, int]:
    """Return the number of each case's group, and how many groups there are."""
    names, member = members("groups", groups, size)
    if len(names) < 2:
        raise ValueError("groups must name at least two groups, got one")
    return member, len(names)
