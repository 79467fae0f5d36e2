"""Whether a score is a probability: reliability, Brier score, calibration error and slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from lessonlib._validation import as_generator, check_choice, check_integer
from lessonlib.evaluation.intervals import Interval, check_level, normal_quantile
from lessonlib.evaluation.reliability import (
    ReliabilityCurve,
    bins_of,
    curve_of_bins,
    labels_and_probabilities,
)

#: Cases from which on the gap of a bin is taken to be normal where its variance allows it: with a
#: variance of 1000 the mean size of the gap is then right to one part in ten thousand.
_MANY, _NORMAL = 100_000, 1000.0
#: Cases worked on at a time.
_PIECE = 1 << 15


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
        Sets of outcomes drawn to see what chance alone does to the calibration error. Of more than
        100,000 cases nothing is drawn in the bins where the expected error has a closed form.
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
    n_bins = check_integer("n_bins", n_bins, minimum=1)
    check_choice("strategy", strategy, ("quantile", "uniform"))
    check_integer("n_simulations", n_simulations, minimum=1)
    generator = as_generator(seed)
    z = normal_quantile(check_level(level))
    bins = bins_of(p, n_bins, strategy, y_prob)
    curve = curve_of_bins(labels, p, bins, n_bins, level)
    x = _logits(p)
    cells = _cells(x, labels)
    intercept, error = _fit(labels, x, cells, slope=False)
    slope, slope_error = _fit(labels, x, cells, slope=True)
    return Calibration(
        brier=float(np.mean((p - labels) ** 2)),
        brier_of_prevalence=float(labels.mean() * (1 - labels.mean())),
        error=curve.error,
        error_by_chance=_error_by_chance(p, bins, n_simulations, generator),
        intercept=Interval(intercept, intercept - z * error, intercept + z * error),
        slope=Interval(slope, slope - z * slope_error, slope + z * slope_error),
        curve=curve,
    )


def _logits(p: np.ndarray) -> np.ndarray:
    certain = (p == 0) | (p == 1)
    if certain.any():
        where = int(np.flatnonzero(certain)[0])
        raise ValueError(
            f"y_prob must lie strictly between 0 and 1 for slope and intercept, got "
            f"{float(p[where])!r} at index {where}; a probability of exactly 0 or 1 has no logit"
        )
    return logit(p)


def _error_by_chance(p, bins, n_simulations, generator) -> float:
    """Return the mean calibration error of outcomes that are drawn from p itself.

    In a bin of many cases the gap is normal, and the mean of its size is known: drawing would only
    add noise to it, and cost the more the more cases there are.
    """
    drawn = np.ones(len(p), dtype=bool)
    known = 0.0
    if len(p) > _MANY:
        variance = np.bincount(bins, weights=p * (1 - p))
        normal = variance >= _NORMAL
        known = float(np.sqrt(2 / np.pi * variance[normal]).sum())  # E|z| = sigma sqrt(2 / pi)
        drawn = ~normal[bins]
    few, chance = bins[drawn], p[drawn]
    if not len(few):
        return known / len(p)
    errors = []
    for _ in range(n_simulations):
        gap = np.bincount(few, weights=chance - (generator.random(len(chance)) < chance))
        errors.append(np.abs(gap).sum())
    return (known + float(np.mean(errors))) / len(p)


def _fit(labels: np.ndarray, x: np.ndarray, cells, *, slope: bool) -> tuple[float, float]:
    """Fit intercept and slope to logits `x`, or the intercept alone, by Newton's method.

    The fit to the `cells` is where it starts: that leaves two passes over all cases. Returns the
    slope (or the intercept) and its standard error.
    """
    if slope:
        _refuse_separated(labels, x)
    start = np.array([0.0, 0.0 if slope else 1.0])
    start, _ = _newton(*cells, start, slope)
    beta, information = _newton(x, None, labels, start, slope)
    free = 1 if slope else 0
    return float(beta[free]), float(np.sqrt(np.linalg.inv(information)[-1, -1]))


def _refuse_separated(labels: np.ndarray, x: np.ndarray) -> None:
    positive, negative = x[labels], x[~labels]
    if np.ptp(x) == 0:
        raise ValueError("y_prob must differ between cases, got one value: there is no slope")
    if positive.min() >= negative.max() or positive.max() <= negative.min():
        raise ValueError("y_prob must not separate the classes perfectly: the slope is infinite")


def _cells(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean logit, number of cases and of positive ones in each cell that holds any."""
    low, high = float(x.min()), float(x.max())
    width = max(1 / 64, (high - low) / 2**16)
    cell = ((x - low) / width).astype(np.int64)
    count = np.bincount(cell)
    held = count > 0
    mean = np.bincount(cell, weights=x)[held] / count[held]
    return mean, count[held], np.bincount(cell[labels], minlength=len(count))[held]


def _newton(x, count, positive, beta: np.ndarray, slope: bool) -> tuple[np.ndarray, np.ndarray]:
    """Maximise the likelihood of `positive` among `count` cases (None: one each) at logits `x`."""
    free = slice(0, 2 if slope else 1)
    farthest = float(np.abs(x).max())
    for _ in range(100):
        gradient, information = _derivatives(x, count, positive, beta)
        gradient, information = gradient[free], information[free, free]
        step = np.zeros(2)
        try:
            step[free] = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise ValueError(
                "y_prob must not lie so close to 0 and 1 that no fit is left"
            ) from None
        if abs(step[0]) + abs(step[1]) * farthest > 1:  # it may overshoot far from the maximum
            before = _log_likelihood(x, count, positive, beta) - 1e-9
            while (
                _log_likelihood(x, count, positive, beta + step) < before
                and np.abs(step).max() > 1e-9
            ):
                step = step / 2
        beta = beta + step
        if np.abs(step).max() < 1e-9 * (1 + np.abs(beta[free]).max()):
            break
    return beta, information


def _pieces(x, count, positive):
    """Yield the cases in pieces that fit a processor's cache."""
    for start in range(0, len(x), _PIECE):
        part = slice(start, start + _PIECE)
        yield x[part], 1 if count is None else count[part], positive[part]


def _derivatives(x, count, positive, beta) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the log-likelihood and the information, by intercept and slope."""
    sums = np.zeros(5)
    for logits, cases, hits in _pieces(x, count, positive):
        mean = expit(beta[0] + beta[1] * logits)
        rest = hits - cases * mean
        weight = cases * mean * (1 - mean)
        weighted = weight * logits
        sums += rest.sum(), rest @ logits, weight.sum(), weighted.sum(), weighted @ logits
    return sums[:2], np.array([sums[2:4], sums[3:5]])


def _log_likelihood(x, count, positive, beta) -> float:
    total = 0.0
    for logits, cases, hits in _pieces(x, count, positive):
        eta = beta[0] + beta[1] * logits
        total += float(hits @ eta - np.sum(cases * np.logaddexp(0, eta)))
    return total
