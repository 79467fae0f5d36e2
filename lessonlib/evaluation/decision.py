"""From sensitivity and specificity to what a result means, and whether a model helps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number, check_numbers, check_shares
from lessonlib.evaluation._classes import Classes


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, NaN where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


@dataclass(frozen=True, eq=False)
class PredictiveValues:
    """What a result means at a prevalence.

    Parameters
    ----------
    prevalence : numpy.ndarray of float64
        Share of ill people among those tested.
    ppv : numpy.ndarray of float64
        Chance that someone called positive is ill; NaN where nobody is called.
    npv : numpy.ndarray of float64
        Chance that someone cleared is healthy; NaN where nobody is cleared.
    """

    prevalence: np.ndarray
    ppv: np.ndarray
    npv: np.ndarray


def predictive_values(sensitivity, specificity, prevalence) -> PredictiveValues:
    r"""Return PPV and NPV at a prevalence other than that of the test set.

    Parameters
    ----------
    sensitivity, specificity, prevalence : array_like
        Shares in [0, 1] that broadcast.

    Returns
    -------
    PredictiveValues

    Raises
    ------
    ValueError
        Where a share is NaN or outside [0, 1].

    Notes
    -----
    Bayes' theorem, with prevalence :math:`\pi`:

    .. math:: \text{PPV} = \frac{\text{sens}\,\pi}
                                {\text{sens}\,\pi + (1-\text{spec})(1-\pi)}, \qquad
              \text{NPV} = \frac{\text{spec}\,(1-\pi)}
                                {\text{spec}\,(1-\pi) + (1-\text{sens})\,\pi}.

    It assumes that sensitivity and specificity stay the same elsewhere. They do not where the ill
    are ill to another degree, or the pictures come from another machine.

    Examples
    --------
    >>> predictive_values(0.94, 0.98, [0.05, 0.005]).ppv.round(3).tolist()
    [0.712, 0.191]
    """
    sensitivity = check_shares("sensitivity", sensitivity)
    specificity = check_shares("specificity", specificity)
    prevalence = check_shares("prevalence", prevalence)
    true_alarm, false_alarm = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    true_clear, false_clear = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    return PredictiveValues(
        np.broadcast_to(prevalence, true_alarm.shape),
        _ratio(true_alarm, true_alarm + false_alarm),
        _ratio(true_clear, true_clear + false_clear),
    )


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit of a model, of treating all and of treating none.

    Parameters
    ----------
    thresholds : numpy.ndarray of float64, shape (T,)
        Probability from which on one would act.
    model : numpy.ndarray of float64, shape (T,)
        Net benefit of acting where the model's probability reaches the threshold, in true positives
        a person.
    treat_all : numpy.ndarray of float64, shape (T,)
        Net benefit of acting on everyone. That of acting on nobody is 0.
    prevalence : float
        At which they hold.
    """

    thresholds: np.ndarray
    model: np.ndarray
    treat_all: np.ndarray
    prevalence: float

    @property
    def gain(self) -> np.ndarray:
        """Net benefit over the better of treating all and treating none, shape (T,)."""
        return self.model - np.maximum(self.treat_all, 0)


def net_benefit(y_true, y_prob, thresholds, *, prevalence: float | None = None) -> DecisionCurve:
    r"""Return the decision curve of a model.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_prob : array_like, shape (N,)
        Probabilities of class 1.
    thresholds : array_like, shape (T,)
        Probabilities in (0, 1) from which on one would act.
    prevalence : float, optional
        Share of positives where the model is to be used; that of the cases by default.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where one is empty or of another length, a label is not 0 or 1, a class is missing, a
        probability is not in [0, 1] or a threshold or the prevalence not in (0, 1).

    Notes
    -----
    Who acts from a probability :math:`t` on takes a needless treatment to be worth :math:`t/(1-t)`
    of a missed one. In that currency [1]_, at prevalence :math:`\pi`,

    .. math:: \text{NB}(t) = \text{sens}(t)\,\pi
              - (1 - \text{spec}(t))\,(1-\pi)\,\frac{t}{1-t}.

    At the prevalence of the cases this is :math:`\text{TP}/N - \text{FP}/N \cdot t/(1-t)`. At
    another one the probabilities would have to be recalibrated as well: see
    :func:`adjust_prevalence`.

    References
    ----------
    .. [1] A. J. Vickers, E. B. Elkin, "Decision curve analysis: a novel method for evaluating
       prediction models", Medical Decision Making 26(6), 2006, 565-574.
       https://doi.org/10.1177/0272989X06295361
    """
    classes = Classes.split(y_true, y_prob, "y_prob")
    check_shares("y_prob", [min(classes.positive[0], classes.negative[0])])
    check_shares("y_prob", [max(classes.positive[-1], classes.negative[-1])])
    thresholds = check_numbers("thresholds", thresholds).astype(np.float64)
    if thresholds.ndim != 1 or not ((thresholds > 0) & (thresholds < 1)).all():
        raise ValueError(
            f"thresholds must be numbers between 0 and 1, shape (T,), got {thresholds}"
        )
    m, n = len(classes.positive), len(classes.negative)
    share = m / (m + n) if prevalence is None else _open_share("prevalence", prevalence)
    tp, fp = classes.called(thresholds)
    price = thresholds / (1 - thresholds)
    return DecisionCurve(
        thresholds=thresholds,
        model=tp / m * share - fp / n * (1 - share) * price,
        treat_all=share - (1 - share) * price,
        prevalence=share,
    )


def _open_share(name: str, value) -> float:
    share = check_number(name, value, above=0)
    if share >= 1:
        raise ValueError(f"{name} must be less than 1, got {value!r}")
    return share


def adjust_prevalence(y_prob, trained: float, used: float) -> np.ndarray:
    r"""Return probabilities for a place with another prevalence.

    Parameters
    ----------
    y_prob : array_like
        Probabilities that hold where a share `trained` is ill.
    trained, used : float
        Prevalence, in (0, 1), where the model learned and where it is used.

    Returns
    -------
    numpy.ndarray of float64
        Same shape; 0 and 1 stay.

    Raises
    ------
    TypeError, ValueError
        Where a probability is outside [0, 1] or a prevalence outside (0, 1).

    Notes
    -----
    The odds change by the ratio of the prior odds,

    .. math:: \frac{p'}{1-p'} = \frac{p}{1-p} \cdot
              \frac{\pi'/(1-\pi')}{\pi/(1-\pi)},

    which is exact where ill and healthy people look the same in both places and there are only
    more or fewer of them.

    Examples
    --------
    >>> adjust_prevalence([0.5, 0.9], trained=0.5, used=0.1).round(3).tolist()
    [0.1, 0.5]
    """
    p = check_shares("y_prob", y_prob)
    before, after = _open_share("trained", trained), _open_share("used", used)
    ill, healthy = p * (after / before), (1 - p) * ((1 - after) / (1 - before))
    return ill / (ill + healthy)
