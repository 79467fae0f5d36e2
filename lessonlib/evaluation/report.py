"""One model, one threshold: every figure of merit beside its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
from scipy.special import expit, logit

from lessonlib._validation import check_number, rounded_like
from lessonlib.evaluation._classes import Classes
from lessonlib.evaluation.auc import area_with_interval
from lessonlib.evaluation.intervals import (
    UNDEFINED,
    Interval,
    binomial_interval,
    check_level,
    normal_quantile,
)
from lessonlib.evaluation.roc import OperatingPoint, point, threshold_for_sensitivity


@dataclass(frozen=True)
class EvaluationReport:
    """What :func:`medical_evaluation` found.

    Parameters
    ----------
    threshold : float
        Positive is ``score >= threshold``.
    tp, fn, fp, tn : int
        True positives, false negatives, false positives, true negatives.
    sensitivity, specificity, ppv, npv : Interval
        Share of the ill called ill, of the healthy called healthy, of the called that are ill, of
        the cleared that are healthy, each with its exact interval. NaN where nobody is in the
        denominator.
    auc : Interval
        With DeLong's interval; NaN without both classes.
    average_precision : Interval
        Mean precision over the positive cases, with its logit interval; NaN without a positive.
    screening : OperatingPoint or None
        The highest threshold that reaches a sensitivity of 0.95 on these cases; None without both
        classes.
    level : float
        Coverage of the intervals.
    """

    threshold: float
    tp: int
    fn: int
    fp: int
    tn: int
    sensitivity: Interval
    specificity: Interval
    ppv: Interval
    npv: Interval
    auc: Interval
    average_precision: Interval
    screening: OperatingPoint | None
    level: float

    @property
    def prevalence(self) -> float:
        """Share of positive cases: PPV, NPV and average precision hold at this one only."""
        return (self.tp + self.fn) / (self.tp + self.fn + self.fp + self.tn)

    def _lines(self) -> list[tuple[str, str]]:
        lines = [
            ("Sensitivity", f"{self.sensitivity}  missed {self.fn:,} of {self.tp + self.fn:,}"),
            (
                "Specificity",
                f"{self.specificity}  false alarms {self.fp:,} of {self.fp + self.tn:,}",
            ),
            ("PPV", f"{self.ppv}  at a prevalence of {self.prevalence:.1%}"),
            ("NPV", f"{self.npv}"),
            ("AUC", f"{self.auc}"),
            ("Average precision", f"{self.average_precision}"),
        ]
        if self.screening is not None:
            lines.append(
                (
                    "For sensitivity 0.95",
                    f"threshold {self.screening.threshold:.3f}, specificity "
                    f"{self.screening.specificity_interval(self.level)}",
                )
            )
        return lines

    def _title(self) -> str:
        return f"Positive from {self.threshold:g} on, {100 * self.level:g}% intervals"

    def __str__(self) -> str:
        return "\n".join([self._title(), *(f"{a:21}{b}" for a, b in self._lines())])

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in self._lines()
        )
        return f"<table><caption>{escape(self._title())}</caption><tbody>{cells}</tbody></table>"


def average_precision(classes: Classes, level: float) -> Interval:
    r"""Return the average precision of sorted classes with its logit interval.

    With :math:`P_k` the precision at the :math:`k`-th distinct score of a positive case and
    :math:`c_k` the positive cases that have it, :math:`\text{AP} = \sum_k c_k P_k / m`. The
    interval is that of a share of :math:`m` on the logit scale.
    """
    m = len(classes.positive)
    if m == 0:
        return UNDEFINED
    thresholds, counts = np.unique(classes.positive, return_counts=True)
    tp, fp = classes.called(thresholds)
    value = float(np.sum(counts * (tp / (tp + fp))) / m)
    if not 0 < value < 1:
        return Interval(value, math.nan, math.nan)
    reach = normal_quantile(level) / math.sqrt(m * value * (1 - value))
    low, high = expit(logit(value) + np.array([-reach, reach]))
    return Interval(value, float(low), float(high))


def medical_evaluation(
    y_true, y_prob, threshold: float = 0.5, *, level: float = 0.95
) -> EvaluationReport:
    r"""Return what a clinician needs to know of a binary classifier, with intervals.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1; one class may be missing.
    y_prob : array_like, shape (N,)
        Scores, larger where the model is surer of class 1. Probabilities or not: only their order
        and the threshold matter here. Whether they are probabilities is :func:`calibration`'s
        question.
    threshold : float, default 0.5
        Positive is ``score >= threshold``, compared in the scores' own type.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    EvaluationReport
        What is undefined is NaN.

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where one is empty, not finite or of another length, a label is not 0 or 1, or `level` is
        not between 0 and 1.

    Notes
    -----
    The interval of the average precision takes it for a share of the :math:`m` positive cases on
    the logit scale, :math:`\operatorname{logit} \text{AP} \pm z / \sqrt{m\,\text{AP}(1 -
    \text{AP})}`, one of the two that [1]_ recommends. It is NaN where the average precision is 1.

    References
    ----------
    .. [1] K. Boyd, K. H. Eng, C. D. Page, "Area under the precision-recall curve: point estimates
       and confidence intervals", ECML PKDD 2013, LNCS 8190, 451-466.
       https://doi.org/10.1007/978-3-642-40994-3_29

    Examples
    --------
    >>> report = medical_evaluation([0, 0, 0, 1, 1], [0.1, 0.4, 0.6, 0.7, 0.9])
    >>> report.tp, report.fn, report.fp, report.tn
    (2, 0, 1, 2)
    >>> print(report.specificity)
    0.667 [0.094, 0.992]
    """
    level = check_level(level)
    threshold = check_number("threshold", threshold)
    classes = Classes.split(y_true, y_prob, "y_prob", both=False)
    at = point(float(rounded_like(y_prob, threshold)), classes.positive, classes.negative)
    both = len(classes.positive) > 0 and len(classes.negative) > 0
    screening = None
    if both:
        limit = threshold_for_sensitivity(classes.positive, 0.95)
        screening = point(limit, classes.positive, classes.negative)
    return EvaluationReport(
        threshold=threshold,
        tp=at.tp,
        fn=at.fn,
        fp=at.fp,
        tn=at.tn,
        sensitivity=binomial_interval(at.tp, at.tp + at.fn, level),
        specificity=binomial_interval(at.tn, at.tn + at.fp, level),
        ppv=binomial_interval(at.tp, at.tp + at.fp, level),
        npv=binomial_interval(at.tn, at.tn + at.fn, level),
        auc=area_with_interval(classes, level)[2] if both else UNDEFINED,
        average_precision=average_precision(classes, level),
        screening=screening,
        level=level,
    )
