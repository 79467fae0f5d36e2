"""A linear head trained to the minimum of any of the losses: the loss is all that differs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lessonlib._validation import check_labels, check_number, check_rank, in_class_order
from lessonlib._validation.missing import plain_array

#: Gradient from which on a minimum counts as missed, for features brought to variance 1.
_FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear classifier on given features.

    Parameters
    ----------
    weight : numpy.ndarray of float64, shape (n_features,)
    bias : float
    loss : float
        What was minimised, at the end.
    """

    weight: np.ndarray
    bias: float
    loss: float

    def score(self, features: np.ndarray) -> np.ndarray:
        """Return the log-odds of class 1 as the loss has them, shape (N,)."""
        return check_features(features) @ self.weight + self.bias

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 as the loss has it, shape (N,)."""
        return expit(self.score(features))


def check_features(features) -> np.ndarray:
    """Return features as float64 (N, n_features), or raise where one is missing or not finite."""
    array = plain_array("features", features)
    check_rank("features", array, (2,), "(N, n_features)")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"features must hold numbers, got {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError("features must be finite, got NaN or infinity")
    return array


@dataclass(frozen=True, eq=False)
class Scale:
    """What brings features to mean 0 and variance about 1, where they are far from it.

    Parameters
    ----------
    centre : numpy.ndarray of float64, shape (n_features,)
        The mean; 0 where it is below one standard deviation.
    size : numpy.ndarray of float64, shape (n_features,)
        The standard deviation, or the penalty's square root where that is larger, so that no
        direction of the loss is much steeper than another; rounded to a power of 2, so that
        dividing costs no digits.
    """

    centre: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, penalty: float) -> Scale:
        """Measure it; of features that are standardised already it changes nothing."""
        centre, spread = features.mean(axis=0), features.std(axis=0)
        wide = np.maximum(np.where(spread > 1e-12 * np.abs(centre), spread, 0.0), penalty**0.5)
        size = np.exp2(np.rint(np.log2(np.where(wide > 0, wide, 1.0))))
        return cls(np.where(np.abs(centre) > spread, centre, 0.0), size)

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Return features on the common scale, as a new array in the order of C."""
        return np.ascontiguousarray((features - self.centre) / self.size)

    def undo(self, weight: np.ndarray, bias: float) -> tuple[np.ndarray, float]:
        """Return weights and bias for features as they came, from those for scaled ones."""
        own = weight / self.size
        return own, float(bias - own @ self.centre)


def train_head(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    weights: Sequence[float] | None = None,
    gamma: float = 0.0,
    penalty: float = 0.01,
) -> LinearHead:
    r"""Train a linear head with a weighted focal loss, to the minimum.

    Parameters
    ----------
    features : numpy.ndarray, shape (N, n_features)
        Finite, on a common scale: the penalty treats all alike.
    labels : numpy.ndarray, shape (N,)
        0 and 1, both.
    weights : (float, float), optional
        Of class 0 and class 1, for example :func:`class_weights`; only their ratio matters.
    gamma : float, default 0
        Of the focal loss; 0 is the cross-entropy.
    penalty : float, default 0.01
        :math:`\lambda`, at least 0.

    Returns
    -------
    LinearHead

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or shape, or a class is missing.

    Warns
    -----
    RuntimeWarning
        Where the minimum was not reached: without a penalty, classes that a plane can separate
        have none.

    Notes
    -----
    Minimised over :math:`w` and :math:`b`, by L-BFGS from 0, in float64, is

    .. math:: \frac{\sum_i w_{y_i}\,\mathrm{FL}_\gamma(x_i^\top w + b,\; y_i)}{\sum_i w_{y_i}}
              + \frac{\lambda}{2} \lVert w \rVert^2 .

    Inside, features are centred and scaled, and the penalty with them, so that the minimum is
    reached whatever their size. No learning rate, no batches, no seed: two heads differ in nothing
    but the loss. For :math:`\gamma = 0` it is scikit-learn's logistic regression with
    :math:`C = 1/(\lambda N)`.

    Examples
    --------
    >>> import numpy as np
    >>> head = train_head(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1]))
    >>> head.probability(np.array([[1.5]])).round(3).tolist()
    [0.5]
    """
    import torch

    from lessonlib.evaluation._classes import both_classes
    from lessonlib.imbalance.focal import FocalLoss

    X = check_features(features)
    y = both_classes("labels", check_labels("labels", labels))
    if len(y) != len(X):
        raise ValueError(f"labels must hold one label a row of features ({len(X)}), got {len(y)}")
    penalty = check_number("penalty", penalty, minimum=0)
    if weights is not None:
        given, weights = weights, in_class_order("weights", weights).tolist()
        if not (isinstance(weights, list) and len(weights) == 2 and min(weights) > 0):
            raise ValueError(f"weights must be two positive numbers, got {given!r}")
    loss = FocalLoss(alpha=weights, gamma=gamma, reduction="sum")
    counted = len(y) if weights is None else weights[0] * (~y).sum() + weights[1] * y.sum()

    scale = Scale.of(X, penalty)
    x, target = torch.from_numpy(scale.apply(X)), torch.from_numpy(y)
    factors = torch.from_numpy(penalty / 2 / scale.size**2)
    parameters = torch.zeros(X.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [parameters], max_iter=1000, tolerance_grad=1e-8, tolerance_change=1e-12,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def objective():
        optimizer.zero_grad()
        w, b = parameters[:-1], parameters[-1]
        value = loss(x @ w + b, target) / counted + (factors * w.square()).sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(objective)
        value = float(objective().detach())
    steepness = float(parameters.grad.abs().max())
    if not steepness <= _FLAT:
        warnings.warn(
            f"train_head stopped before the minimum, at a slope of {steepness:.1g} where "
            f"{_FLAT:.0e} counts as flat: pass a larger penalty, got {penalty}",
            RuntimeWarning,
            stacklevel=2,
        )
    found = parameters.detach().numpy()
    return LinearHead(*scale.undo(found[:-1], float(found[-1])), value)
