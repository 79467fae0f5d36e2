"""The focal loss and its gradient as functions of one probability, without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number


@dataclass(frozen=True, eq=False)
class FocalCurve:
    """The focal loss of a case, by the probability that the model gives to its true class.

    Parameters
    ----------
    p : numpy.ndarray of float64
        Probability of the true class.
    loss : numpy.ndarray of float64
        Infinite where `p` is 0.
    gradient : numpy.ndarray of float64
        Size of the derivative by the logit: how hard the case pulls at the score.
    gamma : float
        0 is the cross-entropy.
    """

    p: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    gamma: float


def check_shares(name: str, values) -> np.ndarray:
    """Return an array of numbers in [0, 1] as float64.

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where one is NaN or outside.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
    array = array.astype(np.float64)
    if not ((array >= 0) & (array <= 1)).all():  # NaN fails too
        raise ValueError(f"{name} must lie in [0, 1], got {values!r}")
    return array


def pull(p: np.ndarray, rest: np.ndarray, gamma: float) -> np.ndarray:
    """Return the size of the gradient by the logit, from p and 1 − p, both given exactly.

    Near 1 the difference 1 − p has lost its digits, and near 0 so has 1 − (1 − p).
    """
    # (1 − p)^γ · [(1 − p) − γ p log p]; p log p is 0 at p = 0
    log = np.where(p < 0.5, np.log(np.where(p > 0, p, 1.0)), np.log1p(-np.minimum(rest, 0.9)))
    return rest**gamma * (rest - gamma * p * log)


def focal_curve(p, gamma: float = 2.0) -> FocalCurve:
    r"""Return the focal loss and the size of its gradient by the logit.

    Parameters
    ----------
    p : array_like
        Probability that the model gives to the true class, in [0, 1].
    gamma : float, default 2.0
        How much easy cases are played down, at least 0; 0 is the cross-entropy.

    Returns
    -------
    FocalCurve

    Raises
    ------
    TypeError, ValueError
        Where `p` or `gamma` is no number or out of range.

    Notes
    -----
    With :math:`p` the probability of the true class and :math:`z` its logit [1]_,

    .. math:: \mathrm{FL} = -(1-p)^\gamma \log p, \qquad
              -\frac{\partial\,\mathrm{FL}}{\partial z}
              = (1-p)^\gamma \bigl[(1-p) - \gamma\,p \log p\bigr].

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object
       detection", ICCV 2017. https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> focal_curve([0.1, 0.9], gamma=2).gradient.round(4).tolist()
    [1.102, 0.0029]
    """
    p = check_shares("p", p)
    gamma = check_number("gamma", gamma, minimum=0)
    with np.errstate(divide="ignore"):
        nll = -np.log(p)
    factor = (1 - p) ** gamma
    loss = np.where(np.isinf(nll), np.inf, factor * np.where(np.isinf(nll), 0, nll))
    return FocalCurve(p, loss, pull(p, 1 - p, gamma), gamma)
