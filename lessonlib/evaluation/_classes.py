"""The scores of the two classes, each sorted once: what every ranking measure needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_labels, check_scores, rounded_like


def both_classes(name: str, positive: np.ndarray) -> np.ndarray:
    """Return the labels, or raise where only one class is there."""
    count = int(np.count_nonzero(positive))
    if count in (0, len(positive)):
        only = "1" if count else "0"
        raise ValueError(
            f"{name} must hold both classes, got {len(positive)} labels that are all {only}"
        )
    return positive


@dataclass(frozen=True, eq=False)
class Classes:
    """Scores by class, ascending.

    Parameters
    ----------
    positive, negative : numpy.ndarray of float64, shape (n₊,), (n₋,)
        Either may be empty.
    given : object
        The scores as they came: their type is the one in which a threshold is compared.
    """

    positive: np.ndarray
    negative: np.ndarray
    given: object = None

    @classmethod
    def split(cls, y_true, y_score, name: str = "y_score", *, both: bool = True) -> Classes:
        """Check labels and scores, and sort each class."""
        labels = check_labels("y_true", y_true)
        scores = check_scores(name, y_score, len(labels))
        if both:
            both_classes("y_true", labels)
        return cls(np.sort(scores[labels]), np.sort(scores[~labels]), y_score)

    def called(self, thresholds) -> tuple[np.ndarray, np.ndarray]:
        """Count the true and the false positives, score >= threshold, at each threshold."""
        if self.given is not None:
            thresholds = rounded_like(self.given, thresholds)
        tp = len(self.positive) - np.searchsorted(self.positive, thresholds, "left")
        fp = len(self.negative) - np.searchsorted(self.negative, thresholds, "left")
        return tp, fp


def doubled_wins(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Count, for each score, the sorted `others` below it twice and those equal to it once.

    Whole numbers, so that sums of them are exact and ties are no special case.
    """
    below = np.searchsorted(others, scores, "left")
    return below + np.searchsorted(others, scores, "right")
