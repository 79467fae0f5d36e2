"""What a loss makes of a probability, and the way back, both in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from lessonlib._validation import check_number, check_shares
from lessonlib.imbalance.curves import pull

#: Of an interval of 1,500 logits: down to 1e-12 of one.
_HALVINGS = 51


def _weights(weights: Sequence[float]) -> tuple[float, float]:
    try:
        negative, positive = weights
    except (TypeError, ValueError):
        raise ValueError(
            f"weights must be two numbers, of class 0 and of class 1, got {weights!r}"
        ) from None
    return check_number("weights", negative, above=0), check_number("weights", positive, above=0)


def restore_probability(
    y_prob, *, weights: Sequence[float] = (1.0, 1.0), gamma: float = 0.0
) -> np.ndarray:
    r"""Return the probabilities that a weighted or focal loss has distorted.

    Parameters
    ----------
    y_prob : array_like
        Probabilities of class 1 from a model trained with the weights and the gamma.
    weights : (float, float), default (1, 1)
        How much a case of class 0 and of class 1 counted: class weights, alpha as
        ``(1 - alpha, alpha)``, or how often a sampler or an oversampler repeats a case. Only the
        ratio matters. Where two of them acted at once, their products.
    gamma : float, default 0
        Of the focal loss; 0 is the cross-entropy.

    Returns
    -------
    numpy.ndarray of float64
        Same shape.

    Raises
    ------
    TypeError, ValueError
        Where a probability is outside [0, 1], a weight not positive, or gamma negative.

    See Also
    --------
    trained_probability : The inverse.
    lessonlib.evaluation.adjust_prevalence : The same for two prevalences.

    Notes
    -----
    Take cases that look alike, a share :math:`\eta` of them positive. The loss is at its minimum
    where the pull of the positives and that of the negatives balance,

    .. math:: \eta\,w_1\,g(q) = (1-\eta)\,w_0\,g(1-q), \qquad
              g(p) = (1-p)^\gamma \bigl[(1-p) - \gamma\,p\log p\bigr],

    with :math:`g` the gradient of :func:`focal_curve`. Solved for :math:`\eta`, that is the true
    probability behind a predicted :math:`q`. For :math:`\gamma = 0` it is the prior correction
    :math:`\eta/(1-\eta) = (w_0/w_1)\;q/(1-q)` [1]_; for equal weights the transformation of [2]_.

    It is exact for a model that can give every group of look-alikes its own minimum and was trained
    to it. A penalised or overfitted model comes near it or not: measure.

    References
    ----------
    .. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a
       priori probabilities: a simple procedure", Neural Computation 14(1), 2002, 21-41.
       https://doi.org/10.1162/089976602753284446
    .. [2] N. Charoenphakdee, J. Vongkulbhisal, N. Chairatanakul, M. Sugiyama, "On focal loss for
       class-posterior probability estimation: a theoretical perspective", CVPR 2021.
       https://arxiv.org/abs/2011.09172

    Examples
    --------
    >>> restore_probability([0.5, 0.9], weights=(0.02, 0.98)).round(3).tolist()
    [0.02, 0.155]
    >>> restore_probability([0.5, 0.9], gamma=2).round(3).tolist()
    [0.5, 0.997]
    """
    q = check_shares("y_prob", y_prob)
    negative, positive = _weights(weights)
    return _restore(q, 1 - q, negative, positive, check_number("gamma", gamma, minimum=0))


def _restore(q, rest, negative: float, positive: float, gamma: float) -> np.ndarray:
    against = negative * pull(rest, q, gamma)  # what pulls down for each negative
    towards = positive * pull(q, rest, gamma)
    return against / (against + towards)


def trained_probability(
    probability, *, weights: Sequence[float] = (1.0, 1.0), gamma: float = 0.0
) -> np.ndarray:
    """Return what a perfectly trained model says where the true probability is given.

    Parameters
    ----------
    probability : array_like
        True probabilities of class 1.
    weights, gamma
        As in :func:`restore_probability`.

    Returns
    -------
    numpy.ndarray of float64
        Same shape.

    Raises
    ------
    TypeError, ValueError
        As :func:`restore_probability`.

    See Also
    --------
    restore_probability : The inverse.

    Notes
    -----
    :func:`restore_probability` increases, and is inverted by bisection.

    Examples
    --------
    >>> trained_probability([0.02], weights=(0.02, 0.98)).round(3).tolist()
    [0.5]
    """
    target = check_shares("probability", probability)
    negative, positive = _weights(weights)
    gamma = check_number("gamma", gamma, minimum=0)
    low, high = np.full(target.shape, -750.0), np.full(target.shape, 750.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = _restore(expit(middle), expit(-middle), negative, positive, gamma) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    q = expit((low + high) / 2)
    return np.where(target == 0, 0.0, np.where(target == 1, 1.0, q))
