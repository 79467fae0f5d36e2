"""Discrimination, calibration and net benefit of a model at the prevalence of its use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib import evaluation
from lessonlib._validation import check_labels, check_number, check_scores
from lessonlib.evaluation._classes import both_classes


@dataclass(frozen=True)
class Assessment:
    """What a model is worth at a prevalence, in six numbers.

    Parameters
    ----------
    auc : float
        Discrimination: does it rank?
    sensitivity, specificity : float
        At the threshold.
    mean_risk : float
        Mean predicted probability; of a calibrated model it is the prevalence.
    brier : float
        Mean squared error of the probability.
    net_benefit : float
        True positives a person, less false positives at their price, of acting from `act_from` on.
    prevalence, threshold, act_from : float
        What was asked.
    """

    auc: float
    sensitivity: float
    specificity: float
    mean_risk: float
    brier: float
    net_benefit: float
    prevalence: float
    threshold: float
    act_from: float

    def __str__(self) -> str:
        return (
            f"AUC {self.auc:.3f}; at {self.threshold:g} sensitivity {self.sensitivity:.3f}, "
            f"specificity {self.specificity:.3f}; mean risk {self.mean_risk:.3f} at a prevalence "
            f"of {self.prevalence:.3f}; net benefit {1000 * self.net_benefit:.1f} in 1,000, acting "
            f"from {self.act_from:g}"
        )


def assess(
    y_true,
    y_prob,
    *,
    prevalence: float | None = None,
    threshold: float = 0.5,
    act_from: float = 0.05,
) -> Assessment:
    r"""Judge probabilities at a prevalence, from a test set that may have more positives.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1, both.
    y_prob : array_like, shape (N,)
        Probabilities of class 1.
    prevalence : float, optional
        Share of positives where the model is used; that of the test set by default.
    threshold : float, default 0.5
        Positive is ``y_prob >= threshold``, for sensitivity and specificity.
    act_from : float, default 0.05
        Probability in (0, 1) from which on one would act, for the net benefit.

    Returns
    -------
    Assessment

    Raises
    ------
    TypeError, ValueError
        Where labels or probabilities are not as said, a class is missing, or a number is out of
        range.

    Notes
    -----
    At 2% a test set of a thousand has twenty positives, and little can be said of them. A set with
    more positives measures the same things class by class, and they are then weighed by the
    prevalence :math:`\pi`: with :math:`\bar p_1, \bar p_0` the mean probability of the positive and
    the negative cases,

    .. math:: \text{mean risk} = \pi\,\bar p_1 + (1 - \pi)\,\bar p_0,

    and likewise the Brier score. It assumes that the positives of the test set are like those of
    the place of use, only more of them.
    """
    labels = both_classes("y_true", check_labels("y_true", y_true))
    p = check_scores("y_prob", y_prob, len(labels), probabilities=True)
    threshold = check_number("threshold", threshold)
    curve = evaluation.net_benefit(
        labels, y_prob, [check_number("act_from", act_from)], prevalence=prevalence
    )
    share = curve.prevalence
    point = evaluation.at_threshold(labels, y_prob, threshold)

    def weighed(values: np.ndarray) -> float:
        return float(share * values[labels].mean() + (1 - share) * values[~labels].mean())

    return Assessment(
        auc=evaluation.auc_interval(labels, p).auc,
        sensitivity=point.sensitivity,
        specificity=point.specificity,
        mean_risk=weighed(p),
        brier=weighed((p - labels) ** 2),
        net_benefit=float(curve.model[0]),
        prevalence=share,
        threshold=threshold,
        act_from=float(act_from),
    )
