"""Whether a score is a probability: reliability, Brier score, calibration error and slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from lessonlib._validation import as_generator, check_integer
from lessonlib.evaluation.intervals import Interval, check_level, normal_quantile
from lessonlib.evaluation.reliability import (
    ReliabilityCurve,
    bins_of,
    labels_and_probabilities,
    reliability_curve,
)


@dataclass(frozen=True)
class Calibration:
    """How far a model's probabilities can be taken at their word.

    Parameters
    ----------
    brier : float
        Mean squared distance of probability and outcome.
    brier_of_prevalence : float
        That of a model that gives everyone the prevalence.
    error : float
        Expected calibration error over the curve's bins.
    error_by_chance : float
        Mean of the same number for outcomes drawn from the probabilities themselves: what a
        perfectly calibrated model would show on so many cases.
    intercept : Interval
        Calibration in the large: what has to be added to all logits so that the mean is right;
        0 is ideal.
    slope : Interval
        Factor on the logits that fits best; 1 is ideal, less than 1 is overconfident.
    curve : ReliabilityCurve
        The bins.
    """

    brier: float
    brier_of_prevalence: float
    error: float
    error_by_chance: float
    intercept: Interval
    slope: Interval
    curve: ReliabilityCurve

    def __str__(self) -> str:
        return "\n".join(
            [
                f"Brier score        {self.brier:.3f} (prevalence alone: "
                f"{self.brier_of_prevalence:.3f})",
                f"Calibration error  {self.error:.3f} (by chance alone: "
                f"{self.error_by_chance:.3f})",
                f"Intercept          {self.intercept:.2f} (ideal: 0)",
                f"Slope              {self.slope:.2f} (ideal: 1)",
            ]
        )


def calibration(
    y_true,
    y_prob,
    *,
    n_bins: int = 10,
    strategy: str = "quantile",
    level: float = 0.95,
    n_simulations: int = 200,
    seed: int | np.random.Generator = 0,
) -> Calibration:
    r"""Return Brier score, calibration error with its bias, and calibration slope and intercept.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_prob : array_like, shape (N,)
        Probabilities of class 1.
    n_bins, strategy, level
        As in :func:`reliability_curve`.
    n_simulations : int, default 200
        Sets of outcomes drawn to see what chance alone does to the calibration error.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    Calibration

    Raises
    ------
    TypeError, ValueError
        As :func:`reliability_curve`; also where a probability is exactly 0 or 1, which has no
        logit, or the probabilities separate the classes perfectly, so that the slope is infinite.

    Notes
    -----
    With outcomes :math:`y_i`, probabilities :math:`p_i` and bins :math:`b` of :math:`n_b` cases,

    .. math:: \text{Brier} = \frac{1}{N}\sum_i (p_i - y_i)^2, \qquad
              \text{ECE} = \sum_b \frac{n_b}{N} \left|\bar p_b - \bar y_b\right|.

    ECE is a mean of absolute values, so that it is above 0 for a perfect model too, the more so the
    fewer cases a bin holds [1]_. `error_by_chance` says by how much.

    The slope :math:`\beta` is from :math:`\operatorname{logit} P(y = 1) = \alpha + \beta
    \operatorname{logit} p`, the intercept from the same with :math:`\beta = 1` [2]_; their
    intervals are Wald's.

    References
    ----------
    .. [1] R. Roelofs, N. Cain, J. Shlens, M. C. Mozer, "Mitigating bias in calibration error
       estimation", AISTATS 2022. https://arxiv.org/abs/2012.08668
    .. [2] B. Van Calster, D. J. McLernon, M. van Smeden, L. Wynants, E. W. Steyerberg,
       "Calibration: the Achilles heel of predictive analytics", BMC Medicine 17, 2019, 230.
       https://doi.org/10.1186/s12916-019-1466-7
    """
    labels, p = labels_and_probabilities(y_true, y_prob)
    check_integer("n_simulations", n_simulations, minimum=1)
    generator = as_generator(seed)
    curve = reliability_curve(labels, p, n_bins=n_bins, strategy=strategy, level=level)
    z = normal_quantile(check_level(level))
    intercept, error = _fit(labels, p, slope=False)
    slope, slope_error = _fit(labels, p, slope=True)
    return Calibration(
        brier=float(np.mean((p - labels) ** 2)),
        brier_of_prevalence=float(labels.mean() * (1 - labels.mean())),
        error=curve.error,
        error_by_chance=_error_by_chance(p, bins_of(p, n_bins, strategy), n_simulations, generator),
        intercept=Interval(intercept, intercept - z * error, intercept + z * error),
        slope=Interval(slope, slope - z * slope_error, slope + z * slope_error),
        curve=curve,
    )


def _error_by_chance(p, bins, n_simulations, generator) -> float:
    """Return the mean calibration error of outcomes that are drawn from p itself."""
    errors = []
    for _ in range(n_simulations):
        gap = np.bincount(bins, weights=p - (generator.random(len(p)) < p))
        errors.append(np.abs(gap).sum() / len(p))
    return float(np.mean(errors))


def _fit(labels: np.ndarray, p: np.ndarray, *, slope: bool) -> tuple[float, float]:
    """Fit intercept and slope, or the intercept alone, by Newton's method.

    Returns the slope (or the intercept) and its standard error.
    """
    certain = (p == 0) | (p == 1)
    if certain.any():
        where = int(np.flatnonzero(certain)[0])
        raise ValueError(
            f"y_prob must lie strictly between 0 and 1 for slope and intercept, got {p[where]:g} "
            f"at index {where}; a probability of exactly 0 or 1 has no logit"
        )
    x = logit(p)
    positive, negative = x[labels], x[~labels]
    if slope and np.ptp(x) == 0:
        raise ValueError("y_prob must differ between cases, got one value: there is no slope")
    if slope and (positive.min() >= negative.max() or positive.max() <= negative.min()):
        raise ValueError("y_prob must not separate the classes perfectly: the slope is infinite")
    design = np.column_stack([np.ones_like(x), x]) if slope else np.ones((len(x), 1))
    offset = np.zeros_like(x) if slope else x

    def log_likelihood(beta):
        eta = design @ beta + offset
        return labels @ eta - np.logaddexp(0, eta).sum()

    beta = np.zeros(design.shape[1])
    for _ in range(100):
        mean = expit(design @ beta + offset)
        information = (design * (mean * (1 - mean))[:, None]).T @ design
        try:
            step = np.linalg.solve(information, design.T @ (labels - mean))
        except np.linalg.LinAlgError:
            raise ValueError(
                "y_prob must not lie so close to 0 and 1 that no fit is left"
            ) from None
        while (
            log_likelihood(beta + step) < log_likelihood(beta) - 1e-9 and np.abs(step).max() > 1e-9
        ):
            step = step / 2  # Newton's step may overshoot far from the maximum
        beta = beta + step
        if np.abs(step).max() < 1e-9 * (1 + np.abs(beta).max()):
            break
    error = np.sqrt(np.linalg.inv(information)[-1, -1])
    return float(beta[-1]), float(error)
