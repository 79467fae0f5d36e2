"""Two models on the same cases: DeLong's paired comparison of their AUC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from lessonlib._validation import check_labels, check_scores
from lessonlib.evaluation._classes import both_classes, doubled_wins
from lessonlib.evaluation.intervals import check_level, normal_quantile


@dataclass(frozen=True)
class AucComparison:
    """Two models' AUC on the same cases.

    Parameters
    ----------
    auc_a, auc_b : float
        Of the first and of the second model.
    difference, low, high : float
        ``auc_a - auc_b`` and its interval.
    standard_error : float
        Of the difference.
    p_value : float
        Two-sided, for no difference; 1 where the placements are the same case by case, NaN where
        the standard error is 0 and the areas differ, or a class has one case only.
    correlation : float
        Between the two estimates: what comparing on the same cases gains. NaN where one of them
        has no spread.
    level : float
        Coverage asked for.
    """

    auc_a: float
    auc_b: float
    difference: float
    low: float
    high: float
    standard_error: float
    p_value: float
    correlation: float
    level: float

    def __str__(self) -> str:
        return (
            f"AUC {self.auc_a:.3f} against {self.auc_b:.3f}, difference {self.difference:+.3f} "
            f"[{self.low:+.3f}, {self.high:+.3f}], p = {self.p_value:.2g}"
        )


def compare_auc(y_true, score_a, score_b, level: float = 0.95) -> AucComparison:
    r"""Compare two models that were given the same cases, by DeLong's paired test.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    score_a, score_b : array_like, shape (N,)
        Scores of both models, case by case. They need not share a scale.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    AucComparison

    Raises
    ------
    TypeError, ValueError
        As :func:`auc_interval`.

    Notes
    -----
    The placement values of both models form pairs. Their covariance matrices :math:`S_{10}` over
    the :math:`m` positive and :math:`S_{01}` over the :math:`n` negative cases give that of the two
    areas [1]_,

    .. math:: S = S_{10}/m + S_{01}/n, \qquad
              \operatorname{var}(A_a - A_b) = S_{aa} + S_{bb} - 2 S_{ab}.

    The test is meant for models that are fixed before the cases are seen. Where one model extends
    the other, both are fitted to these very cases and the extension is worthless, the difference
    is not normally distributed [2]_.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more
       correlated receiver operating characteristic curves: a nonparametric approach", Biometrics
       44(3), 1988, 837-845. https://doi.org/10.2307/2531595
    .. [2] O. V. Demler, M. J. Pencina, R. B. D'Agostino, "Misuse of DeLong test to compare AUCs for
       nested models", Statistics in Medicine 31(23), 2012, 2577-2587.
       https://doi.org/10.1002/sim.5328
    """
    level = check_level(level)
    labels = both_classes("y_true", check_labels("y_true", y_true))
    m = int(np.count_nonzero(labels))
    n = len(labels) - m
    v10, v01 = np.empty((2, m)), np.empty((2, n))
    areas = []
    for k, (name, scores) in enumerate({"score_a": score_a, "score_b": score_b}.items()):
        scores = check_scores(name, scores, len(labels))
        positive, negative = scores[labels], scores[~labels]
        wins = doubled_wins(positive, np.sort(negative))
        v10[k] = wins / (2 * n)
        v01[k] = 1 - doubled_wins(negative, np.sort(positive)) / (2 * m)
        areas.append(int(wins.sum()) / (2 * m * n))
    with np.errstate(invalid="ignore", divide="ignore"):
        small = np.full((2, 2), np.nan)  # of a class with one case no variance is known
        s10, s01 = (np.cov(v) if v.shape[1] > 1 else small for v in (v10, v01))
        covariance = s10 / m + s01 / n
        correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    difference = areas[0] - areas[1]
    # the variance of the paired differences: no cancellation where the models agree
    spread = [np.var(v[0] - v[1], ddof=1) if v.shape[1] > 1 else np.nan for v in (v10, v01)]
    error = float(np.sqrt(spread[0] / m + spread[1] / n))
    if error > 0:
        p_value = float(2 * ndtr(-abs(difference) / error))
    else:
        p_value = 1.0 if error == 0 and difference == 0 else float("nan")
    reach = normal_quantile(level) * error
    return AucComparison(
        areas[0],
        areas[1],
        difference,
        difference - reach,
        difference + reach,
        error,
        p_value,
        float(np.clip(correlation, -1, 1)),
        level,
    )
